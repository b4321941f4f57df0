"""Each kind of condition, what its changes carry, and formulas that are nothing but formulas."""

import json
import random
from datetime import datetime, timedelta

import numpy as np
import pytest

from dothi.alerts import baseline
from dothi.alerts.conditions import compiled
from dothi.alerts.facts import Facts, Input
from dothi.alerts.schedules import Opening
from dothi.alerts.verdicts import slot
from dothi.alerts.watching import Memory, run, watcher
from dothi.kit import clock, formula
from dothi.kit.errors import BadInput
from dothi.kit.units import Line
from tests.alerts.rules import plain
from tests.alerts.rules.making import alarms, rule, seen, subject, values
from tests.alerts.rules.plain import BEGIN, M


def changes(model, facts, history, until):
    return [c for e in run(watcher(model, facts), seen(history), BEGIN + until * M) for c in e.changes]


def test_a_change_names_the_value_the_limit_and_the_reading_it_rests_on():
    model = rule(when={"major": {"from": {"level": "bd2"}}, "minor": {"from": 1.0}}, clear={"margin": 0.1})
    facts = subject(numbers={"level:bd2": 1.4})
    found = changes(model, facts, values((0, 0.9), (5, 1.2), (9, 1.45), (12, 1.28), (20, 0.85)), 30)
    assert [(c.kind, c.severity, c.value, c.limit) for c in found] == [
        ("raised", "minor", 1.2, 1.0), ("severity", "major", 1.45, 1.4), ("severity", "minor", 1.28, 1.0), ("cleared", "minor", 0.85, 1.0),
    ]  # fmt: skip
    assert found[1].evidence == ((1, BEGIN + 9 * M, 1.45),)
    assert found[0].how == "threshold"


def test_values_are_compared_in_the_property_s_own_unit():
    facts = Facts("datastream:1", (Input("value", 1, Line(0.01, 0.0), stands=60 * M),))  # the sensor sends centimetres
    model = rule(when={"minor": {"from": 1.2}})
    assert [c.value for c in changes(model, facts, values((0, 119), (5, 121)), 10)] == [pytest.approx(1.21)]
    low, high = watcher(model, facts).band(Memory(), 1)
    assert low == float("-inf")
    assert 119.99 < high < 120


def test_the_band_of_a_range_and_of_several_severities():
    facts = subject()
    assert watcher(rule(when={"minor": {"outside": [198, 242]}}), facts).band(Memory(), 1) == (198, 242)
    assert watcher(rule(when={"minor": {"above": 5}, "major": {"below": 1}}), facts).band(Memory(), 1) == (1, 5)
    assert watcher(rule(when={"minor": {"above": 5, "below": 9}}), facts).band(Memory(), 1) is None
    assert watcher(rule(when={"minor": {"from": {"attribute": "x"}}}), facts).band(Memory(), 1) == (
        float("-inf"),
        float("inf"),
    )
    assert watcher(rule(when={"minor": {"absent": "5m"}}), facts).band(Memory(), 1) is None


def test_while_something_is_going_on_every_value_is_looked_at():
    machine, memory = watcher(rule(when={"minor": {"above": 5, "lasting": "5m"}}), subject()), Memory()
    assert machine.band(memory, 1) == (float("-inf"), 5)
    machine.observe(memory, 1, BEGIN, 6.0)
    assert machine.band(memory, 1) is None
    machine.observe(memory, 1, BEGIN + M, 4.0)
    assert machine.band(memory, 1) == (float("-inf"), 5)


def test_sensors_agree_and_the_alarm_names_them():
    model = rule(
        on={"property": "pm25", "together": {"by": "area"}}, when={"major": {"above": 80, "agree": {"count": 2}}}
    )
    found = changes(model, subject("s1", "s2", "s3"), [(1, 0, 90), (2, 1, 20), (3, 2, 85), (1, 5, 20)], 20)
    assert [(c.kind, c.value, c.limit) for c in found] == [("raised", 2, 2), ("cleared", 1, 2)]
    assert [stream for stream, _, _ in found[0].evidence] == [1, 3]


