"""Aggregation over time on the server, beyond the standard: charts need a number an hour, not every value.

`Datastreams(1)/Observations?interval=1h&aggregate=avg,min,max&tz=Asia/Ho_Chi_Minh`, also on `/Observations`, and with
$filter, $top, $orderby=phenomenonTime [desc], $resultFormat=CSV. Numbers only take part, except in `count`, which
counts every observation.

interval: a whole number of s, m, h, d or w (`15m`, `1h`, `1d`), or an ISO 8601 duration (`PT1H`). Weeks begin on Monday.
aggregate: some of avg, min, max, sum, count, first, last; avg,min,max when not given.
tz: where days and weeks begin and how times are written; UTC when not given. Zones with daylight saving are refused.

The answer: `{"value": [{"phenomenonTime": "2026-11-21T07:00:00+07:00/2026-11-21T08:00:00+07:00", "Datastream@iot.id": 1,
"avg": 12.5, "min": 3, "max": 20}, …], "@iot.nextLink": …}`. An interval without observations is left out; a number
that cannot be computed is null. An observation belongs to the interval its phenomenonTime begins in.

Whole hours come from the hourly rollups, hours these do not hold yet from the observations themselves.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from starlette.responses import Response

from dothi.db import hot
from dothi.doors.sensorthings import answers, cursors, filters, grammar, literals, sources
from dothi.doors.sensorthings.grammar import Call, Options, Path
from dothi.doors.sensorthings.literals import Constant
from dothi.doors.sensorthings.paths import Resource
from dothi.doors.sensorthings.render import ROOT
from dothi.doors.sensorthings.sources import Place, View, bound
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.sensing import tables

NAMES = ("avg", "min", "max", "sum", "count", "first", "last")
_UNITS = {"s": clock.SECOND, "m": 60 * clock.SECOND, "h": clock.HOUR, "d": clock.DAY, "w": 7 * clock.DAY}
_INTERVAL = re.compile(r"(\d{1,6})\s*(s|m|min|h|d|w)")


@dataclass
class Series:
    """An aggregation, ready to run."""

    statement: hot.Statement
    parent: hot.Statement | None
    names: tuple[str, ...]
    width: int
    zone: timezone
    top: int
    as_csv: bool
    binds: dict[str, Any]


def series(resource: Resource, options: Options, view: View, others: Mapping[str, str], top: int) -> Series | None:
    """The aggregation some options ask for; None when they ask for none. Raises BadInput with every fault."""
    if not {"interval", "aggregate", "tz"} & set(others):
        return None
    faults: list[Fault] = []
    if resource.entity.name != "Observation" or resource.single or resource.mode:
        faults.append(Fault("interval", "there is nothing to aggregate here", "a collection of Observations"))
    width = _width(others.get("interval"), faults)
    names = tuple(dict.fromkeys(name.strip() for name in others.get("aggregate", "avg,min,max").split(",")))
    faults += [Fault("aggregate", f"no {name[:40]!r}", ", ".join(NAMES)) for name in names if name not in NAMES]
    zone = _zone(others.get("tz", "UTC"), faults)
    form = others.get("$resultFormat", "json").lower()
    if form not in {"json", "default", "csv"}:
        faults.append(Fault("$resultFormat", f"{form[:40]} cannot show aggregates", "CSV"))
    for name, given in (("$select", options.select), ("$expand", options.expand), ("$skip", options.skip)):
        if given:
            faults.append(Fault(name, "does not go with interval", "$filter, $top, $orderby"))
    if options.count:
        faults.append(Fault("$count", "does not go with interval", "aggregate=count"))
    descending = False
    if options.orderby:
        descending = options.orderby[0][1]
        if len(options.orderby) > 1 or options.orderby[0][0] != Path(("phenomenonTime",)):
            faults.append(Fault("$orderby", "aggregates have their time only", "phenomenonTime, phenomenonTime desc"))
    if faults:
        raise BadInput("; ".join(f"{fault.place}: {fault.message}" for fault in faults), faults)
    place = sources.place(resource.steps, view)
    cursor = cursors.read(others.get("$skiptoken"))
    query = _query(place, options, view, width, zone, names, cursor is not None, descending)
    parent = None
    if len(resource.steps) > 1:
        above = sources.place(resource.steps[:-1], view)
        parent = hot.compiled(select(literal(1)).select_from(*above.tables).where(*above.conditions).limit(1))
    binds = cursors.binds(cursor, ("whole", "whole")) if cursor is not None else {}
    return Series(hot.compiled(query), parent, names, width, zone, top, form == "csv", binds)


def _width(text: str | None, faults: list[Fault]) -> int:
    allowed = "for example 15m, 1h, 1d, 1w or PT1H, from one second to 366 days"
    if text is None:
        faults.append(Fault("interval", "missing", allowed))
        return clock.HOUR
    found = _INTERVAL.fullmatch(text)
    width = int(found[1]) * _UNITS[found[2][0]] if found else literals.duration(text) if text else None
    if width is None or not clock.SECOND <= width <= 366 * clock.DAY:
        faults.append(Fault("interval", f"found {text[:40]!r}", allowed))
        return clock.HOUR
    return width


def _zone(name: str, faults: list[Fault]) -> timezone:
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        faults.append(Fault("tz", f"no time zone {name[:40]!r}", "for example Asia/Ho_Chi_Minh, UTC"))
        return UTC
    year = clock.now().year
    offsets = {datetime(year, month, 1, tzinfo=zone).utcoffset() for month in range(1, 13)}
    if len(offsets) > 1:
        faults.append(Fault("tz", f"{name} has daylight saving time", "a zone without, for example Asia/Ho_Chi_Minh"))
    return timezone(offsets.pop() or timedelta(0))


def _query(
    place: Place,
    options: Options,
    view: View,
    width: int,
    zone: timezone,
    names: tuple[str, ...],
    going_on: bool,
    descending: bool,
) -> Select[Any]:
    shift = zone.utcoffset(None) // timedelta(microseconds=1)
    if width % _UNITS["w"] == 0:
        shift += 3 * clock.DAY  # 1969-12-29 was a Monday
    whole_hours = width % clock.HOUR == 0 and shift % clock.HOUR == 0
    span = _hours(options.filter) if options.filter is not None else (None, None)
    own = place.source.own
    if whole_hours and span is not None and not view.as_of:
        parts = _rollup(place, span).subquery()
    else:
        conditions = list(place.conditions)
        if options.filter is not None:
            conditions.append(filters.condition(options.filter, place.source, view))
        parts = select(*_raw(own)).select_from(*place.tables).where(*conditions).subquery()
    stream_id, at = parts.c.ds, parts.c.at
    moved = at + shift
    bucket = (moved - ((moved % width) + width) % width - shift).label("bucket")
    inner_columns: list[Any] = [stream_id, bucket, parts.c.n, parts.c.numbers, parts.c["sum"], parts.c.min, parts.c.max]
    for name in ("first", "last"):
        if name in names:
            value = parts.c[name]
            order = at.desc() if name == "last" else at.asc()
            window = func.first_value(value).over(
                partition_by=[stream_id, bucket.element], order_by=[value.is_(None), order]
            )
            inner_columns.append(window.label(name))
    inner = select(*inner_columns).subquery()
    total = {
        "count": func.sum(inner.c.n),
        "sum": func.sum(inner.c["sum"]),
        "avg": func.sum(inner.c["sum"]) / func.nullif(func.sum(inner.c.numbers), 0),
        "min": func.min(inner.c.min),
        "max": func.max(inner.c.max),
        "first": func.min(inner.c.first) if "first" in names else null(),
        "last": func.min(inner.c.last) if "last" in names else null(),
    }
    asked = [total[name] for name in names]
    query = select(inner.c.ds, inner.c.bucket, *asked).group_by(inner.c.ds, inner.c.bucket)
    if going_on:
        query = query.where(_beyond(inner, descending=descending))
    order = [inner.c.ds, inner.c.bucket.desc() if descending else inner.c.bucket]
    return query.order_by(*order).limit(bound("limit"))


def _beyond(inner: Any, *, descending: bool) -> ColumnElement[bool]:
    stream, bucket = bound("c0"), bound("c1")
    later = inner.c.bucket < bucket if descending else inner.c.bucket > bucket
    return or_(inner.c.ds > stream, and_(inner.c.ds == stream, later))


def _parts(*columns: Any) -> list[Any]:
    labels = ("ds", "at", "n", "numbers", "sum", "min", "max", "first", "last")
    return [column.label(label) for column, label in zip(columns, labels, strict=True)]


def _rollup(place: Place, span: tuple[int | None, int | None]) -> Any:
    """One row an hour: from the rollups, and for hours these are behind with from the observations."""
    stream, own = place.source.stream, place.source.own
    assert stream is not None  # noqa: S101 - observations always have one
    hour = tables.ObservationHour.__table__.alias()
    # the conditions of the path speak of the observation too; said of the datastream alone they hold for its hours
    of = [condition for condition in place.conditions if not _names(condition, own)]
    sums = (hour.c["count"], hour.c.numbers, hour.c["sum"], hour.c.min, hour.c.max, hour.c.first, hour.c.last)
    held = (
        select(*_parts(hour.c.datastream_id, hour.c.hour, *sums))
        .select_from(stream, hour)
        .where(*of, hour.c.datastream_id == stream.c.id, ~_behind(hour.c.datastream_id, hour.c.hour))
        .where(*_within(hour.c.hour, span))
    )
    marks = tables.DirtyHour.__table__.alias()
    ends = [
        select(edge).where(marks.c.datastream_id == stream.c.id).correlate_except(marks).scalar_subquery()
        for edge in (func.min(marks.c.first_hour), func.max(marks.c.last_hour))
    ]
    fresh = (
        select(*_raw(own))
        .select_from(stream, own)
        .where(*of, own.c.datastream_id == stream.c.id, own.c.at >= ends[0], own.c.at < ends[1] + clock.HOUR)
        .where(_behind(own.c.datastream_id, own.c.at), *_within(own.c.at, span))
    )
    return union_all(held, fresh)


def _behind(stream: ColumnElement[Any], at: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether the rollup of the hour an instant lies in is out of date."""
    mark = tables.DirtyHour.__table__.alias()
    covers = [mark.c.datastream_id == stream, mark.c.first_hour <= at, mark.c.last_hour + clock.HOUR > at]
    return exists(select(literal(1)).where(*covers).correlate_except(mark))


