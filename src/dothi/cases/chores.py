"""The standing work of cases: ladders are climbed, deadlines follow the calendar, what nobody contests is closed."""

from dothi.cases import calendar, escalation, service, timers
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.jobs.runner import every

SLICE = 100  # cases closed in one transaction

_reckoned: calendar.Calendar | None = None


@every("cases.escalate", seconds=30)
def climb() -> int:
    """Tell whoever is to know that a deadline comes near or has passed; returns how many rungs fired."""
    return escalation.climb()


@every("cases.calendar", minutes=1)
def reckon() -> int:
    """Reckon open deadlines anew once the calendar is another one than before, and once after each start."""
    global _reckoned
    with db.reading() as session:
        cal = calendar.load(session)
    if cal is _reckoned:
        return 0
    moved = timers.reproject_all()
    _reckoned = cal
    return moved


@every("cases.accept", minutes=30)
def accept() -> int:
    """Close what was done a week ago and whose reporter said nothing; returns how many were closed."""
    closed = 0
    while True:
        with db.writing() as session:
            made = service.accept_silent(session, SYSTEM, limit=SLICE)
        closed += made
        if made < SLICE:
            return closed
