# mypy: disable-error-code="no-any-return"
"""What each observed property would read at a place and time: one plain function a property.

Every function is pure: (site, times) -> values, so that history made in seconds and live values fit together.
Shapes are plausible for a southern Vietnamese city; nothing here is a measurement. Units as the sector packs say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from dothi.simulate import calendar, climate, rain
from dothi.simulate.noise import Floats, Times, jitter, random, seed_of, smooth
from dothi.simulate.scenario import Day
from dothi.simulate.tide import Reach, stage

_HERE = Reach()


@dataclass(frozen=True)
class Site:
    """Where a simulated thing stands. road: 0 (no traffic near) to 1 (a main road); ground: street level, m."""

    code: str
    lon: float
    lat: float
    centre: tuple[float, float]
    road: float = 0.5
    ground: float = 1.6
    reach: Reach = _HERE
    day: Day | None = None  # a scripted one
    said: Mapping[str, Any] = field(default_factory=dict, compare=False)  # the thing's own `properties.simulation`

    @property
    def seed(self) -> int:
        """The site's own random seed."""
        return seed_of(self.code)


Model = Callable[[Site, Times], Floats]
MODELS: dict[str, Model] = {}
PACE: dict[str, "Pace"] = {}


class Pace(NamedTuple):
    """Seconds between two values, in the history made at the start and live, and the days the history is to have."""

    history: int
    live: int
    days: int


def models(code: str, *, history: int = 3600, live: int = 30, days: int = 0) -> Callable[[Model], Model]:
    """Register the model of an observed property's code.

    history, live: seconds between two values; days: how far its history goes back where that is more than usual.
    """

    def keep(model: Model) -> Model:
        PACE[code] = Pace(history, live, days)
        MODELS[code] = model
        return model

    return keep


def _peak(hour: Floats, at: float, width: float) -> Floats:
    apart = (hour - at + 12) % 24 - 12
    return np.exp(-((apart / width) ** 2))


def traffic(site: Site, times: Times) -> Floats:
    """Traffic as a share of the road's capacity, about 0.03 at night to 0.95 in the rush."""
    hour, off = calendar.hour(times), calendar.weekend(times)
    rush = (1 - 0.55 * off) * (0.85 * _peak(hour, 7.0, 1.1) + 0.8 * _peak(hour, 17.2, 1.4))
    day = 0.42 * _peak(hour, 12.0, 5.5) + (0.1 + 0.15 * off) * _peak(hour, 19.5, 1.8)
    wobble = 1 + 0.12 * smooth(site.seed, times, 1500) + 0.05 * jitter(site.seed, times)
    return np.clip((0.04 + np.maximum(rush, day)) * wobble, 0.01, 1.15)


@models("traffic-flow", history=900, live=15)
def _flow(site: Site, times: Times) -> Floats:
    capacity = 700 + 2600 * site.road
    wet = rain.intensity(times, site.lon, site.lat, site.centre, site.day)
    return np.round(capacity * traffic(site, times) * (1 - 0.25 * np.tanh(wet / 30)))


@models("traffic-speed", history=900, live=15)
def _speed(site: Site, times: Times) -> Floats:
    free = 32 + 18 * site.road
    wet = np.tanh(rain.intensity(times, site.lon, site.lat, site.centre, site.day) / 30)
    load = traffic(site, times) / (1 - 0.25 * wet)
    # the Bureau of Public Roads curve: travel time grows with the fourth power of the load
    speed = free * (1 - 0.2 * wet) / (1 + 0.9 * load**4) + 1.5 * jitter(site.seed + 1, times)
    return np.round(np.maximum(speed, 3), 1)