def _raw(own: Any) -> list[Any]:
    numbers = case((own.c.result.is_not(None), 1), else_=0)
    return _parts(own.c.datastream_id, own.c.at, literal(1), numbers, *[own.c.result] * 5)


def _names(condition: ColumnElement[bool], own: Any) -> bool:
    from sqlalchemy.sql import visitors

    return any(getattr(part, "table", None) is own for part in visitors.iterate(condition))


def _within(column: Any, span: tuple[int | None, int | None]) -> list[Any]:
    start, end = span
    return [*([column >= start] if start is not None else []), *([column < end] if end is not None else [])]


def _hours(expression: grammar.Expression) -> tuple[int | None, int | None] | None:
    """The whole hours a $filter keeps, when it says nothing but `phenomenonTime ge … and phenomenonTime lt …`."""
    operands = expression.operands if isinstance(expression, Call) and expression.name == "and" else (expression,)
    start: int | None = None
    end: int | None = None
    for one in operands:
        if not isinstance(one, Call) or one.name not in {"ge", "lt"} or one.operands[0] != Path(("phenomenonTime",)):
            return None
        moment = one.operands[1]
        if not isinstance(moment, Constant) or moment.kind != "instant" or moment.value % clock.HOUR:
            return None
        if one.name == "ge":
            start = moment.value if start is None else max(start, moment.value)
        else:
            end = moment.value if end is None else min(end, moment.value)
    return start, end


