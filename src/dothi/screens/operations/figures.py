"""The headline figures at the foot: at most six, each with its target or limit, its trend, its age, and the way to its source."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from starlette.responses import Response

from dothi.kit import clock, units
from dothi.kit.clock import HOUR
from dothi.kit.errors import BadInput
from dothi.screens import words as common
from dothi.screens.operations import store, words
from dothi.screens.operations.asking import Ask, json, wants_json
from dothi.sensing import air, hours, lately, picture, state_store
from dothi.sensing.sectors import SEVERITY, Property, sectors
from dothi.sensing.state import Judgement, judge, number

MOST = 6
HISTORY = 6 * HOUR  # what the little line shows
RAIN, FLOODED, ONLINE, HEARD = 30.0, 15.0, 98.0, 95.0  # mm/h, cm, %, %: the targets named beside the figures
SHIFT = 8 * HOUR


@dataclass
class Figure:
    """One headline figure. points: the little line, oldest first, None for a gap. at: µs UTC of the value, None: of now."""

    code: str
    name: str
    value: str
    unit: str
    tone: str  # bad-t | poor | good | ""
    state: str
    trend: str
    direction: str  # up | down | flat | ""
    limit: str
    href: str
    at: int | None
    late: int  # seconds after which the value is late
    points: list[float | None] = field(default_factory=list)
    stream: int | None = None
    digits: int = 0

    def age(self, now: int, language: str) -> str:
        """How old the value is."""
        return "" if self.at is None else words.span(now - self.at, language)


class Now(NamedTuple):
    """A datastream's value at the moment shown, in its property's own unit."""

    id: int
    thing_id: int
    value: float | None
    at: int | None
    judged: Judgement
    known: Property
    line: units.Line
    levels: dict[str, float | None]


def figures(ask: Ask) -> Response:
    """`GET /operations/figures`: the fragment, or JSON."""
    made = all_of(ask)
    if wants_json(ask.request):
        return json({"at": ask.at // 1000, "figures": made})
    return ask.page("operations/figures.html", Page(made, ask.at), simulated=False)


@dataclass
class Page:
    """The context of `operations/figures.html`."""

    figures: list[Figure]
    now: int


def all_of(ask: Ask) -> list[Figure]:
    """The figures there is data for, in the order of the shift's worries."""
    makers = (_stage, _rain, _flood, _air, _heard, _online)
    return [made for made in (make(ask) for make in makers) if made is not None][:MOST]


def _streams(ask: Ask, code: str) -> list[Now]:
    """Every visible datastream of a property as it stood."""
    taught = sectors()
    known = taught.properties.get(code)
    if known is None:
        return []
    ids = [
        id_ for id_, (own, name, _) in state_store.properties(ask.session).items()
        if (found := taught.property_of(own, name)) and found.code == code
    ]  # fmt: skip
    rows = hours.streams(ask.session, properties=ids, caller=ask.caller) if ids else []
    then = picture.values(ask.session, [row.id for row in rows], ask.at, ask.known) if ask.replay and rows else {}
    made = []
    for row in rows:
        line = _line(row.unit, known)
        if line is None:
            continue
        result, at = row.last, row.last_at
        if ask.replay:
            value = then.get(row.id)
            result, at = (value.result, value.at) if value else (None, None)
        shown = None if result is None else line(result)
        age = None if at is None else max(0.0, (ask.at - at) / clock.SECOND)
        levels = state_store.level_values(row.properties)
        own = (row.properties or {}).get("stale_minutes")
        patience = float(own) if isinstance(own, int | float) else None
        said = judge(known, shown, age, levels=levels, stale_minutes=patience)
        made.append(Now(row.id, row.thing_id, shown, at, said, known, line, levels))
    return made


def _line(unit: dict[str, str] | None, known: Property) -> units.Line | None:
    code = units.ucum_of(unit)
    try:
        return units.line(code, known.unit.ucum) if code else None
    except BadInput:
        return None


def _history(ask: Ask, one: Now, back: int = HISTORY) -> list[tuple[int, float]]:
    """A datastream's last hours as they were known."""
    found = store.values(ask.session, one.id, ask.at - back, ask.at + 1, ask.known if ask.replay else None)
    return [(at, one.line(value)) for at, value in found]