def test_a_silent_sensor_has_no_vote():
    model = rule(on={"property": "pm25", "together": {"by": "area"}},
                 when={"major": {"above": 80, "agree": {"count": 2, "share": 0.5}}})  # fmt: skip
    facts = subject("s1", "s2", "s3", "s4", "s5", stands=10)
    history = [(1, 0, 90), (2, 0, 90), (3, 0, 20), (4, 0, 20), (5, 0, 20), (1, 8, 90), (2, 8, 90)]
    assert alarms(model, facts, history, 15) == [(10, ["major"], None, None)]  # two of two, once the others are silent


def test_rate_needs_half_of_its_stretch():
    model = rule(when={"major": {"rate": {"rise": 0.3, "per": "1h", "over": "30m"}}})
    assert alarms(model, subject(), values((0, 1.0), (10, 1.1)), 14) == []
    found = changes(model, subject(), values((0, 1.0), (10, 1.1), (15, 1.15), (50, 1.15)), 60)
    assert [(c.kind, round(c.value, 6), c.limit) for c in found] == [("raised", 0.6, 0.3)]


def test_unusual_is_judged_by_the_hour_of_the_local_week():
    usual = [None] * 168
    usual[8], usual[9] = (100.0, 10.0), (300.0, 10.0)
    model = rule(when={"warning": {"unusual": {"spreads": 3}}})
    facts = subject(stands=600, usual=tuple(usual))
    # Monday 08:10, 09:10 and 10:10
    found = changes(model, facts, values((490, 290), (550, 290), (610, 290)), 700)
    assert [(c.kind, c.at, c.limit) for c in found] == [
        ("raised", BEGIN + 490 * M, 130), ("cleared", BEGIN + 550 * M, 330)
    ]  # fmt: skip


def test_a_bus_leaves_its_depot():
    ring = [(106.40, 10.53), (106.42, 10.53), (106.42, 10.55), (106.40, 10.55)]
    model = rule(on={"property": "position"}, when={"minor": {"fence": {"ring": ring, "is": "outside"}}})
    point = lambda lon, lat: json.dumps({"type": "Point", "coordinates": [lon, lat]})  # noqa: E731
    history = values((0, point(106.41, 10.54)), (5, point(106.43, 10.54)), (9, "nonsense"), (12, point(106.42, 10.55)))
    assert alarms(model, subject(), history, 30) == [(5, ["minor"], 12, "condition")]
    model = rule(on={"inputs": {"lon": {"property": "x"}, "lat": {"property": "y"}}},
                 when={"minor": {"fence": {"ring": ring, "is": "inside"}}})  # fmt: skip
    assert alarms(model, subject("lon", "lat"), [(1, 0, 106.41), (2, 3, 10.54)], 30) == [(3, ["minor"], None, None)]


def test_a_fence_whose_area_nobody_knows_never_alarms():
    model = rule(on={"property": "position"}, when={"minor": {"fence": {"area": "atlantis", "is": "outside"}}})
    assert compiled(model.when["minor"], subject(), {}).dead


def test_an_attribute_is_multiplied_and_shifted_and_may_have_a_default():
    given = {"below": {"attribute": "installed_kw", "times": 0.2, "plus": 0.1}}
    model = rule(when={"major": given})
    assert alarms(model, subject(numbers={"attribute:installed_kw": 10.0}), values((0, 2.2), (5, 2.0)), 9) == [
        (5, ["major"], None, None)
    ]
    assert watcher(model, subject()).dead
    given["below"]["default"] = 3.0
    assert alarms(rule(when={"major": given}), subject(), values((0, 2.9)), 9) == [(0, ["major"], None, None)]


def test_slots_count_hours_from_monday_midnight_in_vietnam():
    for hours in (0, 1, 23, 24, 100, 167, 168, 1000):
        at = plain.START + timedelta(hours=hours, minutes=59)
        assert slot(clock.micros(at)) == at.weekday() * 24 + at.hour


