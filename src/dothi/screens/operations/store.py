"""The SQL of the operations page: alarms as columns, because ten thousand of them are looked at at once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, func, not_, or_, select
from sqlalchemy.orm import Session

from dothi.alerts.tables import Alarm, AlarmEvent
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Person
from dothi.places import cities
from dothi.places.tables import Unit
from dothi.sensing.tables import Observation

MOST = 20_000  # alarms of one answer


class Line(NamedTuple):
    """An alarm in the queue. Times in µs UTC; due_at: until when somebody is to acknowledge it, None once done."""

    id: int
    number: str
    severity: str
    active: bool
    acknowledged: bool
    title: str
    title_en: str | None
    subject_name: str
    value_text: str
    unit: str
    raised_at: int
    noticed_at: int
    cleared_at: int | None
    acknowledged_at: int | None
    acknowledged_by: str | None
    assignee_id: int | None
    sector: str | None
    unit_code: str | None
    agency_id: int | None
    group_key: str
    repeats: int
    suppressed: str | None
    shelved_until: int | None
    simulated: bool
    exercise: bool
    thing_id: int | None
    lon: float | None
    lat: float | None
    version: int
    rule_code: str
    withdrawn: bool


_COLUMNS = [getattr(Alarm, name) for name in Line._fields]


@dataclass(frozen=True)
class Wanted:
    """The filters of the queue; empty ones do not filter. assignee: a person's id, 0 for nobody."""

    severity: tuple[str, ...] = ()
    state: str = ""
    sector: str = ""
    unit: str = ""
    agency: int | None = None
    assignee: int | None = None
    ids: tuple[int, ...] | None = None


def lines(session: Session, caller: Caller, wanted: Wanted, limit: int = MOST) -> list[Line]:
    """The alarms a caller may see: what is open, or exactly those asked for by id."""
    query = select(*_COLUMNS).where(guard.visible(caller, Alarm, "alarms:read"), *_clauses(wanted))
    if wanted.ids is None:
        query = query.where(_here(session))
    query = query.order_by(Alarm.active.desc(), Alarm.raised_at.desc()).limit(limit)
    return [Line._make(row) for row in session.execute(query)]


def _here(session: Session) -> Any:
    """Alarms of the city the centre is looked at for."""
    return cities.within(session, Alarm.unit_code, Alarm.lon, Alarm.lat)


def _clauses(wanted: Wanted) -> list[Any]:
    if wanted.ids is not None:
        return [Alarm.id.in_(wanted.ids)]
    clauses: list[Any] = [_STATES.get(wanted.state, OPEN)]
    if wanted.severity:
        clauses.append(Alarm.severity.in_(wanted.severity))
    if wanted.sector:
        clauses.append(Alarm.sector == wanted.sector)
    if wanted.unit:
        clauses.append(Alarm.unit_code == wanted.unit)
    if wanted.agency is not None:
        clauses.append(Alarm.agency_id == wanted.agency)
    if wanted.assignee is not None:
        mine = Alarm.assignee_id == wanted.assignee if wanted.assignee else Alarm.assignee_id.is_(None)
        clauses.append(mine)
    return clauses


_STANDS = and_(Alarm.withdrawn.is_(False), or_(Alarm.active, not_(Alarm.acknowledged)))
OPEN = and_(_STANDS, Alarm.suppressed.is_(None))  # what rings
_STATES = {
    "unacknowledged": and_(OPEN, not_(Alarm.acknowledged)),
    "acknowledged": and_(OPEN, Alarm.acknowledged),
    "cleared": and_(OPEN, not_(Alarm.active)),
    "shelved": and_(_STANDS, Alarm.suppressed.is_not(None)),
}


def suppressed(session: Session, caller: Caller) -> int:
    """How many stand but do not ring."""
    query = select(func.count()).select_from(Alarm).where(guard.visible(caller, Alarm, "alarms:read"), _here(session))
    return session.scalar(query.where(_STATES["shelved"])) or 0


