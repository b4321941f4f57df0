"""The kinds of condition at one subject, compiled: what each makes of the readings at an instant.

A truth is True, False or None: unknown, because nothing was read, or what was read is too old to stand.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_left
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import shapely

from dothi.alerts.model import Condition, micros
from dothi.alerts.verdicts import INFINITY, UNKNOWN, Bounds, Test, Value, Verdict, bounds_of, number, slot
from dothi.kit import formula

if TYPE_CHECKING:
    from dothi.alerts.facts import Facts, Input, Usual
    from dothi.alerts.memory import Memory


class Within(Test):
    """Thresholds, `outside` and `equals`: one reading against fixed bounds."""

    kind = "threshold"
    reads_every = False

    def __init__(self, condition: Condition, facts: Facts, margin: float = 0.0) -> None:
        super().__init__(condition, facts, margin)
        self.kind = condition.kind
        self.bounds: tuple[Bounds, ...] = ()
        self.equals = condition.equals
        if condition.outside is not None:
            low, high = (number(one, facts.numbers) for one in condition.outside)
            if low is None or high is None:
                self.dead = True
            else:
                self.bounds = (Bounds(-INFINITY, False, low, False), Bounds(high, False, INFINITY, False))
        elif self.equals is None:
            made = bounds_of(condition, facts.numbers)
            self.dead = made is None
            self.bounds = (made,) if made is not None else ()
        self.held = tuple(one.wider(margin) for one in self.bounds)

    def verdict(self, memory: Memory, at: int, *, held: bool = False) -> Verdict:
        """As every condition."""
        if self.dead:
            return UNKNOWN
        reading = self.standing(memory, self.inputs[0], at)
        return UNKNOWN if reading is None else self.judge(reading[1], held=held)

    def judge(self, value: Value, *, held: bool = False) -> Verdict:
        """What it says of a value."""
        if self.equals is not None:
            return Verdict(value == self.equals) if type(value) is type(self.equals) else UNKNOWN  # 1.0 is no truth
        if isinstance(value, str | bool):
            return UNKNOWN
        for one in self.held if held else self.bounds:
            if one.holds(value):
                return Verdict(True, value, one.limit(value) + (self.margin * _sign(one, value) if held else 0.0))
        return Verdict(False, value, min((b.limit(value) for b in self.bounds), key=lambda x: abs(x - value)))

    def says(self, value: Value, *, held: bool = False) -> bool | None:
        """The truth of `judge` alone, at a tenth of the cost."""
        if self.dead:
            return None
        if self.equals is not None or value.__class__ is not float:
            return self.judge(value, held=held).truth
        for low, low_closed, high, high_closed in self.held if held else self.bounds:
            if (value > low or (low_closed and value == low)) and (value < high or (high_closed and value == high)):
                return True
        return False

    def band(self) -> tuple[float, float] | None:
        """As every condition."""
        if self.dead:
            return (-INFINITY, INFINITY)
        if self.equals is not None:
            return (-INFINITY, INFINITY)  # numbers are never equal to a text or a truth
        both = (-INFINITY, INFINITY)
        for one in self.bounds:
            free = one.clear_of()
            if free is None:
                return None
            both = (max(both[0], free[0]), min(both[1], free[1]))
        return both if both[0] <= both[1] else None


def _sign(bounds: Bounds, value: float) -> int:
    """Which way the margin pushed the end that `limit` names, so that the rule's own limit is shown."""
    return -1 if bounds.limit(value) == bounds.high else 1


class Changing(Test):
    """How fast the value changes."""

    kind = "rate"

    def __init__(self, condition: Condition, facts: Facts, margin: float = 0.0) -> None:
        super().__init__(condition, facts, margin)
        rate = condition.rate
        assert rate is not None  # noqa: S101 - its kind says so
        self.keeps = micros(rate.over)
        self.per = micros(rate.per)
        self.rise, self.fall = number(rate.rise, facts.numbers), number(rate.fall, facts.numbers)
        self.dead = self.rise is None and self.fall is None

    def verdict(self, memory: Memory, at: int, *, held: bool = False) -> Verdict:
        """As every condition."""
        one = self.inputs[0]
        reading = self.standing(memory, one, at)
        if self.dead or reading is None or isinstance(reading[1], str | bool) or self.keeps is None:
            return UNKNOWN
        past = memory.windows.get(one.stream, [])
        since = bisect_left(past, (reading[0] - self.keeps,))
        if since >= len(past) or (span := reading[0] - past[since][0]) * 2 < self.keeps:
            return UNKNOWN
        rate = (reading[1] - past[since][1]) * self.per / span
        margin = self.margin if held else 0.0
        if self.rise is not None and rate > self.rise - margin:
            return Verdict(True, rate, self.rise)
        if self.fall is not None and -rate > self.fall - margin:
            return Verdict(True, rate, -self.fall)
        return Verdict(False, rate, self.rise if self.rise is not None else -(self.fall or 0.0))


