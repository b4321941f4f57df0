"""The sketch of a city in metres, for those who draw on it: wards, water, roads, built-up land."""

import json
import math
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from dothi.city import blueprint as blueprints
from dothi.city.spread import Spot, spots
from dothi.city.spread import read_sketch as read_lines
from dothi.simulate.luck import chance

_METRES = 111_195.0  # of a degree of latitude, on a sphere of 6 371 km
HALF_WIDTHS = {"expressway": 28.0, "road": 11.0}  # metres from the middle of a road to the edge of its land
SMALLEST = 600.0  # m²: smaller scraps of a zone are left out
Feature = dict[str, Any]


class Plane:
    """Metres east and north of a point: good to a per mille over a city."""

    def __init__(self, lon: float, lat: float) -> None:
        self.lon, self.lat = lon, lat
        self.scale = math.cos(math.radians(lat))

    def metres(self, shape: BaseGeometry) -> BaseGeometry:
        """Degrees to metres."""
        return shapely.transform(shape, lambda xy: (xy - [self.lon, self.lat]) * [_METRES * self.scale, _METRES])

    def degrees(self, shape: BaseGeometry) -> BaseGeometry:
        """Metres to degrees, about one metre fine."""
        back = shapely.transform(shape, lambda xy: xy / [_METRES * self.scale, _METRES] + [self.lon, self.lat])
        return shapely.set_precision(back, 1e-5)


class Town:
    """The sketch in metres: wards, water, roads, built-up land."""

    def __init__(self, folder: Path) -> None:
        self.blueprint, _ = blueprints.load(folder)
        base = json.loads((folder / (self.blueprint.places.base or "base.geojson")).read_text("utf-8"))
        wards = json.loads((folder / (self.blueprint.places.wards or "wards.geojson")).read_text("utf-8"))
        self.plane = Plane(*self.blueprint.centre)
        self.lines = read_lines(folder / "base.geojson", folder / "wards.geojson")
        flat = self.plane.metres
        self.wards = {
            str(f["properties"]["name"]): flat(shapely.geometry.shape(f["geometry"])) for f in wards["features"]
        }
        self.city = shapely.union_all(list(self.wards.values())).buffer(0)
        shapes: dict[str, list[tuple[str, BaseGeometry]]] = {}
        for feature in base["features"]:
            made = flat(shapely.geometry.shape(feature["geometry"]))
            shapes.setdefault(feature["properties"]["kind"], []).append((feature["properties"]["name"] or "", made))
        self.water = {kind: dict(shapes.get(kind, [])) for kind in ("river", "canal")}
        self.roads = {kind: shapes.get(kind, []) for kind in ("expressway", "road")}
        self.urban = shapely.union_all([shape.buffer(0) for _, shape in shapes.get("urban", [])])
        self.wet = shapely.union_all([shape.buffer(0) for kind in self.water.values() for shape in kind.values()])
        self.paved = shapely.union_all([
            shape.buffer(HALF_WIDTHS[kind], cap_style="flat") for kind in self.roads for _, shape in self.roads[kind]
        ])  # fmt: skip

    def group(self, start: str) -> list[Spot]:
        """The places of the sensors whose code starts so."""
        group = next(one for _, one in self.blueprint.groups() if one.code.startswith(start))
        return spots(group.at, self.lines)


def cells(area: BaseGeometry, every: float, seed: str) -> list[Polygon]:
    """An area cut into cells about so many metres wide, from south-west to north-east."""
    west, south, east, north = area.bounds
    points = [
        Point(west + every * (i + 0.2 + 0.6 * chance(seed, i, j)), south + every * (j + 0.2 + 0.6 * chance(seed, j, i, 1)))
        for j in range(-1, int((north - south) // every) + 2)
        for i in range(-1, int((east - west) // every) + 2)
    ]  # fmt: skip
    around = shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=area.envelope)
    return sorted(around.geoms, key=lambda one: (round(one.centroid.y), round(one.centroid.x)))


def whole(shape: BaseGeometry) -> MultiPolygon | None:
    """The polygons of a shape without scraps; None when nothing is left."""
    parts = [p for p in shapely.get_parts(shape) if isinstance(p, Polygon) and p.area >= SMALLEST]
    return MultiPolygon(parts) if parts else None


def feature(town: Town, key: str, shape: BaseGeometry, properties: dict[str, Any]) -> Feature:
    """A drawn area, about one metre fine."""
    made = town.plane.degrees(shape)
    if made.geom_type == "Polygon":
        made = MultiPolygon([made])
    return {"type": "Feature", "id": key, "geometry": json.loads(shapely.to_geojson(made)), "properties": properties}


def point(key: str, spot: Spot, properties: dict[str, Any]) -> Feature:
    """A place."""
    at = {"type": "Point", "coordinates": [spot.lon, spot.lat]}
    return {"type": "Feature", "id": key, "geometry": at, "properties": properties}
