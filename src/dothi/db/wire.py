"""Several statements in one message to PostgreSQL, through libpq itself: what a transaction says again and again.

A statement is made into text once, prepared once a connection, and sent with its values as text. The driver's cursor
costs five to ten times the processor (140 µs against 20 µs for one, 660 µs against 50 µs for ten in one message), and
more than the database takes to answer. Beside it the connection is SQLAlchemy's and the driver's own, in one transaction.
"""

import json
import select
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.adapt import Transformer
from sqlalchemy import JSON, Connection, Engine, Executable, event, text
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

_KNOWN = "dothi.db.wire"  # of a connection: what is prepared on it
_made: Any = PGDialect_psycopg
_DIALECT = _made(paramstyle="numeric_dollar")
_serials = count()
_Ok, _Tuples, _Sync, _Aborted = (
    pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK, pq.ExecStatus.PIPELINE_SYNC, pq.ExecStatus.PIPELINE_ABORTED,
)  # fmt: skip
_NAME = "dothi-"  # what the names of prepared statements begin with


class Statement:
    """A statement that is made once. names: of its values.

    query: as SQLAlchemy has it; or spelled for each database, by the name of its dialect (`upsert.for_each`).
    A value's type is the column's; none becomes several (`in_`), and no column has a default made in Python.
    """

    __slots__ = ("_json", "_known", "_names", "_own", "_text", "name", "query")

    def __init__(self, query: Executable | str | Mapping[str, Executable], names: Sequence[str] | None = None) -> None:
        both = query if isinstance(query, Mapping) else dict.fromkeys(("sqlite", "postgresql"), query)
        self.query, self._own = (
            text(one) if isinstance(one, str) else one for one in (both["sqlite"], both["postgresql"])
        )
        self.name = f"{_NAME}{next(_serials)}".encode()
        self._text: bytes | None = query.encode() if isinstance(query, str) else None
        self._names: tuple[str, ...] = tuple(names or ())
        self._json: frozenset[str] = frozenset()
        self._known: Mapping[str, Any] = {}

    def sql(self) -> bytes:
        """Its text, with $1 and on for its values."""
        if self._text is None:
            made: Any = self._own.compile(dialect=_DIALECT, column_keys=self._names or None)  # type: ignore[attr-defined]
            if getattr(made, "insert_prefetch", None) or getattr(made, "update_prefetch", None):
                raise TypeError("a column that is left out has a default made in Python")
            self._names = tuple(made.positiontup or ())
            self._known = dict(made.construct_params(_check=False))
            self._json = frozenset(name for one, name in made.bind_names.items() if isinstance(one.type, JSON))
            self._text = str(made).encode()
        return self._text

    def values(self, given: Mapping[str, Any]) -> list[bytes | None]:
        """Values as the database reads them, in its order."""
        known, jsons = self._known, self._json
        found: list[bytes | None] = []
        for name in self._names:
            value = given[name] if name in given else known[name]
            if value is not None and jsons and name in jsons:
                value = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            found.append(_written(value))
        return found


def _written(value: Any) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        said = value.encode()
        if b"\0" in said:  # in text form it would end there
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return said
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, int):
        return b"%d" % value
    if isinstance(value, float):
        return repr(value).encode()
    raise TypeError(f"{type(value).__name__} is no value of a statement that is sent so")


BEGIN, COMMIT = Statement("BEGIN"), Statement("COMMIT")
Said = tuple[Statement, Mapping[str, Any]]


@dataclass(slots=True)
class _Link:
    """What is known of a connection of the driver's."""

    prepared: set[bytes]
    reads: Any  # makes values of what the database answers
    poll: Any
    state: str = "sure"  # whether that still stands: sure | likely | doubtful


def watch(engine: Engine) -> None:
    """Keep in mind when the driver may have dropped what was prepared: it does so when it undoes or alters something."""

    def doubt(connection: Connection, *_: object) -> None:
        if (found := connection.info.get(_KNOWN)) is not None:
            found.state = "doubtful"

    def begun(connection: Connection) -> None:
        found = connection.info.get(_KNOWN)
        if found is not None and found.state == "sure":
            found.state = "likely"

    event.listen(engine, "begin", begun)
    event.listen(engine, "rollback", doubt)
    event.listen(engine, "rollback_savepoint", doubt)


