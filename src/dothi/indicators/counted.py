"""Records as rows: which count for an input, and which unit and number each has."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, literal, or_
from sqlalchemy.orm import Session

from dothi.datasets import cql2, selecting, views
from dothi.datasets.tables import Dataset
from dothi.identity import guard
from dothi.indicators.model import Aggregate, Records
from dothi.indicators.parts import Part, hashed, rounded
from dothi.indicators.periods import Period
from dothi.kit import clock


@dataclass(frozen=True, slots=True)
class Row:
    """A record that was there: whether it counts, its number, its unit as it is kept, where it lies, when it was."""

    key: str
    version: int
    counts: bool
    value: float | str | None
    unit: str | None
    lon: float | None
    lat: float | None
    at: int


def rows(session: Session, of: Records, dataset: Dataset, period: Period, now: int) -> list[Row]:
    """The records of a period, those that do not fulfil `where` among them.

    At an end of the period: as they stood then, and valid then. `during`: as they stand now, whose date lies in it.
    """
    view = views.made(dataset, guard.SYSTEM)
    moment = moment_of(of, period, now)
    as_of = None if moment >= (dataset.changed_at or 0) or of.during is not None else moment
    found = selecting.rows(view, as_of, checked=True)
    c = found.c
    columns: list[Any] = [c.key, c.version, c.unit_code, c.west, c.south, c.east, c.north]
    columns.append(_holds(found, view, of))
    columns.append(selecting.column(found, view, of.value)[0] if of.value else literal(None))
    columns.append(selecting.column(found, view, of.unit)[0] if of.unit else literal(None))
    query = found.select(*columns)
    if of.during is not None:
        when, kind = selecting.column(found, view, of.during)
        columns.append(when)
        query = found.select(*columns).where(when.is_not(None), *_within(when, kind, period))
    elif selecting.timed(view) != (False, False):
        query = query.where(
            or_(c.valid_from.is_(None), c.valid_from <= moment), or_(c.valid_until.is_(None), c.valid_until > moment)
        )
    made = []
    for key, version, unit, west, south, east, north, holds, value, own, *when_ in session.execute(
        query.order_by(c.key)
    ):
        lon, lat = (None, None) if west is None else ((west + east) / 2, (south + north) / 2)
        at = _instant(when_[0]) if when_ else moment
        made.append(Row(key, version, bool(holds), value, str(own) if own is not None else unit, lon, lat, at))
    return made


def moment_of(of: Records, period: Period, now: int) -> int:
    """The instant at which records are looked at."""
    return period.start if of.at == "start" else min(period.end - 1, now)


def _holds(found: selecting.Rows, view: views.View, of: Records) -> ColumnElement[Any]:
    if of.where is None:
        return literal(1)
    from sqlalchemy import case

    asked = selecting.Asked(where=cql2.parse(of.where))
    return case((selecting.clauses(found, view, asked, walking=True)[0], 1), else_=0)


def _within(when: ColumnElement[Any], kind: str, period: Period) -> list[ColumnElement[bool]]:
    if kind == "date":
        first = period.first.isoformat()
        after = clock.local_day(period.end).isoformat()
        return [when >= first, when < after]
    return [when >= period.start, when < period.end]


def _instant(when: Any) -> int:
    return int(when) if not isinstance(when, str) else clock.parse(f"{when[:10]}T12:00:00", clock.VIETNAM)


def parts(
    found: Iterable[Row], units: Mapping[str, str | None], aggregate: Aggregate, *, simulated: bool
) -> dict[str, Part]:
    """What an input comes to in each unit. units: the unit of each record by its key."""
    by_unit: dict[str, list[Row]] = defaultdict(list)
    for one in found:
        if (unit := units.get(one.key)) is not None:
            by_unit[unit].append(one)
    return {unit: part(some, aggregate, simulated=simulated) for unit, some in by_unit.items()}


def part(some: list[Row], aggregate: Aggregate, *, simulated: bool) -> Part:
    """What an input comes to of some records."""
    counted = [one for one in some if one.counts]
    sha = hashed(f"{one.key}\t{one.version}\t{one.value}" for one in counted)
    if aggregate == "share":
        return Part(len(some), len(some), len(counted), None, None, 0, sha, simulated)
    if aggregate == "count":
        return Part(len(some), len(counted), 0.0, None, None, 0, sha, simulated)
    if aggregate == "distinct":
        values = {str(one.value) for one in counted if one.value is not None}
        return Part(len(some), len(counted), len(values), None, None, 0, sha, simulated)
    numbers = [float(one.value) for one in counted if one.value is not None]
    if not numbers:
        return Part(len(some), 0, 0.0, None, None, 0, sha, simulated)
    total = sum(numbers)
    if aggregate in ("median", "p90"):
        total = float(np.percentile(numbers, 50 if aggregate == "median" else 90))
    return Part(len(some), len(numbers), rounded(total), min(numbers), max(numbers), 0, sha, simulated)
