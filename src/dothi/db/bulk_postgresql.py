"""Commit batches of observations to PostgreSQL: one statement for a few, binary COPY for many."""

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.conninfo import conninfo_to_dict

from dothi.db.bulk import COLUMNS, EXTRA_INTEGERS, EXTRA_TEXTS, MISSING, NEW, REPEATED, SUPERSEDING, Batch, Groups
from dothi.db.bulk_newer import MOST, NEVER, SET_STATE, Newer
from dothi.kit import clock

FEW = 256  # up to here one INSERT … SELECT unnest is quicker than COPY and its round trips
_NAMES = ", ".join(COLUMNS)
_KINDS = {"i": "int4", "b": "int8", "f": "float8", "t": "text"}
_PLAIN = [_KINDS[letter] for letter in "ibbftbibbbtt"]  # the types of COLUMNS
_UNNEST = "SELECT * FROM unnest(" + ", ".join(f"%s::{kind}[]" for kind in _PLAIN) + f") AS v({_NAMES})"
_SAME = " AND ".join(f"o.{name} IS NOT DISTINCT FROM s.{name}" for name in COLUMNS[2:] if name != "received_at")
_FEW_NEW = f"""
WITH v AS ({_UNNEST}),
s AS (
    SELECT datastream_id FROM datastream_state
    WHERE datastream_id IN (SELECT datastream_id FROM v) ORDER BY datastream_id FOR UPDATE
),
i AS (
    INSERT INTO observation ({_NAMES}) SELECT v.* FROM v JOIN s USING (datastream_id)
    ON CONFLICT DO NOTHING RETURNING datastream_id, at, until, result, result_json, result_time, received_at
),
g AS (
    SELECT datastream_id, count(*) AS new, min(at) AS first_at, max(at) AS last_at, max(coalesce(until, at)) AS until,
        min(coalesce(result_time, at)) AS first_result, max(coalesce(result_time, at)) AS last_result,
        (array_agg(result ORDER BY at DESC))[1] AS result, (array_agg(result_json ORDER BY at DESC))[1] AS result_json,
        max(received_at) AS received
    FROM i GROUP BY datastream_id
),
u AS (UPDATE datastream_state AS s SET {SET_STATE} FROM g WHERE s.datastream_id = g.datastream_id),
d AS (
    INSERT INTO dirty_hour (datastream_id, first_hour, last_hour)
    SELECT datastream_id, first_at - mod(mod(first_at, {clock.HOUR}) + {clock.HOUR}, {clock.HOUR}),
        last_at - mod(mod(last_at, {clock.HOUR}) + {clock.HOUR}, {clock.HOUR}) FROM g
)
SELECT datastream_id, at FROM i
"""
_LOCK = """
SELECT datastream_id, last_at FROM datastream_state WHERE datastream_id = ANY(%s) ORDER BY datastream_id FOR UPDATE
"""
# what is asked is known and finds its rows by key: a plan made once serves, and it never reads a table through, which
# PostgreSQL otherwise holds to be cheaper for a state table of a thousand rows, and is not
_OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        "jit=off",
        "plan_cache_mode=force_generic_plan",
        "enable_seqscan=off",
        "enable_bitmapscan=off",
        "enable_hashjoin=off",
        "enable_mergejoin=off",
    )
)
_UPDATE_STATE = f"""
UPDATE datastream_state AS s SET {SET_STATE}
FROM (SELECT *, %s::bigint AS received FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[], %s::bigint[], %s::float8[], %s::text[])
    AS g(datastream_id, new, first_at, last_at, until, first_result, last_result, result, result_json)) AS g
WHERE s.datastream_id = g.datastream_id
"""
_MARK = """
INSERT INTO dirty_hour (datastream_id, first_hour, last_hour) SELECT * FROM unnest(%s::int[], %s::bigint[], %s::bigint[])
"""


