"""The SQL of the SensorThings entities; observations have `history`, ingest its own."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, literal, or_, select, true
from sqlalchemy import insert as insert_into
from sqlalchemy import update as update_table
from sqlalchemy.orm import Session, aliased

from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import NotFound
from dothi.sensing.tables import (
    Datastream,
    DatastreamProperty,
    DatastreamState,
    FeatureOfInterest,
    HistoricalLocation,
    HistoricalLocationLocation,
    Location,
    Observation,
    ObservedProperty,
    Sensor,
    Thing,
    ThingLocation,
)

TABLES: dict[str, Any] = {
    "Thing": Thing, "Location": Location, "HistoricalLocation": HistoricalLocation, "Sensor": Sensor,
    "ObservedProperty": ObservedProperty, "FeatureOfInterest": FeatureOfInterest, "Datastream": Datastream,
    "MultiDatastream": Datastream,
}  # fmt: skip
# every relation as (column naming this entity, column naming the other)
_PAIRS: dict[tuple[str, str], tuple[Any, Any]] = {
    ("Thing", "Locations"): (ThingLocation.thing_id, ThingLocation.location_id),
    ("Thing", "HistoricalLocations"): (HistoricalLocation.thing_id, HistoricalLocation.id),
    ("Thing", "Datastreams"): (Datastream.thing_id, Datastream.id),
    ("Thing", "MultiDatastreams"): (Datastream.thing_id, Datastream.id),
    ("Location", "Things"): (ThingLocation.location_id, ThingLocation.thing_id),
    ("Location", "HistoricalLocations"): (
        HistoricalLocationLocation.location_id, HistoricalLocationLocation.historical_location_id,
    ),
    ("HistoricalLocation", "Thing"): (HistoricalLocation.id, HistoricalLocation.thing_id),
    ("HistoricalLocation", "Locations"): (
        HistoricalLocationLocation.historical_location_id, HistoricalLocationLocation.location_id,
    ),
    ("Sensor", "Datastreams"): (Datastream.sensor_id, Datastream.id),
    ("Sensor", "MultiDatastreams"): (Datastream.sensor_id, Datastream.id),
    ("ObservedProperty", "Datastreams"): (Datastream.observed_property_id, Datastream.id),
    ("ObservedProperty", "MultiDatastreams"): (
        DatastreamProperty.observed_property_id, DatastreamProperty.datastream_id,
    ),
    ("Datastream", "Thing"): (Datastream.id, Datastream.thing_id),
    ("Datastream", "Sensor"): (Datastream.id, Datastream.sensor_id),
    ("Datastream", "ObservedProperty"): (Datastream.id, Datastream.observed_property_id),
    ("MultiDatastream", "Thing"): (Datastream.id, Datastream.thing_id),
    ("MultiDatastream", "Sensor"): (Datastream.id, Datastream.sensor_id),
    ("MultiDatastream", "ObservedProperties"): (
        DatastreamProperty.datastream_id, DatastreamProperty.observed_property_id,
    ),
}  # fmt: skip
# made once, and of tables: making a statement, and a model's way to the database, cost more than running it
_BARE: dict[str, Any] = {entity: model.__table__ for entity, model in TABLES.items()}
_INSERT = {entity: insert_into(table).returning(table.c.id) for entity, table in _BARE.items()}
_UPDATE = {entity: update_table(table).where(table.c.id == bindparam("_id")) for entity, table in _BARE.items()}
_TAKEN = {
    entity: select(table.c.id).where(table.c.code == bindparam("code"))
    for entity, table in _BARE.items()
    if "code" in table.c
}
_START = insert_into(DatastreamState.__table__)  # type: ignore[arg-type]
# links that are a column of the other entity's row
_FOREIGN = {
    ("Thing", "HistoricalLocations"): "thing_id", ("Thing", "Datastreams"): "thing_id",
    ("Thing", "MultiDatastreams"): "thing_id", ("Sensor", "Datastreams"): "sensor_id",
    ("Sensor", "MultiDatastreams"): "sensor_id", ("ObservedProperty", "Datastreams"): "observed_property_id",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an entity is. thing_id: the thing it belongs to, if to one; place: that thing's unit code."""

    id: int
    agency_id: int | None
    sharing: str
    thing_id: int | None = None
    place: str | None = None


