"""Across 1 July 2025: totals stay, rates are made anew, what has no weight is missing, and namesakes stay apart."""

import pytest
from sqlalchemy import update

from dothi.identity.guard import SYSTEM
from dothi.indicators import carrying, receipts, service
from dothi.indicators.carrying import Link
from dothi.indicators.parts import Part
from dothi.places.tables import UnitChange
from tests.indicators import town

# cases of a disease by ward: of 2024 under the old codes, of 2025 under the new ones, as the tables came
SICK = {
    "a": {"ward": "27685", "power": 40, "broke_on": "2024-05-02"}, "b": {"ward": "27688", "power": 30, "broke_on": "2024-05-02"},
    "c": {"ward": "27712", "power": 21, "broke_on": "2024-05-02"}, "d": {"ward": "31135", "power": 500, "broke_on": "2024-05-02"},
    "e": {"ward": "27694", "power": 45, "broke_on": "2025-09-02"}, "f": {"ward": "27712", "power": 35, "broke_on": "2025-09-02"},
    "g": {"ward": "31147", "power": 900, "broke_on": "2025-09-02"}, "h": {"ward": "27685", "power": 8, "broke_on": "2025-03-02"},
}  # fmt: skip
RATE = {
    "code": "sick", "numerator": "sick", "denominator": "people", "per": 1000, "places": ["city", "unit", "province"], "periods": ["year", "month"],
    "inputs": {
        "sick": {"records": {"dataset": "lamps", "during": "broke_on", "unit": "ward", "value": "power"}, "aggregate": "sum"},
        "people": {"population": "end"},
    },
}  # fmt: skip
OLD, NEW = town.day("2025-06-30"), town.NOW


def parts(made):
    return {v.period: (v.numerator, v.denominator, v.number, v.reason, v.carried) for v in made}


def series(session, code, place, boundary=None, kind="year"):
    return service.series(
        session,
        SYSTEM,
        code,
        place,
        kind,
        town.day("2024-01-01"),
        town.day("2026-01-01"),
        boundary=boundary,
        now=town.NOW,
    )


@pytest.fixture
def sick(session, streams, monkeypatch):
    town.declare(monkeypatch, RATE)
    town.lamps(session, SICK)
    service.compute(session, periods=["2024", "2025", "2024-05", "2025-09"], now=town.NOW)
    session.commit()


def test_either_boundary_and_totals_agree_to_the_unit(session, sick):
    new = {code: parts(series(session, "sick", code, NEW)) for code in ("27694", "27712")}
    # 2024 on the new boundary: three quarters of Phường 5 with all of Phường 2, a quarter of it with Bình Tâm
    assert new["27694"]["2024"] == (60, 9000, pytest.approx(60000 / 9000), None, True)
    assert new["27712"]["2024"] == (31, 6000, pytest.approx(31000 / 6000), None, True)
    assert sum(new[code]["2024"][0] for code in new) == 91
    # 2025 was counted on both sides of the day: the 8 of Phường 5 are carried into the year
    assert (new["27694"]["2025"][0], new["27712"]["2025"][0]) == (51, 37)
    old = {code: parts(series(session, "sick", code, OLD, "month")) for code in ("27685", "27688", "27712")}
    september = {code: found["2025-09"][0] for code, found in old.items()}
    # Long An's 45 by people: 3,000 of Phường 5, 6,000 of Phường 2; Tân An's 35: 1,000 and 5,000
    assert september == {
        "27685": pytest.approx(15 + 35 / 6),
        "27688": pytest.approx(30),
        "27712": pytest.approx(35 * 5 / 6),
    }
    assert sum(september.values()) == pytest.approx(80, abs=1e-9)
    assert [found["2024-05"][0] for found in old.values()] == [40, 30, 21]
    assert parts(series(session, "sick", "80", NEW))["2024"][0] is not None


