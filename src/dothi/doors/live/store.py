"""The SQL of the live door."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.sensing.tables import Datastream, DatastreamState, Thing


def places(session: Session, thing_ids: Collection[int]) -> dict[int, tuple[float | None, float | None]]:
    """Longitude and latitude of things, by id."""
    query = select(Thing.id, Thing.lon, Thing.lat).where(Thing.id.in_(list(thing_ids)))
    return {id_: (lon, lat) for id_, lon, lat in session.execute(query)}


def changed(session: Session, caller: Caller, since: int, limit: int) -> list[tuple[int, int, int, float | None, Any]]:
    """(datastream, thing, at, result, result_json) of datastreams the caller sees that received something since (µs)."""
    query = (
        select(
            Datastream.id,
            Datastream.thing_id,
            DatastreamState.last_at,
            DatastreamState.result,
            DatastreamState.result_json,
        )
        .join(DatastreamState, DatastreamState.datastream_id == Datastream.id)
        .where(DatastreamState.received_at >= since, guard.visible(caller, Datastream))
        .order_by(DatastreamState.received_at, Datastream.id)
        .limit(limit)
    )
    return [(id_, thing, at, number, text) for id_, thing, at, number, text in session.execute(query) if at is not None]
