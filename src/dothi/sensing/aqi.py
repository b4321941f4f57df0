"""VN_AQI, the Vietnamese air quality index: Decision 1459/QĐ-TCMT of 12 November 2019, section 2. Pure arithmetic.

Concentrations in µg/m³ at 25 °C and 760 mmHg. The breakpoints come from the sector pack (`sectors/air/indices.yaml`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dothi.sensing.sectors import Index, Level

NOWCAST_HOURS = 12
Reason = Literal["no-particles"]
Hours = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Part:
    """The sub-index of one column: the concentration it rests on and its value before rounding."""

    column: str
    concentration: float
    exact: float

    @property
    def value(self) -> int:
        """The sub-index as it is published."""
        return half_up(self.exact)


@dataclass(frozen=True, slots=True)
class Reading:
    """An index with the sub-indices it is the largest of. value None: there is none, and `reason` says why."""

    value: int | None
    level: Level | None
    dominant: str | None  # code of the property
    parts: dict[str, Part] = field(default_factory=dict)
    reason: Reason | None = None


def half_up(value: float) -> int:
    """The whole number, halves upwards, blind to the last bits of binary arithmetic."""
    return math.floor(value + 0.5 + 1e-9)


def sub_index(steps: Sequence[int], breakpoints: Sequence[float], concentration: float) -> float | None:
    """The sub-index before rounding, 0 to 500.

    Above the last breakpoint: the last step where the column has them all (500), else None, because a shorter column
    (O₃ over 8 hours above 400 µg/m³) says nothing there.
    """
    last = len(breakpoints) - 1
    if concentration >= breakpoints[last]:
        if concentration == breakpoints[last] or len(breakpoints) == len(steps):
            return float(steps[last])
        return None
    for i in range(last):
        low, high = breakpoints[i], breakpoints[i + 1]
        if concentration <= high:
            return (steps[i + 1] - steps[i]) / (high - low) * (concentration - low) + steps[i]
    return None


def usable(value: float | None) -> float | None:
    """A concentration that can be one: negative readings are a fault code or noise, never clean air."""
    return None if value is None or not math.isfinite(value) or value < 0 else value


def nowcast(hours: Hours) -> float | None:
    """The Nowcast concentration of the last 12 hourly means, newest first.

    None unless two of the newest three are there. Missing hours weigh nothing. With w = 1/2 and all 12 hours the text's
    own form Σ (1/2)^i·ci is used; with hours missing the normalised form, because the other would shrink the result.
    """
    given = [usable(v) for v in hours[:NOWCAST_HOURS]]
    if sum(v is not None for v in given[:3]) < 2:
        return None
    there = [v for v in given if v is not None]
    highest = max(there)
    if highest == 0:
        return 0.0
    w = max(min(there) / highest, 0.5)
    weighed = sum(w**i * v for i, v in enumerate(given) if v is not None)
    if w == 0.5 and len(there) == NOWCAST_HOURS:
        return weighed / 2
    return weighed / sum(w**i for i, v in enumerate(given) if v is not None)


def hourly(index: Index, hours: Mapping[str, Hours]) -> Reading:
    """The hourly index from hourly means by property, newest first (12 of particles, the newest of gases)."""
    used: dict[str, float] = {}
    for name, column in index.columns.items():
        given = hours.get(column.property)
        if not given or column.averaging == "8h":
            continue
        value = nowcast(given) if column.averaging == "pm" else usable(given[0])
        if value is not None:
            used[name] = value
    return together(index, used)


def daily(index: Index, hours: Mapping[str, Hours], before: Mapping[str, Hours] | None = None) -> Reading:
    """The index of a day from its 24 hourly means by property, in order of time (ending at 01:00 … 24:00).

    before: the seven hours before the day, in order, for the running 8-hour means that end in its first hours.
    """
    return together(index, daily_concentrations(index, hours, before))


def daily_concentrations(
    index: Index, hours: Mapping[str, Hours], before: Mapping[str, Hours] | None = None
) -> dict[str, float]:
    """What each column of the daily index rests on, µg/m³; columns without enough hours are left out."""
    used: dict[str, float] = {}
    for name, column in index.columns.items():
        given = [usable(v) for v in hours.get(column.property, ())]
        there = [v for v in given if v is not None]
        value: float | None = None
        if column.averaging == "pm":
            value = mean(given, 24, index.complete)
        elif column.averaging == "8h":
            earlier = [usable(v) for v in (before or {}).get(column.property, ())][-7:]
            value = max_running(earlier, given, index.complete)
        elif there:
            value = max(there)
        if value is not None:
            used[name] = value
    return used


def together(index: Index, used: Mapping[str, float]) -> Reading:
    """The largest sub-index of some concentrations by column; none without a particle column."""
    parts: dict[str, Part] = {}
    for name, concentration in used.items():
        exact = sub_index(index.steps, index.columns[name].breakpoints, concentration)
        if exact is not None:
            parts[name] = Part(name, concentration, exact)
    measured = {index.columns[name].property for name in parts}
    if not measured.intersection(index.needs_one_of):
        return Reading(None, None, None, parts, "no-particles")
    highest = max(parts.values(), key=lambda part: part.exact)
    return Reading(highest.value, index.level(highest.value), index.columns[highest.column].property, parts)


def mean(values: Hours, expected: int, complete: float) -> float | None:
    """The mean of the values that are there, when they are a large enough share of those expected."""
    there = [v for v in values if v is not None]
    return sum(there) / len(there) if there and len(there) >= complete * expected else None


def max_running(earlier: Hours, values: Hours, complete: float) -> float | None:
    """The largest 8-hour mean among those that end in each of the hours."""
    line = [*([None] * (7 - len(earlier))), *earlier, *values]
    means = (mean(line[end - 7 : end + 1], 8, complete) for end in range(7, len(line)))
    return max((m for m in means if m is not None), default=None)
