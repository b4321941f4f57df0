"""One row of somebody's file understood: what unit it is about, when it stands, what its outline is."""

from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import fold
from dothi.places import columns, names
from dothi.places.readers import Raw


@dataclass(frozen=True)
class Options:
    """What the file doesn't say: the level, the time (µs UTC) its units stand, the source, where columns are."""

    valid_from: int
    valid_to: int | None = None
    level: str | None = None
    source: str | None = None
    approximate: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    boundaries: bool = True  # a row without an outline is refused


@dataclass
class Described:
    """A row understood: the columns of a unit it gives, and its outline."""

    place: str
    code: str | None
    level: str
    kind: str | None
    name: str
    values: dict[str, Any]
    shape: BaseGeometry | None
    parent_name: str | None
    valid_from: int
    valid_to: int | None


def refuse(place: str, message: str, allowed: str | None = None) -> BadInput:
    """The error that says why one row is not taken."""
    return BadInput(message, [Fault(place, message, allowed)])


def describe(raw: Raw, options: Options, notices: list[Fault]) -> Described:
    """Understand one row, or raise BadInput with the reason."""
    where = columns.fields(raw.values, options.columns)
    cell = {name: columns.text(raw.values[column]) for name, column in where.items()}
    written = cell.get("full_name") or cell.get("name")
    if not written:
        raise refuse(raw.place, "no name", "a column name, fullName, Tên đơn vị … or --map name=COLUMN")
    place = f"{raw.place} ({written})"
    kind, name = names.split_kind(written)
    said = (cell.get("kind") or "").casefold()
    kind = kind or next((k for k in names.KINDS if fold(k) == fold(said)), None)
    code = cell.get("code")
    level = options.level or (names.level_of(code, kind) if code else None) or names.level_of("", kind)
    if level is None:
        raise refuse(place, f"cannot tell the level from the code {code!r}", "--level " + ", ".join(names.LEVELS))
    code = _code(code, level)
    start, end = _days(place, cell, options)
    shape = _shape(raw, place, notices) if raw.geometry is not None else None
    if shape is None and options.boundaries:
        raise refuse(place, "no outline", "a Polygon or MultiPolygon")
    values: dict[str, Any] = {
        "full_name_en": cell.get("full_name_en"),
        "area_km2": columns.area_km2(raw.values[where["area_km2"]]) if "area_km2" in where else None,
        "population": columns.whole(raw.values[where["population"]]) if "population" in where else None,
        "parent_code": cell.get("parent_code"),
        "source": options.source,
    }
    parent = values["parent_code"]
    if parent is not None and not parent.isdigit():
        values["parent_code"] = None
    if shape is not None:
        lon, lat = (columns.number(raw.values.get(where.get(axis, ""))) for axis in ("lon", "lat"))
        label = shapely.Point(lon, lat) if lon is not None and lat is not None else None
        if label is None or not shape.covers(label):
            label = shapely.point_on_surface(shape)
        values |= {"geometry": geo.wkb(shape), "lon": round(label.x, 6), "lat": round(label.y, 6)}
        values["approximate"] = options.approximate or raw.values.get("approximate") is True
    return Described(place, code, level, kind, name, values, shape, cell.get("parent_name"), start, end)


def _code(code: str | None, level: str) -> str | None:
    """The code with its leading zeros (tables lose them in Excel); None where it is not a code of the level."""
    if code is None or not code.isdigit() or len(code) > names.WIDTH[level] or int(code) == 0:
        return None
    return code.zfill(names.WIDTH[level])


def _days(place: str, cell: dict[str, str | None], options: Options) -> tuple[int, int | None]:
    start, end = options.valid_from, options.valid_to
    try:
        if cell.get("valid_from"):
            start = day(cell["valid_from"] or "")
        if cell.get("valid_to"):
            end = day(cell["valid_to"] or "")
    except BadInput as error:
        raise refuse(place, error.faults[0].message, error.faults[0].allowed) from None
    return start, end


def day(text: str) -> int:
    """The instant a day begins in Vietnam: 2025-07-01 or 01/07/2025; an ISO instant is taken as it is."""
    text = text.strip()
    parts = text.split("/")
    if len(parts) == 3:
        text = f"{parts[2]:0>4}-{parts[1]:0>2}-{parts[0]:0>2}"
    if len(text) == 10:
        text += "T00:00:00"
    return clock.parse(text, clock.VIETNAM)


def _shape(raw: Raw, place: str, notices: list[Fault]) -> BaseGeometry:
    shape = geo.from_geojson(raw.geometry, place)
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise refuse(place, f"a {shape.geom_type} is not an outline", "Polygon or MultiPolygon")
    shape = shapely.force_2d(shape)
    if shape.is_valid:
        return shape
    why = shapely.is_valid_reason(shape)
    mended = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(mended) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        raise refuse(place, f"the outline cannot be mended: {why}")
    notices.append(Fault(place, f"outline mended: {why}"))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
