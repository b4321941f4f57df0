"""Hotspots, catchments, tours, the nearest, travel time, degree days, sun hours."""

import itertools
import math

import numpy as np
import pytest

from dothi.analyses.methods import degree_days, network_hotspot, route, sun_hours
from dothi.analyses.model import TooLittle
from dothi.kit import clock
from tests.analyses.given import HERE, NOW, area, at, chessboard, hours, item, line, run


def test_accidents_that_cluster_on_a_street_are_a_hotspot_and_evenly_strewn_ones_are_not():
    streets = chessboard(6, 300)
    chance = np.random.default_rng(4)
    even = [item(i, at(*((chance.uniform(0, 1500), 300 * chance.integers(0, 6)))), at="2026-10-01") for i in range(40)]
    cluster = [item(f"c{i}", at(600 + chance.normal(0, 40), 600), at="2026-10-05") for i in range(15)]
    found = list(run("network-hotspot", streets=streets, events=even + cluster).values())
    assert len(found) == 1
    hot = found[0].values
    assert (hot["rank"], hot["significance"]) == (1, 0.005)
    assert hot["events"] >= 15
    assert "r2" in hot["road"]
    assert HERE.flat(found[0].shape).distance(HERE.flat(at(600, 600))) < 60
    assert list(run("network-hotspot", streets=streets, events=even)) == []
    with pytest.raises(TooLittle, match="within 60 m"):
        run("network-hotspot", streets=streets, events=cluster[:2] + [item("far", at(90, 130))] * 9)


def test_the_kernel_counts_along_streets_and_not_across_yards():
    from dothi.analyses.streets import Streets

    # two dead ends 30 m apart at their tips, joined 500 m away
    streets = Streets([line((0, 0), (500, 0), (500, 30), (0, 30))], ["u"])
    middles, length, _ = network_hotspot.lixels(streets, 50)
    weights = network_hotspot.kernel(streets, middles, 200).toarray()
    assert weights[0, -1] == 0
    assert weights[0, 1] == pytest.approx(15 / 16 * (1 - (length[0] / 200) ** 2) ** 2 / 200, rel=1e-3)
    assert np.allclose(weights, weights.T)


def test_a_walk_reaches_as_far_as_the_minutes_and_counts_who_lives_there():
    streets = chessboard(5, 200)
    places = [item("S1", at(400, 400), name="Trường", capacity=50)]
    people = [
        item(1, at(400, 640), people=30),
        item(2, at(790, 790), people=500),
        item(3, area(380, 380, 40, 40), people=20),
    ]
    p = {"minutes": [3], "kilometres_per_hour": 4, "width": 20}
    found = run("catchment", p, streets=streets, places=places, people=people)
    # 200 m along the two streets that cross here
    one = found["S1-3"].values
    assert one["streets_km"] == pytest.approx(0.8, abs=0.002)
    assert one["area_km2"] == pytest.approx((4 * 200 * 40 - 40 * 40 + math.pi * 20**2 * 2) / 1e6, rel=0.05)
    assert (one["people"], found["all-3"].values["people"]) == (20, 20)
    more = run("catchment", {**p, "minutes": [3, 6]}, streets=streets, places=places, people=people)["S1-6"].values
    assert (more["people"], more["people_share"], more["people_per_place"]) == (50, 9.1, 1)


