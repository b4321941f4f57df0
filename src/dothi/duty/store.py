"""The SQL of shifts, presence, saved views, walls, orders and the steps of procedures."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, delete, func, literal, or_, select, true, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dothi.alerts.tables import Alarm
from dothi.db.words import in_turn
from dothi.duty.tables import Order, OrderEntry, Presence, SavedView, Shift, Step, Wall
from dothi.identity.tables import Agency, Person

OPEN = ("given", "received", "returned")  # the agency is to act


def add(session: Session, row: Any) -> bool:
    """Add a row; False when another one stands in its place."""
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return False
    return True


# shifts


def open_shifts(session: Session, sees: ColumnElement[bool]) -> list[Row[Shift, Person]]:
    """Shifts that are not over, chiefs first, with who stands them."""
    query = select(Shift, Person).join(Person, Person.id == Shift.person_id).where(Shift.ended_at.is_(None), sees)
    return list(session.execute(query.order_by(Shift.post == "duty", Shift.began_at, Shift.id)))


def open_shift(session: Session, person_id: int) -> Shift | None:
    """The shift a person stands."""
    return session.scalar(select(Shift).where(Shift.person_id == person_id, Shift.ended_at.is_(None)))


def shift(session: Session, id_: int, sees: ColumnElement[bool], *, lock: bool = False) -> Shift | None:
    """The shift of a number; lock: nobody else changes it before this transaction ends."""
    query = select(Shift).where(Shift.id == id_, sees)
    return session.scalar(query.with_for_update() if lock else query)


def past_shifts(session: Session, sees: ColumnElement[bool], before: int | None, limit: int) -> list[Shift]:
    """Shifts that are over, newest first; before: those that began earlier (µs)."""
    query = select(Shift).where(Shift.ended_at.is_not(None), sees)
    if before is not None:
        query = query.where(Shift.began_at < before)
    return list(session.scalars(query.order_by(Shift.began_at.desc(), Shift.id.desc()).limit(limit)))


# presence


def put_presence(session: Session, person_id: int, tab: str, **values: Any) -> None:
    """Say where a tab is just now."""
    mine = (Presence.person_id == person_id) & (Presence.tab == tab)
    found = session.execute(update(Presence).where(mine).values(**values).returning(Presence.person_id)).first()
    if found is None:
        add(session, Presence(person_id=person_id, tab=tab, **values))


def drop_presence(session: Session, person_id: int, *, tab: str | None = None, before: int | None = None) -> None:
    """Forget a tab of a person's, or all those not heard of since `before` (µs)."""
    query = delete(Presence).where(Presence.person_id == person_id)
    if tab is not None:
        query = query.where(Presence.tab == tab)
    if before is not None:
        query = query.where(Presence.at < before)
    session.execute(query)


def others(
    session: Session, since: int, alarms: ColumnElement[bool] | None, but: int | None
) -> list[Row[int, str, str | None]]:
    """Person id, name and subject of who was heard of since (µs); alarms: only at alarms that hold the clause."""
    query = select(Person.id, Person.name, Presence.subject).join(Person, Person.id == Presence.person_id)
    if alarms is not None:
        query = query.join(Alarm, Alarm.id == Presence.alarm_id).where(alarms)
    query = query.where(Presence.at >= since)
    if but is not None:
        query = query.where(Presence.person_id != but)
    return list(session.execute(query.distinct().order_by(Person.name, Person.id, Presence.subject)))


# saved views


def views(session: Session, sees: ColumnElement[bool]) -> list[SavedView]:
    """Saved views by key: one's own before the agency's, those before everybody's."""
    rank = case((SavedView.person_id.is_not(None), 0), (SavedView.agency_id.is_not(None), 1), else_=2)
    return list(session.scalars(select(SavedView).where(sees).order_by(SavedView.position, rank, SavedView.id)))


def saved_view(session: Session, id_: int, sees: ColumnElement[bool]) -> SavedView | None:
    """The saved view of a number."""
    return session.scalar(select(SavedView).where(SavedView.id == id_, sees))


def views_at(session: Session, person_id: int | None, agency_id: int | None) -> list[SavedView]:
    """All saved views of one owner."""
    owner = SavedView.person_id == person_id if person_id is not None else SavedView.person_id.is_(None)
    of = SavedView.agency_id == agency_id if agency_id is not None else SavedView.agency_id.is_(None)
    return list(session.scalars(select(SavedView).where(owner, of).order_by(SavedView.position, SavedView.id)))


# walls


def walls(session: Session, sees: ColumnElement[bool]) -> list[Wall]:
    """Walls, those in use first, newest first."""
    return list(session.scalars(select(Wall).where(sees).order_by(Wall.revoked_at.is_not(None), Wall.id.desc())))


def wall(session: Session, id_: int, sees: ColumnElement[bool]) -> Wall | None:
    """The wall of a number."""
    return session.scalar(select(Wall).where(Wall.id == id_, sees))


def wall_of(session: Session, token: str) -> Wall | None:
    """The wall of a token's hash, unless it was revoked."""
    return session.scalar(select(Wall).where(Wall.token == token, Wall.revoked_at.is_(None)))


