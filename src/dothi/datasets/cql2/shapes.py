"""Geometry literals: coordinates in, a valid two-dimensional geometry in WGS 84 out. Pure."""

import math
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from dothi.datasets.cql2.crs import Projection
from dothi.datasets.cql2.tree import Place, Shape, refused

# positions of one type: how deep its coordinates are nested
NESTING = {"Point": 0, "LineString": 1, "MultiPoint": 1, "Polygon": 2, "MultiLineString": 2, "MultiPolygon": 3}
_LEAST = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}
TYPES = (*NESTING, "GeometryCollection")
MOST_POSITIONS = 10_000
_REPAIRED, _TANGLED = 20, 200
_EDGE = 20  # pieces an edge of a box is cut into before it is moved to another system


def geometry(value: dict[str, Any], crs: Projection | None, at: Place) -> Shape:
    """The literal of a GeoJSON geometry. Raises BadInput naming what is wrong with it."""
    try:
        made = shape(_flat(value, at))
    except (ShapelyError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise refused(at, f"broken geometry: {str(error)[:120]}", "coordinates as RFC 7946 says") from None
    return Shape(_kept(made, crs, at), value, at)


def box(numbers: list[float], crs: Projection | None, at: Place) -> Shape:
    """The literal of a bounding box of four or six numbers; heights are left out.

    A box of longitudes whose west is greater than its east spans the antimeridian.
    """
    if len(numbers) not in {4, 6}:
        raise refused(at, f"a box of {len(numbers)} numbers", "4 numbers, or 6 with heights")
    half = len(numbers) // 2
    west, south, east, north = numbers[0], numbers[1], numbers[half], numbers[half + 1]
    if not all(map(math.isfinite, numbers)):
        raise refused(at, "a coordinate is not a finite number", "numbers")
    around = crs is None or crs.geographic  # only longitudes may start again
    if crs is None or crs.east_first:
        _ordered(south, north, "second axis", at)
        parts = [_rectangle(low, south, high, north) for low, high in _stretches(west, east, around, "first axis", at)]
    else:
        _ordered(west, east, "first axis", at)
        parts = [_rectangle(west, low, east, high) for low, high in _stretches(south, north, around, "second axis", at)]
    if crs is not None and not crs.geographic:
        parts = [shapely.segmentize(part, max(part.length / (4 * _EDGE), 1e-9)) for part in parts]
    made = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    return Shape(_kept(made, crs, at), {"bbox": numbers}, at)


def _stretches(low: float, high: float, around: bool, axis: str, at: Place) -> list[tuple[float, float]]:
    if low > high and around:
        return [(low, 180.0), (-180.0, high)]
    _ordered(low, high, axis, at)
    return [(low, high)]


def _ordered(low: float, high: float, axis: str, at: Place) -> None:
    if low > high:
        raise refused(at, f"the box ends before it starts on its {axis}: {low:g} > {high:g}", "lower corner first")


def _rectangle(west: float, south: float, east: float, north: float) -> BaseGeometry:
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)


def _kept(made: BaseGeometry, crs: Projection | None, at: Place) -> BaseGeometry:
    made = shapely.force_2d(made)
    if made.is_empty:
        raise refused(at, "the geometry is empty", "at least one position")
    if crs is not None:
        made = crs.to_wgs84(made)
    west, south, east, north = shapely.total_bounds(made)
    if not all(map(math.isfinite, (west, south, east, north))):
        raise refused(at, "a coordinate is not a finite number, or out of the reach of filter-crs", "numbers")
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise refused(
            at,
            f"positions from {west:g},{south:g} to {east:g},{north:g} are off the globe",
            "longitude and latitude in degrees, or another system named by filter-crs",
        )
    return _sound(made, at)


def _sound(made: BaseGeometry, at: Place) -> BaseGeometry:
    """The geometry if it is valid, repaired where it is small; else refused, for what it would cost.

    GEOS takes seconds to repair a ring of a hundred positions that crosses itself everywhere, and a tenth of a second a
    record to relate a line of a thousand that does.
    """
    count = int(shapely.get_num_coordinates(made))
    if count > MOST_POSITIONS:
        raise refused(at, f"a geometry of {count} positions", f"at most {MOST_POSITIONS}")
    if not made.is_valid:
        if count <= _REPAIRED:
            return shapely.make_valid(made)
        raise refused(at, f"the geometry is not valid: {shapely.is_valid_reason(made)}", "rings that do not cross")
    tangled = "LineString" in made.geom_type and not made.is_simple
    if count > _TANGLED and (tangled or made.geom_type == "GeometryCollection"):
        what = "a collection" if made.geom_type == "GeometryCollection" else "a line that crosses itself"
        raise refused(at, f"{what} of {count} positions", f"at most {_TANGLED}")
    return made


def _flat(value: Any, at: Place, depth: int = 0) -> dict[str, Any]:
    """A GeoJSON geometry with nothing but numbers in its coordinates, checked."""
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "GeometryCollection":
        parts = value.get("geometries")
        if not isinstance(parts, list) or not parts or depth > 3:
            raise refused(at, "a GeometryCollection without geometries, or nested too deeply", "geometries")
        return {"type": kind, "geometries": [_flat(part, at, depth + 1) for part in parts]}
    if kind not in NESTING:
        raise refused(at, f"not a geometry: {str(kind)[:60]!r}", ", ".join(TYPES))
    return {"type": kind, "coordinates": _positions(value.get("coordinates"), NESTING[kind], kind, at)}


def _positions(value: Any, nesting: int, kind: str, at: Place) -> Any:
    if not isinstance(value, list) or not value:
        raise refused(at, f"broken coordinates of a {kind}", "arrays of numbers")
    if nesting == 0:
        if not 2 <= len(value) <= 4 or not all(type(number) in {int, float} for number in value):
            raise refused(at, f"a position is not two or three numbers: {str(value)[:60]}", "[x, y] or [x, y, z]")
        try:
            numbers = [float(number) for number in value[:2]]
        except OverflowError:
            numbers = [math.inf]
        if not all(map(math.isfinite, numbers)):
            raise refused(at, "a coordinate is not a finite number", "numbers")
        return numbers
    inner = [_positions(part, nesting - 1, kind, at) for part in value]
    if nesting == 1 and kind in _LEAST:
        if len(inner) < _LEAST[kind]:
            raise refused(at, f"{len(inner)} positions in a line or ring of a {kind}", f"at least {_LEAST[kind]}")
        if kind.endswith("Polygon") and inner[0] != inner[-1]:
            raise refused(at, "a ring that does not end where it began", "the first position again at the end")
    return inner
