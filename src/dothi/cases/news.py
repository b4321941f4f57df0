"""What cases says: news on the bus in the same transaction, and the journal entry of each thing done."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.cases.tables import Case
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import bus, clock

ENGINE = "dothi"  # the actor of what dothi does by itself
REPORTER = "reporter"  # the actor of an entry of whoever reported: never which person that is
_moment: ContextVar[int | None] = ContextVar("dothi.cases.moment", default=None)


@dataclass(frozen=True)
class CaseMoved:
    """A case was opened or took a step in this transaction. before: None when it was opened; at: µs."""

    case_id: int
    number: str
    type: str
    category: str | None
    agency_id: int | None
    before: str | None
    after: str
    step: str | None
    at: int


def now() -> int:
    """The instant verbs act at, µs: the present, or the one `at` says."""
    set_ = _moment.get()
    return clock.now_micros() if set_ is None else set_


def replayed() -> bool:
    """Whether verbs act at an instant that was said: nobody is told of a past that is made up."""
    return _moment.get() is not None


@contextmanager
def at(micros: int) -> Iterator[None]:
    """Have the verbs inside act at another instant: for a simulated past."""
    token = _moment.set(micros)
    try:
        yield
    finally:
        _moment.reset(token)


def actor(caller: Caller) -> str:
    """How entries name a caller."""
    return ENGINE if caller.kind == "key" and caller.id is None else caller.actor


def path(number: str) -> str:
    """Where a case is read."""
    return f"/cases/{number}"


def tell(
    session: Session, case: Case, kind: str, *, actor: str, shown: bool, data: dict[str, Any] | None = None
) -> None:
    """Append `cases.<kind>` about a case to the journal, as the last work of the transaction.

    shown: the case is on public pages and what is told holds nothing of a person and no citizen's words: everybody reads
    it then; else the office alone does.
    """
    told = {
        "number": case.number, "type": case.type, "category": case.category, "state": case.state, "phase": case.phase,
        "due_at": case.due_at, "simulated": case.simulated, "exercise": case.exercise, "url": path(case.number),
        **({"past": True} if replayed() else {}), **(data or {}),
    }  # fmt: skip
    journal.append_last(
        session, f"cases.{kind}", actor=actor, subject=f"case:{case.number}", agency_id=case.agency_id, place=case.unit,
        visibility="open" if shown else "restricted", data=told,
    )  # fmt: skip


def moved(session: Session, case: Case, before: str | None, step: str | None, at_: int) -> None:
    """Say that a case moved."""
    bus.say(
        session,
        CaseMoved(case.id, case.number, case.type, case.category, case.agency_id, before, case.state, step, at_),
    )
