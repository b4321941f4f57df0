"""What is usual for a datastream in each hour of the local week: medians and spreads that outliers do not move.

Rests on the hourly rollups of the last weeks. Each hour speaks by its mean, its smallest and its largest value, so
that the spread holds what varies within an hour as well as from week to week.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dothi.alerts import baseline_store as store
from dothi.alerts import facts
from dothi.alerts.model import RuleModel
from dothi.kit.clock import DAY, HOUR

WEEKS = 8
LEAST = 3  # hours of a slot; with fewer, the same hour of all weekdays, or of the weekend, speaks for it
NORMAL = 1.4826  # median absolute deviation to standard deviation, of a normal distribution
FLOOR = 0.1  # a slot's spread is at least this share of the whole series' spread
_ZONE = 7 * HOUR  # UTC+7 all year
Slot = tuple[int, float, float, int]  # slot, median, spread, hours it rests on


def usual(hours: NDArray[np.float64]) -> list[Slot]:
    """The slots of a series. hours: rows of start (µs UTC), mean, smallest, largest. Empty under a week of hours."""
    if len(hours) < 7 * 24 // 2:
        return []
    week = ((hours[:, 0] + _ZONE) // HOUR + 3 * 24) % 168  # 1 January 1970 was a Thursday
    slots = week.astype(np.int64)
    weekend, hour = slots >= 5 * 24, slots % 24
    values = hours[:, 1:4]
    floor = FLOOR * _spread(hours[:, 1:2])
    made: list[Slot] = []
    for slot in range(168):
        mine = slots == slot
        count = int(mine.sum())
        if count < LEAST:
            mine = (weekend == (slot >= 5 * 24)) & (hour == slot % 24)
            if int(mine.sum()) < LEAST:
                continue
        chosen = values[mine]
        made.append((slot, float(np.median(chosen[:, 0])), max(_spread(chosen), floor), count))
    return made


def _spread(values: NDArray[np.float64]) -> float:
    """1.4826 times the median distance of the values from the median of the first column, the hourly means."""
    return float(NORMAL * np.median(np.abs(values - np.median(values[:, 0]))))


def wanted(session: Session, models: Iterable[RuleModel]) -> list[int]:
    """Datastreams of which some rules want to know what is usual."""
    asking = [one for one in models if any(given.unusual for given in one.when.values())]
    if not asking:
        return []
    ground = facts.ground(session)
    return sorted(
        {stream for model in asking for one in facts.resolve(session, model, ground) for stream in one.streams}
    )


def renew(session: Session, ids: Iterable[int], now: int) -> int:
    """Reckon anew what is usual for some datastreams; returns how many have a baseline.

    The last day is left out, so that what is going on now is not taken for usual.
    """
    until = now // HOUR * HOUR - DAY
    count = 0
    for one in ids:
        slots = usual(store.hours(session, one, until - WEEKS * 7 * DAY, until))
        store.replace(session, one, slots, now)
        count += bool(slots)
    return count
