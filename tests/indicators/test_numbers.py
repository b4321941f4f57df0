"""Numbers from stored rows: what they come to, what is written when something changes, and what their receipts say."""

import math

import pytest
from sqlalchemy import update

from dothi.datasets import service as datasets
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.indicators import computing, declared, reasons, receipts, refresh, service, store
from dothi.indicators.tables import IndicatorMark, IndicatorPart, IndicatorReceipt, IndicatorValue
from dothi.kit import clock
from dothi.kit.clock import DAY, HOUR
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound
from dothi.sensing.tables import ObservationHour
from tests.indicators import town

FEB, TENTH = town.day("2026-02-01"), town.day("2026-02-10")


def value(session, code, place, period, caller=SYSTEM):
    return service.value(session, caller, code, place, period, now=town.NOW)


def standing(session):
    session.rollback()
    made = {
        (v.indicator, v.period_kind, v.start, v.place): (v.value, v.receipt_id) for v in session.query(IndicatorValue)
    }
    session.rollback()
    return made


def test_from_hours_to_the_city_with_coverage_and_simulation(session, streams, monkeypatch):
    town.declare(monkeypatch, town.OVER)
    town.hours(session, streams["A1"], FEB, [50.0] * 12 + [20.0] * 12)
    town.hours(session, streams["A2"], FEB, [60.0] * 6 + [None] * 16 + [10.0] * 2)
    town.hours(session, streams["B1"], FEB, [10.0] * 24)
    town.hours(session, streams["C1"], FEB, [99.0] * 24)  # Tân An of Cần Thơ is another Tân An
    assert service.compute(session, periods=["2026-02-01", "2026-02", "2026"], now=town.NOW) == 9
    session.commit()
    long_an = value(session, "over", "27694", "2026-02-01")
    assert (long_an.number, long_an.numerator, long_an.denominator) == (pytest.approx(56.25), 18, 32)
    assert long_an.factor == service.receipt(session, SYSTEM, long_an.receipt_id).factor == 100
    assert (long_an.state, long_an.coverage, long_an.simulated) == ("thin", 0.6667, True)
    tan_an = value(session, "over", "27712", "2026-02-01")
    assert (tan_an.number, tan_an.state, tan_an.coverage, tan_an.simulated) == (0, "ok", 1.0, False)
    city = value(session, "over", None, "2026-02-01")
    assert (city.place.name, city.number, city.denominator) == ("Tân An", pytest.approx(100 * 18 / 56), 56)
    assert value(session, "over", None, "2026-02").number == city.number == value(session, "over", None, "2026").number
    assert value(session, "over", "27712", "2026-01").reason == "not-computed"
    assert {v.place.code: v.number for v in service.by_place(session, SYSTEM, "over", "2026-02-01", now=town.NOW)} == {
        "27694": long_an.number, "27712": 0}  # fmt: skip
    assert [v.indicator for v in service.latest(session, SYSTEM, now=town.NOW)] == ["over"]
    assert value(session, "over", None, "month").period == "2026-02"
    with pytest.raises(NotFound):
        value(session, "over", "99999", "2026-02")
    with pytest.raises(BadInput):
        value(session, "over", None, "2026-13")


def test_editing_one_row_changes_exactly_the_dependent_numbers(session, streams, monkeypatch):
    other = {
        "code": "salt",
        "formula": "salt",
        "inputs": {"salt": {"observations": {"property": "salinity"}, "aggregate": "mean"}},
    }
    rests = {"code": "twice", "formula": "2 * over", "inputs": {"over": {"indicator": "over"}}, "periods": ["month"]}
    town.declare(monkeypatch, town.OVER, other, rests)
    for code in ("A1", "A2", "B1", "S2"):
        for begin in (TENTH, TENTH + DAY, town.day("2026-01-15")):
            town.hours(session, streams[code], begin, [40.0 + h for h in range(24)])
    refresh.run(now=town.NOW)
    before = standing(session)
    assert refresh.run(now=town.NOW) == 0  # nothing changed: nothing is written
    session.execute(
        update(ObservationHour)
        .where(ObservationHour.datastream_id == streams["B1"], ObservationHour.hour == TENTH)
        .values(sum=4 * 90.0, max=91.0, first=90.0, last=90.0)
    )
    session.add(IndicatorMark(datastream_id=streams["B1"], first_hour=TENTH, last_hour=TENTH))
    session.commit()
    refresh.run(now=town.NOW)
    after = standing(session)
    changed = {key for key in after if before.get(key) != after[key]}
    year = town.day("2026-01-01")
    places = ("27712", "tan-an")
    assert changed == {("over", "day", TENTH, p) for p in places} | {("over", "month", FEB, p) for p in places} | {
        ("over", "year", year, p) for p in places} | {("twice", "month", FEB, p) for p in places}  # fmt: skip
    assert session.query(IndicatorMark).count() == 0
    assert value(session, "twice", "27712", "2026-02").number == pytest.approx(
        2 * value(session, "over", "27712", "2026-02").number
    )


