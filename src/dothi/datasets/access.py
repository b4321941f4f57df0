"""Which dataset a caller means and whether they may do to it what they ask; not visible and not there answer alike."""

from sqlalchemy.orm import Session

from dothi.datasets import store
from dothi.datasets.tables import Dataset
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import Conflict, NotAllowed, NotFound


def seen(session: Session, caller: Caller, code: str) -> Dataset:
    """A dataset the caller sees; NotFound otherwise."""
    found = store.visible(session, caller, code)
    if found is None:
        raise _absent(code)
    return found


def held(session: Session, caller: Caller, code: str, permission: str) -> Dataset:
    """A dataset over which the caller holds a permission, locked for the rest of the transaction.

    Raises NotFound where they neither see it nor hold the permission, NotAllowed (NotSignedIn) where they only see it.
    """
    found = store.locked(session, code)
    if found is None:
        raise _absent(code)
    if guard.may(caller, permission, found.agency_id, found.code):
        return found
    if store.visible(session, caller, code) is None:
        raise _absent(code)
    guard.require(caller, permission, found.agency_id, dataset=found.code)
    raise NotAllowed(permission)  # not reached: require has raised


def writable(session: Session, caller: Caller, code: str) -> Dataset:
    """A dataset whose records the caller may change; Conflict for a retired one."""
    found = held(session, caller, code, "data:write")
    if found.status == "retired":
        raise Conflict(f"the dataset {code!r} is retired; it is kept as it is")
    return found


def home(caller: Caller, permission: str = "data:describe") -> int | None:
    """The agency a new dataset of the caller belongs to, unless they say another."""
    if caller.agency_id is not None:
        return caller.agency_id
    agencies = {agency for one, agency in caller.within if one == permission}
    return agencies.pop() if len(agencies) == 1 else None


def _absent(code: str) -> NotFound:
    return NotFound(f"there is no dataset {code[:80]!r}, or you may not see it")
