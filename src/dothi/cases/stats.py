"""Transparency: what was received and solved, in time or not, how fast, how satisfied; by office, ward, category, month.

Everything counted is public: what the public sees of cases, so that each figure leads to the cases behind it. Solved
are cases done (or closed after it); those rejected or joined to another are counted apart. Instants in µs UTC.
"""

import time
from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, case, func, literal, select, tuple_
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import Grouping

from dothi.cases import lists, sight, store
from dothi.cases.lists import PUBLIC, Page, PublicAsked, publics
from dothi.cases.tables import Case
from dothi.db.words import iso_text
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.places.cities import Lens

By = Literal["all", "office", "ward", "category", "month"]
BY: tuple[By, ...] = ("all", "office", "ward", "category", "month")
_VIETNAM = 7 * clock.HOUR


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which cases: opened since and until (µs), of a type, and of one office, ward, category or city only."""

    since: int
    until: int
    type: str = "report"
    office: int | None = None
    unit: str | None = None
    category: str | None = None
    simulated: bool | None = None
    city: Lens | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A line of figures. key: office id, ward or category code, month (2026-11); None: nobody yet, nowhere known.

    on_time: share of the solved (0 to 1) that were in time; median: µs from receipt to done; overdue: not done and
    past due now; satisfied: share of those who gave 4 or 5 of 5, or only said "fixed", of those who answered; rating: mean
    of 1 to 5.
    """

    key: str | int | None
    name: str | None
    received: int
    solved: int
    on_time: float | None
    median: int | None
    open: int
    overdue: int
    rejected: int
    merged: int
    reopened: int
    answers: int
    satisfied: float | None
    rating: float | None


