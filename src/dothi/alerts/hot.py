"""The hot path of the rules: a commit's columns sifted at once, so that only what can change something is looked at.

One slot a followed datastream. A value is quiet when it lies within the band that all idle watchers of its datastream
allow, came in order, after everything they have decided, and before any of them would miss it.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
NEVER = -(1 << 62)  # before every observation
FOREVER = (1 << 63) - 1
SURE, UNSURE, COUNTED = 0, 1, 2  # of a slot's count: after late data it is read anew, and believed a while later


class Sifted(NamedTuple):
    """Rows to look at one by one, in order of slot and instant.

    late: not after what the datastream brought before. prior: the newest instant of each of their slots before these.
    """

    slot: list[int]
    at: list[int]
    value: list[float]
    late: list[bool]
    row: list[int]
    prior: dict[int, int]


class Followed:
    """What is followed of each datastream, as arrays.

    last: its newest instant heard of; count: observations up to there. low, high: the band; gap: silence (µs) at which
    an arrival has to be looked at; firm: the newest instant any of its watchers has decided.
    """

    def __init__(self, ids: Iterable[int]) -> None:
        self.stream = sorted(ids)  # by slot; as Python's own numbers, for whatever goes one by one
        self.table = {id_: slot for slot, id_ in enumerate(self.stream)}
        self.ids: Integers = np.array(self.stream, dtype=np.int64)
        size = len(self.ids)
        self._table = np.full((int(self.ids[-1]) if size else 0) + 2, -1, dtype=np.int64)
        self._table[self.ids] = np.arange(size)
        self.last = np.full(size, NEVER, dtype=np.int64)
        self.count = np.zeros(size, dtype=np.int64)
        self.low = np.full(size, -np.inf)
        self.high = np.full(size, np.inf)
        self.gap = np.full(size, FOREVER, dtype=np.int64)
        self.firm = np.full(size, NEVER, dtype=np.int64)
        self.dirty = np.zeros(size, dtype=bool)
        self.noted = np.zeros((size, 2), dtype=np.int64)  # count and last as the database has them
        self.noted[:, 1] = NEVER
        self.unsure = np.zeros(size, dtype=np.int8)

    def __len__(self) -> int:
        return len(self.ids)

    def slots(self, ids: Integers) -> Integers:
        """The slots of datastreams; -1 for one that is not followed."""
        return self._table[np.where((ids < 0) | (ids >= len(self._table)), len(self._table) - 1, ids)]

    def slot(self, id_: int) -> int:
        """The slot of one datastream; -1 when it is not followed."""
        return self.table.get(id_, -1)

    def sift(self, ids: Integers, at: Integers, value: NDArray[np.float64]) -> Sifted | None:
        """Take in a commit's observations; returns those that are not quiet, None when all are.

        A value that is not a number is NaN. All rows of a datastream are given when one of them is not quiet: once
        its watcher wakes, the next ones matter too.
        """
        slot = self.slots(ids)
        kept = np.flatnonzero(slot >= 0)
        if not len(kept):
            return None
        if len(kept) < len(slot):
            slot, at, value = slot[kept], at[kept], value[kept]
        step = np.diff(slot)
        if not ((step > 0) | ((step == 0) & (np.diff(at) > 0))).all():
            order = np.lexsort((at, slot))
            slot, at, value, kept = slot[order], at[order], value[order], kept[order]
            step = np.diff(slot)
        first = np.concatenate(([True], step != 0))
        prior = self.last[slot]
        before = prior.copy()
        again = np.flatnonzero(~first)
        before[again] = np.maximum(before[again], at[again - 1])
        late = at <= before
        wakes = late | (at <= self.firm[slot]) | (at - before >= self.gap[slot])
        wakes |= ~((value >= self.low[slot]) & (value <= self.high[slot]))  # NaN lies in no band
        self._took(slot, at, late, first)
        if not wakes.any():
            return None
        awake = np.zeros(len(self.ids), dtype=bool)
        awake[slot[wakes]] = True
        rows = np.flatnonzero(awake[slot])
        slots = slot[rows].tolist()
        return Sifted(
            slots, at[rows].tolist(), value[rows].tolist(), late[rows].tolist(), kept[rows].tolist(),
            dict(zip(slots, prior[rows].tolist(), strict=True)),
        )  # fmt: skip

    def _took(self, slot: Integers, at: Integers, late: NDArray[np.bool_], first: NDArray[np.bool_]) -> None:
        starts = np.flatnonzero(first)
        ends = np.append(starts[1:], len(slot)) - 1
        mine = slot[starts]
        self.last[mine] = np.maximum(self.last[mine], at[ends])
        self.count[mine] += np.add.reduceat((~late).astype(np.int64), starts)
        self.dirty[mine] = True
        if late.any():
            self.unsure[slot[late]] = UNSURE
