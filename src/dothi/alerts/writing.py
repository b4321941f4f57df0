"""What the engine writes of alarms: raised, changed, cleared, revised, withdrawn; each with its event and entry."""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dothi.alerts import engine_store as store
from dothi.alerts import saying, suppression
from dothi.alerts.explain import continued, explained, reckoned, span
from dothi.alerts.facts import Facts
from dothi.alerts.memory import Change
from dothi.alerts.model import RANK, micros
from dothi.alerts.news import ENGINE, tell
from dothi.alerts.reconcile import Verdict, Wanted, further, step
from dothi.alerts.sentry import Sentry, Watched
from dothi.alerts.store import folded
from dothi.alerts.tables import Alarm, Maintenance
from dothi.kit import clock, formula
from dothi.sensing.state import number


def apply(
    session: Session, sentry: Sentry, changes: Sequence[Change], windows: Iterable[Maintenance], now: int
) -> list[Alarm]:
    """Write changes that came in order; returns the alarms they changed."""
    changed: list[Alarm] = []
    for change in changes:
        if change.kind == "raised":
            wanted = Wanted(change.at, [step(change)], changes=[change])
            alarm: Alarm | None = raise_(session, sentry, wanted, windows, now)
        elif sentry.alarm is None:
            continue
        else:
            alarm = store.held(session, sentry.alarm)
            if alarm is None or not alarm.active:
                sentry.alarm = None
                continue
            if change.kind == "cleared":
                clear(session, alarm, change.at, change.how, now)
                sentry.alarm = None
            else:
                _severity(session, sentry, alarm, change, now)
        if alarm is not None:
            changed.append(alarm)
    return changed


def settle(
    session: Session, sentry: Sentry, verdicts: Sequence[Verdict], windows: Iterable[Maintenance], now: int
) -> list[Alarm]:
    """Make the stored alarms those a clean run gives; returns those that changed."""
    changed: list[Alarm] = []
    sentry.alarm = None
    for one in verdicts:
        wanted = one.wanted
        if one.told is not None and one.verb == "withdraw":
            if (alarm := store.held(session, one.told.id)) is not None:
                _withdraw(session, alarm, now)
                changed.append(alarm)
        elif one.told is not None and wanted is not None:
            if one.verb == "revise" and (alarm := store.held(session, one.told.id)) is not None:
                if (later := further(one.told.course, wanted)) is not None and alarm.active:
                    _go_on(session, sentry, alarm, later, now)
                else:
                    _revise(session, sentry, alarm, wanted, now)
                changed.append(alarm)
            if wanted.cleared is None:
                sentry.alarm = one.told.id
        elif wanted is not None:
            changed.append(insert(session, sentry, wanted, windows, now))
    return changed


def raise_(session: Session, sentry: Sentry, wanted: Wanted, windows: Iterable[Maintenance], now: int) -> Alarm:
    """A new alarm, as it began; or the one that began then, once more: its rule was off for a while."""
    if (there := store.begun(session, *sentry.key, wanted.raised_at)) is not None:
        _revise(session, sentry, there, wanted, now)
        return there
    rule, facts, first = sentry.rule, sentry.facts, wanted.steps[0]
    key = group_key(rule, facts)
    since = wanted.raised_at - micros(rule.model.group.window)
    said = _step(sentry, first, wanted.changes[0] if wanted.changes else None)
    value = first["value"]
    alarm = Alarm(
        number=f"?{secrets.token_hex(8)}", rule_id=rule.id, rule_code=rule.code, rule_version=rule.version,
        subject=facts.subject, thing_id=facts.thing_id, datastream_id=facts.datastream_id, sector=facts.sector,
        title=rule.model.title.vi, title_en=rule.model.title.en, subject_name=facts.name,
        severity=first["severity"], worst=first["severity"], active=True, acknowledged=False,
        raised_at=wanted.raised_at, noticed_at=now, severity_at=wanted.raised_at,
        last_at=_newest(wanted.changes[0]) if wanted.changes else wanted.raised_at, group_key=key,
        repeats=store.latest_of_group(session, key, since, wanted.raised_at) + 1, withdrawn=False,
        value=float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None,
        value_text=said["value_text"], unit=_unit(sentry, wanted.changes[0] if wanted.changes else None),
        limit=first["limit"], lon=facts.lon, lat=facts.lat, unit_code=facts.unit_code, agency_id=facts.agency_id,
        sharing="shared" if facts.sharing in {"open", "shared"} else "restricted", simulated=facts.simulated,
        exercise=rule.model.exercise, procedure=rule.model.procedure, changed_at=now, version=1,
        explanation=explained(rule.model, facts, wanted.changes[0]) if wanted.changes else {}, folded="",
    )  # fmt: skip
    alarm.suppressed, alarm.parent_id = suppression.reason(
        session, alarm, rule.model.suppress, windows, wanted.raised_at
    )
    told = _journal_kind(session, alarm)
    session.add(alarm)
    session.flush()
    local = clock.local(wanted.raised_at)
    alarm.number = f"CB-{local:%y}-{alarm.id:05d}"
    alarm.folded = folded(alarm.number, alarm.title, alarm.title_en, alarm.subject_name, alarm.rule_code)
    session.flush()
    sentry.alarm = alarm.id
    tell(
        session, alarm, "raised", actor=ENGINE, at=wanted.raised_at, noticed_at=now, journal_kind=told,
        event={**said, "repeats": alarm.repeats, "suppressed": alarm.suppressed},
    )  # fmt: skip
    return alarm