class PostgresWriter:
    """One connection of its own."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._months: set[int] = set()
        self._ready = 0, 0  # the month of the batch before: most go on in it
        self._open()

    def _open(self) -> None:
        options = f"{_OPTIONS} {conninfo_to_dict(self._dsn).get('options', '')}"
        self._connection = psycopg.connect(self._dsn, autocommit=True, prepare_threshold=0, options=options)
        self._newer = Newer(self._connection)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def write(self, batch: Batch) -> NDArray[np.uint8]:
        """See Writer.write."""
        if self._connection.closed:
            self._open()
        with self._connection.cursor() as cursor:
            self._partitions(cursor, batch)
            if self._are_newer(batch):
                return np.zeros(len(batch), dtype=np.uint8)
            if len(batch) <= FEW:
                return self._few(cursor, batch)
            return self._many(cursor, batch)

    def _are_newer(self, batch: Batch) -> bool:
        """Whether all of a batch was newer than what stands; it stands now too."""
        if len(batch) <= MOST:
            return self._newer.put(batch)
        fixed = _fixed("observation", batch)
        return fixed is not None and self._newer.put(batch, fixed)

    def _few(self, cursor: psycopg.Cursor[Any], batch: Batch) -> NDArray[np.uint8]:
        columns = [list(column) for column in zip(*batch.rows(), strict=True)]
        stored = set(cursor.execute(_FEW_NEW, columns).fetchall())
        if len(stored) == len(batch):
            return np.zeros(len(batch), dtype=np.uint8)
        keys = zip(columns[0], columns[1], strict=True)
        left = [i for i, key in enumerate(keys) if key not in stored]
        status = np.zeros(len(batch), dtype=np.uint8)
        status[left] = self._many(cursor, _part(batch, left))
        return status

    def _many(self, cursor: psycopg.Cursor[Any], batch: Batch) -> NDArray[np.uint8]:
        try:
            return self._in_one(cursor, batch)
        except BaseException:
            if not self._connection.closed:
                self._connection.rollback()
            raise

    def _in_one(self, cursor: psycopg.Cursor[Any], batch: Batch) -> NDArray[np.uint8]:
        """One transaction in three round trips: begin and lock, the rows, what they change and commit."""
        ids = np.unique(batch.datastream)
        with self._connection.pipeline():
            self._connection.execute("BEGIN")
            locked = self._connection.execute(_LOCK, [ids.tolist()])
        last: dict[int, int | None] = dict(locked.fetchall())
        newest_of = np.array([NEVER if (at := last.get(i, -1)) is None else at for i in ids.tolist()])
        newest = newest_of[np.searchsorted(ids, batch.datastream)]
        status = np.zeros(len(batch), dtype=np.uint8)
        if (missing := newest == -1).any():
            status[missing] = MISSING
            kept = np.flatnonzero(~missing).tolist()
            if kept:
                status[kept] = self._put(cursor, _part(batch, kept), newest[kept])
        else:
            status = self._put(cursor, batch, newest)
        groups = batch.groups(status)
        with self._connection.pipeline():
            if groups is not None:
                _tell_state(cursor, groups, batch.received_at)
            self._connection.execute("COMMIT")
        return status

    def _put(self, cursor: psycopg.Cursor[Any], batch: Batch, newest: NDArray[np.int64]) -> NDArray[np.uint8]:
        if (batch.at > newest).all():  # the locked state rows say that no key can stand already
            _copy(cursor, "observation", batch)
            return np.zeros(len(batch), dtype=np.uint8)
        return _merge(cursor, batch)

    def _partitions(self, cursor: psycopg.Cursor[Any], batch: Batch) -> None:
        first, last = int(batch.at.min()), int(batch.at.max())
        if self._ready[0] <= first and last < self._ready[1]:
            return
        months = _months(batch.at)
        needed = months - self._months
        if needed:
            with self._connection.transaction():
                for month in sorted(needed):
                    make_partition(cursor, month)
            self._months |= needed
        if len(months) == 1 and (month := months.pop()) > 0:
            self._ready = _start(month), _start(month + 1)


def _merge(cursor: psycopg.Cursor[Any], batch: Batch) -> NDArray[np.uint8]:
    """Store rows some of which may stand already: new ones in, changed ones over the old, which is kept."""
    cursor.execute("CREATE TEMP TABLE IF NOT EXISTS incoming (LIKE observation) ON COMMIT DELETE ROWS")
    cursor.execute("DELETE FROM incoming")
    _copy(cursor, "incoming", batch)
    there = cursor.execute(
        f"SELECT s.datastream_id, s.at, {_SAME} FROM incoming s JOIN observation o USING (datastream_id, at)"
    ).fetchall()
    if not there:
        cursor.execute(f"INSERT INTO observation ({_NAMES}) SELECT {_NAMES} FROM incoming")
        return np.zeros(len(batch), dtype=np.uint8)
    place = {key: i for i, key in enumerate(zip(batch.datastream.tolist(), batch.at.tolist(), strict=True))}
    status = np.full(len(batch), NEW, dtype=np.uint8)
    for datastream, at, same in there:
        status[place[datastream, at]] = REPEATED if same else SUPERSEDING
    if (status == SUPERSEDING).any():
        sets = ", ".join(f"{name} = s.{name}" for name in COLUMNS[2:])
        olds = ", ".join(f"o.{name}" for name in COLUMNS)
        differ = f"FROM incoming s WHERE o.datastream_id = s.datastream_id AND o.at = s.at AND NOT ({_SAME})"
        cursor.execute(
            f"INSERT INTO observation_superseded ({_NAMES}, superseded_at, deleted)"
            f" SELECT {olds}, s.received_at, false FROM observation o, incoming s"
            f" WHERE o.datastream_id = s.datastream_id AND o.at = s.at AND NOT ({_SAME})"
        )
        cursor.execute(f"UPDATE observation o SET {sets} {differ}")
    if (status == NEW).any():
        cursor.execute(f"INSERT INTO observation ({_NAMES}) SELECT {_NAMES} FROM incoming ON CONFLICT DO NOTHING")
    return status


def _tell_state(cursor: psycopg.Cursor[Any], g: Groups, received: int) -> None:
    columns = [g.new, g.first_at, g.last_at, g.until, g.first_result, g.last_result, g.result, g.result_json]
    cursor.execute(_UPDATE_STATE, [received, g.datastream, *columns])
    cursor.execute(_MARK, [g.datastream, *g.hours()])


def _copy(cursor: psycopg.Cursor[Any], table: str, batch: Batch) -> None:
    """Binary COPY; a numpy record a row where every column has a fixed width, field by field otherwise."""
    fixed = _fixed(table, batch)
    if fixed is None:
        with cursor.copy(f"COPY {table} ({_NAMES}) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(_PLAIN)
            for row in batch.rows():
                copy.write_row(row)
        return
    with cursor.copy(fixed[0]) as copy:
        copy.write(fixed[1])


def _fixed(table: str, batch: Batch) -> tuple[str, bytes] | None:
    """The COPY statement of a batch and its data; None when not every column has a fixed width."""
    texts = [name for name in EXTRA_TEXTS if name in batch.extras]
    integers = [name for name in EXTRA_INTEGERS if name in batch.extras]
    nulls = texts or np.isnan(batch.result).any() or (batch.feature == 0).any()
    if nulls or any(None in batch.extras[name] for name in integers):
        return None
    names = ["datastream_id", "at", "result", "feature_id", "received_at", *integers]
    values: list[Any] = [batch.datastream, batch.at, batch.result, batch.feature, batch.received_at]
    values += [np.asarray(batch.extras[name], dtype=np.int64) for name in integers]
    kinds = [">i4", ">i8", ">f8", ">i4", ">i8", *([">i8"] * len(integers))]
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
    return statement, binary(values, kinds, len(batch))


def binary(values: list[Any], kinds: list[str], count: int) -> bytes:
    """Rows of fixed width in PostgreSQL's binary COPY format: header, records, trailer."""
    fields: list[tuple[str, str]] = [("n", ">i2")]
    for i, kind in enumerate(kinds):
        fields += [(f"l{i}", ">i4"), (f"v{i}", kind)]
    records = np.empty(count, dtype=fields)
    records["n"] = len(kinds)
    for i, (value, kind) in enumerate(zip(values, kinds, strict=True)):
        records[f"l{i}"] = int(kind[-1])
        records[f"v{i}"] = value
    return b"PGCOPY\n\xff\r\n\x00" + bytes(8) + records.tobytes() + b"\xff\xff"


