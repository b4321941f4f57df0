"""All SQL of answers: newest values of a property, its hours, records, cases. What a caller may see is in each query."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from dothi.analyses.tables import AnalysisRun
from dothi.cases import sight
from dothi.cases import stats as case_stats
from dothi.cases.tables import Case
from dothi.datasets import selecting
from dothi.datasets.selecting import Asked
from dothi.datasets.tables import Dataset, Record
from dothi.datasets.views import View
from dothi.db.words import json_double, json_string
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.places import cities
from dothi.places.cities import Lens
from dothi.sensing.state_store import Row
from dothi.sensing.tables import Datastream, DatastreamState, Observation, ObservationHour, Thing

VIETNAM = 7 * clock.HOUR
_SYMBOL = json_string(Datastream.unit, "symbol")
_DEFINITION = json_string(Datastream.unit, "definition")
_STALE = json_double(Datastream.properties, "stale_minutes")


def taken_up(session: Session, codes: Mapping[str, Sequence[int]]) -> set[str]:
    """Those of some datasets and properties the city a page is about has: datasets applied there, properties measured.

    codes: to each the observed properties that go by it. Of several cities each has what has records or things in it.
    """
    datasets = select(Dataset.code).where(Dataset.code.in_(sorted(codes)))
    measured = select(Datastream.observed_property_id).join(Thing, Thing.id == Datastream.thing_id).distinct()
    measured = measured.where(
        Datastream.observed_property_id.in_(sorted({id_ for ids in codes.values() for id_ in ids}))
    )
    seen = cities.lens(session)
    if seen is not None:
        inside = seen.clause(Record.unit_code, Record.west, Record.south, Record.east, Record.north)
        datasets = datasets.where(select(Record.id).where(Record.dataset_id == Dataset.id, inside).exists())
        measured = measured.where(seen.clause(Thing.unit_code, Thing.lon, Thing.lat))
    observed = set(session.scalars(measured)) if any(codes.values()) else set()
    return set(session.scalars(datasets)) | {code for code, ids in codes.items() if observed.intersection(ids)}


def newest(
    session: Session, caller: Caller, property_ids: Sequence[int], unit: str | None, at: int | None
) -> list[tuple[Row, str | None]]:
    """The newest value of every datastream of some observed properties, each with its thing's ward.

    at: as it was then (µs); None: now. The rows are what `sensing.state.of_rows` judges.
    """
    thing = (
        Thing.id, Thing.code, Thing.name, Thing.lon, Thing.lat, Thing.simulated, Thing.connected, Thing.connected_at,
        Datastream.id, Datastream.observed_property_id, _SYMBOL, _DEFINITION, _STALE,
    )  # fmt: skip
    if at is None:
        value: tuple[Any, ...] = (DatastreamState.last_at, DatastreamState.result, DatastreamState.result_json)
        query = select(*thing, *value, Thing.unit_code).join_from(Datastream, Thing, Thing.id == Datastream.thing_id)
        query = query.outerjoin(DatastreamState, DatastreamState.datastream_id == Datastream.id)
    else:
        last = (
            select(func.max(Observation.at))
            .where(Observation.datastream_id == Datastream.id, Observation.at <= at)
            .correlate(Datastream)
            .scalar_subquery()
        )
        # whether a device was connected then is not kept
        then = (*thing[:6], literal(None), literal(None), *thing[8:])
        value = (Observation.at, Observation.result, Observation.result_json)
        query = select(*then, *value, Thing.unit_code).join_from(Datastream, Thing, Thing.id == Datastream.thing_id)
        query = query.outerjoin(Observation, and_(Observation.datastream_id == Datastream.id, Observation.at == last))
    query = query.where(
        Datastream.observed_property_id.in_(list(property_ids)), guard.visible(caller, Thing),
        guard.visible(caller, Datastream),
    ).order_by(Thing.id, Datastream.id)  # fmt: skip
    query = query.where(
        Thing.unit_code == unit if unit is not None else cities.within(session, Thing.unit_code, Thing.lon, Thing.lat)
    )
    return [(Row(*row[:-1]), row[-1]) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class Stream:
    """A datastream whose hours are asked for."""

    id: int
    thing: int
    name: str
    symbol: str | None
    definition: str | None
    simulated: bool


def streams(session: Session, caller: Caller, property_ids: Sequence[int], unit: str | None) -> list[Stream]:
    """The datastreams of some observed properties."""
    query = (
        select(Datastream.id, Thing.id, Thing.name, _SYMBOL, _DEFINITION, Thing.simulated)
        .join_from(Datastream, Thing, Thing.id == Datastream.thing_id)
        .where(Datastream.observed_property_id.in_(list(property_ids)), guard.visible(caller, Thing),
               guard.visible(caller, Datastream))
        .order_by(Thing.name_folded, Datastream.id)
    )  # fmt: skip
    query = query.where(
        Thing.unit_code == unit if unit is not None else cities.within(session, Thing.unit_code, Thing.lon, Thing.lat)
    )
    return [Stream(*row) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of a datastream, in its own unit."""

    stream: int
    hour: int
    mean: float
    min: float
    max: float
    first: float
    last: float
    sum: float
    numbers: int


