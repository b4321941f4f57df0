"""What is simulated: the datastreams of things marked so. The SQL of this room."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dothi.sensing.tables import Datastream, DatastreamState, Observation, ObservedProperty, Thing


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


_UNDERWAY = 2_000_000  # µs from a simulated sensor to the server


def received_when_measured(session: Session, ids: Sequence[int], since: int, until: int) -> None:
    """Have simulated history count as received when it was measured, so that replay knows it as the city would have."""
    later = _UNDERWAY * 1800
    for begin in range(0, len(ids), 500):
        part = ids[begin : begin + 500]
        session.execute(
            update(Observation)
            .where(
                Observation.datastream_id.in_(part), Observation.at >= since, Observation.at < until,
                Observation.received_at > Observation.at + later,
            )
            .values(received_at=Observation.at + _UNDERWAY)
            .execution_options(synchronize_session=False)
        )  # fmt: skip
        session.execute(
            update(DatastreamState)
            .where(
                DatastreamState.datastream_id.in_(part), DatastreamState.received_at > DatastreamState.last_at + later
            )
            .values(received_at=DatastreamState.last_at + _UNDERWAY)
            .execution_options(synchronize_session=False)
        )
