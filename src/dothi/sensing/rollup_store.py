"""The SQL of rollups and retention."""

import json
from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    and_,
    column,
    delete,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session, aliased

from dothi.db import words
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


def rebuild(session: Session, stretches: list[tuple[int, int, int]]) -> None:
    """Rebuild hours from the raw observations: stretches (datastream, first hour, last hour), apart from each other."""
    session.execute(select(words.by_index()))
    o, h, edge = Observation, ObservationHour, aliased(Observation)
    given = literal(json.dumps([(d, first, last + HOUR) for d, first, last in stretches]))
    asked = words.spans(given).table_valued(
        column("key", BigInteger), column("begin_", BigInteger), column("end_", BigInteger)
    )
    key, begin, end = asked.c.key, asked.c.begin_, asked.c.end_
    stale = select(h.datastream_id, h.hour).join(asked, and_(h.datastream_id == key, h.hour >= begin, h.hour < end))
    session.execute(
        delete(h).where(tuple_(h.datastream_id, h.hour).in_(stale)).execution_options(synchronize_session=False)
    )
    # floor, also before 1970, where % keeps the sign of the dividend
    hour = (o.at - ((o.at % HOUR) + HOUR) % HOUR).label("hour")
    sums = (
        select(
            o.datastream_id, hour, func.count().label("count"), func.count(o.result).label("numbers"),
            func.sum(o.result).label("sum"), func.min(o.result).label("min"), func.max(o.result).label("max"),
            func.min(o.at).filter(o.result.is_not(None)).label("first_at"),
            func.max(o.at).filter(o.result.is_not(None)).label("last_at"),
        )
        .select_from(asked)
        .join(o, and_(o.datastream_id == key, o.at >= begin, o.at < end))
        .group_by(o.datastream_id, hour)
        .subquery()
    )  # fmt: skip

    def value(at: ColumnElement[int]) -> ColumnElement[float | None]:
        return select(edge.result).where(edge.datastream_id == sums.c.datastream_id, edge.at == at).scalar_subquery()

    rows = select(
        sums.c.datastream_id, sums.c.hour, sums.c.count, sums.c.numbers, sums.c.sum, sums.c.min, sums.c.max,
        value(sums.c.first_at), value(sums.c.last_at),
    )  # fmt: skip
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
