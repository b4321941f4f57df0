"""The traps other systems fell into."""

from dothi.alerts.watching import Late, Memory, run, watcher
from tests.alerts.rules.making import alarms, plainly, rule, seen, subject, values
from tests.alerts.rules.plain import BEGIN, M


def both(model, facts, history, until, hands=()):
    """What the machine says, having made sure that the twin says the same."""
    made = alarms(model, facts, history, until, hands)
    assert made == plainly(model, facts, history, until, hands)
    return made


HIGH = {"minor": {"above": 10}}


def test_an_alarm_ended_by_hand_does_not_blind_the_rule_to_the_next_crossing():
    made = both(rule(when=HIGH), subject(), values((0, 5), (10, 12), (20, 8), (30, 12)), 40, hands=[15])
    assert made == [(10, ["minor"], 15, "by-hand"), (30, ["minor"], None, None)]


def test_a_static_value_raises_again_with_its_next_reading():
    made = both(rule(when=HIGH), subject(), values((0, 12), (10, 12), (20, 12)), 30, hands=[5])
    assert made == [(0, ["minor"], 5, "by-hand"), (10, ["minor"], None, None)]


def test_a_static_value_that_must_last_lasts_from_its_next_reading_on():
    model = rule(when={"minor": {"above": 10, "lasting": "5m"}})
    made = both(model, subject(), values((0, 12), (10, 12), (20, 12)), 30, hands=[7])
    assert made == [(5, ["minor"], 7, "by-hand"), (15, ["minor"], None, None)]


def test_repeats_are_counted_anew_after_an_end_by_hand():
    model = rule(when={"minor": {"above": 10, "times": 2, "within": "1h"}})
    made = both(model, subject(), values((0, 12), (5, 12), (10, 12), (15, 12)), 20, hands=[7])
    assert made == [(5, ["minor"], 7, "by-hand"), (15, ["minor"], None, None)]


def test_an_end_by_hand_in_the_middle_of_a_duration_starts_it_anew():
    model = rule(when={"minor": {"above": 10}, "major": {"above": 10, "lasting": "10m"}})
    made = both(model, subject(), values((0, 12), (6, 12), (12, 12)), 30, hands=[4])
    assert made == [(0, ["minor"], 4, "by-hand"), (6, ["minor", "major"], None, None)]


def test_clear_if_quiet_clears_at_its_very_minute_and_the_next_value_raises_again():
    model = rule(when=HIGH, clear={"quiet": "30m"})
    made = both(model, subject(stands=600), values((0, 12), (20, 12), (80, 12)), 100)
    assert made == [(0, ["minor"], 50, "quiet"), (80, ["minor"], None, None)]


def test_the_quiet_timer_is_put_back_by_every_value_also_a_null():
    model = rule(when=HIGH, clear={"quiet": "30m"})
    made = both(model, subject(stands=600), values((0, 12), (20, None), (45, None)), 100)
    assert made == [(0, ["minor"], 75, "quiet")]


def test_a_null_does_not_wake_an_old_value():
    model = rule(when=HIGH, clear={"quiet": "10m"})
    made = both(model, subject(stands=600), values((0, 12), (30, None)), 60)
    assert made == [(0, ["minor"], 10, "quiet")]


def test_a_duration_that_spans_the_opening_of_a_schedule_counts_from_the_opening():
    model = rule(
        when={"minor": {"above": 10, "lasting": "20m"}}, schedule={"hours": [{"from": "01:00", "to": "03:00"}]}
    )
    made = both(model, subject(stands=600), values((0, 12)), 200)
    assert made == [(80, ["minor"], 180, "schedule")]


def test_a_value_that_came_while_closed_raises_at_the_opening_without_a_new_one():
    model = rule(when=HIGH, schedule={"hours": [{"from": "01:00", "to": "03:00"}]})
    assert both(model, subject(stands=600), values((30, 12)), 100) == [(60, ["minor"], None, None)]