def acknowledged_since(session: Session, caller: Caller, since: int, until: int) -> list[tuple[str, int, int | None]]:
    """(severity, noticed_at, acknowledged_at) of alarms noticed in [since, until), in µs UTC."""
    query = select(Alarm.severity, Alarm.noticed_at, Alarm.acknowledged_at).where(
        guard.visible(caller, Alarm, "alarms:read"), Alarm.noticed_at >= since, Alarm.noticed_at < until,
        Alarm.withdrawn.is_(False), Alarm.suppressed.is_(None), Alarm.exercise.is_(False), _here(session),
    )  # fmt: skip
    return [(severity, noticed, heard) for severity, noticed, heard in session.execute(query)]


def alarm(session: Session, caller: Caller, number: str) -> Alarm | None:
    """One alarm by its number, if the caller may see it."""
    return session.scalar(select(Alarm).where(Alarm.number == number, guard.visible(caller, Alarm, "alarms:read")))


def alarms_of(session: Session, caller: Caller, thing_id: int, limit: int = 20) -> list[Alarm]:
    """The alarms of a thing, newest first."""
    query = select(Alarm).where(
        Alarm.thing_id == thing_id, Alarm.withdrawn.is_(False), guard.visible(caller, Alarm, "alarms:read")
    )
    return list(session.scalars(query.order_by(Alarm.active.desc(), Alarm.raised_at.desc()).limit(limit)))


def events(session: Session, alarm_id: int, known: int) -> list[AlarmEvent]:
    """What happened to an alarm as known at a moment, newest first. The page has made sure that the caller may see it."""
    query = select(AlarmEvent).where(AlarmEvent.alarm_id == alarm_id, AlarmEvent.noticed_at <= known)
    return list(session.scalars(query.order_by(AlarmEvent.noticed_at.desc(), AlarmEvent.id.desc()).limit(200)))


def people(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Names of people who handle alarms."""
    query = select(Person.id, Person.name).where(Person.id.in_(sorted(ids)))
    return {row[0]: row[1] for row in session.execute(query)} if ids else {}


def units(session: Session, codes: Collection[str]) -> dict[str, tuple[str, str]]:
    """(kind, name) of today's wards and communes by code."""
    query = select(Unit.code, Unit.kind, Unit.name).where(Unit.code.in_(sorted(codes)), Unit.valid_to.is_(None))
    return {code: (kind, name) for code, kind, name in session.execute(query)} if codes else {}


def handlers(session: Session, agency_ids: Sequence[int]) -> list[tuple[int, str]]:
    """People who could be given an alarm: active ones of some agencies, by name; none given: all."""
    query = select(Person.id, Person.name).where(Person.active.is_(True))
    if agency_ids:
        query = query.where(Person.agency_id.in_(agency_ids))
    return [(id_, name) for id_, name in session.execute(query.order_by(Person.name).limit(200))]


def values(session: Session, stream: int, start: int, end: int, known: int | None) -> list[tuple[int, float]]:
    """Numbers of a datastream in [start, end) as known at a moment (None: today), oldest first.

    The page has made sure that the caller may see it.
    """
    o = Observation
    query = select(o.at, o.result).where(o.datastream_id == stream, o.at >= start, o.at < end, o.result.is_not(None))
    if known is not None:
        query = query.where(o.received_at <= known)
    return [(at, result) for at, result in session.execute(query.order_by(o.at).limit(20_000)) if result is not None]


def group(session: Session, caller: Caller, key: str, but: int, limit: int = 12) -> list[Line]:
    """Other open alarms of a group, newest first."""
    query = select(*_COLUMNS).where(
        guard.visible(caller, Alarm, "alarms:read"), Alarm.group_key == key, Alarm.id != but, _STANDS
    )
    return [Line._make(row) for row in session.execute(query.order_by(Alarm.raised_at.desc()).limit(limit))]
