"""Water: a river station's stage beside its own alarm levels, and whether it is rising.

Stage is metres above the station's own datum: stations are never compared with each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit import clock, units
from dothi.kit.clock import HOUR
from dothi.kit.errors import BadInput
from dothi.sensing import hours, state_store
from dothi.sensing.sectors import AlarmLevel, Certainty, Property, State, sectors
from dothi.sensing.state import judge

STEADY = 0.03  # m/h: less than this is neither rising nor falling
TREND_HOURS = 2
PROPERTY = "water-level"


@dataclass(slots=True)
class StageLevel:
    """An alarm level of a station. value None: unknown, and it stays unknown. reached: the stage is at or above it."""

    code: str
    level: AlarmLevel
    value: float | None
    certainty: Certainty
    note: str | None
    source: str | None
    reached: bool


@dataclass(slots=True)
class WaterNow:
    """A station's stage. value in m; at: when it was so; trend in m/h, None with too few values.

    alarm: the highest level reached, None below all known ones; `judged` is False when no level is known.
    high, low: of the last 24 hours, as (µs UTC, m).
    """

    thing_id: int
    datastream_id: int
    name: str
    value: float | None
    at: int | None
    age_s: float | None
    state: State
    judged: bool
    alarm: AlarmLevel | None
    levels: list[StageLevel]
    trend: float | None
    direction: Literal["rising", "falling", "steady"] | None
    high: tuple[int, float] | None
    low: tuple[int, float] | None
    unit: str
    river: str | None
    official: bool
    simulated: bool


@dataclass(slots=True)
class WaterStation:
    """A stage station in a list."""

    thing_id: int
    datastream_id: int
    code: str | None
    name: str
    lon: float | None
    lat: float | None
    value: float | None
    at: int | None
    age_s: float | None
    state: State
    alarm: AlarmLevel | None
    official: bool
    simulated: bool


def station_now(session: Session, thing_id: int, at: int | None = None) -> WaterNow | None:
    """A station's stage at a moment (now when None); None when the thing measures no stage.

    The page has made sure that the caller may see the thing.
    """
    row = _stage_stream(session, thing_id)
    thing = hours.things(session, [thing_id]).get(thing_id)
    if row is None or thing is None:
        return None
    stream, known, line = row
    now = clock.now_micros() if at is None else at
    newest = hours.last_value(session, stream.id, now)
    value, when = (None, None) if newest is None else (line(newest[1]), newest[0])
    recent = [(t, line(v)) for t, v in hours.values(session, stream.id, now - 24 * HOUR, now + 1)]
    slope = trend([p for p in recent if p[0] >= now - TREND_HOURS * HOUR])
    age = None if when is None else (now - when) / clock.SECOND
    own = stage_levels(known, stream.properties, value)
    said = judge(known, value, age, levels={one.code: one.value for one in own}, stale_minutes=_stale(stream))
    alarm = next((one.level for one in own if one.code == said.level), None)
    properties = thing.properties or {}
    return WaterNow(
        thing_id, stream.id, thing.name, value, when, age, said.state, said.judged, alarm, own, slope, direction(slope),
        max(recent, key=lambda p: p[1], default=None), min(recent, key=lambda p: p[1], default=None),
        known.unit.shown(), _text(properties.get("river")), properties.get("official") is True, thing.simulated,
    )  # fmt: skip


def series(session: Session, thing_id: int, start: int, end: int) -> list[tuple[int, float]]:
    """The stage (µs UTC, m) in [start, end), oldest first: every value up to 3 days, hourly means beyond."""
    row = _stage_stream(session, thing_id)
    if row is None:
        return []
    stream, _, line = row
    if end - start <= 72 * HOUR:
        return [(at, line(value)) for at, value in hours.values(session, stream.id, start, end)]
    found = hours.means(session, [stream.id], start // HOUR * HOUR, end)
    return [(hour + HOUR // 2, line(value)) for (_, hour), value in sorted(found.items())]


def stations(session: Session, caller: Caller, at: int | None = None) -> list[WaterStation]:
    """Every thing the caller may see that measures river stage, with its newest value and alarm."""
    now = clock.now_micros() if at is None else at
    taught = sectors()
    known = taught.properties[PROPERTY]
    ids = [
        id_ for id_, (code, name, _) in state_store.properties(session).items()
        if (found := taught.property_of(code, name)) and found.code == PROPERTY
    ]  # fmt: skip
    rows = {row.thing_id: row for row in reversed(hours.streams(session, properties=ids, caller=caller))}
    listed = []
    for thing in hours.things(session, list(rows), caller).values():
        stream = rows[thing.id]
        line = _line(stream, known)
        value = None if stream.last is None or line is None else line(stream.last)
        age = None if stream.last_at is None else (now - stream.last_at) / clock.SECOND
        own = state_store.level_values(stream.properties)
        said = judge(known, value, age, levels=own, stale_minutes=_stale(stream))
        alarm = next((level for level in known.state.levels if level.code == said.level), None)
        official = (thing.properties or {}).get("official") is True
        listed.append(
            WaterStation(
                thing.id, stream.id, thing.code, thing.name, thing.lon, thing.lat, value, stream.last_at, age,
                said.state, alarm, official, thing.simulated,
            )
        )  # fmt: skip
    return listed


def trend(points: Sequence[tuple[int, float]]) -> float | None:
    """The slope of a straight line through (µs, m), in m/h; None with fewer than three points or within ten minutes."""
    if len(points) < 3 or points[-1][0] - points[0][0] < HOUR // 6:
        return None
    times = [(at - points[0][0]) / HOUR for at, _ in points]
    middle, level = sum(times) / len(times), sum(v for _, v in points) / len(points)
    spread = sum((t - middle) ** 2 for t in times)
    return sum((t - middle) * (v - level) for t, (_, v) in zip(times, points, strict=True)) / spread


def direction(slope: float | None) -> Literal["rising", "falling", "steady"] | None:
    """What a slope in m/h is called."""
    if slope is None:
        return None
    return "steady" if abs(slope) < STEADY else "rising" if slope > 0 else "falling"


def stage_levels(known: Property, properties: dict[str, Any] | None, value: float | None) -> list[StageLevel]:
    """The levels of a station in rising order of danger, from its datastream's `properties.levels`; absent ones are unknown."""
    given = (properties or {}).get("levels")
    own = given if isinstance(given, dict) else {}
    numbers = state_store.level_values(properties)
    made = []
    for level in known.state.levels:
        entry = own.get(level.code)
        entry = entry if isinstance(entry, dict) else {}
        number = numbers.get(level.code)
        certainty = entry.get("certainty") if number is not None else "unknown"
        reached = number is not None and value is not None and value >= number
        source = entry.get("source") or (properties or {}).get("levels_source")
        made.append(
            StageLevel(
                level.code, level, number, _certainty(certainty), _text(entry.get("note")), _text(source), reached
            )
        )
    return made


def _stage_stream(session: Session, thing_id: int) -> tuple[hours.StreamRow, Property, units.Line] | None:
    taught = sectors()
    for row in hours.streams(session, things=[thing_id]):
        known = taught.property_of(row.property_code, row.property_name)
        if known is not None and known.code == PROPERTY and (line := _line(row, known)) is not None:
            return row, known, line
    return None


def _line(row: hours.StreamRow, known: Property) -> units.Line | None:
    code = units.ucum_of(row.unit)
    try:
        return units.line(code, known.unit.ucum) if code else None
    except BadInput:
        return None


def _stale(row: hours.StreamRow) -> float | None:
    given = (row.properties or {}).get("stale_minutes")
    return float(given) if isinstance(given, int | float) else None


def _certainty(given: object) -> Certainty:
    return next((one for one in get_args(Certainty) if one == given), "assumed")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
