"""Outbreaks, cells, balances, schedules, plan checks."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.analyses.methods import cells, outbreak
from dothi.analyses.model import TooLittle
from dothi.kit import clock
from tests.analyses.given import HERE, NOW, area, at, hours, item, run


def test_ears_worked_by_hand():
    counts = np.array([2, 3, 2, 4, 3, 2, 3, 3, 2, 3, 3, 12, 9, 2], float)
    found = outbreak.ears(counts, least_sd=0.1)
    assert outbreak.ears(counts).c1[11] == pytest.approx(
        (12 - counts[4:11].mean()) / 0.5
    )  # a spread too small counts for 0.5
    base = counts[4:11]
    assert found.c1[11] == pytest.approx((12 - base.mean()) / base.std(ddof=1))
    base = counts[2:9]
    assert found.c2[11] == pytest.approx((12 - base.mean()) / base.std(ddof=1))
    # the first day of the burst is in the baseline of C1 on the second, not in that of C2
    assert found.c1[12] < 3 < found.c2[12]
    assert found.c3[13] == pytest.approx(sum(max(found.c2[t] - 1, 0) for t in (11, 12, 13)))
    assert np.isnan(found.c1[:7]).all()


def test_the_quasi_poisson_fit_is_that_of_the_greatest_likelihood():
    from scipy.optimize import minimize

    chance = np.random.default_rng(2)
    design = np.column_stack([np.ones(150), np.linspace(-1, 0, 150), chance.integers(0, 2, 150)])
    y = chance.poisson(np.exp(design @ [1.2, 0.5, 0.8])).astype(float)
    weights = chance.uniform(0.5, 1.5, 150)
    beta, mean, spread, _ = outbreak.quasi_poisson(design, y, weights)
    twin = minimize(lambda b: float(np.sum(weights * (np.exp(design @ b) - y * (design @ b)))), np.zeros(3), tol=1e-10)
    assert np.allclose(beta, twin.x, atol=1e-3)
    assert spread == pytest.approx(max(1, np.sum(weights * (y - mean) ** 2 / mean) / 147))


def weekly(rate, seed, years=6):
    """Counts a week with a season, overdispersed."""
    chance = np.random.default_rng(seed)
    t = np.arange(years * 52)
    return chance.negative_binomial(8, 8 / (8 + rate * np.exp(0.5 * np.sin(2 * np.pi * t / 52)))).astype(float)


def test_farrington_keeps_quiet_about_the_season_and_sees_an_outbreak():
    p = outbreak.Outbreak()
    false = seen = looked = 0
    for seed in range(4):
        counts = weekly(10, seed)
        for end in range(len(counts) - 20, len(counts), 2):
            limit = outbreak.farrington(counts[: end + 1], p)
            looked += 1
            false += counts[end] > limit.limit
            seen += 3.5 * limit.expected + 10 > limit.limit
    assert false <= 0.06 * looked
    assert seen == looked
    assert outbreak.farrington(counts[:100], p) is None


def test_an_outbreak_is_told_by_disease_and_place_and_the_week_at_hand_is_not_judged():
    monday = clock.parse("2026-10-26T00:00", clock.VIETNAM)
    rows = []
    for week in range(1, 31):
        day = clock.moment(monday - week * 7 * clock.DAY + 10 * clock.HOUR).date().isoformat()
        rows.append(item(f"a{week}", at=day, disease="dengue", count=20 if week == 1 else 4, place="27694"))
        rows.append(item(f"b{week}", at=day, disease="measles", count=1, place="27694"))
    rows.append(item("now", at="2026-11-02", disease="dengue", count=90, place="27694"))
    found = run("outbreak", events=rows)
    last = found["dengue-27694-2026-10-19"].values
    assert (last["cases"], last["state"], last["basis"], last["expected"]) == (20, "alarm", "ears", 4)
    assert {"C1", "C2"} <= set(last["signals"])
    assert found["measles-27694-2026-10-19"].values["state"] == "usual"
    assert not any("2026-11-02" in key for key in found)
    with pytest.raises(TooLittle, match="12 are needed"):
        run("outbreak", events=rows[:10])


@settings(max_examples=60, deadline=None)
@given(st.floats(-9000, 9000), st.floats(-9000, 9000), st.sampled_from(["hexagon", "square"]))
def test_every_point_lies_in_its_cell(x, y, shape):
    column, row = cells.address(np.array([[x, y]]), 500, shape)[0]
    assert cells.outline(column, row, 500, shape).buffer(1e-6).contains(shapely.Point(x, y))


def test_no_cell_below_k_is_made_and_rounding_keeps_numbers_apart():
    spots = [item(f"a{i}", at(10 + i, 10)) for i in range(7)] + [item(f"b{i}", at(3000, 3000)) for i in range(4)]
    found = list(run("cells", {"k": 5, "size": 400}, events=spots).values())
    assert [one.values["count"] for one in found] == [7]
    flat = HERE.flat(found[0].shape)
    assert flat.area == pytest.approx(np.sqrt(3) / 2 * 400**2, rel=0.01)
    assert run("cells", {"k": 5, "size": 400, "base": 5}, events=spots)[found[0].key].values["count"] == 5
    night = [item(f"n{i}", at(10, 10), at="2026-10-30T20:00:00Z") for i in range(5)]  # 3 o'clock
    by = run("cells", {"k": 5, "by": ["hours"]}, events=[*night, item("d", at(10, 10), at="2026-10-30T05:00:00Z")])
    assert [(one.values["hours"], one.values["count"]) for one in by.values()] == [("00-06", 5)]


def test_supply_and_need_by_place_and_what_is_missing_says_so():
    places = [
        item("A", area(0, 0, 500, 500), name="A"),
        item("B", area(500, 0, 500, 500)),
        item("C", area(0, 900, 10, 10)),
    ]
    supply = [item(1, at(100, 100), amount=80), item(2, place="B", amount=10), item(3, at(600, 5), amount=5)]
    need = [item(1, at(50, 50), amount=100), item(2, place="B", amount=10)]
    found = {key: one.values for key, one in run("balance", supply=supply, need=need, places=places).items()}
    assert (found["A"]["gap"], found["A"]["ratio"], found["A"]["state"]) == (-20, 80, "tight")
    assert (found["B"]["supply"], found["B"]["offers"], found["B"]["state"]) == (15, 2, "enough")
    assert (found["C"]["state"], found["C"]["gap"]) == ("missing", None)


def test_the_truck_came_late_or_never_or_is_awaited():
    plan = [
        item("P1", at(0, 0), **{"from": "18:00", "until": "19:00"}, days="sat,sun", vehicle="X1"),
        item("P2", stop="BIN-7", **{"from": "06:00"}),
    ]
    seen = [
        item(1, at(20, 0), at="2026-10-31T11:30:00Z", vehicle="X1"),  # Saturday 18:30
        item(2, at(20, 0), at="2026-11-01T13:00:00Z", vehicle="X1"),  # Sunday 20:00, an hour late
        item(3, at(500, 0), at="2026-11-01T11:30:00Z", vehicle="X1"),
    ]
    fill = hours([80.0] * 20 + [90.0, 15.0] + [20.0] * 2, key="BIN-7")
    found = {
        key: one.values
        for key, one in run("schedule-kept", {"days": 2}, planned=plan, seen=seen, levels=[fill]).items()
    }
    assert (found["P1-2026-10-31"]["state"], found["P1-2026-11-01"]["state"]) == ("kept", "late")
    assert found["P1-2026-11-01"]["minutes_off"] == 60
    # the bin was emptied at 5 o'clock of the last day: an hour before its time
    assert (found["P2-2026-11-02"]["state"], found["P2-2026-11-01"]["state"]) == ("early", "missed")
    early = {
        key: one.values
        for key, one in run("schedule-kept", {"days": 1}, now=NOW - 100 * 60 * clock.SECOND, planned=plan[1:]).items()
    }
    assert early["P2-2026-11-02"]["state"] == "waiting"
    assert "P1-2026-11-02" not in found  # a Monday


def test_a_permit_is_held_against_the_plan_where_it_lies():
    zones = [
        item("Z1", area(0, 0, 100, 100), name="Ở đô thị", floors_max=5, density_max=60, uses=["house", "shop"]),
        item("Z2", area(100, 0, 100, 100), floors_max=2, density_max=40, uses=["park"]),
    ]
    rules = [
        {"code": "floors", "title": {"vi": "Số tầng", "en": "Floors"}, "field": "floors", "most": "floors_max"},
        {"code": "density", "title": {"vi": "Mật độ", "en": "Density"}, "field": "density", "most": "density_max"},
        {"code": "use", "title": {"vi": "Công năng", "en": "Use"}, "field": "use", "among": "uses"},
    ]
    permits = [
        item("G1", area(10, 10, 20, 20), floors=5, density=60, use="house"),
        item("G2", area(10, 50, 20, 20), floors=7, density=50, use="bar"),
        item("G3", area(80, 10, 40, 20), floors=2, density=40, use="house"),
        item("G4", area(10, 80, 5, 5), floors=2, use="house"),
        item("G5", at(900, 900), floors=1, density=1, use="park"),
    ]
    found = {
        key: one.values for key, one in run("spatial-check", {"rules": rules}, records=permits, areas=zones).items()
    }
    assert [found[f"G{i}"]["state"] for i in range(1, 6)] == ["fits", "breaks", "unclear", "unclear", "outside"]
    assert found["G2"]["broken"] == ["floors", "use"]
    assert found["G2"]["why"].startswith("Số tầng: 7 (tối đa 5)")
    assert (found["G3"]["overlap"], found["G4"]["unclear"]) == (50, ["density"])
