"""Alarms as they stand, and as they stood at any earlier moment: replayed from their events alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from dothi.alerts import store
from dothi.alerts.model import RANK, SEVERITIES
from dothi.alerts.tables import AlarmEvent
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

MOST_STEPS = 2000


@dataclass(slots=True)
class Standing:
    """An alarm as it stands or stood; the columns of `tables.Alarm` a line, a mark or a card needs. Times µs UTC."""

    id: int
    number: str
    rule_id: int | None
    rule_code: str
    rule_version: int
    subject: str
    thing_id: int | None
    datastream_id: int | None
    sector: str | None
    title: str
    title_en: str | None
    subject_name: str
    folded: str
    severity: str
    worst: str
    active: bool
    acknowledged: bool
    raised_at: int
    noticed_at: int
    severity_at: int
    last_at: int
    cleared_at: int | None
    cleared_how: str | None
    acknowledged_at: int | None
    acknowledged_by: str | None
    assignee_id: int | None
    group_key: str
    repeats: int
    parent_id: int | None
    suppressed: str | None
    shelved_until: int | None
    value: float | None
    value_text: str
    unit: str
    limit: float | None
    lon: float | None
    lat: float | None
    unit_code: str | None
    agency_id: int | None
    sharing: str
    simulated: bool
    exercise: bool
    procedure: str | None
    changed_at: int
    version: int


def now(session: Session, caller: Caller, where: Sequence[ColumnElement[bool]] = ()) -> list[Standing]:
    """The alarms that stand now: active, or ended and not yet acknowledged. where: further clauses on Alarm."""
    return [Standing(**row) for row in store.shown(session, caller, [store.stood(), *where])]


def standing(
    session: Session, caller: Caller, at: int, known: int | None = None, where: Sequence[ColumnElement[bool]] = ()
) -> list[Standing]:
    """The alarms as they stood at `at`, as far as it was known at `known` (None: as known now); µs UTC.

    where: further clauses on columns of Alarm that never change (subject, sector, place, agency).
    """
    told = clock.now_micros() if known is None else known
    rows = store.shown(session, caller, [store.perhaps_standing(at, told), *where])
    events = store.events_of(session, [row["id"] for row in rows], told)
    found = []
    for row in rows:
        one = replay(Standing(**row), events[row["id"]], at)
        if one is not None and (one.active or not one.acknowledged):
            found.append(one)
    return found


def counts(session: Session, caller: Caller, since: int, until: int, step: int) -> list[dict[str, int]]:
    """Alarms raised in each step of [since, until), µs, by their worst severity: for the scrubber's histogram.

    One dict a step: `at` (its start) and a count for each severity.
    """
    if step <= 0 or not 0 < (until - since) <= step * MOST_STEPS:
        allowed = f"since before until, at most {MOST_STEPS} steps"
        raise BadInput("the histogram cannot be drawn", [Fault("step", f"{step} µs", allowed)])
    steps = -((since - until) // step)
    made = [{"at": since + i * step, **dict.fromkeys(SEVERITIES, 0)} for i in range(steps)]
    for slot, severity, count in store.raised(session, caller, since, until, step):
        made[slot][severity] += count
    return made


@dataclass(slots=True)
class Course:
    """What the rule engine said of an alarm so far.

    steps: each with `at`, `severity`, `value`, `value_text` and `limit`, the raise first. cleared: when and how.
    gone: withdrawn.
    """

    raised_at: int | None = None
    noticed_at: int = 0
    gone: bool = False
    steps: list[dict[str, Any]] = field(default_factory=list)
    cleared: tuple[int, str | None] | None = None


def course(events: Sequence[AlarmEvent]) -> Course:
    """The course that an alarm's events tell."""
    made = Course()
    for event in events:
        _machine(made, event, event.data or {})
    return made


def replay(one: Standing, events: Sequence[AlarmEvent], at: int) -> Standing | None:
    """An alarm as these events leave it at a moment; None when it had not been raised, or had been withdrawn."""
    told = Course()
    one.acknowledged, one.acknowledged_at, one.acknowledged_by = False, None, None
    one.assignee_id, one.suppressed, one.shelved_until, one.repeats, one.version = None, None, None, 1, 1
    for event in events:
        said = event.data or {}
        _machine(told, event, said)
        if event.at <= at:
            _hand(one, event, said)
    if told.raised_at is None or told.raised_at > at or told.gone:
        return None
    one.raised_at, one.noticed_at = told.raised_at, told.noticed_at
    one.worst = one.severity = told.steps[0]["severity"]
    one.severity_at = one.last_at = told.raised_at
    for step in told.steps:
        if step["at"] > at:
            break
        if step.get("severity", one.severity) != one.severity:
            one.severity, one.severity_at = step["severity"], step["at"]
            one.worst = min(one.worst, one.severity, key=RANK.__getitem__)
        one.last_at = step["at"]
        one.value, one.limit = step.get("value"), step.get("limit", one.limit)
        one.value_text = step.get("value_text") or ""
        one.repeats = max(one.repeats, step.get("repeats") or 1)
    ended = told.cleared is not None and told.cleared[0] <= at
    one.active = not ended
    one.cleared_at, one.cleared_how = told.cleared if ended and told.cleared else (None, None)
    one.changed_at = max((event.noticed_at for event in events), default=one.noticed_at)
    return one


def _machine(course: Course, event: AlarmEvent, said: dict[str, Any]) -> None:
    match event.kind:
        case "raised":
            course.raised_at, course.noticed_at = event.at, event.noticed_at
            course.steps = [{**said, "at": event.at}]
        case "severity" | "repeated":
            course.steps.append({**said, "at": event.at})
        case "cleared":
            course.cleared = (event.at, said.get("how"))
        case "withdrawn":
            course.gone = True
        case "revised":
            course.gone = False
            course.raised_at = said["raised_at"]
            course.noticed_at = course.noticed_at or event.noticed_at
            course.steps = sorted(said["steps"], key=lambda step: int(step["at"]))
            course.cleared = (said["cleared_at"], said.get("how")) if said.get("cleared_at") is not None else None


def _hand(one: Standing, event: AlarmEvent, said: dict[str, Any]) -> None:
    """What people did, and what rings."""
    if "suppressed" in said:
        one.suppressed = said["suppressed"]
    match event.kind:
        case "acknowledged":
            one.acknowledged, one.acknowledged_at, one.acknowledged_by = True, event.at, event.actor
        case "unacknowledged":
            one.acknowledged, one.acknowledged_at, one.acknowledged_by = False, None, None
        case "assigned":
            one.assignee_id = said.get("person_id")
        case "shelved":
            one.shelved_until = said.get("until")
        case _:
            given = said.get("acknowledged")
            if given is True and not one.acknowledged:
                one.acknowledged, one.acknowledged_at, one.acknowledged_by = True, event.at, event.actor
            elif given is False:
                one.acknowledged, one.acknowledged_at, one.acknowledged_by = False, None, None
