"""Lists of cases by key: the inbox of an office by what is next due, the public list newest first; and counts of both."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from dothi.cases import due, news, sight, store, tally
from dothi.cases.tables import Case, CaseOffice, CaseTally
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import fold
from dothi.places.cities import Lens

Which = Literal[
    "team", "mine", "crew", "unassigned", "overdue", "soon", "waiting", "co-handled", "approval", "done", "own", "all"
]  # fmt: skip
WHICH: tuple[Which, ...] = (
    "team", "mine", "crew", "unassigned", "overdue", "soon", "waiting", "co-handled", "approval", "done", "own", "all",
)  # fmt: skip
_OWN: tuple[Which, ...] = ("mine", "crew", "own")  # one's own work, wherever it lies
MOST, WORDS = 200, 6
COUNTED = 1000  # counts in a rail say 1000 for that and more
_COUNTS: tuple[Which, ...] = ("team", "mine", "unassigned", "overdue", "soon", "waiting", "co-handled", "approval")
_NULL = "~"
_NUMBER = re.compile(r"[A-Za-z]{2,4}-\d\d-\d{6,}|[A-Za-z]\d+(\.\d+)*-\d{6}-\d{4,}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an inbox is asked by. which: see Which; office: only this one; city: its cases and one's own work."""

    which: Which = "team"
    office: int | None = None
    category: str | None = None
    type: str | None = None
    state: str | None = None
    priority: str | None = None
    unit: str | None = None
    text: str = ""
    bbox: tuple[float, float, float, float] | None = None
    city: Lens | None = None
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PublicAsked:
    """What the public list is asked by; phases: any of these; instants in µs; bbox: west, south, east, north."""

    unit: str | None = None
    category: str | None = None
    type: str | None = None
    office: int | None = None
    state: str | None = None
    phases: tuple[str, ...] = ()
    text: str = ""
    bbox: tuple[float, float, float, float] | None = None
    since: int | None = None
    until: int | None = None
    simulated: bool | None = None
    city: Lens | None = None
    after: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A case in a list of the inside, with the names people read."""

    id: int
    number: str
    type: str
    category: str | None
    state: str
    phase: str
    priority: str
    title: str
    address: str
    unit: str | None
    lon: float | None
    lat: float | None
    agency_id: int | None
    handler_id: int | None
    crew_id: int | None
    opened_at: int
    due_at: int | None
    updated_at: int
    resolved_at: int | None
    version: int
    followers: int
    reopened: int
    public: bool
    hidden: str | None
    simulated: bool
    exercise: bool
    pending_id: int | None
    office: str | None = None
    handler: str | None = None
    crew: str | None = None


@dataclass(frozen=True, slots=True)
class Public:
    """A case as everybody reads it: nothing of who reported it."""

    id: int
    number: str
    type: str
    category: str | None
    sector: str | None
    state: str
    phase: str
    priority: str
    title: str
    text: str
    address: str
    unit: str | None
    lon: float | None
    lat: float | None
    channel: str
    agency_id: int | None
    opened_at: int
    due_at: int | None
    resolved_at: int | None
    closed_at: int | None
    updated_at: int
    reopened: int
    rating: int | None
    satisfied: bool | None
    met: bool | None
    followers: int
    simulated: bool
    exercise: bool
    merged_into: int | None
    office: str | None = None
    merged_number: str | None = None  # the case that goes on, where everybody sees it


@dataclass(frozen=True, slots=True)
class Page:
    """Lines and where the next ones begin; None: there are no more."""

    lines: list[Any]
    next: str | None


_LINE = [getattr(Case, name) for name in Line.__dataclass_fields__ if name not in ("office", "handler", "crew")]
PUBLIC = [getattr(Case, name) for name in Public.__dataclass_fields__ if name not in ("office", "merged_number")]


# lists of the inside


def inbox(session: Session, caller: Caller, asked: Asked | None = None) -> Page:
    """Cases a caller is to look after, by what is next due; those without a due moment last."""
    asked = asked or Asked()
    where = _filters(caller, asked)
    limit = min(max(asked.limit, 1), MOST)
    null, at, id_ = cursor(asked.after)
    rows: list[Any] = []
    query = select(*_LINE).where(*where).order_by(Case.due_at, Case.id)
    if not null:
        part = query.where(Case.due_at.is_not(None))
        if asked.after:
            part = part.where(tuple_(Case.due_at, Case.id) > tuple_(at, id_))
        rows = list(session.execute(part.limit(limit + 1)))
    if len(rows) <= limit and asked.which not in ("overdue", "soon"):
        part = query.where(Case.due_at.is_(None))
        if null:
            part = part.where(Case.id > id_)
        rows += session.execute(part.limit(limit + 1 - len(rows)))
    more = len(rows) > limit
    rows = rows[:limit]
    last = f"{_NULL if rows[-1].due_at is None else rows[-1].due_at}.{rows[-1].id}" if more else None
    return Page(_lines(session, rows), last)


def _filters(caller: Caller, asked: Asked) -> list[ColumnElement[bool]]:
    if asked.which not in WHICH:
        raise BadInput("no such list", [Fault("which", f"{asked.which!r}"[:60], ", ".join(WHICH))])
    where = _which(caller, asked)
    if asked.which not in ("all", "own"):
        where.append(Case.closed_at.is_(None))
    if asked.city is not None and asked.which not in _OWN:
        where.append(asked.city.clause(Case.unit, Case.lon, Case.lat))
    where += _equal(asked)
    return where + _searched(asked.text) + _boxed(asked.bbox)


def _equal(asked: Asked | PublicAsked) -> list[ColumnElement[bool]]:
    return [
        getattr(Case, name) == value
        for name in ("category", "type", "state", "priority", "unit")
        if (value := getattr(asked, name, None)) is not None
    ]


def _which(caller: Caller, asked: Asked) -> list[ColumnElement[bool]]:
    now, me = news.now(), caller.id if caller.kind == "person" else None
    nobody = Case.id < 0
    match asked.which:
        case "mine":
            return [Case.handler_id == me if me is not None else nobody, Case.phase != "done"]
        case "crew":
            return [Case.crew_id.in_(sight.crews(caller)), Case.phase != "done"]
        case "own":
            return [Case.person_id == me if me is not None else nobody]
        case "co-handled":
            return [Case.id.in_(_beside(caller, asked.office)), Case.phase != "done"]
        case "all":
            return [_team(caller, asked.office)]
        case "done":
            return [_team(caller, asked.office), Case.phase == "done"]
        case "approval":
            return [_team(caller, asked.office, "cases:approve"), Case.pending_id.is_not(None)]
        case "unassigned":
            return [
                _team(caller, asked.office),
                Case.handler_id.is_(None),
                Case.crew_id.is_(None),
                Case.phase != "done",
            ]
        case "overdue":
            return [_team(caller, asked.office), due.overdue(now)]
        case "soon":
            return [_team(caller, asked.office), due.soon(now, due.edge_now(now))]
        case "waiting":
            return [_team(caller, asked.office), Case.phase == "waiting"]
        case _:
            return [_team(caller, asked.office), Case.phase != "done"]


def _team(caller: Caller, office: int | None, permission: str = "cases:read") -> ColumnElement[bool]:
    """Cases of one's offices. One office is looked up by its index; all of them walk the index of what is due."""
    held = sight.offices(caller, permission)
    if office is not None:
        return Case.agency_id == office if held is None or office in held else Case.id < 0
    if held is None:
        return Case.id > 0
    return Case.agency_id == held[0] if len(held) == 1 else Case.agency_id.in_(held)