def test_a_duration_that_the_closing_cuts_off_does_not_go_on_the_next_day():
    model = rule(
        when={"minor": {"above": 10, "lasting": "40m"}}, schedule={"hours": [{"from": "01:00", "to": "01:30"}]}
    )
    assert alarms(model, subject(stands=6000), values((0, 12)), 3000) == []


def test_hours_past_midnight_belong_to_the_day_they_begin_on():
    model = rule(when=HIGH, schedule={"hours": [{"from": "22:00", "to": "02:00"}], "days": ["mon"]})
    # minute 0 is Monday 00:00: the night from Sunday is not watched, the one to Tuesday is
    made = both(model, subject(stands=6000), values((0, 12)), 1700)
    assert made == [(1320, ["minor"], 1560, "schedule")]


def test_offline_and_online_races():
    model = rule(on={"each": "thing"}, when={"minor": {"absent": "30m"}})
    facts = subject("s1", "s2")
    # a word in the very minute in which it would be missed: it is not missed
    assert both(model, facts, values((0, 1), (30, 1)), 50) == []
    # a minute later it has been, and comes back at once
    assert both(model, facts, values((0, 1), (31, 1)), 50) == [(30, ["minor"], 31, "condition")]
    # any of its datastreams will do
    assert both(model, facts, [*values((0, 1)), *values((20, 1), (45, 1), stream=2)], 70) == []
    # ended by hand while still silent: it is missed again after another half an hour
    assert both(model, facts, values((0, 1)), 90, hands=[40]) == [
        (30, ["minor"], 40, "by-hand"),
        (70, ["minor"], None, None),
    ]


def test_a_sensor_that_never_spoke_is_not_missed():
    model = rule(on={"each": "thing"}, when={"minor": {"absent": "30m"}})
    assert both(model, subject("s1"), [], 100) == []


def test_words_of_several_datastreams_may_come_in_any_order_while_nobody_is_missed():
    model = rule(on={"each": "thing"}, when={"minor": {"absent": "30m"}})
    machine, memory = watcher(model, subject("s1", "s2")), Memory()
    for stream, minute in ((1, 10), (2, 12), (1, 11), (2, 11), (1, 12)):
        assert machine.observe(memory, stream, BEGIN + minute * M, 1.0) == []
    assert machine.due(memory) == BEGIN + 42 * M


def test_what_comes_after_its_instant_was_decided_is_late_and_said_to_be():
    machine, memory = watcher(rule(when={"minor": {"above": 10, "lasting": "10m"}}), subject()), Memory()
    machine.observe(memory, 1, BEGIN, 12.0)
    assert machine.tick(memory, BEGIN + 15 * M)[0].at == BEGIN + 10 * M
    assert machine.late(memory, BEGIN + 5 * M)
    assert machine.late(memory, BEGIN + 10 * M)
    assert not machine.late(memory, BEGIN + 11 * M)
    try:
        machine.observe(memory, 1, BEGIN + 5 * M, 3.0)
    except Late:
        return
    raise AssertionError


def test_late_data_run_again_shows_that_an_alarm_never_was():
    model, facts = rule(when={"minor": {"above": 10, "lasting": "10m"}}), subject()
    assert both(model, facts, values((0, 12), (11, 3)), 30) == [(10, ["minor"], 11, "condition")]
    assert both(model, facts, values((0, 12), (11, 3), (5, 3)), 30) == []


def test_the_order_in_which_a_history_is_given_does_not_matter():
    model, facts = rule(on={"inputs": {"a": {"property": "x"}, "b": {"property": "y"}}},
                        when={"minor": {"formula": "a > b"}}), subject("a", "b")  # fmt: skip
    history = [*values((0, 1), (10, 5), (20, 1)), *values((0, 2), (10, 6), (15, 3), (20, 2), stream=2)]
    machine = watcher(model, facts)
    assert run(machine, seen(history), BEGIN + 40 * M) == run(machine, seen(history[::-1]), BEGIN + 40 * M)


