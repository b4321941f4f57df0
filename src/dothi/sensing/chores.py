"""The standing work of sensing: rollups soon after the values, retention once an hour."""

from dothi.jobs.runner import every
from dothi.sensing import rollup

_TURNS = 50


@every("sensing.rollup", seconds=10)
def settle() -> None:
    """Rebuild the hours that are out of date, in small transactions so that ingest is not held up."""
    for _ in range(_TURNS):
        if not rollup.settle(2000):
            return


@every("sensing.retention", minutes=60)
def expire() -> None:
    """Remove raw observations past their retention."""
    rollup.expire()
