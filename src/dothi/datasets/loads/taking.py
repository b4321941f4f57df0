"""Rows of a file as features of a dataset: cells converted field by field, shapes moved to WGS 84, keys given."""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from dothi.datasets.loads import crs as systems
from dothi.datasets.loads import looking, values
from dothi.datasets.loads.found import BATCH, Batch, Layer, RowFault, shown
from dothi.datasets.loads.geojson import shapes_of
from dothi.datasets.loads.mapping import GeometryOf, Mapping
from dothi.datasets.schema import Field
from dothi.kit.errors import BadInput, Fault
from dothi.kit.legacy import FONTS
from dothi.packs.lines import closest

_DEGREES = re.compile(
    r"\s*(\d{1,3})\s*[°ºd]\s*(\d{1,2}(?:[.,]\d+)?)?\s*['′’]?\s*(\d{1,2}(?:[.,]\d+)?)?\s*[\"″”]?\s*([NSEWBĐTnsewbđt])?\s*"
)
_PAIR = re.compile(r"\s*\(?\[?\s*(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\s*\]?\)?\s*")
_NULLS = frozenset({"null", "<null>"})  # as databases and GIS programs write them into tables
_ENCODER = msgspec.json.Encoder(order="sorted")


@dataclass(slots=True)
class Taken:
    """Some rows as features. numbers: their rows; shapes in WGS 84; read: how many rows of the file these stand for."""

    numbers: list[int]
    features: list[dict[str, Any]]
    shapes: NDArray[Any]
    faults: list[RowFault]
    read: int


