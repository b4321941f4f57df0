"""VN_AQI is reckoned as Decision 1459/QĐ-TCMT says, worked examples included."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dothi.sensing import aqi
from dothi.sensing.sectors import sectors

INDEX = sectors().indices["vn-aqi"]
# 09:00 to 20:00 of the text's example
PM25 = [26.9, 24.7, 20.5, 23.5, 19.5, 16.5, 19.0, 16.5, 20.3, 22.4, 19.6, 20.6]


def sub(column: str, concentration: float) -> float | None:
    return aqi.sub_index(INDEX.steps, INDEX.columns[column].breakpoints, concentration)


def test_the_nowcast_of_the_worked_example():
    newest_first = PM25[::-1]
    assert aqi.nowcast(newest_first) == pytest.approx(20.27, abs=0.005)


def test_the_hourly_index_of_the_worked_example():
    """The text prints 60 for NO2 and the whole; its own formula gives 59.35, rounded 59."""
    reading = aqi.hourly(INDEX, {"o3": [136.1], "no2": [118.7], "pm25": PM25[::-1]})
    assert {name: part.value for name, part in reading.parts.items()} == {"o3": 43, "no2": 59, "pm25": 41}
    assert reading.parts["no2"].exact == pytest.approx(59.35)
    assert (reading.value, reading.dominant, reading.level.name.vi) == (59, "no2", "Trung bình")


@pytest.mark.parametrize(
    ("column", "concentration", "exact", "printed"),
    [("o3-8h", 89.3, 44.65, 45), ("o3", 114.6, 35.8, 36), ("no2", 130.8, 65.4, 65), ("pm25", 55.7, 109.5, 110)],
)
def test_the_daily_parts_of_the_worked_example(column, concentration, exact, printed):
    assert sub(column, concentration) == pytest.approx(exact, abs=0.02)
    assert aqi.half_up(sub(column, concentration)) == printed


@pytest.mark.parametrize("column", list(INDEX.columns))
def test_a_breakpoint_is_its_step(column):
    points = INDEX.columns[column].breakpoints
    assert [sub(column, c) for c in points] == INDEX.steps[: len(points)]


def test_above_the_table_the_index_is_capped_but_ozone_over_8_hours_ends():
    assert sub("pm25", 5000) == 500
    assert sub("o3-8h", 400) == 300
    assert sub("o3-8h", 400.1) is None


@pytest.mark.parametrize(
    ("value", "printed"),
    [(49.5, 50), (50.49, 50), (50.5, 51), (100.4999999999999, 101), (0, 0), (149.99999999999997, 150)],
)
def test_halves_round_up(value, printed):
    assert aqi.half_up(value) == printed


@pytest.mark.parametrize(
    ("value", "level"),
    [(0, "good"), (50, "good"), (51, "moderate"), (100, "moderate"), (101, "poor"), (150, "poor"), (151, "bad"),
     (200, "bad"), (201, "very-bad"), (300, "very-bad"), (301, "hazardous"), (500, "hazardous")],
)  # fmt: skip
def test_every_level_begins_where_the_decision_says(value, level):
    assert INDEX.level(value).code == level


def test_two_of_the_newest_three_hours_must_be_there():
    assert aqi.nowcast([30, None, None, *[30] * 9]) is None
    assert aqi.nowcast([None, 30, 30, *[30] * 9]) == pytest.approx(30)
    assert aqi.nowcast([]) is None


def test_with_the_smallest_weight_the_text_halves_each_hour():
    """w = 1/2: Σ (1/2)^i·ci, which is 0.024 % below the normalised form."""
    hours = [80.0, *[20.0] * 11]
    assert aqi.nowcast(hours) == pytest.approx(80 / 2 + sum(20 / 2**i for i in range(2, 13)))


def test_missing_hours_with_the_smallest_weight_do_not_shrink_the_nowcast():
    assert aqi.nowcast([80.0, 80.0, 80.0, 20.0, *[None] * 8]) == pytest.approx(
        (80 + 40 + 20 + 2.5) / (1 + 0.5 + 0.25 + 0.125)
    )


def test_clean_air_is_zero_not_a_division_by_zero():
    assert aqi.nowcast([0.0] * 12) == 0


def test_a_negative_or_broken_reading_is_no_reading():
    assert aqi.nowcast([-999.0, -999.0, 12.0]) is None
    assert aqi.hourly(INDEX, {"pm25": [float("nan")] * 12}).value is None


@given(st.lists(st.one_of(st.none(), st.floats(0, 2000)), min_size=12, max_size=12))
def test_a_nowcast_lies_between_its_hours(hours):
    found = aqi.nowcast(hours)
    there = [v for v in hours if v is not None]
    assert (found is None) == (sum(v is not None for v in hours[:3]) < 2)
    if found is not None:
        assert min(there) * 0.9997 - 1e-9 <= found <= max(there) + 1e-9


@given(st.floats(0, 3000), st.floats(0, 3000), st.sampled_from(list(INDEX.columns)))
def test_dirtier_air_never_has_a_lower_index(a, b, column):
    low, high = sub(column, min(a, b)), sub(column, max(a, b))
    assert low is None or high is None or low <= high


def test_the_day_uses_the_largest_running_eight_hours_also_from_the_evening_before():
    hours = {"pm25": [20.0] * 24, "o3": [10.0] * 24}
    alone = aqi.daily_concentrations(INDEX, hours)
    with_evening = aqi.daily_concentrations(INDEX, hours, {"o3": [90.0] * 7})
    assert alone == {"pm25": 20.0, "o3": 10.0, "o3-8h": 10.0}
    assert with_evening["o3-8h"] == pytest.approx((7 * 90 + 10) / 8)


def test_a_day_with_too_few_hours_has_no_particle_mean():
    assert aqi.daily(INDEX, {"pm25": [20.0] * 17 + [None] * 7}).value is None
    assert aqi.daily(INDEX, {"pm25": [20.0] * 18 + [None] * 6}).value == 40
