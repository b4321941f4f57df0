"""The one place that decides: who a caller is to dothi, what they may do, and which rows they may see."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, false, or_, true

from dothi.journal.tables import Entry
from dothi.kit.errors import NotAllowed, NotSignedIn

ROLES: dict[str, frozenset[str]] = {
    "reporter": frozenset(),
    "officer": frozenset({"sensing:read"}),
    "dispatcher": frozenset({"sensing:read"}),
    "duty-officer": frozenset({"sensing:read", "journal:read"}),
    "leader": frozenset({"sensing:read", "journal:read"}),
    "data-steward": frozenset({"sensing:read", "sensing:write", "observations:write"}),
    "auditor": frozenset({"sensing:read", "journal:read", "identity:read"}),
    "administrator": frozenset(
        {
            "sensing:read",
            "sensing:write",
            "observations:write",
            "places:write",
            "journal:read",
            "identity:read",
            "identity:write",
            "city:apply",
            "admin",
        }
    ),
}
PERMISSIONS = frozenset[str]().union(*ROLES.values())
KEY_SCOPES = frozenset({"sensing:read", "sensing:write", "observations:write", "journal:read", "places:write"})
DEVICE_SCOPES = frozenset({"sensing:read", "observations:write"})  # a device writes what it measured, and no more


@dataclass(frozen=True)
class Caller:
    """Who is calling.

    everywhere: permissions held without limit; within: pairs (permission, agency id) held inside an agency only.
    thing_id: a device key acts for that one thing.
    """

    kind: Literal["anonymous", "person", "key"] = "anonymous"
    id: int | None = None
    name: str = ""
    agency_id: int | None = None
    everywhere: frozenset[str] = frozenset()
    within: frozenset[tuple[str, int]] = frozenset()
    roles: frozenset[str] = frozenset()
    thing_id: int | None = None
    language: str | None = field(default=None, compare=False)

    @property
    def actor(self) -> str:
        """How the journal names the caller: `person:3`, `key:7`, `anonymous`."""
        return self.kind if self.id is None else f"{self.kind}:{self.id}"


ANONYMOUS = Caller()
# what `dothi` on the command line and the server's own work act as
SYSTEM = Caller(kind="key", name="dothi", everywhere=PERMISSIONS)


def may(caller: Caller, permission: str, agency_id: int | None = None) -> bool:
    """Whether the caller holds the permission, everywhere or (agency_id given) inside that agency."""
    if permission in caller.everywhere:
        return True
    return agency_id is not None and (permission, agency_id) in caller.within


def may_somewhere(caller: Caller, permission: str) -> bool:
    """Whether the caller holds the permission anywhere at all."""
    return permission in caller.everywhere or any(held == permission for held, _ in caller.within)


def require(caller: Caller, permission: str, agency_id: int | None = None, *, thing_id: int | None = None) -> None:
    """Refuse with NotSignedIn or NotAllowed unless the caller may.

    thing_id: the thing acted on; a device key may act on its own thing only.
    """
    if caller.thing_id is not None and thing_id is not None and caller.thing_id != thing_id:
        raise NotAllowed(f"this device key acts for Thing {caller.thing_id} only, not {thing_id}")
    if may(caller, permission, agency_id):
        return
    if caller.kind == "anonymous":
        raise NotSignedIn(f"sign in, or send a key with the scope {permission}")
    raise NotAllowed(f"{caller.name or caller.actor} does not hold {permission}" + (" here" if agency_id else ""))


@lru_cache(maxsize=512)
def _seen_agencies(caller: Caller) -> tuple[int, ...] | None:
    if "sensing:read" in caller.everywhere:
        return None
    return tuple(sorted(agency for held, agency in caller.within if held == "sensing:read"))


def visible(caller: Caller, table: Any) -> ColumnElement[bool]:
    """The clause that keeps the rows of a table with `sharing` and `agency_id` columns a caller may see.

    open: everyone; shared: anybody signed in or with a reading key; restricted: the owning agency.
    Put it into the query; never filter afterwards.
    """
    agencies = _seen_agencies(caller)
    if agencies is None:
        return true()
    if caller.kind == "anonymous":
        is_open: ColumnElement[bool] = table.sharing == "open"
        return is_open
    reads = bool(agencies)
    clauses: list[ColumnElement[bool]] = [table.sharing.in_(["open", "shared"]) if reads else table.sharing == "open"]
    if agencies:
        clauses.append(table.agency_id.in_(agencies))
    return or_(false(), *clauses)


def sees(caller: Caller, sharing: str, agency_id: int | None) -> bool:
    """What `visible` says, of one row whose sharing and agency are at hand: for news pushed to listeners."""
    agencies = _seen_agencies(caller)
    if agencies is None or sharing == "open":
        return True
    return bool(agencies) and (sharing == "shared" or agency_id in agencies)


def sight(caller: Caller) -> object:
    """A hashable name of what the caller may see: two callers with the same sight get the same rows."""
    agencies = _seen_agencies(caller)
    return "all" if agencies is None else (caller.kind == "anonymous" or not agencies, agencies)


def sees_entries(caller: Caller) -> ColumnElement[bool]:
    """The clause that keeps the journal entries a caller may see.

    Open ones everybody, shared ones readers, restricted ones their agency; everything with journal:read.
    """
    if "journal:read" in caller.everywhere:
        return true()
    clauses: list[ColumnElement[bool]] = [Entry.visibility == "open"]
    if may_somewhere(caller, "sensing:read"):
        clauses.append(Entry.visibility == "shared")
    if agencies := [agency for held, agency in caller.within if held in {"journal:read", "sensing:read"}]:
        clauses.append(Entry.agency_id.in_(agencies))
    return or_(*clauses)
