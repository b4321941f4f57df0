"""What is simulated: the datastreams of things and the datasets marked so. The SQL of this room."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dothi.datasets.tables import Dataset, Record
from dothi.places.tables import Area, Unit
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


def wards(session: Session, now: int) -> list[tuple[str, str, bytes]]:
    """(code, name, WKB) of the communes of every pilot city's area that stand now and have an outline."""
    codes = {code for units in session.scalars(select(Area.units)) for code in units or ()}
    query = (
        select(Unit.code, Unit.full_name, Unit.geometry)
        .where(Unit.level == "commune", Unit.valid_from <= now, Unit.valid_to.is_(None) | (Unit.valid_to > now))
        .where(Unit.geometry.is_not(None), Unit.code.in_(codes))
        .order_by(Unit.code)
    )
    return [(code, name, bytes(geometry or b"")) for code, name, geometry in session.execute(query)]


def simulated_datasets(session: Session) -> set[str]:
    """Codes of the datasets whose records are made up."""
    return set(session.scalars(select(Dataset.code).where(Dataset.simulated)))


def features(session: Session, code: str) -> list[dict[str, Any]]:
    """The records of a dataset as GeoJSON features."""
    query = select(Record.key, Record.geojson, Record.properties).join(Dataset, Dataset.id == Record.dataset_id)
    return [
        {"type": "Feature", "id": key, "geometry": json.loads(shape) if shape else None, "properties": properties}
        for key, shape, properties in session.execute(query.where(Dataset.code == code).order_by(Record.id))
    ]


def first_known(session: Session, code: str, prefix: str = "") -> int | None:
    """When the oldest record of a dataset whose key begins so became known (µs UTC)."""
    query = select(func.min(Record.recorded_at)).join(Dataset, Dataset.id == Record.dataset_id)
    return session.scalars(query.where(Dataset.code == code, Record.key.startswith(prefix, autoescape=True))).first()


def known_since(session: Session, code: str, moments: dict[str, int]) -> None:
    """Have simulated records count as recorded when they became known (µs UTC, by key), so that past days hold them."""
    query = select(Record.id, Record.key).join(Dataset, Dataset.id == Record.dataset_id)
    rows = session.execute(query.where(Dataset.code == code, Record.version == 1)).all()
    changes = [{"id": id_, "recorded_at": moments[key]} for id_, key in rows if key in moments]
    if changes:
        session.execute(update(Record), changes)
