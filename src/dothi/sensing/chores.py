"""The standing work of sensing: rollups soon after the values, retention once an hour."""

import time

from dothi.jobs.runner import every
from dothi.sensing import rollup

_SECONDS = 8.0  # of each ten
_MARKS = 100  # a transaction's worth: ingest waits for its turn meanwhile


@every("sensing.rollup", seconds=10)
def settle() -> None:
    """Rebuild the hours that are out of date, in small transactions so that ingest is not held up."""
    end = time.monotonic() + _SECONDS
    while rollup.settle(_MARKS) and time.monotonic() < end:
        time.sleep(0.02)


@every("sensing.retention", minutes=60)
def expire() -> None:
    """Remove raw observations past their retention."""
    rollup.expire()
