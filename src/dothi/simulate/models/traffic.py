# mypy: disable-error-code="no-any-return"
"""Signals that fail now and then and flash amber at night; car parks that fill by what stands beside them."""

import numpy as np

from dothi.simulate import calendar
from dothi.simulate.model import Site, models
from dothi.simulate.noise import Floats, Times, random, smooth

_HOUR = 3_600_000_000  # µs
# of each kind of car park: the hours (and widths) it is fullest, how full then, and how full on days off
_FULL: dict[str, tuple[tuple[tuple[float, float], ...], float, float]] = {
    "market": (((7.5, 2.5), (16.5, 2.5)), 0.96, 1.05), "hospital": (((9.0, 3.0), (15.0, 2.8)), 0.98, 0.7),
    "office": (((10.0, 3.2), (15.0, 2.6)), 0.9, 0.3), "evening": (((19.5, 2.4),), 0.92, 1.08),
}  # fmt: skip


@models("signal-state", history=900, live=60)
def _signal(site: Site, times: Times) -> Floats:
    """Flashing amber from 22:30 to 5:00; dark for an hour or two once in some weeks, very rarely green both ways."""
    hour = calendar.hour(times)
    night = np.where((hour >= 22.5) | (hour < 5), 1.0, 0.0)
    luck = random(site.seed + 31, times // (2 * _HOUR))
    return np.where(luck > 0.9995, 3.0, np.where(luck > 0.988, 2.0, night))


def _taken(site: Site, times: Times) -> Floats:
    peaks, most, off = _FULL.get(str(site.said.get("kind", "office")), _FULL["office"])
    hour = calendar.hour(times)
    busy = np.max([np.exp(-((((hour - at + 12) % 24 - 12) / width) ** 2)) for at, width in peaks], axis=0)
    share = (0.08 + (most - 0.08) * busy) * np.where(calendar.weekend(times) > 0, off, 1.0)
    return np.clip(share + 0.05 * smooth(site.seed, times, 2400), 0, 1)


@models("parking-free", history=900, live=300)
def _parking_free(site: Site, times: Times) -> Floats:
    return np.round(float(site.said.get("spaces", 80)) * (1 - _taken(site, times)))


@models("parking-occupancy", history=900, live=300)
def _parking_occupancy(site: Site, times: Times) -> Floats:
    return np.round(100 * _taken(site, times))
