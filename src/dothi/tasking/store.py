"""The SQL of tasking."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, false, func, or_, select, true, update
from sqlalchemy.orm import Session

from dothi.db import upsert
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency, Person
from dothi.places import cities
from dothi.sensing.tables import Datastream, DatastreamState, ObservedProperty, Thing
from dothi.tasking import flow
from dothi.tasking.tables import Actuator, Task, TaskingCapability, TaskSchedule, TaskScheduleMark

_DEGREE = 111_195.0  # metres of a degree of latitude


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be asked to do something: a capability with its actuator and its thing."""

    capability_id: int
    name: str
    kind: str | None
    record: Any
    properties: dict[str, Any]
    actuator_id: int
    actuator: str
    thing_id: int
    thing: str
    code: str | None
    agency_id: int | None
    sharing: str
    simulated: bool
    lon: float | None
    lat: float | None
    unit_code: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A property's newest value. at: its phenomenonTime, µs UTC."""

    value: float | None
    at: int | None
    thing: str = ""


_SUBJECT = (
    TaskingCapability.id, TaskingCapability.name, TaskingCapability.kind, TaskingCapability.tasking_parameters,
    TaskingCapability.properties, Actuator.id, Actuator.name, Thing.id, Thing.name, Thing.code, Thing.agency_id,
    Thing.sharing, Thing.simulated, Thing.lon, Thing.lat, Thing.unit_code,
)  # fmt: skip


def _subjects(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*_SUBJECT)
        .join(Actuator, TaskingCapability.actuator_id == Actuator.id)
        .join(Thing, TaskingCapability.thing_id == Thing.id)
        .where(*conditions)
        .order_by(TaskingCapability.id)
    )


def _made(row: Row[Any]) -> Subject:
    values = list(row)
    values[4] = values[4] or {}
    return Subject(*values)


def _there(caller: Caller) -> ColumnElement[bool]:
    visible = guard.visible(caller, Thing)
    return visible if caller.thing_id is None else or_(visible, Thing.id == caller.thing_id)


def subject(session: Session, caller: Caller, capability_id: int) -> Subject | None:
    """A capability the caller may see."""
    row = session.execute(_subjects(TaskingCapability.id == capability_id, _there(caller))).first()
    return None if row is None else _made(row)


def subjects(
    session: Session,
    caller: Caller,
    *,
    ids: Collection[int] | None = None,
    thing_id: int | None = None,
    kind: str | None = None,
) -> list[Subject]:
    """The capabilities the caller may see: some, those of a thing, those of a kind, or all."""
    conditions: list[ColumnElement[bool]] = [guard.visible(caller, Thing)]
    if ids is not None:
        conditions.append(TaskingCapability.id.in_(list(ids)))
    if thing_id is not None:
        conditions.append(TaskingCapability.thing_id == thing_id)
    if kind is not None:
        conditions.append(TaskingCapability.kind == kind)
    return [_made(row) for row in session.execute(_subjects(*conditions))]


def readers(caller: Caller) -> bool:
    """Whether tasks are shown to the caller at all: to whoever reads shared things, never to the public."""
    return guard.sees(caller, "shared", None)


def seen(caller: Caller) -> ColumnElement[bool]:
    """The clause that keeps the tasks a caller may see: of things they see, and never to the public; a device its own."""
    shown = and_(
        exists(select(Thing.id).where(Thing.id == Task.thing_id, guard.visible(caller, Thing))), _truth(readers(caller))
    )
    return shown if caller.thing_id is None else or_(shown, Task.thing_id == caller.thing_id)


def _here(session: Session) -> ColumnElement[bool]:
    """Tasks of things in the city a page is about."""
    where = cities.within(session, Thing.unit_code, Thing.lon, Thing.lat)
    return where if cities.lens(session) is None else exists(select(Thing.id).where(Thing.id == Task.thing_id, where))


def _truth(holds: bool) -> ColumnElement[bool]:
    return true() if holds else false()


def task(session: Session, caller: Caller, id_: int, *, lock: bool = False) -> Task | None:
    """A task the caller may see; locked until the end of the transaction."""
    query = select(Task).where(Task.id == id_, seen(caller))
    return session.scalar(query.with_for_update() if lock else query)


def lock_actuator(session: Session, id_: int) -> None:
    """Have whoever else gives tasks to an actuator wait for this transaction (SQLite has one writer anyway)."""
    session.execute(select(Actuator.id).where(Actuator.id == id_).with_for_update())


