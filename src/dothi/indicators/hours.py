"""Rolled up hours as columns, and what an input makes of them, place by place, in one pass over arrays.

Rows stand by place, then datastream, then hour, so that every place is a slice. A plain twin in the tests is the oracle.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dothi.indicators.model import ROLLED, Aggregate, Observations
from dothi.indicators.parts import Part, rounded
from dothi.indicators.store import HOURS, Stream
from dothi.kit import clock, formula
from dothi.kit.clock import DAY, HOUR

Array = NDArray[Any]
_VIETNAM = 7 * HOUR
_NAMES = ("mean", "min", "max", "sum", "first", "last", "numbers", "count")


@dataclass
class Hours:
    """Hours (or local days) of one property in a stretch of time. stream: position in `streams` of each row."""

    streams: list[Stream]
    stream: Array
    at: Array  # µs UTC: start of the hour, of the day
    columns: dict[str, Array]
    start: int
    end: int
    step: int = HOUR
    _sorted: dict[tuple[str, ...], "Placed"] = field(default_factory=dict)

    def within(self, start: int, end: int) -> "Hours":
        """The rows of a shorter stretch."""
        if (start, end) == (self.start, self.end):
            return self
        keep = (self.at >= start) & (self.at < end)
        columns = {name: one[keep] for name, one in self.columns.items()}
        return Hours(self.streams, self.stream[keep], self.at[keep], columns, start, end, self.step)

    def by_day(self) -> "Hours":
        """The local days: mean of the hours' means, smallest, largest, sum, numbers, count."""
        if not len(self.at):
            return Hours(self.streams, self.stream, self.at, self.columns, self.start, self.end, DAY)
        day = (self.at + _VIETNAM) // DAY * DAY - _VIETNAM
        begins = np.flatnonzero(np.concatenate(([True], (day[1:] != day[:-1]) | (self.stream[1:] != self.stream[:-1]))))
        c, size = self.columns, np.diff(np.append(begins, len(day)))
        columns = {
            "mean": np.add.reduceat(c["mean"], begins) / size, "min": np.minimum.reduceat(c["min"], begins),
            "max": np.maximum.reduceat(c["max"], begins), "sum": np.add.reduceat(c["sum"], begins),
            "first": c["first"][begins], "last": c["last"][np.append(begins[1:], len(day)) - 1],
            "numbers": np.add.reduceat(c["numbers"], begins), "count": np.add.reduceat(c["count"], begins),
        }  # fmt: skip
        return Hours(self.streams, self.stream[begins], day[begins], columns, self.start, self.end, DAY)

    def placed(self, groups: Sequence[str | None]) -> "Placed":
        """The rows by place; groups: the place of each stream, None: of none."""
        key = tuple(one or "" for one in groups)
        if key not in self._sorted:
            self._sorted[key] = _placed(self, groups)
        return self._sorted[key]


@dataclass
class Placed:
    """Rows in the order of their places. begins: where each place begins; the last: where all end."""

    hours: Hours
    names: list[str]
    begins: Array
    order: Array
    columns: dict[str, Array]
    owners: dict[str, list[int]]  # positions of the streams of each place
    shas: list[str]
    _expected: dict[int, list[int]] = field(default_factory=dict)

    def expected(self, now: int) -> list[int]:
        """How many rows there should be in each place."""
        if now not in self._expected:
            each = [_expected(one, self.hours, now) for one in self.hours.streams]
            self._expected[now] = [sum(each[j] for j in self.owners[name]) for name in self.names]
        return self._expected[now]

    @cached_property
    def simulated(self) -> list[bool]:
        """Whether any of it is simulated, by place."""
        return [any(self.hours.streams[j].simulated for j in self.owners[name]) for name in self.names]


