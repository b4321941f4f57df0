# mypy: disable-error-code="no-any-return"
"""Supply zones: people's use by the hour, leakage by pressure, chlorine that fades on the way; tanks and pumps."""

import numpy as np

from dothi.simulate import calendar
from dothi.simulate.model import Site, models
from dothi.simulate.noise import Floats, Times, jitter, random, smooth

_LITRES = 128.0  # a person and day


def _hump(hour: Floats, at: float, width: float) -> Floats:
    return np.exp(-((((hour - at + 12) % 24 - 12) / width) ** 2))


def _demand(times: Times) -> Floats:
    """Use against the day's mean: three humps and a quiet night, when a person uses 0.6 litres an hour. Its mean is 1."""
    hour = calendar.hour(times)
    return 0.11 + 2.0 * _hump(hour, 6.4, 1.8) + 1.3 * _hump(hour, 11.7, 2.6) + 2.02 * _hump(hour, 18.5, 2.5)


def _bursts(site: Site, times: Times) -> Floats:
    """A burst once in some weeks, mended within a day."""
    day = times // 86_400_000_000
    hours = (times // 3_600_000_000) % 24
    begin = 3 + 12 * random(site.seed + 21, day)
    struck = random(site.seed + 22, day) > 0.975
    return struck & (hours >= begin) & (hours < begin + 9)


def _zone(site: Site) -> tuple[float, float]:
    """(people, share of the inflow that leaks)."""
    return float(site.said.get("people", 6000)), float(site.said.get("leaks", 0.18))


@models("zone-inflow", live=60, days=400)
def _inflow(site: Site, times: Times) -> Floats:
    people, leaks = _zone(site)
    mean = people * _LITRES / 1000 / 24
    used = mean * _demand(times) * (1 + 0.05 * smooth(site.seed, times, 9000)) * (1 + 0.04 * calendar.weekend(times))
    lost = mean * leaks / (1 - leaks) * (1 + 0.25 * (1 - _demand(times) / 2))
    return np.round(used + lost * (1 + 2.2 * _bursts(site, times)) + 0.3 * jitter(site.seed, times), 1)


@models("pipe-pressure", live=60)
def _pressure(site: Site, times: Times) -> Floats:
    usual = float(site.said.get("bar", 2.3))
    drop = 0.3 * np.maximum(_demand(times) - 0.8, 0)
    made = usual - drop - 1.5 * _bursts(site, times) + 0.08 * smooth(site.seed, times, 6000)
    return np.round(np.maximum(made + 0.02 * jitter(site.seed, times), 0.05), 2)


@models("residual-chlorine", live=120)
def _chlorine(site: Site, times: Times) -> Floats:
    usual = float(site.said.get("chlorine", 0.45))
    low = np.where(random(site.seed + 23, times // (6 * 3_600_000_000)) > 0.985, 0.35, 1.0)  # a pump that clogs
    made = usual * low * (1 + 0.15 * smooth(site.seed + 3, times, 20_000))
    return np.round(np.maximum(made + 0.01 * jitter(site.seed, times), 0), 2)


@models("tap-turbidity", live=120)
def _turbidity(site: Site, times: Times) -> Floats:
    stirred = 3.2 * _bursts(site, times)
    return np.round(np.maximum(0.45 + 0.2 * smooth(site.seed + 4, times, 15_000) + stirred, 0.1), 2)


@models("tank-level", live=60)
def _tank(site: Site, times: Times) -> Floats:
    hour = calendar.hour(times)
    return np.round(
        np.clip(66 + 20 * np.cos(2 * np.pi * (hour - 4.5) / 24) + 4 * smooth(site.seed, times, 9000), 5, 100)
    )


@models("pump-power", live=60)
def _pumps(site: Site, times: Times) -> Floats:
    return np.round(float(site.said.get("kw", 90)) * np.clip(0.4 + 0.28 * _demand(times), 0.2, 1.1))
