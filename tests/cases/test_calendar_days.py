"""Which days are worked, and due moments around Tết 2026 and the official swaps, as worked out by hand."""

import datetime as dt

import pytest

from dothi import config
from dothi.cases import calendar, clock
from dothi.identity.guard import ANONYMOUS, SYSTEM, Caller
from dothi.journal.tables import Entry
from dothi.kit.clock import VIETNAM, micros, moment
from dothi.kit.errors import BadInput, NotAllowed, NotFound, NotSignedIn

SOUTH = "mon-fri 7:30-11:30 13:30-17:00"
CAL = calendar._made((), SOUTH)


def at(text):
    return micros(dt.datetime.fromisoformat(text).replace(tzinfo=VIETNAM))


def shown(micros_):
    return f"{moment(micros_).astimezone(VIETNAM):%Y-%m-%d %H:%M}"


def days_of(year):
    first = dt.date(year, 1, 1)
    return [first + dt.timedelta(days=n) for n in range((dt.date(year + 1, 1, 1) - first).days)]


def test_a_year_has_its_official_working_days():
    assert [sum(CAL.works(day) for day in days_of(year)) for year in (2026, 2027)] == [249, 249]
    off = "2026-01-01 2026-01-02 2026-02-16 2026-02-20 2026-04-27 2026-08-31 2026-09-02 2026-11-24 2027-11-24"
    assert not [day for day in off.split() if CAL.works(dt.date.fromisoformat(day))]
    assert [CAL.works(day) for day in (dt.date(2026, 1, 10), dt.date(2026, 8, 22))] == [True, True]  # Saturdays
    assert CAL.decided(dt.date(2026, 1, 10)).document == "12729/VPCP-KGVX"
    assert CAL.hours(dt.date(2026, 1, 10)) == CAL.week[0]


@pytest.mark.parametrize(
    ("start", "unit", "amount", "due"),
    [
        # around the swap of 2 and 10 January
        ("2025-12-31 09:00", "working-days", 1, "2026-01-05 17:00"),
        ("2025-12-31 09:00", "working-days", 6, "2026-01-10 17:00"),
        ("2026-01-08 10:00", "working-days", 2, "2026-01-10 17:00"),
        ("2026-01-09 16:00", "working-hours", 120, "2026-01-10 08:30"),
        ("2026-01-10 10:00", "working-days", 1, "2026-01-12 17:00"),
        ("2026-01-02 10:00", "working-days", 1, "2026-01-06 17:00"),  # handed in on the day off
        ("2026-01-11 10:00", "working-days", 1, "2026-01-13 17:00"),  # a Sunday
        # Tết 2026: 14 to 22 February
        ("2026-02-12 09:00", "working-days", 5, "2026-02-26 17:00"),
        ("2026-02-13 16:30", "working-days", 1, "2026-02-23 17:00"),
        ("2026-02-13 17:00", "working-days", 1, "2026-02-23 17:00"),  # by 17:00 is in time
        ("2026-02-13 17:01", "working-days", 1, "2026-02-24 17:00"),  # after hours: received on the 23rd
        ("2026-02-17 00:00", "working-days", 1, "2026-02-24 17:00"),  # on the first day of the year
        ("2026-02-13 16:00", "working-hours", 60, "2026-02-13 17:00"),
        ("2026-02-13 16:00", "working-hours", 61, "2026-02-23 07:31"),
        ("2026-02-13 20:00", "working-hours", 240, "2026-02-23 11:30"),
        ("2026-02-13 20:00", "hours", 24 * 60, "2026-02-14 20:00"),
        # 24 November, nights, weekends, noon
        ("2026-11-20 09:00", "working-days", 5, "2026-11-30 17:00"),
        ("2026-11-18 08:12", "working-days", 5, "2026-11-26 17:00"),
        ("2026-11-23 22:00", "working-days", 1, "2026-11-26 17:00"),
        ("2026-11-23 05:00", "working-days", 1, "2026-11-25 17:00"),  # before hours: the same day
        ("2026-11-23 12:00", "working-days", 1, "2026-11-25 17:00"),
        ("2026-11-24 10:00", "working-days", 1, "2026-11-26 17:00"),
        ("2026-11-21 10:00", "working-days", 1, "2026-11-25 17:00"),
        ("2026-11-20 15:30", "working-hours", 240, "2026-11-23 10:00"),
        ("2026-11-23 11:00", "working-hours", 60, "2026-11-23 14:00"),
        ("2026-11-23 16:30", "working-hours", 60, "2026-11-25 08:00"),
        ("2026-11-23 03:00", "working-hours", 60, "2026-11-23 08:30"),
        # the swap of 31 and 22 August, the end of the year
        ("2026-08-21 09:00", "working-days", 1, "2026-08-22 17:00"),
        ("2026-08-28 09:00", "working-days", 1, "2026-09-03 17:00"),
        ("2026-12-31 09:00", "working-days", 3, "2027-01-06 17:00"),
        ("2026-04-24 09:00", "working-days", 3, "2026-05-04 17:00"),
    ],
)  # fmt: skip
def test_worked_examples(start, unit, amount, due):
    assert shown(clock.add(CAL, at(start), unit, amount)) == due
    assert clock.used(CAL, unit, at(start), at(due)) == amount


