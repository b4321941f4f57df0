"""Which alarms do not ring: within maintenance, as a consequence of another alarm, or shelved by an officer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from dothi.alerts import maintenance
from dothi.alerts.model import Suppress
from dothi.alerts.news import ENGINE, tell
from dothi.alerts.tables import Alarm, Maintenance
from dothi.db.words import json_text
from dothi.sensing.tables import Thing

_COLUMN = {
    "thing": "thing_id", "datastream": "datastream_id", "unit": "unit_code", "sector": "sector", "rule": "rule_code",
    "agency": "agency_id",
}  # fmt: skip
Suppresses = Mapping[str, Suppress]  # by the code of the rule whose alarms are a consequence


def reason(
    session: Session, alarm: Alarm, suppress: Suppress | None, windows: Iterable[Maintenance], at: int
) -> tuple[str | None, int | None]:
    """Why an alarm does not ring at a moment, and the alarm that explains it away.

    alarm: may be a new one without an id. windows: those that may run.
    """
    until = session.scalar(
        select(Alarm.shelved_until)
        .where(Alarm.rule_code == alarm.rule_code, Alarm.subject == alarm.subject, Alarm.shelved_until > at)
        .limit(1)
    )
    if until is not None:
        alarm.shelved_until = until
        return "shelved", None
    window = next((one for one in windows if maintenance.runs(one, at) and maintenance.covers(one, alarm)), None)
    if window is not None:
        return f"maintenance:{window.id}", None
    parent = _parent(session, alarm, suppress) if suppress is not None else None
    return (f"parent:{parent}", parent) if parent is not None else (None, None)


def follow(session: Session, parents: Sequence[Alarm], suppresses: Suppresses, now: int) -> None:
    """Alarms that these ones explain away fall silent; what has lost its parent rings again."""
    for parent in parents:
        codes = [code for code, one in suppresses.items() if parent.rule_code in one.parents]
        if not codes:
            continue
        if not parent.active:
            lost = select(Alarm).where(Alarm.suppressed == f"parent:{parent.id}", Alarm.active.is_(True))
            for child in session.scalars(lost.order_by(Alarm.id).with_for_update()):
                settle(session, child, suppresses.get(child.rule_code), (), now)
            continue
        children = select(Alarm).where(
            Alarm.active.is_(True), Alarm.suppressed.is_(None), Alarm.id != parent.id,
            or_(*(and_(Alarm.rule_code == code, _beneath(parent, suppresses[code].at)) for code in codes)),
        )  # fmt: skip
        for child in session.scalars(children.order_by(Alarm.id).with_for_update()):
            _become(session, child, f"parent:{parent.id}", parent.id, now)


def _beneath(parent: Alarm, at: str) -> ColumnElement[bool]:
    """The clause of alarms that an alarm of their parent rule explains away."""
    if at == "unit":
        return Alarm.unit_code == parent.unit_code
    if at == "thing":
        return Alarm.thing_id == parent.thing_id
    above = select(Thing.code).where(Thing.id == parent.thing_id).scalar_subquery()
    return Alarm.thing_id.in_(select(Thing.id).where(json_text(Thing.properties, "upstream") == above))


def settle(session: Session, alarm: Alarm, suppress: Suppress | None, windows: Iterable[Maintenance], now: int) -> None:
    """Have an alarm be silent, or ring, as it should now."""
    if alarm.shelved_until is not None and alarm.shelved_until <= now:
        alarm.shelved_until = None
    why, parent = reason(session, alarm, suppress, windows, now)
    if why != alarm.suppressed:
        _become(session, alarm, why, parent, now)


def held(now: Any) -> ColumnElement[bool]:
    """The clause: there are alarms that a window holds, or a shelf that is over at an instant (µs)."""
    return select(Alarm.id).where(_held(now), *_open()).exists()


def _held(now: Any) -> ColumnElement[bool]:
    return or_(Alarm.suppressed.startswith("maintenance:"), Alarm.shelved_until <= now)


def _open() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Alarm.withdrawn.is_(False), or_(Alarm.active.is_(True), Alarm.acknowledged.is_(False))


def attend(session: Session, suppresses: Suppresses, now: int) -> int:
    """Windows that have begun or ended, shelves that are over: bring the standing alarms in line; returns how many."""
    windows = maintenance.covering(session, now, now)
    running = [one for one in windows if maintenance.runs(one, now)]
    touched = or_(_held(now), *(_within(one) for one in running))
    query = select(Alarm).where(*_open(), touched).order_by(Alarm.id).with_for_update()
    found = list(session.scalars(query))
    changed = 0
    for alarm in found:
        before = alarm.suppressed
        if alarm.active or before is not None:
            settle(session, alarm, suppresses.get(alarm.rule_code), running, now)
        changed += alarm.suppressed != before
    return changed


def _within(window: Maintenance) -> ColumnElement[bool]:
    """The clause of ringing alarms within the scope of a window."""
    column = getattr(Alarm, _COLUMN[window.scope_kind])
    scope = int(window.scope) if window.scope_kind in {"thing", "datastream", "agency"} else window.scope
    return and_(Alarm.active.is_(True), Alarm.suppressed.is_(None), column == scope)


def _become(session: Session, alarm: Alarm, why: str | None, parent: int | None, now: int) -> None:
    alarm.suppressed, alarm.parent_id, alarm.changed_at = why, parent if why else alarm.parent_id, now
    session.flush()
    kind = "suppressed" if why else "released"
    tell(session, alarm, kind, actor=ENGINE, at=now, noticed_at=now, event={"suppressed": why})


def _parent(session: Session, alarm: Alarm, suppress: Suppress) -> int | None:
    """The active alarm of a parent rule that this one follows from; the one standing longest."""
    query = select(Alarm.id).where(Alarm.rule_code.in_(suppress.parents), Alarm.active.is_(True))
    if suppress.at == "unit":
        if alarm.unit_code is None:
            return None
        query = query.where(Alarm.unit_code == alarm.unit_code)
    elif alarm.thing_id is None:
        return None
    elif suppress.at == "thing":
        query = query.where(Alarm.thing_id == alarm.thing_id)
    else:
        own = session.scalar(select(Thing.properties).where(Thing.id == alarm.thing_id))
        code = (own or {}).get("upstream")
        if not isinstance(code, str):
            return None
        query = query.where(Alarm.thing_id == select(Thing.id).where(Thing.code == code).scalar_subquery())
    if alarm.id is not None:
        query = query.where(Alarm.id != alarm.id)
    return session.scalar(query.order_by(Alarm.raised_at, Alarm.id).limit(1))
