# mypy: disable-error-code="no-any-return"
"""Public buildings: power by hour, day and outside temperature; one in eight wastes at night; rooftop solar."""

import numpy as np

from dothi.kit import clock
from dothi.simulate import calendar
from dothi.simulate.model import MODELS, Model, Site, models
from dothi.simulate.noise import Floats, Times, jitter, random, smooth

_COMFORT = 24.0  # °C outside, above which cooling is needed


def _power(site: Site, times: Times) -> Floats:
    """Base load, work by the clock, cooling by the temperature; what a measure saves from its day on."""
    peak, kind = float(site.said.get("peak_kw", 80)), str(site.said.get("kind", "office"))
    hour, free = calendar.hour(times), calendar.weekend(times)
    if kind == "hospital":
        work = 0.55 + 0.3 * np.exp(-(((hour - 12) / 5.5) ** 2))
    else:
        begin, end = (6.5, 17.0) if kind == "school" else (7.0, 17.3)
        ramp = 1 / (1 + np.exp(-4 * (hour - begin))) * 1 / (1 + np.exp(4 * (hour - end)))
        work = 0.08 + 0.62 * ramp * (1 - 0.85 * free)
    warm = np.maximum(MODELS["air-temperature"](site, times) - _COMFORT, 0)
    cooling = 0.045 * warm * (work > 0.2)
    wasted = 0.24 if random(site.seed, np.array([7]))[0] < 0.12 else 0.0
    night = ((hour >= 20) | (hour < 6)) * wasted * (smooth(site.seed + 3, times, 3 * 86_400) > -0.2)
    since = site.said.get("saves_since")  # ISO 8601
    saved = float(site.said.get("saves", 0.0)) * (times >= clock.parse(str(since))) if since else 0.0
    return peak * np.maximum((work + cooling + night) * (1 - saved) + 0.02 * jitter(site.seed, times), 0.01)


@models("building-power", history=3600, live=60)
def _building_power(site: Site, times: Times) -> Floats:
    return np.round(_power(site, times), 1)


def _over_the_hour(model: Model, site: Site, times: Times) -> Floats:
    quarter = clock.HOUR // 4
    return np.mean([model(site, times - n * quarter) for n in range(4)], axis=0)


@models("building-energy", history=3600, live=3600, days=400)
def _building_energy(site: Site, times: Times) -> Floats:
    return np.round(_over_the_hour(_power, site, times), 1)


@models("power-factor", history=3600, live=300)
def _power_factor(site: Site, times: Times) -> Floats:
    usual = 0.87 if random(site.seed, np.array([8]))[0] < 0.06 else 0.95
    return np.round(np.clip(usual + 0.015 * smooth(site.seed + 4, times, 9000), 0.6, 1), 2)


def _sunny(site: Site, times: Times) -> Floats:
    peak = float(site.said.get("solar_kwp", 40))
    return peak * 0.82 * MODELS["solar-radiation"](site, times) / 1000


@models("solar-power", history=3600, live=60)
def _solar_power(site: Site, times: Times) -> Floats:
    return np.round(_sunny(site, times), 1)


@models("solar-energy", history=3600, live=3600, days=400)
def _solar_energy(site: Site, times: Times) -> Floats:
    return np.round(_over_the_hour(_sunny, site, times), 1)
