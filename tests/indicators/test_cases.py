"""Indicators of cases: by the unit of their time, in time or not, and computed anew when a case goes on."""

import pytest

from dothi.cases.tables import Case, CaseEntry
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.indicators import reasons, receipts, refresh, service
from dothi.indicators.tables import IndicatorValue
from dothi.kit.clock import DAY, HOUR
from dothi.kit.errors import NotFound
from tests.indicators import town

ON_TIME = {
    "code": "on-time", "direction": "up", "formula": "100 * met / solved", "periods": ["month", "year"],
    "inputs": {
        "met": {"cases": {"measure": "on-time"}, "aggregate": "count"},
        "solved": {"cases": {"measure": "solved"}, "aggregate": "count"},
    },
}  # fmt: skip
DAYS = {
    "code": "days", "numerator": "hours / 24", "denominator": "solved", "periods": ["month"],
    "inputs": {
        "hours": {"cases": {"measure": "solved", "by": "resolved", "value": "hours"}, "aggregate": "sum"},
        "solved": {"cases": {"measure": "solved", "by": "resolved"}, "aggregate": "count"},
    },
}  # fmt: skip


def case(number, unit, opened, took, met, **more):
    done = None if took is None else town.day(opened) + took * HOUR
    return Case(
        number=number, type="report", state="closed" if done else "working", phase="closed" if done else "open", title=number,
        channel="web", unit=unit, public=True, opened_at=town.day(opened), resolved_at=done, met=met,
        updated_at=done or town.day(opened), simulated=False, **more,
    )  # fmt: skip


def value(session, code, place, period, caller=SYSTEM):
    session.commit()
    return service.value(session, caller, code, place, period, now=town.NOW)


def test_cases_by_place_and_anew_when_one_goes_on(session, streams, monkeypatch):
    town.declare(monkeypatch, ON_TIME, DAYS)
    session.add_all([
        case("PA-1", "27694", "2026-02-03", 24, True), case("PA-2", "27694", "2026-02-04", 60, False),
        case("PA-3", "27712", "2026-02-04", 12, True), case("PA-4", "27712", "2026-01-30", 72, True),
        case("PA-5", "31147", "2026-02-04", 12, False), case("PA-6", "27712", "2026-02-20", None, None),
        case("PA-7", "27712", "2026-02-20", 1, False, hidden="spam"),
    ])  # fmt: skip
    session.commit()
    refresh.run(now=town.NOW)
    city = value(session, "on-time", None, "2026-02", ANONYMOUS)
    assert (city.numerator, city.denominator, city.factor) == (2, 3, 100)
    assert value(session, "on-time", "27712", "2026-02").number == 100
    assert value(session, "days", "27712", "2026-02").number == (12 + 72) / 24 / 2
    assert value(session, "on-time", "27712", "2026-03").reason == "nothing-to-divide-by"
    rows = receipts.reproduce(session, SYSTEM, value(session, "days", "27712", "2026-02").receipt_id).rows
    assert [(row[3], row[5]) for row in rows if row[0] == "hours"] == [("PA-3", 12.0), ("PA-4", 72.0)]

    held = {(v.indicator, v.start, v.place): v.receipt_id for v in session.query(IndicatorValue)}
    late = session.query(Case).filter_by(number="PA-6").one()
    late.resolved_at, late.met, late.phase, late.updated_at = town.NOW - DAY, False, "closed", town.NOW - HOUR
    session.add(CaseEntry(case_id=late.id, at=town.NOW - DAY, actor="person:1", kind="state"))
    session.commit()
    refresh.run(now=town.NOW)
    assert value(session, "on-time", "27712", "2026-02").number == 50
    now_ = {(v.indicator, v.start, v.place): v.receipt_id for v in session.query(IndicatorValue)}
    february, march, year = town.day("2026-02-01"), town.day("2026-03-01"), town.day("2026-01-01")
    both = ("27712", "tan-an")
    assert {key for key in now_ if now_[key] != held.get(key)} == (
        {("on-time", start, place) for start in (february, year) for place in both}
        | {("days", march, place) for place in both}
    )


