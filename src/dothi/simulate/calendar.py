"""Hours, days and the sun as a city in Vietnam has them (UTC+7, no summer time)."""

import numpy as np

from dothi.simulate.noise import Floats, Times

_ZONE = 7 * 3600 * 1_000_000
_DAY = 86_400 * 1_000_000


def hour(times: Times) -> Floats:
    """Local hour of the day, 0 to 24."""
    return ((times + _ZONE) % _DAY) / 3.6e9


def day(times: Times) -> Times:
    """Local days since 1970."""
    return (times + _ZONE) // _DAY


def weekend(times: Times) -> Floats:
    """1 on Saturdays and Sundays, 0 otherwise (1 January 1970 was a Thursday)."""
    return ((day(times) + 3) % 7 >= 5).astype(np.float64)


def day_of_year(times: Times) -> Floats:
    """Day of the year, 0 to 366, near enough for seasons."""
    return (day(times) % 365.2425).astype(np.float64)


def sun_height(times: Times, lon: float, lat: float) -> Floats:
    """Sine of the sun's elevation; above 0 it is day.

    Declination and equation of time after Spencer (1971), good to about half a degree.
    """
    turn = 2 * np.pi * day_of_year(times) / 365.2425
    declination = 0.006918 - 0.399912 * np.cos(turn) + 0.070257 * np.sin(turn) - 0.006758 * np.cos(2 * turn)
    equation = 229.18 * (0.000075 + 0.001868 * np.cos(turn) - 0.032077 * np.sin(turn) - 0.014615 * np.cos(2 * turn))
    utc = (times % _DAY) / 3.6e9
    angle = np.radians(15 * (utc - 12) + lon + equation / 4)
    here = np.radians(lat)
    return np.asarray(np.sin(here) * np.sin(declination) + np.cos(here) * np.cos(declination) * np.cos(angle))
