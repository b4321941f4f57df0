"""What lives in the demo alone: its reports come in and its open cases move on."""

from dothi.jobs.runner import every
from dothi.kit import clock
from dothi.simulate import casework


@every("simulate.cases", minutes=2)
def move() -> int:
    """Have the simulated cases live up to now; returns how many deeds were done."""
    return casework.live(clock.now_micros())
