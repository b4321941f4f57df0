"""Switching by the sun and the clock: set for a group of things, kept for every capability, out of the way of people.

A step counts from its moment until the next one. What somebody did by hand within `hold` before a step, or since,
stays until that hold is over; then the step in force is asked for, once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from dothi.alerts.model import micros
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity.guard import SYSTEM, Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault, NotFound
from dothi.tasking import entities, interlocks, sending, service, store, sun, swe
from dothi.tasking.declared import Kind
from dothi.tasking.service import Asking
from dothi.tasking.store import Subject
from dothi.tasking.tables import TaskSchedule

_MOST_STEPS, _MOST_DAYS, _MOST_THINGS = 48, 400, 2000
AT_ONCE = 200  # tasks of one round: a city's lamps are not all switched in one instant


@dataclass(frozen=True)
class Wanted:
    """A schedule as somebody wants it. things: codes; a text that ends with * stands for all that begin so."""

    code: str
    title: str
    kind: str
    things: Sequence[str]
    steps: Sequence[Mapping[str, Any]]
    exceptions: Mapping[str, Any] = field(default_factory=dict)
    enabled: bool = True
    agency_id: int | None = None


def put(session: Session, caller: Caller, wanted: Wanted, version: int | None = None) -> TaskSchedule:
    """Make a schedule or change it. version: as it was looked at; Conflict when somebody was quicker."""
    kind = entities.kind_named(wanted.kind)
    held = store.schedule(session, wanted.code)
    faults = wrong(kind, wanted)
    if faults:
        raise BadInput("the schedule cannot be kept: " + "; ".join(map(str, faults)), faults)
    for agency in {wanted.agency_id, *([held.agency_id] if held is not None else [])}:
        guard.require(caller, "tasks:give", agency)
    if held is not None and version is not None and held.version != version:
        raise Conflict("the schedule was changed meanwhile", [Fault("version", f"it is {held.version} by now")])
    if caller is not SYSTEM:
        reached = targets(session, wanted.kind, wanted.things)
        for agency in {one.agency_id for one in reached}:
            guard.require(caller, "tasks:give", agency)
    made = held or TaskSchedule(code=wanted.code, version=0)
    made.title, made.kind, made.agency_id = wanted.title.strip(), wanted.kind, wanted.agency_id
    made.things, made.steps = list(wanted.things), [dict(one) for one in wanted.steps]
    made.exceptions, made.enabled = dict(wanted.exceptions), wanted.enabled
    made.set_by, made.set_at, made.version = caller.actor, clock.now_micros(), made.version + 1
    session.add(made)
    session.flush()
    data = {
        "title": made.title,
        "things": made.things,
        "steps": made.steps,
        "exceptions": made.exceptions,
        "enabled": made.enabled,
    }
    _tell(session, caller, "tasking.schedule.set", made, data)
    return made


def drop(session: Session, caller: Caller, code: str) -> None:
    """Take a schedule away; what it switched stays as it is."""
    held = found(session, caller, code)
    guard.require(caller, "tasks:give", held.agency_id)
    _tell(session, caller, "tasking.schedule.removed", held, {"title": held.title})
    session.delete(held)
    session.flush()


def found(session: Session, caller: Caller, code: str) -> TaskSchedule:
    """A schedule; NotFound unless it is there for the caller."""
    held = store.schedule(session, code)
    if held is None or not guard.sees(caller, "shared", held.agency_id):
        raise NotFound(f"there is no schedule {code[:60]!r}")
    return held


def listed(session: Session, caller: Caller) -> list[TaskSchedule]:
    """The schedules, to whoever reads shared things."""
    return [one for one in store.schedules(session) if guard.sees(caller, "shared", one.agency_id)]


def _tell(session: Session, caller: Caller, kind: str, held: TaskSchedule, data: dict[str, Any]) -> None:
    journal.append(
        session, kind, actor=caller.actor, subject=f"task_schedule:{held.code}", agency_id=held.agency_id,
        visibility="shared", data=data,
    )  # fmt: skip


def wrong(kind: Kind, wanted: Wanted) -> list[Fault]:
    """Everything that is wrong with a schedule of a kind, with its place: `steps[0].at`."""
    faults = []
    if not kind.schedulable:
        faults.append(
            Fault("kind", f"{kind.code} is not switched by a schedule", "schedulable: true in its tasking.yaml")
        )
    if not wanted.title.strip() or len(wanted.title) > 200:
        faults.append(Fault("title", "is empty or too long", "1 to 200 characters"))
    if not wanted.things or len(wanted.things) > _MOST_THINGS:
        faults.append(Fault("things", "names nothing, or too many", f"1 to {_MOST_THINGS} codes"))
    if not wanted.steps:
        faults.append(Fault("steps", "are none", f"1 to {_MOST_STEPS} steps"))
    faults += _steps(kind, "steps", wanted.steps)
    if len(wanted.exceptions) > _MOST_DAYS:
        faults.append(Fault("exceptions", "are too many", f"up to {_MOST_DAYS} days"))
    for day, steps in wanted.exceptions.items():
        try:
            date.fromisoformat(day)
        except ValueError:
            faults.append(Fault("exceptions", f"{day!r} is no day", "2026-02-17"))
        faults += _steps(kind, f"exceptions.{day}", steps)
    return faults


def _steps(kind: Kind, place: str, steps: Any) -> list[Fault]:
    if not isinstance(steps, list | tuple) or len(steps) > _MOST_STEPS:
        return [Fault(place, "must be a list of steps", f"up to {_MOST_STEPS}")]
    faults = []
    for i, one in enumerate(steps):
        here = f"{place}[{i}]"
        if not isinstance(one, Mapping) or set(one) != {"at", "set"}:
            faults.append(Fault(here, "is no step", '{"at": "sunset+10m", "set": {…}}'))
            continue
        try:
            sun.moment_of(one["at"])
        except BadInput as error:
            faults.append(Fault(f"{here}.at", error.message, sun.ALLOWED))
        faults += swe.check(kind.record(), one["set"], f"{here}.set")[1]
    return faults


def targets(session: Session, kind: str, things: Sequence[str]) -> list[Subject]:
    """The capabilities a schedule switches."""
    exact = {one for one in things if not one.endswith("*")}
    begins = tuple(one[:-1] for one in things if one.endswith("*"))
    return [
        one for one in store.subjects(session, SYSTEM, kind=kind)
        if one.code is not None and (one.code in exact or (begins and one.code.startswith(begins)))
    ]  # fmt: skip


@dataclass(frozen=True)
class Ahead:
    """A step to come. things: how many it switches; first, last: when it reaches the first and the last of them, µs UTC."""

    word: str
    set: dict[str, Any]
    first: int
    last: int
    things: int


def preview(session: Session, held: TaskSchedule, now: int, hours: int = 24) -> list[Ahead]:
    """What a schedule will do in the next hours, thing by thing reckoned, gathered by step."""
    gathered: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = {}
    for one in targets(session, held.kind, held.things):
        if one.lon is None or one.lat is None:
            continue
        for step in sun.between(held.steps, held.exceptions, one.lon, one.lat, now, now + hours * clock.HOUR):
            day = clock.local_day(step.at).isoformat()
            gathered.setdefault((day, step.word), []).append((step.at, step.set))
    made = [
        Ahead(word, times[0][1], min(at for at, _ in times), max(at for at, _ in times), len(times))
        for (_, word), times in gathered.items()
    ]
    return sorted(made, key=lambda one: one.first)


def run() -> int:
    """Ask for what is due of every schedule; how many tasks were asked for."""
    with db.reading() as session:
        if not any(one.enabled for one in store.schedules(session)):
            return 0
    with db.writing() as session:
        return keep(session, clock.now_micros())


def keep(session: Session, now: int) -> int:
    """As `run`, inside a transaction, at a moment (µs UTC)."""
    given = 0
    for held in store.schedules(session):
        if not held.enabled:
            continue
        try:
            kind = entities.kind_named(held.kind)
        except BadInput:
            continue  # its pack is gone; the page says so
        given += _keep(session, held, kind, now, AT_ONCE - given)
        if given >= AT_ONCE:
            break
    return given


def due_at(step_at: int, by_hand: int | None, hold: int) -> int:
    """When a step is to be asked for: at its moment, or when the hold after somebody's hand is over."""
    if by_hand is None or by_hand < step_at - hold:
        return step_at
    return max(step_at, by_hand + hold)


