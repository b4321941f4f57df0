# mypy: disable-error-code="no-any-return"
"""Pump stations: rain fills the sump, pumps start one after the other as it rises."""

import numpy as np

from dothi.simulate import rain
from dothi.simulate.model import Site, models
from dothi.simulate.noise import Floats, Times, jitter, smooth


def _inflow(site: Site, times: Times) -> Floats:
    """How full the catchment is, 0 on a dry day, 1 and more in heavy rain."""
    wet = rain.standing(times, site.lon, site.lat, site.centre, fade=55, hours=3, scripted=site.day)
    return wet / 26


def _running(site: Site, times: Times) -> Floats:
    pumps = float(site.said.get("pumps", 3))
    dry = (smooth(site.seed, times, 5400) > 0.35) * 1.0  # one pump by turns on a dry day
    return np.round(np.clip(np.maximum(dry, np.ceil(_inflow(site, times) * pumps - 0.15)), 0, pumps))


@models("pumps-running", history=1800, live=30)
def _pumps(site: Site, times: Times) -> Floats:
    return _running(site, times)


@models("pump-flow", history=1800, live=30)
def _flow(site: Site, times: Times) -> Floats:
    each = float(site.said.get("capacity", 5400)) / float(site.said.get("pumps", 3))
    return np.round(_running(site, times) * each * (0.94 + 0.03 * smooth(site.seed + 1, times, 4000)))


@models("sump-level", history=1800, live=30)
def _sump(site: Site, times: Times) -> Floats:
    made = 0.9 + 1.55 * np.minimum(_inflow(site, times), 1.6) + 0.15 * smooth(site.seed, times, 3600)
    return np.round(np.maximum(made + 0.02 * jitter(site.seed, times), 0.2), 2)
