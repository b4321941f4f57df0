"""The journal (sổ nhật ký): append in the transaction of the change itself, read from a cursor.

`kind` is `room.thing.verb`, e.g. `sensing.thing.created`; `subject` is `thing:12`; `actor` is guard's Caller.actor.
"""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Session

from dothi.journal import store
from dothi.journal.tables import Entry
from dothi.kit import clock

Visibility = Literal["open", "shared", "restricted"]


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
    store.insert_entry(
        session, at=clock.now_micros(), kind=kind, actor=actor, agency_id=agency_id,
        subject=subject, place=place, visibility=visibility, data=data,
    )  # fmt: skip


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
