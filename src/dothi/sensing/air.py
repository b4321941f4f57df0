"""Air quality of stations: VN_AQI by hour and by day, from the hourly means of their datastreams.

A mean belongs to the whole hour it was measured in; `at` of an hour is its end. Days are days in Viet Nam.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit import clock, units
from dothi.kit.clock import HOUR, VIETNAM
from dothi.kit.errors import BadInput
from dothi.sensing import aqi, hours, state_store
from dothi.sensing.sectors import Index, Level, Limit, Property, Sectors, sectors

INDEX = "vn-aqi"
_Line = units.Line
Series = dict[int, float]  # start of the hour -> concentration, µg/m³


@dataclass(slots=True)
class AirPart:
    """One pollutant in an index. concentration: µg/m³ as the index uses it (averaging: nowcast, 1h, 8h, 24h)."""

    property: str
    name: str
    concentration: float
    averaging: str
    index: int
    level: Level
    dominant: bool


@dataclass(slots=True)
class AirLimit:
    """A mean beside the limit in force that day."""

    property: str
    name: str
    averaging: str
    mean: float
    limit: Limit
    exceeded: bool
    hours: int  # how many hourly means the mean rests on


@dataclass(slots=True)
class AirNow:
    """The index of a station's last whole hour. aqi None: there is none, and `reason` says why (no-particles, no-data).

    completeness: share of the 12 hours of the particle Nowcast that have a mean. last_at: newest value of any pollutant.
    """

    thing_id: int
    name: str
    at: int
    aqi: int | None
    level: Level | None
    dominant: str | None
    parts: list[AirPart]
    limits: list[AirLimit]
    completeness: float
    reason: str | None
    last_at: int | None
    official: bool
    simulated: bool


@dataclass(slots=True)
class AirHour:
    """The index of one hour that ended at `at`, and the hourly means (µg/m³) measured in it."""

    at: int
    aqi: int | None
    level: Level | None
    dominant: str | None
    values: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class AirDay:
    """The index of a day in Viet Nam. hours: of 24 with a particle mean. means: what each column rests on, µg/m³."""

    day: date
    aqi: int | None
    level: Level | None
    dominant: str | None
    hours: int
    means: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class AirStation:
    """A station in a list, with the index of its last whole hour."""

    thing_id: int
    code: str | None
    name: str
    lon: float | None
    lat: float | None
    official: bool
    simulated: bool
    at: int
    aqi: int | None
    level: Level | None
    dominant: str | None
    last_at: int | None
    properties: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Stream:
    id: int
    thing_id: int
    property: Property
    line: _Line
    last_at: int | None


def station_now(session: Session, thing_id: int, at: int | None = None) -> AirNow | None:
    """The index of a station's last whole hour before `at` (now when None); None when the thing measures no air.

    The page has made sure that the caller may see the thing.
    """
    streams = _streams(session, [thing_id])
    thing = hours.things(session, [thing_id]).get(thing_id)
    if not streams or thing is None:
        return None
    end = _whole_hour(at)
    series = _series(session, streams, end - 24 * HOUR, end)[thing_id]
    index = _index()
    reading = aqi.hourly(index, _newest_first(index, series, end))
    last_at = max((one.last_at for one in streams if one.last_at is not None), default=None)
    reason: str | None = reading.reason
    if reading.value is None and not any(series.values()):
        reason = "no-data"
    return AirNow(
        thing_id, thing.name, end, reading.value, reading.level, reading.dominant, _parts(index, reading, "nowcast"),
        _limits(series, end), _completeness(index, series, end), reason, last_at, _official(thing), thing.simulated,
    )  # fmt: skip


def station_hours(session: Session, thing_id: int, hours_: int = 24, at: int | None = None) -> list[AirHour]:
    """The index of each of a station's last hours, oldest first; an hour without data is there, with aqi None."""
    end = _whole_hour(at)
    streams = _streams(session, [thing_id])
    series = _series(session, streams, end - (hours_ + aqi.NOWCAST_HOURS) * HOUR, end)[thing_id]
    index = _index()
    made = []
    for moment in range(end - (hours_ - 1) * HOUR, end + 1, HOUR):
        reading = aqi.hourly(index, _newest_first(index, series, moment))
        values = {code: line[moment - HOUR] for code, line in series.items() if moment - HOUR in line}
        made.append(AirHour(moment, reading.value, reading.level, reading.dominant, values))
    return made


def station_days(session: Session, thing_id: int, days: int = 7, at: int | None = None) -> list[AirDay]:
    """The index of each of a station's last whole days in Viet Nam, oldest first, ending with yesterday."""
    today = clock.local_day(clock.now_micros() if at is None else at)
    streams = _streams(session, [thing_id])
    series = _series(session, streams, _midnight(today - timedelta(days)) - 7 * HOUR, _midnight(today))[thing_id]
    return [_day(series, today - timedelta(back)) for back in range(days, 0, -1)]


