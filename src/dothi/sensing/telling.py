"""Every change to a sensing entity is told once: to the journal, and to the rooms above."""

import re
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import bus
from dothi.sensing.news import EntityChanged, Verb, before_commit, last_waiting
from dothi.sensing.store import Owner


def noun(entity: str) -> str:
    """An entity's name in journal kinds and subjects: `MultiDatastream` is `multi_datastream`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", entity).lower()


@dataclass
class _Told:
    """Entries told one after the other, with nothing between them."""

    session: Session
    entries: list[dict[str, Any]] = field(default_factory=list)

    def append(self, kind: str, **said: Any) -> None:
        self.entries.append({"kind": kind, **said})

    def __call__(self) -> None:
        journal.append_all(self.session, self.entries)


def tell(
    session: Session, caller: Caller, entity: str, id_: int | str, verb: Verb, of: Owner, data: dict[str, Any]
) -> None:
    """Append `sensing.<noun>.<verb>` about `<noun>:<id>` to the journal and say EntityChanged.

    The entry is written as the transaction's last work: writers of the journal take turns until their commit, and who
    has the turn must not wait for anything else.
    """
    waiting = last_waiting(session)
    told = waiting if isinstance(waiting, _Told) else _Told(session)
    told.append(
        f"sensing.{noun(entity)}.{verb}", actor=caller.actor, subject=f"{noun(entity)}:{id_}",
        agency_id=of.agency_id, place=of.place, visibility=of.sharing, data=data,
    )  # fmt: skip
    if told is not waiting:
        before_commit(session, told)
    bus.say(session, EntityChanged(entity, id_, verb))
