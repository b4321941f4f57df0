"""The part of the scripted day that is over when the demo starts, lived through quickly: observations, rules and alarms.

The clock of this process is set to each moment of it, so that everything is known to have been received, raised and
cleared when it was; what replays then is the day as the duty desk would have had it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from dothi.alerts.rounds import Rounds
from dothi.kit import clock
from dothi.sensing import columns, ingest
from dothi.simulate.fleet import Speaker
from dothi.simulate.scenario import BEGINS, MINUTE, Day

STEP = 2 * MINUTE  # no datastream speaks twice within it, so that the engine hears all of them in order
_ROUND = 15 * MINUTE
Tell = Callable[[int], None]


class Rehearsal:
    """Observations of a fleet passed to the rule engine as time goes by. now: µs UTC; the engine is opened there."""

    def __init__(self, fleet: list[Speaker], begin: int) -> None:
        self.fleet, self.now = fleet, begin
        self.stored = 0
        self.rounded = begin
        with _at(begin):
            self.rounds = Rounds()
            self.rounds.open(begin)

    def until(self, end: int, step: int = STEP, tell: Tell = lambda _: None) -> None:
        """Live on up to a moment."""
        told = _told(self.fleet, self.now + 1, end + 1)
        begin = 0
        while self.now < end:
            here = min(self.now + step, end)
            last = int(np.searchsorted(told[1], here, side="right"))
            with _at(here):
                if last > begin:
                    part = columns.Columns(*(one[begin:last].tolist() for one in told))
                    self.stored += ingest.put_now(part).accepted
                    self.rounds.hear(part, range(len(part)), here)
                # the whole round costs as much as ten observations of every datastream, and is not needed as often
                if here - self.rounded >= _ROUND or here == end:
                    self.rounded = here
                    self.rounds.round(here)
                else:
                    self.rounds.engine.advance(here)
            tell(1)
            begin, self.now = last, here

    def close(self) -> None:
        """Note how far everything has been read, for the engine that comes after."""
        with _at(self.now):
            self.rounds.round(self.now)
            self.rounds.checkpoint(self.now)


def begins(day: Day, fleet: list[Speaker]) -> int:
    """From when on the day is lived through: its beginning, or where the data of an earlier start ends."""
    newest = max((one.last_at for one in fleet if one.last_at is not None), default=0)
    return max(day.anchor + BEGINS * MINUTE, newest + 1)


def steps(begin: int, end: int) -> int:
    """How many steps it takes to live from one moment to another."""
    return -(-(end - begin) // STEP)


def _told(fleet: list[Speaker], start: int, end: int) -> tuple[Any, Any, Any]:
    """What a fleet says from start up to end, in order of time: datastreams, instants, values."""
    ids, at, values = [], [], []
    for one in fleet:
        times = one.instants(start, end)
        times = times[~one.silent(times)] if len(times) else times
        ids.append(np.full(len(times), one.datastream, dtype=np.int64))
        at.append(times)
        values.append(np.asarray(one.values(times), dtype=np.float64))
    whole = np.concatenate(at)
    order = np.argsort(whole, kind="stable")
    return np.concatenate(ids)[order], whole[order], np.concatenate(values)[order]


@contextmanager
def _at(now: int) -> Iterator[None]:
    """This process's clock at a moment."""
    kept, clock.source = clock.source, lambda: clock.moment(now)
    try:
        yield
    finally:
        clock.source = kept
