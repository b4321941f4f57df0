"""The SQL of cases as indicators count them: sums by unit, the cases themselves, when any changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from dothi.cases import sight, stats
from dothi.cases.tables import Case, CaseEntry
from dothi.cases.types import types
from dothi.indicators.model import Cases


def _where(of: Cases, start: int, end: int) -> list[ColumnElement[bool]]:
    moment = Case.resolved_at if of.by == "resolved" else Case.opened_at
    where: list[ColumnElement[bool]] = [
        Case.type == of.type, moment >= start, moment < end, Case.exercise.is_(False),
        Case.state.not_in(types().unconfirmed or ("",)),
    ]  # fmt: skip
    if of.public:
        where.append(sight.public())
    if of.categories:
        where.append(Case.category.in_(of.categories))
    if of.sector is not None:
        where.append(Case.sector == of.sector)
    return where


def _value(of: Cases) -> Any:
    if of.value == "rating":
        return Case.rating
    return (Case.resolved_at - Case.opened_at) / 3_600_000_000.0 if of.value == "hours" else None


def sums(session: Session, of: Cases, start: int, end: int, now: int) -> list[tuple[Any, ...]]:
    """By unit: all, those measured, sum, smallest and largest of the value, simulated ones, last change."""
    counted, value = stats.clause(of.measure, min(end, now)), _value(of)
    told = and_(counted, value.is_not(None)) if value is not None else counted
    one = value if value is not None else func.coalesce(Case.rating, 0)
    query = select(
        Case.unit, func.count(), func.count().filter(told), func.sum(one).filter(told), func.min(one).filter(told),
        func.max(one).filter(told), func.count().filter(Case.simulated.is_(True)), func.max(Case.updated_at),
    )  # fmt: skip
    rows = session.execute(query.where(*_where(of, start, end)).group_by(Case.unit))
    return [tuple(row) for row in rows]


def rows(session: Session, of: Cases, start: int, end: int, now: int) -> Sequence[Any]:
    """The cases themselves: number, unit, opened, resolved, value (None where it only counts), simulated."""
    value = _value(of)
    query = select(
        Case.number, Case.unit, Case.opened_at, Case.resolved_at,
        value if value is not None else Case.rating * 0, Case.simulated,
    )  # fmt: skip
    where = [*_where(of, start, end), stats.clause(of.measure, min(end, now))]
    if value is not None:
        where.append(value.is_not(None))
    return session.execute(query.where(*where).order_by(Case.number)).all()


def days(session: Session, since: int) -> tuple[int, set[int]]:
    """The newest change of any case, and the instants at which those changed since a moment were opened or went on."""
    newest = session.scalar(select(func.max(Case.updated_at))) or 0
    if newest <= since:
        return newest, set()
    changed = select(Case.id).where(Case.updated_at > since)
    found = set(session.scalars(select(Case.opened_at).where(Case.updated_at > since)))
    found |= set(session.scalars(select(CaseEntry.at).where(CaseEntry.case_id.in_(changed))))
    return newest, found


def first(session: Session, types_: Iterable[str]) -> int | None:
    """When the first case of some types was opened."""
    return session.scalar(select(func.min(Case.opened_at)).where(Case.type.in_(list(types_))))
