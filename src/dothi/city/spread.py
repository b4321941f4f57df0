"""Where the things of a group stand: points, along lines, on a grid, over a disc. The same input gives the same places."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import LineString, MultiLineString, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge

from dothi.city.blueprint import Along, Around, At, Grid
from dothi.kit import geo
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import fold

_METRES = 111_195.0  # of a degree of latitude, on a sphere of 6 371 km
_GOLDEN = math.pi * (3 - math.sqrt(5))


@dataclass(frozen=True)
class Spot:
    """One place. road: the line it stands along."""

    lon: float
    lat: float
    road: str | None = None
    code: str | None = None
    name: Any = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass
class Sketch:
    """The lines and wards of a city's own base map, in degrees."""

    lines: dict[str, BaseGeometry] = field(default_factory=dict)
    wards: dict[str, BaseGeometry] = field(default_factory=dict)
    called: dict[str, str] = field(default_factory=dict)  # what the blueprint calls a line: what it is called here

    def line(self, name: str) -> tuple[str, BaseGeometry] | None:
        """The line of a name, or of what it is called here."""
        return find(self.called.get(name, name), self.lines)


def read_sketch(*files: Path) -> Sketch:
    """The named lines and wards of GeoJSON files; lines of one name belong together. Raises BadInput."""
    sketch = Sketch()
    pieces: dict[str, list[BaseGeometry]] = {}
    for path in files:
        try:
            features = json.loads(path.read_text("utf-8"))["features"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{path.name} cannot be read", [Fault(path.name, str(error), "a GeoJSON file")]) from None
        for i, feature in enumerate(features):
            shape = geo.from_geojson(feature.get("geometry"), f"{path.name}: features.{i}")
            properties = feature.get("properties") or {}
            name = str(properties.get("name") or properties.get("fullName") or "")
            if shape.geom_type in ("Polygon", "MultiPolygon"):
                if name and (properties.get("kind") in ("ward", None) or "code" in properties):
                    sketch.wards[name] = shape
                elif name:
                    pieces.setdefault(name, []).append(shape.boundary)  # along a river: along its banks
            elif name and shape.geom_type in ("LineString", "MultiLineString"):
                pieces.setdefault(name, []).append(shape)
    for name, shapes in pieces.items():
        merged = shapely.union_all(shapes)
        sketch.lines[name] = linemerge(merged) if isinstance(merged, MultiLineString) else merged
    return sketch


def find(name: str, among: dict[str, BaseGeometry]) -> tuple[str, BaseGeometry] | None:
    """The line or ward of a name; without diacritics and kind words too ("Vàm Cỏ Tây" is "Sông Vàm Cỏ Tây")."""
    wanted = fold(name)
    for exact in (True, False):
        for own, shape in among.items():
            if fold(own) == wanted if exact else f" {wanted} " in f" {fold(own)} ":
                return own, shape
    return None


def spots(at: At, sketch: Sketch) -> list[Spot]:
    """All places of a group, in order. Names must have been checked with `find`."""
    made = [Spot(p.lon, p.lat, None, p.code, p.name, p.properties) for p in at.points]
    for one in at.along:
        made += _along(one, sketch)
    if at.grid is not None:
        made += _grid(at.grid, sketch)
    for disc in at.around:
        made += _around(disc)
    return made


def _along(one: Along, sketch: Sketch) -> list[Spot]:
    found = sketch.line(one.name)
    if found is None:
        return []
    name, shape = found
    flat, back = _flat(shape)
    made: list[Spot] = []
    for line in [flat] if isinstance(flat, LineString) else sorted(flat.geoms, key=lambda part: -part.length):
        distance = one.start
        while distance <= line.length and (one.most is None or len(made) < one.most):
            side = one.offset if len(made) % 2 == 0 else -one.offset
            made.append(replace(_spot(_beside(line, distance, side), back, name), properties=one.properties))
            distance += one.every
    return made


def _beside(line: LineString, distance: float, side: float) -> tuple[float, float]:
    here = line.interpolate(distance)
    if side == 0:
        return here.x, here.y
    before, after = line.interpolate(max(0.0, distance - 1)), line.interpolate(min(line.length, distance + 1))
    length = math.hypot(after.x - before.x, after.y - before.y) or 1.0
    return here.x - side * (after.y - before.y) / length, here.y + side * (after.x - before.x) / length


def _grid(grid: Grid, sketch: Sketch) -> Iterator[Spot]:
    if grid.wards:
        shapes = [found[1] for name in grid.wards if (found := find(name, sketch.wards))]
    else:
        shapes = list(sketch.wards.values())
    if not shapes:
        return
    flat, back = _flat(shapely.union_all(shapes))
    west, south, east, north = flat.bounds
    count = 0
    for row in range(int((north - south) // grid.every) + 1):
        # every second row is shifted, so that neighbours are about equally far apart
        shift = grid.every / 2 if row % 2 else 0.0
        for column in range(int((east - west) // grid.every) + 1):
            x, y = west + grid.every * (column + 0.5) + shift, south + grid.every * (row + 0.5)
            if flat.contains(Point(x, y)) and (grid.most is None or count < grid.most):
                count += 1
                yield _spot((x, y), back, None)


def _around(disc: Around) -> Iterator[Spot]:
    _, back = _flat(Point(disc.lon, disc.lat))
    for i in range(disc.count):
        radius = disc.radius * math.sqrt((i + 0.5) / disc.count)
        yield _spot((radius * math.cos(i * _GOLDEN), radius * math.sin(i * _GOLDEN)), back, None)


Back = tuple[float, float, float]


def _flat(shape: BaseGeometry) -> tuple[Any, Back]:
    """The shape in metres east and north of its middle: good to a per mille over a city."""
    west, south, east, north = shape.bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    scale = math.cos(math.radians(lat))
    flat = shapely.transform(shape, lambda xy: (xy - [lon, lat]) * [_METRES * scale, _METRES])
    return flat, (lon, lat, scale)


def _spot(xy: tuple[float, float], back: Back, road: str | None) -> Spot:
    lon, lat, scale = back
    return Spot(round(lon + xy[0] / (_METRES * scale), 6), round(lat + xy[1] / _METRES, 6), road)
