"""What becomes of tasks by themselves: read back, run out of time. Run under a lease, so a restart loses nothing."""

from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.kit import clock
from dothi.tasking import flow, reading_back, service, store


def watch() -> int:
    """Look at every open task; how many took a step."""
    with db.reading() as session:
        if not store.any_in(session, flow.OPEN):
            return 0
    with db.writing() as session:
        return step(session, clock.now_micros())


def step(session: Session, now: int) -> int:
    """As `watch`, inside a transaction, at a moment (µs UTC)."""
    moved = 0
    for one in store.in_states(session, (flow.PENDING, flow.QUEUED)):
        if one.due is not None and one.due <= now:
            one.reason = "not-approved" if one.state == flow.PENDING else "never-sent"
            service.finish(session, "dothi", one, flow.TIMED_OUT)
            moved += 1
    away = store.in_states(session, flow.AWAY)
    subjects = store.names(session, {one.capability_id for one in away}) if away else {}
    for one in away:
        subject = subjects[one.capability_id]
        kind, sent_at = service.kind_of(subject), one.sent_at or one.creation_time
        back = kind.read_back if kind is not None else None
        read = store.of_thing(session, one.thing_id, back.property) if back is not None else None
        due = one.due if one.due is not None else service.deadline(kind, sent_at)
        verdict = reading_back.judge(kind, one.state, one.tasking_parameters, sent_at, due, read, now)
        if verdict.to is None:
            continue
        if read is not None and reading_back.counts(read, sent_at):
            one.read_value, one.read_at = read.value, read.at
        one.reason = verdict.reason
        service.finish(session, "dothi", one, verdict.to, subject)
        moved += 1
    return moved