def stations(session: Session, caller: Caller, at: int | None = None) -> list[AirStation]:
    """Every thing the caller may see that measures particles or gases, with its hourly index; two queries for all."""
    end = _whole_hour(at)
    index = _index()
    wanted = {column.property for column in index.columns.values()}
    taught = sectors()
    ids = [
        id_ for id_, (code, name, _) in state_store.properties(session).items()
        if (found := taught.property_of(code, name)) and found.code in wanted
    ]  # fmt: skip
    streams = _known(hours.streams(session, properties=ids, caller=caller), taught)
    by_thing: dict[int, list[_Stream]] = defaultdict(list)
    for one in streams:
        by_thing[one.thing_id].append(one)
    series = _series(session, streams, end - aqi.NOWCAST_HOURS * HOUR, end)
    listed = []
    for thing in hours.things(session, list(by_thing), caller).values():
        own = by_thing[thing.id]
        reading = aqi.hourly(index, _newest_first(index, series[thing.id], end))
        last_at = max((one.last_at for one in own if one.last_at is not None), default=None)
        listed.append(
            AirStation(
                thing.id, thing.code, thing.name, thing.lon, thing.lat, _official(thing), thing.simulated, end,
                reading.value, reading.level, reading.dominant, last_at, sorted({one.property.code for one in own}),
            )
        )  # fmt: skip
    return listed


def _index() -> Index:
    return sectors().indices[INDEX]


def _official(thing: hours.ThingRow) -> bool:
    return (thing.properties or {}).get("official") is True


def _streams(session: Session, things: Sequence[int]) -> list[_Stream]:
    return _known(hours.streams(session, things=things), sectors())


def _known(rows: list[hours.StreamRow], taught: Sectors) -> list[_Stream]:
    """The datastreams whose property the index knows and whose unit can become µg/m³."""
    index = taught.indices[INDEX]
    wanted = {column.property for column in index.columns.values()}
    made = []
    for row in rows:
        known = taught.property_of(row.property_code, row.property_name)
        if known is None or known.code not in wanted:
            continue
        code = units.ucum_of(row.unit)
        try:
            line = units.gas_line(code, known.unit.ucum, known.molar_mass) if code else None
        except BadInput:
            line = None
        if line is not None:
            made.append(_Stream(row.id, row.thing_id, known, line, row.last_at))
    return made


def _series(session: Session, streams: Sequence[_Stream], start: int, end: int) -> dict[int, dict[str, Series]]:
    """Hourly means in µg/m³ by thing and property; implausible ones are left out, and of two sensors the first counts."""
    found = hours.means(session, [one.id for one in streams], start, end)
    by_id = {one.id: one for one in streams}
    made: dict[int, dict[str, Series]] = defaultdict(dict)
    for (id_, hour), value in sorted(found.items()):
        one = by_id[id_]
        concentration = one.line(value)
        low, high = one.property.plausible or (0.0, float("inf"))
        if low <= concentration <= high:
            made[one.thing_id].setdefault(one.property.code, {}).setdefault(hour, concentration)
    return made


def _newest_first(index: Index, series: dict[str, Series], end: int) -> dict[str, list[float | None]]:
    return {
        column.property: [series.get(column.property, {}).get(end - (i + 1) * HOUR) for i in range(aqi.NOWCAST_HOURS)]
        for column in index.columns.values()
    }


def _parts(index: Index, reading: aqi.Reading, particles: str) -> list[AirPart]:
    taught = sectors()
    highest = max((part.exact for part in reading.parts.values()), default=0.0)
    made = []
    for part in reading.parts.values():
        column = index.columns[part.column]
        made.append(
            AirPart(
                column.property, taught.properties[column.property].name.vi, part.concentration,
                particles if column.averaging == "pm" else column.averaging, part.value, index.level(part.value),
                part.exact == highest,
            )
        )  # fmt: skip
    return sorted(made, key=lambda part: -part.index)


def _limits(series: dict[str, Series], end: int) -> list[AirLimit]:
    """Means over the last hour, 8 and 24 hours beside the limits in force (QCVN 05), where enough hours are there."""
    taught = sectors()
    day = clock.local_day(end)
    made = []
    for code, line in series.items():
        known = taught.properties[code]
        for limit in known.limits_on(day):
            expected = {"1h": 1, "8h": 8, "24h": 24}.get(limit.averaging)
            if expected is None:
                continue
            window: list[float | None] = [line.get(end - (i + 1) * HOUR) for i in range(expected)]
            mean = aqi.mean(window, expected, _index().complete)
            if mean is not None:
                count = sum(v is not None for v in window)
                made.append(AirLimit(code, known.name.vi, limit.averaging, mean, limit, mean > limit.value, count))
    return made


def _completeness(index: Index, series: dict[str, Series], end: int) -> float:
    span = range(end - aqi.NOWCAST_HOURS * HOUR, end, HOUR)
    shares = [sum(hour in series.get(code, {}) for hour in span) / aqi.NOWCAST_HOURS for code in index.needs_one_of]
    return max(shares, default=0.0)


def _day(series: dict[str, Series], day: date) -> AirDay:
    index = _index()
    start = _midnight(day)
    given = {code: [line.get(start + i * HOUR) for i in range(24)] for code, line in series.items()}
    before = {code: [line.get(start + i * HOUR) for i in range(-7, 0)] for code, line in series.items()}
    used = aqi.daily_concentrations(index, given, before)
    reading = aqi.together(index, used)
    there = max((sum(v is not None for v in given.get(code, ())) for code in index.needs_one_of), default=0)
    return AirDay(day, reading.value, reading.level, reading.dominant, there, used)


def _whole_hour(at: int | None) -> int:
    moment = clock.now_micros() if at is None else at
    return moment // HOUR * HOUR


def _midnight(day: date) -> int:
    return clock.micros(datetime.combine(day, time(), VIETNAM))
