"""The verbs of tasking: ask, approve, refuse, cancel, and what a device says. Every step is in the journal.

Who may is decided here, within the agency of the thing; interlocks are looked at when a task is asked for, when it is
approved, and once more when it is sent.
"""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy.orm import Session

from dothi.alerts.model import micros
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import bus, clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotFound
from dothi.tasking import flow, interlocks, store, swe, wording
from dothi.tasking.declared import Kind, kinds
from dothi.tasking.interlocks import Block
from dothi.tasking.news import TaskChanged
from dothi.tasking.store import Subject
from dothi.tasking.tables import Task

QUEUE_LIMIT = 10 * 60 * clock.SECOND  # an order nobody could pass on is not passed on much later
PLAIN_TIMEOUT = 60 * clock.SECOND  # of a capability no pack declares
LONGEST_NOTE = 500


class Blocked(Conflict):
    """An interlock stands in the way."""


class SamePerson(NotAllowed):
    """Whoever asked cannot be the second person."""


@dataclass(frozen=True)
class Asking:
    """What is asked: parameters as SWE Common values by name, and a word why."""

    parameters: Any
    note: str = ""
    schedule_id: int | None = None


def kind_of(subject: Subject) -> Kind | None:
    """The declared kind of a capability; None for one made by hand."""
    return kinds().get(subject.kind) if subject.kind is not None else None


def look(session: Session, caller: Caller, capability_id: int) -> Subject:
    """A capability; NotFound unless it is there for the caller."""
    found = store.subject(session, caller, capability_id)
    if found is None:
        raise NotFound(f"there is no TaskingCapability {capability_id}")
    return found


def ask(session: Session, caller: Caller, capability_id: int, asking: Asking) -> Task:
    """Ask an actuator to do something.

    Raises BadInput with every wrong parameter, NotAllowed, Blocked with every interlock, Conflict when another task
    has the actuator and its kind says that none waits.
    """
    subject = look(session, caller, capability_id)
    guard.require(caller, "tasks:give", subject.agency_id, thing_id=subject.thing_id)
    kind = kind_of(subject)
    values = checked(subject, asking)
    blocked(interlocks.check(session, kind, subject, values))
    store.lock_actuator(session, subject.actuator_id)
    pending = kind is not None and kind.second(values)
    if not pending:
        _make_room(session, caller, kind, subject, values)
    now = clock.now_micros()
    wait = micros(kind.approve_within) if pending and kind is not None else QUEUE_LIMIT
    made = _insert(session, caller, subject, values, asking, now)
    _stand(session, made, subject, flow.PENDING if pending else flow.QUEUED, now, now + wait)
    data = {"capability": subject.name, "parameters": values, "note": asking.note, "kind": subject.kind}
    tell(session, caller.actor, "tasking.task.asked", made, subject, data)
    return made


def checked(subject: Subject, asking: Asking) -> dict[str, Any]:
    """The parameters with defaults; BadInput names every fault."""
    values, faults = swe.check(subject.record, asking.parameters)
    if len(asking.note) > LONGEST_NOTE or not all(one.isprintable() or one in "\n\t" for one in asking.note):
        faults.append(Fault("note", "is too long or holds control characters", f"up to {LONGEST_NOTE} characters"))
    if faults:
        raise BadInput(
            "the task cannot be given: " + "; ".join(f"{one.place}: {one.message}" for one in faults), faults
        )
    return values


def turned_down(session: Session, subject: Subject, values: dict[str, Any], asking: Asking, reason: str) -> Task:
    """Keep a task a schedule could not give, so that people see that it was not given."""
    now = clock.now_micros()
    made = _insert(session, guard.SYSTEM, subject, values, asking, now)
    made.reason = reason
    _stand(session, made, subject, flow.REFUSED, now, None)
    tell(session, made.asked_by, "tasking.task.refused", made, subject, {"reason": wording.reason(reason)})
    return made


