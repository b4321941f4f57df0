"""Orders (chỉ đạo): given from a subject to an agency, received, reported on, done, accepted; each step journalled.

A step names the version it saw: of two people at once one wins, the other is told who and when.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session

from dothi.alerts import store as alarms
from dothi.alerts.tables import Alarm
from dothi.cases import reading as cases
from dothi.duty import flow, sight, store
from dothi.duty.tables import Order, OrderEntry
from dothi.identity import called, guard
from dothi.identity import store as identity
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotAllowed, NotFound, PreconditionFailed
from dothi.kit.text import nfc, whole
from dothi.places import cities
from dothi.sensing.news import before_commit

LONGEST = 4000  # characters
FURTHEST = 366 * clock.DAY
SUBJECTS = ("alarm", "case", "thing", "warning", "record", "dataset", "unit", "place", "camera")


@dataclass(frozen=True, slots=True)
class Line:
    """An order in a list, with the names people read."""

    order: Order
    agency: str
    by: str
    late: bool
    last: tuple[str, str, int] | None  # newest entry: kind, text, when (µs)


@dataclass(frozen=True, slots=True)
class Late:
    """How an agency stands with its orders. oldest: the earliest overdue deadline, µs."""

    agency_id: int
    name: str
    name_en: str | None
    open: int
    late: int
    unreceived: int
    oldest: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list of orders is asked by. state: open, late, done, mine, closed, all."""

    state: str = "open"
    agency_id: int | None = None
    subject: str | None = None
    by_id: int | None = None
    limit: int = 200