def test_one_code_two_places(session, sick):
    """27712 was Bình Tâm and is Tân An; 31135 was Tân An and is Ninh Kiều; neither Tân An is the other's."""
    assert [v.number for v in series(session, "sick", "27712")] == [None, pytest.approx(37000 / 6000)]
    was = service.value(session, SYSTEM, "sick", "27712", "2024", now=town.NOW)
    assert (was.place.name, was.numerator, was.denominator) == ("Xã Bình Tâm", 21, 5000)
    now_ = service.value(session, SYSTEM, "sick", "27712", "2025", now=town.NOW)
    assert (now_.place.name, now_.numerator) == ("Phường Tân An", 37)
    city = parts(series(session, "sick", "tan-an"))
    assert city["2024"][:2] == (91, 15000)
    assert city["2025"][:2] == (88, 15000)
    assert {v.place.code for v in service.by_place(session, SYSTEM, "sick", "2025", now=town.NOW)} == {"27694", "27712"}
    assert {v.place.name for v in service.by_place(session, SYSTEM, "sick", "2024", now=town.NOW)} == {
        "Phường 5",
        "Phường 2",
        "Xã Bình Tâm",
    }
    assert parts(series(session, "sick", "27685", NEW))["2024"][3] == "ended"


def test_a_carried_number_has_its_receipt(session, sick):
    shown = service.value(session, SYSTEM, "sick", "27694", "2025", now=town.NOW)
    rows = [row for row in receipts.reproduce(session, SYSTEM, shown.receipt_id).rows if row[0] == "sick"]
    assert sorted((row[3], row[5]) for row in rows) == [("e", 45.0), ("h", 6.0)]
    assert sum(row[5] for row in rows) == shown.numerator == 51
    assert shown.factor == 1000


def test_no_weight_says_missing(session, streams, monkeypatch):
    town.declare(monkeypatch, RATE)
    town.lamps(session, SICK)
    session.execute(update(UnitChange).where(UnitChange.old_code == "27685").values(weight=None))
    service.compute(session, periods=["2024", "2025"], now=town.NOW)
    session.commit()
    assert parts(series(session, "sick", "27694", NEW))["2024"][2:4] == (None, "no-weight")
    assert parts(series(session, "sick", "27694", NEW))["2025"][2:4] == (None, "no-weight")
    assert parts(series(session, "sick", "27712"))["2025"][3] == "no-weight"


def test_sensors_stand_in_the_unit_of_then(session, streams, monkeypatch):
    town.declare(monkeypatch, {**town.OVER, "places": ["city", "unit"]})
    for code, means in (("A1", [50.0] * 24), ("A2", [20.0] * 24), ("B1", [50.0] * 12 + [20.0] * 12)):
        town.hours(session, streams[code], town.day("2025-06-15"), means)
    service.compute(session, periods=["2025-06", "2025"], now=town.NOW)
    session.commit()
    june = {v.place.name: v.number for v in service.by_place(session, SYSTEM, "over", "2025-06", now=town.NOW)}
    assert june == {"Phường 5": 100, "Phường 2": 0, "Xã Bình Tâm": 50}
    year = {v.place.name: v.number for v in service.by_place(session, SYSTEM, "over", "2025", now=town.NOW)}
    assert year == {"Phường Long An": 50, "Phường Tân An": 50}
    assert parts(series(session, "over", "27694", NEW, "month"))["2025-06"][:2] == (
        pytest.approx(18),
        pytest.approx(42),
    )


def test_carrying_there_and_back_keeps_the_total():
    links = [Link("a", "x", "part", 0.4), Link("a", "y", "part", 0.6), Link("b", "y", "whole", None)]
    there = carrying.forward({"a": Part(10, 10, 100.0), "b": Part(5, 5, 30.0)}, links, [], "sum")
    assert {code: (one.count, one.sum) for code, one in there.items()} == {"x": (4, 40.0), "y": (11, 90.0)}
    back = carrying.backward(there, links, [], "sum", {"a": 50.0, "b": 30.0})
    assert sum(one.sum for one in back.values()) == pytest.approx(130)
    assert carrying.backward(there, links, [], "sum", {"a": 50.0})["b"].lost == "no-weight"
    assert carrying.forward({"a": Part(1, 1, 1.0, 1.0, 1.0)}, links[:2], [], "max")["x"].lost == "no-shares"
    half = carrying.forward({"a": Part(10, 10, 1.0)}, [Link("a", "x", "part", 0.4)], [], "count")
    assert half["x"].lost == "no-weight"  # shares that make no whole are none
    assert carrying.forward({"a": Part(10, 10, 100.0)}, links, [], "sum")["y"].lost == "part-missing"
