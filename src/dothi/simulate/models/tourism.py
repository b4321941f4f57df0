# mypy: disable-error-code="no-any-return"
"""Visitors by hour and season, rooms taken, the sea."""

import numpy as np

from dothi.simulate import calendar, rain
from dothi.simulate.model import MODELS, Site, models
from dothi.simulate.noise import Floats, Times, jitter, smooth


def _present(site: Site, times: Times) -> Floats:
    """People there as a share of what the place holds: shut places are empty, weekends fuller, rain keeps them away."""
    said = site.said
    hour, free = calendar.hour(times), calendar.weekend(times)
    begin, end = float(said.get("opens", 7)), float(said.get("closes", 17))
    peak = end - 2.5 if said.get("evening") else (begin + end) / 2
    bell = np.exp(-(((hour - peak) / max((end - begin) / 3.2, 1.2)) ** 2))
    is_open = (hour >= begin) & (hour < end)
    wet = np.tanh(rain.intensity(times, site.lon, site.lat, site.centre, site.day) / 12)
    season = 1 + 0.15 * np.cos(2 * np.pi * (calendar.day_of_year(times) - 180) / 365)
    share = 0.42 * bell * season * (1 + 0.75 * free) * (1 - 0.6 * wet) * (1 + 0.15 * smooth(site.seed, times, 7200))
    return np.where(is_open, np.maximum(share, 0), 0)


@models("crowding", live=300)
def _crowding(site: Site, times: Times) -> Floats:
    return np.round(100 * _present(site, times))


@models("visitors", live=300)
def _visitors(site: Site, times: Times) -> Floats:
    return np.round(float(site.said.get("capacity", 500)) * 0.7 * _present(site, times))


@models("room-occupancy", history=86_400, live=3600, days=400)
def _rooms(site: Site, times: Times) -> Floats:
    season = 8 * np.cos(2 * np.pi * (calendar.day_of_year(times) - 190) / 365)
    taken = 54 + season + 14 * calendar.weekend(times) + 9 * smooth(site.seed, times, 6 * 86_400)
    return np.round(np.clip(taken + 3 * jitter(site.seed, times), 5, 100))


@models("wave-height", live=120)
def _waves(site: Site, times: Times) -> Floats:
    monsoon = 0.45 + 0.35 * np.cos(2 * np.pi * (calendar.day_of_year(times) - 350) / 365)
    blown = 0.09 * MODELS["wind-speed"](site, times)
    return np.round(np.maximum(monsoon + blown + 0.2 * smooth(site.seed, times, 30_000), 0.1), 1)
