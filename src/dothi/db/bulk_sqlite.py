"""Commit batches of observations to SQLite: sorted, many rows a statement, one transaction, one fsync."""

import sqlite3
from dataclasses import fields
from functools import lru_cache
from itertools import count, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dothi.db.bulk import COLUMNS, MISSING, NEW, REPEATED, SUPERSEDING, Batch, Groups
from dothi.db.engine import set_up_sqlite
from dothi.db.turn import write_turn

_NAMES = ", ".join(COLUMNS)
_INSERT = f"INSERT INTO observation ({_NAMES}) VALUES ({', '.join('?' * len(COLUMNS))})"
_REPLACE = _INSERT.replace("INSERT", "REPLACE", 1)
_SAVE = (
    f"INSERT INTO observation_superseded ({_NAMES}, superseded_at, deleted)"
    f" SELECT {_NAMES}, ?, 0 FROM observation WHERE datastream_id = ? AND at = ?"
)
_STATE = """
UPDATE datastream_state SET
    count = count + :new,
    first_at = min(coalesce(first_at, :first_at), :first_at),
    until = max(coalesce(until, :until), :until),
    first_result_at = min(coalesce(first_result_at, :first_result), :first_result),
    last_result_at = max(coalesce(last_result_at, :last_result), :last_result),
    result = CASE WHEN last_at IS NULL OR :last_at >= last_at THEN :result ELSE result END,
    result_json = CASE WHEN last_at IS NULL OR :last_at >= last_at THEN :result_json ELSE result_json END,
    received_at = CASE WHEN last_at IS NULL OR :last_at >= last_at THEN :received ELSE received_at END,
    last_at = max(coalesce(last_at, :last_at), :last_at)
WHERE datastream_id = :datastream
"""


_GROUP = tuple(field.name for field in fields(Groups))


class SqliteWriter:
    """One connection of its own to the database file."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False, cached_statements=64)
        set_up_sqlite(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def write(self, batch: Batch) -> NDArray[np.uint8]:
        """See Writer.write."""
        db = self._connection
        with write_turn:
            db.execute("BEGIN IMMEDIATE")
            try:
                status = self._store(db, batch)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        return status

    def _store(self, db: sqlite3.Connection, batch: Batch) -> NDArray[np.uint8]:
        status = np.zeros(len(batch), dtype=np.uint8)
        ids = np.unique(batch.datastream)
        last = _last(db, ids.tolist())
        newest = np.array([last.get(id_, -1) for id_ in ids.tolist()])[np.searchsorted(ids, batch.datastream)]
        missing = newest == -1
        status[missing] = MISSING
        late = np.flatnonzero((batch.at <= newest) & ~missing)
        if len(late) == 0 and not missing.any():
            _insert(db, batch)
        else:
            status[late] = [self._merge(db, row) for row in batch.rows(late.tolist())]
            fresh = np.flatnonzero((batch.at > newest) & ~missing)
            db.executemany(_INSERT, batch.rows(fresh.tolist()))
        groups = batch.groups(status)
        if groups is not None:
            changes = [
                dict(zip(_GROUP, row, strict=True), received=batch.received_at)
                for row in zip(*(getattr(groups, name) for name in _GROUP), strict=True)
            ]
            db.executemany(_STATE, changes)
            db.executemany(
                "INSERT INTO dirty_hour (datastream_id, first_hour, last_hour) VALUES (?, ?, ?)",
                zip(groups.datastream, *groups.hours(), strict=True),
            )
        return status

    def _merge(self, db: sqlite3.Connection, row: tuple[Any, ...]) -> int:
        """Store one row that may stand already."""
        there = db.execute(f"SELECT {_NAMES} FROM observation WHERE datastream_id = ? AND at = ?", row[:2]).fetchone()
        if there is None:
            db.execute(_INSERT, row)
            return NEW
        if there[2:7] + there[8:] == row[2:7] + row[8:]:  # all but received_at
            return REPEATED
        db.execute(_SAVE, (row[7], *row[:2]))
        db.execute(_REPLACE, row)
        return SUPERSEDING


def _insert(db: sqlite3.Connection, batch: Batch) -> None:
    """Insert rows, many to a statement, what they share bound once.

    A statement a row costs as much again, and gives the interpreter lock away for each. A dataArray brings long runs of
    one datastream: its id and its feature are shared too.
    """
    columns = batch.used()
    edges = [0, *(np.flatnonzero(np.diff(batch.datastream)) + 1).tolist(), len(batch)]
    if len(batch) < _LONG * (len(edges) - 1):
        edges = [0, len(batch)]
    for begin, end in pairwise(edges):
        shared: dict[str, Any] = {"received_at": batch.received_at}
        own: dict[str, list[Any]] = {}
        for name, values in columns.items():
            part = values[begin:end]
            if name != "at" and part[0] == part[-1] and part.count(part[0]) == len(part):
                shared[name] = part[0]
            else:
                own[name] = part
        _insert_run(db, shared, own, end - begin)


def _insert_run(db: sqlite3.Connection, shared: dict[str, Any], own: dict[str, list[Any]], rows: int) -> None:
    begin, fixed, width = 0, len(shared), len(own)
    for size in _SIZES:
        while rows - begin >= size:
            values: list[Any] = [None] * (fixed + width * size)
            values[:fixed] = shared.values()
            for place, column in enumerate(own.values(), fixed):
                values[place::width] = column[begin : begin + size]
            db.execute(_statement(tuple(shared), tuple(own), size), values)
            begin += size


@lru_cache(maxsize=64)
def _statement(shared: tuple[str, ...], own: tuple[str, ...], size: int) -> str:
    """INSERT of `size` rows: first the shared values, then each row's own."""
    fixed = [f"?{place}" for place in range(1, len(shared) + 1)]
    numbers = count(len(fixed) + 1)
    rows = (f"({', '.join(fixed + [f'?{next(numbers)}' for _ in own])})" for _ in range(size))
    return f"INSERT INTO observation ({', '.join(shared + own)}) VALUES {', '.join(rows)}"


_LONG = 20  # rows of one datastream that are worth a statement of their own
_SIZES = (
    2000,
    1000,
    500,
    200,
    100,
    50,
    20,
    10,
    5,
    2,
    1,
)  # rows of one statement; up to 11 values each, SQLite binds 32,766
_NEVER = -(2**62)  # no observation yet: every instant is newer


def _last(db: sqlite3.Connection, ids: list[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        marks = ",".join("?" * len(part))
        found.update(
            db.execute(
                f"SELECT datastream_id, coalesce(last_at, {_NEVER}) FROM datastream_state"
                f" WHERE datastream_id IN ({marks})",
                part,
            )
        )
    return found
