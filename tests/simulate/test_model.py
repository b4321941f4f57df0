"""The simulated city behaves like a city: tides, rain, traffic, light; the same whenever it is asked."""

import numpy as np
import pytest

from dothi.kit import clock
from dothi.simulate import calendar, rain, tide
from dothi.simulate.model import Site
from dothi.simulate.models import every
from dothi.simulate.noise import random, smooth

MODELS = every()

CENTRE = (106.41366, 10.53589)
SITE = Site("TA-1", 106.4258, 10.5390, CENTRE, road=0.8)
NOVEMBER = clock.parse("2026-10-22T17:00:00Z")
MONTH = NOVEMBER + np.arange(30 * 144, dtype=np.int64) * 600_000_000


def test_asked_again_in_other_company_a_value_is_the_same():
    for code, model in MODELS.items():
        whole = model(SITE, MONTH[:300])
        assert (model(SITE, MONTH[100:101]) == whole[100:101]).all(), code


@pytest.fixture(scope="module")
def plausible():
    from ruamel.yaml import YAML

    from dothi.packs.content import content_path

    return {
        p["code"]: p["plausible"]
        for file in content_path("sectors").glob("*/observed_properties.yaml")
        for p in YAML(typ="safe").load(file)["properties"]
    }


@pytest.mark.parametrize("code", sorted(MODELS))
def test_every_value_is_a_finite_number_within_what_its_pack_calls_plausible(plausible, code):
    values = MODELS[code](SITE, MONTH)
    low, high = plausible[code]
    assert np.isfinite(values).all()
    assert low <= values.min() <= values.max() <= high


def test_the_tide_is_semi_diurnal_with_springs_after_the_full_moon():
    height = tide.tide(MONTH, tide.Reach())
    daily = height.reshape(30, 144)
    ranges = np.ptp(daily, axis=1)
    assert 1.5 < ranges.max() < 2.3
    assert ranges.min() < 0.75 * ranges.max()
    full_moon = (clock.parse("2026-10-26T04:12:00Z") - NOVEMBER) / 8.64e10
    spring = int(np.argmax(ranges[:10]))
    assert -1 <= spring - full_moon <= 4
    inner = daily[spring]
    peaks = [i for i in range(1, 143) if inner[i] >= inner[i - 1] and inner[i] > inner[i + 1]]
    hours = [calendar.hour(MONTH[spring * 144 + i : spring * 144 + i + 1])[0] for i in peaks]
    assert any(16 <= h <= 20 for h in hours)
    assert any(2 <= h <= 8 for h in hours)


def test_rain_falls_where_the_shower_is_and_adds_up():
    day = 20747  # 21 October 2026
    times = np.int64(day) * 86_400_000_000 - 7 * 3_600_000_000 + np.arange(1440, dtype=np.int64) * 60_000_000
    rates = rain.intensity(times, *CENTRE, CENTRE)
    assert rates.min() >= 0
    hourly = rain.fallen(times[-1:], *CENTRE, CENTRE, minutes=1440, steps=1440)[0]
    assert hourly == pytest.approx(rates.sum() / 60, rel=0.02, abs=0.05)
    far = rain.intensity(times, CENTRE[0] + 1, CENTRE[1] + 1, CENTRE)
    assert far.max() < 0.01


def test_lamps_burn_by_night_and_the_sun_shines_by_day():
    hours = calendar.hour(MONTH)
    power, sun = MODELS["power"](SITE, MONTH), MODELS["solar-radiation"](SITE, MONTH)
    assert power[(hours > 19) & (hours < 22)].min() > 10 * power[(hours > 8) & (hours < 16)].max()
    assert sun[(hours < 5) | (hours > 19)].max() == 0
    assert sun[(hours > 11) & (hours < 13)].mean() > 300


def test_traffic_peaks_twice_on_working_days_and_slows_the_road():
    hours, off = calendar.hour(MONTH), calendar.weekend(MONTH).astype(bool)
    flow, speed = MODELS["traffic-flow"](SITE, MONTH), MODELS["traffic-speed"](SITE, MONTH)

    def mean(values, start, end, days):
        return values[(hours >= start) & (hours < end) & days].mean()

    assert mean(flow, 6.5, 7.5, ~off) > 1.5 * mean(flow, 9.5, 10.5, ~off)
    assert mean(flow, 16.5, 18, ~off) > 1.5 * mean(flow, 14, 15, ~off)
    assert mean(flow, 6.5, 7.5, off) < 0.7 * mean(flow, 6.5, 7.5, ~off)
    assert mean(speed, 6.5, 7.5, ~off) < mean(speed, 2, 4, ~off)


def test_rain_washes_the_air():
    times = clock.parse("2026-09-01T00:00:00Z") + np.arange(30 * 144, dtype=np.int64) * 600_000_000
    washed = rain.standing(times, SITE.lon, SITE.lat, CENTRE, fade=90, hours=3) > 10
    assert washed.any()
    pm = MODELS["pm25"](SITE, times)
    assert pm[washed].mean() < 0.7 * pm[~washed].mean()


def test_noise_is_even_and_smooth():
    keys = np.arange(20_000, dtype=np.int64)
    values = random(7, keys)
    assert values.min() >= 0
    assert values.max() < 1
    assert values.mean() == pytest.approx(0.5, abs=0.01)
    steps = np.diff(smooth(3, keys * 1_000_000, 600))
    assert np.abs(steps).max() < 0.01
