"""Sessions: one request, one transaction, committed at the edge; reading and writing ones differ."""

import atexit
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from dothi.config import settings
from dothi.db import alive
from dothi.db.engine import make_engine
from dothi.db.turn import NoTurn, Turn, no_turn, write_turn
from dothi.kit.errors import BadInput, Fault

log = logging.getLogger(__name__)
_engine: Engine | None = None


def engine() -> Engine:
    """The engine of this process, made from the settings on first use."""
    global _engine
    if _engine is None:
        config = settings()
        if not config.database_url:
            config.data.mkdir(parents=True, exist_ok=True)
        _engine = make_engine(config.database, config.pool)
        atexit.register(_engine.dispose)
    return _engine


def use(new: Engine | None) -> None:
    """Have this process use another engine (tests, tools)."""
    global _engine
    _engine = new


def beside() -> Engine:
    """An engine for what stands at once, whatever becomes of the transaction at hand: PostgreSQL only, two connections.

    Nobody holds one of them while waiting for anything, so that whoever is in a transaction gets one.
    """
    made = engine()
    found = _beside.get(made)
    if found is None:
        options = {"options": "-c jit=off -c synchronous_commit=off"}  # on disk before the transaction it serves
        found = create_engine(
            made.url,
            pool_size=2,
            max_overflow=0,
            isolation_level="AUTOCOMMIT",
            connect_args=options,
        )
        alive.watch(found)
        found = _beside.setdefault(made, found)
        event.listen(made, "engine_disposed", _leave)
    return found


_beside: dict[Engine, Engine] = {}


def _leave(made: Engine) -> None:
    found = _beside.pop(made, None)
    if found is not None:
        found.dispose()


@contextmanager
def reading() -> Iterator[Session]:
    """A session that only reads; nothing it does is kept."""
    with Session(engine(), autoflush=False) as session, _said():
        yield session


@contextmanager
def aside() -> Iterator[Session]:
    """A session that reads what stands, for code that may be inside another transaction without knowing it.

    Were its connection of the pool all share, those who hold the others could all be waiting for whoever asks.
    """
    made = engine()
    with Session(made if made.dialect.name == "sqlite" else beside(), autoflush=False) as session, _said():
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """A session whose transaction is committed at the end, or undone by an error.

    On SQLite it holds the one write lock from its first statement (BEGIN IMMEDIATE).
    """
    made = engine()
    with turn(made), Session(made.execution_options(dothi_writes=True), expire_on_commit=False) as session:
        with _said(), session.begin():
            yield session


@contextmanager
def _said() -> Iterator[None]:
    """A value no column holds (a zero character, a number beyond its type) is the caller's fault, not the server's."""
    try:
        yield
    except DataError as error:
        raise _unfit(error.orig) from error
    except OverflowError as error:
        if "SQLite" not in str(error):
            raise
        raise _unfit(error) from error


def _unfit(error: BaseException | None) -> BadInput:
    why = str(error).splitlines()[0][:200]
    log.warning("a value reached the database that it cannot hold: %s", why)
    return BadInput("a value is not one that can be kept or looked for", [Fault("value", why)])


def turn(made: Engine) -> Turn | NoTurn:
    """The queue for this process's writers: SQLite has one writer at a time."""
    return write_turn if made.dialect.name == "sqlite" else no_turn
