# mypy: disable-error-code="no-any-return"
"""Fields: water in the soil and on the paddy, filled by rain, dried by the sun, watered every few days."""

import numpy as np

from dothi.simulate import calendar, rain
from dothi.simulate.model import Site, models
from dothi.simulate.noise import Floats, Times, jitter, smooth

_DAY = 86_400e6  # µs


@models("soil-moisture", live=300)
def _soil(site: Site, times: Times) -> Floats:
    wet = rain.standing(times, site.lon, site.lat, site.centre, fade=2200, hours=48, scripted=site.day)
    dry_season = 0.5 + 0.5 * np.cos(2 * np.pi * (calendar.day_of_year(times) - 60) / 365)
    turn = (times / _DAY + site.seed % 5) % 5  # days since it was watered
    made = 34 - 9 * dry_season - 1.7 * turn + 0.25 * wet + 2 * smooth(site.seed, times, 40_000)
    return np.round(np.clip(made + 0.4 * jitter(site.seed, times), 4, 52))


@models("field-water-depth", live=300)
def _paddy(site: Site, times: Times) -> Floats:
    wet = rain.standing(times, site.lon, site.lat, site.centre, fade=1500, hours=36, scripted=site.day)
    turn = (times / _DAY + site.seed % 7) % 7
    return np.round(np.clip(5 - 2.6 * turn + 0.22 * wet + 0.5 * jitter(site.seed, times), -25, 35))