def send(connection: Connection, said: Sequence[Said]) -> list[list[tuple[Any, ...]]]:
    """Send statements in one message; gives the rows of each. The transaction begins with the first message.

    Raises what the driver would, as SQLAlchemy wraps it: of the first that fails; none after it is carried out.
    """
    driver: Any = connection.connection.driver_connection
    link: _Link | None = connection.info.get(_KNOWN)
    if link is None:
        poll = select.poll()
        poll.register(driver.pgconn.socket, select.POLLIN)
        link = connection.info[_KNOWN] = _Link(set(), Transformer(driver), poll)
    fresh = driver.pgconn.transaction_status == pq.TransactionStatus.IDLE
    begins = fresh and not driver.autocommit
    try:
        # a message that begins the transaction and fails at its first statement has done nothing
        tried = link.state == "sure" or (fresh and link.state == "likely" and said[0][0].name in link.prepared)
        if link.prepared and not tried:
            _look(driver, link)
        try:
            found = _sent(driver, link, said, begins=begins)
        except errors.InvalidSqlStatementName:
            if not fresh:
                raise
            driver.rollback()
            _look(driver, link)
            found = _sent(driver, link, said, begins=begins)
    except psycopg.Error as error:
        raise DBAPIError.instance(None, None, error, psycopg.Error, dialect=connection.dialect) from error
    link.state = "sure"
    return found


def _look(driver: Any, link: _Link) -> None:
    """See what is still prepared."""
    found = _sent(driver, link, [(_STANDING, {})], begins=False, prepare=False)
    link.prepared = {name.encode() for (name,) in found[0]}


_STANDING = Statement(f"SELECT name FROM pg_prepared_statements WHERE name LIKE '{_NAME}%'")


def _sent(
    driver: Any, link: _Link, said: Sequence[Said], *, begins: bool, prepare: bool = True
) -> list[list[tuple[Any, ...]]]:
    raw = driver.pgconn
    texts = [(one.sql(), one.values(values)) for one, values in said]
    new: dict[bytes, int] = {}  # what is being prepared, by the place of the answer
    answers = 0
    raw.enter_pipeline_mode()
    try:
        if begins:
            raw.send_query_params(b"BEGIN", None)
            answers += 1
        wanted = []
        for (one, _), (text, values) in zip(said, texts, strict=True):
            if not prepare or one is COMMIT:
                raw.send_query_params(text, values or None)
            else:
                if one.name not in link.prepared and one.name not in new:
                    raw.send_prepare(one.name, text)
                    new[one.name] = answers
                    answers += 1
                raw.send_query_prepared(one.name, values or None)
            wanted.append(answers)
            answers += 1
        raw.pipeline_sync()
        flush(raw, link.poll)
        results = _results(raw, link)
    finally:
        if raw.status == pq.ConnStatus.OK:
            raw.exit_pipeline_mode()
    link.prepared.update(name for name, place in new.items() if results[place].status == _Ok)
    failed = next((one for one in results if one.status not in (_Ok, _Tuples)), None)
    if failed is not None:
        raise errors.error_from_result(failed)
    return [_rows(link.reads, results[place]) for place in wanted]


def flush(raw: Any, poll: Any) -> None:
    """Send what the socket did not take at once, and read meanwhile: the database may wait to be heard, too.

    poll: of the connection's socket, registered for reading.
    """
    while raw.flush():
        poll.modify(raw.socket, select.POLLIN | select.POLLOUT)
        try:
            if poll.poll()[0][1] & ~select.POLLOUT:
                raw.consume_input()
        finally:
            poll.modify(raw.socket, select.POLLIN)


def answer(raw: Any, poll: Any) -> Any | None:
    """The next result, waited for without holding up this process; None at the end of one statement's."""
    while raw.is_busy():
        poll.poll()
        raw.consume_input()
    return raw.get_result()


def _results(raw: Any, link: _Link) -> list[Any]:
    """The answer to each statement of a message."""
    found: list[Any] = []
    while True:
        one = answer(raw, link.poll)
        if one is not None and one.status == _Sync:
            return found
        if one is not None:
            found.append(one)
        if raw.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError(raw.get_error_message())


def _rows(reads: Any, result: Any) -> list[tuple[Any, ...]]:
    if result.status != _Tuples:
        return []
    reads.set_pgresult(result)
    rows: list[tuple[Any, ...]] = reads.load_rows(0, result.ntuples, tuple)
    return rows
