"""What the duty room hangs into the operations page: who is on duty, the procedure, the orders."""

from collections.abc import Mapping
from typing import Any, Protocol

from sqlalchemy.orm import Session

from dothi.alerts.tables import Alarm
from dothi.duty import orders, presence, procedures, shifts
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.screens.duty import words
from dothi.web import i18n, slots


class Ask(Protocol):
    """What is read of a page's question."""

    session: Session
    caller: Caller
    language: str
    say: i18n.Say


def shift(ask: Ask) -> Mapping[str, Any]:
    """`operations.shift`: who is on duty and since when; what the caller may do about it."""
    on = shifts.current(ask.session, ask.caller)
    me = ask.caller.id if ask.caller.kind == "person" else None
    mine = next((one for one in on if one.person.id == me), None)
    first = mine or (on[0] if on else None)
    return {
        "first": first, "mine": mine, "others": len(on) - (1 if first else 0), "people": on,
        "initials": {one.person.id: presence.initials(one.person.name) for one in on},
        "hour": words.hour(first.shift.began_at) if first else "",
        "signed": [one for one in on if one.shift.handed_at is not None and one.person.id != me],
        "stands": ask.caller.kind == "person" and guard.may_somewhere(ask.caller, "duty:stand"), "w": words,
    }  # fmt: skip


def procedure(ask: Any, alarm: Alarm | None) -> Mapping[str, Any] | None:
    """`operations.procedure`: the checklist of an alarm; None where its rule names none."""
    found = procedures.steps(ask.session, ask.caller, alarm.id) if alarm is not None else None
    if found is None or alarm is None:
        return None
    return {
        "list": found, "alarm": alarm, "en": ask.language == "en", "w": words, "now": clock.now_micros(),
        "may": found.may and not getattr(ask, "replay", False),
    }  # fmt: skip


def about(ask: Any, subject: Alarm | str | None) -> Mapping[str, Any] | None:
    """`operations.orders`: the orders given about a subject, and the link to give one."""
    name = f"alarm:{subject.id}" if isinstance(subject, Alarm) else (subject or "")
    if not name:
        return None
    may = orders.may_give(ask.caller) and not getattr(ask, "replay", False)
    lines = orders.list_(ask.session, ask.caller, orders.Asked("all", subject=name, limit=20), ask.language)
    if not lines and not may:
        return None
    return {"lines": lines, "subject": name, "may": may, "w": words, "now": clock.now_micros()}


slots.fill("operations.shift", shift)
slots.fill("operations.procedure", procedure)
slots.fill("operations.orders", about)
