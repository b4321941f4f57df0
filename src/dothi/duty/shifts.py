"""Shifts: begun, handed over with a signed report, taken over by another person's signature."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, true
from sqlalchemy.orm import Session

from dothi.alerts.tables import Alarm
from dothi.duty import report as reports
from dothi.duty import report_store, sight, store
from dothi.duty.tables import Order, Shift
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Person
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, PreconditionFailed
from dothi.kit.text import nfc
from dothi.places import cities
from dothi.sensing.news import before_commit

POSTS = ("duty", "chief")
ROOMS = ("alerts.", "duty.order.", "duty.step.", "duty.shift.", "warnings.")
LONGEST = 8000  # characters of a note


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Somebody who stands a shift."""

    shift: Shift
    person: Person


def current(session: Session, caller: Caller | None = None) -> list[OnDuty]:
    """Who is on duty now, chiefs first; with a caller, as far as they see."""
    sees = true() if caller is None else sight.shifts(caller)
    return [OnDuty(one, person) for one, person in store.open_shifts(session, and_(sees, _here(session)))]


def _here(session: Session) -> ColumnElement[bool]:
    """Shifts at the centre and at desks of the city a page is about."""
    return cities.of_office(session, Shift.agency_id)


def mine(session: Session, caller: Caller) -> Shift | None:
    """The shift the caller stands."""
    return store.open_shift(session, caller.id) if caller.kind == "person" and caller.id is not None else None


def begin(session: Session, caller: Caller, post: str = "duty") -> Shift:
    """Go on duty at the city's centre, or at one's agency's desk. A chief needs duty:lead, everybody duty:stand."""
    person = sight.person_of(caller)
    if post not in POSTS:
        raise BadInput("there is no such post", [Fault("post", f"{post[:40]!r}", ", ".join(POSTS))])
    desk = sight.desk_of(caller, "duty:lead" if post == "chief" else "duty:stand")
    guard.require(caller, "duty:stand", desk)
    made = Shift(person_id=person, agency_id=desk, post=post, began_at=clock.now_micros(), note="")
    if not store.add(session, made):
        raise Conflict("you are on duty already")
    _tell(session, "duty.shift.began", caller, made)
    return made


def hand(session: Session, caller: Caller, note: str = "", *, warnings: Sequence[Mapping[str, Any]] = ()) -> Shift:
    """Sign one's shift for handover: its report is computed and kept; it goes on until somebody takes it.

    note: open matters in the officer's words. warnings: those to the public that are in force, {identifier, headline,
    until}. Signing again, as long as nobody took it, replaces the first signature.
    """
    person, note = sight.person_of(caller), nfc(note.strip())
    held = store.open_shift(session, person)
    if held is None:
        raise Conflict("you are not on duty")
    guard.require(caller, "duty:stand", held.agency_id)
    if len(note) > LONGEST:
        raise BadInput("the note is too long", [Fault("note", f"{len(note)} characters", f"up to {LONGEST}")])
    found = _locked(session, caller, held.id)
    if found.ended_at is not None:
        raise Conflict("this shift is over")
    now = clock.now_micros()
    found.note, found.handed_at = note, now
    found.report = report(session, caller, found.began_at, now, warnings=warnings)
    found.digest = reports.digest(found.report, note, person, now)
    session.flush()
    _tell(session, "duty.shift.handed", caller, found, digest=found.digest)
    return found


def take(session: Session, caller: Caller, shift_id: int, digest: str) -> Shift:
    """Sign for another officer's shift and go on duty oneself, unless one is already. Returns one's own shift.

    digest: of the report as it was read; one signed anew since is to be read again.
    """
    person = sight.person_of(caller)
    found = _locked(session, caller, shift_id)
    guard.require(caller, "duty:stand", found.agency_id)
    if found.person_id == person:
        raise NotAllowed("whoever hands a shift over does not take it: another person does")
    if found.ended_at is not None:
        raise Conflict("somebody else took this shift over already" if found.taken_by else "this shift is over")
    if found.handed_at is None:
        raise Conflict("this shift is not signed for handover yet")
    if digest != found.digest:
        raise PreconditionFailed("the report was signed anew meanwhile; read it again")
    now = clock.now_micros()
    found.taken_by, found.taken_at, found.ended_at = person, now, now
    session.flush()
    _tell(session, "duty.shift.taken", caller, found, digest=digest)
    own = store.open_shift(session, person)
    if own is None:
        own = Shift(person_id=person, agency_id=found.agency_id, post=found.post, began_at=now, note="")
        if not guard.may(caller, "duty:lead", found.agency_id):
            own.post = "duty"
        if not store.add(session, own):
            raise Conflict("you are on duty already")
        _tell(session, "duty.shift.began", caller, own)
    return own


