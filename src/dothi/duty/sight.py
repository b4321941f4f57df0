"""Which rows of the duty room a caller may see: clauses that go into the query."""

from typing import Any

from sqlalchemy import ColumnElement, or_, true

from dothi.duty.tables import Order, SavedView, Shift, Wall
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import NotAllowed, NotFound, NotSignedIn

_OF_ORDERS = ("alarms:read", "orders:handle", "orders:give")


def agencies(caller: Caller, *permissions: str) -> list[int] | None:
    """The agencies a caller holds one of the permissions in; None: everywhere."""
    if any(one in caller.everywhere for one in permissions):
        return None
    return sorted({agency for held, agency in caller.within if held in permissions})


def shifts(caller: Caller) -> ColumnElement[bool]:
    """Shifts at desks whose alarms one reads, and those one stood or took over."""
    held = agencies(caller, "alarms:read")
    return true() if held is None else _or(caller, Shift.agency_id.in_(held), Shift.person_id, Shift.taken_by)


def orders(caller: Caller) -> ColumnElement[bool]:
    """Orders to agencies one reads or acts for, and those one gave or got by name."""
    held = agencies(caller, *_OF_ORDERS)
    return true() if held is None else _or(caller, Order.agency_id.in_(held), Order.by_id, Order.person_id)


def views(caller: Caller) -> ColumnElement[bool]:
    """One's own saved views, those of one's agency, and those of everybody."""
    clauses: list[ColumnElement[bool]] = [SavedView.person_id.is_(None) & SavedView.agency_id.is_(None)]
    if caller.kind == "person" and caller.id is not None:
        clauses.append(SavedView.person_id == caller.id)
    if caller.agency_id is not None:
        clauses.append(SavedView.person_id.is_(None) & (SavedView.agency_id == caller.agency_id))
    return or_(*clauses)


def walls(caller: Caller) -> ColumnElement[bool]:
    """Walls of desks one leads."""
    held = agencies(caller, "duty:lead")
    return true() if held is None else Wall.agency_id.in_(held)


def desk_of(caller: Caller, permission: str = "duty:stand") -> int | None:
    """Whose desk a caller stands at: None is the city's centre, for those who may everywhere; else their agency.

    Raises NotSignedIn or NotAllowed for who may stand at none.
    """
    held = agencies(caller, permission)
    if held is None:
        return None
    if not held:
        guard.require(caller, permission)
    return caller.agency_id if caller.agency_id in held else held[0]


def person_of(caller: Caller) -> int:
    """The person a caller is. Raises NotSignedIn or NotAllowed for keys and strangers."""
    if caller.kind == "person" and caller.id is not None:
        return caller.id
    if caller.kind == "anonymous":
        raise NotSignedIn("sign in as a person")
    raise NotAllowed("a person does this, not a key")


def not_found(what: str) -> NotFound:
    """What is answered alike for what is not there and what is not to be seen."""
    return NotFound(f"there is no such {what} to be seen")


def _or(caller: Caller, within: ColumnElement[bool], *own: Any) -> ColumnElement[bool]:
    if caller.kind != "person" or caller.id is None:
        return within
    return or_(within, *(column == caller.id for column in own))