def _part(batch: Batch, indices: list[int]) -> Batch:
    extras: dict[str, Sequence[Any]] = {name: [values[i] for i in indices] for name, values in batch.extras.items()}
    return Batch(
        batch.datastream[indices],
        batch.at[indices],
        batch.result[indices],
        batch.feature[indices],
        batch.received_at,
        extras,
    )


# Partitions: a month each from 2000 to 2059; what lies outside shares two tables, so that no sender can make many.
_FIRST, _LAST = 2000 * 12, 2060 * 12


def _months(ats: NDArray[np.int64]) -> set[int]:
    """The months (year * 12 + month - 1) some instants lie in; -1 and -2 for before and after the monthly ones."""
    found = np.unique(ats.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)) + 1970 * 12
    return {-1 if m < _FIRST else -2 if m >= _LAST else int(m) for m in found.tolist()}


def make_partition(cursor: Any, month: int) -> None:
    """Make the partition of a month (year * 12 + month - 1; -1 before 2000, -2 from 2060), unless it is there."""
    if month == -1:
        name, span = "observation_early", f"FROM (MINVALUE) TO ({_start(_FIRST)})"
    elif month == -2:
        name, span = "observation_late", f"FROM ({_start(_LAST)}) TO (MAXVALUE)"
    else:
        name = f"observation_{month // 12:04d}_{month % 12 + 1:02d}"
        span = f"FROM ({_start(month)}) TO ({_start(month + 1)})"
    if cursor.execute("SELECT to_regclass(%s)", [name]).fetchone()[0] is not None:
        return
    cursor.execute("SELECT pg_advisory_xact_lock(hashtext('dothi.partition'))")
    with contextlib.suppress(psycopg.errors.DuplicateTable):
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF observation FOR VALUES {span}")


def _start(month: int) -> int:
    return clock.micros(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))
