"""The SQL of rollups and retention."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Integer, and_, cast, delete, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from dothi.kit.clock import HOUR
from dothi.sensing.tables import Datastream, DatastreamState, DirtyHour, Observation, ObservationHour


def marks(session: Session, limit: int) -> Sequence[tuple[int, int, int, int]]:
    """Marks (id, datastream, first hour, last hour), oldest first."""
    rows = session.execute(
        select(DirtyHour.id, DirtyHour.datastream_id, DirtyHour.first_hour, DirtyHour.last_hour)
        .order_by(DirtyHour.id)
        .limit(limit)
    ).all()
    return [(a, b, c, d) for a, b, c, d in rows]


def remove_marks(session: Session, ids: list[int]) -> None:
    """Remove settled marks."""
    for start in range(0, len(ids), 5000):
        session.execute(delete(DirtyHour).where(DirtyHour.id.in_(ids[start : start + 5000])))


def mark(session: Session, datastream: int, first: int, last: int) -> None:
    """Say that the hours around these instants (µs UTC) are out of date."""
    session.execute(
        insert(DirtyHour).values(
            datastream_id=datastream, first_hour=first // HOUR * HOUR, last_hour=last // HOUR * HOUR
        )
    )


def span(session: Session, datastream: int, start: int, end: int) -> tuple[int, int] | None:
    """First and last observation in [start, end), or None."""
    o = Observation
    first, last = session.execute(
        select(func.min(o.at), func.max(o.at)).where(o.datastream_id == datastream, o.at >= start, o.at < end)
    ).one()
    return None if first is None else (first, last)


def remove_hours(session: Session, datastream: int, first: int, last: int) -> None:
    """Remove the rollups of the hours first to last, both included."""
    h = ObservationHour
    session.execute(delete(h).where(h.datastream_id == datastream, h.hour >= first, h.hour <= last))


def rebuild_hours(session: Session, datastream: int, start: int, end: int) -> None:
    """Insert the rollups of the whole hours in [start, end) from the raw observations."""
    o, edge = Observation, aliased(Observation)
    # floor, also before 1970, where % keeps the sign of the dividend
    hour = (o.at - ((o.at % HOUR) + HOUR) % HOUR).label("hour")
    inside = and_(o.datastream_id == datastream, o.at >= start, o.at < end)
    sums = (
        select(
            hour,
            func.count().label("count"),
            func.count(o.result).label("numbers"),
            func.sum(o.result).label("sum"),
            func.min(o.result).label("min"),
            func.max(o.result).label("max"),
            func.min(o.at).filter(o.result.is_not(None)).label("first_at"),
            func.max(o.at).filter(o.result.is_not(None)).label("last_at"),
        )
        .where(inside)
        .group_by(hour)
        .subquery()
    )

    def value(at: ColumnElement[int]) -> ColumnElement[float | None]:
        return select(edge.result).where(edge.datastream_id == datastream, edge.at == at).scalar_subquery()

    rows = select(
        cast(datastream, Integer),
        sums.c.hour,
        sums.c.count,
        sums.c.numbers,
        sums.c.sum,
        sums.c.min,
        sums.c.max,
        value(sums.c.first_at),
        value(sums.c.last_at),
    )
    names = ["datastream_id", "hour", "count", "numbers", "sum", "min", "max", "first", "last"]
    session.execute(insert(ObservationHour).from_select(names, rows))


def retained(session: Session, default_days: int | None) -> list[tuple[int, int]]:
    """Datastreams with a retention, and its days."""
    days = func.coalesce(Datastream.retention_days, default_days)
    rows = session.execute(select(Datastream.id, days).where(days.is_not(None))).all()
    return [(id_, int(kept)) for id_, kept in rows]


def expire(session: Session, datastream: int, before: int) -> int:
    """Remove a datastream's observations before an instant and set its counter and first time right."""
    o, s = Observation, DatastreamState
    session.execute(select(s.count).where(s.datastream_id == datastream).with_for_update()).first()
    gone = session.execute(
        delete(o).where(o.datastream_id == datastream, o.at < before, o.at < _latest(datastream))
    ).rowcount  # type: ignore[attr-defined]
    if gone:
        first = select(func.min(o.at)).where(o.datastream_id == datastream).scalar_subquery()
        session.execute(update(s).where(s.datastream_id == datastream).values(count=s.count - gone, first_at=first))
    return int(gone)


def _latest(datastream: int) -> ColumnElement[int]:
    """The newest observation always stays: a dead sensor still shows its last value and age."""
    s = DatastreamState
    return select(s.last_at).where(s.datastream_id == datastream).scalar_subquery()
