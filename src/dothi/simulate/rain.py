"""Showers that form, cross the city and die, by the season: a pure function of place and time."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dothi.simulate import climate
from dothi.simulate.noise import Floats, Times

if TYPE_CHECKING:
    from dothi.simulate.scenario import Day

_DAY = 86_400 * 1_000_000
_ZONE = 7 * 3600 * 1_000_000
# showers a day over Tân An, by month; shaped like the southern rainy season (May to November); elsewhere as much wetter as it is
_SHOWERS = (0.1, 0.05, 0.1, 0.4, 1.5, 1.8, 1.9, 1.9, 2.1, 2.2, 1.3, 0.4)
_KM = 111.32


@dataclass(frozen=True)
class Shower:
    """A moving patch of rain: times in µs UTC, place in degrees, speed in km/h, radius in km, peak in mm/h."""

    start: int
    seconds: float
    lon: float
    lat: float
    east: float
    north: float
    radius: float
    peak: float


@lru_cache(maxsize=128)
def showers(day: int, lon: float, lat: float) -> tuple[Shower, ...]:
    """The showers of a local day (days since 1970) near a city centre."""
    random = np.random.default_rng([day, 7])
    month = int((day % 365.2425) / 30.44) % 12
    made = []
    for _ in range(random.poisson(_SHOWERS[month] * climate.at(lon, lat).wetter(month))):
        late = random.random() < 0.75  # most come in the afternoon, after the day's heat
        hour = random.normal(15.5, 1.8) if late else random.uniform(0, 24)
        made.append(
            Shower(
                start=int(day * _DAY - _ZONE + hour * 3.6e9),
                seconds=float(random.uniform(20, 110) * 60),
                lon=lon + float(random.normal(0, 0.03)),
                lat=lat + float(random.normal(0, 0.03)),
                east=float(random.normal(6, 5)),
                north=float(random.normal(3, 5)),
                radius=float(random.uniform(1.2, 4.5)),
                peak=float(min(95.0, random.lognormal(2.9, 0.7))),
            )
        )
    return tuple(made)


def intensity(
    times: Times, lon: float, lat: float, centre: tuple[float, float], scripted: "Day | None" = None
) -> Floats:
    """Rain at a place, mm/h. scripted: the day that decides over the weather."""
    rain = np.zeros(len(times))
    if not len(times):
        return rain
    first, last = int((times.min() + _ZONE) // _DAY), int((times.max() + _ZONE) // _DAY)
    for day in range(first - 1, last + 1):
        for shower in showers(day, *centre):
            begin, end = shower.start, shower.start + int(shower.seconds * 1e6)
            inside = np.flatnonzero((times >= begin) & (times <= end))
            if not len(inside):
                continue
            age = (times[inside] - begin) / 1e6
            east = (lon - shower.lon) * _KM * np.cos(np.radians(lat)) - shower.east * age / 3600
            north = (lat - shower.lat) * _KM - shower.north * age / 3600
            near = np.exp(-(east**2 + north**2) / (2 * shower.radius**2))
            rain[inside] += shower.peak * near * np.sin(np.pi * age / shower.seconds) ** 2
    return rain if scripted is None else scripted.rain(times, lon, lat, rain)


def fallen(
    times: Times,
    lon: float,
    lat: float,
    centre: tuple[float, float],
    minutes: int,
    steps: int = 6,
    scripted: "Day | None" = None,
) -> Floats:
    """Rain of the `minutes` before each instant, mm."""
    step = minutes * 60_000_000 // steps
    samples = times[:, None] - np.arange(steps)[None, :] * step
    rates = intensity(samples.ravel(), lon, lat, centre, scripted).reshape(samples.shape)
    return np.asarray(rates.mean(axis=1) * minutes / 60)


def standing(
    times: Times,
    lon: float,
    lat: float,
    centre: tuple[float, float],
    fade: float,
    hours: float,
    scripted: "Day | None" = None,
) -> Floats:
    """Rain still there: the rain of the last hours, fading with a time constant of `fade` minutes, mm."""
    step = 10 * 60_000_000
    ages = np.arange(int(hours * 6))
    samples = times[:, None] - ages[None, :] * step
    rates = intensity(samples.ravel(), lon, lat, centre, scripted).reshape(samples.shape)
    return np.asarray((rates * np.exp(-ages * 10 / fade)[None, :]).sum(axis=1) / 6)
