"""Which office a case goes to: the most exact rule wins, then the category's own, then the type's."""

from sqlalchemy import Text, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from dothi.cases.declared import Category
from dothi.cases.tables import OfficeRule
from dothi.cases.types import types
from dothi.db.quick import Rows
from dothi.identity import guard
from dothi.identity import store as identity
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency
from dothi.journal import service as journal
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import fold


def office_for(session: Session, type_: str, category: Category | None, unit: str | None) -> int | None:
    """The office of a new case: rules of category and unit, category, unit; the category's own; the type's rule."""
    asked = {"type": type_, "category": category.code if category else None, "unit": unit}
    rules = _RULES.all(session, **asked)
    best = max(rules, key=lambda one: (one[0] is not None, one[1] is not None), default=None)
    if best is not None and (best[0] is not None or best[1] is not None):
        return int(best[2])
    if category is not None and category.office:
        found = session.scalar(select(Agency.id).where(Agency.code == category.office))
        if found is not None:
            return found
    return int(best[2]) if best is not None else None


_RULES = Rows(
    select(OfficeRule.category, OfficeRule.unit, OfficeRule.agency_id).where(
        OfficeRule.type == bindparam("type"),
        or_(OfficeRule.category == bindparam("category", type_=Text()), OfficeRule.category.is_(None)),
        or_(OfficeRule.unit == bindparam("unit", type_=Text()), OfficeRule.unit.is_(None)),
    )
)


def office(session: Session, name: int | str | None) -> Agency | None:
    """The office of an id or a code. Raises BadInput for one that is not known."""
    if name is None:
        return None
    found = identity.agency(session, name) if isinstance(name, int) else identity.agency_by_code(session, name)
    if found is None:
        raise BadInput("there is no such office", [Fault("office", f"{name!r}"[:80], "an office of the city")])
    return found


def named_in(session: Session, text: str, but: int | None) -> Agency | None:
    """The office a text names, by its name in either language; the longest name counts. but: not this one."""
    said = f" {_words(text)} "
    found = [
        one
        for one in identity.agencies(session)
        if one.id != but and any(name and f" {_words(name)} " in said for name in (one.name, one.name_en))
    ]
    return max(found, key=lambda one: len(one.name), default=None)


def _words(said: str) -> str:
    return " ".join("".join(c if c.isalnum() else " " for c in fold(said)).split())


def rules(session: Session) -> list[OfficeRule]:
    """Every rule, by type, category and unit."""
    return list(session.scalars(select(OfficeRule).order_by(OfficeRule.type, OfficeRule.category, OfficeRule.unit)))


def rule(
    session: Session, caller: Caller, type_: str, category: str | None, unit: str | None, office_: int | str | None
) -> None:
    """Say which office gets new cases of a type, category and unit; None: no longer any."""
    guard.require(caller, "cases:config")
    types().type(type_)
    # of a dossier the category is the public service
    if category is not None and category not in types().procedures and types().category(category).type != type_:
        raise BadInput("the category is of another type", [Fault("category", repr(category), f"of {type_}")])
    which = (OfficeRule.type == type_, OfficeRule.category.is_not_distinct_from(category), OfficeRule.unit.is_not_distinct_from(unit))  # fmt: skip
    session.execute(delete(OfficeRule).where(*which))
    found = office(session, office_)
    if found is not None:
        session.add(OfficeRule(type=type_, category=category, unit=unit, agency_id=found.id))
        session.flush()
    journal.append(
        session, "cases.office", actor=caller.actor, subject=f"category:{category}" if category else f"type:{type_}",
        agency_id=found.id if found else None, place=unit, visibility="shared",
        data={"type": type_, "category": category, "unit": unit, "office": found.code if found else None},
    )  # fmt: skip
