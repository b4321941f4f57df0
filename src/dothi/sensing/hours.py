"""Hourly means of datastreams: from the rollups, and from raw observations where a rollup is out of date."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.clock import HOUR
from dothi.places import cities
from dothi.sensing.tables import (
    Datastream,
    DatastreamState,
    DirtyHour,
    Observation,
    ObservationHour,
    ObservedProperty,
    Thing,
)

Means = Mapping[tuple[int, int], float]  # (datastream, start of the hour in µs UTC) -> mean in the datastream's unit


class StreamRow(NamedTuple):
    """A datastream of one of some properties, beside its thing."""

    id: int
    thing_id: int
    property_code: str | None
    property_name: str
    unit: dict[str, str] | None
    properties: dict[str, object] | None
    last_at: int | None
    last: float | None


class ThingRow(NamedTuple):
    """A thing as a station list shows it."""

    id: int
    code: str | None
    name: str
    description: str
    properties: dict[str, object] | None
    lon: float | None
    lat: float | None
    simulated: bool


def streams(
    session: Session,
    *,
    things: Sequence[int] | None = None,
    properties: Sequence[int] | None = None,
    caller: Caller | None = None,
) -> list[StreamRow]:
    """Datastreams of some things, or of some observed properties, that the caller may see.

    caller None: the page has made sure already. Of the city a page is about, unless things are named.
    """
    query = (
        select(
            Datastream.id, Datastream.thing_id, ObservedProperty.code, ObservedProperty.name, Datastream.unit,
            Datastream.properties, DatastreamState.last_at, DatastreamState.result,
        )
        .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
        .outerjoin(DatastreamState, DatastreamState.datastream_id == Datastream.id)
        .order_by(Datastream.id)
    )  # fmt: skip
    if things is not None:
        query = query.where(Datastream.thing_id.in_(things))
    if properties is not None:
        query = query.where(Datastream.observed_property_id.in_(properties))
    if things is None and cities.lens(session) is not None:
        here = select(Thing.id).where(cities.within(session, Thing.unit_code, Thing.lon, Thing.lat))
        query = query.where(Datastream.thing_id.in_(here))
    if caller is not None:
        query = query.where(guard.visible(caller, Datastream))
    return [StreamRow._make(row) for row in session.execute(query)]


def things(session: Session, ids: Sequence[int], caller: Caller | None = None) -> dict[int, ThingRow]:
    """Things by id."""
    query = select(
        Thing.id, Thing.code, Thing.name, Thing.description, Thing.properties, Thing.lon, Thing.lat, Thing.simulated
    ).where(Thing.id.in_(ids))
    if caller is not None:
        query = query.where(guard.visible(caller, Thing))
    return {row[0]: ThingRow._make(row) for row in session.execute(query)}


def means(session: Session, ids: Sequence[int], start: int, end: int) -> dict[tuple[int, int], float]:
    """Hourly means of some datastreams in the hours that start in [start, end); an hour without numbers is absent."""
    if not ids or end <= start:
        return {}
    h = ObservationHour
    rows = session.execute(
        select(h.datastream_id, h.hour, h.sum, h.numbers).where(
            h.datastream_id.in_(ids), h.hour >= start, h.hour < end, h.numbers > 0
        )
    )
    found = {(id_, hour): total / count for id_, hour, total, count in rows if total is not None}
    for (first, last), dirty in _dirty(session, ids, start, end).items():
        for id_ in dirty:
            for hour in range(first, last, HOUR):
                found.pop((id_, hour), None)
        found |= _raw(session, dirty, first, last)
    return found


def _dirty(session: Session, ids: Sequence[int], start: int, end: int) -> dict[tuple[int, int], list[int]]:
    """Stretches of out-of-date hours [first, last), each with the datastreams that have it."""
    d = DirtyHour
    rows = session.execute(
        select(d.datastream_id, func.min(d.first_hour), func.max(d.last_hour))
        .where(d.datastream_id.in_(ids), d.last_hour >= start, d.first_hour < end)
        .group_by(d.datastream_id)
    )
    stretches: dict[tuple[int, int], list[int]] = defaultdict(list)
    for id_, first, last in rows:
        stretches[max(start, first), min(end, last + HOUR)].append(id_)
    return stretches


def _raw(session: Session, ids: Sequence[int], start: int, end: int) -> dict[tuple[int, int], float]:
    o = Observation
    hour = (o.at - o.at % HOUR).label("hour")
    rows = session.execute(
        select(o.datastream_id, hour, func.avg(o.result))
        .where(o.datastream_id.in_(ids), o.at >= start, o.at < end, o.result.is_not(None))
        .group_by(o.datastream_id, hour)
    )
    return {(id_, at): float(value) for id_, at, value in rows}


def values(session: Session, datastream: int, start: int, end: int, limit: int = 50_000) -> list[tuple[int, float]]:
    """Raw numbers of a datastream in [start, end), oldest first."""
    o = Observation
    rows = session.execute(
        select(o.at, o.result)
        .where(o.datastream_id == datastream, o.at >= start, o.at < end, o.result.is_not(None))
        .order_by(o.at)
        .limit(limit)
    )
    return [(at, result) for at, result in rows if result is not None]


def last_value(session: Session, datastream: int, at: int) -> tuple[int, float] | None:
    """The newest number of a datastream at or before an instant."""
    o = Observation
    row = session.execute(
        select(o.at, o.result)
        .where(o.datastream_id == datastream, o.at <= at, o.result.is_not(None))
        .order_by(o.at.desc())
        .limit(1)
    ).first()
    return None if row is None or row[1] is None else (row[0], row[1])
