"""schedule-kept: did what was planned come, and when.

Source: on-time performance as transit agencies define it (TCRP Report 165, Transit Capacity and Quality of Service
Manual, 3rd ed. 2013, ch. 5: at most so many minutes early or late), applied to services that visit a place. A visit is
a record that names the stop, a position near it, or a level that falls (a bin that was emptied).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from dothi.analyses.ground import apart
from dothi.analyses.model import (
    NUMBER,
    WHEN,
    WORD,
    Feature,
    Given,
    Item,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    centre,
    day_text,
    local_day,
    rounded,
)
from dothi.kit import clock

_MINUTE = 60 * clock.SECOND
_DAYS = ("thu", "fri", "sat", "sun", "mon", "tue", "wed")  # 1970-01-01 was a Thursday


class ScheduleKept(Parameters):
    """days: how many back. early, late: minutes that still count as kept. gone: minutes after which it did not come."""

    days: int = Field(default=7, ge=1, le=92)
    early: float = Field(default=30, ge=0)
    late: float = Field(default=30, ge=0)
    gone: float = Field(default=480, gt=0)
    within: float = Field(default=60, gt=0)  # metres of the stop
    falls: float = Field(default=30, gt=0)  # by how much a level falls when it is emptied


@dataclass(frozen=True)
class Visit:
    """Somebody was there. stop: the key, where the record says it."""

    at: int
    stop: str | None
    vehicle: str | None
    where: tuple[float, float] | None


def minutes_of(text: str | None) -> int | None:
    """Minutes after midnight of a time like 18:30; None of anything else."""
    if text is None or len(text) < 4 or ":" not in text:
        return None
    hour, _, rest = text.partition(":")
    if not (hour.isdigit() and rest[:2].isdigit()):
        return None
    return int(hour) * 60 + int(rest[:2])


def runs_on(days: object, day: int) -> bool:
    """Whether a plan (`mon,thu`, a list of them, `daily` or nothing said) is for a local day."""
    if days is None or days in ("", "daily"):
        return True
    listed = days if isinstance(days, list) else str(days).replace(",", " ").split()
    return _DAYS[day % 7] in [str(one).strip().lower()[:3] for one in listed]


def visits(given: Given, p: ScheduleKept) -> list[Visit]:
    """Everything that says somebody was at a stop."""
    found: list[Visit] = []
    for item in given.records("seen"):
        at = item.at()
        if at is not None:
            found.append(Visit(at, item.text("stop"), item.text("vehicle"), centre(item.shape)))
    for one in given.observations("levels"):
        stop = one.text("stop") or one.key
        fell = np.flatnonzero(np.diff(one.value) <= -p.falls)
        found += [Visit(int(one.at[i + 1]), stop, None, None) for i in fell]
    return sorted(found, key=lambda one: one.at)


def run(given: Given, p: ScheduleKept) -> list[Feature]:
    """One feature a plan and day that is due."""
    seen = visits(given, p)
    today = int(local_day(given.now))
    made: list[Feature] = []
    for plan in given.records("planned"):
        begins, ends = minutes_of(plan.text("from")), minutes_of(plan.text("until"))
        if begins is None:
            continue
        ends = begins if ends is None else ends + 1440 if ends < begins else ends
        mine = _of(plan, seen, p)
        for day in range(today - p.days, today + 1):
            if not runs_on(plan.values.get("days"), day):
                continue
            midnight = day * clock.DAY - 7 * clock.HOUR
            start, end = midnight + begins * _MINUTE, midnight + ends * _MINUTE
            if given.now < start:
                continue
            made.append(_one(plan, day, start, end, mine, given.now, p))
    if not made:
        raise TooLittle("chưa có kế hoạch nào đến hạn", "nothing that is planned was due yet")
    return made


def _of(plan: Item, seen: Sequence[Visit], p: ScheduleKept) -> list[Visit]:
    stop = plan.text("stop") or plan.key
    where, vehicle = centre(plan.shape), plan.text("vehicle")
    return [
        one for one in seen
        if (one.stop == stop if one.stop is not None else where is not None and one.where is not None and apart(where, one.where) <= p.within)
        and (vehicle is None or one.vehicle is None or one.vehicle == vehicle)
    ]  # fmt: skip


def _one(plan: Item, day: int, start: int, end: int, mine: list[Visit], now: int, p: ScheduleKept) -> Feature:
    least = start - int((p.early + 120) * _MINUTE)
    near = [one for one in mine if least <= one.at <= end + int(p.gone * _MINUTE)]
    # the visit nearest to the planned stretch is the one that was meant
    best = min(near, key=lambda one: max(start - one.at, one.at - end, 0), default=None)
    after = 0.0
    if best is None:
        state = "waiting" if now <= end + int(p.late * _MINUTE) else "missed"
    else:
        after = (best.at - end) / _MINUTE if best.at > end else -(start - best.at) / _MINUTE if best.at < start else 0.0
        state = "late" if after > p.late else "early" if after < -p.early else "kept"
    return Feature(f"{plan.key}-{day_text(day)}", {
        "plan": plan.key, "name": plan.text("name"), "stop": plan.text("stop") or plan.key, "day": day_text(day),
        "planned_from": clock.iso(start), "planned_until": clock.iso(end), "seen_at": clock.iso(best.at) if best else None,
        "vehicle": best.vehicle if best else plan.text("vehicle"), "minutes_off": rounded(after, 0) if best else None, "state": state,
    }, plan.shape)  # fmt: skip


METHOD = Method(
    code="schedule-kept",
    says="Whether what was planned came, and when",
    source="On-time performance (TCRP Report 165, 2013)",
    needs={
        "planned": Need("records", "the plan, one record a stop and time", {
            "from": Role("time of day, 18:00", ("string",), needed=True), "until": Role("time of day", ("string",)),
            "days": Role("`mon,thu` or a list; every day otherwise", ("string", "array")),
            "stop": Role("key of the stop; the record's own otherwise", WORD), "vehicle": Role("which vehicle", WORD),
            "name": Role("what it is called", WORD),
        }),
        "seen": Need("records", "visits: with the stop's key, or a position", {
            "at": Role("when", WHEN, needed=True), "stop": Role("key of the stop", WORD), "vehicle": Role("which vehicle", WORD),
        }, needed=False),
        "levels": Need("observations", "levels that fall when somebody came (`of: raw`)", {
            "stop": Role("key of the stop; the thing's own code otherwise", (*WORD, *NUMBER)),
        }, needed=False),
    },
    parameters=ScheduleKept,
    gives={
        "plan": "string", "name": "string", "stop": "string", "day": "date", "planned_from": "date-time",
        "planned_until": "date-time", "seen_at": "date-time", "vehicle": "string", "minutes_off": "number", "state": "string",
    },
    run=run,
    shape="any",
)  # fmt: skip
