"""Who may write which sensing entity. One question to `guard` each; device keys send observations of their thing only."""

from dothi.config import settings
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import NotAllowed
from dothi.sensing.store import Owner

UNOWNED = ("Sensor", "ObservedProperty")  # shared by everyone: whoever writes sensing anywhere may write them


def home(caller: Caller) -> Owner:
    """Whose a new thing of this caller is."""
    agency = caller.agency_id
    if agency is None:
        held = {where for permission, where in caller.within if permission == "sensing:write"}
        agency = held.pop() if len(held) == 1 else None
    return Owner(0, agency, settings().default_sharing)


def require(caller: Caller, entity: str, owner: Owner) -> None:
    """Refuse unless the caller may create, change or delete this entity of this owner."""
    if entity == "Observation":
        guard.require(caller, "observations:write", owner.agency_id, thing_id=owner.thing_id)
        return
    if caller.thing_id is not None:
        raise NotAllowed(f"this device key sends Observations of Thing {caller.thing_id} only; it changes no {entity}")
    if entity in UNOWNED:
        if not guard.may_somewhere(caller, "sensing:write"):
            guard.require(caller, "sensing:write")
        return
    guard.require(caller, "sensing:write", owner.agency_id, thing_id=owner.thing_id)


def require_any(caller: Caller) -> None:
    """Refuse at once a caller who may write nothing at all, before anything is looked up for them."""
    if not any(guard.may_somewhere(caller, held) for held in ("sensing:write", "observations:write")):
        guard.require(caller, "sensing:write")
