"""The hot lane: one driver-level statement, compiled once, whose rows the database has already made into text.

For plain async routes that only read. Follows `db.session.engine()`: when that changes, so do the connections.
PostgreSQL is asked through `hot_postgresql`. SQLite is asked on
the event loop where the statement is known to be short (a thread costs more than it), else in a few threads.
"""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Any, cast

import asyncpg
from sqlalchemy import Engine, Select
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.sql.compiler import SQLCompiler

from dothi.config import settings
from dothi.db import session
from dothi.db.engine import set_up_sqlite
from dothi.db.hot_postgresql import Lost, Pool
from dothi.kit.errors import BadInput, DothiError

_THREADS = 4
_WRITTEN = 512  # forms of statements kept
_serials = count()  # of lanes and connections, so that no two are taken for one
_STEPS = 20_000  # SQLite instructions between two looks at the clock


class Away(DothiError):
    """The database does not answer just now."""

    status = 503


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text in the driver's own form, the names of its values in order, and the values it already knows."""

    sql: str
    names: tuple[str, ...]
    known: Mapping[str, Any]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in the order the driver wants them."""
        known = self.known
        return [given[name] if name in given else known[name] for name in self.names]


@dataclass
class _Lane:
    """The connections of one engine."""

    engine: Engine
    local: threading.local = field(default_factory=threading.local)
    opened: list[sqlite3.Connection] = field(default_factory=list)
    threads: ThreadPoolExecutor | None = None
    pools: dict[tuple[asyncio.AbstractEventLoop, bool], Pool] = field(default_factory=dict)
    dialect: Any = None
    serial: int = field(default_factory=lambda: next(_serials))
    # by form: as SQLAlchemy wrote it, its text, the names of its values in order
    written: dict[Any, tuple[SQLCompiler, str, tuple[str, ...]]] = field(default_factory=dict)
    varying: dict[Any, None] = field(default_factory=dict)  # forms whose text depends on their values

    def __post_init__(self) -> None:
        self.sqlite = self.engine.dialect.name == "sqlite"
        # $1 instead of %(name)s: the driver passes the text on unread
        own: Any = PGDialect_psycopg
        self.dialect = self.engine.dialect if self.sqlite else own(paramstyle="numeric_dollar")


_current: _Lane | None = None


def _lane() -> _Lane:
    global _current
    engine = session.engine()
    if _current is None or _current.engine is not engine:
        if _current is not None:
            _discard(_current)
        _current = _Lane(engine)
    return _current


def identity() -> int:
    """Changes with the engine: part of the key of whatever keeps statements."""
    return id(session.engine())


def compiled(query: Select[Any]) -> Statement:
    """The statement of a SQLAlchemy expression for the engine in use.

    Writing it out is most of the work of a question never asked before, and questions differ in their values more
    often than in their form: what was written for another of the same form serves again, with the values of this one.
    """
    lane = _lane()
    form = query._generate_cache_key()  # noqa: SLF001 - as SQLAlchemy's own connections do it
    if form is None or form.key in lane.varying:
        return _compiled(lane, query)
    written = lane.written.get(form.key)
    if written is None:
        made = query._compiler(lane.dialect, cache_key=form)  # noqa: SLF001
        if made.post_compile_params or made.literal_execute_params:  # its text depends on its values
            _keep(lane.varying, form.key, None)
            return _compiled(lane, query)
        written = made, str(made), tuple(made.positiontup or ())
        _keep(lane.written, form.key, written)
    made, text, names = written
    return Statement(text, names, made.construct_params(extracted_parameters=form.bindparams, _check=False))


def _compiled(lane: _Lane, query: Select[Any]) -> Statement:
    made = query.compile(dialect=lane.dialect, compile_kwargs={"render_postcompile": True})
    return Statement(str(made), tuple(made.positiontup or ()), dict(made.construct_params(_check=False)))


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    """Keep one more; of too many the oldest goes."""
    kept[key] = value
    if len(kept) > _WRITTEN:
        kept.pop(next(iter(kept)), None)


async def fetch(
    statement: Statement, given: Mapping[str, Any], *, short: bool = False, many: bool = False
) -> list[tuple[Any, ...]]:
    """All rows of a statement.

    short: it reads few rows whatever the database holds, so SQLite may answer on the event loop.
    many: of these few there are hundreds, so that SQLite answers in a thread and others go on meanwhile.
    Raises BadInput where the database cannot compute what was asked, or not in time (setting query_seconds).
    """
    lane = _lane()
    values = statement.values(given)
    if not lane.sqlite:
        return await _fetch_postgresql(lane, statement.sql, values, short=short)
    if short and not many:
        return _fetch_sqlite(lane, statement.sql, values)
    if lane.threads is None:
        lane.threads = ThreadPoolExecutor(_THREADS, "dothi-read")
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(lane.threads, _fetch_sqlite, lane, statement.sql, values)


async def stamp() -> object:
    """Names what the database holds at this moment: while it stays equal, the same question has the same answer.

    Only stamps taken on one event loop compare. SQLite counts what other connections commit (the lane's only read);
    PostgreSQL names the transactions whose work is visible, which nothing but a commit changes, a new start of the
    server aside.
    """
    lane = _lane()
    if lane.sqlite:
        version = _fetch_sqlite(lane, "PRAGMA data_version", [])[0][0]
        return lane.local.serial, version
    started = "pg_postmaster_start_time()::text"
    found = await _fetch_postgresql(lane, f"SELECT pg_current_snapshot()::text, {started}", [], short=True)
    return lane.serial, found[0]


def _fetch_sqlite(lane: _Lane, sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    local = lane.local
    connection: sqlite3.Connection | None = getattr(local, "connection", None)
    if connection is None:
        path = cast("str", lane.engine.url.database)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=30, cached_statements=512)
        set_up_sqlite(connection)
        connection.execute("PRAGMA query_only=ON").close()
        local.connection, local.until, local.serial = connection, 0.0, next(_serials)
        connection.set_progress_handler(lambda: time.monotonic() > local.until, _STEPS)
        lane.opened.append(connection)
    local.until = time.monotonic() + settings().query_seconds
    try:
        return connection.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        if "interrupted" in str(error):
            raise _too_slow() from None
        if isinstance(error, sqlite3.OperationalError) and ("lock" in str(error) or "disk" in str(error)):
            raise Away(f"the database does not answer: {error}") from None
        if "no such" in str(error) or "syntax" in str(error):
            raise
        raise _cannot(error) from None
    except OverflowError as error:
        raise _cannot(error) from None


async def _fetch_postgresql(lane: _Lane, sql: str, values: list[Any], *, short: bool) -> list[tuple[Any, ...]]:
    key = asyncio.get_running_loop(), short
    pool = lane.pools.get(key)
    if pool is None:
        config = settings()
        pool = lane.pools[key] = Pool(lane.engine, config.pool, config.query_seconds, short=short)
    try:
        return await pool.fetch(sql, values)
    except asyncpg.QueryCanceledError:
        raise _too_slow() from None
    except (asyncpg.DataError, asyncpg.InternalServerError) as error:  # PostGIS says XX000
        raise _cannot(error) from None
    except Lost as error:
        raise Away(f"the database does not answer: {error}") from None


def _too_slow() -> BadInput:
    return BadInput(
        f"the query takes longer than {settings().query_seconds} s; narrow it, for example by a Datastream or a time range"
    )


def _cannot(error: Exception) -> BadInput:
    return BadInput(f"the database cannot compute this: {str(error).splitlines()[0][:200]}")


async def close() -> None:
    """Close every connection of the engine in use; the next fetch opens new ones."""
    global _current
    lane, _current = _current, None
    if lane is not None:
        for short in (True, False):
            pool = lane.pools.pop((asyncio.get_running_loop(), short), None)
            if pool is not None:
                await pool.close()
        _discard(lane)


def _discard(lane: _Lane) -> None:
    if lane.threads is not None:
        lane.threads.shutdown(wait=True)
    for connection in lane.opened:
        connection.close()
    lane.opened.clear()
    for (loop, _), pool in lane.pools.items():
        if loop.is_running():
            loop.call_soon_threadsafe(pool.end)
        else:
            pool.end()
    lane.pools.clear()
