"""Sessions: one request, one transaction, committed at the edge; reading and writing ones differ."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dothi.config import settings
from dothi.db.engine import make_engine
from dothi.db.turn import NoTurn, Turn, no_turn, write_turn

_engine: Engine | None = None


def engine() -> Engine:
    """The engine of this process, made from the settings on first use."""
    global _engine
    if _engine is None:
        config = settings()
        if not config.database_url:
            config.data.mkdir(parents=True, exist_ok=True)
        _engine = make_engine(config.database, config.pool)
    return _engine


def use(new: Engine | None) -> None:
    """Have this process use another engine (tests, tools)."""
    global _engine
    _engine = new


@contextmanager
def reading() -> Iterator[Session]:
    """A session that only reads; nothing it does is kept."""
    with Session(engine(), autoflush=False) as session:
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """A session whose transaction is committed at the end, or undone by an error.

    On SQLite it holds the one write lock from its first statement (BEGIN IMMEDIATE).
    """
    made = engine()
    with turn(made), Session(made.execution_options(dothi_writes=True), expire_on_commit=False) as session:
        with session.begin():
            yield session


def turn(made: Engine) -> Turn | NoTurn:
    """The queue for this process's writers: SQLite has one writer at a time."""
    return write_turn if made.dialect.name == "sqlite" else no_turn


def read_session() -> Iterator[Session]:
    """The FastAPI dependency of `reading`."""
    with reading() as session:
        yield session


def write_session() -> Iterator[Session]:
    """The FastAPI dependency of `writing`: use it with scope="function", so that a failed commit is never a 200."""
    with writing() as session:
        yield session
