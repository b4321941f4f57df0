"""Single observations inside a caller's transaction: recorded, changed, deleted, with nothing of the past lost.

Ingest commits the many; these verbs are for deep inserts, corrections and deletions. They keep the same promises:
a replaced or deleted value stays in `observation_superseded`, the datastream's counter and newest value stay exact,
and the hours touched are marked for the rollups.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Row, and_, delete, func, insert, select, update
from sqlalchemy.orm import Session

from dothi.db.writers import ensure_partitions
from dothi.kit import clock
from dothi.kit.errors import Conflict, Fault, NotFound
from dothi.sensing.columns import Columns
from dothi.sensing.live import hub
from dothi.sensing.news import after_commit
from dothi.sensing.tables import DatastreamState, DirtyHour, Observation, ObservationHour, ObservationSuperseded

_BLIND = {"synchronize_session": False}
_TABLE: Any = Observation.__table__
_NAMES = [column.name for column in _TABLE.columns]
_VALUES = [name for name in _NAMES if name not in {"datastream_id", "at", "received_at"}]
# Columns names what Observation names, but for these
_RENAMED = {"datastream": "datastream_id", "feature": "feature_id"}


def row_of(columns: Columns, index: int = 0) -> dict[str, Any]:
    """One observation of some columns, as a row without its time of receipt."""
    row: dict[str, Any] = {}
    for one in fields(columns):
        values = getattr(columns, one.name)
        row[_RENAMED.get(one.name, one.name)] = None if values is None else values[index]
    return row


def get(session: Session, datastream_id: int, at: int) -> dict[str, Any]:
    """One observation as it stands; NotFound when there is none."""
    found = session.execute(select(_TABLE).where(_key(_TABLE, datastream_id, at))).one_or_none()
    if found is None:
        raise NotFound(f"there is no Observation '{datastream_id}-{at}'")
    return _dict(found)


def record(session: Session, row: dict[str, Any]) -> bool:
    """Store one observation, over another value of the same key; False when just this value stood already."""
    stream, at = row["datastream_id"], row["at"]
    ensure_partitions(session, [at])
    _lock(session, [stream])
    standing = session.execute(select(_TABLE).where(_key(_TABLE, stream, at))).one_or_none()
    values = {**dict.fromkeys(_NAMES), **row, "received_at": clock.now_micros()}
    if standing is None:
        session.execute(insert(_TABLE).values(**values))
    else:
        before = _dict(standing)
        if all(before[name] == values[name] for name in _VALUES):
            return False
        _keep(session, before, values["received_at"], deleted=False)
        session.execute(update(_TABLE).where(_key(_TABLE, stream, at)).values(**values))
    _count(session, values, new=standing is None)
    if standing is not None and _extreme(session, _dict(standing)):
        _recount(session, stream)
    _mark(session, stream, at, at)
    _publish(session, values)
    return True


def replace(session: Session, datastream_id: int, at: int, row: dict[str, Any]) -> None:
    """Put another version in the place of an observation; a new key moves it, to where no other stands."""
    if (row["datastream_id"], row["at"]) != (datastream_id, at):
        taken = session.execute(select(_TABLE.c.at).where(_key(_TABLE, row["datastream_id"], row["at"]))).one_or_none()
        if taken is not None:
            place = f"Observation '{row['datastream_id']}-{row['at']}' stands already"
            raise Conflict(place, [Fault("phenomenonTime", place, "a time without an Observation, or delete it first")])
        remove(session, datastream_id, at)
    record(session, row)


def remove(session: Session, datastream_id: int, at: int) -> None:
    """Delete one observation; what it said stays in observation_superseded."""
    _lock(session, [datastream_id])
    before = get(session, datastream_id, at)
    _keep(session, before, clock.now_micros(), deleted=True)
    edge = _extreme(session, before)
    session.execute(delete(_TABLE).where(_key(_TABLE, datastream_id, at)))
    if edge:
        _recount(session, datastream_id)
    else:
        session.execute(
            update(DatastreamState)
            .where(DatastreamState.datastream_id == datastream_id)
            .values(count=DatastreamState.count - 1),
            execution_options=_BLIND,
        )
    _mark(session, datastream_id, at, at)


def remove_streams(session: Session, ids: Sequence[int]) -> int:
    """Delete every trace of the observations of whole datastreams; returns how many there were."""
    total = 0
    _lock(session, ids)
    for id_ in ids:
        total += session.scalar(select(DatastreamState.count).where(DatastreamState.datastream_id == id_)) or 0
        session.execute(delete(_TABLE).where(_TABLE.c.datastream_id == id_))
        for table in (ObservationSuperseded, ObservationHour, DirtyHour):
            session.execute(delete(table).where(table.datastream_id == id_), execution_options=_BLIND)
    return total


def streams_about(session: Session, feature_id: int) -> list[Any]:
    """Per datastream with observations of a feature of interest: id, how many, first and last instant."""
    at = _TABLE.c.at
    query = select(_TABLE.c.datastream_id, func.count(), func.min(at), func.max(at))
    return list(session.execute(query.where(_TABLE.c.feature_id == feature_id).group_by(_TABLE.c.datastream_id)).all())


def remove_feature(session: Session, feature_id: int) -> int:
    """Delete the observations of a feature of interest; returns how many there were."""
    streams = streams_about(session, feature_id)
    _lock(session, [row[0] for row in streams])
    for id_, _, first, last in streams:
        session.execute(delete(_TABLE).where(_TABLE.c.datastream_id == id_, _TABLE.c.feature_id == feature_id))
        _recount(session, id_)
        _mark(session, id_, first, last)
    return sum(row[1] for row in streams)


def _key(table: Any, datastream_id: int, at: int) -> Any:
    return and_(table.c.datastream_id == datastream_id, table.c.at == at)


def _dict(row: Row[Any]) -> dict[str, Any]:
    return dict(zip(_NAMES, row, strict=True))


def _lock(session: Session, ids: Sequence[int]) -> None:
    """Hold the datastreams' state rows, as ingest does, so that nobody writes the same key at once.

    Raises NotFound when one was deleted meanwhile.
    """
    wanted = DatastreamState.datastream_id.in_(sorted(set(ids)))
    query = select(DatastreamState.datastream_id).where(wanted).order_by(DatastreamState.datastream_id)
    there = set(session.scalars(query.with_for_update()))
    for gone in sorted(set(ids) - there):
        raise NotFound(f"there is no Datastream {gone} any more")


def _keep(session: Session, before: dict[str, Any], when: int, *, deleted: bool) -> None:
    session.execute(insert(ObservationSuperseded).values(**before, superseded_at=when, deleted=deleted))


def _state(session: Session, datastream_id: int) -> dict[str, Any]:
    table: Any = DatastreamState.__table__
    row = session.execute(select(table).where(table.c.datastream_id == datastream_id)).one()
    return dict(zip([column.name for column in table.columns], row, strict=True))


def _set_state(session: Session, datastream_id: int, values: dict[str, Any]) -> None:
    session.execute(
        update(DatastreamState).where(DatastreamState.datastream_id == datastream_id).values(**values),
        execution_options=_BLIND,
    )


def _count(session: Session, row: dict[str, Any], *, new: bool) -> None:
    """What one stored observation changes about its datastream."""
    state = _state(session, row["datastream_id"])
    at = row["at"]
    until, result_at = row["until"] if row["until"] is not None else at, row["result_time"]
    result_at = at if result_at is None else result_at
    values = {
        "count": state["count"] + new,
        "first_at": _least(state["first_at"], at),
        "until": _most(state["until"], until),
        "first_result_at": _least(state["first_result_at"], result_at),
        "last_result_at": _most(state["last_result_at"], result_at),
    }
    if state["last_at"] is None or at >= state["last_at"]:
        values |= {name: row[name] for name in ("result", "result_json", "received_at")} | {"last_at": at}
    _set_state(session, row["datastream_id"], values)


def _extreme(session: Session, row: dict[str, Any]) -> bool:
    """Whether an observation marks an end of what its datastream's state says."""
    state = _state(session, row["datastream_id"])
    at = row["at"]
    until = at if row["until"] is None else row["until"]
    result_at = at if row["result_time"] is None else row["result_time"]
    ends = (state["first_at"], state["last_at"], state["first_result_at"], state["last_result_at"])
    return at in ends[:2] or until == state["until"] or result_at in ends[2:]


