"""What alerts says: news on the bus in the same transaction, and an alarm's event with its journal entry."""

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from sqlalchemy.orm import Session

from dothi.alerts import saying, store
from dothi.alerts.tables import Alarm
from dothi.journal import service as journal
from dothi.kit import bus, clock
from dothi.sensing.news import before_commit

ENGINE = "dothi"  # the actor of what the rule engine does


@dataclass(frozen=True)
class AlarmRaised:
    """An alarm was raised in this transaction. repeats: how often its group was, within the window of the rule."""

    alarm_id: int
    severity: str
    repeats: int
    suppressed: str | None


@dataclass(frozen=True)
class AlarmChanged:
    """Something happened to an alarm. kind: as AlarmEvent.kind (severity, acknowledged, assigned, revised …)."""

    alarm_id: int
    kind: str


@dataclass(frozen=True)
class AlarmCleared:
    """An alarm ended. how: condition, quiet, by-hand, rule-off, gone or withdrawn."""

    alarm_id: int
    how: str


def tell(
    session: Session,
    alarm: Alarm,
    kind: str,
    *,
    actor: str,
    at: int,
    noticed_at: int | None = None,
    event: dict[str, Any] | None = None,
    journal_kind: str | None = None,
) -> None:
    """Append one event to an alarm (the alarm has its id), the journal entry of it, and say the news.

    event: what the event itself keeps and the entry adds to what it always says. The entry is written as the last
    work of the transaction, because writers of the journal take turns until their commit.
    """
    noticed = clock.now_micros() if noticed_at is None else noticed_at
    store.add_event(session, alarm.id, at=at, noticed_at=noticed, kind=kind, actor=actor, data=event)
    entry = partial(
        journal.append, session, f"alerts.alarm.{journal_kind or kind}", actor=actor, subject=f"alarm:{alarm.id}",
        agency_id=alarm.agency_id, place=alarm.unit_code, visibility=cast("journal.Visibility", alarm.sharing),
        data={**told(alarm), "at": at, **(event or {})},
    )  # fmt: skip
    before_commit(session, entry)
    if kind == "raised":
        bus.say(session, AlarmRaised(alarm.id, alarm.severity, alarm.repeats, alarm.suppressed))
    elif kind in {"cleared", "withdrawn"}:
        bus.say(session, AlarmCleared(alarm.id, alarm.cleared_how or kind))
    else:
        bus.say(session, AlarmChanged(alarm.id, kind))


def told(alarm: Alarm) -> dict[str, Any]:
    """What every journal entry about an alarm says of it."""
    return {
        "number": alarm.number, "title": alarm.title, "title_en": alarm.title_en, "severity": alarm.severity,
        "worst": alarm.worst, "active": alarm.active, "acknowledged": alarm.acknowledged,
        "subject_name": alarm.subject_name, "value_text": alarm.value_text, "unit": alarm.unit,
        "value_text_en": saying.figure(alarm.value_text, "en"), "unit_en": saying.unit(alarm.unit, "en"),
        "thing_id": alarm.thing_id, "lon": alarm.lon, "lat": alarm.lat, "sector": alarm.sector,
        "raised_at": alarm.raised_at, "cleared_at": alarm.cleared_at, "suppressed": alarm.suppressed,
        "repeats": alarm.repeats, "group_key": alarm.group_key, "simulated": alarm.simulated,
        "exercise": alarm.exercise, "url": f"/operations?alarm={alarm.number}",
    }  # fmt: skip


def rule_told(
    session: Session, kind: str, *, actor: str, code: str, agency_id: int | None, data: dict[str, Any]
) -> None:
    """Append `alerts.rule.<kind>` about `rule:<code>` to the journal, for everyone who reads alarms."""
    before_commit(
        session,
        partial(
            journal.append, session, f"alerts.rule.{kind}", actor=actor, subject=f"rule:{code}", agency_id=agency_id,
            visibility="shared", data={"code": code, **data},
        ),
    )  # fmt: skip
