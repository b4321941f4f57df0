"""The SQL behind facts: every datastream with its thing, once, for all rules."""

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.alerts.tables import Baseline
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency
from dothi.sensing.tables import Datastream, ObservedProperty, Thing


class StreamRow(NamedTuple):
    """A datastream."""

    id: int
    thing_id: int
    property_id: int | None
    name: str
    unit: Any
    properties: dict[str, Any] | None
    sharing: str


class ThingRow(NamedTuple):
    """A thing."""

    id: int
    code: str | None
    name: str
    properties: dict[str, Any] | None
    agency_id: int | None
    sharing: str
    simulated: bool
    lon: float | None
    lat: float | None
    unit_code: str | None


def things(session: Session, caller: Caller | None) -> list[ThingRow]:
    """Every thing the caller may see; None: every thing."""
    t = Thing
    query = select(
        t.id, t.code, t.name, t.properties, t.agency_id, t.sharing, t.simulated, t.lon, t.lat, t.unit_code
    ).order_by(t.id)
    if caller is not None:
        query = query.where(guard.visible(caller, Thing))
    return [ThingRow._make(row) for row in session.execute(query)]


def streams(session: Session, caller: Caller | None) -> list[StreamRow]:
    """Every datastream of one property that the caller may see."""
    d = Datastream
    query = (
        select(d.id, d.thing_id, d.observed_property_id, d.name, d.unit, d.properties, d.sharing)
        .where(d.multi.is_(False))
        .order_by(d.id)
    )
    if caller is not None:
        query = query.where(guard.visible(caller, Datastream))
    return [StreamRow._make(row) for row in session.execute(query)]


def properties(session: Session) -> list[tuple[int, str | None, str, dict[str, Any] | None]]:
    """Observed properties: id, code, name, properties."""
    p = ObservedProperty
    rows = session.execute(select(p.id, p.code, p.name, p.properties))
    return [(id_, code, name, own) for id_, code, name, own in rows]


def agencies(session: Session) -> dict[str, int]:
    """Agencies' ids by code."""
    return {row.code: row.id for row in session.execute(select(Agency.code, Agency.id))}


def usuals(session: Session, ids: list[int]) -> dict[int, list[tuple[float, float] | None]]:
    """What is usual for some datastreams, in each hour of the local week."""
    found: dict[int, list[tuple[float, float] | None]] = {}
    b = Baseline
    for start in range(0, len(ids), 500):
        rows = session.execute(
            select(b.datastream_id, b.slot, b.median, b.spread).where(b.datastream_id.in_(ids[start : start + 500]))
        )
        for id_, slot, median, spread in rows:
            found.setdefault(id_, [None] * 168)[slot] = (median, spread)
    return found
