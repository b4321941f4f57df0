"""The SQL of indicators: what they are made of (cases: `handled`), their values, receipts, targets and marks."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.db import upsert, words
from dothi.indicators.parts import Part, kept
from dothi.indicators.tables import (
    IndicatorCursor,
    IndicatorMark,
    IndicatorPart,
    IndicatorReceipt,
    IndicatorTarget,
    IndicatorValue,
)
from dothi.places.tables import UnitChange
from dothi.sensing.tables import (
    Datastream,
    DatastreamState,
    Observation,
    ObservationHour,
    ObservationSuperseded,
    ObservedProperty,
    Thing,
)

_SOME = 500
V, R = IndicatorValue, IndicatorReceipt


class Stream(NamedTuple):
    """A datastream of a property beside its thing. first: its first rolled up hour, µs."""

    id: int
    code: str | None
    thing_id: int
    unit: str | None
    lon: float | None
    lat: float | None
    simulated: bool
    first: int | None


def streams(session: Session, property_: str) -> list[Stream]:
    """The datastreams of a property, by id."""
    first = (
        select(func.min(ObservationHour.hour)).where(ObservationHour.datastream_id == Datastream.id).scalar_subquery()
    )
    query = (
        select(Datastream.id, Datastream.code, Thing.id, Thing.unit_code, Thing.lon, Thing.lat, Thing.simulated, first)
        .join(Thing, Thing.id == Datastream.thing_id)
        .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
        .where(ObservedProperty.code == property_)
        .order_by(Datastream.id)
    )
    return [Stream._make(row) for row in session.execute(query)]


HOURS = ("datastream_id", "hour", "count", "numbers", "sum", "min", "max", "first", "last")


def hours(session: Session, ids: Sequence[int], start: int, end: int) -> Iterable[Sequence[Any]]:
    """The rolled up hours of datastreams in [start, end), by datastream and hour: columns HOURS."""
    h = ObservationHour.__table__
    columns = [h.c[name] for name in HOURS]
    for begin in range(0, len(ids), _SOME):
        some = list(ids[begin : begin + _SOME])
        query = select(*columns).where(h.c.datastream_id.in_(some), h.c.hour >= start, h.c.hour < end)
        yield session.execute(query.where(h.c.numbers > 0).order_by(h.c.datastream_id, h.c.hour)).all()


def crosswalk(session: Session) -> Sequence[Any]:
    """The crosswalk of communes."""
    u = UnitChange
    query = select(u.on, u.old_code, u.new_code, u.extent, u.weight).where(u.level == "commune")
    return session.execute(query.order_by(u.on, u.old_code, u.new_code)).all()


def dataset(session: Session, code: str) -> Dataset | None:
    """A dataset whoever asks."""
    return session.scalars(select(Dataset).where(Dataset.code == code)).first()


def versions(session: Session, codes: Iterable[str]) -> dict[str, list[int]]:
    """Version, moment of the last change and of making, of some datasets."""
    d = Dataset
    rows = session.execute(select(d.code, d.version, d.changed_at, d.created_at).where(d.code.in_(list(codes))))
    return {code: [version, changed or 0, created] for code, version, changed, created in rows}


def changed_records(session: Session, code: str, since: int) -> list[dict[str, Any]]:
    """The properties of records written since a moment (µs), as they are and as they were."""
    one = dataset(session, code)
    if one is None:
        return []
    now = select(Record.properties).where(Record.dataset_id == one.id, Record.recorded_at > since)
    old = select(RecordVersion.properties).where(
        RecordVersion.dataset_id == one.id, RecordVersion.superseded_at > since
    )
    return [*session.scalars(now), *session.scalars(old)]


def record_changes(session: Session, code: str, since: int, most: int = 200) -> list[tuple[int, str, int]]:
    """Moment, actor and number of the writes of a dataset after a moment."""
    one = dataset(session, code)
    if one is None:
        return []
    r, v = Record, RecordVersion
    found: dict[tuple[int, str], int] = {}
    now = select(r.recorded_at, r.recorded_by, func.count()).where(r.dataset_id == one.id, r.recorded_at > since)
    gone = select(v.superseded_at, v.superseded_by, func.count()).where(
        v.dataset_id == one.id, v.superseded_at > since, v.deleted.is_(True)
    )
    for query, at, by in ((now, r.recorded_at, r.recorded_by), (gone, v.superseded_at, v.superseded_by)):
        for moment, who, count in session.execute(query.group_by(at, by).order_by(at).limit(most)):
            found[moment, who] = found.get((moment, who), 0) + count
    return [(at, who, count) for (at, who), count in sorted(found.items())]


def corrected(session: Session, property_: str, first: int, last: int, since: int) -> tuple[int, int] | None:
    """How many observations of a property and a stretch of time were corrected after a moment, and when last."""
    o = ObservationSuperseded
    ids = (
        select(Datastream.id)
        .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
        .where(ObservedProperty.code == property_)
    )
    row = session.execute(
        select(func.count(), func.max(o.superseded_at)).where(
            o.datastream_id.in_(ids), o.at >= first, o.at < last, o.superseded_at > since
        )
    ).one()
    return (int(row[0]), int(row[1])) if row[0] else None


def late(session: Session, property_: str, first: int, last: int, since: int) -> tuple[int, int] | None:
    """How many observations of a property and a stretch of time arrived after a moment, and when last."""
    o = Observation
    ids = list(
        session.scalars(
            select(Datastream.id)
            .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
            .join(DatastreamState, DatastreamState.datastream_id == Datastream.id)
            .where(ObservedProperty.code == property_, DatastreamState.received_at > since)
        )
    )
    if not ids:
        return None
    row = session.execute(
        select(func.count(), func.max(o.received_at)).where(
            o.datastream_id.in_(ids[:_SOME]), o.at >= first, o.at < last, o.received_at > since
        )
    ).one()
    return (int(row[0]), int(row[1])) if row[0] else None


# --- values


def held(session: Session, codes: Sequence[str], kind: str, start: int) -> dict[tuple[str, str, str], Any]:
    """What stands for a period, by indicator, kind of place and place: (receipt, digest)."""
    found: dict[tuple[str, str, str], Any] = {}
    for begin in range(0, len(codes), _SOME):
        query = select(V.indicator, V.place_kind, V.place, V.receipt_id, V.digest, V.value, V.computed_at).where(
            V.indicator.in_(codes[begin : begin + _SOME]), V.period_kind == kind, V.start == start
        )
        found |= {(row[0], row[1], row[2]): row for row in session.execute(query)}
    return found


def smalls(session: Session, code: str, first: int, end: int) -> Sequence[Any]:
    """Numbers of an indicator that stand, with what their receipts say of every place; first, end: of their starts."""
    query = select(V.place_kind, V.place, V.period_kind, V.start, V.boundary, V.reason, R.places)
    query = query.join(R, R.id == V.receipt_id).where(V.indicator == code, V.start >= first, V.start < end)
    return session.execute(query.where(V.value.is_not(None))).all()


def hushed_keys(session: Session, code: str, first: int, end: int) -> set[tuple[str, str, str, int]]:
    """Kind of place, place, kind of period and start of the numbers of an indicator that rest on few cases."""
    query = select(V.place_kind, V.place, V.period_kind, V.start).where(
        V.indicator == code, V.start >= first, V.start < end
    )
    return {(a, b, c, d) for a, b, c, d in session.execute(query.where(V.reason.like("few-%")))}


def put_reason(session: Session, code: str, key: tuple[str, str, str, int], reason: str | None) -> None:
    """Say of a number that stands why it is not told; None: it is told."""
    kind, place, period, start = key
    session.execute(
        update(V)
        .where(V.indicator == code, V.period_kind == period, V.start == start, V.place_kind == kind, V.place == place)
        .values(reason=reason)
    )


def drop_values(session: Session, kind: str, start: int, gone: Sequence[tuple[str, str, str]]) -> None:
    """Take values away that no place stands behind any more."""
    for begin in range(0, len(gone), 100):
        some = list(gone[begin : begin + 100])
        session.execute(
            delete(V).where(
                V.period_kind == kind, V.start == start, tuple_(V.indicator, V.place_kind, V.place).in_(some)
            )
        )


def drop_indicator(session: Session, codes: Sequence[str]) -> None:
    """Take away what was computed of indicators that nobody declares any more."""
    for table in (V, R):
        session.execute(delete(table).where(table.indicator.in_(list(codes))))


def drop_receipts(session: Session, ids: Iterable[int]) -> None:
    """Take down receipts of a period that still ran and to which no value leads any more."""
    wanted = sorted(set(ids))
    for begin in range(0, len(wanted), _SOME):
        some = wanted[begin : begin + _SOME]
        used = set(session.scalars(select(V.receipt_id).where(V.receipt_id.in_(some)).distinct()))
        if unused := [one for one in some if one not in used]:
            session.execute(delete(R).where(R.id.in_(unused)))


def receipt(session: Session, id_: int) -> IndicatorReceipt | None:
    """A receipt by its number."""
    return session.get(R, id_)


def value_rows(session: Session, *where: ColumnElement[bool]) -> list[IndicatorValue]:
    """Values that fulfil the clauses, oldest first."""
    return list(session.scalars(select(V).where(*where).order_by(V.indicator, V.start, V.place_kind, V.place)))


def light_rows(session: Session, *where: ColumnElement[bool]) -> Sequence[Any]:
    """Values that fulfil the clauses as plain rows, oldest first: a tenth of the work where there are many."""
    columns = [column for column in V.__table__.columns if column.name not in ("digest", "formula_hash")]
    return session.execute(select(*columns).where(*where).order_by(V.start)).all()


def newest_by_place(session: Session, clauses: Sequence[ColumnElement[bool]]) -> Iterable[Any]:
    """The newest start of a value that is not missing: (kind of place, place, indicator, kind of period, start)."""
    by = (V.place_kind, V.place, V.indicator, V.period_kind)
    return session.execute(select(*by, func.max(V.start)).where(*clauses, V.state != "missing").group_by(*by))


def newest(session: Session, clauses: Sequence[ColumnElement[bool]], kinds: Sequence[str] | None = None) -> list[Any]:
    """The newest start of a value that is not missing, by indicator, kind of period: (indicator, kind, start)."""
    query = select(V.indicator, V.period_kind, func.max(V.start)).where(*clauses, V.state != "missing")
    if kinds is not None:
        query = query.where(V.period_kind.in_(list(kinds)))
    return list(session.execute(query.group_by(V.indicator, V.period_kind)))


def hidden_units(
    session: Session, properties: Iterable[str], clause: ColumnElement[bool]
) -> set[tuple[str, str | None]]:
    """Property and unit of datastreams that a clause does not let through."""
    query = (
        select(ObservedProperty.code, Thing.unit_code)
        .select_from(Datastream)
        .join(Thing, Thing.id == Datastream.thing_id)
        .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
        .where(ObservedProperty.code.in_(list(properties)), ~clause)
        .distinct()
    )
    return {(code, unit) for code, unit in session.execute(query) if code is not None}


def properties_of(session: Session, ids: Iterable[int]) -> dict[int, str]:
    """The codes of the observed properties of some datastreams."""
    wanted, found = sorted(set(ids)), {}
    for begin in range(0, len(wanted), _SOME):
        query = (
            select(Datastream.id, ObservedProperty.code)
            .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
            .where(Datastream.id.in_(wanted[begin : begin + _SOME]), ObservedProperty.code.is_not(None))
        )
        found.update({id_: code for id_, code in session.execute(query) if code is not None})
    return found


def first_moments(session: Session, properties: Iterable[str], datasets: Iterable[str]) -> int | None:
    """The earliest moment anything is stored of: hours of some properties, making of some datasets."""
    h = ObservationHour
    first = select(func.min(h.hour)).where(h.datastream_id == Datastream.id).scalar_subquery()
    query = (
        select(func.min(first))
        .select_from(Datastream)
        .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
        .where(ObservedProperty.code.in_(list(properties)))
    )
    made = select(func.min(Dataset.created_at)).where(Dataset.code.in_(list(datasets)))
    found = [one for one in (session.scalar(query), session.scalar(made)) if one is not None]
    return min(found, default=None)


# --- parts, marks, cursors


def parts(
    session: Session, boundary: int, months: Sequence[int], inputs: Sequence[str]
) -> dict[tuple[str, int], dict[str, Part]]:
    """Kept parts by input and month."""
    p = IndicatorPart
    found: dict[tuple[str, int], dict[str, Part]] = {}
    for begin in range(0, len(inputs), _SOME):
        query = select(p.input, p.month, words.json_raw(p.parts)).where(
            p.boundary == boundary, p.month.in_(list(months)), p.input.in_(list(inputs[begin : begin + _SOME]))
        )
        found |= {(input_, month): kept(body) for input_, month, body in session.execute(query)}
    return found


def drop_parts(session: Session, stale: Iterable[tuple[str, int]]) -> None:
    """Forget the parts of a source (`property:pm25`) and month."""
    p = IndicatorPart
    wanted = sorted(set(stale))
    for begin in range(0, len(wanted), 100):
        some = wanted[begin : begin + 100]
        session.execute(delete(p).where(tuple_(p.source, p.month).in_(some)))


def drop_all_parts(session: Session, sources: Iterable[str] | None = None) -> None:
    """Forget every part, or those of some sources."""
    p = IndicatorPart
    session.execute(delete(p) if sources is None else delete(p).where(p.source.in_(list(sources))))


def marks(session: Session, limit: int) -> list[tuple[int, int, int, int]]:
    """Marks (id, datastream, first hour, last hour), oldest first."""
    m = IndicatorMark
    rows = session.execute(select(m.id, m.datastream_id, m.first_hour, m.last_hour).order_by(m.id).limit(limit)).all()
    return [(a, b, c, d) for a, b, c, d in rows]


def drop_marks(session: Session, ids: Sequence[int]) -> None:
    """Take marks away."""
    for begin in range(0, len(ids), 5000):
        session.execute(delete(IndicatorMark).where(IndicatorMark.id.in_(list(ids[begin : begin + 5000]))))


def cursors(session: Session) -> dict[str, Any]:
    """How far everything had come."""
    return dict(session.execute(select(IndicatorCursor.name, IndicatorCursor.value)).all())


def put_cursors(session: Session, values: Mapping[str, Any]) -> None:
    """Keep how far things have come."""
    rows = [{"name": name, "value": value} for name, value in values.items()]
    if rows:
        made = upsert.insert_into(session, IndicatorCursor.__table__)
        session.execute(made.on_conflict_do_update(index_elements=["name"], set_={"value": made.excluded.value}), rows)


# --- targets


def targets(session: Session, codes: Sequence[str], places: Sequence[str] | None = None) -> list[IndicatorTarget]:
    """Targets of indicators, by year; of some places and of every place."""
    t = IndicatorTarget
    query = select(t).where(t.indicator.in_(list(codes)))
    if places is not None:
        query = query.where(or_(t.place == "", t.place.in_(list(places))))
    return list(session.scalars(query.order_by(t.indicator, t.place, t.year)))


def put_target(session: Session, row: Mapping[str, Any]) -> None:
    """Set a target, in the place of the one of the year."""
    made = upsert.insert_into(session, IndicatorTarget.__table__)
    keys = ["indicator", "place", "year"]
    sets = {name: made.excluded[name] for name in row if name not in keys}
    session.execute(made.values(**row).on_conflict_do_update(index_elements=keys, set_=sets))


def drop_target(session: Session, indicator: str, place: str, year: int) -> bool:
    """Take a target away; whether there was one."""
    t = IndicatorTarget
    gone = delete(t).where(t.indicator == indicator, t.place == place, t.year == year)
    return bool(session.execute(gone).rowcount)  # type: ignore[attr-defined]
