"""Every change to a sensing entity is told once: to the journal, and to the rooms above."""

import re
from functools import partial
from typing import Any, cast

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import bus
from dothi.sensing.news import EntityChanged, Verb, before_commit
from dothi.sensing.store import Owner


def noun(entity: str) -> str:
    """An entity's name in journal kinds and subjects: `MultiDatastream` is `multi_datastream`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", entity).lower()


def tell(
    session: Session, caller: Caller, entity: str, id_: int | str, verb: Verb, of: Owner, data: dict[str, Any]
) -> None:
    """Append `sensing.<noun>.<verb>` about `<noun>:<id>` to the journal and say EntityChanged.

    The entry is written as the transaction's last work: writers of the journal take turns until their commit, and who
    has the turn must not wait for anything else.
    """
    entry = partial(
        journal.append, session, f"sensing.{noun(entity)}.{verb}", actor=caller.actor, subject=f"{noun(entity)}:{id_}",
        agency_id=of.agency_id, place=of.place, visibility=cast("journal.Visibility", of.sharing), data=data,
    )  # fmt: skip
    before_commit(session, entry)
    bus.say(session, EntityChanged(entity, id_, verb))
