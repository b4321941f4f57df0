"""Texts an office answers with often, with slots that a case fills."""

import re
from collections.abc import Mapping

from sqlalchemy import ColumnElement, delete, or_, select, true
from sqlalchemy.orm import Session

from dothi.cases import sight, store, verbs
from dothi.cases.tables import Case, ReplyTemplate
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound

SLOTS = ("number", "title", "address", "due", "office")
LONGEST_TITLE, LONGEST = 120, 2000
_SLOT = re.compile(r"\{([a-z_]+)\}")


def list_(session: Session, caller: Caller, case: Case | None = None) -> list[ReplyTemplate]:
    """The templates of the caller's offices and everybody's; of a case: those for its category and any."""
    where = [_sees(caller)]
    if case is not None:
        where.append(or_(ReplyTemplate.category.is_(None), ReplyTemplate.category == case.category))
        where.append(or_(ReplyTemplate.agency_id.is_(None), ReplyTemplate.agency_id == case.agency_id))
    return list(session.scalars(select(ReplyTemplate).where(*where).order_by(ReplyTemplate.title, ReplyTemplate.id)))


def save(
    session: Session, caller: Caller, *, title: str, text: str, office: int | str | None = None,
    category: str | None = None, public: bool = True, id_: int | None = None,
) -> ReplyTemplate:  # fmt: skip
    """Keep a template, or change the one of a number. Needs cases:config in the office; everybody's needs it everywhere."""
    to = verbs.office_id(session, office)
    guard.require(caller, "cases:config", to)
    title, text = verbs.said(title), verbs.said(text)
    faults = verbs.spoken(title, "title", longest=LONGEST_TITLE) + verbs.spoken(text, longest=LONGEST)
    faults += [
        Fault("text", f"no slot {{{name}}}", ", ".join(f"{{{one}}}" for one in SLOTS))
        for name in sorted(set(_SLOT.findall(text)) - set(SLOTS))
    ]
    if faults:
        raise BadInput("this template cannot be kept", faults)
    found = ReplyTemplate() if id_ is None else _one(session, caller, id_)
    found.agency_id, found.category, found.title, found.text, found.public = to, category, title, text, public
    session.add(found)
    session.flush()
    return found


def remove(session: Session, caller: Caller, id_: int) -> None:
    """Take a template away."""
    _one(session, caller, id_)
    session.execute(delete(ReplyTemplate).where(ReplyTemplate.id == id_))


def filled(session: Session, template: ReplyTemplate, case: Case) -> str:
    """A template's text with the slots filled from a case."""
    due = "" if case.due_at is None else f"{clock.local(case.due_at):%H:%M %d/%m/%Y}"
    office = store.agency_names(session, [case.agency_id]).get(case.agency_id or 0, "")
    values: Mapping[str, str] = {
        "number": case.number, "title": case.title, "address": case.address, "due": due, "office": office,
    }  # fmt: skip
    return _SLOT.sub(lambda found: values.get(found[1], found[0]), template.text)


def _one(session: Session, caller: Caller, id_: int) -> ReplyTemplate:
    found = session.scalar(select(ReplyTemplate).where(ReplyTemplate.id == id_, _sees(caller)))
    if found is None:
        raise NotFound("there is no such template to be seen")
    guard.require(caller, "cases:config", found.agency_id)
    return found


def _sees(caller: Caller) -> ColumnElement[bool]:
    held = sight.offices(caller)
    return true() if held is None else or_(ReplyTemplate.agency_id.is_(None), ReplyTemplate.agency_id.in_(held))
