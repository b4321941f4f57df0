"""Night flow, water balance, level forecast, water quality index: worked examples."""

import math

import numpy as np
import pytest

from dothi.analyses.methods import forecast_level, night_flow, vn_wqi, water_balance
from dothi.analyses.model import TooLittle
from dothi.kit import clock
from tests.analyses.given import NOW, at, hours, item, run


def test_the_night_tells_the_leakage_of_a_zone():
    # 20 nights: 5 m³/h at 2 o'clock, 6 at the other hours of the night, 30 by day
    local = (np.arange(20 * 24) + 8) % 24
    flow = np.where(local == 2, 5.0, np.where((local >= 1) & (local < 4), 6.0, 30.0))
    zone = item("Z1", name="Khánh Hậu", people=1000, connections=280, mains_km=10.0)
    bars = np.where((local >= 1) & (local < 4), 3.0, 1.5)
    found = run("night-flow", flow=[hours(flow, zone="Z1")], zones=[zone])["Z1"].values
    # 1,000 people use 0.6 l an hour: 0.6 m³/h; the rest leaks for 24 hours
    assert (found["minimum_night_flow"], found["night_use"], found["leakage"], found["real_losses"]) == (
        5,
        0.6,
        4.4,
        105.6,
    )
    assert (found["state"], found["nights"], found["losses_per_connection"]) == ("usual", 14, 377)
    # the pressure is half by day: a night's leakage counts 3 + 21 / 2 hours
    found = run("night-flow", flow=[hours(flow, zone="Z1")], zones=[zone], pressure=[hours(bars, zone="Z1")])[
        "Z1"
    ].values
    assert (found["day_factor"], found["real_losses"]) == (13.5, 59.4)
    metres = float(bars.mean()) * 10.197
    assert found["unavoidable_losses"] == round((18 * 10 + 0.8 * 280) * metres / 1000, 1)
    assert found["ili"] == round(59.4 / night_flow.unavoidable(10, 280, 0, metres), 1)
    burst = flow.copy()
    burst[-8:] += 4  # the last night
    assert run("night-flow", flow=[hours(burst, zone="Z1")], zones=[zone])["Z1"].values["state"] == "burst"
    out = hours(np.full(480, 2.0), key="T2", zone="Z1", direction="out")
    assert run("night-flow", flow=[hours(flow, zone="Z1"), out])["Z1"].values["minimum_night_flow"] == 3
    with pytest.raises(TooLittle, match="5 nights"):
        run("night-flow", flow=[hours(flow[-48:], zone="Z1")])


def test_a_month_is_balanced_only_where_it_was_measured():
    start, end = water_balance.month_bounds("2026-09")
    days = (end - start) // clock.HOUR
    flow = hours(np.full(days, 10.0), end=end, zone="Z1")
    bill = item(1, zone="Z1", month="2026-09-15", volume=5000)
    found = run("water-balance", flow=[flow], billed=[bill])["Z1-2026-09"].values
    # 720 h of 10 m³/h = 7,200; unbilled 1.25 % of 5,000; theft 0.25 %, meters 2 % under
    theft, under = 12.5, 5000 * 0.02 / 0.98
    assert (found["system_input"], found["no_revenue"], found["unbilled"], found["losses"]) == (7200, 2200, 62, 2138)
    assert found["apparent_losses"] == round(theft + under) == 115
    assert found["real_losses"] == round(2137.5 - theft - under)
    error = math.hypot(0.03 * 7200, 0.02 * 5000, 0.5 * theft, 0.5 * under, 0.5 * 62.5)
    assert (found["real_losses_error"], found["no_revenue_share"], found["state"]) == (round(error), 30.6, "balanced")
    half = run("water-balance", flow=[hours(np.full(300, 10.0), end=end, zone="Z1")], billed=[bill])[
        "Z1-2026-09"
    ].values
    assert (half["state"], half.get("real_losses")) == ("incomplete", None)
    more = item(1, zone="Z1", month="2026-09-15", volume=9000)
    assert run("water-balance", flow=[flow], billed=[more])["Z1-2026-09"].values["state"] == "contradictory"


def tide(count, seed=1):
    """A tide of four waves, rain that drains off over hours, and a little noise, on even hours until NOW."""
    chance = np.random.default_rng(seed)
    when = NOW - (count - np.arange(count)) * clock.HOUR
    waves = sum(
        high * np.cos(np.radians(forecast_level.CONSTITUENTS[name] * when / clock.HOUR % 360 + turn))
        for name, high, turn in (("M2", 0.5, 10), ("K1", 0.4, 80), ("O1", 0.3, 200), ("S2", 0.2, 300))
    )
    rain = np.where(chance.random(count) < 0.04, chance.exponential(15, count), 0.0)
    rest = np.zeros(count)
    for i in range(1, count):
        rest[i] = 0.9 * rest[i - 1] + 0.004 * rain[i - 1] + chance.normal(0, 0.01)
    return 1 + waves + rest, rain


