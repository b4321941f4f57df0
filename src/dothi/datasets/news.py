"""What datasets say on the bus, once a transaction stands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from dothi.kit import bus

_WAITING = "dothi.datasets.after_commit"


@dataclass(frozen=True)
class DatasetChanged:
    """Records or description of a dataset changed and the change is committed; hearers get None for a session."""

    id: int
    code: str
    version: int


def changed(session: Session, id_: int, code: str, version: int) -> None:
    """Tell of a change once the session's transaction is committed; never when it is undone."""
    after_commit(session, lambda: bus.say(None, DatasetChanged(id_, code, version)))


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
