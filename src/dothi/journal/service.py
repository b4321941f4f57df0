"""The journal (sổ nhật ký): append in the transaction of the change itself, read from a cursor.

`kind` is `room.thing.verb`, e.g. `sensing.thing.created`; `subject` is `thing:12`; `actor` is guard's Caller.actor.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from dothi.db import commits
from dothi.db.wire import Statement
from dothi.journal import store
from dothi.journal.tables import Entry
from dothi.kit import clock

Visibility = Literal["open", "shared", "restricted"]
_UNSAID = {"agency_id": None, "subject": None, "place": None, "visibility": "restricted", "data": None}


def append(
    session: Session,
    kind: str,
    *,
    actor: str,
    subject: str | None = None,
    agency_id: int | None = None,
    place: str | None = None,
    visibility: Visibility = "restricted",
    data: dict[str, Any] | None = None,
) -> None:
    """Write one entry; it stands or falls with the caller's transaction."""
    entry = {
        "at": clock.now_micros(), "kind": kind, "actor": actor, "agency_id": agency_id, "subject": subject,
        "place": place, "visibility": visibility, "data": data,
    }  # fmt: skip
    store.insert_entries(session, [entry])


def append_all(session: Session, said: Iterable[dict[str, Any]]) -> None:
    """Write several entries, each said as to `append`, in their order and with one statement."""
    store.insert_entries(session, [{**_UNSAID, "at": clock.now_micros(), **one} for one in said])


def append_last(session: Session, kind: str, **said: Any) -> None:
    """Append with the commit itself, said as to `append`: the turn is held for no longer than the database takes.

    Where that cannot be (SQLite, a savepoint that may yet be undone), it is written now.
    """
    if not at_end(session):
        append(session, kind, **said)
        return
    given = {**_UNSAID, **said}
    store.insert_last(session, lambda: {"at": clock.now_micros(), "kind": kind, **given})


def at_end(session: Session) -> bool:
    """Whether statements can run with the commit itself."""
    return commits.together(session) and not session.in_nested_transaction()


def last(session: Session, statement: Statement, values: Any) -> None:
    """Have a statement run with the commit itself, while this transaction has the turn; only `at_end`."""
    store.last(session, statement, values)


def take_turn(session: Session) -> None:
    """Take the turn to write now, not with the first entry: what is read from here on nobody else adds to meanwhile."""
    store.take_turn(session)


def read(
    session: Session,
    after: int = 0,
    limit: int = 100,
    *,
    sees: ColumnElement[bool],
    kinds: Sequence[str] = (),
    subject: str | None = None,
    newest_first: bool = False,
) -> list[dict[str, Any]]:
    """Entries after a cursor (an entry's id), oldest first; newest_first turns it round, and `after` is then an end.

    sees: the clause of what the caller may see (identity.guard.sees_entries). kinds: prefixes, `sensing.thing`.
    A reader that always continues from the last id it got misses nothing: ids are in the order of commits.
    """
    where = [sees]
    if kinds:
        where.append(or_(*(_begins(kind) for kind in kinds)))
    if subject:
        where.append(Entry.subject == subject)
    return store.read(session, after, limit, where, newest_first=newest_first)


def newest(session: Session) -> int:
    """The cursor from which only what comes from now on is read."""
    return store.newest(session)


def _begins(kind: str) -> ColumnElement[bool]:
    return or_(Entry.kind == kind, Entry.kind.startswith(kind.rstrip(".") + ".", autoescape=True))