def _beside(caller: Caller, office: int | None) -> Select[int]:
    held = sight.offices(caller)
    query = select(CaseOffice.case_id).where(CaseOffice.done_at.is_(None))
    if office is not None:
        held = [office] if held is None or office in held else []
    return query if held is None else query.where(CaseOffice.agency_id.in_(held))


def _searched(text: str) -> list[ColumnElement[bool]]:
    """Each word somewhere in number, title or address, diacritics or not; a whole number is looked up."""
    if _NUMBER.fullmatch(text.strip()):
        return [Case.number == sight.number(text)]
    return [Case.folded.contains(word, autoescape=True) for word in fold(text)[:200].split()[:WORDS]]


def _boxed(bbox: tuple[float, float, float, float] | None) -> list[ColumnElement[bool]]:
    if bbox is None:
        return []
    west, south, east, north = bbox
    return [Case.lat.between(south, north), Case.lon.between(west, east)]


def cursor(after: str | None) -> tuple[bool, int, int]:
    """Where a page goes on: past the cases with a moment or not, its moment, its id. Raises BadInput."""
    if not after:
        return False, 0, 0
    at, _, id_ = after.partition(".")
    if not id_.isascii() or not id_.isdecimal() or len(id_) > 18:
        raise BadInput("this is no cursor", [Fault("after", f"{after!r}"[:60], "the `next` of a page")])
    if at == _NULL:
        return True, 0, int(id_)
    if not at.lstrip("-").isdecimal() or not at.isascii() or len(at) > 18:
        raise BadInput("this is no cursor", [Fault("after", f"{after!r}"[:60], "the `next` of a page")])
    return False, int(at), int(id_)