async def run(asked: Series, binds: dict[str, Any], again: str, base: str) -> Response:
    """Answer an aggregation."""
    rows = await hot.fetch(asked.statement, {**binds, **asked.binds})
    if not rows and asked.parent is not None and not await hot.fetch(asked.parent, binds, short=True):
        raise NotFound("Nothing found.")
    more, rows = len(rows) > asked.top > 0, rows[: asked.top]
    link = None
    if more:
        token = cursors.token(f"[{rows[-1][0]},{rows[-1][1]}]")
        link = f"{ROOT}/{again}{'&' if '?' in again else '?'}$skiptoken={token}"
    columns = ("phenomenonTime", "Datastream@iot.id", *asked.names)
    lines = [
        (f"{_iso(start, asked.zone)}/{_iso(start + asked.width, asked.zone)}", stream, *map(_plain, values))
        for stream, start, *values in rows
    ]
    if asked.as_csv:
        return answers.csv(columns, [msgspec.json.encode(line).decode() for line in lines], link, base)
    bodies = [msgspec.json.encode(dict(zip(columns, line, strict=True))).decode() for line in lines]
    return answers.json(answers.collection(",".join(bodies), None, link), base)


def _plain(value: Any) -> Any:
    """PostgreSQL sums whole numbers as numeric."""
    if value is None or isinstance(value, int):
        return value
    number = float(value)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _iso(micros: int, zone: timezone) -> str:
    text = clock.moment(micros).astimezone(zone).isoformat(timespec="seconds")
    return text.replace("+00:00", "Z") if zone == UTC else text