def test_tours_are_the_best_where_all_can_be_tried():
    streets = chessboard(5, 200)
    spots = [(0, 0), (800, 0), (0, 800), (800, 800), (400, 200)]
    stops = [item(f"B{i}", at(*spot), demand=2) for i, spot in enumerate(spots)]
    p = {"capacity": 6, "vehicles": 2, "rounds": 200, "service_minutes": 2}
    found = run("route", p, streets=streets, stops=stops, depots=[item("D", at(400, 400))])
    served = [key for one in found.values() for key in one.values["stops"]]
    assert sorted(served) == [f"B{i}" for i in range(5)]
    assert all(one.values["load"] <= 6 for one in found.values())

    def long(order):
        trail = [(400, 400), *(spots[i] for i in order), (400, 400)]
        return sum(abs(a[0] - b[0]) + abs(a[1] - b[1]) for a, b in itertools.pairwise(trail))

    best = min(
        sum(min(map(long, itertools.permutations(part))) for part in (some, set(range(5)) - set(some)) if part)
        for some in itertools.combinations(range(5), 3)
    )
    assert sum(one.values["kilometres"] for one in found.values()) == pytest.approx(best / 1000, abs=0.01)
    one = found["tour-1"].values
    assert one["minutes"] == pytest.approx(one["kilometres"] / 20 * 60 + 2 * one["count"], abs=1)
    assert HERE.flat(found["tour-1"].shape).length == pytest.approx(1000 * one["kilometres"], rel=0.01)
    lost = item("lost", at(5000, 5000))
    short = run("route", {**p, "vehicles": 1}, streets=streets, stops=[*stops, lost], depots=[item("D", at(400, 400))])
    why = {one.values["stops"][0]: one.values["why"] for one in short.values() if one.values["kind"] == "left-out"}
    assert why["lost"] == "no-street"
    assert sorted(why.values()) == ["no-capacity", "no-capacity", "no-street"]


def test_an_empty_tour_plan_is_no_error():
    assert route.Route(capacity=1).vehicles == 3
    with pytest.raises(TooLittle):
        run("route", {"capacity": 5}, streets=chessboard(), stops=[], depots=[])


def test_the_nearest_along_the_streets_is_not_always_the_nearest_straight():
    streets = [line((0, 0), (500, 0)), line((500, 0), (500, 30), (0, 30))]
    from dothi.analyses.streets import Streets

    graph = Streets(streets, ["a", "b"])
    homes = [item("H", at(0, 0)), item("X", at(4000, 0))]
    doors = [item("over", at(0, 30), name="bên kia"), item("same", at(200, 0))]
    found = run("near", {"limit": 300, "kilometres_per_hour": 6}, streets=graph, records=homes, facilities=doors)
    one = found["H"].values
    assert (one["nearest"], one["metres"], one["by"], one["minutes"], one["state"]) == (
        "same",
        200,
        "streets",
        2,
        "near",
    )
    assert (found["X"].values["by"], found["X"].values["state"]) == ("straight", "far")
    assert run("near", records=homes, facilities=doors)["H"].values["nearest"] == "over"


def test_a_slow_road_has_an_index_and_the_likeliest_reason():
    usual = np.where(np.arange(200) % 24 < 4, 50.0, 40.0)
    road = hours([*usual, 20.0], "T1", shape=at(0, 0), road="Hùng Vương")
    wet, dry = hours([0.0] * 200 + [12.0], "R1", shape=at(50, 0)), hours([0.0] * 201, "R1", shape=at(50, 0))
    crash = item("A9", at(100, 0), at=clock.iso(NOW - clock.HOUR))
    one = run("travel-time", speed=[road], rain=[wet], incidents=[crash])["T1"].values
    free = float(np.percentile(road.value, 85))
    assert (one["index"], one["level"], one["reason"], one["about"]) == (round(free / 20, 2), "jam", "incident", "A9")
    assert one["delay"] == round(3 - 60 / free, 2)
    assert run("travel-time", speed=[road], rain=[wet])["T1"].values["reason"] == "rain"
    busy = hours([100.0] * 200 + [400.0], "T1")
    assert run("travel-time", speed=[road], rain=[dry], volume=[busy])["T1"].values["reason"] == "volume"
    assert run("travel-time", speed=[road], rain=[dry])["T1"].values["reason"] == "unknown"
    assert run("travel-time", speed=[hours(usual, "T1")])["T1"].values["reason"] == "none"