def adopt(session: Session, sentry: Sentry, last: Sequence[Change], now: int) -> list[Alarm]:
    """A rule that reads differently now goes on with the alarm it had: only its severity may change."""
    alarm = store.held(session, sentry.alarm) if sentry.alarm is not None else None
    if alarm is None or not last or alarm.severity == last[0].severity:
        return []
    _severity(session, sentry, alarm, last[0], now)
    return [alarm]


def clear(session: Session, alarm: Alarm, at: int, how: str, now: int) -> None:
    """An alarm ended."""
    alarm.active, alarm.cleared_at, alarm.cleared_noticed_at, alarm.cleared_how = False, at, now, how
    alarm.changed_at = now
    alarm.version += 1
    session.flush()
    tell(session, alarm, "cleared", actor=ENGINE, at=at, noticed_at=now, event={"how": how})


def group_key(rule: Watched, facts: Facts) -> str:
    """Which line of the queue an alarm stands under."""
    match rule.model.group.by:
        case "rule":
            return rule.code
        case "unit" if facts.unit_code is not None:
            return f"{rule.code}:unit:{facts.unit_code}"
        case "thing" if facts.thing_id is not None:
            return f"{rule.code}:thing:{facts.thing_id}"
    return f"{rule.code}:{facts.subject}"


def _severity(session: Session, sentry: Sentry, alarm: Alarm, change: Change, now: int) -> None:
    said = _step(sentry, step(change), change)
    worse = RANK[change.severity] < RANK[alarm.worst]
    alarm.severity, alarm.severity_at, alarm.changed_at = change.severity, change.at, now
    alarm.last_at = _newest(change)
    alarm.value = change.value if isinstance(change.value, float) else alarm.value
    alarm.value_text, alarm.limit = said["value_text"], change.limit
    alarm.explanation = continued(alarm.explanation, sentry.rule.model, sentry.facts, change)
    alarm.version += 1
    if worse:
        alarm.worst = change.severity
        if alarm.acknowledged:  # whoever took notice took notice of less
            alarm.acknowledged, alarm.acknowledged_at, alarm.acknowledged_by = False, None, None
            said["acknowledged"] = False
    session.flush()
    tell(session, alarm, "severity", actor=ENGINE, at=change.at, noticed_at=now, event=said)


def _go_on(session: Session, sentry: Sentry, alarm: Alarm, changes: Sequence[Change], now: int) -> None:
    for change in changes:
        if change.kind == "severity":
            _severity(session, sentry, alarm, change, now)
        else:
            clear(session, alarm, change.at, change.how, now)


def insert(session: Session, sentry: Sentry, wanted: Wanted, windows: Iterable[Maintenance], now: int) -> Alarm:
    """An alarm that late data has shown: its whole course at once."""
    whole = store.begun(session, *sentry.key, wanted.raised_at) is not None
    alarm = raise_(session, sentry, wanted, windows, now)
    if whole:
        return alarm
    for change in wanted.changes[1:]:
        if change.kind == "severity":
            _severity(session, sentry, alarm, change, now)
    if wanted.cleared is not None:
        clear(session, alarm, wanted.cleared[0], wanted.cleared[1] or "condition", now)
        sentry.alarm = None
    return alarm


