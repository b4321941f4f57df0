"""The ground simulated records stand on: the running city's roads, wards and other records."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from shapely.geometry import LineString, Point, mapping
from shapely.geometry.base import BaseGeometry
from shapely.prepared import prep

from dothi.simulate.luck import chance, pick

_METRES = 111_195.0  # of a degree of latitude, on a sphere of 6 371 km


@dataclass(frozen=True)
class Road:
    """A road of the base map. kind: road, expressway."""

    name: str
    kind: str
    line: LineString

    @property
    def metres(self) -> float:
        """Its length."""
        lat = self.line.centroid.y
        scale = math.cos(math.radians(lat))
        points = [(x * scale * _METRES, y * _METRES) for x, y in self.line.coords]
        return sum(math.dist(a, b) for a, b in pairwise(points))


@dataclass(frozen=True)
class Ward:
    """A commune with its outline. code: of the present units."""

    code: str
    name: str
    shape: BaseGeometry


@dataclass(frozen=True)
class Spot:
    """A place and what it is at."""

    lon: float
    lat: float
    road: str | None = None
    ward: str | None = None

    @property
    def point(self) -> dict[str, Any]:
        """As GeoJSON."""
        return {"type": "Point", "coordinates": [round(self.lon, 6), round(self.lat, 6)]}


@dataclass
class Ground:
    """What makers of records may know of the city. records: GeoJSON features by dataset, as they stand."""

    roads: Sequence[Road]
    wards: Sequence[Ward]
    centre: tuple[float, float]
    records: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)

    def on_road(self, *words: object, heavy: Mapping[str, float] | None = None, aside: float = 0.0) -> Spot:
        """A spot on some road. heavy: how much more often a road is taken, by name; aside: metres beside it at most."""
        weights = {
            i: road.metres * (heavy or {}).get(road.name, 1.0) for i, road in enumerate(self.roads)
        }  # fmt: skip
        road = self.roads[pick(weights, "road", *words)]
        at = road.line.interpolate(chance("along", *words), normalized=True)
        turn, far = 2 * math.pi * chance("turn", *words), aside * chance("far", *words)
        return self._spot(at.x, at.y, turn, far, road.name)

    def in_ward(self, ward: Ward, *words: object) -> Spot:
        """A spot somewhere in a ward."""
        inside, (west, south, east, north) = prep(ward.shape), ward.shape.bounds
        for turn in range(200):
            lon = west + (east - west) * chance("lon", turn, *words)
            lat = south + (north - south) * chance("lat", turn, *words)
            if inside.contains(Point(lon, lat)):
                return Spot(lon, lat, ward=ward.code)
        middle = ward.shape.representative_point()
        return Spot(middle.x, middle.y, ward=ward.code)

    def somewhere(self, *words: object) -> Spot:
        """A spot somewhere in the city: wards as large as they are."""
        if not self.wards:
            return self._spot(*self.centre, 2 * math.pi * chance("turn", *words), 2000 * chance("far", *words), None)
        ward = self.wards[pick({i: one.shape.area for i, one in enumerate(self.wards)}, "ward", *words)]
        return self.in_ward(ward, *words)

    def ward_of(self, lon: float, lat: float) -> Ward | None:
        """The ward that holds a place."""
        point = Point(lon, lat)
        return next((one for one in self.wards if one.shape.contains(point)), None)

    def shape(self, ward: Ward) -> dict[str, Any]:
        """A ward's outline as GeoJSON."""
        return dict(mapping(ward.shape))

    def _spot(self, lon: float, lat: float, turn: float, metres: float, road: str | None) -> Spot:
        east, north = metres * math.cos(turn), metres * math.sin(turn)
        lon, lat = lon + east / (_METRES * math.cos(math.radians(lat))), lat + north / _METRES
        ward = self.ward_of(lon, lat)
        return Spot(lon, lat, road, ward.code if ward else None)
