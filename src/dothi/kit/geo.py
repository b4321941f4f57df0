"""GeoJSON in, shapely and WKB inside; WGS 84 longitude and latitude in degrees everywhere."""

import math
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from dothi.kit.errors import BadInput, Fault

TYPES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")


def from_geojson(value: Any, place: str = "geometry") -> BaseGeometry:
    """The shapely geometry of a GeoJSON geometry or feature (RFC 7946).

    Raises BadInput for an unknown type, broken coordinates, NaN, or positions off the globe.
    """
    if isinstance(value, dict) and value.get("type") == "Feature":
        value, place = value.get("geometry"), f"{place}.geometry"
    if not isinstance(value, dict) or value.get("type") not in TYPES:
        found = value.get("type") if isinstance(value, dict) else value
        raise _bad(place, f"not a GeoJSON geometry: {str(found)[:80]!r}", "type " + ", ".join(TYPES))
    try:
        geometry = shape(value)
    except Exception as error:
        raise _bad(
            place, f"broken GeoJSON {value['type']}: {str(error)[:120]}", "coordinates as RFC 7946 says"
        ) from None
    if geometry.is_empty:
        raise _bad(place, "the geometry is empty", "at least one position")
    west, south, east, north = geometry.bounds
    if not all(map(math.isfinite, (west, south, east, north))):
        raise _bad(place, "a coordinate is not a finite number", "numbers")
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise _bad(
            place,
            f"positions from {west:g},{south:g} to {east:g},{north:g} are off the globe",
            "[longitude, latitude] in degrees, WGS 84",
        )
    return geometry


def to_geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """The GeoJSON geometry of a shapely one."""
    return dict(mapping(geometry))


def wkb(geometry: BaseGeometry) -> bytes:
    """Well-known binary, two dimensions, little endian: what both databases store."""
    return bytes(shapely.to_wkb(shapely.force_2d(geometry), byte_order=1))


def from_wkb(data: bytes) -> BaseGeometry:
    """The shapely geometry of well-known binary."""
    return shapely.from_wkb(data)


def box(text: str) -> tuple[float, float, float, float] | None:
    """The box `west,south,east,north` in degrees; None of anything else."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        return None
    return (west, south, east, north) if -180 <= west <= east <= 180 and -90 <= south <= north <= 90 else None


def _bad(place: str, message: str, allowed: str) -> BadInput:
    return BadInput(f"{place}: {message}", [Fault(place, message, allowed)])