def test_schedules_are_those_of_a_calendar():
    opening = Opening(rule(when={"minor": {"above": 1}}, schedule={
        "hours": [{"from": "22:00", "to": "02:00"}, {"from": "12:00", "to": "12:30"}], "days": ["fri", "sat"],
        "season": {"from": "12-20", "to": "01-10"},
    }).schedule)  # fmt: skip

    def at(text):
        return clock.micros(datetime.fromisoformat(text).replace(tzinfo=clock.VIETNAM))

    assert opening.open(at("2026-12-26T01:59"))  # the night that began on Friday 25 December
    assert not opening.open(at("2026-12-26T02:00"))
    assert not opening.open(at("2026-12-20T12:10"))  # a Sunday
    assert opening.open(at("2027-01-09T12:10"))
    assert not opening.open(at("2027-01-15T12:10"))
    assert opening.edge(at("2026-12-01T00:00")) == at("2026-12-25T12:00")
    assert opening.edge(at("2026-12-25T12:00")) == at("2026-12-25T12:30")
    assert opening.edge(at("2027-01-10T03:00")) == at("2027-12-24T12:00")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')", "a.b", "a[0]", "lambda: 1", "'text'", "a if b else c", "[x for x in a]", "a ** b", "a ** 9",
        "open('x')", "print(a)", "a > b > ", "1e400 + a", "max(a)", "abs(a, b)", "abs", "(a > b) + 1", "a and b", "not a",
        "a := 1", "f'{a}'", "a << 2", "a & b", "a is b", "a in b", "*a", "a" * 501, "max(*a)", "max(a, key=b)", "True",
        "(" * 60 + "a" + ")" * 60 + "+" * 0, "-" * 60 + "a",
    ],
)  # fmt: skip
def test_what_is_no_formula_is_refused(text):
    if text.startswith("(((") and text.endswith(")))"):
        assert formula.parse(text).names == ("a",)  # brackets alone nest nothing
        return
    with pytest.raises(BadInput):
        formula.parse(text)


def test_formulas_reckon_and_never_fail():
    assert formula.parse("max(a, b) / 2 + c ** 2 > 10")({"a": 4, "b": 2, "c": 3}) is True
    assert formula.parse("a / b")({"a": 1.0, "b": 0.0}) is None
    assert formula.parse("sqrt(a)")({"a": -1.0}) is None
    assert formula.parse("exp(a)")({"a": 1e6}) is None
    assert formula.parse("(((((9 ** 4) ** 4) ** 4) ** 4) ** 4) ** 4 + a")({"a": 1.0}) is None
    assert formula.parse("1 < a <= 2 and not a == 1.5")({"a": 2.0}) is True


def test_the_usual_is_what_the_book_says_and_one_outlier_does_not_move_it():
    maker = random.Random(5)
    start = BEGIN - BEGIN % clock.HOUR
    rows = []
    for hour in range(24 * 7 * 4):
        at = start + hour * clock.HOUR
        mean = 100.0 + 50 * (slot(at) % 24) + maker.uniform(-5, 5)
        rows.append((at, mean, mean - 3, mean + 3))
    rows[8] = (rows[8][0], 9999.0, 9990.0, 10010.0)
    made = {one[0]: one for one in baseline.usual(np.array(rows))}
    assert len(made) == 168
    mine = [row for row in rows if slot(row[0]) == 8]
    middle, _ = plain.usual([row[1] for row in mine])
    _, median_, spread, count = made[8]
    assert (median_, count) == (pytest.approx(middle), 4)
    everything = [x for row in mine for x in row[1:]]
    assert spread >= 1.4826 * np.median(np.abs(np.array(everything) - middle)) - 1e-9
    assert spread < 60
    assert baseline.usual(np.array(rows[:50])) == []


def test_a_slot_seen_too_rarely_borrows_from_the_same_hour_of_other_days():
    rows = [(BEGIN + h * clock.HOUR, float(h % 24), float(h % 24), float(h % 24)) for h in range(24 * 8)]
    made = {one[0]: one for one in baseline.usual(np.array(rows))}
    assert made[24 + 5][1] == 5.0  # Tuesday 05:00 was seen once; all weekdays speak for it
    assert 5 * 24 + 5 not in made or made[5 * 24 + 5][1] == 5.0


def test_memory_stays_small():
    machine, memory = watcher(rule(when={"minor": {"above": 5, "times": 3, "within": "1h"}}), subject()), Memory()
    for minute in range(5000):
        machine.observe(memory, 1, BEGIN + minute * M, 6.0 if minute % 2 else 4.0)
    assert len(json.dumps(memory.to_json())) < 400
    machine, memory = (
        watcher(rule(when={"minor": {"rate": {"rise": 1, "per": "1h", "over": "10m"}}}), subject()),
        Memory(),
    )
    for minute in range(5000):
        machine.observe(memory, 1, BEGIN + minute * M, 1.0)
    assert len(memory.windows[1]) == 11