class Absent(Test):
    """Nothing came. An input that never said anything is not missed."""

    kind = "absent"
    restless = True

    def __init__(self, condition: Condition, facts: Facts, margin: float = 0.0) -> None:
        super().__init__(condition, facts, margin)
        given = condition.absent
        if isinstance(given, str):
            self.patience = micros(given)
        else:
            assert given is not None  # noqa: S101 - its kind says so
            known = [one.interval for one in facts.inputs if one.interval]
            self.patience = max(micros(given.least), int(given.intervals * min(known)) if known else 0)

    def verdict(self, memory: Memory, at: int, *, held: bool = False) -> Verdict:  # noqa: ARG002 - has no margin
        """As every condition."""
        if memory.seen is None:
            return UNKNOWN
        silent = at - memory.seen
        return Verdict(silent >= self.patience, silent / 60e6, self.patience / 60e6)

    def instants(self, memory: Memory) -> list[int]:
        """As every condition."""
        return [] if memory.seen is None else [memory.seen + self.patience]


class Strange(Within):
    """Far from what is usual in this hour of the local week."""

    reads_every = True
    kind = "unusual"

    def __init__(self, condition: Condition, facts: Facts, margin: float = 0.0) -> None:
        Test.__init__(self, condition, facts, margin)
        assert condition.unusual is not None  # noqa: S101 - its kind says so
        self.unusual = condition.unusual
        self.usuals = {one.stream: one.usual for one in facts.inputs}
        self.dead = not any(self.usuals.values())

    def verdict(self, memory: Memory, at: int, *, held: bool = False) -> Verdict:
        """As every condition."""
        one = self.inputs[0]
        reading = self.standing(memory, one, at)
        if reading is None or isinstance(reading[1], str | bool):
            return UNKNOWN
        return self.strange(one.usual, reading[0], reading[1], held=held)

    def strange(self, usual: Usual | None, at: int, value: float, *, held: bool) -> Verdict:
        """Whether a value is unusual for its hour; the limit is the usual value it has left too far behind."""
        known = usual[slot(at)] if usual else None
        if known is None:
            return UNKNOWN
        median, spread = known
        far = max(self.unusual.spreads * spread, self.unusual.least)
        reach = far - self.margin if held else far
        apart = value - median
        up = self.unusual.side != "below" and apart > reach
        down = self.unusual.side != "above" and -apart > reach
        return Verdict(up or down, value, median - far if down or self.unusual.side == "below" else median + far)

    def band(self) -> tuple[float, float] | None:
        """As every condition."""
        return (-INFINITY, INFINITY) if self.dead else None


class Agreeing(Test):
    """So many sensors say so, of those whose newest reading stands."""

    kind = "agree"
    reads_every = False

    def __init__(self, condition: Condition, facts: Facts, margin: float = 0.0) -> None:
        super().__init__(condition, facts, margin)
        assert condition.agree is not None  # noqa: S101 - its kind says so
        self.agree = condition.agree
        self.inner = Strange(condition, facts, margin) if condition.unusual else Within(condition, facts, margin)
        self.reads_every = self.inner.reads_every or self.agree.share > 0  # then it matters how many speak
        self.restless = self.agree.share > 0  # the silence of others makes a larger share
        self.dead = self.inner.dead

    def votes(self, memory: Memory, at: int, *, held: bool = False) -> tuple[list[Input], int]:
        """Those who say so, and how many speak at all."""
        yes, speaking = [], 0
        inner, values = self.inner, memory.values
        strange = inner if isinstance(inner, Strange) else None
        for stream, stands, one in self.standings:
            reading = values.get(stream)
            if reading is None or at >= reading[0] + stands:  # as `standing`, which is asked a million times here
                continue
            if strange is not None:
                if isinstance(reading[1], str | bool):
                    continue
                truth = strange.strange(one.usual, reading[0], reading[1], held=held).truth
            else:
                truth = inner.says(reading[1], held=held)
            if truth is None:
                continue
            speaking += 1
            if truth:
                yes.append(one)
        return yes, speaking

    def verdict(self, memory: Memory, at: int, *, held: bool = False) -> Verdict:
        """As every condition."""
        yes, speaking = self.votes(memory, at, held=held)
        needed = max(self.agree.count, math.ceil(self.agree.share * speaking - 1e-9))
        if not speaking:
            return UNKNOWN
        return Verdict(len(yes) >= needed, float(len(yes)), float(needed))

    def band(self) -> tuple[float, float] | None:
        """As every condition."""
        return self.inner.band()


