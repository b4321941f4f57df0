"""A bus network drawn onto the city's roads: ways, stops, a timetable, all of it made up and saying so.

Lines are given by the places they pass; the way between two of them is the shortest along the roads of the base map.
"""

import heapq
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import shapely
from shapely.geometry import LineString, MultiLineString, Point

from dothi.simulate.luck import chance

Spot = tuple[float, float]  # longitude, latitude
METRES = 111_195.0
SPEED = 6.4  # m/s between stops, with lights and traffic: 23 km/h
DWELL = 20  # seconds at a stop
_APART = 480.0  # metres between stops
_SAME = 70.0  # metres within which two lines share a stop
WEEKDAY, WEEKEND = "ngay-thuong", "cuoi-tuan"


@dataclass(frozen=True)
class Plan:
    """A line as it is wished for. ends: what is written on the bus, each way; by: places on the way."""

    code: str
    colour: str
    ends: tuple[str, str]
    by: tuple[Spot, ...]
    every: int  # minutes on weekdays
    night: bool = False


# along the roads of each city's base map; the numbers are ours, no operator runs these lines
PLANS: dict[str, tuple[Plan, ...]] = {
    "tan-an": (
        Plan("MP1", "1D4A86", ("Nút giao cao tốc", "Bệnh viện Đa khoa"),
             ((106.379, 10.556), (106.4018, 10.545), (106.4135, 10.5385), (106.419, 10.5337)), 15),
        Plan("MP2", "9C4300", ("Bắc Quốc lộ 1", "Khánh Hậu"),
             ((106.44, 10.58), (106.4118, 10.5448), (106.413, 10.5372), (106.38, 10.5075)), 20),
        Plan("MP3", "1F6A3F", ("Đại học Kinh tế Công nghiệp", "Châu Thị Kim"),
             ((106.3905, 10.527), (106.4085, 10.536), (106.415, 10.5347), (106.4235, 10.493)), 20, night=True),
    ),
    "phan-thiet": (
        Plan("MP1", "1D4A86", ("Ga Phan Thiết", "Làng chài Mũi Né"),
             ((108.0800, 10.9480), (108.0990, 10.9345), (108.1465, 10.9425), (108.2100, 10.9500), (108.2870, 10.9370)), 20),
        Plan("MP2", "1F6A3F", ("Bãi Đồi Dương", "Hàm Thắng"),
             ((108.1135, 10.9255), (108.1080, 10.9345), (108.1060, 10.9550)), 25),
    ),
    "lang-son": (
        Plan("MP1", "1D4A86", ("Ga Lạng Sơn", "Chợ Kỳ Lừa"),
             ((106.7615, 21.8400), (106.7603, 21.8500), (106.7605, 21.8585), (106.7612, 21.8650)), 20),
        Plan("MP2", "9C4300", ("Chợ Đông Kinh", "Bắc Quốc lộ 1A"),
             ((106.7655, 21.8485), (106.7610, 21.8560), (106.7625, 21.8980)), 30),
    ),
    "can-tho": (
        Plan("MP1", "1D4A86", ("Bến Ninh Kiều", "Bình Thủy"),
             ((105.7880, 10.0350), (105.7835, 10.0415), (105.7640, 10.0560), (105.7500, 10.0720)), 15),
        Plan("MP2", "9C4300", ("Bến Ninh Kiều", "An Bình"),
             ((105.7845, 10.0370), (105.7765, 10.0265), (105.7605, 10.0145)), 20),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Stop:
    """A stop of the network."""

    id: str
    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class Pattern:
    """One way of a line: its points, and its stops with the metres from the start and the seconds planned there."""

    line: str
    direction: int
    headsign: str
    points: tuple[Spot, ...]
    stops: tuple[Stop, ...]
    metres: tuple[float, ...]
    arrivals: tuple[int, ...]
    departures: tuple[int, ...]

    @property
    def shape(self) -> str:
        """The shape's id."""
        return f"{self.line}-{self.direction}"


@dataclass(frozen=True)
class Trip:
    """A run of a pattern: the second of the day it starts, the service it belongs to."""

    id: str
    pattern: Pattern
    start: int
    service: str

    @property
    def end(self) -> int:
        """The second of the day it arrives."""
        return self.start + self.pattern.arrivals[-1]


@dataclass(frozen=True)
class Network:
    """The whole of it."""

    plans: tuple[Plan, ...]
    stops: tuple[Stop, ...]
    patterns: tuple[Pattern, ...]
    trips: tuple[Trip, ...]


def draw(city: str, base: Mapping[str, Any]) -> Network | None:
    """The network of a city on its base map; None where nobody planned one."""
    plans = PLANS.get(city)
    if plans is None:
        return None
    roads = [one for one in base["features"] if one["properties"].get("kind") == "road"]
    named = [(one["properties"].get("name") or "", shapely.geometry.shape(one["geometry"])) for one in roads]
    places = [
        (one["properties"]["name"], *one["geometry"]["coordinates"][:2]) for one in base["features"]
        if one["properties"].get("kind") == "poi" and one["properties"].get("name")
    ]  # fmt: skip
    graph = _graph([line for _, line in named])
    stops: list[tuple[Stop, float]] = []
    patterns = []
    for plan in plans:
        way = _along(graph, plan.by)
        for direction, points in enumerate((way, way[::-1])):
            patterns.append(_pattern(plan, direction, points, stops, named, places))
    trips = [trip for one in patterns for trip in _trips(one, next(p for p in plans if p.code == one.line))]
    return Network(plans, tuple(one for one, _ in stops), tuple(patterns), tuple(trips))


def metres(a: Spot, b: Spot) -> float:
    """Metres between two positions of a city."""
    scale = math.cos(math.radians((a[1] + b[1]) / 2))
    return METRES * math.hypot((a[0] - b[0]) * scale, a[1] - b[1])


Graph = dict[Spot, list[tuple[Spot, float]]]


def _graph(lines: Sequence[LineString]) -> Graph:
    """The roads cut where they cross, as neighbours with metres; loose ends are tied to the nearest road near by."""
    merged = shapely.unary_union(MultiLineString([list(one.coords) for one in lines]))
    graph: Graph = {}

    def join(a: Spot, b: Spot) -> None:
        far = metres(a, b)
        if far:
            graph.setdefault(a, []).append((b, far))
            graph.setdefault(b, []).append((a, far))

    for part in getattr(merged, "geoms", [merged]):
        for a, b in pairwise([(round(x, 6), round(y, 6)) for x, y in part.coords]):
            join(a, b)
    nodes = list(graph)
    for end in [one for one in nodes if len(graph[one]) == 1]:
        reached = _reached(graph, end, 900.0)
        near = min(
            (other for other in nodes if other not in reached), key=lambda other: metres(end, other), default=None
        )
        if near is not None and metres(end, near) < 400:
            join(end, near)
    return graph


def _reached(graph: Graph, start: Spot, most: float) -> dict[Spot, float]:
    found: dict[Spot, float] = {}
    queue = [(0.0, start)]
    while queue:
        far, here = heapq.heappop(queue)
        if here in found or far > most:
            continue
        found[here] = far
        for there, length in graph[here]:
            if there not in found:
                heapq.heappush(queue, (far + length, there))
    return found


def _along(graph: Graph, by: Sequence[Spot]) -> list[Spot]:
    """The shortest way past places, from road to road."""
    nodes = list(graph)
    marks = [min(nodes, key=lambda node, place=place: metres(node, place)) for place in by]  # type: ignore[misc]
    way = [marks[0]]
    for start, goal in pairwise(marks):
        way += _shortest(graph, start, goal)[1:]
    return way


def _shortest(graph: Graph, start: Spot, goal: Spot) -> list[Spot]:
    before: dict[Spot, Spot | None] = {}
    queue: list[tuple[float, Spot, Spot | None]] = [(0.0, start, None)]
    while queue:
        far, here, came = heapq.heappop(queue)
        if here in before:
            continue
        before[here] = came
        if here == goal:
            break
        for there, length in graph[here]:
            if there not in before:
                heapq.heappush(queue, (far + length, there, here))
    way: list[Spot] = []
    step: Spot | None = goal if goal in before else start
    while step is not None:
        way.append(step)
        step = before[step]
    return way[::-1]


def at(points: Sequence[Spot], far: float) -> tuple[Spot, float]:
    """The position so many metres along a way, and the direction there in degrees from north."""
    for a, b in pairwise(points):
        length = metres(a, b)
        if far <= length or b is points[-1]:
            share = min(1.0, far / length) if length else 0.0
            bearing = math.degrees(math.atan2((b[0] - a[0]) * math.cos(math.radians(a[1])), b[1] - a[1])) % 360
            return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share), bearing
        far -= length
    return points[-1], 0.0


def _pattern(
    plan: Plan, direction: int, points: Sequence[Spot], stops: list[tuple[Stop, float]],
    roads: Sequence[tuple[str, LineString]], places: Sequence[tuple[str, float, float]],
) -> Pattern:  # fmt: skip
    whole = sum(metres(a, b) for a, b in pairwise(points))
    count = max(2, round(whole / _APART) + 1)
    far = [whole * i / (count - 1) for i in range(count)]
    chosen = []
    for i, one in enumerate(far):
        spot, bearing = at(points, one)
        end = plan.ends[1 - direction] if i == count - 1 else plan.ends[direction] if i == 0 else ""
        chosen.append(_stop(spot, bearing, end, stops, roads, places))
    arrivals, departures, second = [], [], 0
    for i, one in enumerate(far):
        if i:
            second += round((one - far[i - 1]) / SPEED)
        arrivals.append(second)
        second += DWELL if 0 < i < count - 1 else 0
        departures.append(second)
    return Pattern(
        plan.code,
        direction,
        plan.ends[1 - direction],
        tuple(points),
        tuple(chosen),
        tuple(far),
        tuple(arrivals),
        tuple(departures),
    )


def _stop(
    spot: Spot, bearing: float, end: str, stops: list[tuple[Stop, float]], roads: Sequence[tuple[str, LineString]],
    places: Sequence[tuple[str, float, float]],
) -> Stop:  # fmt: skip
    """A stop at the right of the way; one of another line that looks the same way near by is shared."""
    turn = math.radians(bearing + 90)
    lon = spot[0] + 9 * math.sin(turn) / METRES / math.cos(math.radians(spot[1]))
    lat = spot[1] + 9 * math.cos(turn) / METRES
    for one, looks in stops:
        if metres((one.lon, one.lat), (lon, lat)) < _SAME and abs((looks - bearing + 180) % 360 - 180) < 60 and not end:
            return one
    near = min(places, key=lambda place: metres((place[1], place[2]), spot), default=None)
    road = min(roads, key=lambda one: one[1].distance(Point(spot)))[0]
    name = end or (near[0] if near is not None and metres((near[1], near[2]), spot) < 230 else road)
    if not end and name == road:
        across = [one.name for one, _ in stops if one.name.startswith(road) and metres((one.lon, one.lat), spot) < 90]
        others = {one.name for one, _ in stops if one.name.startswith(f"{road} – ")}
        name = across[0] if across else f"{road} – {len(others) + 1}"
    made = Stop(f"MP-{len(stops) + 1:03}", name, round(lon, 6), round(lat, 6))
    stops.append((made, bearing))
    return made


def _trips(pattern: Pattern, plan: Plan) -> list[Trip]:
    made = []
    for service, every in ((WEEKDAY, plan.every), (WEEKEND, plan.every + 10)):
        starts = list(range(5 * 3600 + 300 * pattern.direction, 21 * 3600 + 1, every * 60))
        if plan.night:  # journeys that end on the day after
            starts += [22 * 3600, 23 * 3600, 23 * 3600 + 2400, 24 * 3600 + 1200]
        made += [Trip(f"{pattern.shape}-{service}-{start // 60}", pattern, start, service) for start in starts]
    return made


def delay(trip: Trip, day: int, stop: int) -> int:
    """Seconds a run is late at a stop, by its own luck: more towards the end of the line and in the rush hours."""
    hour = (trip.start + trip.pattern.arrivals[stop]) / 3600
    rush = max(0.0, 1 - abs(hour - 7.3)) + max(0.0, 1 - abs(hour - 17.2))
    share = stop / max(1, len(trip.pattern.stops) - 1)
    usual = chance("bus", trip.id, day) ** 2 * 520 + rush * 430 * chance("rush", trip.id, day)
    early = 75 * chance("early", trip.id, day) if chance("light", trip.id, day) < 0.25 else 0
    return round((usual - early) * share + 12 * chance("stop", trip.id, day, stop))