def told(lines):
    return [(line.kind, f"{line.day_from:%d.%m}-{line.day_to:%d.%m}", line.count) for line in lines]


def test_the_way_to_a_due_moment_is_told_day_by_day():
    assert told(clock.explain(CAL, at("2026-11-18 08:12"), 5, "working-days")) == [
        ("start", "18.11-18.11", None), ("counted", "19.11-20.11", 2), ("free", "21.11-22.11", None),
        ("counted", "23.11-23.11", 3), ("holiday", "24.11-24.11", None), ("counted", "25.11-26.11", 5),
        ("due", "26.11-26.11", None),
    ]  # fmt: skip
    tet = clock.explain(CAL, at("2026-02-12 09:00"), 3, "working-days")
    assert told(tet)[2:5] == [
        ("free", "14.02-15.02", None),
        ("holiday", "16.02-20.02", None),
        ("free", "21.02-22.02", None),
    ]
    assert tet[3].name.vi == "Tết Nguyên Đán"
    pause = clock.Suspension(at("2026-11-19 09:00"), at("2026-11-25 15:00"), "citizen")
    paused = clock.explain(CAL, at("2026-11-18 08:12"), 3, "working-days", [pause])
    assert told(paused) == [
        ("start", "18.11-18.11", None), ("counted", "19.11-19.11", 1), ("paused", "20.11-25.11", None),
        ("counted", "26.11-27.11", 3), ("due", "27.11-27.11", None),
    ]  # fmt: skip
    waiting = clock.explain(CAL, at("2026-11-18 08:12"), 3, "working-days", [clock.Suspension(pause.since, None)])
    assert [line.kind for line in waiting] == ["start", "counted", "paused"]
    urgent = clock.explain(CAL, at("2026-11-20 15:30"), 240, "working-hours")
    assert told(urgent)[1:4] == [
        ("counted", "20.11-20.11", 90),
        ("free", "21.11-22.11", None),
        ("counted", "23.11-23.11", 240),
    ]


def test_office_hours_are_a_setting():
    week = calendar.week_of("mon-fri 8:00-12:00 13:00-17:00; sat 7:30-11:30")
    assert week[4:] == (((480, 720), (780, 1020)), ((450, 690),), ())
    north = calendar.made(week, calendar.official())
    assert shown(clock.add(north, at("2026-11-19 09:00"), "working-days", 2)) == "2026-11-21 11:30"
    assert shown(clock.add(north, at("2026-11-20 16:30"), "working-hours", 60)) == "2026-11-21 08:00"
    assert north.hours(dt.date(2026, 1, 10)) == week[0]  # declared worked: a whole day
    for wrong in ("", "mon-fri", "fri-mon 8:00-12:00", "mon 12:00-8:00", "mon 8:00-12:00 11:00-13:00", "day 8:00-9:00"):
        with pytest.raises(BadInput, match="office hours"):
            calendar.week_of(wrong)
    with pytest.raises(BadInput, match="no day is worked"):
        calendar.Calendar(week, lambda day: True).nth(dt.date(2026, 1, 1), 1)


def test_a_day_is_declared_and_taken_back(session, monkeypatch):
    day = dt.date(2026, 11, 27)
    assert calendar.load(session).works(day)
    assert calendar.load(session) is calendar.load(session)
    calendar.set_day(session, SYSTEM, day, False, " 15/QĐ-UBND ", "Giỗ tổ nghề")
    changed = calendar.load(session)
    assert not changed.works(day)
    assert changed.decided(day).name.vi == "Giỗ tổ nghề"
    calendar.set_day(session, SYSTEM, "2026-11-28", True, "15/QĐ-UBND")
    assert calendar.load(session).works(dt.date(2026, 11, 28))
    calendar.set_day(session, SYSTEM, "2026-01-10", False, "16/QĐ-UBND")  # before what comes with dothi
    assert not calendar.load(session).works(dt.date(2026, 1, 10))
    listed = {one.day: one for one in calendar.days(session)}
    assert (listed[day].document, bool(listed[day].set_by)) == ("15/QĐ-UBND", True)
    assert listed[dt.date(2026, 1, 2)].set_by is None
    calendar.unset_day(session, SYSTEM, day)
    assert calendar.load(session).works(day)
    kinds = [one.kind for one in session.query(Entry).order_by(Entry.id) if one.kind.startswith("cases.calendar")]
    assert kinds == ["cases.calendar.set"] * 3 + ["cases.calendar.unset"]
    with pytest.raises(NotFound):
        calendar.unset_day(session, SYSTEM, day)
    with pytest.raises(BadInput) as wrong:
        calendar.set_day(session, SYSTEM, "2026-13-01", True, "", "n" * 501)
    assert [one.place for one in wrong.value.faults] == ["day", "document", "note"]
    with pytest.raises(NotSignedIn):
        calendar.set_day(session, ANONYMOUS, day, False, "1")
    inside = Caller(kind="person", id=3, within=frozenset({("cases:config", 1)}))
    with pytest.raises(NotAllowed):  # the calendar is everybody's
        calendar.set_day(session, inside, day, False, "1")
    monkeypatch.setenv("DOTHI_OFFICE_HOURS", "mon-sat 8:00-12:00")
    config.settings.cache_clear()
    assert calendar.load(session).works(dt.date(2026, 11, 28))
    assert calendar.load(session).longest == 240