def read(rows: Iterable[Sequence[Any]], streams: list[Stream], start: int, end: int) -> Hours:
    """Rows of `store.hours`, batch by batch, as columns."""
    batches = [
        np.fromiter(chain.from_iterable(batch), float, len(batch) * len(HOURS)).reshape(-1, len(HOURS))
        for batch in rows if len(batch)
    ]  # fmt: skip
    table = np.concatenate(batches) if batches else np.empty((0, len(HOURS)))
    held = {name: table[:, i] for i, name in enumerate(HOURS)}
    ids = np.array([one.id for one in streams], dtype=np.int64)
    stream = np.searchsorted(ids, held["datastream_id"].astype(np.int64))
    columns = {name: held[name] for name in ("min", "max", "sum", "first", "last", "numbers", "count")}
    columns["mean"] = columns["sum"] / columns["numbers"]
    # µs of our time stay below 2**53, so a float holds them exactly
    return Hours(streams, stream, held["hour"].astype(np.int64), columns, start, end)


def _placed(hours: Hours, groups: Sequence[str | None]) -> Placed:
    names = sorted({one for one in groups if one is not None})
    number = {name: i for i, name in enumerate(names)}
    of_stream = np.array([number.get(one, -1) if one is not None else -1 for one in groups], dtype=np.int64)
    group = of_stream[hours.stream] if len(hours.stream) else np.empty(0, np.int64)
    order = np.argsort(group, kind="stable")
    order = order[np.searchsorted(group[order], 0) :]
    begins = np.searchsorted(group[order], np.arange(len(names) + 1))
    columns = {name: hours.columns[name][order] for name in _NAMES}
    columns["at"], columns["stream"] = hours.at[order], hours.stream[order]
    local = columns["at"] + _VIETNAM
    columns["hour"] = (local % DAY // HOUR).astype(float)
    columns["weekday"] = ((local // DAY + 3) % 7).astype(float)  # 1 January 1970 was a Thursday
    owners: dict[str, list[int]] = {name: [] for name in names}
    for i, one in enumerate(groups):
        if one is not None:
            owners[one].append(i)
    ids = np.array([one.id for one in hours.streams] or [0], dtype=np.int64)
    said = np.stack([ids[columns["stream"]].astype(float), columns["at"].astype(float)]
                    + [columns[name] for name in _NAMES], axis=1)  # fmt: skip
    shas = [hashlib.sha256(said[a:b].tobytes()).hexdigest()[:32] for a, b in pairwise(begins)]
    return Placed(hours, names, begins, order, columns, owners, shas)


def parts(placed: Placed, of: Observations, aggregate: Aggregate, now: int) -> dict[str, Part]:
    """What an input comes to in each place that has a datastream."""
    columns, begins = placed.columns, placed.begins
    holds = _holds(placed, of)
    value = columns[of.take]
    total = np.diff(begins)
    count = _sums(holds.astype(float), begins)
    sums, low, high = _measured(placed, aggregate, holds, value, count)
    share = aggregate == "share"
    there, fits = total.tolist(), count.astype(int).tolist()
    lows, highs = (_told(one, fits) for one in (low, high))
    expected, simulated = placed.expected(now), placed.simulated
    if aggregate == "latest":
        fits = [len(last_of(placed, a, b, holds)) for a, b in pairwise(begins)]
    made = zip(
        there,
        there if share else fits,
        [rounded(one) for one in sums.tolist()],
        lows,
        highs,
        expected,
        placed.shas,
        simulated,
        strict=True,
    )
    return {
        name: Part(all_, some, rounded(sum_), least, most, due, sha, not_real)
        for name, (all_, some, sum_, least, most, due, sha, not_real) in zip(placed.names, made, strict=True)
    }


def _told(found: Array | None, count: Sequence[int]) -> Sequence[float | None]:
    """The smallest (largest) of each place; None where nothing fits."""
    if found is None:
        return [None] * len(count)
    return [float(one) if some else None for one, some in zip(found.tolist(), count, strict=True)]


def _holds(placed: Placed, of: Observations) -> Array:
    """Which rows fulfil `where`."""
    if of.where is None:
        return np.ones(len(placed.columns["at"]), bool)
    asked = {name: placed.columns[name] for name in (*_NAMES, "hour", "weekday")}
    made: Array = formula.parse(of.where, ROLLED).each(asked)
    return made


def _measured(
    placed: Placed, aggregate: Aggregate, holds: Array, value: Array, count: Array
) -> tuple[Array, Array | None, Array | None]:
    begins = placed.begins
    zero = np.zeros(len(placed.names))
    if aggregate == "count":
        return zero, None, None
    if aggregate == "share":
        return count, None, None
    if aggregate in ("sum", "mean"):
        return _sums(np.where(holds, value, 0.0), begins), None, None
    if aggregate == "min":
        return zero, _reduced(np.minimum, np.where(holds, value, np.inf), begins), None
    if aggregate == "max":
        return zero, None, _reduced(np.maximum, np.where(holds, value, -np.inf), begins)
    spans = list(pairwise(begins))
    if aggregate == "distinct":
        things = np.array([one.thing_id for one in placed.hours.streams] or [0])[placed.columns["stream"]]
        return np.array([len(np.unique(things[a:b][holds[a:b]])) for a, b in spans], float), None, None
    if aggregate == "latest":
        return np.array([value[a:b][last_of(placed, a, b, holds)].sum() for a, b in spans], float), None, None
    q = 50 if aggregate == "median" else 90
    found = [value[a:b][holds[a:b]] for a, b in spans]
    return np.array([np.percentile(one, q) if len(one) else 0.0 for one in found], float), None, None


def last_of(placed: Placed, first: int, after: int, holds: Array) -> Array:
    """Which rows of a slice are the last of their datastream among those that count."""
    rows = np.flatnonzero(holds[first:after])
    stream = placed.columns["stream"][first:after][rows]
    return rows[np.append(stream[1:] != stream[:-1], True)] if len(rows) else rows


def _sums(value: Array, begins: Array) -> Array:
    return _reduced(np.add, value, begins)


def _reduced(how: Any, value: Array, begins: Array) -> Array:
    """`how` over each slice; of an empty slice 0."""
    made = np.zeros(len(begins) - 1)
    full = np.flatnonzero(begins[1:] > begins[:-1])
    if len(full):
        made[full] = how.reduceat(value, begins[:-1][full])
    return made


def _expected(stream: Stream, hours: Hours, now: int) -> int:
    """How many hours (days) there should be: since the stream's first one, until now."""
    if stream.first is None:
        return 0
    first = max(hours.start, stream.first if hours.step == HOUR else _day(stream.first))
    last = min(hours.end, now if hours.step == HOUR else _day(now) + DAY)
    return max(0, (last - first) // hours.step)


def _day(at: int) -> int:
    return (at + _VIETNAM) // DAY * DAY - _VIETNAM


def rows_of(placed: Placed, of: Observations, aggregate: Aggregate, place: str) -> list[tuple[str, str, float]]:
    """Datastream, moment (ISO) and number of the rows that an input counted in a place."""
    if place not in placed.names:
        return []
    i = placed.names.index(place)
    a, b = int(placed.begins[i]), int(placed.begins[i + 1])
    holds = _holds(placed, of)
    rows: Iterable[int] = range(b - a) if aggregate == "share" else np.flatnonzero(holds[a:b])
    if aggregate == "latest":
        rows = last_of(placed, a, b, holds)
    streams = placed.hours.streams

    def number(j: int) -> float:
        if aggregate == "share":
            return float(holds[a + j])
        return 1.0 if aggregate in ("count", "distinct") else float(placed.columns[of.take][a + j])

    return [(streams[placed.columns["stream"][a + j]].code or str(streams[placed.columns["stream"][a + j]].id),
             clock.iso(int(placed.columns["at"][a + j])), number(j)) for j in rows]  # fmt: skip


def from_lines(lines: Sequence[Mapping[str, float] | float]) -> Hours:
    """Made-up hours of one datastream, for what a pack promises: numbers are means."""
    size = len(lines)
    each = [one if isinstance(one, Mapping) else {"mean": one} for one in lines]
    columns = {
        name: np.array([float(one.get(name, 1.0 if name in ("numbers", "count") else one.get("mean", 0.0)))
                        for one in each]) for name in _NAMES
    }  # fmt: skip
    stream = Stream(1, "given", 1, "given", None, None, False, -_VIETNAM)
    at = np.arange(size, dtype=np.int64) * HOUR - _VIETNAM
    return Hours([stream], np.zeros(size, np.int64), at, columns, -_VIETNAM, size * HOUR - _VIETNAM)