def test_few_cases_are_told_to_those_alone_who_may_read_cases(session, streams, monkeypatch):
    town.declare(monkeypatch, {
        "code": "received", "formula": "n", "least": 5, "periods": ["month"],
        "inputs": {"n": {"cases": {"measure": "received"}, "aggregate": "count"}},
    })  # fmt: skip
    session.add_all([case(f"PA-{i}", "27694" if i < 2 else "27712", "2026-02-03", 24, True) for i in range(9)])
    session.commit()
    service.compute(session, periods=["2026-02"], now=town.NOW)
    # the other commune is hushed too: the city less it would tell
    assert [value(session, "received", p, "2026-02", ANONYMOUS).number for p in ("27694", "27712", None)] == [
        None,
        None,
        9,
    ]
    hidden = value(session, "received", "27694", "2026-02", ANONYMOUS)
    assert (hidden.reason, hidden.receipt_id, hidden.numerator, hidden.coverage) == ("few-5", None, None, None)
    assert reasons.said(hidden.reason, "en") == "Few (<5)"
    for many in (service.by_place(session, ANONYMOUS, "received", "2026-02", now=town.NOW),
                 service.everywhere(session, ANONYMOUS, places=["27694", "27712"], now=town.NOW)):  # fmt: skip
        assert [one.number for one in many] == [None, None]
    shown = value(session, "received", "27694", "2026-02")
    assert (shown.number, shown.reason) == (2, "few-5")
    assert len(receipts.reproduce(session, SYSTEM, shown.receipt_id).rows) == 3
    with pytest.raises(NotFound):
        receipts.receipt(session, ANONYMOUS, shown.receipt_id)


def test_a_year_less_its_other_months_does_not_tell_the_month_of_few_cases(session, streams, monkeypatch):
    town.declare(
        monkeypatch,
        {
            "code": "received", "formula": "n", "least": 5, "periods": ["month", "year"],
            "inputs": {"n": {"cases": {"measure": "received"}, "aggregate": "count"}},
        },
        {"code": "twice", "formula": "2 * n", "periods": ["month", "year"], "inputs": {"n": {"indicator": "received"}}},
    )  # fmt: skip
    many = {"27694": (20, 21, 22), "27712": (8, 3, 9)}  # of January, February, March
    session.add_all([
        case(f"PA-{unit}-{month}-{i}", unit, f"2026-0{month}-02", 24, True)
        for unit, counts in many.items() for month, count in enumerate(counts, 1) for i in range(count)
    ])  # fmt: skip
    session.commit()
    months = ["2026-01", "2026-02", "2026-03"]
    service.compute(session, periods=[*months, "2026"], now=town.NOW)

    def told(place, code="received", caller=ANONYMOUS):
        return [value(session, code, place, period, caller).number for period in (*months, "2026")]

    # three of February; January goes with it, or the year less January and March would tell; and with each the other commune
    assert told("27712") == [None, None, 9, 20]
    assert told("27694") == [None, None, 22, 63]
    assert told(None) == [28, 24, 31, 83]
    assert told("27712", "twice") == [None, None, 18, 40]
    assert told("27712", caller=SYSTEM) == [8, 3, 9, 20]
    with pytest.raises(NotFound):
        receipts.receipt(session, ANONYMOUS, value(session, "received", "27694", "2026-01").receipt_id)

    session.add_all([case(f"PA-late-{i}", "27712", "2026-02-02", 24, True) for i in range(2)])  # now they are five
    session.commit()
    service.compute(session, periods=["2026-02", "2026"], now=town.NOW)
    assert told("27712") == [8, 5, 9, 22]
    assert told("27694") == [20, 21, 22, 63]
    assert told("27712", "twice") == [16, 10, 18, 44]