def _particles(site: Site, times: Times) -> Floats:
    hour, season = calendar.hour(times), calendar.day_of_year(times)
    dry = 0.5 + 0.5 * np.cos(2 * np.pi * (season - 20) / 365)  # worst in January, when the air is still and dry
    stable = 0.75 + 0.45 * _peak(hour, 6.5, 3.2) + 0.3 * _peak(hour, 20.5, 3.0) - 0.25 * _peak(hour, 14.0, 3.0)
    region = 1 + 0.35 * smooth(11, times, 40 * 3600) + 0.15 * smooth(12, times, 9 * 3600)
    washed = np.exp(-rain.standing(times, site.lon, site.lat, site.centre, fade=90, hours=3, scripted=site.day) / 14)
    base = (11 + 24 * dry) * climate.at(*site.centre).dust * stable * region + 16 * site.road * traffic(site, times)
    local = 1 + 0.1 * smooth(site.seed, times, 5400) + 0.05 * jitter(site.seed, times)
    plain = np.maximum(base * washed * local, 2.0)
    return plain if site.day is None else site.day.particles(times, site.lon, site.lat, plain)


@models("pm25")
def _pm25(site: Site, times: Times) -> Floats:
    return np.round(_particles(site, times), 1)


@models("pm10")
def _pm10(site: Site, times: Times) -> Floats:
    coarse = 1.45 + 0.25 * site.road + 0.08 * smooth(site.seed + 2, times, 7200)
    return np.round(_particles(site, times) * coarse + 6, 1)


@models("tsp")
def _tsp(site: Site, times: Times) -> Floats:
    return np.round(_pm10(site, times) * 1.5 + 10, 1)


@models("no2")
def _no2(site: Site, times: Times) -> Floats:
    cars = 46 * (0.35 + site.road) * traffic(site, times)
    return np.round(np.maximum(7 + cars * (1 + 0.15 * smooth(site.seed + 3, times, 3600)), 2), 1)


@models("o3")
def _o3(site: Site, times: Times) -> Floats:
    sun = np.maximum(calendar.sun_height(times - 2 * 3_600_000_000, site.lon, site.lat), 0)  # ozone lags the sun
    made = 22 + 75 * sun * (1 + 0.2 * smooth(13, times, 20 * 3600))
    return np.round(np.maximum(made - 0.25 * _no2(site, times), 4), 1)


@models("so2")
def _so2(site: Site, times: Times) -> Floats:
    return np.round(
        np.maximum(9 + 4 * smooth(site.seed + 4, times, 10800) + 5 * site.road * traffic(site, times), 1), 1
    )


@models("co")
def _co(site: Site, times: Times) -> Floats:
    cars = 1900 * (0.3 + site.road) * traffic(site, times)
    return np.round(np.maximum(380 + cars + 60 * jitter(site.seed + 5, times), 150))


@models("noise", history=1800, live=20)
def _noise(site: Site, times: Times) -> Floats:
    cars = 10 * np.log10(np.maximum(traffic(site, times), 0.02) * (0.3 + site.road))
    return np.round(72 + cars + 1.5 * jitter(site.seed + 6, times), 1)


@models("rainfall", history=600)
def _rainfall(site: Site, times: Times) -> Floats:
    return np.round(rain.fallen(times, site.lon, site.lat, site.centre, minutes=10, scripted=site.day), 1)


@models("rainfall-1h")
def _rainfall_hour(site: Site, times: Times) -> Floats:
    return np.round(rain.fallen(times, site.lon, site.lat, site.centre, minutes=60, steps=12, scripted=site.day), 1)


def _river(site: Site, times: Times) -> Floats:
    upstream = rain.standing(times, *site.centre, site.centre, fade=300, hours=10, scripted=site.day)
    plain = stage(times, site.reach, upstream)
    return plain if site.day is None else site.day.river(times, plain, site.reach.delay)


@models("water-level", history=600, live=10)
def _water_level(site: Site, times: Times) -> Floats:
    return np.round(_river(site, times) + 0.008 * jitter(site.seed, times), 2)


@models("canal-level", history=900, live=20)
def _canal_level(site: Site, times: Times) -> Floats:
    local = rain.standing(times, site.lon, site.lat, site.centre, fade=120, hours=5, scripted=site.day)
    return np.round(_river(site, times) - 0.06 + 0.004 * local + 0.008 * jitter(site.seed, times), 2)


