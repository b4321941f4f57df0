# mypy: disable-error-code="no-any-return"
"""Chimneys and outlets: what leaves an enterprise while it works, and the hours when something goes wrong."""

import numpy as np

from dothi.simulate import calendar
from dothi.simulate.model import Site, models
from dothi.simulate.noise import Floats, Times, jitter, random, smooth


def _load(site: Site, times: Times) -> Floats:
    """Share of full load: two shifts on workdays, a trickle otherwise."""
    hour, free = calendar.hour(times), calendar.weekend(times)
    shift = 1 / (1 + np.exp(-3 * (hour - 6))) * 1 / (1 + np.exp(3 * (hour - 21)))
    return np.clip(0.12 + 0.8 * shift * (1 - 0.6 * free) + 0.06 * smooth(site.seed, times, 7000), 0.05, 1.05)


def _trouble(site: Site, times: Times, of: int) -> Floats:
    """Now and then a filter fails for some hours: about once in two weeks."""
    turn = times // (3 * 3_600_000_000)
    return np.where(random(site.seed + of, turn) > 0.99, 1.75, 1.0)


def _reading(site: Site, times: Times, of: int, limit: str, usual: float, share: float) -> Floats:
    allowed = float(site.said.get(limit, usual))
    noise = 1 + 0.1 * smooth(site.seed + of, times, 5400) + 0.03 * jitter(site.seed + of, times)
    return np.round(np.maximum(allowed * share * _load(site, times) * _trouble(site, times, of) * noise, 0))


@models("stack-dust", live=120)
def _dust(site: Site, times: Times) -> Floats:
    return _reading(site, times, 11, "limit_dust", 200, 0.7)


@models("stack-so2", live=120)
def _so2(site: Site, times: Times) -> Floats:
    return _reading(site, times, 12, "limit_so2", 500, 0.55)


@models("stack-nox", live=120)
def _nox(site: Site, times: Times) -> Floats:
    return _reading(site, times, 13, "limit_nox", 850, 0.5)


@models("effluent-cod", live=120)
def _cod(site: Site, times: Times) -> Floats:
    return _reading(site, times, 14, "limit_cod", 150, 0.68)


@models("effluent-flow", live=120)
def _flow(site: Site, times: Times) -> Floats:
    return np.round(float(site.said.get("flow", 40)) * _load(site, times), 1)
