"""Numbers made of values at hand: newest values that fit, records, hours. Pure: the twin of what packs promise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from dothi.answers import sieve
from dothi.datasets.cql2.tree import Expression
from dothi.sensing.sectors import SEVERITY

LIVE = ("normal", "minor", "major", "critical")


@dataclass(frozen=True, slots=True)
class Value:
    """A newest value with its thing. value: in the property's unit, or a word; age: minutes; unit: ward code."""

    value: float | str | bool | None
    state: str
    word: str = ""
    name: str = ""
    at: int | None = None
    age: float | None = None
    unit: str | None = None
    simulated: bool = False
    thing: int | None = None
    text: str = ""
    lon: float | None = None
    lat: float | None = None

    def row(self) -> dict[str, Any]:
        """As a condition asks it (see sieve.OF_VALUES)."""
        return {
            "value": self.value, "state": self.state, "word": self.word, "name": self.name, "age": self.age,
            "unit": self.unit, "simulated": self.simulated,
        }  # fmt: skip

    @property
    def number(self) -> float | None:
        """The value where it is a number."""
        return None if isinstance(self.value, bool | str) or self.value is None else float(self.value)


@dataclass(frozen=True, slots=True)
class Made:
    """What was reckoned. of: values there were that are not silent; count: those that fit; silent: not counted."""

    value: float | str | None
    of: int
    count: int
    silent: int = 0
    state: str | None = None
    picked: Value | None = None
    at: int | None = None
    simulated: bool = False


def fitting(values: Iterable[Value], where: Expression | None) -> list[Value]:
    """The values that fulfil a condition."""
    return [one for one in values if where is None or sieve.holds(where, one.row())]


def newest(values: Sequence[Value], how: str, where: Expression | None) -> Made:
    """A number of newest values; silent ones do not count."""
    live = [one for one in values if one.state in LIVE]
    fits = fitting(live, where)
    silent = len(values) - len(live)
    at = max((one.at for one in (fits or live) if one.at is not None), default=None)
    simulated = any(one.simulated for one in live)
    picked = min(fits, key=_worst_first) if fits else None
    if not live:
        return Made(None, 0, 0, silent, None, None, None, simulated)
    if how in ("count", "share"):
        made: float = len(fits) if how == "count" else 100 * len(fits) / len(live)
        return Made(made, len(live), len(fits), silent, None, picked, at, simulated)
    if how == "worst":
        value = None if picked is None else picked.value
        shown = value if isinstance(value, str) else None if value is None else float(value)
        return Made(shown, len(live), len(fits), silent, picked.state if picked else None, picked,
                    picked.at if picked else at, simulated)  # fmt: skip
    numbers = [(one.number, one) for one in fits if one.number is not None]
    if not numbers:
        return Made(None, len(live), 0, silent, None, None, at, simulated)
    if how in ("min", "max"):
        best = (min if how == "min" else max)(numbers, key=lambda pair: pair[0] or 0.0)
        return Made(best[0], len(live), len(numbers), silent, best[1].state, best[1], best[1].at, simulated)
    return Made(of_numbers([n for n, _ in numbers if n is not None], how), len(live), len(numbers), silent, None, picked, at,
                simulated)  # fmt: skip


def _worst_first(one: Value) -> tuple[int, float, str]:
    return -SEVERITY.get(one.state, 0), -(one.number or 0.0), one.name


def of_numbers(numbers: Sequence[float], how: str) -> float | None:
    """One number of several; None of none."""
    if not numbers:
        return 0.0 if how == "sum" else None
    match how:
        case "sum":
            return float(sum(numbers))
        case "mean":
            return float(sum(numbers)) / len(numbers)
        case "median":
            return float(median(numbers))
        case "min":
            return float(min(numbers))
        case "max":
            return float(max(numbers))
        case "distinct":
            return float(len(set(numbers)))
    raise ValueError(how)


def rise(hours: Sequence[tuple[float | None, float | None]]) -> float | None:
    """How much a counter rose over its hours, (first, last) of each in order; a reset to less counts from nought."""
    seen = [one for pair in hours for one in pair if one is not None]
    if len(seen) < 2:
        return None
    return sum(b - a if b >= a else b for a, b in pairwise(seen))


def ordered(values: Sequence[Value], order: str) -> list[Value]:
    """Values by `value`, `state`, `at` (with `-`: falling) or `name`; what has none stands last."""
    name = order.removeprefix("-")
    falling = order.startswith("-")

    def key(one: Value) -> float | None:
        if name == "value":
            return one.number
        return float(SEVERITY.get(one.state, 0)) if name == "state" else one.at

    if name == "name":
        return sorted(values, key=lambda one: one.name)
    known = [one for one in values if key(one) is not None]
    rest = [one for one in values if key(one) is None]
    by_value = sorted(known, key=lambda one: (-(one.number or 0.0), one.name))
    return sorted(by_value, key=lambda one: key(one) or 0.0, reverse=falling) + rest


def in_hours(hour: int, hours: tuple[int, int] | None) -> bool:
    """Whether a local hour (0 to 23) lies in a stretch of the day, over midnight too."""
    if hours is None:
        return True
    first, last = hours
    return first <= hour < last if first <= last else hour >= first or hour < last