@models("flood-depth", history=900, live=20)
def _flood_depth(site: Site, times: Times) -> Floats:
    over = np.maximum(_river(site, times) - site.ground, 0) * 100
    ponded = (
        np.maximum(rain.standing(times, site.lon, site.lat, site.centre, fade=45, hours=3, scripted=site.day) - 16, 0)
        * 0.9
    )
    plain = over + ponded
    return np.round(plain if site.day is None else site.day.flood(times, site.code, plain))


@models("salinity")
def _salinity(site: Site, times: Times) -> Floats:
    season = calendar.day_of_year(times)
    dry = np.exp(-((((season - 85 + 182) % 365 - 182) / 38) ** 2))  # highest at the end of March
    swing = 1 + 0.35 * (_river(site, times) - site.reach.mean)
    return np.round(np.maximum((0.06 + 2.2 * dry) * swing * (1 + 0.1 * smooth(site.seed, times, 90000)), 0.02), 2)


@models("gate-position")
def _gate(site: Site, times: Times) -> Floats:
    return np.where(_river(site, times) > site.reach.mean + 0.55, 0.0, 100.0)  # shut against high water


@models("gate-inside")
def _gate_inside(site: Site, times: Times) -> Floats:
    local = rain.standing(times, site.lon, site.lat, site.centre, fade=180, hours=6, scripted=site.day)
    level = np.minimum(_river(site, times), site.reach.mean + 0.55)
    return np.round(level + 0.005 * local, 2)


@models("turbidity")
def _turbidity(site: Site, times: Times) -> Floats:
    local = rain.standing(times, site.lon, site.lat, site.centre, fade=300, hours=10, scripted=site.day)
    return np.round(np.maximum(38 + 1.8 * local + 9 * smooth(site.seed, times, 14400), 3))


@models("water-temperature")
def _water_temperature(site: Site, times: Times) -> Floats:
    usual = climate.at(*site.centre)
    mean = 28.0 if usual is climate.TAN_AN else usual.mean(times)  # water follows the season, and a third of the day
    return np.round(mean + 0.6 + 0.35 * (_air_temperature(site, times) - mean), 1)


@models("air-temperature", days=400)  # buildings' savings are reckoned against a year of weather
def _air_temperature(site: Site, times: Times) -> Floats:
    season = calendar.day_of_year(times)
    usual = climate.at(*site.centre)
    mean = 27.6 + 1.6 * np.cos(2 * np.pi * (season - 115) / 365) if usual is climate.TAN_AN else usual.mean(times)
    sun = calendar.sun_height(times - int(1.8 * 3.6e9), site.lon, site.lat)
    wet = np.tanh(rain.standing(times, site.lon, site.lat, site.centre, fade=60, hours=3, scripted=site.day) / 12)
    return np.round(
        mean + 4.6 * sun - 3.6 * wet + 0.8 * smooth(14, times, 30 * 3600) + 0.1 * jitter(site.seed, times), 1
    )


@models("humidity")
def _humidity(site: Site, times: Times) -> Floats:
    wet = np.tanh(rain.standing(times, site.lon, site.lat, site.centre, fade=60, hours=3, scripted=site.day) / 12)
    usual = climate.at(*site.centre)
    colder = 0.0 if usual is climate.TAN_AN else 27.6 - usual.mean(times)  # of a season as of a year: damp, not soaked
    return np.round(np.clip(176 - 3.5 * (_air_temperature(site, times) + colder) + 8 * wet, 35, 99))


@models("wind-speed", history=1800, live=20)
def _wind_speed(site: Site, times: Times) -> Floats:
    gust = np.tanh(rain.intensity(times, site.lon, site.lat, site.centre, site.day) / 25)
    day = 1.2 + 1.5 * _peak(calendar.hour(times), 14.5, 4.5)
    return np.round(np.maximum(day + 0.6 * smooth(site.seed + 7, times, 900) + 5 * gust, 0), 1)


