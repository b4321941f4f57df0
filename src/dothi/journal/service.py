"""Append to the journal in the transaction of the change itself."""

from typing import Any, Literal

from sqlalchemy.orm import Session

from dothi.journal import store
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
    """Write one entry; it stands or falls with the caller's transaction.

    kind: `room.thing.verb`, e.g. `sensing.thing.created`; subject: `thing:12`; actor: guard.Caller.actor.
    """
    store.insert_entry(
        session, at=clock.now_micros(), kind=kind, actor=actor, agency_id=agency_id,
        subject=subject, place=place, visibility=visibility, data=data,
    )
