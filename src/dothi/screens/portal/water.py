"""The river pages: stage beside the station's own alarm levels, rain and street flooding."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.kit.text import sort_key
from dothi.screens import drawing, features, words
from dothi.screens.asking import sector_names, state_words
from dothi.screens.portal import draw
from dothi.screens.portal.air import facts
from dothi.screens.portal.asking import Ask
from dothi.screens.portal.rows import row
from dothi.sensing import glance, state
from dothi.sensing import water as sensing_water
from dothi.sensing.glance import ThingNow
from dothi.sensing.sectors import SEVERITY
from dothi.sensing.water import WaterNow

LATE = 3600  # seconds: pack's own patience for a stage
_MARKS = {"bd1": "bd-1", "bd2": "bd-2", "bd3": "bd-3"}
_SHORT = {"bd1": "BĐ I", "bd2": "BĐ II", "bd3": "BĐ III"}
_SHORT_EN = {"bd1": "AL I", "bd2": "AL II", "bd3": "AL III"}
_DASHES = {"bd1": [2, 4], "bd2": [8, 4], "bd3": None}
# what else a reader of the river page wants, by observed property
GROUPS = (
    ("flood-depth", "Ngập trên đường"),
    ("rainfall-1h", "Mưa"),
    ("rainfall", "Mưa"),
    ("canal-level", "Kênh rạch"),
    ("salinity", "Độ mặn"),
)


@dataclass
class Said:
    """A stage in words. state: empty when there is nothing to judge it by. value None: no number. tone: class of its colour. late: seconds after which it is late."""

    value: str | None
    word: str
    trend: str
    tone: str
    late: int
    state: str


def say_stage(now: WaterNow, ask: Ask) -> Said:
    """The stage, its alarm level and its trend as a citizen reads them."""
    say = ask.say
    if now.value is None:
        return Said(None, say("Không có dữ liệu"), "", "", LATE, "nodata")
    if now.state == "offline":
        word = say("Mất kết nối")
    elif now.alarm is not None:
        name = now.alarm.name.of(ask.language)
        word = say("Trên {level}", level=name[:1].lower() + name[1:] if ask.language == "vi" else name)
    elif now.judged:
        word = say("Dưới báo động I")
    else:
        word = say("Trạm chưa có cấp báo động")
    trends = {"rising": say("đang lên"), "falling": say("đang xuống"), "steady": say("đứng")}
    trend = "" if now.direction is None or now.state == "offline" else trends[now.direction]
    tone = {"critical": "bad-t", "major": "poor"}.get(now.state, "")
    shown = "" if now.state == "normal" and not now.judged else now.state
    return Said(words.number(now.value, 2, ask.language), word, trend, tone, LATE, shown)


def _short(code: str, language: str) -> str:
    return (_SHORT_EN if language == "en" else _SHORT).get(code, code)


def limits(now: WaterNow, language: str = "vi") -> list[draw.Limit]:
    """The station's known alarm levels as lines."""
    return [
        draw.Limit(one.value, _short(one.code, language), _MARKS.get(one.code, "limit"))
        for one in now.levels if one.value is not None
    ]  # fmt: skip


def chart_limits(now: WaterNow, language: str = "vi") -> list[dict[str, Any]]:
    """The same for <time-chart>."""
    made = []
    for one in now.levels:
        if one.value is not None:
            line: dict[str, Any] = {"v": one.value, "name": _short(one.code, language)}
            line["role"] = f"--{_MARKS.get(one.code, 'ink-3')}"
            if _DASHES.get(one.code):
                line["dash"] = _DASHES[one.code]
            made.append(line)
    return made


