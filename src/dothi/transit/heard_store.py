"""The SQL of vehicles, what is foretold of them and what was seen of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from dothi.db.upsert import insert_into
from dothi.kit import clock
from dothi.transit.tables import TransitNotice, TransitPassage, TransitUpdate, TransitVehicle

OLD = 15 * 60 * clock.SECOND  # after which nobody believes where a vehicle was said to be
EARLY, LATE = -60, 300  # seconds: from a minute early to five late counts as on time
_MANY = 2000


def vehicles(session: Session, feed_id: int, *, since: int = 0, route_id: str | None = None) -> list[TransitVehicle]:
    """Vehicles heard of since an instant."""
    query = select(TransitVehicle).where(TransitVehicle.feed_id == feed_id, TransitVehicle.at >= since)
    if route_id is not None:
        query = query.where(TransitVehicle.route_id == route_id)
    return list(session.scalars(query.order_by(TransitVehicle.vehicle)))


def put(session: Session, table: Any, keys: Sequence[str], rows: list[dict[str, Any]]) -> None:
    """Insert rows, or put them in the place of those with the same keys."""
    for i in range(0, len(rows), _MANY):
        insert = insert_into(session, table)
        told = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        session.execute(insert.on_conflict_do_update(index_elements=list(keys), set_=told), rows[i : i + _MANY])


def only(session: Session, table: Any, feed_id: int, column: Any, kept: Iterable[str]) -> None:
    """Of a feed keep only the rows that are named."""
    here = set(session.scalars(select(column).where(table.feed_id == feed_id)))
    gone = sorted(here - set(kept))
    for i in range(0, len(gone), 500):
        session.execute(delete(table).where(table.feed_id == feed_id, column.in_(gone[i : i + 500])))


def forget_updates(session: Session, feed_id: int, *, before: int | None = None) -> None:
    """Forget what was foretold: all of it, or what is older than an instant."""
    query = delete(TransitUpdate).where(TransitUpdate.feed_id == feed_id)
    session.execute(query if before is None else query.where(TransitUpdate.at < before))


def updates(session: Session, feed_id: int, trip_ids: Sequence[str], since: int) -> list[TransitUpdate]:
    """What is foretold of some trips, said since an instant."""
    made: list[TransitUpdate] = []
    for i in range(0, len(trip_ids), 500):
        query = select(TransitUpdate).where(
            TransitUpdate.feed_id == feed_id,
            TransitUpdate.at >= since,
            TransitUpdate.trip_id.in_(trip_ids[i : i + 500]),
        )
        made += session.scalars(query)
    return made


def notices(session: Session, feed_id: int, now: int) -> list[TransitNotice]:
    """The notices that hold at an instant."""
    rows = session.scalars(select(TransitNotice).where(TransitNotice.feed_id == feed_id).order_by(TransitNotice.notice))
    return [
        one for one in rows
        if not one.periods or any((b is None or b <= now) and (e is None or now < e) for b, e in one.periods)
    ]  # fmt: skip


def placed(session: Session, feed_id: int, trip_ids: Sequence[str], since: int) -> list[TransitVehicle]:
    """Vehicles on some trips whose operator did not say so: which they are on was found."""
    made: list[TransitVehicle] = []
    for i in range(0, len(trip_ids), 500):
        query = select(TransitVehicle).where(
            TransitVehicle.feed_id == feed_id, TransitVehicle.behind.is_not(None), TransitVehicle.at >= since,
            TransitVehicle.trip_id.in_(trip_ids[i : i + 500]),
        )  # fmt: skip
        made += session.scalars(query)
    return made


def keep_passages(session: Session, rows: list[dict[str, Any]]) -> None:
    """Keep what was seen; what was seen before stays as it is."""
    for i in range(0, len(rows), _MANY):
        session.execute(insert_into(session, TransitPassage).on_conflict_do_nothing(), rows[i : i + _MANY])


def last_delays(
    session: Session, feed_id: int, trip_ids: Sequence[str], since: int
) -> dict[tuple[str, int, int], tuple[int, int]]:
    """Of each run the last call seen since an instant: its sequence and delay, by trip, day and run."""
    made: dict[tuple[str, int, int], tuple[int, int]] = {}
    one = TransitPassage
    for i in range(0, len(trip_ids), 500):
        query = select(one.trip_id, one.day, one.run, one.sequence, one.delay).where(
            one.feed_id == feed_id,
            one.planned >= since - clock.DAY,
            one.seen >= since,
            one.trip_id.in_(trip_ids[i : i + 500]),
        )
        for trip_id, day, run, sequence, delay in session.execute(query.order_by(one.sequence)):
            made[trip_id, day, run] = (sequence, delay)
    return made


def punctuality(
    session: Session,
    feed_id: int,
    since: int,
    until: int,
    by: str,
    *,
    route_id: str | None = None,
    offset: int = 7 * clock.HOUR,
) -> list[dict[str, Any]]:
    """Calls seen between two planned instants: how many, early, on time, late, the mean delay in seconds.

    by: all, route, stop, hour (of the day) or line-hour (each hour of each line). offset: of the zone from UTC, in µs.
    """
    one = TransitPassage
    keys: dict[str, list[Any]] = {
        "all": [], "route": [one.route_id.label("route")], "stop": [one.stop_id.label("stop")],
        "hour": [((one.planned + offset) // clock.HOUR % 24).label("hour")],
        "line-hour": [one.route_id.label("route"), (one.planned // clock.HOUR).label("at")],
    }  # fmt: skip
    told = [
        func.count().label("calls"), func.sum(case((one.delay < EARLY, 1), else_=0)).label("early"),
        func.sum(case((one.delay > LATE, 1), else_=0)).label("late"), func.sum(one.delay).label("behind"),
        func.max(case((one.simulated.is_(True), 1), else_=0)).label("simulated"),
    ]  # fmt: skip
    query = select(*keys[by], *told).where(one.feed_id == feed_id, one.planned >= since, one.planned < until)
    if route_id is not None:
        query = query.where(one.route_id == route_id)
    query = query.group_by(*keys[by]).order_by(*keys[by])
    made = []
    for row in session.execute(query).mappings():
        calls = int(row["calls"] or 0)
        if not calls:
            continue
        early, late = int(row["early"]), int(row["late"])
        made.append({
            **{key: row[key] for key in ("route", "stop", "hour", "at") if key in row}, "calls": calls, "early": early,
            "late": late, "on_time": calls - early - late, "delay": float(row["behind"]) / calls,
            "simulated": bool(row["simulated"]),
        })  # fmt: skip
    return made


def forget_passages(session: Session, before: int) -> int:
    """Forget calls planned before an instant; the figures made of them stay as records."""
    done: Any = session.execute(delete(TransitPassage).where(TransitPassage.planned < before))
    return int(done.rowcount)
