"""The standing work of cases: ladders are climbed, and deadlines follow the calendar."""

from dothi.cases import calendar, escalation, timers
from dothi.db import session as db
from dothi.jobs.runner import every

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
