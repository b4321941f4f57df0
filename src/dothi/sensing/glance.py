"""What a screen shows of the city at a glance: things with their newest values, and a series over a stretch of time."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from dothi.db.words import json_string
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.text import fold
from dothi.places import cities
from dothi.sensing.state_store import Row
from dothi.sensing.tables import (
    Datastream,
    DatastreamState,
    Observation,
    ObservationHour,
    ObservedProperty,
    Sensor,
    Thing,
)

Box = tuple[float, float, float, float]


@dataclass(slots=True)
class StreamNow:
    """A datastream with its newest value. at, received_at: µs UTC, None before the first observation."""

    id: int
    name: str
    code: str | None
    property_id: int | None
    property_code: str | None
    property_name: str
    unit: str
    properties: dict[str, Any]
    sensor_id: int
    sensor: str
    at: int | None
    first_at: int | None
    received_at: int | None
    result: float | None
    result_json: str | None
    count: int
    definition: str | None = None  # of its unit


@dataclass(slots=True)
class ThingNow:
    """A thing with its datastreams in the order of their ids."""

    id: int
    code: str | None
    name: str
    description: str
    properties: dict[str, Any]
    lon: float | None
    lat: float | None
    unit_code: str | None
    agency_id: int | None
    simulated: bool
    connected: bool | None
    connected_at: int | None
    streams: list[StreamNow] = field(default_factory=list)

    @property
    def last_at(self) -> int | None:
        """The newest observation of any of its datastreams."""
        return max((s.at for s in self.streams if s.at is not None), default=None)


# columns and no objects: a map asks for a hundred thousand of them
_THING = (
    Thing.id, Thing.code, Thing.name, Thing.description, Thing.properties, Thing.lon, Thing.lat, Thing.unit_code,
    Thing.agency_id, Thing.simulated, Thing.connected, Thing.connected_at,
)  # fmt: skip
_STREAM = (
    Datastream.thing_id, Datastream.id, Datastream.name, Datastream.code, Datastream.observed_property_id,
    ObservedProperty.code, ObservedProperty.name, json_string(Datastream.unit, "symbol"), Datastream.properties,
    Datastream.sensor_id, Sensor.name, DatastreamState.last_at, DatastreamState.first_at, DatastreamState.received_at,
    DatastreamState.result, DatastreamState.result_json, DatastreamState.count,
    json_string(Datastream.unit, "definition"),
)  # fmt: skip


@dataclass(slots=True)
class Series:
    """A datastream's values over time, oldest first; step: width of a bucket in µs, 0 for the observations themselves."""

    step: int
    at: list[int]
    value: list[float | None]
    low: list[float | None]
    high: list[float | None]


def things(
    session: Session,
    caller: Caller,
    *,
    ids: Collection[int] | None = None,
    box: Box | None = None,
    properties: Collection[str] | None = None,
    words: str | None = None,
    limit: int | None = None,
) -> list[ThingNow]:
    """Things the caller may see, by name, each with its datastreams' newest values.

    box: west, south, east, north in degrees. properties: codes of observed properties one of which the thing must
    observe. words: part of its name, with or without diacritics. Of the city a page is about, unless ids are named.
    """
    wanted = select(*_THING).where(guard.visible(caller, Thing)).order_by(Thing.name_folded, Thing.id)
    wanted = wanted.where(_here(session) if ids is None else Thing.id.in_(list(ids)))
    if box is not None:
        west, south, east, north = box
        wanted = wanted.where(Thing.lon.between(west, east), Thing.lat.between(south, north))
    if properties is not None:
        observing = (
            select(Datastream.thing_id)
            .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
            .where(ObservedProperty.code.in_(list(properties)))
        )
        wanted = wanted.where(Thing.id.in_(observing))
    if words and words.strip():
        wanted = wanted.where(Thing.name_folded.contains(fold(words), autoescape=True))
    if limit is not None:
        wanted = wanted.limit(limit)
    found = {row.id: ThingNow(*row) for row in session.execute(wanted)}
    for shown in found.values():
        shown.properties = shown.properties or {}
    few = list(found) if ids is not None or limit is not None or words or properties is not None else None
    for thing_id, one in _streams(session, caller, few):
        if thing_id in found:
            found[thing_id].streams.append(one)
    return list(found.values())


def _here(session: Session) -> ColumnElement[bool]:
    """Things of the city a page is about."""
    return cities.within(session, Thing.unit_code, Thing.lon, Thing.lat)


def thing(session: Session, caller: Caller, id_: int) -> ThingNow | None:
    """One thing with its datastreams, or None when the caller sees no such thing."""
    return next(iter(things(session, caller, ids=[id_])), None)


def any_simulated(session: Session, caller: Caller) -> bool:
    """Whether something the caller sees is simulated: the page then says so."""
    query = select(Thing.id).where(guard.visible(caller, Thing), Thing.simulated.is_(True), _here(session)).limit(1)
    return session.scalar(query) is not None


