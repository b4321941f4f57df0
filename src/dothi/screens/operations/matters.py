"""An alarm as a sentence for those who look from afar: what, how much against what, who has it, what is done, what is blocked."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from dothi.alerts import saying
from dothi.alerts.tables import Alarm
from dothi.duty import orders, procedures
from dothi.kit.clock import HOUR
from dothi.screens import features
from dothi.screens import words as common
from dothi.screens.operations import queue, store, subject, words
from dothi.screens.operations.asking import Ask
from dothi.screens.operations.store import Line
from dothi.sensing import glance
from dothi.sensing.state import number


@dataclass
class Matter:
    """An alarm in a list. place: thing and ward; at: raised, µs UTC; who: people who have it."""

    id: int
    number: str
    severity: str
    title: str
    place: str
    value: str
    figure: str
    unit: str
    at: int
    age: str
    state: str
    heard: bool
    who: str
    lon: float | None
    lat: float | None
    simulated: bool
    exercise: bool
    sector: str


@dataclass
class Whole(Matter):
    """The worst matter with all that is known of it. against: the limit in words; trend: how it moves, and which way."""

    against: str = ""
    trend: str = ""
    direction: str = ""
    doing: str = ""
    blocked: list[str] = field(default_factory=list)
    steps: tuple[int, int] | None = None


def standing(ask: Ask) -> list[Line]:
    """What is wrong at the moment shown, the worst first; what has cleared is not."""
    return [one for one in queue.found(ask, queue.Filters()) if one.active and one.suppressed is None]


def several(ask: Ask, lines: Sequence[Line]) -> list[Matter]:
    """Some alarms as matters."""
    units = store.units(ask.session, {one.unit_code for one in lines if one.unit_code})
    people = queue.people(ask, lines)
    made = []
    for one in lines:
        unit = words.short_unit(*units[one.unit_code]) if one.unit_code in units else ""
        owner = people.get(one.assignee_id or 0, "") or people.get(queue.actor(one.acknowledged_by) or 0, "")
        made.append(
            Matter(
                one.id, one.number, one.severity, queue.title(one, ask.language),
                " · ".join(part for part in (one.subject_name, unit) if part), saying.value(one, ask.language, common.NBSP),
                saying.bare(one.value_text, one.unit, ask.language), saying.unit(one.unit, ask.language),
                one.raised_at, words.span(ask.at - one.raised_at, ask.language), queue.state_of(one, ask)[0],
                one.acknowledged, owner, one.lon, one.lat, one.simulated, one.exercise, one.sector or "",
            )
        )  # fmt: skip
    return made


def whole(ask: Ask, line: Line) -> Whole:
    """One alarm with its limit, its movement, its procedure and its orders."""
    made = Whole(**vars(several(ask, [line])[0]))
    alarm = store.alarm(ask.session, ask.caller, line.number)
    if alarm is None:
        return made
    made.against, made.trend, made.direction = movement(ask, alarm)
    if (newest := present(ask, alarm)) is not None:
        made.figure = newest
        made.value = f"{newest}{common.NBSP}{made.unit}"
    found = procedures.steps(ask.session, ask.caller, alarm.id)
    if found is not None:
        made.steps = (found.done, len(found.steps))
        next_ = next((one for one in found.steps if not one.done), None)
        if next_ is not None:
            text = next_.en if ask.language == "en" else next_.vi
            left = "" if next_.due_at is None else _left(ask, next_.due_at)
            text = text.rstrip(" .;,")
            made.doing = f"{text}, {left}" if left else text
        if late := sum(one.late for one in found.steps):
            made.blocked.append(ask.say("{n} bước của quy trình quá hạn", n=late))
    if not line.acknowledged:
        late = words.due_at(line.severity, line.noticed_at) < ask.at
        if late:
            made.blocked.append(queue.due(line, ask))
    for given in orders.list_(
        ask.session, ask.caller, orders.Asked("open", subject=f"alarm:{alarm.id}", limit=5), ask.language
    ):
        if given.late:
            late_by = words.span(ask.at - given.order.due_at, ask.language)
            made.blocked.append(f"{given.agency}: {given.order.text[:80]}, " + ask.say("trễ {span}", span=late_by))
        elif given.last is not None and given.last[0] == "progress":
            made.doing = made.doing or f"{given.agency}: {given.last[1]}"
    return made


def _left(ask: Ask, due: int) -> str:
    if due >= ask.at:
        return ask.say("còn {span}", span=words.span(due - ask.at, ask.language))
    return ask.say("quá {span}", span=words.span(ask.at - due, ask.language))


def present(ask: Ask, alarm: Alarm) -> str | None:
    """What the alarm's own datastream measures at the moment shown, where the alarm is about that very number.

    An alarm keeps the value that made it as severe as it is; whoever looks from afar wants to know how it is now.
    """
    if alarm.datastream_id is None or not alarm.active:
        return None
    found = glance.stream_of(ask.session, ask.caller, alarm.datastream_id)
    if found is None or not alarm.unit or alarm.unit != features.unit(found[1], "vi"):
        return None
    points = store.values(
        ask.session, alarm.datastream_id, ask.at - HOUR, ask.at + 1, ask.known if ask.replay else None
    )
    return number(points[-1][1], features.digits(found[1]), ask.language) if points else None


def movement(ask: Ask, alarm: object) -> tuple[str, str, str]:
    """The limit an alarm rests on in words, how its value moved within an hour, and which way."""
    stream, limit, unit = (getattr(alarm, name) for name in ("datastream_id", "limit", "unit"))
    unit = saying.unit(unit, ask.language)
    found = subject.trend(ask, stream, getattr(alarm, "thing_id"), limit)  # noqa: B009 - any row of an alarm
    if found is None:
        return (_limit(ask, limit, unit) if limit is not None else ""), "", ""
    against = ""
    named = [one for one in found.limits if limit is not None and abs(one["v"] - limit) < 1e-9]
    if named:
        value = common.quantity(named[0]["v"], found.digits, unit or found.unit, ask.language)
        against = named[0]["name"] if named[0]["role"] == "--critical" else f"{named[0]['name']} {value}"
        if named[0]["role"] == "--critical":
            against = f"{against}{common.NBSP}{unit or found.unit}"
    if stream is None:
        return against, "", ""
    points = store.values(ask.session, stream, ask.at - HOUR, ask.at + 1, ask.known if ask.replay else None)
    if len(points) < 2 or points[-1][0] - points[0][0] < HOUR // 4:
        return against, "", ""
    moved = (points[-1][1] - points[0][1]) * HOUR / (points[-1][0] - points[0][0])
    direction = "flat" if round(abs(moved), found.digits) == 0 else "up" if moved > 0 else "down"
    said = common.quantity(abs(moved), found.digits, found.unit, ask.language)
    return against, ask.say("{moved}/giờ", moved=said) if direction != "flat" else ask.say("không đổi"), direction


def _limit(ask: Ask, limit: float, unit: str) -> str:
    digits = min(2, len(f"{limit:.6f}".rstrip("0").partition(".")[2]))
    return ask.say("Ngưỡng {limit}", limit=f"{number(limit, digits, ask.language)}{common.NBSP}{unit}".strip())


def clock_line(ask: Ask) -> str:
    """17:42 Thứ Bảy, 21/11/2026."""
    return f"{common.hour(ask.at)} {common.date_line(ask.at, ask.language)}"
