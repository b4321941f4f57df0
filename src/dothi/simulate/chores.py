"""What lives in the demo alone: its reports come in, its open cases move on, its registers grow."""

from dothi.jobs.runner import every
from dothi.kit import clock
from dothi.simulate import casework, records


@every("simulate.cases", minutes=2)
def move() -> int:
    """Have the simulated cases live up to now; returns how many deeds were done."""
    return casework.live(clock.now_micros())


@every("simulate.records", minutes=20)
def grow() -> int:
    """Have the simulated registers hold what happened up to now; returns how many records were written."""
    return records.fill(clock.now_micros())