def chart(now: WaterNow, ask: Ask, hours: int = 24, frame: drawing.Frame | None = None) -> Markup:
    """The last hours of stage with the alarm levels."""
    span = (ask.now - hours * clock.HOUR, ask.now)
    points = sensing_water.series(ask.session, now.thing_id, *span)
    name = ask.say("Mực nước {hours} giờ qua, {name}", hours=hours, name=now.name)
    lines = limits(now, ask.language)

    def drawn(on: drawing.Frame) -> Markup:
        return draw.line(thin(points), span, name=name, language=ask.language, limits=lines, frame=on)

    return (
        draw.both(drawn, frame, drawing.Frame(340, 200, 34, 50, 12, 22)) if frame and points else drawn(drawing.Frame())
    )


def thin(points: list[tuple[int, float]], most: int = 200) -> list[tuple[int, float | None]]:
    """At most so many points, the highest of each bunch, so that a peak never disappears."""
    size = -(-len(points) // most) or 1
    return [max(points[i : i + size], key=lambda p: p[1]) for i in range(0, len(points), size)]


@dataclass
class StationRow:
    """A river station in the list."""

    id: int
    stream: int
    name: str
    value: str | None
    state: str
    tone: str
    word: str
    at: int | None
    age: str
    late: int
    chart: Markup


@dataclass
class Group:
    """Other water sensors of one kind."""

    title: str
    note: str
    rows: list[Any]


@dataclass
class WaterList:
    """The context of `portal/water.html`."""

    now: int
    stations: list[StationRow]
    groups: list[Group]


@Ask.asked
def water(ask: Ask) -> Response:
    """`/water`."""
    rows = []
    found = sensing_water.stations(ask.session, ask.caller, ask.now)
    for one in sorted(found, key=lambda s: (-SEVERITY[s.state], not s.official, s.alarm is None, sort_key(s.name)))[
        :40
    ]:
        now = sensing_water.station_now(ask.session, one.thing_id, ask.now)
        if now is not None:
            said = say_stage(now, ask)
            word = f"{said.word}, {said.trend}" if said.trend else said.word
            rows.append(
                StationRow(
                    one.thing_id, now.datastream_id, one.name, said.value, said.state, said.tone, word, now.at,
                    words.age(now.at, ask.now, ask.language) if now.at else "", LATE, chart(now, ask),
                )
            )  # fmt: skip
    rows.sort(key=lambda one: not one.state)  # those with alarm levels to judge by first
    return ask.page("portal/water.html", WaterList(ask.now, rows, _groups(ask, {one.thing_id for one in found})))


def _groups(ask: Ask, shown: set[int]) -> list[Group]:
    names, called = sector_names(ask.language), state_words(ask.say)
    every = state.states(ask.session, ask.caller, language=ask.language, at=ask.now)
    made: dict[str, list[state.ThingState]] = {}
    for code, title in GROUPS:
        made.setdefault(ask.say(title), []).extend(
            one for one in every if one.property == code and one.thing_id not in shown
        )
    groups = []
    for title, things in made.items():
        worst = sorted(things, key=lambda one: (-SEVERITY[one.state], -(one.value or 0), sort_key(one.name)))
        if worst:
            groups.append(
                Group(title, ask.say("{n} trạm", n=len(worst)), [row(one, ask, names, called) for one in worst[:12]])
            )
    return groups


@dataclass
class LevelRow:
    """An alarm level of a station. value empty: unknown."""

    name: str
    value: str
    state: str
    certainty: str
    advice: str
    reached: bool


@dataclass
class WaterPage:
    """The context of `portal/water_station.html`."""

    thing: ThingNow
    facts: list[str]
    now: int
    stream: int
    value: str | None
    state: str
    word: str
    trend: str
    at: int | None
    age: str
    late: int
    headline: str
    advice: list[str]
    kv: list[tuple[str, str]]
    chart: Markup
    limits: list[dict[str, Any]]
    others: list[dict[str, Any]]
    levels: list[LevelRow]
    receipt: list[tuple[str, str]]
    entity: str


@Ask.asked
def station(ask: Ask) -> Response:
    """`/water/{id}`."""
    thing = glance.thing(ask.session, ask.caller, ask.request.path_params["id"])
    now = sensing_water.station_now(ask.session, thing.id, ask.now) if thing else None
    if thing is None or now is None:
        raise NotFound(ask.say("Không có trạm mực nước nào ở địa chỉ này."))
    said, say, lang = say_stage(now, ask), ask.say, ask.language
    headline, advice = _advice(now, ask)
    kv = []
    for label, extreme in ((say("Cao nhất 24 giờ"), now.high), (say("Thấp nhất 24 giờ"), now.low)):
        if extreme is not None:
            kv.append((label, f"{words.quantity(extreme[1], 2, 'm', lang)} · {words.when(extreme[0], ask.now)}"))
    if now.trend is not None:
        kv.append((say("Tốc độ"), words.quantity(now.trend * 100, 0, say("cm/giờ"), lang)))
    others = [
        {"src": f"/portal/series/{s.id}", "name": features.stream_name(s, lang), "unit": features.unit(s, lang)}
        for s in thing.streams if s.id != now.datastream_id
    ]  # fmt: skip
    frame = drawing.Frame(720, 240, 40, 56, 12, 22)
    page = WaterPage(
        thing, [*([now.river] if now.river else []), *facts(thing, now.official, ask)], ask.now, now.datastream_id,
        said.value, said.state, said.word, said.trend, now.at, words.age(now.at, ask.now, lang) if now.at else "",
        said.late, headline, advice, kv, chart(now, ask, frame=frame), chart_limits(now, ask.language), others, _levels(now, ask),
        _receipt(now, thing, ask), f"/sta/v1.1/Datastreams({now.datastream_id})",
    )  # fmt: skip
    return ask.page("portal/water_station.html", page, ("map", "chart"))


def _advice(now: WaterNow, ask: Ask) -> tuple[str, list[str]]:
    say = ask.say
    if now.value is None or now.state == "offline":
        return say("Chưa biết mực nước lúc này"), [
            say("Trạm đang mất tin. Nhìn thước nước tại chỗ, nghe đài địa phương.")
        ]
    if now.alarm is not None:
        return say("Nên làm lúc này"), [now.alarm.advice.of(ask.language)]
    if now.judged:
        return say("Nước dưới mức báo động"), [say("Sinh hoạt bình thường. Ven sông để ý nước lên theo triều.")]
    return say("Chưa có cấp báo động để so"), [say("Trạm này chưa được khai báo cấp báo động; chỉ xem số và xu thế.")]


def _levels(now: WaterNow, ask: Ask) -> list[LevelRow]:
    sure = {
        "verified": ask.say("đã đối chiếu"), "second-hand": ask.say("theo báo chí"), "from-memory": ask.say("chưa đối chiếu"),
        "assumed": ask.say("giả định"), "unknown": ask.say("chưa rõ"),
    }  # fmt: skip
    return [
        LevelRow(
            one.level.name.of(ask.language), words.quantity(one.value, 2, "m", ask.language) if one.value is not None else "",
            one.level.state, sure.get(one.certainty, one.certainty), one.level.advice.of(ask.language), one.reached,
        )
        for one in now.levels
    ]  # fmt: skip


def _receipt(now: WaterNow, thing: ThingNow, ask: Ask) -> list[tuple[str, str]]:
    stream = next((s for s in thing.streams if s.id == now.datastream_id), None)
    found = [(ask.say("Mốc"), ask.say("mốc riêng của trạm")), (ask.say("Nguồn"), thing.code or thing.name)]
    if stream is not None:
        found.append((ask.say("Máy đo"), stream.sensor))
        if stream.received_at:
            found.append((ask.say("Nhận lúc"), words.when(stream.received_at, ask.now)))
    if now.simulated:
        found.append((ask.say("Mô phỏng"), ask.say("không phải số liệu thật")))
    return found
