# mypy: disable-error-code="no-any-return"
"""Hospitals: beds in use by season and hour of the week, intensive care, waiting in emergency."""

import numpy as np

from dothi.simulate import calendar
from dothi.simulate.model import Site, models
from dothi.simulate.noise import Floats, Times, jitter, smooth


def _beds(site: Site) -> float:
    return float(site.said.get("beds", 300))


def _share(site: Site, times: Times) -> Floats:
    """Occupied beds as a share: fuller in the dengue season (June to November) and on Mondays to Thursdays."""
    season = 0.06 * np.cos(2 * np.pi * (calendar.day_of_year(times) - 270) / 365)
    week = 0.04 * (1 - calendar.weekend(times))
    drift = 0.07 * smooth(site.seed, times, 9 * 86_400) + 0.02 * smooth(site.seed + 1, times, 20_000)
    return np.clip(float(site.said.get("usual", 0.86)) + season + week + drift, 0.4, 1.15)


@models("bed-occupancy", live=300)
def _occupancy(site: Site, times: Times) -> Floats:
    return np.round(100 * _share(site, times))


@models("beds-free", live=300)
def _free(site: Site, times: Times) -> Floats:
    return np.round(np.maximum(_beds(site) * (1 - _share(site, times)), 0))


@models("icu-free", live=300)
def _intensive(site: Site, times: Times) -> Floats:
    beds = max(_beds(site) * 0.04, 4)
    return np.round(np.clip(beds * (1.05 - _share(site, times)) + 1.2 * smooth(site.seed + 2, times, 40_000), 0, beds))


@models("emergency-waiting", live=300)
def _waiting(site: Site, times: Times) -> Floats:
    hour = calendar.hour(times)
    busy = np.exp(-((((hour - 9.5 + 12) % 24 - 12) / 3.0) ** 2)) + 0.8 * np.exp(
        -((((hour - 19.5 + 12) % 24 - 12) / 2.5) ** 2)
    )
    return np.round(np.maximum(9 + 26 * busy * _share(site, times) ** 2 + 4 * jitter(site.seed, times), 2))
