"""From the queue to the device: which tasks are due to be said, looked at once more before.

Whoever has the MQTT door calls `take`; a lease keeps it to one process. A task counts as sent with the commit and is
said after it; what nobody acknowledges is said again until its time is over, so a crash between loses nothing.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.jobs import store as leases
from dothi.jobs.runner import HOLDER
from dothi.kit import clock
from dothi.tasking import flow, interlocks, service, store
from dothi.tasking.store import Subject
from dothi.tasking.tables import Task

LEASE = "tasking.send"
_LEASE_FOR = 30 * clock.SECOND
AGAIN = 15 * clock.SECOND  # a task the device does not acknowledge is said again


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A task to be said to its device. again: it was said before."""

    id: int
    capability_id: int
    actuator_id: int
    thing_id: int
    again: bool = False


def waiting() -> bool:
    """Whether there may be something to say: one look, no lock."""
    with db.reading() as session:
        return store.any_in(session, (flow.QUEUED, flow.SENT))


def take() -> list[Outgoing]:
    """Mark what is due as sent, committed; say it afterwards."""
    with db.writing() as session:
        now = clock.now_micros()
        if not leases.take(session, LEASE, HOLDER, now, now + _LEASE_FOR):
            return []
        return due(session, now)


def due(session: Session, now: int) -> list[Outgoing]:
    """Step what can be sent. Of one actuator's tasks only the oldest is under way."""
    away = store.in_states(session, flow.AWAY)
    taken = {one.actuator_id for one in away}
    queued = store.in_states(session, (flow.QUEUED,))
    subjects = store.names(session, {one.capability_id for one in queued}) if queued else {}
    found = []
    for one in queued:
        subject = subjects[one.capability_id]
        if one.due is not None and one.due <= now:
            one.reason = "never-sent"
            service.finish(session, "dothi", one, flow.TIMED_OUT, subject)
        elif one.actuator_id not in taken and _send(session, one, subject, now):
            taken.add(one.actuator_id)
            found.append(_outgoing(one))
    again = [
        one for one in away
        if one.state == flow.SENT and (one.told_at or 0) + AGAIN <= now and (one.due is None or now < one.due)
    ]  # fmt: skip
    if again:
        store.retell(session, [one.id for one in again], now)
    return [*found, *(_outgoing(one, again=True) for one in again)]


def _send(session: Session, one: Task, subject: Subject, now: int) -> bool:
    found = interlocks.check(session, service.kind_of(subject), subject, one.tasking_parameters)
    if found:
        one.reason = interlock_reason(found)
        service.finish(session, "dothi", one, flow.REFUSED, subject)
        return False
    service.sent(session, one, subject, now)
    return True


def interlock_reason(found: list[interlocks.Block]) -> str:
    """Why a task is not given, in both languages, as it is kept with it."""
    vi, en = ("; ".join(one.words(language) for one in found) for language in ("vi", "en"))
    return f"interlock:{vi}\x1f{en}"


def _outgoing(one: Task, *, again: bool = False) -> Outgoing:
    return Outgoing(one.id, one.capability_id, one.actuator_id, one.thing_id, again)
