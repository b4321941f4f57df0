"""How often datasets are asked for, by day and door: counted in memory, written a minute later by each process itself."""

import logging
import threading
from collections import Counter

from sqlalchemy.orm import Session

from dothi.datasets import store
from dothi.db import session as db
from dothi.kit import clock

DOORS = ("page", "download", "features", "tiles", "ckan", "dcat")
SECONDS = 60.0  # from a use until it is written
_HOURS = 7  # Vietnam is UTC+7 all year
log = logging.getLogger(__name__)
_lock = threading.Lock()
_counts: Counter[tuple[int, int, str]] = Counter()
_timer: threading.Timer | None = None


def count_use(dataset_id: int, door: str) -> None:
    """Count one use, through one of DOORS. Costs a microsecond; up to a minute's counts are lost with the process."""
    key = (dataset_id, today(), door)
    global _timer
    with _lock:
        _counts[key] += 1
        if _timer is None:
            _timer = threading.Timer(SECONDS, stop)
            _timer.daemon = True
            _timer.start()


def today() -> int:
    """The day in Vietnam, counted from 1970."""
    return day_of(clock.now_micros())


def day_of(at: int) -> int:
    """The day in Vietnam of an instant (µs UTC), counted from 1970."""
    return (at + _HOURS * clock.HOUR) // clock.DAY


def flush() -> int:
    """Write what was counted; returns how many uses."""
    with _lock:
        taken = dict(_counts)
        _counts.clear()
    if not taken:
        return 0
    try:
        with db.writing() as session:
            for (dataset_id, day, door), number in sorted(taken.items()):
                store.add_use(session, dataset_id, day, door, number)
    except Exception:
        with _lock:
            _counts.update(taken)
        raise
    return sum(taken.values())


def forget() -> None:
    """Drop what was counted and not written."""
    global _timer
    with _lock:
        _counts.clear()
        if _timer is not None:
            _timer.cancel()
        _timer = None


def stop() -> None:
    """Write what was counted, a minute after its first use and at the end of the process; a failure is logged."""
    global _timer
    with _lock:
        if _timer is not None:
            _timer.cancel()
        _timer = None
    try:
        flush()
    except Exception:
        log.exception("uses of datasets could not be written; they are kept for the next time")


def by_day(session: Session, dataset_id: int, days: int = 30) -> dict[int, dict[str, int]]:
    """Uses of the last days: day to door to count; days without any are left out."""
    found: dict[int, dict[str, int]] = {}
    for day, door, number in store.uses(session, dataset_id, today() - days + 1):
        found.setdefault(day, {})[door] = number
    return found


def totals(session: Session, days: int = 30) -> dict[int, int]:
    """Uses of every dataset in the last days, by its number."""
    return store.totals(session, today() - days + 1)