def _keep(session: Session, held: TaskSchedule, kind: Kind, now: int, most: int) -> int:
    reached = targets(session, held.kind, held.things)
    marks, hold, given = store.marks(session, held.id), micros(kind.hold), 0
    hands = store.by_hand(session, {one.actuator_id for one in reached}, now - 3 * clock.DAY)
    for one in reached:
        if given >= most:
            break
        if one.lon is None or one.lat is None:
            continue
        step = sun.in_force(held.steps, held.exceptions, one.lon, one.lat, now)
        if step is None:
            continue
        at = due_at(step.at, hands.get(one.actuator_id), hold)
        if at > now or marks.get(one.capability_id, 0) >= at:
            continue
        store.mark(session, held.id, one.capability_id, at)
        _ask(session, held, kind, one, step)
        given += 1
    return given


def _ask(session: Session, held: TaskSchedule, kind: Kind, subject: Subject, step: sun.Due) -> None:
    asking = Asking(step.set, f"{held.title} · {step.word}", held.id)
    values, faults = swe.check(subject.record, step.set)
    if faults:
        service.turned_down(session, subject, values, asking, "said:" + "; ".join(map(str, faults))[:400])
        return
    found = interlocks.check(session, kind, subject, values)
    if found:
        service.turned_down(session, subject, values, asking, sending.interlock_reason(found))
        return
    try:
        with session.begin_nested():
            service.ask(session, SYSTEM, subject.capability_id, asking)
    except DothiError:  # just this is under way already, or the actuator takes no other: the next round looks again
        return
