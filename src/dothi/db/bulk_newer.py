"""Rows newer than all that stands of their datastreams: two messages to PostgreSQL and back, values in binary.

What nearly every batch is. The first message locks the state rows, whose newest time proves that no key can stand
already; the second brings the rows, what they change and the commit. It goes past the driver's cursors, which cost
more than the rows do: libpq's pipeline, statements prepared once on their connection. Up to some two thousand rows an
INSERT costs the server no more than COPY, which keeps a slot for each row it gathers and looks for it among the others.
"""

import select
import struct
from collections.abc import Sequence
from functools import cache
from itertools import chain, repeat
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg.pq import ConnStatus, ExecStatus

from dothi.db import wire
from dothi.db.bulk import EXTRA_TEXTS, NEW, Batch
from dothi.kit.clock import HOUR

MOST = 2000  # rows; more are better copied
SET_STATE = """
    count = s.count + g.new,
    first_at = LEAST(s.first_at, g.first_at),
    until = GREATEST(s.until, g.until),
    first_result_at = LEAST(s.first_result_at, g.first_result),
    last_result_at = GREATEST(s.last_result_at, g.last_result),
    result = CASE WHEN s.last_at IS NULL OR g.last_at >= s.last_at THEN g.result ELSE s.result END,
    result_json = CASE WHEN s.last_at IS NULL OR g.last_at >= s.last_at THEN g.result_json ELSE s.result_json END,
    received_at = CASE WHEN s.last_at IS NULL OR g.last_at >= s.last_at THEN g.received ELSE s.received_at END,
    last_at = GREATEST(s.last_at, g.last_at)
"""
NEVER = -(2**62)  # no observation yet: every instant is newer
_NONE = -(2**63)  # no such time: stands for NULL in an array of times
_LOCK = f"""
SELECT datastream_id, coalesce(last_at, {NEVER}) FROM datastream_state
WHERE datastream_id = ANY($1::int[]) ORDER BY datastream_id FOR UPDATE
"""
# times of what was measured and of the result are alike but where a batch says otherwise: five arrays, not nine
_PLAIN_STATE = f"""
UPDATE datastream_state AS s SET {SET_STATE}
FROM (SELECT *, last_at AS until, first_at AS first_result, last_at AS last_result, NULL::text AS result_json,
        nullif(value, 'NaN') AS result, $1::bigint AS received
    FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::float8[])
    AS g(datastream_id, new, first_at, last_at, value)) AS g
WHERE s.datastream_id = g.datastream_id
"""
_STATE = f"""
UPDATE datastream_state AS s SET {SET_STATE}
FROM (SELECT *, nullif(value, 'NaN') AS result, $1::bigint AS received
    FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::float8[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::text[])
    AS g(datastream_id, new, first_at, last_at, value, until, first_result, last_result, result_json)) AS g
WHERE s.datastream_id = g.datastream_id
"""
_MARK = """
INSERT INTO dirty_hour (datastream_id, first_hour, last_hour) SELECT * FROM unnest($1::int[], $2::bigint[], $3::bigint[])
"""
_GOOD = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.PIPELINE_SYNC, ExecStatus.COPY_IN)
_TEXT = 25  # the oid of text
_OF = {"i": (23, 4), "q": (20, 8), "d": (701, 8)}  # the oid and width of int4, int8 and float8
_RECORDS = {letter: np.dtype([("l", ">i4"), ("v", f">{letter}")]) for letter in _OF}
_FEW = 32  # values; more are better laid out by numpy