def _recount(session: Session, datastream_id: int) -> None:
    """The state of a datastream from its observations themselves."""
    c = _TABLE.c
    mine = c.datastream_id == datastream_id
    result_at = func.coalesce(c.result_time, c.at)
    query = select(
        func.count(), func.min(c.at), func.max(c.at), func.max(func.coalesce(c.until, c.at)), func.min(result_at),
        func.max(result_at),
    ).where(mine)  # fmt: skip
    names = ("count", "first_at", "last_at", "until", "first_result_at", "last_result_at")
    values = dict(zip(names, session.execute(query).one(), strict=True))
    newest = session.execute(
        select(c.result, c.result_json, c.received_at).where(mine).order_by(c.at.desc()).limit(1)
    ).one_or_none()
    values |= dict(zip(("result", "result_json", "received_at"), newest or (None, None, None), strict=True))
    _set_state(session, datastream_id, values)


def _mark(session: Session, datastream_id: int, first: int, last: int) -> None:
    hours = {"first_hour": first // clock.HOUR * clock.HOUR, "last_hour": last // clock.HOUR * clock.HOUR}
    session.execute(insert(DirtyHour).values(datastream_id=datastream_id, **hours))


def _publish(session: Session, row: dict[str, Any]) -> None:
    if not hub.heard:
        return
    columns = Columns([], [], [])
    for one in fields(Columns):
        value = row[_RENAMED.get(one.name, one.name)]
        if one.name in {"datastream", "at", "result"} or value is not None:
            setattr(columns, one.name, [value])
    after_commit(session, lambda: hub.publish(columns, [0]))


def _least(a: int | None, b: int) -> int:
    return b if a is None else min(a, b)


def _most(a: int | None, b: int) -> int:
    return b if a is None else max(a, b)