@dataclass
class Taker:
    """Reads a layer by a mapping. fields: of the dataset, all of them; keyed: it has a key field."""

    layer: Layer
    mapping: Mapping
    fields: Sequence[Field]
    geometry_type: str | None
    keyed: bool
    notices: list[RowFault] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known = {one.name: one for one in self.fields}
        self._check()
        self.system = self._system()
        drawn = self.mapping.font if self.layer.format not in ("csv", "xlsx") else None  # those mend as they read
        self._mend = FONTS[drawn] if drawn else None
        self._convert = {name: self._converter(name) for name in self.mapping.fields}
        self._seen: set[int] = set()
        self._again: dict[int, int] = {}
        self._extra: set[str] = set()
        self._first = True
        for said in self.layer.notices:
            self._notice(None, said)
        named = {*self.mapping.columns, *self.mapping.ignore}
        for column in self.layer.columns:
            if column not in named:
                self._notice(column, "no field of the dataset takes this column: it is left out")

    def _notice(self, column: str | None, said: str) -> None:
        self.notices.append(RowFault(0, column, None, said, repaired=True))

    def _check(self) -> None:
        faults: list[Fault] = []
        for name in self.mapping.fields:
            if name not in self._known:
                near = closest(name, list(self._known))
                hint = f'; did you mean "{near}"?' if near else ""
                faults.append(
                    Fault(f"mapping.fields.{name}", f"the dataset has no field {name!r}{hint}", ", ".join(self._known))
                )
        # columns of JSON are only those of the first features: a name beyond them is no fault there
        if not self.layer.format.startswith("geojson"):
            for column in self.mapping.columns:
                if column not in self.layer.columns:
                    near = closest(column, self.layer.columns)
                    hint = f'; did you mean "{near}"?' if near else ""
                    allowed = ", ".join(self.layer.columns)[:600]
                    faults.append(Fault("mapping", f"{self.layer.name} has no column {column!r}{hint}", allowed))
        lacking = [one.name for one in self.fields if one.required and one.name not in self.mapping.fields]
        faults += [
            Fault(f"mapping.fields.{name}", "the dataset requires this field, and no column is taken for it",
                  ", ".join(self.layer.columns)[:600])
            for name in lacking
        ]  # fmt: skip
        if faults:
            raise BadInput(f"the mapping does not fit {self.layer.name}", faults)

    def _converter(self, name: str) -> Callable[[Any], Any]:
        known, one = self._known[name], self.mapping.fields[name]
        allowed = None
        if known.values is not None:
            titles = known.labels or (None,) * len(known.values)
            allowed = [(value, title or "") for value, title in zip(known.values, titles, strict=True)]
        return values.converter(known.kind, decimal=one.decimal, allowed=allowed)

    def _system(self) -> systems.System | None:
        """The system of the file's positions: as the mapping says, else as the file does; None: to be told by them."""
        if self.mapping.crs is not None:
            return systems.said(self.mapping.crs)
        where = self.mapping.geometry
        if where is not None and (where.lon or where.position or where.geojson):
            return systems.WGS84
        return self.layer.system

    def batches(self, size: int = BATCH) -> Iterator[Taken]:
        """The rows as features, in order."""
        for batch in self.layer.batches(size):
            yield self._take(batch)
        for column in sorted(self._extra - {*self.mapping.columns, *self.mapping.ignore})[:50]:
            self._notice(column, "no field of the dataset takes this column: it is left out")

    def _take(self, batch: Batch) -> Taken:
        count = len(batch.rows)
        numbers: list[int] = batch.rows.tolist()
        self._extra |= batch.extra
        faults = list(batch.faults)
        refused: set[int] = set()
        cells = {name: self._cells(batch, name, numbers, faults, refused) for name in self.mapping.fields}
        shapes = self._shapes(batch, numbers, faults, refused)
        kept = [place for place in range(count) if place not in refused]
        if refused:
            cells = {name: [column[place] for place in kept] for name, column in cells.items()}
            shapes = shapes[kept]
        features = self._features(cells, len(kept))
        if not self.keyed:
            self._give_keys(batch, kept, features, shapes)
        return Taken([numbers[place] for place in kept], features, shapes, faults, batch.read)

    def _features(self, cells: dict[str, list[Any]], count: int) -> list[dict[str, Any]]:
        order = [one.name for one in self.fields if one.name in cells]
        columns = [cells[name] for name in order]
        if not columns:
            return [{"properties": {}} for _ in range(count)]
        return [
            {"properties": {name: value for name, value in zip(order, row, strict=True) if value is not None}}
            for row in zip(*columns, strict=True)
        ]

    def _cells(
        self, batch: Batch, name: str, numbers: list[int], faults: list[RowFault], refused: set[int]
    ) -> list[Any]:
        """The values of a field, each text converted once."""
        one, convert = self.mapping.fields[name], self._convert[name]
        personal = self._known[name].personal
        plain = self._known[name].kind == "string" and self._known[name].values is None
        if one.column is None:
            return [one.value] * len(numbers)
        raw = self._raw(batch, one.column)
        done: dict[Any, Any] = {}
        made: list[Any] = []
        for place, value in enumerate(raw):
            text = isinstance(value, str)
            if value is None:
                made.append(None)
                continue
            if text and value in done:
                made.append(done[value])
                continue
            try:
                given = one.values.get(value.strip(), value) if text and one.values else value
                result = None if text and self._blank(given, plain=plain) else convert(given)
            except values.Repaired as error:
                result, said = error.args
                faults.append(RowFault(numbers[place], name, None if personal else shown(value), said, repaired=True))
            except (ValueError, OverflowError, TypeError) as error:
                reason = str(error) or type(error).__name__
                faults.append(
                    RowFault(numbers[place], name, None if personal else shown(value), reason, repaired=one.blank)
                )
                if not one.blank:
                    refused.add(place)
                result = None
            else:
                if text and len(done) < 50_000:
                    done[value] = result
            made.append(result)
        return made

    def _blank(self, given: Any, *, plain: bool) -> bool:
        """Whether a text says nothing; plain: in a field of texts, where a dash or "none" may be what is meant."""
        if not plain:
            return values.empty(given)
        return (
            isinstance(given, str)
            and not self.layer.format.startswith("geojson")
            and given.strip().casefold() in _NULLS
        )

    def _raw(self, batch: Batch, column: str) -> list[Any]:
        found = batch.column(column)
        mend = self._mend
        return found if mend is None else [mend(one) if isinstance(one, str) else one for one in found]

    # --- shapes

    def _shapes(self, batch: Batch, numbers: list[int], faults: list[RowFault], refused: set[int]) -> NDArray[Any]:
        nothing = np.full(len(numbers), None, dtype=object)
        if self.geometry_type is None:
            if self._first and batch.shapes is not None and not shapely.is_missing(batch.shapes).all():
                self._first = False
                self._notice("geometry", "the dataset has no geometry: the file's shapes are left out")
            return nothing
        if self.mapping.geometry is not None:
            shapes, broken = _from_columns(self.mapping.geometry, lambda name: self._raw(batch, name), len(numbers))
            for place, (column, reason, value) in broken.items():
                faults.append(RowFault(numbers[place], column, shown(value), reason))
                refused.add(place)
        elif batch.shapes is not None:
            shapes = batch.shapes
        else:
            return nothing
        if self.mapping.swap:
            shapes = shapely.transform(shapely.force_2d(shapes), lambda places: places[:, ::-1])
        there = shapes[~shapely.is_missing(shapes)]
        if self._first and len(there):
            self._first = False
            self._settle(there)
        return shapes if self.system is None else self.system.to_wgs84(shapes)

    def _settle(self, shapes: NDArray[Any]) -> None:
        """Decide on a system nobody named, and say what speaks against the one that was. Raises BadInput."""
        said, proposals = looking.doubts(shapes, self.system)
        if self.system is not None:
            for one in said:
                self._notice("geometry", one)
            return
        first = proposals[0] if proposals else None
        if first is not None and first.crs == "EPSG:4326" and not first.swap:
            self.system = systems.WGS84
            self._notice("geometry", "the file does not say its reference system; its positions are degrees in Vietnam")
            return
        near = "; ".join(f"{one.crs} ({one.why})" + (" with swap: true" if one.swap else "") for one in proposals[:6])
        raise BadInput(
            "which reference system the file is in must be said",
            [Fault("crs", "the file does not say it", near or systems.ALLOWED)],
        )

    # --- keys

    def _give_keys(self, batch: Batch, kept: list[int], features: list[dict[str, Any]], shapes: NDArray[Any]) -> None:
        """The column the mapping names, else a digest of what the record says, so that the same record meets itself."""
        if self.mapping.key is not None:
            found = self._raw(batch, self.mapping.key)
            for place, feature in zip(kept, features, strict=True):
                feature["id"] = values.text(found[place])
            return
        rounded = shapely.transform(shapes, lambda places: np.round(places, 7))
        for feature, wkb in zip(features, shapely.to_wkb(rounded, byte_order=1).tolist(), strict=True):
            digest = hashlib.blake2b(_ENCODER.encode(feature["properties"]), digest_size=8)
            digest.update(wkb or b"")
            number = int.from_bytes(digest.digest())
            key = f"{number:016x}"
            if number in self._seen:  # the same record twice is two records
                self._again[number] = self._again.get(number, 1) + 1
                key = f"{key}-{self._again[number]}"
            self._seen.add(number)
            feature["id"] = key


