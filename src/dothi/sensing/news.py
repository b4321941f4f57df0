"""What sensing says on the bus, and what it does only once a transaction stands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import event
from sqlalchemy.orm import Session

Verb = Literal["created", "updated", "deleted"]


@dataclass(frozen=True)
class EntityChanged:
    """A SensorThings entity was created, updated or deleted in this transaction.

    entity: the standard's singular name (`Thing`, `MultiDatastream`, …); id: its number, or an Observation's text id.
    """

    entity: str
    id: int | str
    verb: Verb


@dataclass(frozen=True)
class HoursRolled:
    """Hours were rolled up (again) in this transaction: stretches (datastream, first hour, last hour), µs UTC."""

    stretches: tuple[tuple[int, int, int], ...]


_WAITING, _LAST = "dothi.sensing.after_commit", "dothi.sensing.before_commit"


def before_commit(session: Session, call: Callable[[], Any]) -> None:
    """Call this as the last work of the session's transaction; at once inside a savepoint, which may yet be undone."""
    if session.in_nested_transaction():
        call()
        return
    waiting: list[Callable[[], Any]] | None = session.info.get(_LAST)
    if waiting is None:
        waiting = session.info[_LAST] = []
        event.listen(session, "before_commit", _committing)
        event.listen(session, "after_rollback", _forget)
    waiting.append(call)


def last_waiting(session: Session) -> Callable[[], Any] | None:
    """What is to be called last before the commit, so far; None where nothing waits."""
    waiting = None if session.in_nested_transaction() else session.info.get(_LAST)
    return waiting[-1] if waiting else None


def after_commit(session: Session, call: Callable[[], Any]) -> None:
    """Call this once the session's transaction is committed; never when it is undone."""
    waiting: list[Callable[[], Any]] | None = session.info.get(_WAITING)
    if waiting is None:
        waiting = session.info[_WAITING] = []
        event.listen(session, "after_commit", _committed)
        event.listen(session, "after_rollback", _undone)
    waiting.append(call)


def _committed(session: Session) -> None:
    if session.in_nested_transaction():  # only a savepoint
        return
    waiting, session.info[_WAITING][:] = list(session.info[_WAITING]), []
    for call in waiting:
        call()


def _undone(session: Session) -> None:
    session.info[_WAITING].clear()


def _committing(session: Session) -> None:
    if session.in_nested_transaction():
        return
    while waiting := session.info[_LAST]:
        session.info[_LAST] = []
        for call in waiting:
            call()


def _forget(session: Session) -> None:
    session.info[_LAST].clear()
