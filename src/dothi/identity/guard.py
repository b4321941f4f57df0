"""The one place that decides: who a caller is to dothi, what they may do, and which rows they may see."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, not_, or_, true

from dothi.journal.tables import Entry
from dothi.kit.errors import NotAllowed, NotSignedIn

_READS = frozenset({"sensing:read", "data:read", "alarms:read"})
_KEEPS_DATA = frozenset({"sensing:write", "observations:write", "data:write", "data:describe", "data:approve"})
_ON_DUTY = frozenset({"alarms:handle", "duty:stand", "orders:handle"})
# a case: to see its inside, to act on it, to send it on, to confirm what others did, to judge what the public sees, to
# be sent out by it, to see who reported, to erase who reported, to set calendars, offices and texts
_HANDLES = frozenset({"cases:read", "cases:handle", "cases:contact"})
_DISPATCHES = _HANDLES | {"cases:assign"}
_GOVERNS = frozenset(
    {
        "cases:moderate",
        "cases:config",
        "cases:erase",
        "data:personal",
        "places:write",
        "journal:read",
        "identity:read",
        "identity:write",
        "city:apply",
        "admin",
    }
)
ROLES: dict[str, frozenset[str]] = {
    "reporter": frozenset(),
    "field-worker": frozenset({"cases:work"}),
    "officer": _READS | _HANDLES | {"orders:handle"},
    "dispatcher": _READS | _ON_DUTY | _DISPATCHES,
    "manager": _READS
    | _DISPATCHES
    | {"orders:handle", "cases:approve", "cases:moderate", "cases:config", "indicators:write"},
    "duty-officer": _READS | _ON_DUTY | _DISPATCHES | {"journal:read", "warnings:draft", "tasks:give"},
    "duty-chief": _READS
    | _ON_DUTY
    | _DISPATCHES
    | {
        "journal:read",
        "warnings:draft",
        "warnings:approve",
        "rules:write",
        "duty:lead",
        "tasks:give",
        "tasks:approve",
    },
    "leader": _READS
    | {
        "cases:read",
        "cases:approve",
        "journal:read",
        "orders:give",
        "warnings:draft",
        "warnings:approve",
        "indicators:write",
        "tasks:approve",
    },
    "data-steward": _READS - {"alarms:read"} | _KEEPS_DATA,
    "auditor": _READS | {"journal:read", "identity:read"},
    "administrator": _READS
    | _KEEPS_DATA
    | _GOVERNS
    | _ON_DUTY
    | _DISPATCHES
    | {
        "warnings:draft",
        "warnings:approve",
        "rules:write",
        "duty:lead",
        "orders:give",
        "cases:approve",
        "cases:work",
        "indicators:write",
        "tasks:give",
        "tasks:approve",
    },
}
PERMISSIONS = frozenset[str]().union(*ROLES.values())
KEY_SCOPES = frozenset(
    {
        "sensing:read",
        "sensing:write",
        "observations:write",
        "data:read",
        "data:write",
        "data:describe",
        "alarms:read",
        "alarms:handle",
        "warnings:draft",
        "cases:read",
        "cases:handle",
        "journal:read",
        "places:write",
        "tasks:give",
    }
)
# whoever holds one of these over a dataset sees it, drafts and all
_SEES = {
    "sensing:read": frozenset({"sensing:read"}),
    "data:read": frozenset({"data:read", "data:describe", "data:approve"}),
    "alarms:read": frozenset({"alarms:read"}),
    "cases:read": frozenset({"cases:read"}),
}
_CENTRE = ("alerts.", "warnings.", "duty.", "tasking.")  # rooms whose journal entries ask for alarms:read
_OF_CASES = "cases."  # and the one whose entries ask for cases:read
DEVICE_SCOPES = frozenset({"sensing:read", "observations:write"})  # a device writes what it measured, and no more


@dataclass(frozen=True)
class Caller:
    """Who is calling.

    everywhere: permissions held without limit; within: pairs (permission, agency id) held inside an agency only;
    datasets: pairs (permission, code) held over a dataset only. areas: codes of the areas whose offices they belong to and
    beside which pages show them nothing; none: everywhere.
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
    datasets: frozenset[tuple[str, str]] = frozenset()
    areas: frozenset[str] = frozenset()

    @property
    def actor(self) -> str:
        """How the journal names the caller: `person:3`, `key:7`, `anonymous`."""
        return self.kind if self.id is None else f"{self.kind}:{self.id}"


ANONYMOUS = Caller()
# what `dothi` on the command line and the server's own work act as
SYSTEM = Caller(kind="key", name="dothi", everywhere=PERMISSIONS)


def may(caller: Caller, permission: str, agency_id: int | None = None, dataset: str | None = None) -> bool:
    """Whether the caller holds the permission: everywhere, inside that agency, or over that dataset (its code)."""
    if permission in caller.everywhere:
        return True
    if dataset is not None and (permission, dataset) in caller.datasets:
        return True
    return agency_id is not None and (permission, agency_id) in caller.within


