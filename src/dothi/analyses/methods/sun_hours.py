"""sun-hours: lamps that burn by day or stay dark at night, by where the sun stood, and what that costs.

Source: the sun's elevation by the solar calculator of NOAA's Global Monitoring Laboratory, after Meeus, J. (1998),
Astronomical Algorithms, 2nd ed., ch. 25 (good to 0.02°). Day: the sun is above `day` degrees the whole hour; night: it
is below `night` degrees (civil twilight ends at -6°). A cabinet burns where it draws more than a share of its
installed power, or of the most it was seen to draw.
"""

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dothi.analyses.model import (
    NUMBER,
    WORD,
    Feature,
    Given,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    centre,
    hourly,
    local_day,
    rounded,
)
from dothi.kit import clock


class SunHours(Parameters):
    """day, night: degrees of the sun. on, off: shares of the installed power. price: VND/kWh, with its source."""

    day: float = Field(default=3.0, ge=-1, le=30)
    night: float = Field(default=-6.0, ge=-18, le=0)
    on: float = Field(default=0.2, gt=0, le=1)
    off: float = Field(default=0.05, ge=0, lt=1)
    price: float = Field(default=0, ge=0)
    price_source: str | None = None
    least_hours: int = Field(default=24, ge=1)


def elevation(at: NDArray[np.int64], lon: float, lat: float) -> NDArray[np.float64]:
    """Degrees of the sun above the horizon at instants (µs UTC), without the air's bending."""
    t = (np.asarray(at, float) / (clock.DAY) + 2440587.5 - 2451545.0) / 36525.0
    mean_lon = (280.46646 + t * (36000.76983 + t * 0.0003032)) % 360
    anomaly = np.radians(357.52911 + t * (35999.05029 - 0.0001537 * t))
    eccentric = 0.016708634 - t * (0.000042037 + 0.0000001267 * t)
    centre_ = (
        np.sin(anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t))
        + np.sin(2 * anomaly) * (0.019993 - 0.000101 * t)
        + np.sin(3 * anomaly) * 0.000289
    )
    node = np.radians(125.04 - 1934.136 * t)
    apparent = np.radians(mean_lon + centre_ - 0.00569 - 0.00478 * np.sin(node))
    tilt = np.radians(
        23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60 + 0.00256 * np.cos(node)
    )
    declination = np.arcsin(np.sin(tilt) * np.sin(apparent))
    y = np.tan(tilt / 2) ** 2
    long = np.radians(mean_lon)
    minutes = 4 * np.degrees(
        y * np.sin(2 * long) - 2 * eccentric * np.sin(anomaly) + 4 * eccentric * y * np.sin(anomaly) * np.cos(2 * long)
        - 0.5 * y * y * np.sin(4 * long) - 1.25 * eccentric**2 * np.sin(2 * anomaly)
    )  # fmt: skip
    of_day = (np.asarray(at, float) % clock.DAY) / clock.DAY * 1440
    hour_angle = np.radians(((of_day + minutes + 4 * lon) % 1440) / 4 - 180)
    high = np.radians(lat)
    up = np.sin(high) * np.sin(declination) + np.cos(high) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.degrees(np.arcsin(np.clip(up, -1, 1))), np.float64)


def run(given: Given, p: SunHours) -> list[Feature]:
    """One feature a cabinet."""
    made: list[Feature] = []
    for one in given.observations("power"):
        where = centre(one.shape)
        at, power = hourly(one)
        if where is None or len(at) < p.least_hours:
            continue
        installed = one.number("installed") or float(np.percentile(power, 95))
        if installed <= 0:
            continue
        ends = np.stack([elevation(at + part * clock.HOUR // 2, *where) for part in (0, 1, 2)])
        by_day, at_night = ends.min(axis=0) >= p.day, ends.max(axis=0) <= p.night
        burning, dark = by_day & (power > p.on * installed), at_night & (power < p.off * installed)
        wasted = float(power[burning].sum())
        days = len(np.unique(local_day(at)))
        made.append(Feature(one.key, {
            "name": one.text("name") or one.name or one.key, "hours": len(at), "days": days, "installed_kw": rounded(installed),
            "day_hours": int(by_day.sum()), "night_hours": int(at_night.sum()), "burning_hours": int(burning.sum()),
            "dark_hours": int(dark.sum()), "energy_kwh": rounded(float(power.sum()), 1), "wasted_kwh": rounded(wasted, 1),
            "cost_vnd": rounded(float(power.sum()) * p.price, 0) if p.price else None, "wasted_vnd": rounded(wasted * p.price, 0) if p.price else None,
            "last_burning": clock.iso(int(at[burning][-1])) if burning.any() else None,
            "last_dark": clock.iso(int(at[dark][-1])) if dark.any() else None,
            "state": "burns-by-day" if burning.any() else "dark-at-night" if dark.any() else "as-it-should",
        }, one.shape))  # fmt: skip
    if not made:
        raise TooLittle(
            f"chưa tủ nào có đủ {p.least_hours} giờ công suất", f"no cabinet has {p.least_hours} hours of power yet"
        )
    return made


METHOD = Method(
    code="sun-hours",
    says="Lamps that burn by day or stay dark at night, by the sun's elevation",
    source="NOAA solar calculator (Meeus 1998)",
    needs={
        "power": Need("observations", "power of each cabinet, kW, by the hour", {
            "installed": Role("installed power, kW; 95 % of the highest seen otherwise", NUMBER),
            "name": Role("what it is called; the thing's name otherwise", WORD),
        }),
    },
    parameters=SunHours,
    gives={
        "name": "string", "hours": "integer", "days": "integer", "installed_kw": "number", "day_hours": "integer",
        "night_hours": "integer", "burning_hours": "integer", "dark_hours": "integer", "energy_kwh": "number",
        "wasted_kwh": "number", "cost_vnd": "number", "wasted_vnd": "number", "last_burning": "date-time",
        "last_dark": "date-time", "state": "string",
    },
    run=run,
    shape="any",
)  # fmt: skip
