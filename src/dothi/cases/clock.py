"""Deadlines: reckoned from a calendar, measured, and explained day by day. Pure: values in, values out.

Working days count from the day after receipt and end with the last one's working hours; what comes after hours or on a
free day is received on the next working day. Working hours run within office hours only, hours always. Amounts are days
for `working-days` and minutes for the other two units. A pause and a resumption on one working day lose none.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dothi import packs
from dothi.cases.calendar import MINUTE, Calendar, day_of
from dothi.cases.declared import Amount

Unit = Literal["working-days", "working-hours", "hours"]
Kind = Literal["start", "counted", "free", "holiday", "paused", "due"]


def of(amount: Amount) -> tuple[Unit, int]:
    """A declared amount as unit and budget. The first of its three that is given."""
    if amount.working_days is not None:
        return "working-days", amount.working_days
    if amount.working_hours is not None:
        return "working-hours", round(amount.working_hours * 60)
    return "hours", round((amount.hours or 0) * 60)


def add(cal: Calendar, start: int, unit: Unit, amount: float) -> int:
    """When an amount that begins to run at an instant is used up, µs.

    amount: 0 or less is what was used up already when it began anew; a part of a working day ends within it.
    """
    if unit == "hours":
        return start + round(amount * MINUTE)
    if unit == "working-hours":
        return cal.ahead(start, round(amount * MINUTE))
    whole = int(amount // 1)
    end = cal.end(cal.nth(cal.receipt(start), whole))
    part = amount - whole
    if not part:
        return end
    day = cal.nth(cal.receipt(start), whole + 1)
    return cal.ahead(end, round(part * cal.time_between(cal.start(day), cal.end(day))))


def used(cal: Calendar, unit: Unit, since: int, until: int) -> int:
    """How much of an amount has run between two instants, in whole minutes or days.

    A working day is used once the one before it is over: what pauses and goes on within it loses nothing.
    """
    if unit == "hours":
        return (until - since) // MINUTE
    if unit == "working-hours":
        return cal.time_between(since, until) // MINUTE
    return cal.days_between(cal.receipt(since), cal.receipt(until))


def begun(cal: Calendar, unit: Unit, since: int, until: int) -> int:
    """What people call used by an instant: a working day counts from its morning, not from the evening before."""
    if unit != "working-days":
        return used(cal, unit, since, until)
    day = day_of(until)
    last = day if cal.works(day) and until >= cal.start(day) else cal.nth(day - dt.timedelta(days=1), 0)
    return max(0, cal.days_between(cal.receipt(since), last))


@dataclass(frozen=True, slots=True)
class Suspension:
    """A pause of a deadline; until is None while it lasts."""

    since: int
    until: int | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the way to a due moment.

    kind: start (at: received), counted (count: used up with it), free, holiday (name says which), paused (at, until),
    due (at). text_key: what page and letter say it with (due.told). name: of a holiday, or of a day worked by
    decision.
    """

    kind: Kind
    day_from: dt.date
    day_to: dt.date
    text_key: str
    name: packs.Text | None = None
    count: int | None = None
    at: int | None = None
    until: int | None = None
    reason: str = ""

    @property
    def days(self) -> int:
        """How many calendar days it spans."""
        return (self.day_to - self.day_from).days + 1


def stretches(since: int, until: int | None, suspensions: Sequence[Suspension]) -> list[tuple[int, int | None]]:
    """When a deadline ran: from its beginning until its end, without its pauses. None: it still runs."""
    found: list[tuple[int, int | None]] = []
    at: int | None = since
    for pause in merged(suspensions):
        if at is None or (until is not None and pause.since >= until):
            break
        if pause.since > at:
            found.append((at, pause.since))
        elif not found:
            found.append((at, at))  # received, and at once paused
        at = pause.until
    if at is not None and (until is None or at <= until):
        found.append((at, until))
    return found


def merged(suspensions: Sequence[Suspension]) -> list[Suspension]:
    """Pauses in order, those that overlap as one, with the reason of the first."""
    found: list[Suspension] = []
    for one in sorted(suspensions, key=lambda pause: pause.since):
        last = found[-1] if found else None
        if last is None or (last.until is not None and one.since > last.until):
            found.append(one)
        elif last.until is not None:
            ends = None if one.until is None else max(last.until, one.until)
            found[-1] = replace(last, until=ends)
    return found


def consumed(cal: Calendar, unit: Unit, parts: Sequence[tuple[int, int | None]]) -> int:
    """What was used up in the stretches that are over."""
    return sum(used(cal, unit, since, until) for since, until in parts if until is not None)