def test_the_next_hours_are_told_better_than_by_persistence_and_the_band_holds():
    level, rain = tide(60 * 24 + 6)
    known, truth = level[:-6], level[-6:]
    end = NOW - 6 * clock.HOUR
    place = at(0, 0)
    found = run(
        "forecast-level", now=end, level=[hours(known, "S1", end=end, shape=place, limit=9.0)],
        rain=[hours(rain[:-6], "R1", end=end, shape=at(900, 0))],
    )  # fmt: skip
    assert list(found) == [f"S1-{i:02}" for i in range(1, 7)]
    for one, real in zip(found.values(), truth, strict=True):
        said = one.values
        assert said["skill"] > 0.9
        assert said["low"] < said["level"] < said["high"]
        assert abs(said["level"] - real) < 0.15
        assert (said["rain_gauge"], said["state"]) == ("R1", "usual")
    assert found["S1-01"].values["at"] == clock.iso(end)
    with pytest.raises(TooLittle, match="20 days"):
        run("forecast-level", now=end, level=[hours(known[-200:], end=end)])
    with pytest.raises(TooLittle, match="last 3 hours"):
        run("forecast-level", now=end + clock.DAY, level=[hours(known, end=end)])


def test_a_walk_at_random_has_no_skill_and_says_so():
    walk = np.cumsum(np.random.default_rng(3).normal(0, 0.1, 40 * 24))
    found = run("forecast-level", {"tide": False}, level=[hours(walk)])
    assert max(one.values["skill"] for one in found.values()) < 0.1
    assert {"no-skill"} <= {one.values["state"] for one in found.values()}


def test_waves_are_told_apart_only_by_records_long_enough():
    assert "S2" not in forecast_level.resolvable(14 * 24)
    assert {"M2", "S2", "K1", "O1"} <= set(forecast_level.resolvable(15 * 24))
    assert "P1" not in forecast_level.resolvable(100 * 24)
    assert "P1" in forecast_level.resolvable(183 * 24)


def test_the_water_quality_index_of_a_sample_worked_by_hand():
    p = vn_wqi.VnWqi()
    cases = {("bod5", 4): 100, ("bod5", 5): 87.5, ("bod5", 10.5): 62.5, ("bod5", 50): 10, ("bod5", 60): 10,
             ("n_nh4", 0.29): 100, ("n_nh4", 0.3): 75, ("n_nh4", 0.45): 62.5, ("n_no2", 0.06): 10, ("coliform", 10_000): 25,
             ("coliform", 10_001): 10, ("ph", 7): 100, ("ph", 5.75): 75, ("ph", 9.1): 10, ("do", 100): 100, ("do", 35): 37.5,
             ("lead", 0.02): 75, ("lead", 0.0199): 100}  # fmt: skip
    for (name, value), wanted in cases.items():
        assert vn_wqi.part(name, value) == pytest.approx(wanted), (name, value)
    assert vn_wqi.saturation(8.0, 25.0) == pytest.approx(100 * 8 / 8.17566, abs=0.001)
    # I 100; IV: 87.5, 75, 62.5 -> 75; V: 50 -> (75² * 50)^(1/3) = 65.5 -> 66
    found = vn_wqi.index({"ph": 7, "bod5": 5, "cod": 15, "n_nh4": 0.45, "coliform": 7500}, p)
    assert (found.value, found.worst) == (66, "coliform")
    # with metals of 75 and 100: times sqrt(7500) / 100
    found = vn_wqi.index(
        {"ph": 7, "bod5": 5, "cod": 15, "n_nh4": 0.45, "coliform": 7500, "lead": 0.02, "arsenic": 0.005}, p
    )
    assert found.value == 57
    assert vn_wqi.index({"ph": 7, "bod5": 5, "cod": 15, "coliform": 7500}, p).value is None  # two of group IV
    made = run("vn-wqi", samples=[
        item("a", at(0, 0), at="2026-10-30T08:00:00Z", station="P1", ph=7, bod5=5, cod=15, n_nh4=0.45, coliform=7500),
        item("b", at(0, 0), at="2026-10-01T08:00:00Z", station="P1", ph=7, bod5=1, cod=1, n_nh4=0.1, coliform=1),
        item("c", at(0, 0), at="2026-10-30", station="P2", ph=6),
    ])  # fmt: skip
    assert (made["P1"].values["wqi"], made["P1"].values["level"], made["P2"].values["level"]) == (
        66,
        "medium",
        "too-little",
    )