def _lines(session: Session, rows: Sequence[Any]) -> list[Line]:
    offices = store.agency_names(session, {row.agency_id for row in rows})
    people = store.person_names(session, {row.handler_id for row in rows})
    crews = store.crew_names(session, {row.crew_id for row in rows})
    return [
        Line(
            **row._asdict(),
            office=offices.get(row.agency_id),
            handler=people.get(row.handler_id),
            crew=crews.get(row.crew_id),
        )
        for row in rows
    ]


def counts(session: Session, caller: Caller, office: int | None = None, city: Lens | None = None) -> dict[str, int]:
    """How many cases each list of the desk holds; COUNTED stands for that many and more.

    The open cases of one office are looked through once; of several, each list only as far as it is counted.
    """
    held = sight.offices(caller)
    one = office if office is not None else held[0] if held is not None and len(held) == 1 else None
    found = _of_office(session, caller, one, city) if one is not None and (held is None or one in held) else {}
    rest = [which for which in _COUNTS if which not in found]
    parts = [
        select(Case.id).where(*_filters(caller, Asked(which=which, office=office, city=city))).limit(COUNTED).subquery()
        for which in rest
    ]
    row = session.execute(select(*(select(func.count()).select_from(one).scalar_subquery() for one in parts))).one()
    found |= dict(zip(rest, row, strict=True))
    return {which: found[which] for which in _COUNTS}


def _of_office(session: Session, caller: Caller, office: int, city: Lens | None) -> dict[str, int]:
    team = {
        which: and_(*_filters(caller, Asked(which=which, office=office, city=city)))
        for which in _COUNTS
        if which not in ("mine", "co-handled", "approval")  # not of the office's own alone
    }
    query = select(*(func.count().filter(clause) for clause in team.values()))
    row = session.execute(query.where(Case.agency_id == office, Case.closed_at.is_(None))).one()
    return {which: min(count, COUNTED) for which, count in zip(team, row, strict=True)}


# lists of the outside


def public_list(session: Session, asked: PublicAsked | None = None) -> Page:
    """Public cases, newest first."""
    asked = asked or PublicAsked()
    limit = min(max(asked.limit, 1), MOST)
    query = select(*PUBLIC).where(sight.public(), *_equal(asked), *_searched(asked.text), *_boxed(asked.bbox))
    if asked.office is not None:
        query = query.where(Case.agency_id == asked.office)
    if asked.phases:
        query = query.where(Case.phase.in_(asked.phases))
    if asked.since is not None:
        query = query.where(Case.opened_at >= asked.since)
    if asked.until is not None:
        query = query.where(Case.opened_at < asked.until)
    if asked.simulated is not None:
        query = query.where(Case.simulated.is_(asked.simulated))
    if asked.city is not None:
        query = query.where(asked.city.clause(Case.unit, Case.lon, Case.lat))
    if asked.after:
        _, at, id_ = cursor(asked.after)
        query = query.where(tuple_(Case.opened_at, Case.id) < tuple_(at, id_))
    rows = list(session.execute(query.order_by(Case.opened_at.desc(), Case.id.desc()).limit(limit + 1)))
    more, rows = len(rows) > limit, rows[:limit]
    return Page(publics(session, rows), f"{rows[-1].opened_at}.{rows[-1].id}" if more else None)


def publics(session: Session, rows: Sequence[Any]) -> list[Public]:
    """Rows of PUBLIC with the names people read."""
    offices = store.agency_names(session, {row.agency_id for row in rows})
    merged = {row.merged_into for row in rows if row.merged_into is not None}
    numbers: dict[int, str] = {}
    if merged:
        shown = session.execute(select(Case.id, Case.number).where(Case.id.in_(merged), sight.public()))
        numbers = {id_: number for id_, number in shown}  # noqa: C416 - rows are not pairs to mypy
    return [
        Public(**row._asdict(), office=offices.get(row.agency_id), merged_number=numbers.get(row.merged_into))
        for row in rows
    ]


def public_counts(
    session: Session, *, unit: str | None = None, category: str | None = None, type_: str | None = None,
    since: int | None = None, until: int | None = None, city: Lens | None = None,
) -> dict[str, int]:  # fmt: skip
    """How many public cases stand in each phase, from the counts kept; whole months of opening."""
    where: list[ColumnElement[bool]] = [CaseTally.public.is_(True)]
    for column, value in ((CaseTally.unit, unit), (CaseTally.category, category), (CaseTally.type, type_)):
        if value is not None:
            where.append(column == value)
    if since is not None:
        where.append(CaseTally.month >= tally.month(since))
    if until is not None:
        where.append(CaseTally.month <= tally.month(until - 1))
    if city is not None and unit is None:
        where.append(city.clause(func.nullif(CaseTally.unit, "")))
    rows = session.execute(
        select(CaseTally.phase, func.sum(CaseTally.count)).where(and_(*where)).group_by(CaseTally.phase)
    )
    return {phase: int(count) for phase, count in rows}
