"""Wall screens: each has a token of its own that reads, and no more; the token is shown once, only its hash is kept."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from dothi.duty import sight, store, views
from dothi.duty.tables import Wall
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import nfc
from dothi.sensing.news import before_commit

MOST_VIEWS = 12
SECONDS = range(5, 3601)  # how long a view stands
READS = ("alarms:read", "sensing:read", "data:read")
_SEEN_EVERY = 60 * clock.SECOND


def create(
    session: Session, caller: Caller, title: str, turns: Sequence[Mapping[str, Any]], agency_id: int | None = None
) -> tuple[Wall, str]:
    """Make a wall and its token, which is not shown again. Needs duty:lead over what it shows.

    turns: views it turns through, each `{title, state, seconds}`. agency_id: what that agency sees; None: everything,
    for which its maker must read every alarm.
    """
    sight.person_of(caller)
    guard.require(caller, "duty:lead", agency_id)
    for permission in READS:  # a wall sees no more than its maker
        guard.require(caller, permission, agency_id)
    title, faults, kept = nfc(title.strip()), list[Fault](), list[dict[str, Any]]()
    if not 1 <= len(title) <= 80:
        faults.append(Fault("title", "is missing" if not title else f"{len(title)} characters", "1 to 80 characters"))
    if not 1 <= len(turns) <= MOST_VIEWS:
        faults.append(Fault("views", f"{len(turns)} views", f"1 to {MOST_VIEWS}"))
    for i, one in enumerate(turns[:MOST_VIEWS]):
        state, wrong = views.cleaned(one.get("state") or {})
        seconds = one.get("seconds", 30)
        if not isinstance(seconds, int) or seconds not in SECONDS:
            wrong.append(Fault("seconds", f"{seconds!r}", f"{SECONDS[0]} to {SECONDS[-1]}"))
        faults += [Fault(f"views.{i}.{fault.place}", fault.message, fault.allowed) for fault in wrong]
        kept.append({"title": nfc(str(one.get("title", "")))[:80], "state": state, "seconds": seconds})
    if faults:
        raise BadInput("this wall cannot be made", faults)
    token = "w_" + secrets.token_urlsafe(32)
    made = Wall(
        title=title,
        token=_hash(token),
        agency_id=agency_id,
        views=kept,
        created_by=caller.actor,
        created_at=clock.now_micros(),
    )
    session.add(made)
    session.flush()
    _tell(session, "duty.wall.created", caller, made)
    return made, token


def list_(session: Session, caller: Caller) -> list[Wall]:
    """The walls of desks the caller leads; those in use first."""
    if not guard.may_somewhere(caller, "duty:lead"):
        guard.require(caller, "duty:lead")
    return store.walls(session, sight.walls(caller))


def revoke(session: Session, caller: Caller, id_: int) -> Wall:
    """Make a wall's token worthless."""
    sight.person_of(caller)
    found = store.wall(session, id_, sight.walls(caller))
    if found is None:
        raise sight.not_found("wall")
    if found.revoked_at is None:
        found.revoked_at = clock.now_micros()
        session.flush()
        _tell(session, "duty.wall.revoked", caller, found)
    return found


def of_token(session: Session, token: str) -> Wall | None:
    """The wall a token opens; None for one that is wrong or was revoked."""
    return store.wall_of(session, _hash(token)) if token.startswith("w_") and len(token) < 100 else None


def caller_of(wall: Wall) -> Caller:
    """What a wall may do: read, within its agency or everywhere. It is no person, and writes nothing."""
    held = frozenset(READS)
    if wall.agency_id is None:
        return Caller("key", None, wall.title, None, everywhere=held)
    return Caller("key", None, wall.title, wall.agency_id, within=frozenset((one, wall.agency_id) for one in held))


def saw(session: Session, wall: Wall) -> bool:
    """Note that a wall is alive, at most once a minute; needs a writing session. True when it was noted."""
    now = clock.now_micros()
    if wall.seen_at is not None and now - wall.seen_at < _SEEN_EVERY:
        return False
    found = store.wall_of(session, wall.token)
    if found is not None:
        found.seen_at = now
    return found is not None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _tell(session: Session, kind: str, caller: Caller, wall: Wall) -> None:
    entry = partial(
        journal.append, session, kind, actor=caller.actor, subject=f"wall:{wall.id}", agency_id=wall.agency_id,
        data={"title": wall.title, "views": len(wall.views)},
    )  # fmt: skip
    before_commit(session, entry)