def due(cal: Calendar, unit: Unit, budget: float, parts: Sequence[tuple[int, int | None]]) -> int | None:
    """When a deadline that ran in these stretches is used up; None while it is paused."""
    if not parts or parts[-1][1] is not None:
        return None
    return add(cal, parts[-1][0], unit, budget - consumed(cal, unit, parts))


def explain(cal: Calendar, since: int, budget: int, unit: Unit, suspensions: Sequence[Suspension] = ()) -> list[Line]:
    """The way from receipt to the due moment, step by step; of a deadline that is paused, to its pause."""
    parts = stretches(since, None, suspensions)
    ends = due(cal, unit, budget, parts)
    lines = [_start(cal, since, unit)]
    if unit == "working-days":
        lines += _grouped(_by_day(cal, parts, merged(suspensions), ends))
    else:
        lines += _grouped(_by_time(cal, unit, parts, merged(suspensions), ends))
    if ends is not None:
        lines.append(Line("due", day_of(ends), day_of(ends), "due", at=ends))
    return lines


def _start(cal: Calendar, since: int, unit: Unit) -> Line:
    day = day_of(since)
    if unit == "hours":
        return Line("start", day, day, "start-hours", at=since)
    if unit == "working-hours":
        key = "start-working-hours"
        return Line("start", day, day, key, at=since)
    counts = cal.receipt(since)
    return Line("start", day, counts, "start-days" if counts == day else "start-days-later", at=since)


def _by_day(
    cal: Calendar, parts: Sequence[tuple[int, int | None]], pauses: Sequence[Suspension], ends: int | None
) -> Iterator[Line]:
    """A line for each day after receipt, up to the due day or the pause that lasts."""
    count, pause = 0, iter(pauses)
    for begin, until in parts:
        first = cal.receipt(begin)
        last = (
            day_of(ends) if until is None and ends is not None else cal.receipt(until if until is not None else begin)
        )
        for day in _each(first + dt.timedelta(days=1), last):
            if cal.works(day):
                count += 1
            yield _day(cal, day, count)
        if until is not None:
            stop = next(pause)
            back = None if stop.until is None else cal.receipt(stop.until)
            if back is None or back > last:
                from_ = last + dt.timedelta(days=1)
                yield Line(
                    "paused", from_, back or from_, "paused" if back else "paused-still",
                    at=stop.since, until=stop.until, reason=stop.reason,
                )  # fmt: skip


def _by_time(
    cal: Calendar,
    unit: Unit,
    parts: Sequence[tuple[int, int | None]],
    pauses: Sequence[Suspension],
    ends: int | None,
) -> Iterator[Line]:
    """A line for each day that office hours were counted on, or for each stretch of hours."""
    count, pause = 0, iter(pauses)
    for begin, until in parts:
        stop_at = until if until is not None else ends
        if stop_at is not None and stop_at >= begin:
            total = count + used(cal, unit, begin, stop_at)
            if unit == "hours":
                if total > count:
                    yield Line(
                        "counted", day_of(begin), day_of(stop_at), "counted-hours", count=total, at=begin, until=stop_at
                    )
            else:
                for day in _each(day_of(begin), day_of(stop_at)):
                    if not cal.works(day):
                        yield _day(cal, day, 0)
                        continue
                    sofar = count + used(cal, unit, begin, min(stop_at, cal.end(day)))
                    if cal.end(day) >= begin and cal.start(day) <= stop_at:
                        yield replace(_day(cal, day, sofar), text_key="counted-hours")
            count = total
        if until is not None:
            stop = next(pause)
            back = stop.until
            if back is None or back > stop.since:
                yield Line(
                    "paused", day_of(stop.since), day_of(back if back is not None else stop.since),
                    "paused-at" if back is not None else "paused-still", at=stop.since, until=back, reason=stop.reason,
                )  # fmt: skip


def _day(cal: Calendar, day: dt.date, count: int) -> Line:
    decided = cal.decided(day)
    if cal.works(day):
        return Line("counted", day, day, "counted-days", decided.name if decided else None, count)
    if decided is not None and cal.week[day.weekday()]:
        return Line("holiday", day, day, "holiday", decided.name)
    return Line("free", day, day, "free")


def _each(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield dt.date.fromordinal(ordinal)


def _grouped(lines: Iterator[Line]) -> list[Line]:
    """Days in a row that are alike are one line, with the count of the last."""
    found: list[Line] = []
    for line in lines:
        last = found[-1] if found else None
        alike = (
            last is not None
            and line.kind in ("counted", "free", "holiday")
            and (last.kind, last.text_key, last.name) == (line.kind, line.text_key, line.name)
            and (line.day_from - last.day_to).days == 1
        )
        if alike and last is not None:
            found[-1] = replace(last, day_to=line.day_to, count=line.count)
        else:
            found.append(line)
    return found