@models("wind-direction")
def _wind_direction(site: Site, times: Times) -> Floats:
    monsoon = 145 + 85 * np.cos(2 * np.pi * (calendar.day_of_year(times) - 200) / 365)  # SW in summer, NE in winter
    return np.round((monsoon + 40 * smooth(site.seed + 8, times, 5400)) % 360)


@models("pressure")
def _pressure(site: Site, times: Times) -> Floats:
    twice = 1.4 * np.cos(2 * np.pi * (calendar.hour(times) - 9.5) / 12)  # the tropical semi-diurnal wave
    return np.round(1009.5 + twice + 1.8 * smooth(15, times, 60 * 3600) + 0.1 * jitter(site.seed, times), 1)


@models("solar-radiation", history=1800)
def _solar(site: Site, times: Times) -> Floats:
    sun = np.maximum(calendar.sun_height(times, site.lon, site.lat), 0)
    cloud = 0.72 + 0.25 * smooth(16, times, 2700)
    wet = np.tanh(rain.intensity(times, site.lon, site.lat, site.centre, site.day) / 8)
    return np.round(1020 * sun**1.15 * cloud * (1 - 0.8 * wet))


def _lit(site: Site, times: Times) -> Floats:
    """Share of full power: on at dusk, dimmed to 60 % from 23:00 to 4:30."""
    night = calendar.sun_height(times, site.lon, site.lat) < -0.02
    hour = calendar.hour(times)
    dim = (hour >= 23) | (hour < 4.5)
    return np.where(night, np.where(dim, 0.6, 1.0), 0.0)


def installed_kw(site: Site) -> float:
    """KW of all lamps of a cabinet: what the thing says, else luck."""
    return float(site.said.get("installed_kw", 3.5 + 6.5 * random(site.seed, np.array([1]))[0]))


@models("power", history=1800)
def _power(site: Site, times: Times) -> Floats:
    installed = installed_kw(site)
    whole = installed * _lit(site, times) * (1 - _lamps_failed(site, times) / 100)
    return np.round(whole + 0.06 + 0.02 * jitter(site.seed, times), 2)


@models("lamps-failed")
def _lamps_failed(site: Site, times: Times) -> Floats:
    week = calendar.day(times) // 9  # lamps fail one by one and are mended every few weeks
    luck = random(site.seed, week)
    return np.round(np.where(luck > 0.97, 55.0, np.where(luck > 0.9, 18.0, np.where(luck > 0.7, 6.0, 2.0))))


@models("energy", live=60)
def _energy(site: Site, times: Times) -> Floats:
    installed = installed_kw(site)
    nights = times / 8.64e10 - 20000  # days since 4 October 2024
    since = np.clip((calendar.hour(times) + 6) % 24, 0, 12)
    return np.round(installed * 9.6 * np.floor(nights) + installed * 0.8 * since, 1)


@models("voltage")
def _voltage(site: Site, times: Times) -> Floats:
    return np.round(226 - 5 * _peak(calendar.hour(times), 18.5, 2.5) + 2 * jitter(site.seed, times), 1)


@models("fill-level", live=60)
def _fill(site: Site, times: Times) -> Floats:
    """Fills through the day, emptied before dawn; now and then the truck does not come."""
    rate = 38 + 34 * random(site.seed, np.array([2]))[0]
    shifted = times - int(4.5 * 3.6e9)
    missed = random(site.seed + 9, calendar.day(shifted)) > 0.93
    part = np.clip((calendar.hour(shifted) - 1.0) / 20, 0, 1)
    level = rate * part + np.where(missed, rate, 4.0)
    return np.round(np.clip(level + 1.5 * jitter(site.seed, times), 0, 100))


@models("bin-temperature")
def _bin_temperature(site: Site, times: Times) -> Floats:
    return np.round(_air_temperature(site, times) + 2.5, 1)