def end(
    session: Session, caller: Caller, shift_id: int, reason: str, *, warnings: Sequence[Mapping[str, Any]] = ()
) -> Shift:
    """End a shift nobody takes over, for a reason; needs duty:lead at its desk."""
    person, reason = sight.person_of(caller), nfc(reason.strip())
    found = _locked(session, caller, shift_id)
    guard.require(caller, "duty:lead", found.agency_id)
    if not reason or len(reason) > LONGEST:
        raise BadInput(
            "a shift nobody takes over ends for a reason", [Fault("reason", "is missing", f"1 to {LONGEST} characters")]
        )
    if found.ended_at is not None:
        raise Conflict("this shift is over")
    now = clock.now_micros()
    if found.report is None:
        found.report = report(session, caller, found.began_at, now, warnings=warnings)
    found.ended_at, found.ended_by = now, person
    found.note = f"{found.note}\n\n{reason}".strip()
    session.flush()
    _tell(session, "duty.shift.ended", caller, found, reason=reason)
    return found


def shift(session: Session, caller: Caller, id_: int) -> Shift:
    """The shift of a number. NotFound alike for one that is not to be seen."""
    found = store.shift(session, id_, sight.shifts(caller))
    if found is None:
        raise sight.not_found("shift")
    return found


def past(session: Session, caller: Caller, before: int | None = None, limit: int = 30) -> list[Shift]:
    """Shifts that are over, newest first; before: those that began earlier (µs)."""
    return store.past_shifts(session, and_(sight.shifts(caller), _here(session)), before, limit)


def report(
    session: Session, caller: Caller, since: int, until: int, *, warnings: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """What was in a stretch of time (µs), as far as the caller sees: figures, alarms, actions, open matters; as JSON."""
    sees = guard.visible(caller, Alarm, "alarms:read")
    span = report_store.Span(since, until, sees, sight.orders(caller), guard.sees_entries(caller))
    times = report_store.raised_times(session, span)
    alarms = [reports.alarm(one) for one in report_store.raised(session, span)]
    actions = [reports.action(row) for row in report_store.actions(session, span, ROOMS)]
    still = [reports.alarm(one) for one in report_store.open_at(session, span, until)]
    orders = [reports.order(one, agency, until) for one, agency in report_store.open_orders(session, span)]
    figures = reports.figures(
        times, report_store.first_acknowledged(session, span), report_store.events(session, span),
        report_store.order_events(session, span), report_store.steps(session, span),
        report_store.kinds(session, span, "warnings."), since=since, until=until,
        open_before=report_store.count_open_at(session, span, since),
        open_after=report_store.count_open_at(session, span, until), late_orders=sum(one["late"] for one in orders),
    )  # fmt: skip
    where = sight.agencies(caller, "alarms:read")
    named = store.names(session, reports.people(alarms, actions, still, orders))
    return {
        "since": since, "until": until, "figures": figures, "alarms": alarms, "alarms_of": len(times), "actions": actions,
        "open": {
            "alarms": still, "orders": orders, "warnings": [dict(one) for one in warnings],
            "maintenance": [reports.planned(one) for one in report_store.maintenance(session, where, until)],
        },
        "people": {str(id_): name for id_, name in named.items()},
        "simulated": any(one.simulated for one in times) or any(one["simulated"] for one in still),
        "exercise": bool(times) and all(one.exercise for one in times),
    }  # fmt: skip


def orders_of(session: Session, caller: Caller, since: int, until: int) -> list[Order]:
    """The orders given in a stretch of time (µs)."""
    where = [sight.orders(caller), Order.given_at >= since, Order.given_at < until]
    return [row[0] for row in store.orders(session, where, report_store.ROWS, closed_last=False)]


def _locked(session: Session, caller: Caller, id_: int) -> Shift:
    found = store.shift(session, id_, sight.shifts(caller), lock=True)
    if found is None:
        raise sight.not_found("shift")
    return found


def _tell(session: Session, kind: str, caller: Caller, of: Shift, **more: Any) -> None:
    data = {
        "person_id": of.person_id,
        "post": of.post,
        "began_at": of.began_at,
        "url": f"/operations/handover/{of.id}",
        **more,
    }
    entry = partial(
        journal.append, session, kind, actor=caller.actor, subject=f"shift:{of.id}", agency_id=of.agency_id, data=data
    )
    before_commit(session, entry)