def test_a_baseline_is_found_again_and_savings_have_the_uncertainty_of_the_guideline():
    chance = np.random.default_rng(5)
    days = 200
    warm = 27 + 3 * np.sin(np.arange(days) / 20) + chance.normal(0, 1, days)
    first = degree_days._days(("2026-01-01", "2026-05-30"))
    start = first[0] * clock.DAY - 7 * clock.HOUR
    number = first[0] + np.arange(days)
    workday = ((number + 3) % 7 < 5).astype(float)
    energy = 100 + 12 * np.maximum(warm - 24, 0) + 40 * workday + chance.normal(0, 3, days)
    energy[150:] *= 0.8  # something was saved
    end = start + days * clock.DAY
    power = hours(np.repeat(energy / 24, 24), "M1", end=end, building="B1")
    heat = hours(np.repeat(warm, 24), "W1", end=end)
    p = {"baseline": ["2026-01-01", "2026-05-30"], "reporting": ["2026-05-31", "2026-07-19"], "price": 2000}
    one = run("degree-days", p, energy=[power], temperature=[heat], buildings=[item("B1", name="Trường A")])[
        "B1"
    ].values
    assert (one["baseline_days"], one["reporting_days"], one["state"]) == (150, 50, "saved")
    assert abs(one["balance_point"] - 24) <= 0.5
    assert abs(one["slope"] - 12) < 0.6
    assert abs(one["workday"] - 40) < 2
    assert abs(one["savings_share"] - 20) < 2
    assert one["savings_vnd"] == pytest.approx(one["savings"] * 2000, rel=0.01)
    model = degree_days.Baseline(100, 12, 40, 24, 0.9, 0.1, 0, 0.5, 150)
    from scipy.stats import t as student  # a second and a half, which not every worker need spend

    wanted = student.ppf(0.95, 47) * 1.26 * 0.1 * math.sqrt(150 / 50 * (1 + 2 / 50) / 30) * 1000
    assert degree_days.uncertainty(model, 1000, 30) == pytest.approx(wanted)
    noisy = hours(np.repeat(np.random.default_rng(6).exponential(5, days), 24), "M2", end=end)
    assert run("degree-days", p, energy=[noisy], temperature=[heat])["M2"].values["state"] == "poor-model"
    assert (
        run("degree-days", p, energy=[power.during(start, start + 9 * clock.DAY)], temperature=[heat])["B1"].values[
            "state"
        ]
        == "too-little"
    )


def test_the_sun_stands_where_the_almanac_has_it():
    def of(day, lon=106.70, lat=10.78):
        start = clock.parse(f"{day}T00:00", clock.VIETNAM)
        when = start + np.arange(1440, dtype=np.int64) * 60 * clock.SECOND
        return sun_hours.elevation(when, lon, lat)

    # noon at the solstice and the equinox: 90 - |latitude - declination|
    assert of("2026-06-21").max() == pytest.approx(90 - (23.436 - 10.78), abs=0.03)
    assert of("2026-12-21").max() == pytest.approx(90 - (23.436 + 10.78), abs=0.03)
    # sunrise and sunset of Ho Chi Minh City on 1 January: 06:11 and 17:40
    up = np.flatnonzero(of("2026-01-01") > -0.833)
    assert abs(up[0] - (6 * 60 + 11)) <= 2
    assert abs(up[-1] - (17 * 60 + 40)) <= 2


def test_lamps_that_burn_at_noon_and_stay_dark_at_midnight_are_named_with_their_cost():
    local = (np.arange(72) + 8) % 24
    good = np.where((local >= 18) | (local < 6), 10.0, 0.0)
    wasteful = good.copy()
    wasteful[(local >= 11) & (local < 13)] = 10.0
    dark = np.where(local == 23, 0.0, good)
    series = [hours(one, key, shape=at(0, 0), installed=10) for key, one in (("A", good), ("B", wasteful), ("C", dark))]
    found = {key: one.values for key, one in run("sun-hours", {"price": 2000}, power=series).items()}
    assert [found[key]["state"] for key in "ABC"] == ["as-it-should", "burns-by-day", "dark-at-night"]
    assert (found["B"]["burning_hours"], found["B"]["wasted_kwh"], found["B"]["wasted_vnd"]) == (6, 60, 120_000)
    assert (found["C"]["dark_hours"], found["A"]["energy_kwh"]) == (3, 360)
