"""What is simulated: the datastreams of things marked so. The SQL of this room."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.sensing.tables import Datastream, DatastreamState, ObservedProperty, Thing


def streams(session: Session) -> list[tuple[int, str, str, float, float, dict[str, Any], int | None]]:
    """(datastream, thing's code, property's code, lon, lat, thing's properties, newest observation) of simulated things."""
    rows = session.execute(
        select(
            Datastream.id,
            Thing.code,
            ObservedProperty.code,
            Thing.lon,
            Thing.lat,
            Thing.properties,
            DatastreamState.last_at,
        )
        .join(Thing, Datastream.thing_id == Thing.id)
        .join(ObservedProperty, Datastream.observed_property_id == ObservedProperty.id)
        .join(DatastreamState, DatastreamState.datastream_id == Datastream.id)
        .where(Thing.simulated, Thing.code.is_not(None), Thing.lon.is_not(None), ObservedProperty.code.is_not(None))
        .order_by(Datastream.id)
    ).all()
    return [(a, b or "", c or "", d or 0.0, e or 0.0, f or {}, g) for a, b, c, d, e, f, g in rows]
