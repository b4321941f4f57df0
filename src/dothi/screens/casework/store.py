"""What the desk's pages ask of the database beside what the room `cases` answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dothi.cases import sight
from dothi.cases.tables import Case, CaseEntry, CaseSuspension, CaseTally, CaseTimer, Crew, CrewMember
from dothi.cases.types import types
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency, Person
from dothi.kit.text import fold
from dothi.places import cities

_OPEN = ("new", "open", "waiting")
MODERATED = ("hidden", "unconfirmed", "fresh")


@dataclass(frozen=True, slots=True)
class Count:
    """How many open cases there are of a category."""

    code: str
    count: int


def categories(session: Session, offices: list[int] | None) -> list[Count]:
    """The categories of the open cases of some offices (None: all), the most frequent first; from the counts kept."""
    where: list[ColumnElement[bool]] = [CaseTally.phase.in_(_OPEN), CaseTally.category != ""]
    if offices is not None:
        where.append(CaseTally.agency_id.in_(offices))
    if (city := cities.lens(session)) is not None:
        where.append(city.clause(func.nullif(CaseTally.unit, "")))
    many = func.sum(CaseTally.count)
    query = select(CaseTally.category, many).where(*where).group_by(CaseTally.category).having(many > 0)
    return [Count(code, int(count)) for code, count in session.execute(query.order_by(many.desc(), CaseTally.category))]


def agencies(session: Session, ids: Iterable[int] | None = None) -> list[Agency]:
    """Offices by name; ids None: all."""
    query = select(Agency).order_by(Agency.name)
    return list(session.scalars(query if ids is None else query.where(Agency.id.in_(list(ids)))))


def people(session: Session, office: int | None) -> list[Person]:
    """Who works in an office, by name."""
    if office is None:
        return []
    query = select(Person).where(Person.agency_id == office, Person.active.is_(True))
    return list(session.scalars(query.order_by(Person.name).limit(400)))


def crews(session: Session, offices: Sequence[int] | None) -> list[Crew]:
    """The crews of some offices (None: all), by name."""
    query = select(Crew).where(Crew.active.is_(True)).order_by(Crew.name)
    return list(session.scalars(query if offices is None else query.where(Crew.agency_id.in_(list(offices)))))


def members(session: Session, crews_: Iterable[int]) -> dict[int, list[str]]:
    """The names of the people of crews."""
    query = select(CrewMember.crew_id, Person.name).join(Person, Person.id == CrewMember.person_id)
    found: dict[int, list[str]] = {}
    for crew, name in session.execute(query.where(CrewMember.crew_id.in_(list(crews_))).order_by(Person.name)):
        found.setdefault(crew, []).append(name)
    return found


def timers(session: Session, case_id: int) -> list[CaseTimer]:
    """The deadlines of a case, the newest last."""
    return list(session.scalars(select(CaseTimer).where(CaseTimer.case_id == case_id).order_by(CaseTimer.id)))


def ledger(session: Session, timers_: Iterable[int]) -> list[CaseSuspension]:
    """The pauses and extensions of deadlines, oldest first."""
    query = select(CaseSuspension).where(CaseSuspension.timer_id.in_(list(timers_)))
    return list(session.scalars(query.order_by(CaseSuspension.since, CaseSuspension.id)))


def numbers(session: Session, ids: Iterable[int], sees: ColumnElement[bool]) -> dict[int, tuple[str, str]]:
    """Number and title of cases that are to be seen, by id."""
    rows = session.execute(select(Case.id, Case.number, Case.title).where(Case.id.in_(list(ids)), sees))
    return {id_: (number, title) for id_, number, title in rows}


def candidates(session: Session, caller: Caller, of: Case, text: str, most: int = 8) -> list[Any]:
    """Cases of the same type whose number, title or address hold the words: what a case may be joined to."""
    query = select(Case.id, Case.number, Case.title, Case.state, Case.type, Case.address, Case.opened_at).where(
        sight.cases(caller) | sight.public(), Case.type == of.type, Case.id != of.id, Case.merged_into.is_(None),
        *(Case.folded.contains(word, autoescape=True) for word in fold(text)[:200].split()[:6]),
    )  # fmt: skip
    return list(session.execute(query.order_by(Case.opened_at.desc(), Case.id.desc()).limit(most)))


def moderated(session: Session, caller: Caller, which: str, since: int, most: int = 100) -> list[Case]:
    """Cases a moderator looks at: hidden ones, unconfirmed ones, those shown to the public since an instant (µs)."""
    offices = sight.offices(caller, "cases:moderate")
    where: list[ColumnElement[bool]] = [cities.within(session, Case.unit, Case.lon, Case.lat)]
    if offices is not None:
        where.append(Case.agency_id.in_(offices))
    if which == "hidden":
        where.append(Case.hidden.is_not(None))
    elif which == "unconfirmed":
        where.append(Case.state.in_(types().unconfirmed))
    else:
        where += [sight.public(), Case.opened_at >= since]
    query = select(Case).where(*where).order_by(Case.opened_at.desc(), Case.id.desc())
    return list(session.scalars(query.limit(most)))


def last_entry(session: Session) -> int:
    """The number of the newest entry of all."""
    return session.scalar(select(func.max(CaseEntry.id))) or 0


def moved_since(session: Session, after: int) -> int:
    """How many due moments the calendar moved, by the entries after a number."""
    query = select(func.count()).select_from(CaseEntry).where(CaseEntry.id > after, CaseEntry.kind == "due")
    return session.scalar(query.where(CaseEntry.actor == "dothi")) or 0