def _from_columns(
    where: GeometryOf, column: Callable[[str], list[Any]], count: int
) -> tuple[NDArray[Any], dict[int, tuple[str, str, Any]]]:
    """Shapes of a table's columns, and which rows' cells cannot be read: column, reason, value."""
    broken: dict[int, tuple[str, str, Any]] = {}
    made = np.full(count, None, dtype=object)
    if where.wkt or where.geojson:
        name = where.wkt or where.geojson or ""
        _texts(name, column(name), made, broken, wkt=bool(where.wkt))
        return made, broken
    if where.position:
        pairs = [_positions(value) for value in column(where.position)]
        lats, lons = (0, 1) if where.order == "lat,lon" else (1, 0)
        xs, ys = [pair[lons] for pair in pairs], [pair[lats] for pair in pairs]
        names = (where.position, where.position)
        raws = (column(where.position), column(where.position))
    else:
        names = (where.lon or where.east or "", where.lat or where.north or "")
        raws = (column(names[0]), column(names[1]))
        xs, ys = ([_coordinate(value) for value in raw] for raw in raws)
    x, y = np.array(xs, np.float64), np.array(ys, np.float64)
    for place in np.flatnonzero(~np.isfinite(x) | ~np.isfinite(y)).tolist():
        blank = [values.empty(raw[place]) for raw in raws]
        if all(blank):
            continue
        wrong = 0 if not np.isfinite(x[place]) else 1
        reason = "is missing beside the other coordinate" if blank[wrong] else "cannot be read as a position"
        broken[place] = (names[wrong], reason, raws[wrong][place])
    good = np.isfinite(x) & np.isfinite(y)
    made[good] = shapely.points(x[good], y[good])
    return made, broken


def _texts(
    name: str, found: list[Any], made: NDArray[Any], broken: dict[int, tuple[str, str, Any]], *, wkt: bool
) -> None:
    there = [place for place, value in enumerate(found) if not values.empty(value)]
    if not wkt:
        parsed: list[Any] = []
        for place in there:
            try:
                parsed.append(values.table(found[place]))
            except ValueError as error:
                parsed.append(None)
                broken[place] = (name, str(error), found[place])
        shapes, wrong = shapes_of(parsed)
        for i, reason in wrong.items():
            broken[there[i]] = (name, reason, found[there[i]])
    else:
        texts = [re.sub(r"^\s*SRID=\d+;", "", str(found[place])) for place in there]
        shapes = np.atleast_1d(shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore"))
        for i, shape in enumerate(shapes):
            if shape is None:
                broken[there[i]] = (name, "not well-known text of a shape", found[there[i]])
    for i, place in enumerate(there):
        made[place] = shapes[i]


def _positions(value: Any) -> tuple[float, float]:
    if isinstance(value, list | tuple) and len(value) == 2:
        return _coordinate(value[0]), _coordinate(value[1])
    found = _PAIR.fullmatch(value) if isinstance(value, str) else None
    if found is not None:
        return float(found[1]), float(found[2])
    halves = re.split(r"[;,]\s*", value.strip()) if isinstance(value, str) else []
    return (_coordinate(halves[0]), _coordinate(halves[1])) if len(halves) == 2 else (np.nan, np.nan)


def _coordinate(value: Any) -> float:
    """A coordinate: a number with either decimal mark, or degrees, minutes and seconds; NaN for anything else."""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return np.nan
    try:
        return float(value)
    except ValueError:
        pass
    if values.empty(value):
        return np.nan
    for decimal in (".", ","):
        try:
            made = values.number(value, decimal)
        except ValueError:
            continue
        return np.nan if made is None else float(made)
    found = _DEGREES.fullmatch(value)
    if found is None:
        return np.nan
    minutes, seconds = (float((found[i] or "0").replace(",", ".")) for i in (2, 3))
    size = int(found[1]) + minutes / 60 + seconds / 3600
    return -size if (found[4] or "").upper() in {"S", "W"} else size
