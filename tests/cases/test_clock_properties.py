"""What holds of every deadline, whatever the calendar."""

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.cases import clock
from dothi.cases.calendar import MINUTE, Calendar, day_of, midnight
from dothi.kit.clock import DAY

WEEKS = (
    [[(450, 690), (810, 1020)]] * 5 + [[], []],
    [[(480, 720), (780, 1020)]] * 5 + [[(450, 690)], []],
    [[], [(0, 1440)], [], [(600, 601)], [], [], [(60, 120), (120, 180)]],
)
BEGIN = dt.date(2026, 1, 1)
UNITS = st.sampled_from(["working-days", "working-hours", "hours"])
FEW = settings(max_examples=100, deadline=None)
instants = st.integers(midnight(BEGIN), midnight(BEGIN) + 500 * DAY)
gaps = st.integers(0, 60 * DAY)
amounts = st.integers(1, 300)


@st.composite
def swaps(draw):
    """Days declared off and worked around the year 2026."""
    days = draw(st.lists(st.integers(-5, 560), max_size=30, unique=True))
    return {BEGIN + dt.timedelta(days=n): draw(st.booleans()) for n in days}


def made(week, declared):
    return Calendar(week, lambda day: not declared.get(day, bool(week[day.weekday()])))


calendars = st.builds(made, st.sampled_from(WEEKS), swaps())


def plain(cal, start, unit, amount):
    """The same by walking day after day: the oracle."""
    if unit == "hours":
        return start + amount * MINUTE
    day, left = day_of(start - 1), amount if unit == "working-days" else amount * MINUTE
    if unit == "working-days":
        if not cal.works(day) or start > cal.end(day):
            day += dt.timedelta(days=1)
            while not cal.works(day):
                day += dt.timedelta(days=1)
        while left:
            day += dt.timedelta(days=1)
            left -= cal.works(day)
        return cal.end(day)
    while True:
        for opens, closes in cal.hours(day):
            begin, end = max(midnight(day) + opens * MINUTE, start), midnight(day) + closes * MINUTE
            if begin < end:
                if left <= end - begin:
                    return begin + left
                left -= end - begin
        day += dt.timedelta(days=1)


@FEW
@given(calendars, instants, UNITS, amounts)
def test_adding_is_walking_and_measuring_gives_it_back(cal, start, unit, amount):
    due = clock.add(cal, start, unit, amount)
    assert due == plain(cal, start, unit, amount)
    assert clock.used(cal, unit, start, due) == amount
    if unit != "hours":
        assert cal.works(day_of(due - 1))


@FEW
@given(calendars, instants, gaps, UNITS, amounts, st.integers(0, 50))
def test_later_and_more_is_never_earlier(cal, start, gap, unit, amount, more):
    due = clock.add(cal, start, unit, amount)
    assert clock.add(cal, start + gap, unit, amount) >= due
    assert clock.add(cal, start, unit, amount + more) >= due
    assert clock.used(cal, unit, start, start + gap) >= 0
    assert 0 <= clock.begun(cal, unit, start, start + gap) <= clock.used(cal, unit, start, start + gap)


@FEW
@given(calendars, instants, UNITS, amounts, st.lists(st.tuples(gaps, gaps), max_size=4), st.data())
def test_a_suspension_never_makes_a_due_moment_earlier(cal, start, unit, amount, given_, data):
    pauses = [clock.Suspension(start + since, start + since + long) for since, long in given_]
    due = clock.due(cal, unit, amount, clock.stretches(start, None, pauses))
    assert due >= clock.add(cal, start, unit, amount)
    one = clock.Suspension(*sorted((start + data.draw(gaps), start + data.draw(gaps))))
    assert clock.due(cal, unit, amount, clock.stretches(start, None, [*pauses, one])) >= due - len(pauses) * MINUTE
    lines = clock.explain(cal, start, amount, unit, pauses)
    assert (lines[-1].kind, lines[-1].at) == ("due", due)
    for line in lines:
        if line.kind == "counted" and unit == "working-days":
            days = [line.day_from + dt.timedelta(days=n) for n in range(line.days)]
            assert all(map(cal.works, days))
        if line.kind in ("free", "holiday"):
            assert not cal.works(line.day_from)


@FEW
@given(calendars, instants, UNITS, amounts, gaps)
def test_a_pause_of_no_length_changes_nothing(cal, start, unit, amount, since):
    pauses = [clock.Suspension(start + since, start + since)]
    due = clock.due(cal, unit, amount, clock.stretches(start, None, pauses))
    assert 0 <= due - clock.add(cal, start, unit, amount) <= (0 if unit == "working-days" else DAY * 14)


@FEW
@given(
    st.sampled_from(WEEKS),
    swaps(),
    instants,
    amounts,
    st.integers(1, 400),
    st.sampled_from(UNITS_W := ["working-days", "working-hours"]),
)
def test_a_day_declared_off_is_not_counted_and_one_declared_worked_is(week, declared, start, amount, ahead, unit):
    day = day_of(start) + dt.timedelta(days=ahead)
    off, on = made(week, declared | {day: False}), made(week, declared | {day: True})
    assert clock.add(on, start, unit, amount) <= clock.add(off, start, unit, amount)
    assert off.time_between(midnight(day), midnight(day) + DAY) == 0
    assert on.time_between(midnight(day), midnight(day) + DAY) > 0
    assert on.days_between(day - dt.timedelta(days=1), day) == 1
    assert off.days_between(day - dt.timedelta(days=1), day) == 0
    assert day_of(clock.add(off, start, unit, amount) - 1) != day
