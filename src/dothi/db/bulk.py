"""Batches of observations as both databases take them: sorted numpy columns, and the shape of a commit's answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dothi.kit.clock import HOUR

Integers = NDArray[np.int64]
NEW, SUPERSEDING, REPEATED, MISSING = 0, 1, 2, 3
# columns a batch may leave out; text ones hold JSON
EXTRA_INTEGERS = ("until", "result_time", "valid_from", "valid_until")
EXTRA_TEXTS = ("result_json", "quality", "parameters")
EXTRAS = EXTRA_INTEGERS + EXTRA_TEXTS
COLUMNS = (
    "datastream_id",
    "at",
    "until",
    "result",
    "result_json",
    "result_time",
    "feature_id",
    "received_at",
    "valid_from",
    "valid_until",
    "quality",
    "parameters",
)


@dataclass(slots=True)
class Batch:
    """Observations sorted by (datastream, at), each key once. NaN is a NULL result, feature 0 is NULL."""

    datastream: Integers
    at: Integers
    result: NDArray[np.float64]
    feature: Integers
    received_at: int
    extras: dict[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(self.at)

    def rows(self, indices: Sequence[int] | None = None) -> list[tuple[Any, ...]]:
        """Plain tuples in the order of COLUMNS."""
        pick = slice(None) if indices is None else np.asarray(indices, dtype=np.int64)
        result: list[Any] = self.result[pick].tolist()
        if np.isnan(self.result).any():
            result = [None if value != value else value for value in result]
        feature = [value or None for value in self.feature[pick].tolist()]
        count = len(result)
        none = [None] * count
        extra = {
            name: none
            if name not in self.extras
            else list(self.extras[name])
            if indices is None
            else [self.extras[name][i] for i in indices]
            for name in EXTRAS
        }
        return list(
            zip(
                self.datastream[pick].tolist(),
                self.at[pick].tolist(),
                extra["until"],
                result,
                extra["result_json"],
                extra["result_time"],
                feature,
                [self.received_at] * count,
                extra["valid_from"],
                extra["valid_until"],
                extra["quality"],
                extra["parameters"],
                strict=True,
            )
        )

    def used(self) -> dict[str, list[Any]]:
        """The columns that are not NULL throughout, but for received_at, which every row shares."""
        result: list[Any] = self.result.tolist()
        if np.isnan(self.result).any():
            result = [None if value != value else value for value in result]
        columns = {"datastream_id": self.datastream.tolist(), "at": self.at.tolist(), "result": result}
        if self.feature.any():
            columns["feature_id"] = [value or None for value in self.feature.tolist()]
        return columns | {name: list(values) for name, values in self.extras.items()}

    def groups(self, stored: NDArray[np.uint8]) -> "Groups | None":
        """What the stored rows (status NEW or SUPERSEDING) change about each datastream; None when nothing is stored."""
        kept = np.flatnonzero(stored <= SUPERSEDING)
        if not len(kept):
            return None
        whole = len(kept) == len(self.at)
        ds = self.datastream if whole else self.datastream[kept]
        at = self.at if whole else self.at[kept]
        starts = np.flatnonzero(np.concatenate(([True], ds[1:] != ds[:-1])))
        ends = np.append(starts[1:], len(ds)) - 1
        last = kept[ends]
        new = np.add.reduceat((stored[kept] == NEW).astype(np.int64), starts)
        until = at[ends]
        if "until" in self.extras:
            filled = _filled(self.extras["until"], self.at)[kept]
            until = np.maximum.reduceat(filled, starts)
        first_result, last_result = at[starts], at[ends]
        if "result_time" in self.extras:
            filled = _filled(self.extras["result_time"], self.at)[kept]
            first_result, last_result = np.minimum.reduceat(filled, starts), np.maximum.reduceat(filled, starts)
        texts = self.extras.get("result_json")
        values = self.result[last].tolist()
        return Groups(
            datastream=ds[starts].tolist(),
            new=new.tolist(),
            first_at=at[starts].tolist(),
            last_at=at[ends].tolist(),
            until=until.tolist(),
            first_result=first_result.tolist(),
            last_result=last_result.tolist(),
            result=[None if value != value else value for value in values],
            result_json=[texts[i] for i in last.tolist()] if texts is not None else [None] * len(starts),
        )


@dataclass(slots=True)
class Groups:
    """Per datastream of a batch: how many rows are new, their time span, the newest result."""

    datastream: list[int]
    new: list[int]
    first_at: list[int]
    last_at: list[int]
    until: list[int]
    first_result: list[int]
    last_result: list[int]
    result: list[float | None]
    result_json: list[str | None]

    def hours(self) -> tuple[list[int], list[int]]:
        """First and last hour (start, µs UTC) each datastream's stored rows lie in."""
        return [at // HOUR * HOUR for at in self.first_at], [at // HOUR * HOUR for at in self.last_at]


class Writer(Protocol):
    """Commits batches, one transaction each; answers the status of every row once it is on disk."""

    def write(self, batch: Batch) -> NDArray[np.uint8]:
        """Store a batch; a failure leaves nothing of it and raises."""

    def close(self) -> None:
        """Give the connection back."""


def _filled(values: Sequence[Any], instead: Integers) -> Integers:
    return np.array([other if value is None else value for value, other in zip(values, instead.tolist(), strict=True)])
