"""The air pages: every station by itself, as Decision 1459/QĐ-TCMT asks it to be shown."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.screens import drawing, words
from dothi.screens.portal import draw
from dothi.screens.portal.asking import Ask
from dothi.sensing import air as sensing_air
from dothi.sensing import glance, lately
from dothi.sensing.glance import ThingNow
from dothi.sensing.sectors import Index, sectors

_SHORT = {"pm25": "PM2.5", "pm10": "PM10", "o3": "O₃", "no2": "NO₂", "so2": "SO₂", "co": "CO", "tsp": "TSP"}


def _index() -> Index:
    return sectors().indices[sensing_air.INDEX]


def pollutant(code: str | None) -> str:
    """A pollutant by the short name everybody uses."""
    return _SHORT.get(code or "", code or "")


def level_number(aqi: int | None) -> int:
    """1 (Tốt) to 6 (Nguy hại): which official colour."""
    index = _index()
    return 0 if aqi is None else 1 + index.levels.index(index.level(aqi))


def hour_span(end: int) -> str:
    """16:00–17:00: the hour an index is of, by its end."""
    return f"{words.hour(end - clock.HOUR)}–{words.hour(end)}"


def why_none(reason: str | None, ask: Ask) -> str:
    """Why a station has no index, in words."""
    if reason == "no-particles":
        return ask.say("Cần ít nhất 2 trong 3 giờ gần nhất có PM2.5 hoặc PM10.")
    return ask.say("12 giờ qua không nhận được số liệu nào.")


@dataclass
class StationRow:
    """A station in the list."""

    id: int
    name: str
    aqi: int | None
    level: int
    word: str
    advice: str
    dominant: str
    why: str
    at: int | None
    age: str


@dataclass
class LevelCount:
    """How many stations are on a level."""

    level: int
    name: str
    count: int


@dataclass
class AirList:
    """The context of `portal/air.html`."""

    now: int
    hour: str
    stations: list[StationRow]
    levels: list[LevelCount]
    without: int
    method: str
    source: str


@Ask.asked
def air(ask: Ask) -> Response:
    """`/air`."""
    found = lately.stations(ask.session, ask.caller, ask.now)
    index = _index()
    lang = ask.language
    rows = [
        StationRow(
            one.thing_id, one.name, one.aqi, level_number(one.aqi), one.level.name.of(lang) if one.level else "",
            one.level.advice.of(lang) if one.level else "", pollutant(one.dominant),
            "" if one.aqi is not None else why_none("no-data" if one.last_at is None or ask.now - one.last_at > 12 * clock.HOUR else "no-particles", ask),
            one.last_at, words.age(one.last_at, ask.now, lang) if one.last_at else "",
        )
        for one in sorted(found, key=lambda s: (s.aqi is None, -(s.aqi or 0), s.name))
    ]  # fmt: skip
    counts = Counter(one.level for one in rows if one.aqi is not None)
    levels = [LevelCount(i, level.name.of(lang), counts[i]) for i, level in enumerate(index.levels, 1) if counts[i]]
    page = AirList(
        ask.now, hour_span(found[0].at) if found else "", rows, levels, sum(one.aqi is None for one in rows),
        index.method.of(lang), index.source,
    )  # fmt: skip
    return ask.page("portal/air.html", page)


@dataclass
class HourRow:
    """An hour of the table."""

    hour: str
    aqi: int | None
    word: str


@dataclass
class ScaleWord:
    """A step of the official scale."""

    name: str
    range: str
    on: bool


@dataclass
class Against:
    """A mean beside its limit."""

    name: str
    mean: str
    limit: str
    note: str
    meter: Markup


@dataclass
class PartRow:
    """A pollutant of the hour. value empty: none this hour."""

    name: str
    value: str
    index: int | None
    method: str
    lead: bool


@dataclass
class AirPage:
    """The context of `portal/air_station.html`."""

    thing: ThingNow
    facts: list[str]
    now: int
    aqi: int | None
    level: int
    word: str
    hour: str
    end: str
    why: str
    headline: str
    advice: str
    advice_sensitive: str
    dominant: str
    last: int | None
    last_age: str
    scale: Markup
    scale_words: list[ScaleWord]
    bars: Markup
    bars_say: str
    hours: list[HourRow]
    against: list[Against]
    parts: list[PartRow]
    receipt: list[tuple[str, str]]
    entity: str


@Ask.asked
def station(ask: Ask) -> Response:
    """`/air/{id}`."""
    thing = glance.thing(ask.session, ask.caller, ask.request.path_params["id"])
    now = sensing_air.station_now(ask.session, thing.id, ask.now) if thing else None
    if thing is None or now is None:
        raise NotFound(ask.say("Không có trạm không khí nào ở địa chỉ này."))
    hours = sensing_air.station_hours(ask.session, thing.id, 24, ask.now)
    lang, say, level = ask.language, ask.say, now.level
    headlines = {
        1: say("Không khí tốt"), 2: say("Ra ngoài được"), 3: say("Người nhạy cảm nên giữ gìn"), 4: say("Bớt ở ngoài trời"),
        5: say("Tránh vận động ngoài trời"), 6: say("Ở trong nhà"),
    }  # fmt: skip
    number_of = level_number(now.aqi)
    why = "" if now.aqi is not None else why_none(now.reason, ask)
    page = AirPage(
        thing, facts(thing, now.official, ask), ask.now, now.aqi, number_of, level.name.of(lang) if level else "",
        hour_span(now.at), words.hour(now.at), why, headlines.get(number_of, say("Chưa biết")),
        level.advice.of(lang) if level else "", level.advice_sensitive.of(lang) if level else "", _dominant(now, ask),
        now.last_at, words.age(now.last_at, ask.now, lang) if now.last_at else "",
        draw.scale(now.aqi, [one.to for one in _index().levels], _scale_name(now, ask)), _scale_words(number_of, ask),
        _bars(hours, thing.name, ask), _bars_say(hours, ask),
        [HourRow(hour_span(h.at), h.aqi, h.level.name.of(lang) if h.level else "") for h in reversed(hours)],
        [_against(one, ask) for one in now.limits], _parts(now, thing, ask), _receipt(now, thing, hours, ask),
        f"/sta/v1.1/Things({thing.id})?$expand=Datastreams",
    )  # fmt: skip
    return ask.page("portal/air_station.html", page, ("map",))


def facts(thing: ThingNow, official: bool, ask: Ask) -> list[str]:
    """The line under a title: where, what kind, whose."""
    found = [v for key in ("address", "địa chỉ") if isinstance(v := thing.properties.get(key), str)]
    if thing.lon is not None and thing.lat is not None:
        n = words.number(thing.lat, 4, ask.language), words.number(thing.lon, 4, ask.language)
        found.append(f"{n[0]}{words.NBSP}N {n[1]}{words.NBSP}E")
    if official:
        found.append(ask.say("trạm chính thức"))
    owner = thing.properties.get("owner") or thing.properties.get("source")
    if isinstance(owner, str):
        found.append(owner)
    if thing.simulated:
        found.append(ask.say("mô phỏng"))
    return found


def _dominant(now: sensing_air.AirNow, ask: Ask) -> str:
    lead = next((part for part in now.parts if part.dominant), None)
    if lead is None:
        return ""
    how = "Nowcast " if lead.averaging == "nowcast" else ""
    return f"{pollutant(lead.property)}, {how}{words.quantity(lead.concentration, 1, 'µg/m³', ask.language)}"


def _scale_name(now: sensing_air.AirNow, ask: Ask) -> str:
    if now.aqi is None or now.level is None:
        return ask.say("Thang VN_AQI, hiện không có giá trị")
    return ask.say("Thang VN_AQI, giá trị {value} ở mức {level}", value=now.aqi, level=now.level.name.of(ask.language))


def _scale_words(here: int, ask: Ask) -> list[ScaleWord]:
    made, start = [], 0
    for i, level in enumerate(_index().levels, 1):
        made.append(ScaleWord(level.name.of(ask.language), f"{start}–{level.to}", i == here))
        start = level.to + 1
    return made


def _bars(hours: list[sensing_air.AirHour], name: str, ask: Ask) -> Markup:
    poor = ask.say("Kém từ 101")
    values = [(one.at, None if one.aqi is None else float(one.aqi), level_number(one.aqi)) for one in hours]
    said = f"{name}: {_bars_say(hours, ask)}"
    lines = [draw.Limit(101, poor, "limit")]
    return draw.both(
        lambda frame: draw.bars(values, name=said, limits=lines, frame=frame),
        drawing.Frame(640, 200, 34, 84 if any(one.aqi is not None and one.aqi > 100 for one in hours) else 12, 12, 22), drawing.Frame(340, 190, 28, 12, 12, 22),
    )  # fmt: skip


def _bars_say(hours: list[sensing_air.AirHour], ask: Ask) -> str:
    there = [one for one in hours if one.aqi is not None and one.level is not None]
    if not there:
        return ask.say("24 giờ qua không có giờ nào đủ số liệu.")
    worst = max(there, key=lambda one: one.aqi or 0)
    gaps = len(hours) - len(there)
    said = ask.say(
        "Cao nhất {value}, {level}, giờ {hour}.", value=worst.aqi,
        level=worst.level.name.of(ask.language) if worst.level else "", hour=hour_span(worst.at),
    )  # fmt: skip
    return said + " " + (ask.say("Cột rỗng: {n} giờ thiếu số liệu.", n=gaps) if gaps else ask.say("Đủ 24 giờ."))


def _against(one: sensing_air.AirLimit, ask: Ask) -> Against:
    spans = {"1h": ask.say("1 giờ"), "8h": ask.say("8 giờ"), "24h": ask.say("24 giờ")}
    span = spans.get(one.averaging, one.averaging)
    note = ask.say("trung bình {span}, {n} giờ có số liệu", span=span, n=one.hours)
    sure = "" if one.limit.certainty == "verified" else " †"
    return Against(
        pollutant(one.property), words.number(one.mean, 1, ask.language),
        words.quantity(one.limit.value, 0, "µg/m³", ask.language) + sure, note, draw.meter(one.mean, one.limit.value),
    )  # fmt: skip


def _parts(now: sensing_air.AirNow, thing: ThingNow, ask: Ask) -> list[PartRow]:
    methods = {"nowcast": ask.say("Nowcast 12 giờ"), "1h": ask.say("Trung bình 1 giờ")}
    rows = [
        PartRow(
            pollutant(p.property), words.quantity(p.concentration, 1, "µg/m³", ask.language), p.index,
            methods.get(p.averaging, p.averaging), p.dominant,
        )
        for p in now.parts
    ]  # fmt: skip
    have = {p.property for p in now.parts}
    for column in _index().columns.values():
        measured = any(
            (known := sectors().property_of(s.property_code, s.property_name)) and known.code == column.property
            for s in thing.streams
        )
        if measured and column.property not in have:
            have.add(column.property)
            rows.append(
                PartRow(
                    pollutant(column.property),
                    "",
                    None,
                    methods["nowcast" if column.averaging == "pm" else "1h"],
                    lead=False,
                )
            )
    return rows


def _receipt(now: sensing_air.AirNow, thing: ThingNow, hours: list[Any], ask: Ask) -> list[tuple[str, str]]:
    index = _index()
    there = sum(bool(one.values) for one in hours)
    found = [
        (ask.say("Cách tính"), f"{index.name.of(ask.language)}, {index.source}"),
        (ask.say("Nguồn"), thing.code or thing.name),
        (ask.say("Đủ số liệu"), ask.say("{n}/24 giờ", n=there)),
    ]
    received = max((s.received_at for s in thing.streams if s.received_at is not None), default=None)
    if received:
        found.append((ask.say("Nhận lúc"), words.when(received, ask.now)))
    if now.simulated:
        found.append((ask.say("Mô phỏng"), ask.say("không phải số liệu thật")))
    return found
