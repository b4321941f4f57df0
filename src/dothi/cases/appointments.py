"""Appointments at one-stop desks: times of the office's own hours, as many seats at one time as there are desks.

A seat at a time is one row, unique in the database: of two who take it at once, one has it and the other is told.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from dothi.cases import calendar, contacts, news, throttling
from dothi.cases.calendar import MINUTE
from dothi.cases.tables import Appointment
from dothi.config import settings
from dothi.db.upsert import insert_into
from dothi.identity import guard, secret
from dothi.identity import store as identity
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import nfc

LENGTH = 15  # minutes of one appointment
AHEAD = 30  # days
EARLIEST = 30 * MINUTE  # from now
MOST = 3  # to come, of one telephone
BOOKINGS = 20  # an hour from one address
KEPT = 30 * clock.DAY  # after its time, then nobody need know who came
_bookings = throttling.Window()


class Taken(Conflict):
    """Somebody else has the last seat at that time."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at a desk. free: seats left."""

    at: int
    free: int


@dataclass(frozen=True, slots=True)
class Booked:
    """An appointment and the token of its owner's link."""

    appointment: Appointment
    token: str


def slots(session: Session, office: int, day: dt.date, now: int | None = None) -> list[Slot]:
    """The times of a day: none on a free one, and none that is over."""
    now = news.now() if now is None else now
    times = _times(session, day, now)
    if not times:
        return []
    taken = select(Appointment.at, func.count()).where(
        Appointment.agency_id == office, Appointment.at.in_(times), Appointment.cancelled_at.is_(None)
    )
    counts = {int(at): int(count) for at, count in session.execute(taken.group_by(Appointment.at))}
    return [Slot(at, max(0, settings().desk_seats - counts.get(at, 0))) for at in times]


def days(session: Session, now: int | None = None, most: int = 10) -> list[dt.date]:
    """The next days a desk is open."""
    now = news.now() if now is None else now
    cal, first = calendar.load(session), calendar.day_of(now)
    found = [first + dt.timedelta(days=n) for n in range(AHEAD + 1)]
    return [day for day in found if cal.works(day) and _times(session, day, now)][:most]


def book(
    session: Session, office: int | str, at: int, *, name: str, phone: str, procedure: str | None = None,
    case_id: int | None = None, address: str | None = None,
) -> Booked:  # fmt: skip
    """Take a seat. Raises BadInput with every fault, Taken where none is left.

    address: of the sender, which is counted and not kept.
    """
    now = news.now()
    to = _office(session, office)
    name = " ".join(nfc(name.replace("\0", "")).split())
    faults = contacts.check(name, phone, None)
    faults += [Fault(field, "is missing") for field, value in (("name", name), ("phone", phone.strip())) if not value]
    if to is None:
        faults.append(Fault("office", "is no office", "a one-stop desk"))
    if at not in _times(session, calendar.day_of(at), now):
        faults.append(Fault("at", "is no time of the desk", f"a quarter of an office hour within {AHEAD} days"))
    if faults or to is None:
        raise BadInput("this appointment cannot be made", faults)
    number = contacts.phone_of(phone) or ""
    live = (Appointment.phone == number, Appointment.at > now, Appointment.cancelled_at.is_(None))
    coming = list(session.scalars(select(Appointment.at).where(*live)))
    if at in coming:
        raise Conflict("this telephone has an appointment at that time already")
    if len(coming) >= MOST:
        raise Conflict(f"this telephone has {MOST} appointments to come already")
    if address:
        _bookings.take(throttling.network(address), BOOKINGS)
    token = secret.new_token()
    values = {
        "agency_id": to.id, "at": at, "procedure": procedure, "case_id": case_id, "secret": secret.digest(token),
        "name": name, "phone": number, "cancelled_at": None,
    }  # fmt: skip
    for seat in range(settings().desk_seats):
        id_ = _take(session, {**values, "seat": seat})
        if id_ is not None:
            made = session.get(Appointment, id_, populate_existing=True)
            assert made is not None  # noqa: S101 - it was just made
            _tell(session, "booked", made)
            return Booked(made, token)
    raise Taken("the last seat at that time was just taken; choose another time")


