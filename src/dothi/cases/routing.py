"""The order in which a crew's jobs of a day are best done. Pure: values in, values out.

A day of a crew is at most some forty stops. Of a few every order is tried; of more, nearest neighbour from several
beginnings, bettered by 2-opt, by moving short runs of stops and by exchanging two, finds a good order in milliseconds; a
solver of the size of OR-Tools or VROOM would be a hundred times our own code in bytes and find little a dispatcher could
tell apart.

Distances are great circles times a detour factor, not roads: the order is a proposal, and people may change it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import permutations

EARTH_KM = 6371.0088
DETOUR = 1.35  # ways on streets of a town against the straight line
KM_PER_MINUTE = 25 / 60  # a lorry among motorbikes
LATE = 4.0  # a minute too late weighs as four of driving
SLACK = 1e-9
_FEW = 6  # stops of which every order is tried: 720 of them, some milliseconds
_SEEDS = 4
_RUN = 3  # stops moved together
_ROUNDS = 60
Point = tuple[float, float]  # longitude, latitude


@dataclass(frozen=True, slots=True)
class Stop:
    """A place to be at. minutes: of work there; due: until when, in minutes from the beginning; None: any time."""

    id: int
    at: Point | None
    minutes: float = 0.0
    due: float | None = None


@dataclass(frozen=True, slots=True)
class Leg:
    """A stop in its order. km: from the one before; begin, end: minutes from the beginning; late: minutes after due."""

    id: int
    km: float
    begin: float
    end: float
    late: float


@dataclass(frozen=True, slots=True)
class Route:
    """Stops in an order, and what it costs."""

    legs: tuple[Leg, ...]

    @property
    def km(self) -> float:
        """The whole way."""
        return sum(one.km for one in self.legs)

    @property
    def minutes(self) -> float:
        """Driving and work until the last stop is done."""
        return self.legs[-1].end if self.legs else 0.0

    @property
    def late(self) -> float:
        """Minutes too late, over all stops."""
        return sum(one.late for one in self.legs)

    @property
    def order(self) -> list[int]:
        """The stops' ids."""
        return [one.id for one in self.legs]


def km(a: Point | None, b: Point | None) -> float:
    """The way between two places in kilometres; none where one of them is not known."""
    if a is None or b is None:
        return 0.0
    return line_km(a, b) * DETOUR


def line_km(a: Point, b: Point) -> float:
    """The straight line over the ground (haversine)."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*a, *b))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def drive(km_: float) -> float:
    """Minutes a way takes."""
    return km_ / KM_PER_MINUTE


def along(start: Point | None, stops: Sequence[Stop], first: float = 0.0) -> Route:
    """What an order costs as it stands. start: where the crew is; first: minutes before it can set out."""
    legs, here, at = [], start, first
    for one in stops:
        way = km(here, one.at)
        begin = at + drive(way)
        end = begin + one.minutes
        late = max(0.0, end - one.due) if one.due is not None else 0.0
        legs.append(Leg(one.id, way, begin, end, late))
        at, here = end, one.at or here
    return Route(tuple(legs))


def order(start: Point | None, stops: Sequence[Stop], first: float = 0.0) -> Route:
    """The best order found; never worse than the one given."""
    placed = [one for one in stops if one.at is not None]
    loose = [one for one in stops if one.at is None]  # nowhere on the map: last, as they stand
    given = along(start, [*placed, *loose], first)
    if len(placed) < 2:
        return given
    best = _best(_Trip(start, placed, first), len(placed))
    made = along(start, [*(placed[one] for one in best), *loose], first)
    asis = along(start, stops, first)
    return made if _weight(made) <= _weight(asis) + SLACK else asis


def _best(trip: "_Trip", count: int) -> Sequence[int]:
    if count <= _FEW:
        return min(permutations(range(count)), key=trip.cost)
    best, cost = list(range(count)), trip.cost(range(count))
    for seed in trip.seeds():
        found, price = trip.bettered(seed)
        if price < cost - SLACK:
            best, cost = found, price
    return trip.bettered(best)[0]


def _weight(route: Route) -> float:
    return drive(route.km) + LATE * route.late


class _Trip:
    """The ways between some stops, reckoned once."""

    def __init__(self, start: Point | None, stops: Sequence[Stop], first: float) -> None:
        self.first, self.stops = first, stops
        self.out = [drive(km(start, one.at)) for one in stops]
        self.ways = [[drive(km(one.at, other.at)) for other in stops] for one in stops]

    def cost(self, trip: Sequence[int]) -> float:
        """Driving, and what is too late."""
        at, driven, late, here = self.first, 0.0, 0.0, -1
        for one in trip:
            way = self.out[one] if here < 0 else self.ways[here][one]
            stop = self.stops[one]
            driven += way
            at += way + stop.minutes
            if stop.due is not None and at > stop.due:
                late += at - stop.due
            here = one
        return driven + LATE * late

    def seeds(self) -> list[list[int]]:
        """Orders to begin with: from the nearest ones on to the next nearest, and by what is due first."""
        count = len(self.stops)
        near = sorted(range(count), key=lambda one: self.out[one])
        due = sorted(
            range(count), key=lambda one: (self.stops[one].due is None, self.stops[one].due or 0.0, self.out[one])
        )
        return [self._nearest(one) for one in near[:_SEEDS]] + [due]

    def _nearest(self, begin: int) -> list[int]:
        trip, left = [begin], set(range(len(self.stops))) - {begin}
        while left:
            ways = self.ways[trip[-1]]
            one = min(left, key=lambda other: (ways[other], other))
            trip.append(one)
            left.remove(one)
        return trip

    def bettered(self, trip: list[int]) -> tuple[list[int], float]:
        """Turn and move parts of an order as long as that makes it cheaper."""
        best, cost = list(trip), self.cost(trip)
        for _ in range(_ROUNDS):
            before = cost
            for change in _changes(len(best)):
                other = change.of(best)
                price = self.cost(other)
                if price < cost - SLACK:
                    best, cost = other, price
            if cost >= before - SLACK:
                break
        return best, cost


@dataclass(frozen=True, slots=True)
class _Change:
    """The part from `i` to `j` turned round, or taken out and put back at `to`; or those two exchanged."""

    i: int
    j: int
    to: int | None = None
    swaps: bool = False

    def of(self, trip: list[int]) -> list[int]:
        i, j = self.i, self.j
        if self.swaps:
            return [*trip[:i], trip[j], *trip[i + 1 : j], trip[i], *trip[j + 1 :]]
        if self.to is None:
            return trip[:i] + trip[i:j][::-1] + trip[j:]
        rest = trip[:i] + trip[j:]
        return rest[: self.to] + trip[i:j] + rest[self.to :]


@lru_cache(maxsize=64)
def _changes(count: int) -> tuple[_Change, ...]:
    """Every change of an order of so many stops: 2-opt, Or-opt of short runs, exchanges."""
    turned = [_Change(i, j) for i in range(count - 1) for j in range(i + 2, count + 1)]
    moved = [
        _Change(i, i + size, to)
        for size in range(1, min(_RUN, count - 1) + 1)
        for i in range(count - size + 1)
        for to in range(count - size + 1)
        if to != i
    ]
    swapped = [_Change(i, j, swaps=True) for i in range(count - 1) for j in range(i + 2, count)]
    return (*turned, *moved, *swapped)