# orders


def order_number(session: Session, year: str) -> str:
    """The next number of a year, CD-26-0012; in turn, so that no two orders get the same."""
    turn(session, "dothi.duty.orders")
    start = f"CD-{year}-"
    query = select(Order.number).where(Order.number.startswith(start, autoescape=True))
    newest = session.scalar(query.order_by(func.length(Order.number).desc(), Order.number.desc()).limit(1))
    return f"{start}{int(newest.removeprefix(start)) + 1 if newest else 1:04d}"


def order(session: Session, name: int | str, sees: ColumnElement[bool], *, lock: bool = False) -> Order | None:
    """The order of an id or a number; lock: nobody else changes it before this transaction ends."""
    which = Order.id == name if isinstance(name, int) else Order.number == name
    query = select(Order).where(which, sees)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True) if lock else query)


def orders(
    session: Session, where: Sequence[ColumnElement[bool]], limit: int, *, closed_last: bool = True
) -> list[Row[Order, str, str]]:
    """Orders with their agency's and giver's names: those to be done first by deadline, then those closed, newest first."""
    query = (
        select(Order, Agency.name, Person.name)
        .join(Agency, Agency.id == Order.agency_id)
        .join(Person, Person.id == Order.by_id)
        .where(*where)
    )
    if closed_last:
        waits = case((Order.closed_at.is_(None), 0), else_=1)
        due = case((Order.closed_at.is_(None), Order.due_at), else_=-Order.due_at)
        query = query.order_by(waits, due, Order.id.desc())
    else:
        query = query.order_by(Order.given_at, Order.id)
    return list(session.execute(query.limit(limit)))


def order_counts(
    session: Session, sees: ColumnElement[bool], person_id: int | None, now: int
) -> Row[int, int, int, int, int]:
    """How many orders there are: open, late, waiting to be accepted, mine to accept, all."""
    late = and_(Order.state.in_(OPEN), Order.due_at < now)
    mine = Order.by_id == person_id if person_id is not None else Order.id < 0
    return session.execute(
        select(
            _count(Order.state.in_(OPEN)), _count(late), _count(Order.state == "done"),
            _count(and_(mine, Order.closed_at.is_(None))), func.count(),
        ).where(sees)
    ).one()  # fmt: skip


def entries(session: Session, order_id: int) -> list[OrderEntry]:
    """What happened to an order, oldest first."""
    return list(session.scalars(select(OrderEntry).where(OrderEntry.order_id == order_id).order_by(OrderEntry.id)))


def last_texts(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, str, int]]:
    """The newest entry of each order: kind, text, when."""
    newest = select(func.max(OrderEntry.id)).where(OrderEntry.order_id.in_(ids)).group_by(OrderEntry.order_id)
    rows = session.execute(
        select(OrderEntry.order_id, OrderEntry.kind, OrderEntry.text, OrderEntry.at).where(OrderEntry.id.in_(newest))
    )
    return {one: (kind, text, at) for one, kind, text, at in rows}


def late_by_agency(session: Session, sees: ColumnElement[bool], now: int) -> list[Any]:
    """Agency id, name, English name, open, late, unreceived and earliest overdue deadline; the latest first."""
    late = and_(Order.state.in_(OPEN), Order.due_at < now)
    counts = (
        _count(Order.state.in_(OPEN)).label("open"), _count(late).label("late"),
        _count(Order.state == "given").label("unreceived"), func.min(case((late, Order.due_at))).label("oldest"),
    )  # fmt: skip
    query = (
        select(Agency.id, Agency.name, Agency.name_en, *counts)
        .join(Agency, Agency.id == Order.agency_id)
        .where(sees, Order.state.in_(OPEN))
        .group_by(Agency.id, Agency.name, Agency.name_en)
    )
    return list(session.execute(query.order_by(counts[1].desc(), counts[0].desc(), Agency.name, Agency.id)))


def _count(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


# procedures


def turn(session: Session, name: str) -> None:
    """Wait until no other transaction holds the turn of this name."""
    session.execute(select(in_turn(literal(name))))


def steps(session: Session, alarm_id: int) -> list[Step]:
    """Every tick of an alarm's procedure, oldest first: the newest row of a step decides."""
    return list(session.scalars(select(Step).where(Step.alarm_id == alarm_id).order_by(Step.id)))


# people


def names(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Names of people by id."""
    if not ids:
        return {}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {id_: name for id_, name in rows}  # noqa: C416 - rows are not pairs to mypy


def people_of(session: Session, agency_ids: Sequence[int] | None) -> list[Person]:
    """Active people, of these agencies or all, by name."""
    which = Person.agency_id.in_(agency_ids) if agency_ids is not None else true()
    return list(session.scalars(select(Person).where(Person.active, which).order_by(Person.name, Person.id)))


def agencies_of(session: Session, ids: Sequence[int] | None) -> list[Agency]:
    """Agencies by name: these, or all."""
    which = or_(Agency.id.in_(ids)) if ids is not None else true()
    return list(session.scalars(select(Agency).where(which).order_by(Agency.name, Agency.id)))