def figures(session: Session, by: By, asked: Asked, now: int | None = None) -> list[Row]:
    """The figures of a stretch of time, one line for each office, ward, category or month; `all`: one line.

    What took long to count is answered for a minute as it was counted.
    """
    at = clock.now_micros() if now is None else now
    spans = (asked.since // _MINUTE, asked.until // _MINUTE, at // _MINUTE)
    key = (str(session.connection().engine.url), by, replace(asked, since=0, until=0), *spans)
    if key in _kept:
        return _kept[key]
    began = time.monotonic()
    rows = _figures(session, by, asked, at)
    if time.monotonic() - began > _SLOW:
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[key] = rows
    return rows


_MINUTE, _SLOW, _MOST_KEPT = 60 * clock.SECOND, 0.5, 100  # µs, seconds, answers
_kept: dict[tuple[Any, ...], list[Row]] = {}


def _figures(session: Session, by: By, asked: Asked, at: int) -> list[Row]:
    group, where = _group(by), _where(asked)
    solved = Case.resolved_at.is_not(None)
    goes_on = Case.phase.in_(("new", "open", "waiting"))
    query = select(
        group.label("key"), func.count(), _sum(solved), _sum(solved & Case.met.is_(True)),
        _sum(solved & Case.met.is_not(None)), _sum(goes_on), _sum(goes_on & (Case.due_at < at)),
        _sum((Case.phase == "closed") & Case.resolved_at.is_(None) & Case.merged_into.is_(None)),
        _sum(Case.merged_into.is_not(None)), func.coalesce(func.sum(Case.reopened), 0),
        _sum(_answered()), _sum(_satisfied()), func.avg(Case.rating),
    ).where(*where)  # fmt: skip
    if by != "all":
        query = query.group_by(group)
    rows = session.execute(query).all()
    medians = _medians(session, by, asked)
    names = store.agency_names(session, [row[0] for row in rows]) if by == "office" else {}
    made = [
        Row(
            key, names.get(key), count, done, met / measured if measured else None, medians.get(key), open_, overdue,
            rejected, merged, reopened, answers, yes / answers if answers else None,
            float(rating) if rating is not None else None,
        )
        for key, count, done, met, measured, open_, overdue, rejected, merged, reopened, answers, yes, rating in rows
        if count
    ]  # fmt: skip
    return sorted(made, key=lambda one: str(one.key)) if by == "month" else sorted(made, key=lambda one: -one.received)


def behind(by: By, key: str | int | None, asked: Asked, **more: Any) -> PublicAsked:
    """The list of the public cases behind a line: for `reading.public_list`. more: phases, after, limit and so on."""
    values: dict[str, Any] = {
        "since": asked.since, "until": asked.until, "type": asked.type, "office": asked.office, "unit": asked.unit,
        "category": asked.category, "simulated": asked.simulated, "city": asked.city,
    }  # fmt: skip
    if by == "month" and isinstance(key, str):
        begin, end = month_span(key)
        values["since"], values["until"] = max(begin, asked.since), min(end, asked.until)
    elif by == "ward":
        values["unit"] = key
    elif by != "all":
        values[by] = key
    return PublicAsked(**(values | more))


# what is counted, and how a case is known to be of it; `figures` counts by the same clauses
OF = (
    "received", "solved", "on-time", "late", "open", "overdue", "rejected", "merged", "reopened", "satisfied", "unsatisfied",
)  # fmt: skip


def clause(of: str, now: int) -> ColumnElement[bool]:
    """Whether a case is among those a figure counts. Raises BadInput."""
    solved, goes_on = Case.resolved_at.is_not(None), Case.phase.in_(("new", "open", "waiting"))
    found: dict[str, ColumnElement[bool]] = {
        "received": Case.id > 0, "solved": solved, "on-time": solved & Case.met.is_(True),
        "late": solved & Case.met.is_(False), "open": goes_on, "overdue": goes_on & (Case.due_at < now),
        "rejected": (Case.phase == "closed") & Case.resolved_at.is_(None) & Case.merged_into.is_(None),
        "merged": Case.merged_into.is_not(None), "reopened": Case.reopened > 0, "satisfied": _satisfied(),
        "unsatisfied": _answered() & ~_satisfied(),
    }  # fmt: skip
    if of not in found:
        raise BadInput("there is no such figure", [Fault("of", f"{of[:40]!r}", ", ".join(OF))])
    return found[of]


def _answered() -> ColumnElement[bool]:
    return Case.satisfied.is_not(None) | Case.rating.is_not(None)


def _satisfied() -> ColumnElement[bool]:
    """Whether the reporter is content; a rating says more than that it is fixed, which every closing answer says."""
    said = case((Case.rating.is_not(None), Case.rating >= 4), else_=Case.satisfied.is_(True))
    return said & _answered()


def count(session: Session, asked: Asked, of: str, now: int) -> int:
    """How many public cases are behind a figure."""
    return session.scalar(select(func.count()).select_from(Case).where(*_where(asked), clause(of, now))) or 0


def records(session: Session, asked: Asked, of: str, now: int, after: str | None = None, limit: int = 50) -> Page:
    """The public cases behind a figure, newest first; `next` of the page is where it goes on."""
    query = select(*PUBLIC).where(*_where(asked), clause(of, now))
    if after:
        _, at, id_ = lists.cursor(after)
        query = query.where(tuple_(Case.opened_at, Case.id) < tuple_(at, id_))
    rows = list(session.execute(query.order_by(Case.opened_at.desc(), Case.id.desc()).limit(limit + 1)))
    last = f"{rows[limit - 1].opened_at}.{rows[limit - 1].id}" if len(rows) > limit else None
    return Page(publics(session, rows[:limit]), last)


def month_span(month: str) -> tuple[int, int]:
    """When a month (2026-11) begins and ends in Vietnam, µs."""
    year, number = int(month[:4]), int(month[5:7])
    end = f"{year + number // 12:04d}-{number % 12 + 1:02d}"
    return clock.parse(f"{month}-01T00:00:00", clock.VIETNAM), clock.parse(f"{end}-01T00:00:00", clock.VIETNAM)


def _where(asked: Asked) -> list[ColumnElement[bool]]:
    where = [sight.public(), Case.type == asked.type, Case.opened_at >= asked.since, Case.opened_at < asked.until]
    for column, value in ((Case.agency_id, asked.office), (Case.unit, asked.unit), (Case.category, asked.category)):
        if value is not None:
            where.append(column == value)
    if asked.simulated is not None:
        where.append(Case.simulated.is_(asked.simulated))
    if asked.city is not None:
        where.append(asked.city.clause(Case.unit, Case.lon, Case.lat))
    return where


def _group(by: By) -> ColumnElement[Any]:
    match by:
        case "office":
            return Case.agency_id.expression
        case "ward":
            return Case.unit.expression
        case "category":
            return Case.category.expression
        case "month":
            return func.substr(iso_text(Grouping(Case.opened_at + _VIETNAM)), 1, 7)
        case _:
            return literal("")


def _sum(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


def _medians(session: Session, by: By, asked: Asked) -> dict[Any, int]:
    """The middle of how long it took, by group: the mean of the two middle ones where their count is even."""
    took = (Case.resolved_at - Case.opened_at).label("took")
    group = _group(by).label("key")
    each = select(group, took).where(*_where(asked), Case.resolved_at.is_not(None)).subquery()
    place: Select[Any] = select(
        each.c.key, each.c.took, func.row_number().over(partition_by=each.c.key, order_by=each.c.took).label("place"),
        func.count().over(partition_by=each.c.key).label("count"),
    )  # fmt: skip
    ranked = place.subquery()
    middle = select(ranked.c.key, func.avg(ranked.c.took)).where(
        2 * ranked.c.place >= ranked.c.count, 2 * ranked.c.place <= ranked.c.count + 2
    )
    return {key: int(took) for key, took in session.execute(middle.group_by(ranked.c.key))}
