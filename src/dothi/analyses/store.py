"""The SQL of analyses: what their inputs are read from, and their runs."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, undefer

from dothi.analyses.tables import AnalysisRun
from dothi.cases.tables import Case
from dothi.datasets.tables import Dataset
from dothi.places.tables import Unit
from dothi.sensing.tables import Datastream, Observation, ObservationHour, ObservedProperty, Thing

KEPT = 200  # runs of an analysis that are remembered


class Stream(NamedTuple):
    """A datastream with its thing."""

    id: int
    unit: Any
    property_code: str | None
    property_name: str
    sharing: str
    agency_id: int | None
    thing_code: str | None
    thing_id: int
    name: str
    properties: dict[str, Any] | None
    simulated: bool
    lon: float | None
    lat: float | None
    unit_code: str | None


def streams(session: Session) -> list[Stream]:
    """Every datastream of one property, with its thing."""
    d, t, p = Datastream, Thing, ObservedProperty
    query = (
        select(
            d.id, d.unit, p.code, p.name, d.sharing, d.agency_id, t.code, t.id, t.name, t.properties, t.simulated,
            t.lon, t.lat, t.unit_code,
        )
        .join(t, t.id == d.thing_id)
        .join(p, p.id == d.observed_property_id)
        .where(d.multi.is_(False))
        .order_by(t.code, d.id)
    )  # fmt: skip
    return [Stream._make(row) for row in session.execute(query)]


def hours(session: Session, id_: int, since: int, until: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Starts and means of the hours of a datastream that begin in [since, until), in order."""
    h = ObservationHour
    rows = session.execute(
        select(h.hour, h.sum, h.numbers)
        .where(h.datastream_id == id_, h.hour >= since, h.hour < until, h.numbers > 0, h.sum.is_not(None))
        .order_by(h.hour)
    ).all()
    return (
        np.array([hour for hour, _, _ in rows], np.int64),
        np.array([float(total or 0.0) / count for _, total, count in rows], np.float64),
    )


def values(session: Session, id_: int, since: int, until: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Instants and numbers of a datastream in [since, until), in order."""
    o = Observation
    rows = session.execute(
        select(o.at, o.result)
        .where(o.datastream_id == id_, o.at >= since, o.at < until, o.result.is_not(None))
        .order_by(o.at)
    ).all()
    return np.array([at for at, _ in rows], np.int64), np.array([value for _, value in rows], np.float64)


def cases(session: Session, type_: str | None, categories: Sequence[str], since: int | None) -> Sequence[Any]:
    """Cases as an analysis may see them: nothing of who reported."""
    c = Case
    query = select(
        c.number, c.category, c.state, c.priority, c.opened_at, c.closed_at, c.lon, c.lat, c.unit, c.simulated
    ).where(c.exercise.is_(False), c.merged_into.is_(None)).order_by(c.id)  # fmt: skip
    if type_ is not None:
        query = query.where(c.type == type_)
    if categories:
        query = query.where(c.category.in_(categories))
    if since is not None:
        query = query.where(c.opened_at >= since)
    return session.execute(query).all()


def units(session: Session, level: str, at: int) -> Sequence[Unit]:
    """The units of a level that stand at an instant, with their outlines."""
    query = (
        select(Unit)
        .where(Unit.level == level, Unit.valid_from <= at, (Unit.valid_to.is_(None)) | (Unit.valid_to > at))
        .options(undefer(Unit.geometry))
        .order_by(Unit.code)
    )
    return session.scalars(query).all()


def present(session: Session) -> set[str]:
    """The codes of the datasets this city has and has not retired."""
    return set(session.scalars(select(Dataset.code).where(Dataset.status != "retired")))


# --- runs


def begin(session: Session, code: str, at: int, now: int) -> int:
    """Note that a run begins; returns its number."""
    run = AnalysisRun(code=code, at=at, started_at=now, state="running", inputs={}, simulated=False)
    session.add(run)
    session.flush()
    return run.id


def end(session: Session, id_: int, **said: Any) -> None:
    """Note how a run ended."""
    session.execute(update(AnalysisRun).where(AnalysisRun.id == id_).values(**said))


def last(session: Session, code: str, *, good: bool = False, before: int | None = None) -> AnalysisRun | None:
    """The newest run of an analysis; good: that left a result."""
    query = select(AnalysisRun).where(AnalysisRun.code == code).order_by(AnalysisRun.id.desc()).limit(1)
    if good:
        query = query.where(AnalysisRun.state.in_(("done", "same")))
    if before is not None:
        query = query.where(AnalysisRun.id < before)
    return session.scalars(query).first()


def newest(session: Session) -> dict[str, AnalysisRun]:
    """The newest run of every analysis."""
    ids = select(func.max(AnalysisRun.id)).group_by(AnalysisRun.code)
    return {one.code: one for one in session.scalars(select(AnalysisRun).where(AnalysisRun.id.in_(ids)))}


def runs(session: Session, code: str, limit: int = 50) -> Sequence[AnalysisRun]:
    """The runs of an analysis, newest first."""
    query = select(AnalysisRun).where(AnalysisRun.code == code).order_by(AnalysisRun.id.desc()).limit(limit)
    return session.scalars(query).all()


def prune(session: Session, code: str) -> None:
    """Forget all runs but the newest."""
    edge = session.scalar(
        select(AnalysisRun.id).where(AnalysisRun.code == code).order_by(AnalysisRun.id.desc()).offset(KEPT).limit(1)
    )
    if edge is not None:
        session.execute(delete(AnalysisRun).where(AnalysisRun.code == code, AnalysisRun.id <= edge))