class Newer:
    """The quick way into one connection, which is nobody else's. After an error the connection is closed."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._pq: Any = connection.pgconn
        self._poll = select.poll()
        self._prepared: set[bytes] = set()
        self._due = 0  # answers to come

    def put(self, batch: Batch, copied: tuple[str, bytes] | None = None) -> bool:
        """Store and commit a batch when all of it is newer for sure; else nothing has happened, and False.

        copied: the COPY statement and its data, for rows that are too many for one statement.
        """
        ids = np.unique(batch.datastream) if len(batch) > 1 else batch.datastream
        firsts = np.searchsorted(batch.datastream, ids)
        self._poll.register(self._pq.socket, select.POLLIN)
        try:
            newer = self._copied(batch, ids, firsts, *copied) if copied else self._inserted(batch, ids, firsts)
        except BaseException:
            self._connection.close()
            raise
        return newer

    def _inserted(self, batch: Batch, ids: NDArray[np.int64], firsts: NDArray[np.int64]) -> bool:
        """What is sent between two syncs is one transaction, which the second commits."""
        self._pq.enter_pipeline_mode()
        self._send("lock", _LOCK, [array("i", ids)])
        self._pq.send_flush_request()
        newer = self._are_newer(batch, firsts)
        if newer:
            self._rows(batch)
            self._changes(batch, firsts)
        self._sync()
        return newer

    def _copied(
        self, batch: Batch, ids: NDArray[np.int64], firsts: NDArray[np.int64], statement: str, data: bytes
    ) -> bool:
        """COPY is not for pipelines: it stands between two of them."""
        self._pq.enter_pipeline_mode()
        self._say(b"BEGIN")
        self._send("lock", _LOCK, [array("i", ids)])
        self._pq.send_flush_request()
        newer = self._are_newer(batch, firsts)
        if not newer:
            self._say(b"ROLLBACK")
            self._sync()
            return False
        self._sync()
        self._copy(statement, data)
        self._pq.enter_pipeline_mode()
        self._changes(batch, firsts)
        self._say(b"COMMIT")
        self._sync()
        return True

    def _copy(self, statement: str, data: bytes) -> None:
        self._pq.send_query(statement.encode())
        self._due += 1
        self._answer()
        while not self._pq.put_copy_data(data):
            wire.flush(self._pq, self._poll)
        while not self._pq.put_copy_end():
            wire.flush(self._pq, self._poll)
        self._due += 1
        self._answer()
        while self._pq.get_result() is not None:  # the end of it, which is there
            pass

    def _are_newer(self, batch: Batch, firsts: NDArray[np.int64]) -> bool:
        found = self._answer()
        if found.ntuples != len(firsts):
            return False
        newest = np.frombuffer(b"".join([found.get_value(i, 1) for i in range(len(firsts))]), dtype=">i8")
        return bool((batch.at[firsts] > newest).all())

    def _rows(self, batch: Batch) -> None:
        names = list(batch.extras)
        given = [array("i", batch.datastream), array("q", batch.at), array("d", batch.result)]
        given += [array("i", batch.feature), struct.pack(">q", batch.received_at)]
        given += [texts(batch.extras[n]) if n in EXTRA_TEXTS else _times(batch.extras[n]) for n in names]
        self._send("rows" + "".join(f"_{name}" for name in names), _insert(tuple(names)), given)

    def _changes(self, batch: Batch, firsts: NDArray[np.int64]) -> None:
        """The state rows and the marks. firsts: where each datastream begins."""
        ends = np.append(firsts[1:], len(batch))
        first_at, last_at = batch.at[firsts], batch.at[ends - 1]
        ids = array("i", batch.datastream[firsts])
        given = [struct.pack(">q", batch.received_at), ids, array("q", ends - firsts), array("q", first_at)]
        given += [array("q", last_at), array("d", batch.result[ends - 1])]
        if batch.extras:
            g = batch.groups(np.full(len(batch), NEW, dtype=np.uint8))
            assert g is not None  # noqa: S101 - all rows are new
            given += [array("q", g.until), array("q", g.first_result), array("q", g.last_result), texts(g.result_json)]
            self._send("state", _STATE, given)
        else:
            self._send("plain_state", _PLAIN_STATE, given)
        self._send("mark", _MARK, [ids, *(array("q", at // HOUR * HOUR) for at in (first_at, last_at))])

    def _send(self, name: str, statement: str, values: Sequence[bytes]) -> None:
        label = f"dothi_{name}".encode()
        if label not in self._prepared:
            self._pq.send_prepare(label, statement.encode())
            self._prepared.add(label)
            self._due += 1
        self._pq.send_query_prepared(label, values, [1] * len(values), 1)
        self._due += 1

    def _say(self, statement: bytes) -> None:
        self._pq.send_query_params(statement, None)
        self._due += 1

    def _sync(self) -> None:
        self._pq.pipeline_sync()
        self._due += 1
        self._answer()
        self._pq.exit_pipeline_mode()

    def _answer(self) -> Any:
        """Send what waits, take all answers that are due, and give the last; raises what the server refused."""
        wire.flush(self._pq, self._poll)
        last: Any = None
        while self._due:
            found = wire.answer(self._pq, self._poll)
            if found is None:  # the end of one statement's answers
                if self._pq.status != ConnStatus.OK:
                    raise psycopg.OperationalError("the connection is lost")
                continue
            if found.status not in _GOOD:
                raise psycopg.errors.error_from_result(found)
            self._due -= 1
            last = found
        return last


@cache
def _insert(names: tuple[str, ...]) -> str:
    """The statement that stores rows with these columns beside the plain ones."""
    plain = ["datastream_id", "at", "result", "feature_id", "received_at", *names]
    kinds = ["int", "bigint", "float8", "int", *("text" if name in EXTRA_TEXTS else "bigint" for name in names)]
    places = [1, 2, 3, 4, *range(6, 6 + len(names))]
    arrays = ", ".join(f"${place}::{kind}[]" for place, kind in zip(places, kinds, strict=True))
    values = ["v.ds", "v.at", "nullif(v.value, 'NaN')", "nullif(v.feature, 0)", "$5::bigint"]
    values += [f"v.{name}" if name in EXTRA_TEXTS else f"nullif(v.{name}, {_NONE})" for name in names]
    return (
        f"INSERT INTO observation ({', '.join(plain)}) SELECT {', '.join(values)}"
        f" FROM unnest({arrays}) AS v(ds, at, {', '.join(['value', 'feature', *names])})"
    )


def array(letter: str, values: Any) -> bytes:
    """Numbers as an array in PostgreSQL's binary form. letter: i int4, q int8, d float8."""
    oid, width = _OF[letter]
    count = len(values)
    if count <= _FEW:
        plain = values.tolist() if isinstance(values, np.ndarray) else values
        return struct.pack(f">iiIii{f'i{letter}' * count}", 1, 0, oid, count, 1, *chain(*zip(repeat(width), plain)))
    records = np.empty(count, dtype=_RECORDS[letter])
    records["l"], records["v"] = width, values
    return struct.pack(">iiIii", 1, 0, oid, count, 1) + records.tobytes()


def texts(values: Sequence[str | None]) -> bytes:
    """Texts and NULLs as an array in PostgreSQL's binary form."""
    parts = [struct.pack(">iiIii", 1, 1, _TEXT, len(values), 1)]
    for value in values:
        raw = b"" if value is None else value.encode()
        parts += [struct.pack(">i", -1 if value is None else len(raw)), raw]
    return b"".join(parts)


def _times(values: Sequence[int | None]) -> bytes:
    return array("q", [_NONE if value is None else value for value in values])
