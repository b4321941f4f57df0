"""Escalation: while nobody acknowledges an alarm, the next rung of a ladder is told.

What was told stands in the alarm's own events, so that each rung fires once, also when nobody climbed for hours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.alerts import news
from dothi.alerts.tables import Alarm, AlarmEvent
from dothi.db import session as db
from dothi.jobs.runner import every
from dothi.kit import clock
from dothi.notify import ladders, service, wording
from dothi.notify import store as notify
from dothi.notify.ladders import Rung
from dothi.notify.levels import at_least
from dothi.notify.tables import Ladder

MINUTE = 60 * clock.SECOND


@dataclass(frozen=True, slots=True)
class Due:
    """A rung that is to be told now. since: when the wait began that it ends."""

    ladder: Ladder
    place: int
    rung: Rung
    since: int


@dataclass(slots=True)
class _Course:
    """An alarm as its events leave it, and since when it has been waiting."""

    grave: bool = False
    taken: bool = False
    over: bool = False
    quiet: bool = False
    began: int | None = None

    def step(self, event: AlarmEvent, limit: str) -> None:
        """One event more. limit: the severity from which on it counts."""
        data = event.data or {}
        match event.kind:
            case "raised" | "severity":
                self.grave = at_least(data.get("severity"), limit)
            case "revised":
                steps = data.get("steps") or []
                grave = [one.get("severity") for one in sorted(steps, key=lambda one: int(one["at"]))]
                self.grave = at_least(grave[-1] if grave else None, limit)
                self.over = data.get("cleared_at") is not None
            case "acknowledged" | "unacknowledged":
                self.taken = event.kind == "acknowledged"
            case "cleared" | "withdrawn":
                self.over = True
        if "acknowledged" in data:
            self.taken = bool(data["acknowledged"])
        if "suppressed" in data:
            self.quiet = data["suppressed"] is not None
        waits = self.grave and not self.taken and not self.over and not self.quiet
        self.began = (self.began if self.began is not None else event.noticed_at) if waits else None


def since(events: Iterable[AlarmEvent], severity: str) -> int | None:
    """Since when an alarm has been waiting at a severity or worse, as it was noticed; None when it is not waiting.

    A wait begins when the alarm is raised or becomes that severe, when its acknowledgement is taken back and when it
    may ring again; it ends with an acknowledgement, a lower severity, suppression or the alarm itself.
    """
    course = _Course()
    for event in sorted(events, key=lambda one: (one.noticed_at, one.id)):
        course.step(event, severity)
    return course.began


def due(alarm: Alarm, events: Sequence[AlarmEvent], given: Iterable[Ladder], now: int) -> list[Due]:
    """The rungs whose time has come and that were not told in this wait, the lowest first."""
    told = {
        (data.get("ladder"), data.get("rung"), data.get("since"))
        for data in (event.data or {} for event in events if event.kind == "escalated")
    }
    found = []
    for ladder in given:
        if not _applies(ladder, alarm):
            continue
        began = since(events, ladder.severity)
        if began is None:
            continue
        for place, rung in enumerate(ladders.rungs(ladder)):
            if began + rung.after_minutes * MINUTE <= now and (ladder.code, place, began) not in told:
                found.append(Due(ladder, place, rung, began))
    return found


@every("alerts.escalate", seconds=10)
def climb() -> int:
    """Tell the rungs whose time has come; returns how many."""
    with db.reading() as session:
        if not notify.ladders(session, active=True) or not _waiting(session):
            return 0
    with db.writing() as session:
        return sum(_climbed(session, alarm) for alarm in _waiting(session))


def _climbed(session: Session, alarm: Alarm) -> int:
    now = clock.now_micros()
    events = list(session.scalars(select(AlarmEvent).where(AlarmEvent.alarm_id == alarm.id)))
    found = due(alarm, events, notify.ladders(session, active=True), now)
    for one in found:
        _tell(session, alarm, one, now)
    return len(found)


def _tell(session: Session, alarm: Alarm, one: Due, now: int) -> None:
    said: dict[str, Any] = news.told(alarm)
    minutes = max(0, (now - one.since) // MINUTE)
    titles, bodies = wording.both(
        lambda language: wording.escalated(said, language, minutes=minutes, ladder=one.ladder.title)
    )
    to = one.rung.to(alarm.agency_id)
    people = len(service.people_of(session, to))
    messages = service.tell(
        session, cause=f"alarm:{alarm.id}", key=f"ladder:{one.ladder.code}:{one.place}:{one.since}", to=to, title=titles,
        body=bodies, kind="alerts.alarm.escalated", severity=alarm.severity, link=said["url"], exercise=alarm.exercise,
        simulated=alarm.simulated, data=said, channels=one.rung.channels,
    )  # fmt: skip
    news.tell(
        session, alarm, "escalated", actor=news.ENGINE, at=now,
        event={
            "ladder": one.ladder.code, "ladder_title": one.ladder.title, "rung": one.place, "since": one.since,
            "role": one.rung.role, "person_id": one.rung.person, "people": people, "messages": messages,
        },
    )  # fmt: skip


def _applies(ladder: Ladder, alarm: Alarm) -> bool:
    return (
        at_least(alarm.severity, ladder.severity)
        and ladder.sector in (None, alarm.sector)
        and ladder.agency_id in (None, alarm.agency_id)
    )


def _waiting(session: Session) -> list[Alarm]:
    """Alarms that ring and that nobody took over."""
    which = (Alarm.active, Alarm.acknowledged.is_(False), Alarm.withdrawn.is_(False), Alarm.suppressed.is_(None))
    return list(session.scalars(select(Alarm).where(*which).order_by(Alarm.id)))