def reachable(caller: Caller, table: Any) -> ColumnElement[bool]:
    """The clause of rows a caller may see, or write without seeing (a device's key)."""
    writes = ("sensing:write", "observations:write")
    if any(held in caller.everywhere for held in writes):
        return true()
    agencies = sorted({agency for held, agency in caller.within if held in writes})
    seen = guard.visible(caller, table)
    return or_(seen, table.agency_id.in_(agencies)) if agencies else seen


def owners(session: Session, caller: Caller, entity: str, ids: Iterable[int]) -> dict[int, Owner]:
    """The owners of those entities of some ids that are there for the caller."""
    wanted = sorted(set(ids))
    table = TABLES[entity]
    if entity == "HistoricalLocation":
        columns = select(table.id, Thing.agency_id, Thing.sharing, Thing.id.label("thing"), Thing.unit_code)
        query = columns.join(Thing, Thing.id == table.thing_id).where(reachable(caller, Thing))
    elif entity in {"Sensor", "ObservedProperty"}:
        query = select(table.id, table.agency_id, literal("open"), literal(None), literal(None))
    elif entity == "Thing":
        query = select(table.id, table.agency_id, table.sharing, table.id.label("thing"), table.unit_code)
        query = query.where(reachable(caller, table))
    elif table is Datastream:
        query = select(table.id, table.agency_id, table.sharing, table.thing_id, literal(None))
        query = query.where(reachable(caller, table), table.multi.is_(entity == "MultiDatastream"))
    else:
        query = select(table.id, table.agency_id, table.sharing, literal(None), literal(None))
        query = query.where(reachable(caller, table))
    found: dict[int, Owner] = {}
    for start in range(0, len(wanted), 5000):
        for row in session.execute(query.where(table.id.in_(wanted[start : start + 5000]))):
            found[row[0]] = Owner(*row)
    return found


def insert(session: Session, entity: str, values: dict[str, Any]) -> int:
    """Add an entity; returns its id."""
    return int(session.execute(_INSERT[entity], _columns(entity, values)).scalar_one())


def update(session: Session, entity: str, id_: int, values: dict[str, Any]) -> None:
    """Change columns of an entity."""
    if values:
        session.execute(_UPDATE[entity], {"_id": id_, **_columns(entity, values)})


def _columns(entity: str, values: dict[str, Any]) -> dict[str, Any]:
    """Values by the table's own names, where a model has another (`metadata_`)."""
    columns = TABLES[entity].__mapper__.columns
    return {columns[name].key: value for name, value in values.items()}


def remove(session: Session, entity: str, ids: Sequence[int]) -> None:
    """Delete entities; the foreign keys take what hangs on them."""
    table = TABLES[entity]
    for start in range(0, len(ids), 5000):
        session.execute(
            delete(table).where(table.id.in_(ids[start : start + 5000])),
            execution_options={"synchronize_session": False},
        )


def columns(session: Session, entity: str, id_: int, names: Sequence[str]) -> dict[str, Any]:
    """Some columns of an entity, locked until the transaction ends."""
    table = TABLES[entity]
    query = select(*(getattr(table, name).label(name) for name in names)).where(table.id == id_).with_for_update()
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(f"there is no {entity} {id_} any more")
    return dict(zip(names, row, strict=True))


def linked(session: Session, entity: str, id_: int, link: str) -> list[int]:
    """Ids of the entities a link names, ascending (ObservedProperties: in their order)."""
    source, target = _PAIRS[entity, link]
    query = select(target).where(source == id_, target.is_not(None))
    if source.class_ is Datastream and link in {"Datastreams", "MultiDatastreams"}:
        query = query.where(Datastream.multi.is_(link == "MultiDatastreams"))
    by = DatastreamProperty.position if link == "ObservedProperties" else target
    return list(session.scalars(query.order_by(by)))


def adopt(session: Session, entity: str, id_: int, link: str, children: Sequence[int], child: str) -> None:
    """Have some entities that are there belong to this one."""
    if (entity, link) in _FOREIGN:
        for one in children:
            update(session, child, one, {_FOREIGN[entity, link]: id_})
        return
    source, target = _PAIRS[entity, link]
    have = set(linked(session, entity, id_, link))
    rows = [{source.key: id_, target.key: one} for one in dict.fromkeys(children) if one not in have]
    if rows:
        session.execute(insert_into(source.class_), rows)