class Reckoned(Test):
    """A formula over named inputs: true or false, or a number against thresholds."""

    kind = "formula"

    def __init__(
        self, condition: Condition, facts: Facts, constants: Mapping[str, float | None], margin: float
    ) -> None:
        super().__init__(condition, facts, margin)
        assert condition.formula is not None  # noqa: S101 - its kind says so
        self.formula = formula.parse(condition.formula)
        self.speaker = facts.datastream_id
        self.constants = {name: constants[name] for name in self.formula.names if name in constants}
        read = [one for one in facts.inputs if one.name in self.formula.names]
        self.reads(tuple(read))
        self.bounds = None if self.formula.truth else bounds_of(condition, facts.numbers)
        self.dead = (
            (self.bounds is None and not self.formula.truth)
            or None in self.constants.values()
            or len(read) + len(self.constants) < len(self.formula.names)
        )

    def verdict(self, memory: Memory, at: int, *, held: bool = False) -> Verdict:
        """As every condition."""
        if self.dead:
            return UNKNOWN
        values: dict[str, float] = dict(self.constants)  # type: ignore[arg-type]  # dead otherwise
        for one in self.inputs:
            reading = self.standing(memory, one, at)
            if reading is None or isinstance(reading[1], str):
                return UNKNOWN
            values[one.name] = float(reading[1])
        made = self.formula(values)
        if made is None or isinstance(made, bool) or self.bounds is None:
            return Verdict(None if made is None else bool(made))
        bounds = self.bounds.wider(self.margin) if held else self.bounds
        return Verdict(bounds.holds(made), made, self.bounds.limit(made))


class Fenced(Test):
    """Where a moving thing is."""

    kind = "fence"

    def __init__(self, condition: Condition, facts: Facts, margin: float = 0.0) -> None:
        super().__init__(condition, facts, margin)
        assert condition.fence is not None  # noqa: S101 - its kind says so
        self.inside = condition.fence.is_ == "inside"
        self.shape = shapely.Polygon(condition.fence.ring) if condition.fence.ring else facts.shape
        self.dead = self.shape is None
        if self.shape is not None:
            shapely.prepare(self.shape)
        names = {one.name: one for one in facts.inputs}
        self.lon, self.lat = names.get("lon"), names.get("lat")

    def verdict(self, memory: Memory, at: int, *, held: bool = False) -> Verdict:  # noqa: ARG002 - has no margin
        """As every condition."""
        place = self._place(memory, at)
        if place is None or self.shape is None:
            return UNKNOWN
        return Verdict(bool(shapely.intersects_xy(self.shape, *place)) == self.inside)

    def _place(self, memory: Memory, at: int) -> tuple[float, float] | None:
        if self.lon is not None and self.lat is not None:
            lon, lat = self.standing(memory, self.lon, at), self.standing(memory, self.lat, at)
            if lon is None or lat is None or isinstance(lon[1], str) or isinstance(lat[1], str):
                return None
            return float(lon[1]), float(lat[1])
        reading = self.standing(memory, self.inputs[0], at)
        return _point(reading[1]) if reading is not None and isinstance(reading[1], str) else None


@lru_cache(maxsize=4096)
def _point(text: str) -> tuple[float, float] | None:
    """The position in a GeoJSON Point."""
    try:
        given = json.loads(text)
        lon, lat = given["coordinates"][:2]
        return (float(lon), float(lat)) if given.get("type") == "Point" else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def compiled(condition: Condition, facts: Facts, constants: Mapping[str, float | None], margin: float = 0.0) -> Test:
    """A condition at a subject."""
    if condition.agree is not None:
        return Agreeing(condition, facts, margin)
    match condition.kind:
        case "rate":
            return Changing(condition, facts, margin)
        case "absent":
            return Absent(condition, facts, margin)
        case "unusual":
            return Strange(condition, facts, margin)
        case "formula":
            return Reckoned(condition, facts, constants, margin)
        case "fence":
            return Fenced(condition, facts, margin)
    return Within(condition, facts, margin)