def test_readings_of_one_instant_are_judged_as_one():
    model, facts = rule(on={"inputs": {"a": {"property": "x"}, "b": {"property": "y"}}},
                        when={"minor": {"formula": "a > b"}}), subject("a", "b")  # fmt: skip
    # a rises above the old b, but b rose in the same minute
    assert both(model, facts, [*values((0, 1), (10, 5)), *values((0, 2), (10, 6), stream=2)], 20) == []
    machine, memory = watcher(model, facts), Memory()
    for stream, minute, value in ((1, 0, 1.0), (2, 0, 2.0), (1, 10, 5.0)):
        assert machine.observe(memory, stream, BEGIN + minute * M, value) == []
    assert machine.due(memory) == BEGIN + 10 * M + machine.settle
    assert machine.observe(memory, 2, BEGIN + 10 * M, 6.0) == []
    assert machine.due(memory) != BEGIN + 10 * M + machine.settle


def test_a_dead_sensor_does_not_complete_a_duration():
    model = rule(when={"minor": {"above": 10, "lasting": "20m"}})
    assert both(model, subject(stands=15), values((0, 12)), 60) == []
    assert both(model, subject(stands=30), values((0, 12)), 60) == [(20, ["minor"], None, None)]


def test_hysteresis_keeps_an_alarm_until_the_value_is_well_back():
    model = rule(when={"minor": {"from": 10}, "major": {"from": 20}}, clear={"margin": 2})
    made = both(model, subject(), values((0, 21), (1, 19), (2, 18.5), (3, 17), (4, 9), (5, 8), (6, 7.9)), 20)
    assert made == [(0, ["major", "minor"], 6, "condition")]


def test_keep_for_and_lasting_delay_the_end():
    model = rule(when=HIGH, clear={"keep_for": "20m"})
    assert both(model, subject(), values((0, 12), (2, 5)), 40) == [(0, ["minor"], 20, "condition")]
    model = rule(when=HIGH, clear={"lasting": "10m"})
    made = both(model, subject(), values((0, 12), (2, 5), (8, 12), (9, 5)), 40)
    assert made == [(0, ["minor"], 19, "condition")]


def test_an_own_condition_ends_the_alarm_and_only_that():
    model = rule(when={"minor": {"from": 85}, "major": {"from": 95}}, clear={"when": {"below": 50}})
    made = both(model, subject(), values((0, 96), (10, 90), (20, 60), (30, 49)), 40)
    assert made == [(0, ["major", "minor"], 30, "condition")]


def test_a_worse_severity_replaces_a_milder_one_and_gives_way_to_it():
    model = rule(when={"minor": {"above": 1, "lasting": "10m"}, "critical": {"above": 5}})
    made = both(model, subject(), values((0, 6), (3, 2), (8, 0)), 20)
    assert made == [(0, ["critical", "minor"], 8, "condition")]


def test_crossings_are_counted_not_values():
    model = rule(when={"minor": {"above": 10, "times": 3, "within": "1h", "counting": "crossings"}})
    assert both(model, subject(), values((0, 12), (1, 12), (2, 12), (3, 12)), 20) == []
    history = values((0, 12), (5, 3), (10, 12), (15, 3), (20, 12), (25, 3))
    assert both(model, subject(), history, 40) == [(20, ["minor"], 25, "condition")]


def test_a_truth_and_a_word_can_be_watched():
    assert both(
        rule(when={"minor": {"equals": "open"}}), subject(), values((0, "shut"), (5, "open"), (9, "shut")), 20
    ) == [(5, ["minor"], 9, "condition")]
    made = both(rule(when={"minor": {"equals": True}}), subject(), values((0, False), (5, True), (6, 1.0)), 20)
    assert made == [(5, ["minor"], None, None)]  # a number is no answer to a question of yes and no


def test_a_reading_that_cannot_be_is_none():
    model, facts = rule(when={"minor": {"below": 1}}), subject(plausible=(0.0, 100.0))
    assert both(model, facts, values((0, 5), (5, -999.0), (10, 1e9), (15, float("nan"))), 30) == []