def of_actuator(session: Session, actuator_id: int, states: Sequence[str]) -> list[Task]:
    """An actuator's tasks in some states, oldest first."""
    query = select(Task).where(Task.actuator_id == actuator_id, Task.state.in_(list(states))).order_by(Task.id)
    return list(session.scalars(query))


def in_states(session: Session, states: Sequence[str], limit: int = 500) -> list[Task]:
    """Tasks in some states, oldest first, locked so that two processes do not step the same ones."""
    query = select(Task).where(Task.state.in_(list(states))).order_by(Task.id).limit(limit)
    return list(session.scalars(query.with_for_update()))


def any_in(session: Session, states: Sequence[str]) -> bool:
    """Whether there is a task in one of some states."""
    return session.scalar(select(Task.id).where(Task.state.in_(list(states))).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tasks: by state, thing, who asked, sector's kinds; before: ids below it."""

    states: tuple[str, ...] = ()
    thing_id: int | None = None
    asked_by: str | None = None
    kinds: tuple[str, ...] = ()
    before: int | None = None
    limit: int = 100


def tasks(session: Session, caller: Caller, wanted: Wanted) -> list[Task]:
    """Tasks, newest first."""
    query = select(Task).where(seen(caller)).order_by(Task.id.desc()).limit(wanted.limit)
    if wanted.thing_id is None:
        query = query.where(_here(session))
    if wanted.states:
        query = query.where(Task.state.in_(wanted.states))
    if wanted.thing_id is not None:
        query = query.where(Task.thing_id == wanted.thing_id)
    if wanted.asked_by is not None:
        query = query.where(Task.asked_by == wanted.asked_by)
    if wanted.kinds:
        of_kind = select(TaskingCapability.id).where(TaskingCapability.kind.in_(wanted.kinds))
        query = query.where(Task.capability_id.in_(of_kind))
    if wanted.before is not None:
        query = query.where(Task.id < wanted.before)
    return list(session.scalars(query))


def counts(session: Session, caller: Caller, since: int) -> dict[str, int]:
    """How many tasks stand in each open state, and how many ended in each other one since a moment (µs UTC)."""
    query = (
        select(Task.state, func.count())
        .where(seen(caller), _here(session), or_(Task.state.in_(flow.OPEN), Task.state_at >= since))
        .group_by(Task.state)
    )
    return dict(session.execute(query).all())


def people(session: Session, actors: Collection[str]) -> dict[str, str]:
    """Names of people by how the journal names them; keys and schedules have none."""
    ids = {int(one.partition(":")[2]) for one in actors if one.startswith("person:") and one[7:].isdigit()}
    if not ids:
        return {}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {f"person:{id_}": name for id_, name in rows}


def agencies(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Names of agencies."""
    rows = session.execute(select(Agency.id, Agency.name).where(Agency.id.in_(list(ids))))
    return dict(rows.all())


_READ = (DatastreamState.result, DatastreamState.result_json, DatastreamState.last_at, Thing.name)


def _reading(property_: str) -> Any:
    made: Any = (
        select(*_READ)
        .join(Datastream, DatastreamState.datastream_id == Datastream.id)
        .join(Thing, Datastream.thing_id == Thing.id)
        .join(ObservedProperty, Datastream.observed_property_id == ObservedProperty.id)
        .where(ObservedProperty.code == property_, DatastreamState.last_at.is_not(None))
    )
    return made


def _number(row: Any) -> Reading:
    value: float | None = row[0]
    if value is None and row[1] in ("true", "false"):
        value = 1.0 if row[1] == "true" else 0.0
    return Reading(value, row[2], row[3])


def of_thing(session: Session, thing_id: int, property_: str) -> Reading | None:
    """A thing's own newest value of a property. What a safety check reads is not a question of who asks."""
    query = _reading(property_).where(Thing.id == thing_id).order_by(DatastreamState.last_at.desc()).limit(1)
    row = session.execute(query).first()
    return None if row is None else _number(row)


def nearest(session: Session, lon: float, lat: float, metres: float, property_: str) -> Reading | None:
    """The newest value of a property at the thing nearest to a point (flat earth: right within a province)."""
    narrow = max(math.cos(math.radians(lat)), 0.01)
    high, wide = metres / _DEGREE, metres / (_DEGREE * narrow)
    query = _reading(property_).where(
        Thing.lon.between(lon - wide, lon + wide), Thing.lat.between(lat - high, lat + high)
    )
    found: list[Any] = list(session.execute(query.add_columns(Thing.lon, Thing.lat)))
    measured = sorted(
        ((math.hypot((row[4] - lon) * narrow, row[5] - lat) * _DEGREE, -row[2], n) for n, row in enumerate(found))
    )
    if not measured or measured[0][0] > metres:
        return None
    return _number(found[measured[0][2]])


# actuators and capabilities


def actuator(session: Session, caller: Caller, id_: int) -> Actuator | None:
    """An actuator the caller may see: one of a thing they see, or of none yet."""
    of = exists(select(Thing.id).where(Thing.id == Actuator.thing_id, guard.visible(caller, Thing)))
    return session.scalar(select(Actuator).where(Actuator.id == id_, or_(Actuator.thing_id.is_(None), of)))


def actuator_by_code(session: Session, code: str) -> Actuator | None:
    """The actuator of a blueprint's code."""
    return session.scalar(select(Actuator).where(Actuator.code == code))


def actuators(session: Session) -> list[tuple[Actuator, str | None]]:
    """Every actuator with a code, and its capability's kind: how a city finds what it has."""
    query = (
        select(Actuator, TaskingCapability.kind)
        .outerjoin(TaskingCapability, TaskingCapability.actuator_id == Actuator.id)
        .where(Actuator.code.is_not(None))
        .order_by(Actuator.id)
    )
    return [(one, kind) for one, kind in session.execute(query)]


def capabilities_of(session: Session, actuator_id: int) -> list[int]:
    """What an actuator can be asked to do."""
    query = (
        select(TaskingCapability.id).where(TaskingCapability.actuator_id == actuator_id).order_by(TaskingCapability.id)
    )
    return list(session.scalars(query))


def capability(session: Session, id_: int) -> TaskingCapability | None:
    """A capability's row."""
    return session.get(TaskingCapability, id_)


def thing(session: Session, caller: Caller, id_: int) -> Thing | None:
    """A thing the caller may see."""
    return session.scalar(select(Thing).where(Thing.id == id_, guard.visible(caller, Thing)))


def coded(session: Session) -> list[Thing]:
    """Every thing that has a code of its own."""
    return list(session.scalars(select(Thing).where(Thing.code.is_not(None)).order_by(Thing.id)))


# schedules


def schedules(session: Session) -> list[TaskSchedule]:
    """Every schedule, by code."""
    return list(session.scalars(select(TaskSchedule).order_by(TaskSchedule.code)))


def schedule(session: Session, code: str) -> TaskSchedule | None:
    """The schedule of a code."""
    return session.scalar(select(TaskSchedule).where(TaskSchedule.code == code))


def marks(session: Session, schedule_id: int) -> dict[int, int]:
    """Up to when a schedule has done its work, by capability."""
    query = select(TaskScheduleMark.capability_id, TaskScheduleMark.at).where(
        TaskScheduleMark.schedule_id == schedule_id
    )
    return dict(session.execute(query).all())


def mark(session: Session, schedule_id: int, capability_id: int, at: int) -> None:
    """Note up to when a schedule has done its work for a capability."""
    made = upsert.insert_into(session, TaskScheduleMark).values(
        schedule_id=schedule_id, capability_id=capability_id, at=at
    )
    session.execute(
        made.on_conflict_do_update(index_elements=["schedule_id", "capability_id"], set_={"at": made.excluded.at})
    )


def by_hand(session: Session, actuator_ids: Collection[int], since: int) -> dict[int, int]:
    """When people last gave each actuator a task that was not turned down, since a moment (µs UTC)."""
    query = (
        select(Task.actuator_id, func.max(Task.creation_time))
        .where(
            Task.actuator_id.in_(list(actuator_ids)), Task.schedule_id.is_(None), Task.creation_time >= since,
            Task.state.not_in((flow.REFUSED, flow.CANCELLED)),
        )
        .group_by(Task.actuator_id)
    )  # fmt: skip
    return dict(session.execute(query).all())


def retell(session: Session, ids: Collection[int], now: int) -> None:
    """Note that tasks are said once more."""
    session.execute(
        update(Task).where(Task.id.in_(list(ids))).values(told_at=now).execution_options(synchronize_session=False)
    )


def names(session: Session, capability_ids: Collection[int]) -> dict[int, Subject]:
    """Capabilities by id, whoever may see them: for tasks that were found visible already."""
    rows = session.execute(_subjects(TaskingCapability.id.in_(list(capability_ids))))
    return {row[0]: _made(row) for row in rows}
