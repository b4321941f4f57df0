"""The SQL behind backtests: stored observations by day, and which days need not be read."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.kit.clock import DAY
from dothi.sensing.tables import DirtyHour, Observation, ObservationHour

_AT_ONCE = 400  # datastreams in one question


class Span(NamedTuple):
    """The smallest and largest number of a datastream in a day; others: results that are no numbers."""

    low: float
    high: float
    others: int


def days(session: Session, ids: Sequence[int], start: int, end: int) -> dict[tuple[int, int], Span]:
    """Spans by (datastream, start of the UTC day) of days whose rollups are up to date; a silent day is absent."""
    found: dict[tuple[int, int], Span] = {}
    h, d = ObservationHour, DirtyHour
    day = (h.hour - h.hour % DAY).label("day")
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        rows = session.execute(
            select(h.datastream_id, day, func.min(h.min), func.max(h.max), func.sum(h.count - h.numbers))
            .where(h.datastream_id.in_(some), h.hour >= start, h.hour < end)
            .group_by(h.datastream_id, day)
        )
        for id_, at, low, high, others in rows:
            if low is not None and high is not None:
                found[id_, int(at)] = Span(low, high, int(others))
        marks = session.execute(
            select(d.datastream_id, d.first_hour, d.last_hour).where(
                d.datastream_id.in_(some), d.last_hour >= start, d.first_hour < end
            )
        )
        for id_, first_hour, last_hour in marks:
            for at in range(max(start, first_hour) // DAY * DAY, min(end, last_hour) + 1, DAY):
                found.pop((id_, at), None)
    return found


def observations(
    session: Session, ids: Sequence[int], start: int, end: int
) -> Iterator[tuple[int, int, float | None, Any]]:
    """(datastream, at, result, result_json) in [start, end), by datastream and time."""
    o = Observation
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        rows = session.execute(
            select(o.datastream_id, o.at, o.result, o.result_json)
            .where(o.datastream_id.in_(some), o.at >= start, o.at < end)
            .order_by(o.datastream_id, o.at)
        )
        yield from rows
