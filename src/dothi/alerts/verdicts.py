"""What a condition says at an instant, the bounds a number may lie in, and what all conditions have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from dothi.alerts.model import Condition, Named, Threshold, micros
from dothi.kit.clock import HOUR

if TYPE_CHECKING:
    from dothi.alerts.facts import Facts, Input
    from dothi.alerts.memory import Memory

Value = float | str | bool
_ZONE = 7 * HOUR  # Vietnam has had UTC+7 without summer time since 1975
_MONDAY = 3 * 24 * HOUR  # 1 January 1970 was a Thursday
INFINITY = math.inf


class Verdict(NamedTuple):
    """What a condition says at an instant. value: what was compared; limit: with what."""

    truth: bool | None
    value: float | None = None
    limit: float | None = None


UNKNOWN = Verdict(None)


def slot(at: int) -> int:
    """The hour of the local week, 0 is Monday 00:00 in Vietnam."""
    return (at + _ZONE + _MONDAY) // HOUR % 168


def number(given: Threshold | None, numbers: Mapping[str, float | None]) -> float | None:
    """A threshold as a number; None when it is unknown."""
    if not isinstance(given, Named):
        return given
    found = numbers.get(given.key)
    if found is None:
        return given.default
    return found * given.times + given.plus


class Bounds(NamedTuple):
    """Numbers that fulfil: those within (low, high), an end belonging to it where it is `closed`."""

    low: float
    low_closed: bool
    high: float
    high_closed: bool

    def holds(self, value: float) -> bool:
        """Whether a number lies within."""
        return (value > self.low or (self.low_closed and value == self.low)) and (
            value < self.high or (self.high_closed and value == self.high)
        )

    def wider(self, margin: float) -> Bounds:
        """With both ends pushed out: what still holds an alarm once it is there."""
        return Bounds(self.low - margin, self.low_closed, self.high + margin, self.high_closed)

    def limit(self, value: float) -> float:
        """The end that a number within it has crossed, or that one outside is nearest to."""
        if self.low == -INFINITY or (self.high != INFINITY and abs(value - self.high) < abs(value - self.low)):
            return self.high
        return self.low

    def clear_of(self) -> tuple[float, float] | None:
        """The closed interval of all numbers that do not fulfil; None when they are no single interval."""
        if self.low == -INFINITY:
            if self.high == INFINITY:
                return None
            return (math.nextafter(self.high, INFINITY) if self.high_closed else self.high, INFINITY)
        if self.high == INFINITY:
            return (-INFINITY, math.nextafter(self.low, -INFINITY) if self.low_closed else self.low)
        return None


def bounds_of(condition: Condition, numbers: Mapping[str, float | None]) -> Bounds | None:
    """The thresholds as bounds; None when one is unknown."""
    low, low_closed, high, high_closed = -INFINITY, False, INFINITY, False
    for given, closed in ((condition.above, False), (condition.from_, True)):
        if given is not None:
            found = number(given, numbers)
            if found is None:
                return None
            if found > low or (found == low and not closed):
                low, low_closed = found, closed
    for given, closed in ((condition.below, False), (condition.to, True)):
        if given is not None:
            found = number(given, numbers)
            if found is None:
                return None
            if found < high or (found == high and not closed):
                high, high_closed = found, closed
    return Bounds(low, low_closed, high, high_closed)


class Test:
    """A condition at one subject. dead: a threshold is unknown, so it is never met."""

    __test__ = False
    kind = ""
    dead = False
    reads_every = True  # each value matters, also while nothing is going on
    restless = False  # time alone may make it true, without a reading
    keeps: int | None = None  # µs of earlier readings it looks back on
    speaker: int | None = None  # the datastream whose reading stands for a verdict without a number; None: the newest

    def __init__(self, condition: Condition, facts: Facts, margin: float = 0.0) -> None:
        self.condition = condition
        self.reads(facts.inputs)
        self.margin = margin
        self.lasting = micros(condition.lasting) if condition.lasting else 0
        self.times = condition.times or 0
        self.within = micros(condition.within) if condition.within else 0
        self.crossings = condition.counting == "crossings"

    def reads(self, inputs: tuple[Input, ...]) -> None:
        """Which readings it looks at."""
        self.inputs = inputs
        self.standings = tuple((one.stream, one.stands, one) for one in inputs)

    def verdict(self, memory: Memory, at: int, *, held: bool = False) -> Verdict:
        """What it says at an instant. held: of an alarm that is there already, which takes `margin` more to end."""
        raise NotImplementedError

    def band(self) -> tuple[float, float] | None:
        """Numbers, in the property's unit, that cannot fulfil it; None: each has to be looked at."""
        return None

    def instants(self, memory: Memory) -> list[int]:
        """Instants at which its verdict may change although nothing comes; some may be past."""
        values = memory.values
        return [values[stream][0] + stands for stream, stands, _ in self.standings if stream in values]

    def standing(self, memory: Memory, one: Input, at: int) -> tuple[int, Value] | None:
        """The reading of an input that stands at an instant."""
        reading = memory.values.get(one.stream)
        if reading is None or at >= reading[0] + one.stands:
            return None
        return reading
