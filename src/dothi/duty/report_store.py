"""What a shift's report is computed from: the SQL over alarms, their events, orders, steps and the journal.

A shift is told by what the room knew: noticed_at, not raised_at. Every window is [since, until) in µs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, not_, or_, select
from sqlalchemy.orm import Session

from dothi.alerts.tables import Alarm, AlarmEvent, Maintenance
from dothi.duty.tables import Order, OrderEntry, Step
from dothi.identity.tables import Agency
from dothi.journal.tables import Entry
from dothi.kit import clock

ROWS = 300
_SLACK = 60 * clock.SECOND  # an entry's id is in the order of commits, its time that of its writing
_WORST = case({"critical": 0, "major": 1, "minor": 2}, value=Alarm.worst, else_=3)


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked of: alarms, orders and entries that hold these clauses, from since (incl.) to until (excl.), µs."""

    since: int
    until: int
    alarms: ColumnElement[bool]
    orders: ColumnElement[bool]
    entries: ColumnElement[bool]


def raised(session: Session, span: Span) -> list[Alarm]:
    """The alarms noticed in the span, the worst first; at most ROWS."""
    query = select(Alarm).where(span.alarms, _noticed(span)).order_by(_WORST, Alarm.noticed_at, Alarm.id).limit(ROWS)
    return list(session.scalars(query))


def raised_times(session: Session, span: Span) -> list[Any]:
    """Of every alarm noticed in the span: id, worst severity, noticed_at, exercise, withdrawn, suppressed, simulated."""
    columns = (
        Alarm.id, Alarm.worst, Alarm.noticed_at, Alarm.exercise, Alarm.withdrawn, Alarm.suppressed, Alarm.simulated,
    )  # fmt: skip
    return list(session.execute(select(*columns).where(span.alarms, _noticed(span)).order_by(Alarm.noticed_at)))


def first_acknowledged(session: Session, span: Span) -> dict[int, int]:
    """When each alarm noticed in the span was first acknowledged (or ended by a person, which is more), before its end."""
    by_hand = and_(AlarmEvent.kind == "cleared", AlarmEvent.actor.startswith("person:", autoescape=True))
    took = or_(AlarmEvent.kind == "acknowledged", by_hand)
    query = (
        select(AlarmEvent.alarm_id, func.min(AlarmEvent.noticed_at))
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .where(span.alarms, _noticed(span), took, AlarmEvent.noticed_at < span.until)
        .group_by(AlarmEvent.alarm_id)
    )
    return _pairs(session.execute(query))


def events(session: Session, span: Span) -> dict[str, int]:
    """How many events of each kind there were in the span; of exercises none."""
    query = (
        select(AlarmEvent.kind, func.count())
        .join(Alarm, Alarm.id == AlarmEvent.alarm_id)
        .where(
            span.alarms, not_(Alarm.exercise), AlarmEvent.noticed_at >= span.since, AlarmEvent.noticed_at < span.until
        )
        .group_by(AlarmEvent.kind)
    )
    return _pairs(session.execute(query))


def open_at(session: Session, span: Span, at: int) -> list[Alarm]:
    """The alarms that were active or unacknowledged at an instant, the worst first; at most ROWS."""
    query = select(Alarm).where(span.alarms, _open(at)).order_by(_WORST, Alarm.noticed_at, Alarm.id).limit(ROWS)
    return list(session.scalars(query))


def count_open_at(session: Session, span: Span, at: int) -> int:
    """How many alarms were active or unacknowledged at an instant; of exercises none."""
    query = select(func.count()).select_from(Alarm).where(span.alarms, not_(Alarm.exercise), _open(at))
    return session.scalar(query) or 0


def maintenance(session: Session, agencies: Sequence[int] | None, at: int) -> list[Maintenance]:
    """Maintenance windows that have not ended, of these agencies or all."""
    query = select(Maintenance).where(Maintenance.ends_at > at, Maintenance.cancelled_at.is_(None))
    if agencies is not None:
        query = query.where(Maintenance.agency_id.in_(agencies))
    return list(session.scalars(query.order_by(Maintenance.starts_at, Maintenance.id).limit(ROWS)))


