"""River stage from harmonic constituents: real astronomy, assumed amplitudes.

Speeds and equilibrium arguments: Schureman, Manual of Harmonic Analysis and Prediction of Tides (1958), tables 1-2;
mean longitudes at J2000 after Meeus, Astronomical Algorithms. Amplitudes and phase lags are ASSUMED so that range
(1.5 to 2.2 m at springs) and clock times (about 1-7 h and 17-19 h) are those reported for Tân An; they are not
measured constants of the station.
"""

from dataclasses import dataclass

import numpy as np

from dothi.kit import clock
from dothi.simulate.calendar import day_of_year
from dothi.simulate.noise import Floats, Times, smooth

_J2000 = clock.parse("2000-01-01T12:00:00Z")
# mean longitudes at J2000 in degrees: moon, sun, lunar perigee; the hour angle of the mean sun is 0 at noon
_S, _H, _P = 218.3165, 280.4661, 83.3532
# constituent: (speed in degrees an hour, equilibrium argument at J2000 in degrees)
_CONSTITUENTS = {
    "M2": (28.9841042, 2 * (_H - _S)),
    "S2": (30.0, 0.0),
    "N2": (28.4397295, 2 * _H - 3 * _S + _P),
    "K2": (30.0821373, 2 * _H),
    "K1": (15.0410686, _H - 90),
    "O1": (13.9430356, _H - 2 * _S + 90),
    "P1": (14.9589314, 90 - _H),
    "Q1": (13.3986609, _H - 3 * _S + _P + 90),
}
# assumed at Tân An: amplitude in metres, phase lag in degrees (Greenwich)
_ASSUMED = {
    "M2": (0.42, 255.0), "S2": (0.17, 300.0), "N2": (0.09, 232.0), "K2": (0.05, 298.0),
    "K1": (0.27, 205.0), "O1": (0.20, 155.0), "P1": (0.09, 200.0), "Q1": (0.04, 130.0),
}  # fmt: skip


@dataclass(frozen=True)
class Reach:
    """How the tide arrives somewhere: share of its height, delay in minutes, local mean level in metres.

    season: what the flood season adds at its height, m; season_day: the day of the year of it; per_mm: m a mm of rain in
    the catchment adds, small where a river is wide and tidal, large where it comes down from hills.
    """

    share: float = 1.0
    delay: float = 0.0
    mean: float = 0.45
    season: float = 0.38
    season_day: float = 293
    per_mm: float = 0.0025


def tide(times: Times, reach: Reach) -> Floats:
    """Astronomical tide about mean level, metres."""
    hours = (times - _J2000) / 3.6e9 - reach.delay / 60
    height = np.zeros(len(times))
    for name, (speed, argument) in _CONSTITUENTS.items():
        amplitude, lag = _ASSUMED[name]
        height += amplitude * np.cos(np.radians(speed * hours + argument - lag))
    return reach.share * height


def flood_season(times: Times, reach: Reach = Reach()) -> Floats:
    """The flood season's part of the mean level, metres: the Mekong's is highest in the second half of October."""
    apart = (day_of_year(times) - reach.season_day + 182) % 365 - 182
    return reach.season * np.exp(-((apart / 34) ** 2))


def stage(times: Times, reach: Reach, rain: Floats) -> Floats:
    """River stage above the station's datum, metres. rain: mm fallen in the hours before, fading."""
    surge = 0.05 * smooth(41, times, 5 * 3600) + 0.04 * smooth(42, times, 30 * 3600)
    return reach.mean + flood_season(times, reach) + tide(times, reach) + surge + reach.per_mm * rain