def bins(points: Sequence[tuple[int, float]], start: int, end: int, count: int = 24) -> list[float | None]:
    """The highest value of each of so many equal stretches of [start, end); None where there was none."""
    made: list[float | None] = [None] * count
    for at, value in points:
        i = min(count - 1, (at - start) * count // (end - start))
        if i >= 0:
            before = made[i]
            made[i] = value if before is None else max(before, value)
    return made


def _toned(state: str) -> str:
    return {"critical": "bad-t", "major": "poor"}.get(state, "")


def _change(value: float, digits: int, unit: str, ask: Ask) -> tuple[str, str]:
    """How a figure moved: words and direction."""
    direction = "flat" if round(abs(value), digits) == 0 else "up" if value > 0 else "down"
    return common.quantity(abs(value), digits, unit, ask.language), direction


def _stage(ask: Ask) -> Figure | None:
    """The stage of the station nearest to, or furthest above, its own alarm levels."""
    found = [one for one in _streams(ask, "water-level") if one.at is not None]
    if not found:
        return None
    one = max(found, key=lambda n: (SEVERITY[n.judged.state], any(v is not None for v in n.levels.values()), n.at or 0))
    name = hours.things(ask.session, [one.thing_id])[one.thing_id].name
    points = _history(ask, one)
    recent = [p for p in points if p[0] >= ask.at - HOUR]
    moved, direction = "", ""
    if len(recent) > 1:
        moved, direction = _change(recent[-1][1] - recent[0][1], 2, "m", ask)
        moved = ask.say("{moved}/giờ", moved=moved)
    return Figure(
        "stage", ask.say("Mực nước {name}", name=_short(name)), _text(one, ask), one.known.unit.shown(ask.language),
        _toned(one.judged.state), one.judged.state, moved, direction, _level(one, ask), f"/water/{one.thing_id}", one.at,
        int(60 * one.known.state.stale_minutes / 2), bins(points, ask.at - HISTORY, ask.at + 1), one.id, 2,
    )  # fmt: skip


def _short(name: str) -> str:
    return name.replace("Trạm thủy văn ", "trạm ").replace("Trạm ", "trạm ")


def _level(one: Now, ask: Ask) -> str:
    """The alarm level reached, or the next one to come."""
    declared = [(level, one.levels.get(level.code)) for level in one.known.state.levels]
    held = [(level, limit) for level, limit in declared if limit is not None]
    if not held or one.value is None:
        return ask.say("chưa có cấp báo động")
    over = [pair for pair in held if one.value >= pair[1]]
    level, limit = over[-1] if over else held[0]
    name = {"bd1": "BĐ I", "bd2": "BĐ II", "bd3": "BĐ III"}.get(level.code, level.name.of(ask.language))
    return f"{name} {common.quantity(limit, 2, one.known.unit.shown(ask.language), ask.language)}"


def _text(one: Now, ask: Ask) -> str:
    return number(one.value, one.known.decimals, ask.language)


def _rain(ask: Ask) -> Figure | None:
    """The heaviest hour of rain at any gauge."""
    code, limit = "rainfall-1h", RAIN
    found = [one for one in _streams(ask, code) if one.value is not None and one.judged.state != "offline"]
    if not found:
        return None
    one = max(found, key=lambda n: (n.value or 0, n.at or 0))
    points = _history(ask, one)
    before = [value for at, value in points if at <= ask.at - HOUR]
    moved, direction = _change((one.value or 0) - before[-1], 1, "mm", ask) if before else ("", "")
    over = (one.value or 0) >= limit
    return Figure(
        "rain", ask.say("Mưa 1 giờ, lớn nhất {n} trạm", n=len(found)), _text(one, ask), "mm",
        _toned(one.judged.state) or ("poor" if over else ""), one.judged.state, moved, direction,
        ask.say("Ngưỡng {limit}", limit=common.quantity(limit, 0, "mm", ask.language)), f"/things/{one.thing_id}",
        one.at, int(60 * one.known.state.stale_minutes / 2), bins(points, ask.at - HISTORY, ask.at + 1), one.id, 1,
    )  # fmt: skip


def _flood(ask: Ask) -> Figure | None:
    """Places under more than 15 cm of water."""
    found = [one for one in _streams(ask, "flood-depth") if one.at is not None and one.judged.state != "offline"]
    if not found:
        return None
    wet = [one for one in found if (one.value or 0) >= FLOODED]
    start, steps = ask.at - HISTORY, 12
    counts: list[float | None] = [0.0] * steps
    for one in found:
        deep = bins(_history(ask, one), start, ask.at + 1, steps)
        counts = [c + (1 if (v or 0) >= FLOODED else 0) for c, v in zip(counts, deep, strict=True) if c is not None]
    hour_ago = counts[-3] or 0
    moved, direction = _change(len(wet) - hour_ago, 0, "", ask)
    newest = max(one.at or 0 for one in found)
    worst = max((one.judged.state for one in wet), key=lambda s: SEVERITY[s], default="normal")
    return Figure(
        "flood", ask.say("Điểm ngập trên 15 cm"), str(len(wet)), ask.say("điểm"), _toned(worst) or ("poor" if wet else ""),
        worst, ask.say("{moved} trong 1 giờ", moved=moved) if moved.strip("0") else ask.say("như 1 giờ trước"), direction,
        ask.say("Mục tiêu {target}", target="0"), "/water", newest, int(60 * found[0].known.state.stale_minutes / 2), counts,
    )  # fmt: skip


def _air(ask: Ask) -> Figure | None:
    """The highest hourly air quality index."""
    found = [one for one in lately.stations(ask.session, ask.caller, ask.at) if one.aqi is not None]
    if not found:
        return None
    one = max(found, key=lambda s: s.aqi or 0)
    past = air.station_hours(ask.session, one.thing_id, 7, ask.at)
    points: list[float | None] = [None if h.aqi is None else float(h.aqi) for h in past]
    before = next((p for p in reversed(points[:-1]) if p is not None), None)
    moved, direction = _change((one.aqi or 0) - before, 0, "", ask) if before is not None else ("", "")
    state = one.level.state if one.level else "normal"
    level = one.level.name.of(ask.language) if one.level else ""
    return Figure(
        "air", ask.say("AQI giờ cao nhất, {name}", name=_short(one.name)), str(one.aqi), level, _toned(state), state, moved,
        direction, ask.say("Mục tiêu ≤ {target}", target="100"), f"/air/{one.thing_id}", one.at, 2 * 3600, points,
    )  # fmt: skip


def _heard(ask: Ask) -> Figure | None:
    """How many of the shift's alarms were acknowledged in time."""
    found = store.acknowledged_since(ask.session, ask.caller, ask.at - SHIFT, ask.at + 1)
    told = []
    for severity, noticed, heard in found:
        due = words.due_at(severity, noticed)
        heard_then = heard if heard is not None and heard <= ask.known else None
        if heard_then is not None or due <= ask.at:
            told.append((noticed, heard_then is not None and heard_then <= due))
    target = ask.say("Mục tiêu ≥ {target}", target=f"{HEARD:.0f}{common.NBSP}%")
    name = ask.say("Nhận cảnh báo đúng hạn")
    href = "/operations?state=unacknowledged"
    if not told:
        return Figure("heard", name, "–", "", "", "normal", ask.say("chưa có cảnh báo"), "", target, href, None, 0)
    rate = 100 * sum(ok for _, ok in told) / len(told)
    points = []
    for i in range(8):
        here = [ok for at, ok in told if (at - (ask.at - SHIFT)) * 8 // (SHIFT + 1) == i]
        points.append(100 * sum(here) / len(here) if here else None)
    low = rate < HEARD
    return Figure(
        "heard", name, number(rate, 1, ask.language), f"% · {sum(ok for _, ok in told)}/{len(told)}",
        "poor" if low else "", "minor" if low else "normal", ask.say("8 giờ qua"), "", target, href, None, 0, points,
    )  # fmt: skip


def _online(ask: Ask) -> Figure | None:
    """How many things speak."""
    with_streams = [one for one in ask.states if one.streams]
    if not with_streams:
        return None
    up = sum(1 for one in with_streams if one.state not in ("offline", "nodata"))
    rate = 100 * up / len(with_streams)
    newest = max((one.at for one in with_streams if one.at is not None), default=None)
    low = rate < ONLINE
    return Figure(
        "online", ask.say("Thiết bị trực tuyến"), number(rate, 1, ask.language), f"% · {up}/{len(with_streams)}",
        "poor" if low else "", "minor" if low else "normal", "", "", ask.say("Mục tiêu ≥ {target}", target=f"{ONLINE:.0f}{common.NBSP}%"),
        "/?state=offline#ds", newest, 900,
    )  # fmt: skip
