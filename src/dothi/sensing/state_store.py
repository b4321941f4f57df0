"""The SQL behind states: one pass over things and the newest value of each of their datastreams."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from dothi.db.words import json_double, json_string
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.places import cities
from dothi.sensing.tables import Datastream, DatastreamState, ObservedProperty, Thing


class Row(NamedTuple):
    """A datastream's newest value beside its thing; datastream_id None: the thing has no datastream."""

    thing_id: int
    code: str | None
    name: str
    lon: float | None
    lat: float | None
    simulated: bool
    connected: bool | None
    connected_at: int | None
    datastream_id: int | None
    property_id: int | None
    unit: str | None
    definition: str | None
    stale_minutes: float | None
    last_at: int | None
    result: float | None
    result_json: str | None


class Stored(NamedTuple):
    """An observed property as it stands in the database; stale_minutes: the city's own, if it set one."""

    code: str | None
    name: str
    stale_minutes: float | None


def newest(
    session: Session, caller: Caller, bbox: tuple[float, float, float, float] | None, things: Sequence[int] | None
) -> list[Row]:
    """Every datastream the caller may see with its thing, things without datastreams too, ordered by thing.

    Of the city a page is about, unless things are named.
    """
    query = (
        select(
            Thing.id, Thing.code, Thing.name, Thing.lon, Thing.lat, Thing.simulated, Thing.connected,
            Thing.connected_at, Datastream.id, Datastream.observed_property_id, json_string(Datastream.unit, "symbol"), json_string(Datastream.unit, "definition"),
            json_double(Datastream.properties, "stale_minutes"), DatastreamState.last_at,
            DatastreamState.result, DatastreamState.result_json,
        )
        .select_from(Thing)
        .outerjoin(Datastream, and_(Datastream.thing_id == Thing.id, guard.visible(caller, Datastream)))
        .outerjoin(DatastreamState, DatastreamState.datastream_id == Datastream.id)
        .where(guard.visible(caller, Thing))
        .order_by(Thing.id, Datastream.id)
    )  # fmt: skip
    if bbox is not None:
        west, south, east, north = bbox
        query = query.where(Thing.lon.between(west, east), Thing.lat.between(south, north))
    here = cities.within(session, Thing.unit_code, Thing.lon, Thing.lat)
    query = query.where(here if things is None else Thing.id.in_(things))
    return [Row._make(row) for row in session.execute(query)]


def properties(session: Session) -> dict[int, Stored]:
    """All observed properties by id."""
    rows = session.execute(
        select(
            ObservedProperty.id, ObservedProperty.code, ObservedProperty.name,
            json_double(ObservedProperty.properties, "stale_minutes"),
        )
    )  # fmt: skip
    return {id_: Stored(code, name, stale) for id_, code, name, stale in rows}


def own_rules(session: Session, property_ids: Sequence[int]) -> dict[int, dict[str, float | None]]:
    """The alarm levels (code to value) that datastreams of some properties carry in `properties.levels`."""
    if not property_ids:
        return {}
    rows = session.execute(
        select(Datastream.id, Datastream.properties).where(Datastream.observed_property_id.in_(property_ids))
    )
    return {id_: level_values(given) for id_, given in rows}


def level_values(given: Any) -> dict[str, float | None]:
    """The values of the levels in a datastream's properties; anything that is no number is unknown."""
    levels = (given or {}).get("levels") if isinstance(given, dict) else None
    if not isinstance(levels, dict):
        return {}
    values = ((code, one.get("value") if isinstance(one, dict) else one) for code, one in levels.items())
    return {code: float(v) if isinstance(v, int | float) and not isinstance(v, bool) else None for code, v in values}