def give(
    session: Session,
    caller: Caller,
    *,
    agency_id: int | None,
    text: str,
    due_at: int | None,
    subject: str | None = None,
    subject_name: str = "",
    person_id: int | None = None,
) -> Order:
    """Order an agency (and, by name, one of its people) to do something by a deadline (µs).

    subject: `alarm:12`, `thing:4`; of an alarm the name is its own, and only one the caller sees can be named.
    """
    by = sight.person_of(caller)
    guard.require(caller, "orders:give", agency_id)
    now, text, about = clock.now_micros(), nfc(text.strip()), nfc(subject_name.strip())[:300]
    faults = _text_faults(text, "text") + _due_faults(due_at, now)
    agency = identity.agency(session, agency_id) if agency_id is not None else None
    if agency is None:
        faults.append(Fault("agency", "is missing" if agency_id is None else "is not known", "an agency"))
    person = identity.person(session, person_id) if person_id is not None else None
    if person_id is not None and (
        person is None or not person.active or agency is None or person.agency_id != agency.id
    ):
        faults.append(Fault("person", "is not one of that agency's", "somebody of the agency, or nobody"))
    alarm = None
    if subject is not None:
        alarm, wrong = _subject(session, caller, subject)
        faults += wrong
        about = (
            f"{alarm.number} · {alarm.title}"[:300]
            if alarm is not None
            else _case_name(session, caller, subject) or about
        )
    if faults or agency is None or due_at is None:
        raise BadInput("this order cannot be given", faults)
    made = Order(
        number=store.order_number(session, f"{clock.local(now):%y}"), subject=subject,
        subject_name=about, text=text, by_id=by, agency_id=agency.id, person_id=person_id, given_at=now, due_at=due_at,
        state="given", version=1, simulated=alarm is not None and alarm.simulated,
        exercise=alarm is not None and alarm.exercise,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _entry(session, caller, made, "given", text, now)
    return made


def receive(session: Session, caller: Caller, name: int | str, text: str = "", version: int | None = None) -> Order:
    """Acknowledge an order for one's agency."""
    found = _step(session, caller, name, "receive", text, version)
    found.received_by, found.received_at = caller.actor, clock.now_micros()
    return found


def progress(session: Session, caller: Caller, name: int | str, text: str, version: int | None = None) -> Order:
    """Say how far the work is."""
    return _step(session, caller, name, "progress", text, version)


def done(session: Session, caller: Caller, name: int | str, text: str, version: int | None = None) -> Order:
    """Report the work done; another person accepts it or returns it."""
    found = _step(session, caller, name, "done", text, version)
    found.done_at, found.done_by = clock.now_micros(), caller.actor
    return found


def accept(session: Session, caller: Caller, name: int | str, text: str = "", version: int | None = None) -> Order:
    """Accept what was done; never by whoever reported it done."""
    found = _step(session, caller, name, "accept", text, version)
    found.closed_at = clock.now_micros()
    return found


def return_(session: Session, caller: Caller, name: int | str, text: str, version: int | None = None) -> Order:
    """Send what was done back: it is to be done again, for the reason given."""
    found = _step(session, caller, name, "return", text, version)
    found.done_at = found.done_by = None
    return found


def remind(session: Session, caller: Caller, name: int | str, text: str = "", version: int | None = None) -> Order:
    """Urge the agency (đôn đốc)."""
    return _step(session, caller, name, "remind", text, version)


def extend(
    session: Session, caller: Caller, name: int | str, due_at: int | None, text: str, version: int | None = None
) -> Order:
    """Set another deadline (µs), for the reason given."""
    if faults := _due_faults(due_at, clock.now_micros()):
        raise BadInput("the deadline cannot be this", faults)
    return _step(session, caller, name, "extend", text, version, due_at)


def withdraw(session: Session, caller: Caller, name: int | str, text: str, version: int | None = None) -> Order:
    """Take an order back, for the reason given."""
    found = _step(session, caller, name, "withdraw", text, version)
    found.closed_at = clock.now_micros()
    return found


def order(session: Session, caller: Caller, name: int | str) -> Order:
    """The order of an id or a number. NotFound alike for one that is not to be seen."""
    found = store.order(session, name, sight.orders(caller))
    if found is None:
        raise sight.not_found("order")
    return found


def list_(session: Session, caller: Caller, asked: Asked | None = None, language: str = "vi") -> list[Line]:
    """Orders as the caller sees them: those to be done by deadline, then the closed ones, newest first.

    language: of the agencies' names.
    """
    asked, now = asked or Asked(), clock.now_micros()
    where = [sight.orders(caller)]
    match asked.state:
        case "open":
            where.append(Order.closed_at.is_(None))
        case "late":
            where += [Order.state.in_(store.OPEN), Order.due_at < now]
        case "done":
            where.append(Order.state == "done")
        case "closed":
            where.append(Order.closed_at.is_not(None))
        case "mine":
            where += [Order.by_id == sight.person_of(caller), Order.closed_at.is_(None)]
    if asked.agency_id is not None:
        where.append(Order.agency_id == asked.agency_id)
    if asked.subject is not None:
        where.append(Order.subject == asked.subject)
    else:
        where.append(cities.of_office(session, Order.agency_id))
    if asked.by_id is not None:
        where.append(Order.by_id == asked.by_id)
    rows = store.orders(session, where, asked.limit)
    last = store.last_texts(session, [row[0].id for row in rows])
    return [
        Line(
            one,
            called.agency(session, agency, language),
            by,
            flow.is_late(one.state, one.due_at, one.done_at, now),
            last.get(one.id),
        )
        for one, agency, by in rows
    ]


def _here(session: Session, caller: Caller) -> ColumnElement[bool]:
    """Orders the caller sees, of the city a page is about."""
    return and_(sight.orders(caller), cities.of_office(session, Order.agency_id))


def counts(session: Session, caller: Caller) -> dict[str, int]:
    """How many orders the caller sees: open (to be done), late, done (waiting to be accepted), mine, all."""
    found = store.order_counts(
        session, _here(session, caller), caller.id if caller.kind == "person" else None, clock.now_micros()
    )
    return dict(zip(("open", "late", "done", "mine", "all"), (int(one) for one in found), strict=True))


def entries(session: Session, caller: Caller, name: int | str) -> list[OrderEntry]:
    """What happened to an order, oldest first."""
    return store.entries(session, order(session, caller, name).id)


def late_by_agency(session: Session, caller: Caller, now: int | None = None) -> list[Late]:
    """Agencies with orders to do, those with the most overdue first."""
    at = clock.now_micros() if now is None else now
    return [
        Late(id_, name, english, int(open_), int(late), int(unreceived), oldest)
        for id_, name, english, open_, late, unreceived, oldest in store.late_by_agency(
            session, _here(session, caller), at
        )
    ]


def can(caller: Caller, found: Order) -> list[str]:
    """The steps the caller may take with an order now, by flow.VERBS' names."""
    verbs = flow.next_verbs(found.state, handles=_handles(caller, found), gives=_gives(caller, found))
    return [one for one in verbs if one != "accept" or found.done_by != caller.actor]


def may_give(caller: Caller) -> bool:
    """Whether the caller may give orders at all."""
    return caller.kind == "person" and guard.may_somewhere(caller, "orders:give")


def _handles(caller: Caller, found: Order) -> bool:
    named = caller.kind == "person" and found.person_id is not None and found.person_id == caller.id
    return guard.may(caller, "orders:handle", found.agency_id) or (
        named and guard.may_somewhere(caller, "orders:handle")
    )


def _gives(caller: Caller, found: Order) -> bool:
    return guard.may(caller, "orders:give", found.agency_id)


def _step(
    session: Session,
    caller: Caller,
    name: int | str,
    verb: str,
    text: str,
    version: int | None,
    due_at: int | None = None,
) -> Order:
    """Check and take a step: who may, the version, the flow, the text; then the entry and the journal."""
    sight.person_of(caller)
    found = store.order(session, name, sight.orders(caller), lock=True)
    if found is None:
        raise sight.not_found("order")
    how, text = flow.VERBS[verb], nfc(text.strip())
    if how.who == flow.HANDLES and not _handles(caller, found):
        guard.require(caller, "orders:handle", found.agency_id)
    if how.who == flow.GIVES and not _gives(caller, found):
        guard.require(caller, "orders:give", found.agency_id)
    if version is not None and version != found.version:
        raise PreconditionFailed(
            "somebody else changed this order meanwhile", [Fault("version", str(version), str(found.version))]
        )
    state = flow.step(found.state, verb)
    if verb == "accept" and found.done_by == caller.actor:
        raise NotAllowed("whoever reported it done does not accept it: another person does")
    if faults := _text_faults(text, "text") if how.text or len(text) > LONGEST else []:
        raise BadInput("this cannot be said of the order", faults)
    found.state, found.version = state, found.version + 1
    if due_at is not None:
        found.due_at = due_at
    _entry(session, caller, found, how.kind, text, clock.now_micros())
    return found


def _entry(session: Session, caller: Caller, of: Order, kind: str, text: str, now: int) -> None:
    session.add(
        OrderEntry(
            order_id=of.id, at=now, actor=caller.actor, kind=kind, text=text,
            due_at=of.due_at if kind in ("given", "extended") else None,
        )
    )  # fmt: skip
    session.flush()
    entry = partial(
        journal.append, session, f"duty.order.{kind}", actor=caller.actor, subject=f"order:{of.id}", agency_id=of.agency_id,
        data={
            "number": of.number, "subject": of.subject, "subject_name": of.subject_name, "order": of.text, "text": text,
            "state": of.state, "given_at": of.given_at, "due_at": of.due_at, "by_id": of.by_id, "person_id": of.person_id,
            "late": flow.is_late(of.state, of.due_at, of.done_at, now), "simulated": of.simulated, "exercise": of.exercise,
            "url": f"/operations/orders/{of.number}",
        },
    )  # fmt: skip
    before_commit(session, entry)


def _subject(session: Session, caller: Caller, subject: str) -> tuple[Alarm | None, list[Fault]]:
    kind, _, id_ = subject.partition(":")
    if kind not in SUBJECTS or not id_ or len(subject) > 200:
        return None, [Fault("subject", f"{subject[:60]!r}", "alarm:12, thing:4 or another subject")]
    if kind == "case" and _case_name(session, caller, subject) is None:
        return None, [Fault("subject", "there is no such case", "a case of an office")]
    if kind != "alarm":
        return None, []
    found = alarms.alarm(session, caller, int(id_)) if _is_id(id_) else None
    return found, [] if found is not None else [Fault("subject", "there is no such alarm", "an alarm of the queue")]


def _case_name(session: Session, caller: Caller, subject: str) -> str | None:
    """What a case is called, `case:PA-26-000123`; None of another subject, and of one the caller does not see."""
    kind, _, name = subject.partition(":")
    if kind != "case":
        return None
    try:
        found = cases.case(session, caller, name)
    except NotFound:
        return None
    return f"{found.number} · {found.title}"[:300]


def _is_id(text: str) -> bool:
    return whole(text) is not None


def _text_faults(text: str, place: str) -> list[Fault]:
    if not text:
        return [Fault(place, "is missing", f"1 to {LONGEST} characters")]
    return [Fault(place, f"{len(text)} characters", f"1 to {LONGEST} characters")] if len(text) > LONGEST else []


def _due_faults(due_at: int | None, now: int) -> list[Fault]:
    if due_at is None:
        return [Fault("due", "is missing", "a day and an hour")]
    if not now < due_at <= now + FURTHEST:
        return [Fault("due", "is past" if due_at <= now else "is more than a year ahead", "within a year from now")]
    return []


def as_json(line: Line) -> dict[str, Any]:
    """An order for a program."""
    one = line.order
    return {
        "number": one.number, "subject": one.subject, "subject_name": one.subject_name, "text": one.text, "by": line.by,
        "agency": line.agency, "given_at": clock.iso(one.given_at), "due_at": clock.iso(one.due_at), "state": one.state,
        "late": line.late, "version": one.version,
    }  # fmt: skip
