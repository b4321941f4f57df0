"""What the alarms say about the rules: the SQL of these pages."""

from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from dothi.alerts.tables import Alarm
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Person


class Lately(NamedTuple):
    """What a rule raised: how often since a moment, how many stand, when last (µs UTC)."""

    raised: int
    active: int
    last_at: int | None


def lately(session: Session, caller: Caller, since: int) -> dict[str, Lately]:
    """By the rule's code, of the alarms the caller may see; exercises and what never was left out."""
    recent = func.sum(case((Alarm.raised_at >= since, 1), else_=0))
    standing = func.sum(case((Alarm.active.is_(True), 1), else_=0))
    query = (
        select(Alarm.rule_code, recent, standing, func.max(Alarm.raised_at))
        .where(guard.visible(caller, Alarm, "alarms:read"), Alarm.withdrawn.is_(False))
        .group_by(Alarm.rule_code)
    )
    return {
        code: Lately(int(count or 0), int(active or 0), last) for code, count, active, last in session.execute(query)
    }


def alarms(session: Session, caller: Caller, code: str, most: int) -> list[Alarm]:
    """The newest alarms of a rule that the caller may see."""
    query = select(Alarm).where(guard.visible(caller, Alarm, "alarms:read"), Alarm.rule_code == code)
    return list(session.scalars(query.order_by(Alarm.raised_at.desc(), Alarm.id.desc()).limit(most)))


def names(session: Session, actors: set[str]) -> dict[str, str]:
    """The names behind `person:3`; others are not in it."""
    ids = [int(one[7:]) for one in actors if one.startswith("person:") and one[7:].isdecimal()]
    rows: Any = session.execute(select(Person.id, Person.name).where(Person.id.in_(ids)))
    return {f"person:{id_}": name for id_, name in rows}
