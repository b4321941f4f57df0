"""A thing's page: what it says now, its past as a chart, where it is, how well it reports, and how to get its data."""

import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.screens import drawing, features, words
from dothi.screens.asking import state_words
from dothi.screens.portal import draw
from dothi.screens.portal import water as rivers
from dothi.screens.portal.air import facts
from dothi.screens.portal.asking import Ask
from dothi.sensing import glance, state, state_store
from dothi.sensing import water as sensing_water
from dothi.sensing.glance import StreamNow, ThingNow
from dothi.sensing.sectors import Limit, sectors

DAYS = 14
_AHEAD = 7 * clock.HOUR  # Vietnam keeps UTC+7 all year
_LEVEL_KINDS = {"water-level"}


@dataclass
class Value:
    """A datastream's newest value. text empty: none. late: seconds until it is late."""

    id: int
    name: str
    text: str
    unit: str
    digits: int
    state: str
    word: str
    at: int | None
    age: str
    late: float
    count: str


@dataclass
class Day:
    """How complete a day is."""

    day: str
    text: str
    bar: Markup


@dataclass
class Links:
    """Where the data is to be had."""

    csv: str
    json: str
    geojson: str
    entity: str


@dataclass
class SectorPage:
    """The page that says the same for citizens."""

    href: str
    label: str
    icon: str


@dataclass
class Example:
    """How to call the data by machine."""

    title: str
    code: str


@dataclass
class ThingPage:
    """The context of `portal/thing.html`. chosen: the value whose chart is shown; None without datastreams."""

    thing: ThingNow
    facts: list[str]
    now: int
    state: str
    state_word: str
    values: list[Value]
    chosen: Value | None
    chart: Markup
    chart_says: str
    limits: list[dict[str, Any]]
    others: list[dict[str, Any]]
    last: int | None
    last_text: str
    last_age: str
    connection: str
    days: list[Day]
    sector_page: SectorPage | None
    links: Links
    examples: list[Example]
    receipt: list[tuple[str, str]]


@Ask.asked
def thing(ask: Ask) -> Response:
    """`/things/{id}`."""
    id_ = ask.request.path_params["id"]
    found = glance.thing(ask.session, ask.caller, id_)
    if found is None:
        raise NotFound(ask.say("Không có cảm biến nào ở địa chỉ này, hoặc nó không công khai."))
    said = next(iter(state.states(ask.session, ask.caller, language=ask.language, at=ask.now, things=[id_])), None)
    values = [_value(one, ask) for one in found.streams]
    wanted = ask.request.query_params.get("ds", "")
    place = next((i for i, one in enumerate(values) if str(one.id) == wanted), _speaks(found, said))
    chosen = values[place] if values else None
    stream = found.streams[place] if values else None
    called = state_words(ask.say)
    here = said.state if said else "nodata"
    chart, says = _chart(stream, chosen, ask) if stream and chosen else (Markup(""), "")
    others = [
        {"src": f"/portal/series/{v.id}", "name": v.name, "unit": v.unit}
        for v in values
        if chosen and v.id != chosen.id
    ]
    page = ThingPage(
        found, facts(found, found.properties.get("official") is True, ask), ask.now, here,
        (said.word if said and said.word else called[here]), values, chosen, chart, says,
        _limits(found, stream, ask), others, found.last_at, words.when(found.last_at, ask.now) if found.last_at else "",
        words.age(found.last_at, ask.now, ask.language) if found.last_at else "", _connection(found, ask),
        _days(stream, ask) if stream else [], _sector_page(found, ask), _links(found, stream),
        _examples(found, stream, ask), _receipt(found, stream, ask),
    )  # fmt: skip
    return ask.page("portal/thing.html", page, ("map", "chart"))


