"""What a phone sends after it was offline: each parcel once, however often it comes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.cases import field_store as store
from dothi.cases import news
from dothi.cases.jobs import Meanwhile
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault, NotSignedIn

KEPT = 30 * clock.DAY  # a phone that was off longer sends nothing that still counts
_KEY = re.compile(r"[0-9A-Za-z-]{16,64}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a parcel was answered; again: it came before."""

    body: dict[str, Any]
    again: bool


def before(session: Session, caller: Caller, key: str) -> Answer | None:
    """The answer of a parcel that came before; None for a new one. Raises Conflict for somebody else's."""
    if not _KEY.fullmatch(key):
        raise BadInput(
            "the parcel has no key", [Fault("key", "is no key", "16 to 64 letters, digits and -, as a UUID has")]
        )
    found = store.sent(session, key)
    if found is None:
        return None
    if found.actor != caller.actor:
        raise Conflict("this parcel was sent by somebody else")
    return Answer(found.answer, again=True)


def once(session: Session, caller: Caller, key: str, act: Callable[[], dict[str, Any]]) -> Answer:
    """Do what a parcel says, unless it was done; what was refused is refused alike the next time.

    What a caller cannot help (not signed in, no turn, a fault of ours) is not kept: the parcel may be sent again.
    """
    found = before(session, caller, key)
    if found is not None:
        return found
    if not store.claim(session, key, caller.actor, news.now()):
        return before(session, caller, key) or Answer({"state": "done"}, again=True)
    try:
        with session.begin_nested():
            body = {"state": "done", **act()}
    except NotSignedIn:
        raise
    except DothiError as error:
        if error.status >= 429:
            raise
        body = {
            "state": "conflict" if error.status in (404, 409, 412) else "refused", "status": error.status,
            "message": error.message, "faults": [[one.place, one.message, one.allowed or ""] for one in error.faults],
        }  # fmt: skip
        if isinstance(error, Meanwhile):
            body |= {"who": error.who, "at": error.at, "job_state": error.state}
    store.answered(session, key, body)
    return Answer(body, again=False)
