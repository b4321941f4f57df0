"""Areas: GeoJSON and shapely on our side, `lat,lon` pairs on CAP's, and outlines small enough for every receiver. Pure."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from dothi.kit import geo
from dothi.kit.errors import BadInput, Fault
from dothi.warnings.model import Area, Circle, Ring

MOST_POINTS = 200  # of one outline; some receivers stop reading at a few hundred
MOST_RINGS = 40
_DEGREE = 111.32  # km of a degree of latitude
_ROUND = 5  # decimals: a metre
_METRE = 1e-5  # degrees


def polygonal(geometry: BaseGeometry, place: str = "area") -> BaseGeometry:
    """The area's surface, mended where it crosses itself. Raises BadInput where there is none."""
    made = shapely.force_2d(geometry)
    if not made.is_valid:
        made = shapely.make_valid(made, method="structure", keep_collapsed=False)
    parts = [one for one in shapely.get_parts(made) if one.geom_type == "Polygon" and one.area > 0]
    if not parts:
        raise BadInput("an area has a surface", [Fault(place, f"a {geometry.geom_type} without one", "a polygon")])
    return shapely.union_all(parts)


def covering(geometry: BaseGeometry, most: int = MOST_POINTS) -> BaseGeometry:
    """The same area with at most `most` points an outline, holes filled, covering all of it.

    Who is inside is never told that they are outside: where the simpler outline cuts a corner it is widened.
    """
    parts = sorted(shapely.get_parts(geometry), key=lambda one: -one.area)
    filled = shapely.union_all([shapely.Polygon(one.exterior) for one in parts])
    simple = [_simpler(shapely.Polygon(one.exterior), most) for one in shapely.get_parts(filled)]
    simple.sort(key=lambda one: -one.area)
    if len(simple) > MOST_RINGS:  # a scatter of islands: what remains is covered as a whole
        rest = shapely.convex_hull(shapely.union_all(simple[MOST_RINGS - 1 :]))
        simple = [*simple[: MOST_RINGS - 1], _simpler(rest, most)]
    return simple[0] if len(simple) == 1 else shapely.MultiPolygon(simple)


def _simpler(polygon: shapely.Polygon, most: int) -> shapely.Polygon:
    rounded = _rounded(polygon)
    if len(rounded.exterior.coords) <= most and rounded.is_valid:
        return rounded
    tolerance = 0.00005  # some 5 m
    for _ in range(24):
        cut = shapely.simplify(polygon, tolerance)
        wide = shapely.buffer(cut, tolerance, quad_segs=1, join_style="mitre", mitre_limit=2)
        wide = shapely.simplify(wide, tolerance / 10)
        if wide.geom_type == "Polygon":
            made = _rounded(shapely.Polygon(wide.exterior))
            fits = len(made.exterior.coords) <= most and made.is_valid
            if fits and shapely.buffer(made, _METRE).covers(polygon):  # the mitre of a spike is cut off
                return made
        tolerance *= 1.6
    return _rounded(shapely.envelope(polygon))


def _rounded(polygon: shapely.Polygon) -> shapely.Polygon:
    return shapely.transform(shapely.Polygon(polygon.exterior), lambda xy: np.round(xy, _ROUND))


def rings(geometry: BaseGeometry) -> tuple[Ring, ...]:
    """The outlines as CAP has them: latitude before longitude, the first position repeated at the end."""
    found = []
    for part in shapely.get_parts(geometry):
        ring = tuple((round(lat, _ROUND), round(lon, _ROUND)) for lon, lat in part.exterior.coords)
        found.append(ring if ring[0] == ring[-1] else (*ring, ring[0]))
    return tuple(found)


def ring_text(ring: Ring) -> str:
    """`10.53589,106.41366 …`, never with an exponent."""
    return " ".join(f"{_plain(lat)},{_plain(lon)}" for lat, lon in ring)


def circle_text(circle: Circle) -> str:
    """`10.53589,106.41366 2.5`."""
    lat, lon, radius = circle
    return f"{_plain(lat)},{_plain(lon)} {_plain(radius)}"


def _plain(value: float) -> str:
    text = f"{value:.{_ROUND}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def ring_of(text: str) -> Ring:
    """The positions of a `polygon` element. Raises ValueError in words."""
    found = tuple(_pair(word) for word in text.split())
    if len(found) < 4:
        raise ValueError(f"{len(found)} positions; an outline has at least four")
    if found[0] != found[-1]:
        raise ValueError("the outline does not end where it begins")
    return found


def circle_of(text: str) -> Circle:
    """Centre and radius of a `circle` element. Raises ValueError in words."""
    words = text.split()
    if len(words) != 2:
        raise ValueError(f"{text[:60]!r} is not a position and a radius in kilometres")
    lat, lon = _pair(words[0])
    radius = _number(words[1])
    if not 0 <= radius <= 20_040:
        raise ValueError(f"the radius {words[1][:20]!r} is not one on the globe, in kilometres")
    return lat, lon, radius


def _pair(word: str) -> tuple[float, float]:
    lat, comma, lon = word.partition(",")
    if not comma:
        raise ValueError(f"{word[:40]!r} is not latitude,longitude")
    position = _number(lat), _number(lon)
    if not (-90 <= position[0] <= 90 and -180 <= position[1] <= 180):
        raise ValueError(f"{word[:40]!r} is off the globe: latitude comes first")
    return position


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text[:30]!r} is not a number") from None
    if not math.isfinite(value) or "_" in text:
        raise ValueError(f"{text[:30]!r} is not a number")
    return value


def shape(area: Area) -> BaseGeometry | None:
    """Everything an area's outlines and circles cover; None when it is told by codes and words only."""
    parts = [shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in area.polygons]
    parts += [_disc(circle) for circle in area.circles]
    sound = [polygonal(one) for one in parts if shapely.make_valid(one).area > 0]
    return shapely.union_all(sound) if sound else None


def _disc(circle: Circle) -> shapely.Polygon:
    """A circle as 48 corners; one without a radius is drawn with 100 m, so that it can be seen."""
    lat, lon, radius = circle
    high = max(radius, 0.1) / _DEGREE
    wide = high / max(0.02, math.cos(math.radians(lat)))
    turns = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    xs = np.clip(lon + wide * np.cos(turns), -180, 180)
    ys = np.clip(lat + high * np.sin(turns), -90, 90)
    return shapely.Polygon(np.column_stack([xs, ys]))


def drawn(value: Any, place: str = "shape") -> BaseGeometry:
    """A drawn outline from GeoJSON (geometry, feature or a collection of them). Raises BadInput."""
    if isinstance(value, dict) and value.get("type") == "FeatureCollection":
        features = value.get("features")
        shapes = [geo.from_geojson(one, place) for one in features] if isinstance(features, list) and features else []
        if not shapes:
            raise BadInput("nothing is drawn", [Fault(place, "no feature", "a polygon")])
        return polygonal(shapely.union_all([polygonal(one, place) for one in shapes]), place)
    return polygonal(geo.from_geojson(value, place), place)


def bounds(shapes: Sequence[BaseGeometry]) -> tuple[float, float, float, float] | None:
    """west, south, east, north of everything; None for nothing."""
    if not shapes:
        return None
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    return west, south, east, north
