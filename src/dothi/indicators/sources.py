"""What inputs come to, by commune of a boundary: read once for all indicators that ask the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets.tables import Dataset
from dothi.indicators import counted, handled, hours, store
from dothi.indicators.ground import LEVEL, Ground
from dothi.indicators.model import APART, BY_TIME, Cases, Input, Observations, Records
from dothi.indicators.parts import Part, hashed, merged, rounded, text
from dothi.indicators.periods import Period, containing, months
from dothi.kit.errors import BadInput
from dothi.places import atlas as atlases
from dothi.places import cities

Group = Mapping[str, str]  # the place of each commune
WHOLE = ""  # the place of what has none and is the whole city's


@dataclass(frozen=True, slots=True)
class Found:
    """Parts of an input by commune (or by place, of what cannot be put together).

    zero: a place without a part has none of it, and that is a number; why: why nothing can be said at all; unplaced:
    something that counts may lie in any place, so that none can be said to have none of it.
    """

    parts: Mapping[str, Part]
    zero: bool = False
    version: int | None = None
    why: str | None = None
    unplaced: bool = False


@dataclass
class Stage:
    """One run of computing. fresh: parts of months that were computed and are to be kept."""

    session: Session
    ground: Ground
    now: int
    keep: bool = True
    fresh: list[dict[str, Any]] = field(default_factory=list)
    _streams: dict[str, list[store.Stream]] = field(default_factory=dict)
    _hours: dict[tuple[str, str], list[hours.Hours]] = field(default_factory=dict)
    _datasets: dict[str, Dataset | None] = field(default_factory=dict)
    _rows: dict[tuple[str, Period], tuple[Dataset, list[counted.Row]]] = field(default_factory=dict)
    _found: dict[tuple[str, Period, int, str], Found] = field(default_factory=dict)
    _located: dict[tuple[str, int], list[str | None]] = field(default_factory=dict)
    _months: dict[tuple[str, int, int], dict[str, Part]] = field(default_factory=dict)
    _asked: set[tuple[str, int, int]] = field(default_factory=set)  # parts that were looked for
    _peopled: list[Mapping[str, Any]] | None = None

    def found(self, one: Input, period: Period, boundary: int, group: Group | None = None) -> Found:
        """Parts of an input. group: the place of each commune, for aggregates of which places cannot be put together."""
        mark = "" if group is None else hashed(f"{a} {b}" for a, b in sorted(group.items()))
        key = (one.hash, period, boundary, mark)
        if key not in self._found:
            self._found[key] = self._find(one, period, boundary, group)
        return self._found[key]

    def _find(self, one: Input, period: Period, boundary: int, group: Group | None) -> Found:
        if one.observations is not None:
            return self._observed(one, one.observations, period, boundary, group)
        if one.records is not None:
            return self._recorded(one, one.records, period, boundary, group)
        if one.cases is not None:
            return self._handled(one, one.cases, period, boundary, group)
        return self._counted_people(one, period, boundary)

    # --- observations

    def _observed(self, one: Input, of: Observations, period: Period, boundary: int, group: Group | None) -> Found:
        aggregate = one.aggregate
        assert aggregate is not None  # noqa: S101 - the shape pass has seen to it
        if not self.streams(of.property):
            return Found({}, zero=one.empty == "zero", why="no-sensors" if one.empty == "missing" else None)
        if boundary != self.ground.today and not self.ground.drawn(boundary):
            return Found({}, why="no-outlines")
        if period.kind in ("quarter", "year") and aggregate in BY_TIME:
            return Found(self._by_months(one, of, period, boundary), zero=one.empty == "zero")
        parts = self._direct(one, of, period, boundary, group)
        if period.kind == "month" and aggregate in BY_TIME and group is None:
            self._remember(one, period, boundary, parts)
        return Found(parts, zero=one.empty == "zero")

    def _direct(
        self, one: Input, of: Observations, period: Period, boundary: int, group: Group | None = None
    ) -> dict[str, Part]:
        assert one.aggregate is not None  # noqa: S101
        return hours.parts(self.placed(of, period, boundary, group), of, one.aggregate, self.now)

    def placed(self, of: Observations, period: Period, boundary: int, group: Group | None = None) -> hours.Placed:
        """The hours of a property and period by commune, or by place."""
        units = self.whereabouts(of.property, boundary)
        places = units if group is None else [group.get(one) if one is not None else None for one in units]
        return self.hours(of, period).placed(places)

    def hours(self, of: Observations, period: Period) -> hours.Hours:
        """The hours (days) of a property in a period; a shorter period is cut from a longer one that was read."""
        key = (of.property, of.of)
        for held in self._hours.setdefault(key, []):
            if (held.start, held.end) == (period.start, period.end):
                return held
        wider = next((h for h in self._hours[key] if h.start <= period.start and period.end <= h.end), None)
        if wider is not None:
            made = wider.within(period.start, period.end)
        elif of.of == "day":
            made = self.hours(of.model_copy(update={"of": "hour"}), period).by_day()
        else:
            streams = self.streams(of.property)
            rows = store.hours(self.session, [one.id for one in streams], period.start, min(period.end, self.now + 1))
            made = hours.read(rows, streams, period.start, period.end)
        self._hours[key].append(made)
        return made

    def streams(self, property_: str) -> list[store.Stream]:
        """The datastreams of a property."""
        if property_ not in self._streams:
            self._streams[property_] = store.streams(self.session, property_)
        return self._streams[property_]

    def whereabouts(self, property_: str, boundary: int) -> list[str | None]:
        """The commune of each datastream of a property, on a boundary."""
        key = (property_, boundary)
        if key not in self._located:
            some = self.streams(property_)
            points = [(one.unit, one.lon, one.lat) for one in some]
            self._located[key] = self._locate(points, boundary)
        return self._located[key]

    def _locate(
        self, points: Sequence[tuple[str | None, float | None, float | None]], boundary: int
    ) -> list[str | None]:
        """The commune of each (commune as it is kept, longitude, latitude) on a boundary."""
        if boundary == self.ground.today:
            return [unit for unit, _, _ in points]
        level = self.ground.atlas.level(self.session, LEVEL)
        where = [i for i, (_, lon, lat) in enumerate(points) if lon is not None and lat is not None]
        rows = atlases.locate(
            level, [points[i][1] or 0.0 for i in where], [points[i][2] or 0.0 for i in where], boundary
        )
        made: list[str | None] = [None] * len(points)
        for i, row in zip(where, rows, strict=True):
            made[i] = row.code if row is not None else None
        return made

    def _by_months(self, one: Input, of: Observations, period: Period, boundary: int) -> dict[str, Part]:
        wanted = [month for month in months(period) if month.start < self.now]
        self.prepare([one], wanted, boundary)
        by_unit: dict[str, list[Part]] = {}
        for month in wanted:
            for unit, part in self.month(one, of, month, boundary).items():
                by_unit.setdefault(unit, []).append(part)
        return {unit: merged(some, one.aggregate) for unit, some in by_unit.items()}

    def prepare(self, some: Sequence[Input], wanted: Sequence[Period], boundary: int) -> None:
        """Read the kept parts of several inputs and months at once."""
        missing = list(dict.fromkeys(
            one.hash for one in some
            if any((one.hash, month.start, boundary) not in self._months and (one.hash, month.start, boundary) not in self._asked
                   for month in wanted)
        ))  # fmt: skip
        self._asked |= {(code, month.start, boundary) for code in missing for month in wanted}
        if missing and self.keep:
            kept = store.parts(self.session, boundary, [month.start for month in wanted], missing)
            for (input_, start), parts in kept.items():
                if (input_, start, boundary) not in self._months:
                    self._months[input_, start, boundary] = parts

    def month(self, one: Input, of: Observations, month: Period, boundary: int) -> dict[str, Part]:
        """The parts of a month: kept ones, or computed now."""
        key = (one.hash, month.start, boundary)
        if key not in self._months:
            self._remember(one, month, boundary, self._direct(one, of, month, boundary))
        return self._months[key]

    def _remember(self, one: Input, month: Period, boundary: int, parts: dict[str, Part]) -> None:
        self._months[one.hash, month.start, boundary] = parts
        if self.keep:
            self.fresh.append({
                "input": one.hash, "month": month.start, "boundary": boundary, "source": one.source,
                "parts_json": text(parts).decode(),
            })  # fmt: skip

    # --- records

    def dataset(self, code: str) -> Dataset | None:
        """A dataset by its code, asked for once."""
        if code not in self._datasets:
            self._datasets[code] = store.dataset(self.session, code)
        return self._datasets[code]

    def records(self, of: Records, period: Period) -> tuple[Dataset, list[counted.Row]] | None:
        """The dataset and its records of a period; None where there is no such dataset."""
        key = (of.model_dump_json(), period)
        if key not in self._rows:
            dataset = self.dataset(of.dataset)
            if dataset is None:
                return None
            self._rows[key] = (dataset, counted.rows(self.session, of, dataset, period, self.now))
        return self._rows[key]

    def _recorded(self, one: Input, of: Records, period: Period, boundary: int, group: Group | None) -> Found:
        assert one.aggregate is not None  # noqa: S101
        dataset = self.dataset(of.dataset)
        if dataset is None:
            return Found({}, why="no-dataset")
        if of.during is None and dataset.created_at > counted.moment_of(of, period, self.now):
            return Found({}, why="not-kept-then")
        if of.unit is None and boundary != self.ground.today and not self.ground.drawn(boundary):
            return Found({}, why="no-outlines")
        try:
            read = self.records(of, period)
        except BadInput:  # described anew meanwhile: that stops no other indicator
            return Found({}, why="other-fields", version=dataset.version)
        assert read is not None  # noqa: S101
        if one.aggregate == "sum" and of.during is not None and one.empty == "missing" and not read[1]:
            return Found(
                {}, why="no-records", version=dataset.version
            )  # a report that has not come is not a report of none
        if of.whole is not None:
            return self._whole(one, *read)
        parts: dict[str, Part] = {}
        unplaced = False
        for start, some in self.by_boundary(of, read[1], boundary).items():
            units = self.units(of, some, start)
            unplaced = unplaced or any(row.counts and row.lon is None and units[row.key] is None for row in some)
            places = units if group is None else {key: group.get(unit or "") for key, unit in units.items()}
            made = counted.parts(some, places, one.aggregate, simulated=dataset.simulated)
            if start != boundary:
                made = self.ground.carry(self._with_zeros(made, start), start, boundary, one.aggregate)
            for unit, part in made.items():
                parts[unit] = merged([parts[unit], part], one.aggregate) if unit in parts else part
        return Found(parts, zero=True, version=dataset.version, unplaced=unplaced)

    def _whole(self, one: Input, dataset: Dataset, some: Sequence[counted.Row]) -> Found:
        """Records without a place, all of them the city's."""
        assert one.aggregate is not None  # noqa: S101
        if len(self.ground.cities) != 1:
            return Found({}, why="many-cities")  # nothing says whose they are
        if any(row.unit is not None or row.lon is not None for row in some):
            return Found({}, why="has-places")
        part = counted.part(list(some), one.aggregate, simulated=dataset.simulated)
        return Found({WHOLE: part}, zero=True, version=dataset.version)

    def _with_zeros(self, parts: dict[str, Part], boundary: int) -> dict[str, Part]:
        return {code: Part() for code in self.ground.rows(boundary)} | parts

    def by_boundary(self, of: Records, some: Sequence[counted.Row], boundary: int) -> dict[int, list[counted.Row]]:
        """Records by the boundary their unit is written on: those of a field mean the unit of their own day."""
        if of.unit is None:
            return {boundary: list(some)}
        found: dict[int, list[counted.Row]] = {}
        for one in some:
            found.setdefault(self.ground.boundary(one.at), []).append(one)
        return found

    def units(self, of: Records, some: Sequence[counted.Row], boundary: int) -> dict[str, str | None]:
        """The commune of each record by its key, on a boundary."""
        if of.unit is not None:
            return {one.key: one.unit for one in some}
        located = self._locate([(one.unit, one.lon, one.lat) for one in some], boundary)
        return {one.key: unit for one, unit in zip(some, located, strict=True)}

    # --- cases

    def spans(self, period: Period) -> list[tuple[int, int, int]]:
        """The stretches of a period in which the same boundary held: boundary, start, end."""
        edges = [period.start, *(day for day in self.ground.days if period.start < day < period.end), period.end]
        return [(self.ground.boundary(a), a, b) for a, b in pairwise(edges)]

    def _handled(self, one: Input, of: Cases, period: Period, boundary: int, group: Group | None) -> Found:
        if one.aggregate in APART:
            return self._ranked(one, of, period, group)
        parts: dict[str, Part] = {}
        for start, first, after in self.spans(period):
            made = {row[0]: self._case_part(one, row) for row in handled.sums(self.session, of, first, after, self.now)
                    if row[0] is not None}  # fmt: skip
            if start != boundary and self.ground.steps(start, boundary):
                made = self.ground.carry(self._with_zeros(made, start), start, boundary, one.aggregate)
            for unit, part in made.items():
                parts[unit] = merged([parts[unit], part], one.aggregate) if unit in parts else part
        return Found(parts, zero=True)

    def _case_part(self, one: Input, row: tuple[Any, ...]) -> Part:
        _, seen, count, total, low, high, simulated, changed = row
        sha = hashed([f"{seen}\t{count}\t{rounded(float(total or 0))}\t{changed}"])
        if one.aggregate == "share":
            return Part(seen, seen, float(count), None, None, 0, sha, simulated > 0)
        counts = one.aggregate == "count"
        return Part(seen, count, 0.0 if counts else rounded(float(total or 0)), None if counts or low is None else float(low),
                    None if counts or high is None else float(high), 0, sha, simulated > 0)  # fmt: skip

    def _ranked(self, one: Input, of: Cases, period: Period, group: Group | None) -> Found:
        assert one.aggregate is not None  # noqa: S101
        found = [
            counted.Row(row.number, 0, True, float(row[4]), row.unit, None, None, row.opened_at)
            for row in handled.rows(self.session, of, period.start, period.end, self.now)
        ]
        places = {row.key: row.unit if group is None else group.get(row.unit or "") for row in found}
        return Found(counted.parts(found, places, one.aggregate, simulated=False), zero=True)

    # --- people and land

    def _counted_people(self, one: Input, period: Period, boundary: int) -> Found:
        rows = self.ground.rows(boundary)
        if one.area is not None:
            return Found({code: Part(1, 1, row.area_km2, sha=hashed([str(row.area_km2)]))
                          for code, row in rows.items() if row.area_km2 is not None}, why=None)  # fmt: skip
        year = containing(period.start if one.population == "start" else period.end - 1, "year").first.year
        parts: dict[str, Part] = {}
        for code, row in rows.items():
            told = self._told(code, year) if boundary == self.ground.today else None
            people = told if told is not None else row.population
            if people is not None:
                parts[code] = Part(1, 1, float(people), sha=hashed([str(people)]))
        return Found(parts)

    def _told(self, code: str, year: int) -> float | None:
        """The people of a commune as the city's blueprint says: of the year, or the last one before it that is said."""
        for held in self._people():
            said = held.get(code)
            lines = said if isinstance(said, list) else [said]
            known = [(int(one.get("year") or 0), float(one["value"])) if isinstance(one, Mapping) else (0, float(one))
                     for one in lines if one is not None and (not isinstance(one, Mapping) or one.get("value") is not None)]  # fmt: skip
            if known:
                earlier = [one for one in known if one[0] <= year]
                return max(earlier)[1] if earlier else min(known)[1]
        return None

    def _people(self) -> list[Mapping[str, Any]]:
        if self._peopled is None:
            codes: list[str | None] = [*cities.all_(self.session)] or [None]
            held = [cities.inputs(self.session, code).get("population") for code in codes]
            self._peopled = [one for one in held if isinstance(one, Mapping)]
        return self._peopled


def grouped(places: Mapping[str, tuple[Any, list[str]]]) -> dict[str, str]:
    """The place of each commune."""
    return {unit: code for code, (_, units) in places.items() for unit in units}
