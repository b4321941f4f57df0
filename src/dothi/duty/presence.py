"""Who looks at what just now: each open page says so every few seconds; half a minute of silence means gone."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dothi.alerts import store as alarms
from dothi.duty import sight, store
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import nfc, whole

SILENCE = 30 * clock.SECOND


@dataclass(frozen=True, slots=True)
class Other:
    """Somebody else in the room. subject: what they look at, alarm:12; None: nothing in particular."""

    person: str
    initials: str
    subject: str | None


def here(session: Session, caller: Caller, tab: str, subject: str | None = None) -> None:
    """Say that a page (tab: its own random name) is open, and at which subject."""
    person = sight.person_of(caller)
    _require(caller)
    faults = (
        []
        if tab.isascii() and tab.isalnum() and len(tab) <= 40
        else [Fault("tab", f"{tab[:40]!r}", "a-z, 0-9, up to 40")]
    )
    if subject is not None and not (subject.isprintable() and len(subject) <= 100):
        faults.append(Fault("subject", f"{subject[:40]!r}", "up to 100 printable characters"))
    if faults:
        raise BadInput("this is no place to be", faults)
    now, (kind, _, id_) = clock.now_micros(), (subject or "").partition(":")
    alarm = None
    if kind == "alarm" and (number := whole(id_)) is not None:
        alarm = alarms.alarm(session, caller, number)
    store.drop_presence(session, person, before=now - clock.HOUR)
    store.put_presence(
        session, person, tab, subject=subject or None, alarm_id=alarm.id if alarm is not None else None, at=now
    )


def gone(session: Session, caller: Caller, tab: str) -> None:
    """Say that a page was closed."""
    store.drop_presence(session, sight.person_of(caller), tab=tab)


def others(session: Session, caller: Caller) -> list[Other]:
    """Who else is here, one for each subject; those at an alarm only if the caller sees the alarm."""
    _require(caller)
    everywhere = "alarms:read" in caller.everywhere
    seen = None if everywhere else alarms.sees(caller)
    me = caller.id if caller.kind == "person" else None
    rows = store.others(session, clock.now_micros() - SILENCE, seen, me)
    return [Other(name, initials(name), subject) for _, name, subject in rows]


def initials(name: str) -> str:
    """What stands for a Vietnamese name in a marker: Trần Quốc Việt is QV, Nhung N."""
    parts = nfc(name).split()
    return "".join(part[0] for part in parts[-2:]).upper()


def _require(caller: Caller) -> None:
    if not guard.may_somewhere(caller, "alarms:read"):
        guard.require(caller, "alarms:read")
