"""Which run a vehicle is on whose operator names the line alone: the one that should be nearest to where it is now.

Method, an estimate and said to be one: the vehicle is set down on the straight ways between the stops of every run of its
line that is under way; from where it lies on the way comes the time at which the timetable has the run there. What a run
costs is how far that time is from now, and a little for lying off the way or heading elsewhere; a run the vehicle was on
before costs less. Vehicles and runs are then paired so that all together cost least (Kuhn 1955), each run once.
What is found this way is never counted as punctuality: it was chosen for being near its time. Pure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dothi.transit.realtime import metres

OFF = 250.0  # metres off the straight way between two stops
EARLY, LATE = 5 * 60, 30 * 60  # seconds before and behind the timetable
_OFF_COST = 0.3  # seconds for every metre off the way
_TURNED, _TURNED_COST = 100.0, 150.0  # degrees between where it heads and where the way goes
_STAYS = 240.0  # seconds cheaper: the run it was on before
_NEVER = 1e7


@dataclass(frozen=True, slots=True)
class Point:
    """A call with a time. second: of the service day; lat, lon: degrees."""

    sequence: int
    second: int
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a line. run: its start, of a trip by frequency; now: the second of its service day that it is, moved by the run."""

    trip_id: str
    day: int
    run: int
    now: int
    points: tuple[Point, ...]

    @property
    def key(self) -> tuple[str, int, int]:
        """What names it."""
        return self.trip_id, self.day, self.run


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a vehicle is and where it heads. before: the run it was on."""

    vehicle: str
    lat: float
    lon: float
    bearing: float | None
    before: tuple[str, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A vehicle on a run. sequence: of the stop it comes to; behind: seconds behind the timetable, less than 0 before it."""

    run: Run
    sequence: int
    behind: int


def place(spots: Sequence[Spot], runs: Sequence[Run]) -> dict[str, Placed]:
    """The run of each vehicle of one line, by vehicle; those that fit none are left out."""
    if not spots or not runs:
        return {}
    from scipy.optimize import linear_sum_assignment

    options = [[_best(spot, run) for run in runs] for spot in spots]
    costs = [[one[0] if one is not None else _NEVER for one in row] for row in options]
    found: dict[str, Placed] = {}
    for i, j in zip(*linear_sum_assignment(costs), strict=True):
        one = options[i][j]
        if one is not None:
            found[spots[i].vehicle] = one[1]
    return found


def _best(spot: Spot, run: Run) -> tuple[float, Placed] | None:
    best: tuple[float, Placed] | None = None
    for start, end in zip(run.points, run.points[1:], strict=False):
        share, off = _on(spot, start, end)
        behind = round(run.now - (start.second + share * (end.second - start.second)))
        if off > OFF or not -EARLY <= behind <= LATE:
            continue
        cost = abs(behind) + _OFF_COST * off + (_TURNED_COST if _turned(spot, start, end) else 0)
        cost -= _STAYS if run.key == spot.before else 0
        if best is None or cost < best[0]:
            best = cost, Placed(run, end.sequence, behind)
    return best


def _on(spot: Spot, start: Point, end: Point) -> tuple[float, float]:
    """How far along the straight way a vehicle is, 0 to 1, and how many metres off it."""
    wide = math.cos(math.radians(start.lat))
    dx, dy = (end.lon - start.lon) * wide, end.lat - start.lat
    length = dx * dx + dy * dy
    share = 0.0 if length == 0 else ((spot.lon - start.lon) * wide * dx + (spot.lat - start.lat) * dy) / length
    share = min(1.0, max(0.0, share))
    lat, lon = start.lat + share * (end.lat - start.lat), start.lon + share * (end.lon - start.lon)
    return share, metres(spot.lat, spot.lon, lat, lon)


def _turned(spot: Spot, start: Point, end: Point) -> bool:
    if spot.bearing is None or (start.lat, start.lon) == (end.lat, end.lon):
        return False
    wide = math.cos(math.radians(start.lat))
    way = math.degrees(math.atan2((end.lon - start.lon) * wide, end.lat - start.lat))
    return abs((way - spot.bearing + 180) % 360 - 180) > _TURNED
