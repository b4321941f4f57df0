"""The scripted day: high tide with heavy rain, an air-quality episode, a dead sensor and a flapping one.

It lies over the plain physics and, like them, is a pure function of place and time. The script is told in minutes about an
anchor, the demo's start: whenever that is, the past hours hold a tide and a smoky morning that are over, the river
stands above alarm level II and some streets are under water now, and the worst is yet to come. After eight hours the
day begins again. Everything is invented; places and levels are those of cities/tan-an.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dothi.kit import clock
from dothi.simulate.noise import Floats, Times

MINUTE = 60 * clock.SECOND
BEGINS, ENDS = -960, 480  # minutes about the anchor: one whole day
FADE = 60  # minutes in which the script takes over from the plain physics
_KEPT = 60 * MINUTE  # a demo started again within this time goes on with its day
_KM = 111.32  # of a degree of latitude
NAMES = ("day", "calm")

# a curve: (minute, value) where it turns; between them it goes smoothly and without overshoot
Knots = tuple[tuple[float, float], ...]

# m above the station's datum. Alarm levels I, II, III of HYD-TANAN: 1.20, 1.40, 1.60
RIVER: Knots = ((-960, 0.42), (-700, 1.32), (-400, 0.32), (-215, 0.30), (75, 1.78), (400, 0.35), (480, 0.42))
# mm/h in the middle of the storm
RAIN: Knots = (
    (-960, 0), (-800, 0), (-770, 9), (-735, 0),  # a shower before dawn
    (-80, 0), (-45, 26), (-20, 48), (15, 78), (45, 40), (85, 5), (120, 0),
)  # fmt: skip
STORM = (106.4150, 10.5390, 3.0)  # lon, lat, radius in km
# µg/m³ of PM2.5 above the usual in the middle of the plume
SMOKE: Knots = ((-960, 0), (-660, 0), (-570, 95), (-510, 175), (-420, 165), (-330, 45), (-270, 0))
PLUME = (106.3800, 10.5560, 1.4)  # beside the expressway junction
# cm of water on the street at each sensor that floods
STREETS: dict[str, Knots] = {
    "FLD-005": ((-50, 0), (-12, 24), (15, 41), (60, 43), (150, 0)),
    "FLD-006": ((-28, 0), (12, 26), (55, 57), (80, 57), (185, 0)),
    "FLD-008": ((-40, 0), (2, 26), (30, 36), (70, 36), (145, 0)),
    "FLD-009": ((-10, 0), (30, 22), (75, 22), (120, 0)),
    "FLD-013": ((-5, 0), (38, 34), (80, 34), (140, 0)),
}
# sensors that say nothing between two minutes
SILENT: dict[str, tuple[tuple[float, float], ...]] = {
    "CAN-05": ((-47, 420),),  # dead: its battery is flat
    "RAIN-04": ((-560, -430),),  # was mended
}
# a loose cable: the reading jumps between the water that is there and one that is not
FLAPPING = {"FLD-032": (-95.0, 70.0)}
_JUMP = 35.0  # cm
_FLAP = 4.0  # minutes in each position


def curve(knots: Knots, minutes: Floats) -> Floats:
    """The value of a curve at these minutes; before its first and after its last turn it stays."""
    made = np.full(len(minutes), float(knots[0][1]))
    for (start, low), (end, high) in pairwise(knots):
        part = np.clip((minutes - start) / (end - start), 0, 1)
        made += (high - low) * part * part * (3 - 2 * part)
    return made


def near(lon: float, lat: float, spot: tuple[float, float, float]) -> float:
    """How strongly a patch is felt at a place: 1 in its middle, 0.61 at its radius."""
    east = (lon - spot[0]) * _KM * float(np.cos(np.radians(lat)))
    north = (lat - spot[1]) * _KM
    return float(np.exp(-(east**2 + north**2) / (2 * spot[2] ** 2)))


def _soft(values: Floats, usual: float, spread: float) -> Floats:
    """Values drawn towards the usual, so that none goes further from it than the spread."""
    return usual + spread * np.tanh((values - usual) / spread)


# what else the city reads keeps to itself on this day: (usual, greatest distance from it)
_QUIET = {
    "salinity": (0.3, 0.5), "noise": (62.0, 10.0), "fill-level": (45.0, 34.0), "lamps-failed": (2.5, 2.5),
    "o3": (45.0, 40.0), "no2": (25.0, 30.0), "so2": (10.0, 8.0), "turbidity": (45.0, 40.0),
    "bin-temperature": (29.0, 7.0), "wind-speed": (3.0, 4.0),
}  # fmt: skip


@dataclass(frozen=True)
class Day:
    """The scripted day about its anchor, µs UTC."""

    anchor: int
    streets: dict[str, Knots] = field(default_factory=lambda: STREETS, compare=False, repr=False)

    def minutes(self, times: Times) -> Floats:
        """Minutes of the script at these instants, from -960 up to 480."""
        return ((times - self.anchor) / MINUTE - BEGINS) % (ENDS - BEGINS) + BEGINS

    def weight(self, times: Times) -> Floats:
        """How far the script has taken over: 0 long before the anchor, 1 from its day's beginning on."""
        part = np.clip(((times - self.anchor) / MINUTE - BEGINS + FADE) / FADE, 0, 1)
        return part * part * (3 - 2 * part)

    def _blend(self, times: Times, plain: Floats, scripted: Floats) -> Floats:
        weight = self.weight(times)
        return np.asarray(plain * (1 - weight) + scripted * weight)

    def river(self, times: Times, plain: Floats, delay: float) -> Floats:
        """River stage, m. delay: minutes until the tide is there."""
        return self._blend(times, plain, curve(RIVER, self.minutes(times - int(delay * MINUTE))))

    def rain(self, times: Times, lon: float, lat: float, plain: Floats) -> Floats:
        """Rain at a place, mm/h."""
        return self._blend(times, plain, curve(RAIN, self.minutes(times)) * near(lon, lat, STORM))

    def particles(self, times: Times, lon: float, lat: float, plain: Floats) -> Floats:
        """PM2.5 at a place, µg/m³."""
        smoke = curve(SMOKE, self.minutes(times)) * near(lon, lat, PLUME)
        return self._blend(times, plain, _soft(plain, 18.0, 9.0) + smoke)

    def flood(self, times: Times, code: str, plain: Floats) -> Floats:
        """Water on the street at a sensor, cm."""
        minutes = self.minutes(times)
        scripted = curve(self.streets[code], minutes) if code in self.streets else 9 * np.tanh(plain / 20)
        if code in FLAPPING:
            begin, end = FLAPPING[code]
            up = np.floor((minutes - begin) / _FLAP) % 2 == 1
            scripted = np.where((minutes >= begin) & (minutes < end) & up, _JUMP, np.minimum(scripted, 3))
        return self._blend(times, plain, scripted)

    def quiet(self, prop: str, times: Times, plain: Floats) -> Floats:
        """A property the script does not tell of, without extremes that would take the eye off it."""
        if prop not in _QUIET:
            return plain
        digits = 2 if prop == "salinity" else 0 if prop in ("fill-level", "lamps-failed", "turbidity") else 1
        return np.asarray(np.round(self._blend(times, plain, _soft(plain, *_QUIET[prop])), digits))

    def silent(self, code: str, times: Times, plain: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """When a thing says nothing: on this day only what the script says."""
        minutes, here = self.minutes(times), self.weight(times) > 0
        made = np.where(here, False, plain)
        for begin, end in SILENT.get(code, ()):
            made |= here & (minutes >= begin) & (minutes < end)
        return made

    def __str__(self) -> str:
        return f"day@{self.anchor}"


def read(text: str) -> Day | None:
    """The day written by str(); nothing for a calm one."""
    name, _, anchor = text.partition("@")
    return Day(int(anchor)) if name == "day" else None


def chosen(name: str, now: int, kept: Path) -> Day | None:
    """The day a demo that starts now has; one started again within the hour goes on with the day it had.

    kept: the file that remembers it.
    """
    if name != "day":
        kept.unlink(missing_ok=True)
        return None
    if kept.exists():
        had = read(kept.read_text("utf-8").strip())
        if had is not None and 0 <= now - had.anchor < _KEPT:
            return had
    day = Day(now // MINUTE * MINUTE)
    kept.write_text(str(day), "utf-8")
    return day