def _streams(session: Session, caller: Caller, thing_ids: Sequence[int] | None) -> list[tuple[int, StreamNow]]:
    query = (
        select(*_STREAM)
        .outerjoin(DatastreamState, DatastreamState.datastream_id == Datastream.id)
        .outerjoin(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
        .join(Sensor, Sensor.id == Datastream.sensor_id)
        .where(guard.visible(caller, Datastream))
        .order_by(Datastream.id)
    )
    if thing_ids is not None:
        query = query.where(Datastream.thing_id.in_(thing_ids))
    return [_stream_now(*row) for row in session.execute(query)]


def _stream_now(
    thing_id: int, id_: int, name: str, code: str | None, property_id: int | None, property_code: str | None,
    property_name: str | None, symbol: str | None, properties: dict[str, Any] | None, sensor_id: int, sensor: str,
    last_at: int | None, first_at: int | None, received_at: int | None, result: float | None, result_json: str | None,
    count: int | None, definition: str | None,
) -> tuple[int, StreamNow]:  # fmt: skip
    return thing_id, StreamNow(
        id_, name, code, property_id, property_code, property_name or name, symbol or "", properties or {}, sensor_id,
        sensor, last_at, first_at, received_at, result, result_json, count or 0, definition,
    )  # fmt: skip


def rows(shown: Iterable[ThingNow]) -> Iterator[Row]:
    """What `state.of_rows` judges things by, of things that have been read: nothing is read twice."""
    for one in sorted(shown, key=lambda thing: thing.id):
        about = (one.id, one.code, one.name, one.lon, one.lat, one.simulated, one.connected, one.connected_at)
        if not one.streams:
            yield Row(*about, None, None, None, None, None, None, None, None)
        for s in one.streams:
            own = s.properties.get("stale_minutes")
            stale = float(own) if isinstance(own, int | float) and not isinstance(own, bool) else None
            yield Row(*about, s.id, s.property_id, s.unit, s.definition, stale, s.at, s.result, s.result_json)


def stream_of(session: Session, caller: Caller, datastream_id: int) -> tuple[int, StreamNow] | None:
    """One datastream with its thing's id, or None when the caller sees no such datastream."""
    found = session.scalar(select(Datastream.thing_id).where(Datastream.id == datastream_id))
    if found is None:
        return None
    return next((pair for pair in _streams(session, caller, [found]) if pair[1].id == datastream_id), None)


def series(session: Session, datastream_id: int, start: int, end: int, points: int = 1500) -> Series:
    """Values from start (included) to end (excluded), µs UTC: the observations, or means when there are more of them.

    A bucket without a number is absent, so a chart shows a gap.
    """
    inside = and_(Observation.datastream_id == datastream_id, Observation.at >= start, Observation.at < end)
    counted = select(Observation.at).where(inside).limit(points + 1).subquery()
    if (session.scalar(select(func.count()).select_from(counted)) or 0) <= points:
        rows = session.execute(select(Observation.at, Observation.result).where(inside).order_by(Observation.at)).all()
        values = [row.result for row in rows]
        return Series(0, [row.at for row in rows], values, values, values)
    hours = (end - start) // clock.HOUR
    if hours > 240:
        return _from_hours(session, datastream_id, start, end, max(1, -(-hours // points)))
    step = next((m for m in (1, 2, 5, 10, 15, 30) if (end - start) // (m * 60 * clock.SECOND) <= points), 60)
    width = step * 60 * clock.SECOND
    bucket = (Observation.at - Observation.at % width).label("bucket")
    query = (
        select(bucket, func.avg(Observation.result), func.min(Observation.result), func.max(Observation.result))
        .where(inside, Observation.result.is_not(None))
        .group_by(bucket)
        .order_by(bucket)
    )
    return _columns(width, session.execute(query).all())


def _from_hours(session: Session, datastream_id: int, start: int, end: int, hours: int) -> Series:
    width = hours * clock.HOUR
    bucket = (ObservationHour.hour - ObservationHour.hour % width).label("bucket")
    query = (
        select(
            bucket, func.sum(ObservationHour.sum) / func.sum(ObservationHour.numbers),
            func.min(ObservationHour.min), func.max(ObservationHour.max),
        )
        .where(
            ObservationHour.datastream_id == datastream_id, ObservationHour.hour >= start, ObservationHour.hour < end,
            ObservationHour.numbers > 0,
        )
        .group_by(bucket)
        .order_by(bucket)
    )  # fmt: skip
    return _columns(width, session.execute(query).all())


def _columns(width: int, rows: Sequence[Any]) -> Series:
    return Series(width, [int(r[0]) for r in rows], [r[1] for r in rows], [r[2] for r in rows], [r[3] for r in rows])


def days(session: Session, datastream_id: int, start: int, end: int, offset: int) -> dict[int, tuple[int, int]]:
    """Per local day: observations stored and how many different hours have one: {day start µs: (count, hours)}.

    offset: what local time is ahead of UTC, µs.
    """
    local = Observation.at + offset
    day = (Observation.at - local % clock.DAY).label("day")
    hours = func.count(func.distinct(Observation.at - Observation.at % clock.HOUR))
    query = (
        select(day, func.count(), hours)
        .where(Observation.datastream_id == datastream_id, Observation.at >= start, Observation.at < end)
        .group_by(day)
    )
    return {int(at): (int(count), int(hour)) for at, count, hour in session.execute(query)}


def totals(session: Session, caller: Caller) -> tuple[int, int, int | None]:
    """Things the caller sees, observations of their datastreams, and when the newest one was received (µs UTC)."""
    here = _here(session)
    count = session.scalar(select(func.count()).select_from(Thing).where(guard.visible(caller, Thing), here)) or 0
    query = (
        select(func.coalesce(func.sum(DatastreamState.count), 0), func.max(DatastreamState.received_at))
        .join(Datastream, Datastream.id == DatastreamState.datastream_id)
        .where(guard.visible(caller, Datastream))
    )
    if cities.lens(session) is not None:
        query = query.join(Thing, Thing.id == Datastream.thing_id).where(here)
    stored, newest = session.execute(query).one()
    return int(count), int(stored), newest