def order_events(session: Session, span: Span) -> dict[str, int]:
    """How many steps of each kind orders took in the span."""
    query = (
        select(OrderEntry.kind, func.count())
        .join(Order, Order.id == OrderEntry.order_id)
        .where(span.orders, OrderEntry.at >= span.since, OrderEntry.at < span.until)
        .group_by(OrderEntry.kind)
    )
    return _pairs(session.execute(query))


def open_orders(session: Session, span: Span) -> list[Row[Order, str]]:
    """Orders not closed at the span's end, with the agency's name; by deadline."""
    query = (
        select(Order, Agency.name)
        .join(Agency, Agency.id == Order.agency_id)
        .where(span.orders, Order.given_at < span.until, or_(Order.closed_at.is_(None), Order.closed_at >= span.until))
    )
    return list(session.execute(query.order_by(Order.due_at, Order.id).limit(ROWS)))


def steps(session: Session, span: Span) -> dict[int, int]:
    """How many steps of procedures were ticked (1) and unticked (0) in the span."""
    query = (
        select(Step.done, func.count())
        .join(Alarm, Alarm.id == Step.alarm_id)
        .where(span.alarms, Step.at >= span.since, Step.at < span.until)
        .group_by(Step.done)
    )
    return _pairs(session.execute(query))


def actions(session: Session, span: Span, rooms: Sequence[str]) -> list[Any]:
    """What people did in the span as the journal has it: at, kind, actor, subject, data; oldest first, the last ROWS.

    rooms: prefixes of kinds.
    """
    after = _before(session, span.since - _SLACK)
    query = (
        select(Entry.at, Entry.kind, Entry.actor, Entry.subject, Entry.data)
        .where(
            Entry.id > after, Entry.at >= span.since, Entry.at < span.until, span.entries,
            or_(*(Entry.kind.startswith(room, autoescape=True) for room in rooms)),
            Entry.actor.startswith("person:", autoescape=True),
        )
        .order_by(Entry.id.desc())
        .limit(ROWS)
    )  # fmt: skip
    return list(session.execute(query))[::-1]


def kinds(session: Session, span: Span, room: str) -> dict[str, int]:
    """How many entries of each kind of a room the journal has in the span."""
    query = (
        select(Entry.kind, func.count())
        .where(
            Entry.id > _before(session, span.since - _SLACK), Entry.at >= span.since, Entry.at < span.until, span.entries,
            Entry.kind.startswith(room, autoescape=True),
        )
        .group_by(Entry.kind)
    )  # fmt: skip
    return _pairs(session.execute(query))


def _pairs(rows: Iterable[Any]) -> dict[Any, int]:
    return {key: value for key, value in rows}  # noqa: C416 - dict() takes no rows in mypy's eyes


def _noticed(span: Span) -> ColumnElement[bool]:
    return and_(Alarm.noticed_at >= span.since, Alarm.noticed_at < span.until)


def _open(at: int) -> ColumnElement[bool]:
    active = or_(Alarm.cleared_noticed_at.is_(None), Alarm.cleared_noticed_at > at)
    waiting = or_(Alarm.acknowledged_at.is_(None), Alarm.acknowledged_at > at)
    return and_(not_(Alarm.withdrawn), Alarm.noticed_at <= at, or_(active, waiting))


def _before(session: Session, at: int) -> int:
    """The id of the last entry written before an instant, by halving: the journal has no index of times."""
    low, high = 0, session.scalar(select(func.max(Entry.id))) or 0
    while low < high:
        middle = (low + high + 1) // 2
        row = session.execute(
            select(Entry.id, Entry.at).where(Entry.id >= middle).order_by(Entry.id).limit(1)
        ).one()  # there is one: high's own
        if row.at < at:
            low = min(row.id, high)
        else:
            high = middle - 1
    return low
