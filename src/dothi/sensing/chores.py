"""The standing work of sensing: rollups soon after the values, retention once an hour."""

import time

from dothi.jobs.runner import every
from dothi.kit import courtesy
from dothi.sensing import rollup

_SECONDS = 8.0  # of each ten
_MARKS = 50  # a transaction's worth: ingest waits for its turn meanwhile


@every("sensing.rollup", seconds=10)
def settle() -> None:
    """Rebuild the hours that are out of date, in small transactions so that ingest is not held up."""
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        began = time.monotonic()
        if not rollup.settle(_MARKS):
            return
        spent = time.monotonic() - began
        # values that come in and whoever asks go first: then this takes a fifth of the time and catches up afterwards
        time.sleep(4 * spent if courtesy.waited_for() else 0.01)


@every("sensing.retention", minutes=60)
def expire() -> None:
    """Remove raw observations past their retention."""
    rollup.expire()