def may_somewhere(caller: Caller, permission: str) -> bool:
    """Whether the caller holds the permission anywhere at all."""
    return (
        permission in caller.everywhere
        or any(held == permission for held, _ in caller.within)
        or any(held == permission for held, _ in caller.datasets)
    )


def require(
    caller: Caller,
    permission: str,
    agency_id: int | None = None,
    *,
    thing_id: int | None = None,
    dataset: str | None = None,
) -> None:
    """Refuse with NotSignedIn or NotAllowed unless the caller may.

    dataset: the code of the dataset acted on. thing_id: the thing acted on; a device key may act on its own thing only.
    """
    if caller.thing_id is not None and thing_id is not None and caller.thing_id != thing_id:
        raise NotAllowed(f"this device key acts for Thing {caller.thing_id} only, not {thing_id}")
    if may(caller, permission, agency_id, dataset):
        return
    if caller.kind == "anonymous":
        raise NotSignedIn(f"sign in, or send a key with the scope {permission}")
    raise NotAllowed(f"{caller.name or caller.actor} does not hold {permission}" + (" here" if agency_id else ""))


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a caller sees beyond what is open: all, or what is shared (any), some agencies' and some datasets."""

    all: bool
    shared: bool
    agencies: tuple[int, ...] = ()
    datasets: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def _seen(caller: Caller, permission: str) -> _Seen:
    held = _SEES[permission]
    if caller.everywhere & held:
        return _Seen(all=True, shared=True)
    agencies = tuple(sorted({agency for one, agency in caller.within if one in held}))
    datasets = tuple(sorted({code for one, code in caller.datasets if one in held}))
    return _Seen(all=False, shared=bool(agencies), agencies=agencies, datasets=datasets)


def visible(caller: Caller, table: Any, permission: str = "sensing:read") -> ColumnElement[bool]:
    """The clause that keeps the rows of a table with `sharing` and `agency_id` columns a caller may see.

    open: everyone; shared: anybody with a reading role or key; restricted: the owning agency. With data:read the table
    is one of datasets, with `code` and `status` too: what is not published only its own agency sees.
    Put it into the query; never filter afterwards.
    """
    seen = _seen(caller, permission)
    if seen.all:
        return true()
    told: ColumnElement[bool] = table.sharing.in_(["open", "shared"]) if seen.shared else table.sharing == "open"
    if permission == "data:read":
        told = and_(table.status == "published", told)
    clauses = [told]
    if seen.agencies:
        clauses.append(table.agency_id.in_(seen.agencies))
    if seen.datasets:
        clauses.append(table.code.in_(seen.datasets))
    return clauses[0] if len(clauses) == 1 else or_(*clauses)


def sees(
    caller: Caller,
    sharing: str,
    agency_id: int | None,
    permission: str = "sensing:read",
    *,
    dataset: str | None = None,
    status: str = "published",
) -> bool:
    """What `visible` says, of one row that is at hand: for news pushed to listeners."""
    seen = _seen(caller, permission)
    if seen.all or agency_id in seen.agencies or dataset in seen.datasets:
        return True
    return status == "published" and (sharing == "open" or (seen.shared and sharing == "shared"))


def sight(caller: Caller, permission: str = "sensing:read") -> object:
    """A hashable name of what the caller may see: two callers with the same sight get the same rows."""
    return _seen(caller, permission)


def sees_entries(caller: Caller) -> ColumnElement[bool]:
    """The clause that keeps the journal entries a caller may see.

    Open ones everybody, shared ones readers, restricted ones their agency; everything with journal:read. What is told
    of datasets asks for data:read, of alarms, warnings and duty for alarms:read, of cases for cases:read, the rest for
    sensing:read.
    """
    if "journal:read" in caller.everywhere:
        return true()
    clauses: list[ColumnElement[bool]] = [Entry.visibility == "open"]
    of_data = Entry.kind.startswith("data.", autoescape=True)
    of_centre = or_(*(Entry.kind.startswith(room, autoescape=True) for room in _CENTRE))
    of_cases = Entry.kind.startswith(_OF_CASES, autoescape=True)
    of_rest = not_(or_(of_data, of_centre, of_cases))
    rooms = (("sensing:read", of_rest), ("data:read", of_data), ("alarms:read", of_centre), ("cases:read", of_cases))
    for permission, of_room in rooms:
        seen = _seen(caller, permission)
        if seen.shared:
            clauses.append(and_(of_room, Entry.visibility == "shared"))
        if seen.agencies:
            clauses.append(and_(of_room, Entry.agency_id.in_(seen.agencies)))
        for code in seen.datasets:
            of_record = Entry.subject.startswith(f"record:{code}/", autoescape=True)
            clauses.append(and_(of_data, or_(Entry.subject == f"dataset:{code}", of_record)))
    if agencies := sorted(agency for held, agency in caller.within if held == "journal:read"):
        clauses.append(Entry.agency_id.in_(agencies))
    return or_(*clauses)