def _take(session: Session, values: dict[str, object]) -> int | None:
    """The seat of a time, if it is free: never given, or given back."""
    made = insert_into(session, Appointment).values(**values)
    again = {name: value for name, value in values.items() if name not in ("agency_id", "at", "seat")}
    statement = made.on_conflict_do_update(
        index_elements=["agency_id", "at", "seat"], set_=again, where=Appointment.cancelled_at.is_not(None)
    )
    return session.execute(statement.returning(Appointment.id)).scalar_one_or_none()


def mine(session: Session, id_: int, token: str | None) -> Appointment:
    """One's own appointment. NotFound alike for any other."""
    found = session.get(Appointment, id_)
    if found is None or token is None or found.cancelled_at is not None or not secret.same(found.secret, token):
        raise NotFound("there is no such appointment")
    return found


def cancel(session: Session, id_: int, token: str | None) -> Appointment:
    """Give a seat back; who had it is forgotten."""
    found = mine(session, id_, token)
    if found.at <= news.now():
        raise Conflict("the appointment is over")
    found.cancelled_at, found.name, found.phone, found.case_id = news.now(), "", "", None
    session.flush()
    _tell(session, "cancelled", found)
    return found


def of_day(session: Session, caller: Caller, office: int, day: dt.date) -> list[Appointment]:
    """Who comes to a desk on a day, for its people."""
    guard.require(caller, "cases:handle", office)
    begin = calendar.midnight(day)
    query = select(Appointment).where(
        Appointment.agency_id == office, Appointment.at >= begin, Appointment.at < begin + clock.DAY,
        Appointment.cancelled_at.is_(None),
    )  # fmt: skip
    return list(session.scalars(query.order_by(Appointment.at, Appointment.seat)))


def forget(session: Session, now: int | None = None) -> int:
    """Delete appointments long over; returns how many."""
    before = (news.now() if now is None else now) - KEPT
    gone = session.scalars(delete(Appointment).where(Appointment.at < before).returning(Appointment.id))
    return len(gone.all())


def ics(found: Appointment, office: str, title: str, url: str, made_at: int) -> str:
    """The appointment as a calendar file (RFC 5545)."""

    def stamp(at: int) -> str:
        return f"{clock.moment(at):%Y%m%dT%H%M%SZ}"

    lines = [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//dothi//services//VI", "METHOD:PUBLISH", "BEGIN:VEVENT",
        f"UID:appointment-{found.id}-{found.at}@dothi", f"DTSTAMP:{stamp(made_at)}", f"DTSTART:{stamp(found.at)}",
        f"DTEND:{stamp(found.at + LENGTH * MINUTE)}", f"SUMMARY:{_escaped(title)}", f"LOCATION:{_escaped(office)}",
        f"URL:{url}", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H", f"DESCRIPTION:{_escaped(title)}", "END:VALARM",
        "END:VEVENT", "END:VCALENDAR",
    ]  # fmt: skip
    return "\r\n".join(part for line in lines for part in _folded(line)) + "\r\n"


def forget_counts() -> None:
    """Forget what this process counted."""
    _bookings.forget()


def _escaped(text: str) -> str:
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> list[str]:
    """A line in parts of at most 75 bytes, never within a letter; all but the first begin with a space."""
    found, part = [], ""
    for letter in line:
        if len((part + letter).encode()) > 74:
            found.append(part)
            part = " "
        part += letter
    return [*found, part]


def _times(session: Session, day: dt.date, now: int) -> list[int]:
    first = calendar.day_of(now)
    if not first <= day <= first + dt.timedelta(days=AHEAD):
        return []
    start = calendar.midnight(day)
    return [
        start + minute * MINUTE
        for begin, end in calendar.load(session).hours(day)
        for minute in range(begin, end - LENGTH + 1, LENGTH)
        if start + minute * MINUTE >= now + EARLIEST
    ]


def _office(session: Session, name: int | str) -> Agency | None:
    return identity.agency(session, name) if isinstance(name, int) else identity.agency_by_code(session, name)


def _tell(session: Session, kind: str, one: Appointment) -> None:
    journal.append(
        session, f"cases.appointment.{kind}", actor=news.REPORTER, subject=f"appointment:{one.id}", agency_id=one.agency_id,
        visibility="restricted", data={"at": one.at, "seat": one.seat, "procedure": one.procedure},
    )  # fmt: skip
