"""The journal's SQL."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, insert, literal, select
from sqlalchemy.orm import Session

from dothi.db import commits, wire
from dothi.db.wire import Statement
from dothi.db.words import in_turn
from dothi.journal.canon import FIELDS
from dothi.journal.tables import Entry, Seal

_TURN = "journal.turn"  # of a session: the transaction that holds it
_COLUMNS = [getattr(Entry, name) for name in FIELDS]
_TAKE = select(in_turn(literal("dothi.journal")))
_ADD = insert(Entry.__table__).inline()  # type: ignore[arg-type]
_TAKE_LAST, _ADD_LAST = wire.Statement(_TAKE), wire.Statement(_ADD, [name for name in FIELDS if name != "id"])


def insert_entries(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add entries, in turn: the next transaction gets its ids only when this one has ended.

    So ids are in the order of commits, and a reader that has seen an id has seen, or will never see, every one below.
    """
    take_turn(session)
    session.execute(_ADD, rows)


def last(session: Session, statement: Statement, values: Any) -> None:
    """Have a statement run with the commit itself, in turn. PostgreSQL only, and outside of savepoints."""
    connection = session.connection()
    if session.info.get(_TURN) is not session.get_transaction() and not commits.has_last(connection):
        commits.last(connection, _TAKE_LAST)
    commits.last(connection, statement, values)


def insert_last(session: Session, values: Callable[[], dict[str, Any]]) -> None:
    """Add one entry with the commit itself."""
    last(session, _ADD_LAST, values)


def take_turn(session: Session) -> None:
    """Wait until nobody else is about to add entries, and hold that until the transaction ends."""
    session.connection()  # begins the transaction, if nothing has yet
    running = session.get_transaction()
    if session.info.get(_TURN) is not running:
        commits.let_go(session.connection())
        session.execute(_TAKE)
        session.info[_TURN] = running


def read(
    session: Session, after: int, limit: int, where: Sequence[ColumnElement[bool]], *, newest_first: bool = False
) -> list[dict[str, Any]]:
    """Entries beyond a cursor that hold the clauses, oldest first (or newest first, before the cursor)."""
    query = select(*_COLUMNS).where(*where).limit(limit)
    if newest_first:
        query = query.order_by(Entry.id.desc())
        if after:
            query = query.where(Entry.id < after)
    else:
        query = query.where(Entry.id > after).order_by(Entry.id)
    return [dict(row) for row in session.execute(query).mappings()]


def newest(session: Session) -> int:
    """The id of the newest entry; 0 when there is none."""
    return session.scalar(select(func.max(Entry.id))) or 0


def entries(session: Session, first: int, last: int) -> Iterator[dict[str, Any]]:
    """Entries first to last, both included, a thousand at a time."""
    while first <= last:
        rows = session.execute(
            select(*_COLUMNS).where(Entry.id >= first, Entry.id <= last).order_by(Entry.id).limit(1000)
        ).mappings()
        part = [dict(row) for row in rows]
        yield from part
        if len(part) < 1000:
            return
        first = part[-1]["id"] + 1


def last_seal(session: Session) -> Seal | None:
    """The newest seal."""
    return session.scalars(select(Seal).order_by(Seal.id.desc()).limit(1)).first()


def seals(session: Session) -> Sequence[Seal]:
    """Every seal, oldest first."""
    return session.scalars(select(Seal).order_by(Seal.id)).all()


def add_seal(session: Session, seal: Seal) -> None:
    """Add a seal."""
    session.add(seal)
    session.flush()


def unsealed(session: Session, after: int) -> int:
    """How many entries stand beyond the last sealed one."""
    return session.scalar(select(func.count()).select_from(Entry).where(Entry.id > after)) or 0
