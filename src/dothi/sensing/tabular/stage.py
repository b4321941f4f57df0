"""Values on their way from file to database.

They are set aside in temporary files, so that memory stays bounded and each key is met once, in order, whatever the
order and the repetitions of the file.
"""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO, Any, Literal

import numpy as np

from dothi.kit import clock

ROW = np.dtype(
    [
        ("stream", "<i4"), ("at", "<i8"), ("result", "<f8"), ("text", "<i4"), ("quality", "<i4"), ("row", "<u4"),
        ("ordinal", "<u4"), ("column", "<i4"),
    ]
)  # fmt: skip
_MONTH = 30 * clock.DAY


@dataclass(slots=True)
class Sorted:
    """Part of the values, by key, each key once; and those left out: repeated in the file, or refused."""

    kept: Any
    repeated: Any
    refused: Any
    others: list[int] = field(default_factory=list)  # per refused value: the row that stands instead, 0 for none


class Stage:
    """Temporary files of values, shared out by datastream and month."""

    def __init__(self, stack: ExitStack, parts: int) -> None:
        opened = (tempfile.TemporaryFile() for _ in range(parts))  # noqa: SIM115 - closed with the stack
        self._files: list[IO[bytes]] = [stack.enter_context(file) for file in opened]
        self.count = 0
        self.used: set[int] = set()

    def add(self, rows: Any) -> None:
        """Set some values aside."""
        if not len(rows):
            return
        self.count += len(rows)
        self.used.update(np.unique(rows["stream"]).tolist())
        if len(self._files) == 1:
            self._files[0].write(rows.tobytes())
            return
        part = (rows["stream"].astype(np.int64) * 7919 + rows["at"] // _MONTH) % len(self._files)
        for number in np.unique(part):
            self._files[number].write(rows[part == number].tobytes())

    def sorted(self, duplicates: Literal["last", "first", "refuse"]) -> Iterator[Sorted]:
        """All values, part by part, sorted by datastream and time."""
        for file in self._files:
            size = file.tell()
            file.seek(0)
            rows = np.fromfile(file, ROW) if size else np.empty(0, ROW)
            yield settled(rows, duplicates)


def settled(rows: Any, duplicates: Literal["last", "first", "refuse"]) -> Sorted:
    """Values by key with each key once.

    The same value again counts as repeated. Of different values the last or the first stands, or none.
    """
    rows = rows[np.lexsort((rows["ordinal"], rows["at"], rows["stream"]))]
    none = rows[:0]
    if len(rows) < 2:
        return Sorted(rows, none, none)
    new = np.ones(len(rows), bool)
    new[1:] = (np.diff(rows["stream"]) != 0) | (np.diff(rows["at"]) != 0)
    if new.all():
        return Sorted(rows, none, none)
    starts = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    ends = np.append(starts[1:], len(rows)) - 1
    winner = ends if duplicates == "last" else starts
    like = _same(rows, rows[winner[group]])
    unlike_groups = np.zeros(len(starts), bool)
    unlike_groups[group[~like]] = True
    if duplicates == "refuse":
        refused = unlike_groups[group]
        wins = np.zeros(len(rows), bool)
        wins[starts[~unlike_groups]] = True
        return Sorted(rows[wins], rows[~wins & ~refused], rows[refused], [0] * int(refused.sum()))
    wins = np.zeros(len(rows), bool)
    wins[winner] = True
    refused = ~like
    return Sorted(rows[wins], rows[~wins & like], rows[refused], rows["row"][winner[group[refused]]].tolist())


def _same(rows: Any, others: Any) -> Any:
    numbers = (rows["result"] == others["result"]) | (np.isnan(rows["result"]) & np.isnan(others["result"]))
    return numbers & (rows["text"] == others["text"]) & (rows["quality"] == others["quality"])