def _value(one: StreamNow, ask: Ask) -> Value:
    known = features.property_of(one)
    given: float | str | bool | None = one.result
    if given is None and one.result_json is not None:
        given = features.plain(one.result_json)
    age_s = None if one.at is None else (ask.now - one.at) / clock.SECOND
    index = sectors().indices.get(known.state.index) if known and known.state.index else None
    levels = state_store.level_values(one.properties)
    said = state.judge(known, given, age_s, index=index, levels=levels, stale_minutes=features.stale_seconds(one) / 60)
    digits = features.digits(one)
    text = (
        words.number(one.result, digits, ask.language)
        if one.result is not None
        else (str(given) if given is not None else "")
    )
    word = said.word(ask.language) or state_words(ask.say)[said.state]
    if said.state == "normal" and not said.judged:
        word = ask.say("đang đo")
    return Value(
        one.id, features.stream_name(one, ask.language), text, features.unit(one, ask.language), digits, said.state, word,
        one.at, words.age(one.at, ask.now, ask.language) if one.at else "", features.stale_seconds(one),
        words.number(one.count, 0, ask.language),
    )  # fmt: skip


def _speaks(thing: ThingNow, said: state.ThingState | None) -> int:
    for i, one in enumerate(thing.streams):
        known = features.property_of(one)
        if said is not None and known is not None and known.code == said.property:
            return i
    return 0


def _chart(stream: StreamNow, value: Value, ask: Ask) -> tuple[Markup, str]:
    span = (ask.now - clock.DAY, ask.now + 1)
    found = glance.series(ask.session, stream.id, *span, points=300)
    points = [(at, v) for at, v in zip(found.at, found.value, strict=True) if v is not None]
    if not points:
        return Markup(""), ""
    low, high = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])
    says = ask.say(
        "{name}, 24 giờ qua: cao nhất {high} lúc {when_high}, thấp nhất {low} lúc {when_low}.", name=value.name,
        high=words.quantity(high[1], value.digits, value.unit, ask.language), when_high=words.when(high[0], ask.now),
        low=words.quantity(low[1], value.digits, value.unit, ask.language), when_low=words.when(low[0], ask.now),
    )  # fmt: skip
    made = draw.both(
        lambda frame: draw.line(points, span, name=says, language=ask.language, frame=frame),
        drawing.Frame(720, 240, 46, 24, 12, 22), drawing.Frame(340, 200, 40, 14, 12, 22),
    )  # fmt: skip
    return made, says


_REGULATION = re.compile(
    r"(QCVN|TCVN|QĐ|Quyết định|Thông tư|WHO)\b"
)  # a source whose name is worth a line of the chart


def _limits(thing: ThingNow, stream: StreamNow | None, ask: Ask) -> list[dict[str, Any]]:
    """Lines the chart draws: a station's own alarm levels, or the limits a law names."""
    if stream is None:
        return []
    known = features.property_of(stream)
    if known is None:
        return []
    if known.code in _LEVEL_KINDS:
        now = sensing_water.station_now(ask.session, thing.id, ask.now)
        return rivers.chart_limits(now, ask.language) if now and now.datastream_id == stream.id else []
    law = [one for one in known.limits_on(clock.local_day(ask.now)) if one.averaging in ("1h", "24h", "now")]

    def named(one: Limit) -> str:
        if not _REGULATION.match(one.source):
            return ask.say(
                "Ngưỡng {value}",
                value=words.quantity(one.value, known.decimals, known.unit.shown(ask.language), ask.language),
            )
        return f"{one.source.split(',')[0].split('(')[0].strip()[:18]} {one.averaging}".removesuffix(" now")

    return [
        {"v": one.value, "name": named(one), "role": "--ink-3", "dash": [6, 4]} for one in law[:2]
    ]  # fmt: skip


def _connection(thing: ThingNow, ask: Ask) -> str:
    if thing.connected is None:
        return ask.say("không theo dõi (gửi qua HTTP hoặc cầu nối)")
    since = f", {words.when(thing.connected_at, ask.now)}" if thing.connected_at else ""
    return (ask.say("MQTT đang nối") if thing.connected else ask.say("MQTT đã ngắt")) + since


