"""Hourly rollups, rebuilt from the hours that ingest marked; and retention of raw observations."""

import logging
from collections import defaultdict

from sqlalchemy.orm import Session

from dothi.config import settings
from dothi.db import session as db
from dothi.kit import clock
from dothi.sensing import rollup_store as store

log = logging.getLogger(__name__)
_MARKS = 20_000  # marks settled in one transaction
_HOURS = 24 * 400  # widest stretch rebuilt in one statement


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
        for datastream, stretches in sorted(spans.items()):
            for first, last in merged(stretches):
                _rebuild(session, datastream, first, last)
        store.remove_marks(session, [mark[0] for mark in marks])
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


def _rebuild(session: Session, datastream: int, first: int, last: int) -> None:
    step = _HOURS * clock.HOUR
    span = store.span(session, datastream, first, last + clock.HOUR)
    store.remove_hours(session, datastream, first, last)
    if span is None:
        return
    start = span[0] // clock.HOUR * clock.HOUR
    while start <= span[1]:
        store.rebuild_hours(session, datastream, start, min(start + step, last + clock.HOUR))
        following = store.span(session, datastream, start + step, last + clock.HOUR)
        if following is None:
            break
        start = following[0] // clock.HOUR * clock.HOUR


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
