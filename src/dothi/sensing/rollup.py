"""Hourly rollups, rebuilt from the hours that ingest marked; and retention of raw observations."""

import logging
from collections import defaultdict

from dothi.config import settings
from dothi.db import session as db
from dothi.kit import bus, clock
from dothi.sensing import rollup_store as store
from dothi.sensing.news import HoursRolled

log = logging.getLogger(__name__)
_MARKS = 20_000  # marks settled in one transaction


def settle(limit: int = _MARKS) -> int:
    """Rebuild the hours that are out of date; returns how many marks were settled.

    Only the marks read at the start are removed, in the same transaction: a commit that is still in flight keeps its
    own mark and is settled next time.
    """
    with db.writing() as session:
        marks = store.marks(session, limit)
        spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for _, datastream, first, last in marks:
            spans[datastream].append((first, last))
        wanted = [(d, *stretch) for d, stretches in sorted(spans.items()) for stretch in merged(stretches)]
        store.rebuild(session, wanted)
        store.remove_marks(session, [mark[0] for mark in marks])
        bus.say(session, HoursRolled(tuple(wanted)))
    return len(marks)


def settle_all() -> None:
    """Settle until nothing is marked."""
    while settle():
        pass


def merged(stretches: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Stretches of hours (first, last) that touch or overlap, joined, in order."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(stretches):
        if joined and first <= joined[-1][1] + clock.HOUR:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined


def expire() -> int:
    """Remove raw observations older than their datastream's (or the installation's) retention; returns how many.

    Rollups stay. The counters follow, so that a count stays exact.
    """
    now = clock.now_micros()
    removed = 0
    settle_all()  # nothing may expire before it is in a rollup
    with db.reading() as session:
        streams = store.retained(session, settings().retention_days)
    for datastream, days in streams:
        with db.writing() as session:
            removed += store.expire(session, datastream, now - days * clock.DAY)
    if removed:
        log.info("retention removed %d observations", removed)
    return removed