def hours(
    session: Session, ids: Sequence[int], start: int, end: int, daily: tuple[int, int] | None = None
) -> list[Hour]:
    """The hours of some datastreams in [start, end), in order; daily: only these local hours of the day."""
    h = ObservationHour
    query = (
        select(h.datastream_id, h.hour, h.sum / h.numbers, h.min, h.max, h.first, h.last, h.sum, h.numbers)
        .where(h.datastream_id.in_(list(ids)), h.hour >= start, h.hour < end, h.numbers > 0)
        .order_by(h.datastream_id, h.hour)
    )
    if daily is not None:
        local = ((h.hour + VIETNAM) // clock.HOUR) % 24
        first, last = daily
        query = query.where(and_(local >= first, local < last) if first <= last else or_(local >= first, local < last))
    rows: Sequence[Any] = session.execute(query).all()
    return [Hour(*row) for row in rows]


# records


def _put(how: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    match how:
        case "sum":
            return func.sum(column)
        case "mean":
            return func.avg(column)
        case "min":
            return func.min(column)
    return func.max(column)


def amount(session: Session, view: View, asked: Asked, how: str, name: str | None) -> float | None:
    """One number of records: how many, or sum, mean, min, max, distinct of a field."""
    rows = selecting.rows(view, asked.as_of)
    where = selecting.clauses(rows, view, asked)
    made: ColumnElement[Any] = func.count()
    if name is not None and how != "count":
        column, _ = selecting.column(rows, view, name)
        made = func.count(column.distinct()) if how == "distinct" else _put(how, column)
    found = session.scalar(rows.select(made).where(*where))
    return None if found is None else float(found)


def numbers(session: Session, view: View, asked: Asked, name: str) -> list[float]:
    """The values of a field, for what no database reckons alike: the median."""
    rows = selecting.rows(view, asked.as_of)
    column, _ = selecting.column(rows, view, name)
    query = rows.select(column).where(*selecting.clauses(rows, view, asked), column.is_not(None))
    return [float(one) for one in session.scalars(query)]


def grouped(
    session: Session, view: View, asked: Asked, by: str, how: str, name: str | None
) -> list[tuple[Any, float | None, int]]:
    """Groups of records by a field or `unit`: what stands under each, its number, and how many."""
    rows = selecting.rows(view, asked.as_of)
    group = rows.c.unit_code if by == "unit" else selecting.column(rows, view, by)[0]
    made: ColumnElement[Any] = func.count()
    if name is not None and how != "count":
        column, _ = selecting.column(rows, view, name)
        made = _put(how, column)
    key = group.label("key")
    query = rows.select(key, made, func.count()).where(*selecting.clauses(rows, view, asked)).group_by(key)
    return [(one, None if value is None else float(value), int(count)) for one, value, count in session.execute(query)]


def moments(
    session: Session, view: View, asked: Asked, time: str, since: int | None, until: int, name: str | None
) -> list[tuple[Any, float | None]]:
    """The instant (µs) or day (ISO text) of each record in (since, until], and a field's value."""
    rows = selecting.rows(view, asked.as_of)
    column, kind = selecting.column(rows, view, time)
    amount_ = literal(None) if name is None else selecting.column(rows, view, name)[0]
    query = rows.select(column, amount_).where(*selecting.clauses(rows, view, asked), column.is_not(None))
    if kind == "date":
        if since is not None:
            query = query.where(column >= day(since))
        query = query.where(column <= day(until))
    else:
        if since is not None:
            query = query.where(column >= since)
        query = query.where(column <= until)
    return [(at, None if value is None else float(value)) for at, value in session.execute(query)]


def day(at: int) -> str:
    """The local day of an instant, ISO 8601."""
    return clock.local_day(at).isoformat()


# cases


@dataclass(frozen=True, slots=True)
class CasesAsked:
    """Which cases, as of `at` (µs): of a type, categories, a ward or city; opened since."""

    type: str | None
    categories: tuple[str, ...]
    unit: str | None
    since: int | None
    at: int
    city: Lens | None = None


def _cases(caller: Caller, asked: CasesAsked) -> list[ColumnElement[bool]]:
    where = [or_(sight.public(), sight.cases(caller)), Case.opened_at <= asked.at]
    if asked.type is not None:
        where.append(Case.type == asked.type)
    if asked.categories:
        where.append(Case.category.in_(asked.categories))
    if asked.unit is not None:
        where.append(Case.unit == asked.unit)
    elif asked.city is not None:
        where.append(asked.city.clause(Case.unit, Case.lon, Case.lat))
    if asked.since is not None:
        where.append(Case.opened_at >= asked.since)
    return where


def goes_on(at: int) -> ColumnElement[bool]:
    """Whether a case was not done at a moment."""
    return and_(
        or_(Case.resolved_at.is_(None), Case.resolved_at > at), or_(Case.closed_at.is_(None), Case.closed_at > at)
    )


@dataclass(frozen=True, slots=True)
class CaseCounts:
    """received, open, late (open and past due), solved, measured (had a due moment), met (in time); µs the median took."""

    received: int
    open: int
    late: int
    solved: int
    measured: int
    met: int
    answers: int
    satisfied: int
    simulated: int


def _sum(which: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((which, 1), else_=0)), 0)


def case_counts(session: Session, caller: Caller, asked: CasesAsked) -> CaseCounts:
    """How many cases of each sort."""
    on = goes_on(asked.at)
    solved = Case.resolved_at <= asked.at
    row = session.execute(
        select(
            func.count(), _sum(on), _sum(and_(on, Case.due_at < asked.at)), _sum(solved),
            _sum(and_(solved, Case.met.is_not(None))), _sum(and_(solved, Case.met.is_(True))),
            _sum(and_(case_stats.clause("satisfied", asked.at) | case_stats.clause("unsatisfied", asked.at))),
            _sum(case_stats.clause("satisfied", asked.at)), _sum(Case.simulated.is_(True)),
        ).where(*_cases(caller, asked))
    ).one()  # fmt: skip
    return CaseCounts(*[int(one or 0) for one in list(row)])


def took(session: Session, caller: Caller, asked: CasesAsked) -> list[int]:
    """How long each solved case took, µs."""
    query = select(Case.resolved_at - Case.opened_at).where(*_cases(caller, asked), Case.resolved_at <= asked.at)
    return [int(one) for one in session.scalars(query) if one is not None]


def case_groups(session: Session, caller: Caller, asked: CasesAsked, by: str, which: str) -> list[tuple[Any, int]]:
    """Cases by category, ward, office or month of receipt: how many of a measure (open, late, received, solved)."""
    if by == "month":
        month = ((Case.opened_at + VIETNAM) // clock.DAY).label("key")
        column: Any = month
    else:
        column = {"category": Case.category, "unit": Case.unit, "office": Case.agency_id}[by].label("key")
    on = goes_on(asked.at)
    extra = {
        "open": [on], "late": [on, Case.due_at < asked.at], "solved": [Case.resolved_at <= asked.at],
    }.get(which, [])  # fmt: skip
    query = select(column, func.count()).where(*_cases(caller, asked), *extra).group_by(column)
    return [(key, int(count)) for key, count in session.execute(query)]


def case_rows(session: Session, caller: Caller, asked: CasesAsked, which: str, limit: int) -> list[Any]:
    """Cases a caller may see: what is late or due next first; of done ones the newest."""
    on = goes_on(asked.at)
    extra: list[ColumnElement[bool]] = {
        "open": [on], "late": [on, Case.due_at < asked.at], "done": [Case.resolved_at <= asked.at],
    }.get(which, [])  # fmt: skip
    order: Any = Case.resolved_at.desc() if which == "done" else Case.due_at.is_(None)
    columns = (
        Case.number, Case.title, Case.type, Case.category, Case.state, Case.unit, Case.opened_at, Case.due_at,
        Case.resolved_at, Case.simulated, Case.lon, Case.lat, Case.agency_id, sight.public().label("public"),
    )  # fmt: skip
    query = select(*columns).where(*_cases(caller, asked), *extra).order_by(order, Case.due_at, Case.id).limit(limit)
    return list(session.execute(query))


# analyses


@dataclass(frozen=True, slots=True)
class Run:
    """The newest run of an analysis."""

    started: int
    finished: int | None
    state: str
    reason: str | None
    reason_en: str | None


def last_run(session: Session, code: str) -> Run | None:
    """When an analysis ran last and how that went; None: never."""
    of = AnalysisRun
    query = (
        select(of.started_at, of.finished_at, of.state, of.reason, of.reason_en)
        .where(of.code == code, of.state != "running")
        .order_by(of.id.desc())
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else Run(*row)
