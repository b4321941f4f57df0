"""The standing work of analyses: whatever is due is run, one after the other, by whoever holds the lease."""

from time import monotonic

from dothi.analyses import service
from dothi.db import session as db
from dothi.jobs.runner import every
from dothi.kit import clock

_LONG = 240.0  # seconds after which the rest waits for the next turn


@every("analyses.due", minutes=1)
def run_due() -> None:
    """Run the analyses whose time has come."""
    begun = monotonic()
    with db.reading() as session:
        waiting = service.due(session, clock.now_micros())
    for code in waiting:
        if monotonic() - begun > _LONG:
            return
        service.run(code)
