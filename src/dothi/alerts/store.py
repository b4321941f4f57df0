"""The SQL of alarms: what stands, what happened to each, and the alarms the engine writes."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select
from sqlalchemy.orm import Session

from dothi.alerts.tables import Alarm, AlarmEvent, RuleVersion
from dothi.identity.guard import Caller, visible
from dothi.kit import clock, text
from dothi.kit.text import whole
from dothi.places.tables import Area, Unit
from dothi.sensing.tables import Datastream, Observation, ObservedProperty

# what a line of the queue, a mark on the map and a past moment need of an alarm
SHOWN = (
    "id", "number", "rule_id", "rule_code", "rule_version", "subject", "thing_id", "datastream_id", "sector", "title",
    "title_en", "subject_name", "folded", "severity", "worst", "active", "acknowledged", "raised_at", "noticed_at",
    "severity_at", "last_at", "cleared_at", "cleared_how", "acknowledged_at", "acknowledged_by", "assignee_id",
    "group_key", "repeats", "parent_id", "suppressed", "shelved_until", "value", "value_text", "unit", "limit", "lon",
    "lat", "unit_code", "agency_id", "sharing", "simulated", "exercise", "procedure", "changed_at", "version",
)  # fmt: skip
_SHOWN = [getattr(Alarm, name) for name in SHOWN]
_PART = 500  # ids of one statement


def sees(caller: Caller) -> ColumnElement[bool]:
    """The clause that keeps the alarms a caller may see."""
    return visible(caller, Alarm, "alarms:read")


def alarm(session: Session, caller: Caller, number_or_id: str | int) -> Alarm | None:
    """One alarm by its number or id, when the caller may see it."""
    wanted = str(number_or_id)
    id_ = whole(wanted)
    named = Alarm.number == wanted.upper() if id_ is None else Alarm.id == id_
    return session.scalar(select(Alarm).where(named, sees(caller)))


def held(session: Session, caller: Caller, ids: Sequence[int]) -> list[Alarm]:
    """Some alarms a caller may see, locked until the transaction ends, by id."""
    found: list[Alarm] = []
    for begin in range(0, len(ids), _PART):
        query = select(Alarm).where(Alarm.id.in_(ids[begin : begin + _PART]), sees(caller)).order_by(Alarm.id)
        found.extend(session.scalars(query.with_for_update().execution_options(populate_existing=True)))
    return found


def add_event(session: Session, alarm_id: int, **values: Any) -> None:
    """Append an event."""
    session.execute(insert(AlarmEvent).values(alarm_id=alarm_id, **values))


def events(session: Session, alarm_id: int, known: int | None = None) -> list[AlarmEvent]:
    """What happened to an alarm, as far as it was known at a moment, in the order it became known."""
    query = select(AlarmEvent).where(AlarmEvent.alarm_id == alarm_id).order_by(AlarmEvent.id)
    if known is not None:
        query = query.where(AlarmEvent.noticed_at <= known)
    return list(session.scalars(query))


def definition(session: Session, rule_id: int | None, version: int) -> RuleVersion | None:
    """A rule as it read in a version."""
    return None if rule_id is None else session.get(RuleVersion, (rule_id, version))


def stood() -> ColumnElement[bool]:
    """The clause of alarms that stand now: active, or ended and not yet acknowledged; never withdrawn ones."""
    return and_(Alarm.withdrawn.is_(False), or_(Alarm.active.is_(True), Alarm.acknowledged.is_(False)))


def shown(session: Session, caller: Caller, where: Sequence[ColumnElement[bool]]) -> list[dict[str, Any]]:
    """The shown columns of the alarms that hold the clauses and that a caller may see, by id."""
    query = select(*_SHOWN).where(sees(caller), *where).order_by(Alarm.id)
    return [dict(row) for row in session.execute(query).mappings()]


def perhaps_standing(at: int, known: int) -> ColumnElement[bool]:
    """The clause of alarms that may have stood at `at` as known at `known`.

    Left out is what was over: nothing has become known of it since, and by `at` it was cleared and acknowledged.
    """
    over = and_(
        Alarm.active.is_(False), Alarm.cleared_at <= at, Alarm.acknowledged.is_(True), Alarm.acknowledged_at <= at
    )
    settled = Alarm.changed_at <= known
    return and_(
        or_(Alarm.raised_at <= at, Alarm.changed_at > known),
        or_(and_(settled, ~over, Alarm.withdrawn.is_(False)), Alarm.changed_at > known),
        Alarm.noticed_at <= known,
    )


def events_of(session: Session, ids: Sequence[int], known: int) -> dict[int, list[AlarmEvent]]:
    """The events of some alarms known at a moment, oldest first."""
    found: dict[int, list[AlarmEvent]] = {id_: [] for id_ in ids}
    for begin in range(0, len(ids), _PART):
        query = (
            select(AlarmEvent)
            .where(AlarmEvent.alarm_id.in_(ids[begin : begin + _PART]), AlarmEvent.noticed_at <= known)
            .order_by(AlarmEvent.id)
        )
        for one in session.scalars(query):
            found[one.alarm_id].append(one)
    return found


def raised(session: Session, caller: Caller, since: int, until: int, step: int) -> list[tuple[int, str, int]]:
    """How many alarms were raised in each step from `since` on, by severity: (step, severity, count)."""
    slot = (Alarm.raised_at - since) / step
    query = (
        select(func.floor(slot).label("slot"), Alarm.worst, func.count())
        .where(sees(caller), Alarm.raised_at >= since, Alarm.raised_at < until, Alarm.withdrawn.is_(False))
        .group_by("slot", Alarm.worst)
    )
    return [(int(one), severity, count) for one, severity, count in session.execute(query)]


def units_below(session: Session, code: str) -> list[str]:
    """An area's units, or a unit and those below it."""
    now = clock.now_micros()
    area = session.scalar(select(Area.units).where(Area.code == code))
    if area:
        return [str(one) for one in area]
    below = session.scalars(
        select(Unit.code).where(Unit.parent_code == code, or_(Unit.valid_to.is_(None), Unit.valid_to > now))
    )
    return [code, *below]


def seen_streams(session: Session, caller: Caller, ids: Iterable[int]) -> dict[int, tuple[str | None, str]]:
    """Those of some datastreams whose observations a caller may see, with code and name of what they measure."""
    p, wanted = ObservedProperty, sorted(set(ids))
    query = (
        select(Datastream.id, p.code, func.coalesce(p.name, ""))
        .outerjoin(p, p.id == Datastream.observed_property_id)
        .where(Datastream.id.in_(wanted), visible(caller, Datastream))
    )
    return {id_: (code, name) for id_, code, name in session.execute(query)}


def received(session: Session, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """When some observations, by (datastream, at), were received, µs UTC."""
    found: dict[tuple[int, int], int] = {}
    for begin in range(0, len(keys), 100):
        where = or_(
            *(and_(Observation.datastream_id == one, Observation.at == at) for one, at in keys[begin : begin + 100])
        )
        query = select(Observation.datastream_id, Observation.at, Observation.received_at).where(where)
        found.update(((one, at), got) for one, at, got in session.execute(query))
    return found


def folded(*parts: str | None) -> str:
    """What an alarm is searched by."""
    return text.fold(" ".join(part for part in parts if part))
