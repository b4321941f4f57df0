"""The SQL of this door: public cases as everybody sees them, a thousand at a time."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from dothi.cases import lists, news, sight
from dothi.cases.tables import Case, CaseEntry, CaseFile
from dothi.doors.open311.asked import Asked
from dothi.places.cities import Lens

_SOME = 500  # ids of one query


def page(
    session: Session, asked: Asked, types: Sequence[str], categories: Sequence[str] | None, city: Lens | None = None
) -> list[Any]:
    """The rows of a page and one more where another page follows; categories None: any; city: of that one only."""
    where = [*_shown(types), *_between(asked)]
    if city is not None:
        where.append(city.clause(Case.unit, Case.lon, Case.lat))
    if categories is not None:
        where.append(Case.category.in_(categories))
    if asked.phases:
        where.append(Case.phase.in_(asked.phases))
    at = Case.updated_at if asked.moved else Case.opened_at
    query = select(*lists.PUBLIC).where(*where).order_by(at.desc(), Case.id.desc())
    return list(session.execute(query.offset((asked.page - 1) * asked.size).limit(asked.size + 1)))


def named(session: Session, numbers: Iterable[str], types: Sequence[str]) -> list[Any]:
    """The rows of some numbers, the newest first; of those that are not public there are none."""
    numbers = [one.upper()[:60] for one in numbers]
    query = select(*lists.PUBLIC).where(Case.number.in_(numbers), *_shown(types))
    return list(session.execute(query.order_by(Case.opened_at.desc(), Case.id.desc())))


def subjects(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """The records cases are about, by case: record:dataset/key."""
    found: dict[int, str] = {}
    for some in _slices(ids):
        query = select(Case.id, Case.subject).where(Case.id.in_(some), Case.subject.startswith("record:"))
        found |= {id_: subject for id_, subject in session.execute(query) if subject}
    return found


def pictures(session: Session, ids: Sequence[int]) -> dict[int, list[tuple[int, int | None]]]:
    """The files of cases whose copies the public sees, with the entry each came with; those before the work first."""
    found: dict[int, list[tuple[int, int | None]]] = {}
    for some in _slices(ids):
        query = select(CaseFile.case_id, CaseFile.id, CaseFile.entry_id, CaseFile.kind).where(
            CaseFile.case_id.in_(some), CaseFile.public.is_(True), CaseFile.shown.is_not(None), CaseFile.scan != "infected"
        )  # fmt: skip
        rows = sorted(session.execute(query), key=lambda row: (row.kind == "after", row.id))
        for row in rows:
            found.setdefault(row.case_id, []).append((row.id, row.entry_id))
    return found


def last_words(session: Session, ids: Sequence[int]) -> dict[int, tuple[str | None, str]]:
    """The newest public words an office said with a step, of each case: the state it led to, and the text."""
    found: dict[int, tuple[str | None, str]] = {}
    for some in _slices(ids):
        query = select(CaseEntry.case_id, CaseEntry.state, CaseEntry.text).where(
            CaseEntry.case_id.in_(some), CaseEntry.public.is_(True), CaseEntry.step.is_not(None),
            CaseEntry.text != "", CaseEntry.actor != news.REPORTER,
        )  # fmt: skip
        for row in session.execute(query.order_by(CaseEntry.at, CaseEntry.id)):
            found[row.case_id] = (row.state, row.text)
    return found


def _shown(types: Sequence[str]) -> list[ColumnElement[bool]]:
    return [sight.public(), Case.type.in_(types), Case.category.is_not(None)]


def _between(asked: Asked) -> list[ColumnElement[bool]]:
    at = Case.updated_at if asked.moved else Case.opened_at
    clauses = [at >= asked.since] if asked.since is not None else []
    return clauses if asked.until is None else [*clauses, at <= asked.until]


def _slices(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[begin : begin + _SOME] for begin in range(0, len(ids), _SOME))