def test_a_year_is_its_months_whether_they_were_kept_or_not(session, streams, monkeypatch):
    some = {
        name: {"observations": {"property": "pm25"}, "aggregate": name}
        for name in ("mean", "min", "max", "sum", "median", "p90")
    }
    known = town.declare(
        monkeypatch, *({"code": name, "formula": "x", "inputs": {"x": one}} for name, one in some.items())
    )
    for month in ("2026-01-03", "2026-02-07", "2026-03-01"):
        town.hours(session, streams["A1"], town.day(month), [math.sin(h) * 30 + 31 for h in range(60)])
        town.hours(session, streams["B1"], town.day(month), [math.cos(h) * 20 + 31 for h in range(30)])
    service.compute(session, periods=["2026-01", "2026-02", "2026-03", "2026"], now=town.NOW)
    kept = {code: value(session, code, None, "2026").number for code in known}
    assert session.query(IndicatorPart).count() == 12  # four aggregates of three months; a median has no parts
    session.query(IndicatorPart).delete()
    session.query(IndicatorValue).delete()
    service.compute(session, periods=["2026"], now=town.NOW)
    assert {code: value(session, code, None, "2026").number for code in known} == kept
    rows = [(float(m), n) for m, n in session.query(ObservationHour.sum, ObservationHour.numbers)]
    means = sorted(total / count for total, count in rows)
    assert kept["mean"] == pytest.approx(sum(means) / len(means), abs=1e-9)
    assert (kept["min"], kept["max"]) == (pytest.approx(min(means)), pytest.approx(max(means)))
    assert kept["median"] == pytest.approx((means[len(means) // 2 - 1] + means[len(means) // 2]) / 2)


LAMP = {
    "code": "lamps-out", "sector": "lighting", "formula": "100 * out / all",
    "inputs": {
        "out": {"records": {"dataset": "lamps", "where": "state = 'out' AND power > 50"}, "aggregate": "count"},
        "all": {"records": {"dataset": "lamps"}, "aggregate": "count"},
    },
}  # fmt: skip
BROKE = {
    "code": "watts-broken", "sector": "lighting", "formula": "watts",
    "inputs": {"watts": {"records": {"dataset": "lamps", "during": "broke_on", "value": "power"}, "aggregate": "sum"}},
}  # fmt: skip


def test_records_as_they_stood_and_the_receipt_that_adds_up(session, streams, monkeypatch):
    town.declare(monkeypatch, LAMP, BROKE)
    at = {"now": town.day("2026-02-10")}
    monkeypatch.setattr(clock, "source", lambda: clock.moment(at["now"]))
    tan_an = (106.42, 10.52)
    town.lamps(session, {
        "L1": {"state": "out", "power": 100, "broke_on": "2026-02-03"}, "L2": {"state": "on", "power": 70.5, "broke_on": "2026-02-28"},
        "L3": {"state": "out", "power": 40, "at": tan_an}, "L4": {"state": "on", "power": 90, "at": tan_an, "broke_on": "2026-03-01"},
    })  # fmt: skip
    at["now"] = town.day("2026-03-05")
    town.put(session, "L2", {"state": "out", "power": 70.5, "broke_on": "2026-02-28"})
    at["now"] = town.NOW
    service.compute(session, periods=["2026-01", "2026-02", "2026-03", "2026-03-04"], now=town.NOW)
    session.commit()
    assert value(session, "lamps-out", None, "2026-01").reason == "not-kept-then"
    assert value(session, "lamps-out", "27694", "2026-02").number == 50  # L2 broke later
    assert value(session, "lamps-out", "27694", "2026-03-04").number == 50
    assert value(session, "lamps-out", "27694", "2026-03").number == 100
    assert value(session, "lamps-out", "27712", "2026-03").number == 0
    assert value(session, "watts-broken", None, "2026-02").number == 170.5
    assert value(session, "watts-broken", "27712", "2026-02").number == 0

    february = value(session, "lamps-out", "27694", "2026-02").receipt_id
    found = service.receipt(session, ANONYMOUS, february)
    assert (found.number, found.current, [one.rows for one in found.inputs], found.inputs[0].version) == (
        50,
        True,
        [2, 2],
        5,
    )
    assert receipts.whole(session, SYSTEM, february)
    made = service.reproduce(session, SYSTEM, february)
    assert [row for row in made.rows if row[0] == "out"] == [
        ["out", "count", "dataset:lamps", "L1", made.rows[1][4], 1.0]
    ]
    assert "state = 'out' AND power > 50" in made.query
    assert "27694" in made.query

    before = standing(session)
    refresh.run(now=town.NOW)
    at["now"] = town.NOW + HOUR
    town.put(session, "L4", {"state": "on", "power": 91, "at": tan_an, "broke_on": "2026-03-01"})
    watts = value(session, "watts-broken", "27712", "2026-03").receipt_id
    assert [(one.source, one.what, one.count) for one in service.receipt(session, SYSTEM, watts).since] == [
        ("dataset:lamps", "records", 1)
    ]
    assert receipts.again(session, SYSTEM, watts).differs == ("watts",)
    with pytest.raises(Conflict, match="watts"):
        service.reproduce(session, SYSTEM, watts)
    middle = standing(session)
    refresh.run(now=town.NOW + HOUR)
    after = standing(session)
    assert all(middle[key] == row for key, row in before.items())
    changed = {key[0] + key[3] for key in after if after[key][0] != middle.get(key, (None,))[0]}
    assert changed == {"watts-broken27712", "watts-brokentan-an"}
    assert (
        session.query(IndicatorReceipt).filter_by(id=int(watts.partition("-")[0])).count() == 1
    )  # Long An's number rests on it


def test_what_has_no_place_is_never_told_as_none(session, streams, monkeypatch):
    everywhere = {"code": "all-lamps", "sector": "lighting", "formula": "n",
                  "inputs": {"n": {"records": {"dataset": "lamps"}, "aggregate": "count"}}}  # fmt: skip
    town.declare(monkeypatch, LAMP, everywhere)
    monkeypatch.setattr(clock, "source", lambda: clock.moment(TENTH))
    town.lamps(session, {"L1": {"state": "on", "power": 100}}, geometry="Geometry")
    for state, lamps_out in (("on", 0), ("out", None)):
        town.put(session, "L2", {"state": state, "power": 100, "at": None})
        service.compute(session, periods=["2026-02"], now=town.NOW)
        session.commit()
        assert value(session, "lamps-out", "27694", "2026-02").number == lamps_out  # L2 may be here
        assert value(session, "lamps-out", None, "2026-02").number == lamps_out
        assert value(session, "all-lamps", None, "2026-02").number == 1  # what is known to be here
        elsewhere = value(session, "all-lamps", "27712", "2026-02")
        assert (elsewhere.number, elsewhere.state, elsewhere.reason) == (None, "missing", "no-place")
    assert "no location" in reasons.said(elsewhere.reason, "en")


def test_a_dataset_without_a_field_stops_the_indicators_that_ask_for_it_alone(session, streams, monkeypatch):
    everywhere = {"code": "all-lamps", "sector": "lighting", "formula": "n",
                  "inputs": {"n": {"records": {"dataset": "lamps"}, "aggregate": "count"}}}  # fmt: skip
    town.declare(monkeypatch, LAMP, BROKE, everywhere)
    monkeypatch.setattr(clock, "source", lambda: clock.moment(TENTH))
    whole = town.LAMPS
    fewer = {name: field for name, field in whole["properties"].items() if name not in ("state", "broke_on")}
    monkeypatch.setattr(town, "LAMPS", whole | {"properties": fewer})
    town.lamps(session, {"L1": {"power": 100}})

    def number(code):
        refresh.run(now=town.NOW)
        session.commit()
        found = value(session, code, None, "2026-02")
        return found.number, found.reason

    assert number("all-lamps") == (1, None)
    assert number("lamps-out") == number("watts-broken") == (None, "other-fields")
    assert "fields" in reasons.said("other-fields", "en")
    datasets.describe(session, SYSTEM, "lamps", {"schema": whole})
    town.put(session, "L2", {"state": "out", "power": 100, "broke_on": "2026-02-03"})
    assert number("lamps-out") == (50, None)
    assert number("watts-broken") == (100, None)
    datasets.describe(session, SYSTEM, "lamps", {"schema": whole | {"properties": fewer}})
    town.put(session, "L3", {"power": 100})
    assert number("all-lamps") == (3, None)
    with pytest.raises(NotFound):  # it rests on what nobody sees any more
        number("lamps-out")


def test_records_without_a_place_are_the_whole_citys(session, streams, monkeypatch):
    of = {"dataset": "prices", "during": "broke_on", "whole": "city"}
    price = {"code": "price", "sector": "lighting", "numerator": "total", "denominator": "n", "inputs": {
        "total": {"records": {**of, "value": "power"}, "aggregate": "sum"}, "n": {"records": of, "aggregate": "count"},
    }}  # fmt: skip
    middle = {"code": "middle", "sector": "lighting", "formula": "m",
              "inputs": {"m": {"records": {**of, "value": "power"}, "aggregate": "median"}}}  # fmt: skip
    dear = {"code": "dear", "sector": "lighting", "formula": "100 * share",
            "inputs": {"share": {"records": {**of, "where": "power > 6500"}, "aggregate": "share"}}}  # fmt: skip
    shaped = {"code": "shaped", "sector": "lighting", "formula": "n",
              "inputs": {"n": {"records": {"dataset": "lamps", "whole": "city"}, "aggregate": "count"}}}  # fmt: skip
    town.declare(monkeypatch, price, middle, dear, shaped)
    prices = {
        "P1": ("2026-02-03", 6800),
        "P2": ("2026-02-20", 7000),
        "P3": ("2026-02-21", 6000),
        "P4": ("2026-03-01", 1),
    }
    rows = {key: {"state": "on", "power": much, "broke_on": day, "at": None} for key, (day, much) in prices.items()}
    town.lamps(session, rows, "prices", geometry=None)
    town.lamps(session, {"L1": {"state": "on", "power": 100}})
    service.compute(session, periods=["2026-02", "2026-03", "2026"], now=town.NOW)
    session.commit()
    shown = value(session, "price", None, "2026-02", ANONYMOUS)
    assert (shown.number, shown.numerator, shown.denominator) == (6600, 19800, 3)
    assert value(session, "middle", None, "2026-02").number == 6800
    of_it = value(session, "dear", None, "2026-02")
    assert (of_it.numerator, of_it.denominator, of_it.factor) == (2, 3, 100)
    made = service.reproduce(session, ANONYMOUS, shown.receipt_id)
    assert sorted((row[3], row[5]) for row in made.rows[1:] if row[0] == "total") == [
        ("P1", 6800),
        ("P2", 7000),
        ("P3", 6000),
    ]
    assert "the whole city" in made.query
    assert receipts.again(session, SYSTEM, shown.receipt_id).same
    ward = value(session, "price", "27694", "2026-02")
    assert (ward.number, ward.reason) == (None, "whole-city")
    assert value(session, "shaped", None, "2026-03").reason == "has-places"


@pytest.mark.parametrize("aggregate", ["count", "sum", "mean", "share", "latest", "distinct"])
def test_rows_of_hours_add_up_exactly(session, streams, monkeypatch, aggregate):
    of = {"property": "pm25", "where": "mean > 40 and hour >= 3"}
    town.declare(
        monkeypatch,
        {"code": "x", "formula": "7 * x / 3", "inputs": {"x": {"observations": of, "aggregate": aggregate}}},
    )
    for i, code in enumerate(("A1", "A2", "B1")):
        town.hours(session, streams[code], FEB, [30.1 + 0.37 * h + i for h in range(50)])
    service.compute(session, periods=["2026-02", "2026-02-01"], now=town.NOW)
    for place in ("27694", "tan-an"):
        shown = value(session, "x", place, "2026-02")
        held = service.reproduce(session, SYSTEM, shown.receipt_id).rows[1:]
        rows = [row[5] for row in held]
        total = math.fsum(rows) / len(rows) if aggregate in ("mean", "share", "latest") else math.fsum(rows)
        if aggregate == "distinct":
            total = len({row[3] for row in held})
        assert round(7 * round(total, 9) / 3, 9) == shown.number
        assert receipts.again(session, SYSTEM, shown.receipt_id).same


def test_seen_only_where_every_input_is(session, streams, monkeypatch):
    salt = {
        "code": "salt",
        "formula": "salt",
        "inputs": {"salt": {"observations": {"property": "salinity"}, "aggregate": "mean"}},
    }
    rests = {"code": "rests", "formula": "salt", "inputs": {"salt": {"indicator": "salt"}}}
    town.declare(monkeypatch, salt, rests, LAMP)
    town.hours(session, streams["S1"], FEB, [4.0] * 24)  # restricted, in Tân An
    town.hours(session, streams["S2"], FEB, [1.0] * 24)
    town.lamps(session, {"L1": {"state": "out", "power": 100}})
    service.compute(session, periods=["2026-02", "2026-03"], now=town.NOW)
    session.commit()
    for code in ("salt", "rests"):
        assert [value(session, code, p, "2026-02", ANONYMOUS).number for p in ("27694", "27712", None)] == [
            1.0,
            None,
            None,
        ]
        assert value(session, code, "27712", "2026-02").number == 4.0
        hidden = value(session, code, "27712", "2026-02").receipt_id
        with pytest.raises(NotFound):
            service.receipt(session, ANONYMOUS, hidden)
    assert value(session, "lamps-out", None, "2026-03", ANONYMOUS).number == 100
    from dothi.datasets.tables import Dataset

    session.execute(update(Dataset).values(sharing="restricted"))
    session.commit()
    with pytest.raises(NotFound):
        value(session, "lamps-out", None, "2026-03", ANONYMOUS)
    assert {v.indicator for v in service.latest(session, ANONYMOUS, place="27694", now=town.NOW)} == {"salt", "rests"}


def test_targets_light_and_trend(session, streams, monkeypatch):
    town.declare(monkeypatch, {**town.OVER, "forecast": {"method": "linear", "periods": 2}})
    for i in range(8):
        month = town.day(f"2025-{8 + i:02d}-01") if i < 5 else town.day(f"2026-{i - 4:02d}-01")
        town.hours(session, streams["A1"], month, [50.0] * (20 - 2 * i) + [20.0] * (4 + 2 * i))
    months = [f"2025-{m:02d}" for m in range(8, 13)] + ["2026-01", "2026-02", "2026-03"]
    service.compute(session, periods=months, now=town.NOW)
    session.commit()
    with pytest.raises(NotAllowed):
        service.set_target(session, ANONYMOUS.__class__("person", 3, "p3"), "over", 2026, 30)
    with pytest.raises(BadInput, match="place"):
        service.set_target(session, SYSTEM, "over", 2026, 30, place="nowhere")
    service.set_target(session, SYSTEM, "over", 2026, 45, phase="2026-2030", source="45/KH-UBND")
    service.set_target(session, SYSTEM, "over", 2026, 20, place="27694")
    shown = value(session, "over", None, "2026-02")
    assert shown.number == pytest.approx(100 * 8 / 24)
    assert shown.light == "good"
    assert shown.target.phase == "2026-2030"
    assert value(session, "over", "27694", "2026-02").light == "bad"
    assert (shown.trend.way, shown.trend.good, shown.trend.change) == ("down", True, pytest.approx(-100 * 2 / 24))
    ahead = service.forecast(session, SYSTEM, "over", None, "month", now=town.NOW)
    assert [p.period for p in ahead.points] == ["2026-03", "2026-04"]
    assert ahead.points[0].number == pytest.approx(25)
    assert ahead.points[0].low <= 25 <= ahead.points[0].high
    assert service.drop_target(session, SYSTEM, "over", 2026, place="27694")
    assert value(session, "over", "27694", "2026-02").light == "good"


def test_a_long_history_costs_no_more(session, streams, monkeypatch):
    """Recomputing a day reads the month of the day and kept parts, however long the history is."""
    town.declare(monkeypatch, town.OVER)
    for month in range(1, 13):
        town.hours(session, streams["A1"], town.day(f"2025-{month:02d}-05"), [50.0] * 48)
    town.hours(session, streams["A1"], town.day("2026-03-09"), [50.0] * 24)
    refresh.run(now=town.NOW)
    read = []
    true = store.hours
    monkeypatch.setattr(store, "hours", lambda s, ids, a, b: read.append((a, b)) or true(s, ids, a, b))
    session.add(
        IndicatorMark(datastream_id=streams["A1"], first_hour=town.day("2026-03-09"), last_hour=town.day("2026-03-09"))
    )
    session.commit()
    refresh.run(now=town.NOW)
    assert read
    assert {(a >= town.day("2026-03-01"), b <= town.day("2026-04-01")) for a, b in read} == {(True, True)}


def test_what_is_left_over_is_done_next_time(session, streams, monkeypatch):
    town.declare(monkeypatch, town.OVER)
    town.hours(session, streams["A1"], town.day("2025-11-05"), [50.0] * 48)
    refresh.run(0.0, now=town.NOW)
    assert not standing(session)
    assert refresh.run(now=town.NOW) > 0
    assert value(session, "over", None, "2025-11").number == 100
    assert not computing.prepare(session, declared.known(session), [], town.NOW).rows