def _insert(
    session: Session, caller: Caller, subject: Subject, values: dict[str, Any], asking: Asking, now: int
) -> Task:
    by = caller.actor if asking.schedule_id is None else f"schedule:{asking.schedule_id}"
    made = Task(
        creation_time=now, tasking_parameters=values, capability_id=subject.capability_id,
        actuator_id=subject.actuator_id, thing_id=subject.thing_id, state=flow.QUEUED, state_at=now, asked_by=by,
        note=asking.note.strip(), schedule_id=asking.schedule_id, simulated=subject.simulated,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def blocked(found: list[Block]) -> None:
    """Raise Blocked with every interlock in the way, if there is one."""
    if found:
        raise Blocked(
            "the task is not given: " + "; ".join(one.words("en") for one in found), [one.fault() for one in found]
        )


def _make_room(session: Session, caller: Caller, kind: Kind | None, subject: Subject, values: dict[str, Any]) -> None:
    """What becomes of the tasks that have the actuator: the new one waits for them, replaces them or is refused."""
    others = store.of_actuator(session, subject.actuator_id, flow.ACTING)
    same = next((one for one in others if one.tasking_parameters == values), None)
    if same is not None and others[-1] is same:
        message = f"task {same.id} asks for just this and is under way"
        raise Conflict(message, [Fault("taskingParameters", message)])
    way = kind.conflict if kind is not None else "wait"
    if others and way == "refuse":
        message = f"task {others[0].id} has the actuator and is {others[0].state}"
        raise Conflict(message, [Fault("Actuator", message, "when it is over")])
    if way == "replace":
        for one in others:
            one.reason = "replaced"
            finish(session, caller.actor, one, flow.CANCELLED)


def find(session: Session, caller: Caller, id_: int, *, lock: bool = True) -> tuple[Task, Subject]:
    """A task and what it is for; NotFound unless it is there for the caller."""
    found = store.task(session, caller, id_, lock=lock)
    subject = None if found is None else store.subject(session, caller, found.capability_id)
    if found is None or subject is None:
        raise NotFound(f"there is no Task {id_}")
    return found, subject


def approve(session: Session, caller: Caller, id_: int) -> Task:
    """Be the second person of a task. Raises SamePerson for whoever asked, Blocked where an interlock stands by now."""
    found, subject = find(session, caller, id_)
    guard.require(caller, "tasks:approve", subject.agency_id, thing_id=subject.thing_id)
    if caller.kind != "person" and caller is not guard.SYSTEM:
        raise NotAllowed("a second person approves, no key")
    if caller.actor == found.asked_by:
        raise SamePerson("who asked for a task cannot approve it")
    flow.step(found.state, flow.QUEUED)
    if found.due is not None and found.due <= clock.now_micros():
        raise flow.CannotStep("the time to approve this task is over", [Fault("properties.due", clock.iso(found.due))])
    kind = kind_of(subject)
    blocked(interlocks.check(session, kind, subject, found.tasking_parameters))
    store.lock_actuator(session, subject.actuator_id)
    _make_room(session, caller, kind, subject, found.tasking_parameters)
    now = clock.now_micros()
    found.decided_by, found.decided_at = caller.actor, now
    _stand(session, found, subject, flow.QUEUED, now, now + QUEUE_LIMIT)
    tell(session, caller.actor, "tasking.task.approved", found, subject, {"asked_by": found.asked_by})
    return found


def refuse(session: Session, caller: Caller, id_: int, reason: str = "") -> Task:
    """Turn a task down that waits for a second person."""
    found, subject = find(session, caller, id_)
    guard.require(caller, "tasks:approve", subject.agency_id, thing_id=subject.thing_id)
    if found.state != flow.PENDING:
        flow.step(found.state, flow.PENDING)
    found.decided_by, found.decided_at = caller.actor, clock.now_micros()
    found.reason = _said(reason)
    return finish(session, caller.actor, found, flow.REFUSED, subject)


def cancel(session: Session, caller: Caller, id_: int, reason: str = "") -> Task:
    """Take a task back. A device that was told may have acted already; what it measures says so."""
    found, subject = find(session, caller, id_)
    if caller.actor != found.asked_by:
        guard.require(caller, "tasks:give", subject.agency_id, thing_id=subject.thing_id)
    flow.step(found.state, flow.CANCELLED)
    found.decided_by, found.decided_at = caller.actor, clock.now_micros()
    found.reason = _said(reason)
    return finish(session, caller.actor, found, flow.CANCELLED, subject)


def _said(reason: str) -> str | None:
    text = " ".join(reason.split())[:LONGEST_NOTE]
    return f"said:{text}" if text else None


REPORTS = (flow.ACKNOWLEDGED, flow.DONE, flow.FAILED)


def report(session: Session, caller: Caller, id_: int, status: Any, message: Any = "") -> Task:
    """What the device says of a task: it got it, has done it, or cannot.

    Where the kind reads back, a device's own `done` only counts as having got it. The same said twice changes nothing.
    """
    found, subject = find(session, caller, id_)
    guard.require(caller, "observations:write", subject.agency_id, thing_id=subject.thing_id)
    if status not in REPORTS:
        raise BadInput(
            f"{status!r} is no status a device reports", [Fault("status", repr(status)[:80], ", ".join(REPORTS))]
        )
    text = " ".join(str(message).split())[:200] if isinstance(message, str) else ""
    kind = kind_of(subject)
    if status == flow.DONE and kind is not None and kind.read_back is not None:
        status = flow.ACKNOWLEDGED
    if status == found.state or (status == flow.ACKNOWLEDGED and found.state == flow.DONE):
        return found
    flow.step(found.state, status)
    now = clock.now_micros()
    if status == flow.ACKNOWLEDGED:
        found.acknowledged_at = now
        due = found.due if kind is not None and kind.read_back is not None else now + _timeout(kind)
        _stand(session, found, subject, status, now, due)
        tell(session, caller.actor, "tasking.task.acknowledged", found, subject, {"message": text} if text else {})
        return found
    if status == flow.FAILED:
        found.reason = f"device:{text}"
    return finish(session, caller.actor, found, status, subject)


def _timeout(kind: Kind | None) -> int:
    return kind.timeout_micros if kind is not None else PLAIN_TIMEOUT


def deadline(kind: Kind | None, sent_at: int) -> int:
    """Until when a task that was sent must be seen to be done, or at least acknowledged, µs UTC."""
    reading = int(kind.read_back.seconds * clock.SECOND) if kind is not None and kind.read_back is not None else 0
    return sent_at + max(_timeout(kind), reading)


def finish(session: Session, actor: str, found: Task, state: str, subject: Subject | None = None) -> Task:
    """End a task. `reason`, `read_value` and `read_at` are set before."""
    flow.step(found.state, state)
    subject = subject or store.names(session, [found.capability_id])[found.capability_id]
    _stand(session, found, subject, state, clock.now_micros(), None)
    data: dict[str, Any] = {"reason": wording.reason(found.reason)} if found.reason else {}
    if found.read_at is not None:
        data["read_back"] = {"value": found.read_value, "time": clock.iso(found.read_at)}
    tell(session, actor, f"tasking.task.{state}", found, subject, data)
    return found


def _stand(session: Session, found: Task, subject: Subject, state: str, now: int, due: int | None) -> None:
    """Set where a task stands, and say it in the words of the interface."""
    found.state, found.state_at, found.due = state, now, due
    kind = kind_of(subject)
    back = kind.read_back if kind is not None else None
    said: dict[str, Any] = {"status": state, "statusTime": clock.iso(now)}
    if due is not None:
        said["due"] = clock.iso(due)
    if found.reason:
        said["reason"] = wording.reason(found.reason)
    if back is not None:
        said["readBack"] = {"property": back.property}
        if found.read_at is not None:
            said["readBack"] |= {"result": found.read_value, "phenomenonTime": clock.iso(found.read_at)}
    if found.schedule_id is not None:
        said["schedule"] = found.schedule_id
    if found.simulated:
        said["simulated"] = True
    found.properties = said
    session.flush()
    bus.say(session, TaskChanged(found.id, state))


def sent(session: Session, found: Task, subject: Subject, now: int) -> None:
    """Note that the device is told now."""
    flow.step(found.state, flow.SENT)
    found.sent_at = found.told_at = now
    _stand(session, found, subject, flow.SENT, now, deadline(kind_of(subject), now))
    tell(session, "dothi", "tasking.task.sent", found, subject, {"parameters": found.tasking_parameters})


def tell(session: Session, actor: str, kind: str, found: Task, subject: Subject, data: dict[str, Any]) -> None:
    """Append a step to the journal: never to the public part of it, whatever the thing's sharing."""
    journal.append(
        session, kind, actor=actor, subject=f"task:{found.id}", agency_id=subject.agency_id, place=subject.unit_code,
        visibility=cast("journal.Visibility", "shared" if subject.sharing == "open" else subject.sharing),
        data={"thing": subject.thing_id, "name": subject.thing, **data, "simulated": found.simulated or None},
    )  # fmt: skip