def _revise(session: Session, sentry: Sentry, alarm: Alarm, wanted: Wanted, now: int) -> None:
    """An alarm that went otherwise than was thought."""
    first, last = wanted.steps[0], wanted.steps[-1]
    if wanted.changes and wanted.changes[0].kind == "raised":
        alarm.explanation = explained(sentry.rule.model, sentry.facts, wanted.changes[0])
    for change in wanted.changes:
        if change.kind == "severity":
            alarm.explanation = continued(alarm.explanation, sentry.rule.model, sentry.facts, change)
    was = (alarm.active, alarm.severity, alarm.withdrawn)
    again = wanted.cleared is None and not alarm.active and alarm.acknowledged
    if again:  # notice was taken of what seemed to be over
        alarm.acknowledged, alarm.acknowledged_at, alarm.acknowledged_by = False, None, None
    alarm.raised_at, alarm.severity_at = wanted.raised_at, last["at"]
    alarm.severity = last["severity"]
    alarm.worst = min((one["severity"] for one in wanted.steps), key=RANK.__getitem__)
    alarm.withdrawn, alarm.active = False, wanted.cleared is None
    alarm.cleared_at, alarm.cleared_how = wanted.cleared or (None, None)
    alarm.cleared_noticed_at = now if wanted.cleared else None
    alarm.value = last["value"] if isinstance(last.get("value"), float) else None
    alarm.value_text, alarm.limit = _step(sentry, last, None)["value_text"], last.get("limit")
    alarm.changed_at = now
    if was != (alarm.active, alarm.severity, alarm.withdrawn):
        alarm.version += 1
    session.flush()
    steps = [
        {**one, "value_text": one.get("value_text") or _step(sentry, one, None)["value_text"]} for one in wanted.steps
    ]
    course = {
        "raised_at": wanted.raised_at, "steps": steps, "cleared_at": alarm.cleared_at, "how": alarm.cleared_how,
        **({"acknowledged": False} if again else {}),
    }  # fmt: skip
    sentry.alarm = alarm.id if alarm.active else None
    tell(session, alarm, "revised", actor=ENGINE, at=first["at"], noticed_at=now, event=course)


def _withdraw(session: Session, alarm: Alarm, now: int) -> None:
    """Late data has shown that an alarm never was."""
    alarm.active, alarm.withdrawn, alarm.cleared_how = False, True, "withdrawn"
    alarm.cleared_at, alarm.cleared_noticed_at, alarm.changed_at = alarm.raised_at, now, now
    alarm.version += 1
    session.flush()
    tell(session, alarm, "withdrawn", actor=ENGINE, at=alarm.raised_at, noticed_at=now, event={"how": "withdrawn"})


def _step(sentry: Sentry, said: dict[str, Any], change: Change | None) -> dict[str, Any]:
    value = said.get("value")
    if isinstance(value, bool) or value is None:
        text = "" if value is None else ("có" if value else "không")
    elif isinstance(value, str):
        text = value[:100]
    else:
        how = change.how if change is not None else ""
        digits = 0 if how in saying.COUNTED else 1 if _reckons(sentry, change) else sentry.facts.decimals
        text = number(float(value), digits)
    made = {name: one for name, one in said.items() if name != "at"}
    return {**made, "value_text": text, **({"how": change.how} if change is not None else {})}


def _unit(sentry: Sentry, change: Change | None) -> str:
    """The unit of a change's value."""
    how = change.how if change is not None else ""
    if how in saying.COUNTED:
        return saying.COUNTED[how].vi
    given = sentry.rule.model.when[change.severity] if change is not None and how in {"rate", "formula"} else None
    if given is not None and given.rate is not None:
        return f"{sentry.facts.unit}/{span(given.rate.per, 'vi').removeprefix('1 ')}"
    if given is not None and given.formula is not None and _reckons(sentry, change):
        said = reckoned(sentry.rule.model.on, given.formula) or ""
        return said if isinstance(said, str) else said.vi
    return sentry.facts.unit


def _reckons(sentry: Sentry, change: Change | None) -> bool:
    """Whether the value is a formula's own number; one that is true or false is told by the subject's own reading."""
    if change is None or change.how != "formula":
        return False
    text = sentry.rule.model.when[change.severity].formula
    return text is not None and not formula.parse(text).truth


def _newest(change: Change) -> int:
    return max((at for _, at, _ in change.evidence), default=change.at)


def _journal_kind(session: Session, alarm: Alarm) -> str:
    """`repeated` when the group's line stands already with nothing milder, so that nobody is called again for it."""
    if alarm.repeats == 1:
        return "raised"
    standing = store.group_stands(session, alarm.group_key)
    return "repeated" if any(RANK[one] <= RANK[alarm.severity] for one in standing) else "raised"