def _days(stream: StreamNow, ask: Ask) -> list[Day]:
    today = (ask.now + _AHEAD) // clock.DAY * clock.DAY - _AHEAD
    first = today - (DAYS - 1) * clock.DAY
    if stream.first_at is None:
        return []
    counted = glance.days(ask.session, stream.id, first, ask.now + 1, _AHEAD)
    made = []
    for start in range(first, today + 1, clock.DAY):
        count, hours = counted.get(start, (0, 0))
        past = 24 if start < today else max(1, -(-(ask.now - start) // clock.HOUR))
        text = ask.say(
            "{day}: {hours}/{all} giờ, {count} giá trị",
            day=words.day(start)[:5],
            hours=hours,
            all=past,
            count=words.number(count, 0, ask.language),
        )
        made.append(Day(words.day(start)[:5], text, draw.share(hours / past)))
    return made


def _sector_page(thing: ThingNow, ask: Ask) -> SectorPage | None:
    codes = {known.code for one in thing.streams if (known := features.property_of(one))}
    if "water-level" in codes:
        return SectorPage(f"/water/{thing.id}", ask.say("Xem như người dân"), "waves")
    if codes & {"pm25", "pm10"}:
        return SectorPage(f"/air/{thing.id}", ask.say("Chỉ số AQI"), "wind")
    return None


def _links(thing: ThingNow, stream: StreamNow | None) -> Links:
    things = f"/sta/v1.1/Things({thing.id})"
    if stream is None:
        return Links("", "", "", things)
    observations = f"/sta/v1.1/Datastreams({stream.id})/Observations"
    order = "$orderby=phenomenonTime%20desc&$top=10000"
    return Links(
        f"{observations}?$resultFormat=csv&{order}", f"{observations}?{order}",
        f"{things}/Locations?$resultFormat=GeoJSON", f"/sta/v1.1/Datastreams({stream.id})",
    )  # fmt: skip


def _examples(thing: ThingNow, stream: StreamNow | None, ask: Ask) -> list[Example]:
    base = str(ask.request.base_url).rstrip("/") + "/sta/v1.1"
    if stream is None:
        return [Example("curl", f"curl '{base}/Things({thing.id})?$expand=Datastreams'")]
    path = f"{base}/Datastreams({stream.id})/Observations"
    return [
        Example("curl", f"curl '{path}?$top=10&$orderby=phenomenonTime%20desc'\n\n# "
                + ask.say("gửi một giá trị (cần khóa)") + f"\ncurl -X POST '{path}' \\\n  -H 'Content-Type: application/json' \\\n"
                "  -H 'Authorization: Bearer dk_…' \\\n  -d '{\"result\": 1.23}'"),
        Example("Python, pandas", f'import pandas as pd\n\nurl = "{path}"\nframe = pd.read_csv(url + "?$resultFormat=csv&$top=10000")\n'
                'frame["phenomenonTime"] = pd.to_datetime(frame["phenomenonTime"])\n'
                'print(frame.set_index("phenomenonTime")["result"].resample("1h").mean())'),
        Example("QGIS", ask.say("Lớp > Thêm lớp > Thêm lớp SensorThings, địa chỉ:") + f"\n{base}\n\n"
                + ask.say("hoặc thêm lớp vectơ từ địa chỉ GeoJSON:") + f"\n{base}/Things({thing.id})/Locations?$resultFormat=GeoJSON"),
    ]  # fmt: skip


def _receipt(thing: ThingNow, stream: StreamNow | None, ask: Ask) -> list[tuple[str, str]]:
    found = [(ask.say("Mã"), thing.code or f"Thing {thing.id}")]
    if stream is not None:
        found += [(ask.say("Máy đo"), stream.sensor), (ask.say("Chuỗi"), stream.code or f"Datastream {stream.id}")]
        if stream.received_at is not None:
            found.append((ask.say("Nhận lúc"), words.when(stream.received_at, ask.now)))
        known = features.property_of(stream)
        if known is not None:
            found.append((ask.say("Định nghĩa"), known.definition))
    if thing.simulated:
        found.append((ask.say("Mô phỏng"), ask.say("không phải số liệu thật")))
    return found