def part(session: Session, entity: str, id_: int, link: str, children: Sequence[int]) -> None:
    """Undo links kept in a table of their own."""
    source, target = _PAIRS[entity, link]
    session.execute(
        delete(source.class_).where(source == id_, target.in_(children)),
        execution_options={"synchronize_session": False},
    )


def set_properties(session: Session, datastream_id: int, properties: Sequence[int]) -> None:
    """The observed properties of a MultiDatastream, in order."""
    session.execute(
        delete(DatastreamProperty).where(DatastreamProperty.datastream_id == datastream_id),
        execution_options={"synchronize_session": False},
    )
    rows = [
        {"datastream_id": datastream_id, "position": i, "observed_property_id": one} for i, one in enumerate(properties)
    ]
    session.execute(insert_into(DatastreamProperty), rows)


def start_counting(session: Session, datastream_id: int) -> None:
    """The state row of a new datastream."""
    session.execute(_START, {"datastream_id": datastream_id, "count": 0})


def by_code(session: Session, entity: str, code: str) -> int | None:
    """The id of the entity with this code."""
    table = TABLES[entity]
    query = select(table.id).where(table.code == code)
    if table is Datastream:
        query = query.where(table.multi.is_(entity == "MultiDatastream"))
    found: int | None = session.scalar(query)
    return found


def code_taken(session: Session, entity: str, code: str) -> int | None:
    """Whoever bears the code, of either kind of datastream."""
    found: int | None = session.scalar(_TAKEN[entity], {"code": code})
    return found


def streams_of(session: Session, entity: str, id_: int) -> list[Any]:
    """Every (Multi)Datastream that goes when this entity goes: rows of id, multi, agency, sharing, thing."""
    query = select(Datastream.id, Datastream.multi, Datastream.agency_id, Datastream.sharing, Datastream.thing_id)
    if entity == "Thing":
        query = query.where(Datastream.thing_id == id_)
    elif entity == "Sensor":
        query = query.where(Datastream.sensor_id == id_)
    elif entity == "ObservedProperty":
        several = select(DatastreamProperty.datastream_id).where(DatastreamProperty.observed_property_id == id_)
        query = query.where(or_(Datastream.observed_property_id == id_, Datastream.id.in_(several)))
    else:
        query = query.where(Datastream.id == id_)
    return list(session.execute(query.order_by(Datastream.id)).all())


def share_streams(session: Session, thing_id: int, agency_id: int | None, sharing: str) -> list[int]:
    """Copy a thing's owner and sharing to its datastreams; returns their ids."""
    ids = list(session.scalars(select(Datastream.id).where(Datastream.thing_id == thing_id)))
    session.execute(
        update_table(Datastream).where(Datastream.thing_id == thing_id).values(agency_id=agency_id, sharing=sharing),
        execution_options={"synchronize_session": False},
    )
    return ids


def own_locations(session: Session, thing_id: int) -> list[Any]:
    """Current locations only this thing is at: rows of id, properties, feature_id."""
    there = aliased(ThingLocation)
    things = select(func.count()).where(there.location_id == Location.id).correlate(Location).scalar_subquery()
    query = (
        select(Location.id, Location.properties, Location.feature_id)
        .join(ThingLocation, ThingLocation.location_id == Location.id)
        .where(ThingLocation.thing_id == thing_id, things == 1)
    )
    return list(session.execute(query).all())


def features_used(session: Session, ids: Sequence[int]) -> set[int]:
    """Which of these features of interest are there."""
    query = select(FeatureOfInterest.id).where(FeatureOfInterest.id.in_(ids))
    return set(session.scalars(query))


def observation_there(session: Session, datastream_id: int, at: int) -> bool:
    """Whether an observation with this key stands."""
    query = select(Observation.at).where(Observation.datastream_id == datastream_id, Observation.at == at)
    return session.scalar(query) is not None


def forget_feature(session: Session, feature_id: int) -> list[int]:
    """Have no location and no datastream point at a feature of interest any more; returns those datastreams."""
    ids = list(session.scalars(select(Datastream.id).where(Datastream.feature_id == feature_id)))
    for table in (Location, Datastream):
        session.execute(
            update_table(table).where(table.feature_id == feature_id).values(feature_id=None),
            execution_options={"synchronize_session": False},
        )
    return ids
