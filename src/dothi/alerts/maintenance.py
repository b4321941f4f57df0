"""Maintenance windows: times in which alarms within a scope are recorded but do not ring."""

from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from dothi.alerts.tables import Alarm, Maintenance, Rule
from dothi.identity import guard
from dothi.identity import store as people
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import nfc, whole
from dothi.places.tables import Unit
from dothi.sensing.news import before_commit
from dothi.sensing.tables import Datastream, Thing

SCOPES = ("thing", "datastream", "unit", "sector", "rule", "agency")
LONGEST = 31 * clock.DAY


def plan(
    session: Session, caller: Caller, *, starts_at: int, ends_at: int, scope_kind: str, scope: str, reason: str
) -> Maintenance:
    """Plan a window. scope: id of the thing, datastream or agency, or code of the unit, sector or rule.

    Asks for alarms:handle in the agency of the scope; for a unit, sector or a rule of nobody's everywhere.
    """
    now = clock.now_micros()
    faults = []
    if scope_kind not in SCOPES:
        faults.append(Fault("scope_kind", f'"{scope_kind}"', ", ".join(SCOPES)))
    if not starts_at < ends_at <= starts_at + LONGEST:
        faults.append(Fault("ends_at", "does not end after it starts, or lasts too long", "up to 31 days"))
    elif ends_at <= now:
        faults.append(Fault("ends_at", "is over already", "a time to come"))
    why = nfc(reason).strip()
    if not 1 <= len(why) <= 500:
        faults.append(Fault("reason", "says nothing or too much", "1 to 500 characters"))
    found, agency_id = _scope(session, caller, scope_kind, scope) if scope_kind in SCOPES else (True, None)
    if not found:
        faults.append(Fault("scope", f'there is no {scope_kind} "{scope}"'))
    if faults:
        raise BadInput("the maintenance cannot be planned", faults)
    guard.require(caller, "alarms:handle", agency_id)
    made = Maintenance(
        starts_at=starts_at, ends_at=ends_at, scope_kind=scope_kind, scope=str(scope), reason=why,
        agency_id=agency_id, by=caller.actor, created_at=now, cancelled_at=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _say(session, caller, made, "planned")
    return made


def cancel(session: Session, caller: Caller, id_: int) -> Maintenance:
    """Call a window off, or end it early."""
    found = session.scalar(select(Maintenance).where(Maintenance.id == id_, _seen(caller)).with_for_update())
    if found is None:
        raise NotFound(f"there is no maintenance {id_}")
    guard.require(caller, "alarms:handle", found.agency_id)
    if found.cancelled_at is None:
        found.cancelled_at = clock.now_micros()
        session.flush()
        _say(session, caller, found, "cancelled")
    return found


def current(session: Session, caller: Caller, at: int | None = None, *, planned: bool = True) -> list[Maintenance]:
    """The windows that are running at a moment (now when None), and with `planned` those to come."""
    if not guard.may_somewhere(caller, "alarms:read"):
        guard.require(caller, "alarms:read")
    moment = clock.now_micros() if at is None else at
    query = select(Maintenance).where(
        _seen(caller), Maintenance.ends_at > moment, Maintenance.created_at <= moment,
        or_(Maintenance.cancelled_at.is_(None), Maintenance.cancelled_at > moment),
    )  # fmt: skip
    if not planned:
        query = query.where(Maintenance.starts_at <= moment)
    return list(session.scalars(query.order_by(Maintenance.starts_at, Maintenance.id)))


def covering(session: Session, since: int, until: int) -> list[Maintenance]:
    """Every window that touches a stretch of time, for the engine."""
    query = select(Maintenance).where(Maintenance.starts_at <= until, Maintenance.ends_at > since)
    return list(session.scalars(query.order_by(Maintenance.id)))


def runs(window: Maintenance, at: int) -> bool:
    """Whether a window is running at a moment."""
    ends = window.ends_at if window.cancelled_at is None else min(window.ends_at, window.cancelled_at)
    return window.starts_at <= at < ends


def running(at: Any) -> ColumnElement[bool]:
    """The clause: any window is running at an instant (µs)."""
    goes = or_(Maintenance.cancelled_at.is_(None), Maintenance.cancelled_at > at)
    return select(Maintenance.id).where(Maintenance.starts_at <= at, Maintenance.ends_at > at, goes).exists()


def covers(window: Maintenance, alarm: Alarm) -> bool:
    """Whether an alarm lies within the scope of a window."""
    held = {
        "thing": alarm.thing_id, "datastream": alarm.datastream_id, "unit": alarm.unit_code, "sector": alarm.sector,
        "rule": alarm.rule_code, "agency": alarm.agency_id,
    }[window.scope_kind]  # fmt: skip
    return held is not None and str(held) == window.scope


def _scope(session: Session, caller: Caller, kind: str, scope: str) -> tuple[bool, int | None]:
    """Whether the caller sees such a thing, and whose it is."""
    number = whole(scope) or -1
    match kind:
        case "thing":
            row = session.execute(
                select(Thing.agency_id).where(Thing.id == number, guard.visible(caller, Thing))
            ).first()
        case "datastream":
            row = session.execute(
                select(Datastream.agency_id).where(Datastream.id == number, guard.visible(caller, Datastream))
            ).first()
        case "rule":
            row = session.execute(select(Rule.agency_id).where(Rule.code == scope)).first()
        case "agency":
            return people.agency(session, number) is not None, number
        case "unit":
            return session.scalar(select(Unit.id).where(Unit.code == scope).limit(1)) is not None, None
        case _:
            return bool(scope.strip()), None
    return row is not None, row[0] if row is not None else None


def _seen(caller: Caller) -> ColumnElement[bool]:
    """Windows of nobody's in particular everybody who reads alarms sees, an agency's that agency."""
    if "alarms:read" in caller.everywhere:
        return true()
    agencies = sorted({agency for held, agency in caller.within if held == "alarms:read"})
    return or_(Maintenance.agency_id.is_(None), Maintenance.agency_id.in_(agencies))


def _say(session: Session, caller: Caller, one: Maintenance, verb: str) -> None:
    before_commit(
        session,
        partial(
            journal.append, session, f"alerts.maintenance.{verb}", actor=caller.actor, subject=f"maintenance:{one.id}",
            agency_id=one.agency_id, visibility="restricted" if one.agency_id else "shared",
            data={
                "scope_kind": one.scope_kind, "scope": one.scope, "starts_at": one.starts_at, "ends_at": one.ends_at,
                "reason": one.reason, "cancelled_at": one.cancelled_at,
            },
        ),
    )  # fmt: skip
