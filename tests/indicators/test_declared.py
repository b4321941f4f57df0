"""What packs may declare, what they are told when they err, and the pure pieces beside it."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi import packs
from dothi.cases.declared import File
from dothi.datasets.declared import Datasets
from dothi.indicators import declared, hours, hushing, judging, periods, sets
from dothi.indicators.model import Declared, Indicators, Observations
from dothi.indicators.store import Stream
from dothi.kit import clock, formula
from dothi.kit.clock import HOUR
from dothi.kit.errors import BadInput
from dothi.sensing.sectors import ObservedProperties, sectors

INDICATOR = """indicators:
  - code: x
    title: {vi: X, en: X}
    description: {vi: X, en: X}
    unit: {ucum: "%", symbol: "%"}
    direction: down
    periods: [month]
    places: [city]
    inputs:
      a: {observations: {property: pm25, where: "mean > 45"}, aggregate: count}
      b: {records: {dataset: lamps, where: "condition = 'out'"}, aggregate: count}
    formula: a / b
    source: s
    certainty: assumed
"""
WRONG = [
    ("property: pm25,", "property: pm-25,", ":10: indicators.0.inputs.a.observations.property", 'did you mean "pm25"'),
    ("dataset: lamps", "dataset: lamp", ":11: indicators.0.inputs.b.records.dataset", 'did you mean "lamps"'),
    ("condition = 'out'", "conditon = 'out'", ":11: indicators.0.inputs.b.records.where", 'no property "conditon" of lamps'),
    ("condition = 'out'", "condition == 'out'", ":11: indicators.0.inputs.b.records.where", "not CQL2"),
    ("mean > 45", "mean + 45", ":10: indicators.0.inputs.a.observations", "is a number"),
    ("mean > 45", "average > 45", ":10: indicators.0.inputs.a.observations", 'no "average" of a rollup'),
    ("formula: a / b", "formula: a / c", ":12: indicators.0.formula", 'no input "c"'),
    ("formula: a / b", "formula: 2 * a", ":11: indicators.0.inputs.b", "no formula uses the input b"),
    ("formula: a / b", "numerator: a", ":2: indicators.0", "numerator and denominator"),
    ("aggregate: count}\n      b", "aggregate: sums}\n      b", ":10: indicators.0.inputs.a.aggregate", 'did you mean "sum"'),
    ("aggregate: count}\n    formula", "aggregate: sum}\n    formula", ":11: indicators.0.inputs.b", "needs value"),
    ("direction: down", "direction: downwards", ":6: indicators.0.direction", 'did you mean "down"'),
    ("periods: [month]", "periods: [months]", ":7: indicators.0.periods.0", 'did you mean "month"'),
    ("source: s", "standards: [{set: iso-37122, number: '8.9'}]\n    source: s", "standards.0.number", 'no number "8.9"'),
    ("source: s", "standards: [{set: iso-37121, number: '8.2'}]\n    source: s", "standards.0.set", 'did you mean "iso-37122"'),
    ("source: s", "coverage: {of: b, least: 0.5}\n    source: s", ":13: indicators.0.coverage.of", "no input of observations"),
    ("b: {records: {dataset: lamps, where: \"condition = 'out'\"}, aggregate: count}", "b: {indicator: x}", "indicators.0.inputs", "rests on itself"),
    ("b: {records: {dataset: lamps, where: \"condition = 'out'\"}, aggregate: count}",
     "b: {cases: {categories: [lamp-ou]}, aggregate: count}", "cases.categories.0", 'did you mean "lamp-out"'),
    ("where: \"condition = 'out'\"", "during: condition", ":11: indicators.0.inputs.b.records.during", "not a date"),
]  # fmt: skip


FILES = {
    "observed_properties.yaml": ObservedProperties,
    "datasets.yaml": Datasets,
    "cases.yaml": File,
    "indicators.yaml": Indicators,
}


def _take(pack, file):
    pack.files[file], pack.sources[file] = packs.load_file(
        pack.folder / file, FILES[file], f"sectors/{pack.code}/{file}"
    )


@cache
def _shipped(code):
    """The files of a pack that indicators ask for names, whatever else stands beside them."""
    pack = packs.Pack(code, packs.content_path("sectors") / code)
    for file in FILES:
        if file != "indicators.yaml" and (pack.folder / file).exists():
            _take(pack, file)
    return pack


@pytest.mark.parametrize(("old", "new", "place", "said"), WRONG)
def test_faults_have_their_line_and_what_is_allowed(tmp_path, old, new, place, said):
    found = {one: _shipped(one) for one in ("air", "lighting", "egov")}
    folder = tmp_path / "sectors" / "mine"
    folder.mkdir(parents=True)
    assert old in INDICATOR
    (folder / "indicators.yaml").write_text(INDICATOR.replace(old, new), "utf-8")
    pack = packs.Pack("mine", folder)
    try:
        _take(pack, "indicators.yaml")
        faults = list(declared._check({**found, "mine": pack}))
    except BadInput as error:
        faults = error.faults
    assert any(place in str(one) and said in str(one) for one in faults), "\n".join(map(str, faults))


def test_shipped_indicators_and_the_set():
    known = declared.indicators()
    assert len(known) >= 15
    measured = {one.number: one.codes for one in sets.members("iso-37122", known)}
    assert len(measured) == 80
    assert all(measured[n] for n in ("8.2", "10.3", "16.5", "23.2"))
    assert all(one.needs.vi and one.needs.en for one in sets.members("iso-37122", known))


def test_every_shipped_promise_of_indicators_is_kept():
    faults = [
        one for one in packs.verify(sectors().packs) if "expect.yaml" in one.place and ": indicators" in one.place
    ]
    assert not faults, "\n".join(map(str, faults))


def test_a_formula_over_columns_is_the_formula_of_each_row():
    columns = frozenset({"mean", "max"})
    rng = np.random.default_rng(1)
    held = {"mean": rng.normal(40, 20, 200), "max": rng.normal(60, 20, 200), "x": rng.integers(0, 3, 200).astype(float)}
    for text in (
        "mean > 45 and not max < 50 or x == 1",
        "20 <= mean < max",
        "max(mean, max, 3) - min(x, 2) % 2",
        "log(x) > 0",
        "1 / x > 1",
    ):
        read = formula.parse(text, columns)
        many = read.each(held)
        for i in range(200):
            row = {(n + "__" if n in columns else n): float(v[i]) for n, v in held.items()}
            one = read(row)
            assert many[i] == one or (one is None and not (read.truth and many[i] and "log" in text)), (text, row)
    with pytest.raises(BadInput, match="function"):
        formula.parse("mean > 45")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**51), st.sampled_from(periods.KINDS))
def test_a_period_holds_its_instant_and_is_read_back(at, kind):
    found = periods.containing(at, kind)
    assert found.start <= at < found.end
    assert periods.parse(found.code) == found
    assert found.before(1).end == found.start
    assert found.before(-1).start == found.end


def _plain(streams, rows, of, aggregate, place):
    """The slow twin: one row after the other."""
    mine = [i for i, (_, at_place) in enumerate(streams) if at_place == place]
    kept = [(s, at, mean) for s, at, mean in rows if s in mine and (of.where is None or mean > 30)]
    values = [mean for _, _, mean in kept]
    total = [1 for s, _, _ in rows if s in mine]
    if aggregate in ("count", "share"):
        return len(kept) if aggregate == "count" else len(kept) / len(total) if total else None
    if aggregate == "distinct":
        return len({streams[s][0] for s, _, _ in kept})
    if not values:
        return 0 if aggregate == "sum" else None
    if aggregate == "latest":
        last = {s: mean for s, _, mean in kept}
        return sum(last.values()) / len(last)
    return {"sum": sum, "mean": lambda v: sum(v) / len(v), "min": min, "max": max, "median": np.median,
            "p90": lambda v: np.percentile(v, 90)}[aggregate](values)  # fmt: skip


@pytest.mark.parametrize(
    "aggregate", ["count", "sum", "mean", "min", "max", "median", "p90", "distinct", "latest", "share"]
)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_fast_is_plain(aggregate, data):
    from dothi.indicators.parts import result

    places = data.draw(st.lists(st.sampled_from(["p", "q", None]), min_size=1, max_size=5))
    streams = [(100 + i % 3, place) for i, place in enumerate(places)]
    rows = sorted(data.draw(st.sets(st.tuples(st.integers(0, len(places) - 1), st.integers(0, 30)), max_size=40)))
    of = Observations(property="pm25", where="mean > 30" if aggregate == "share" or data.draw(st.booleans()) else None)
    filled = [(s, at * HOUR, data.draw(st.floats(0, 60).map(lambda x: round(x, 3)))) for s, at in rows]
    table = [(s + 1, at, 2, 2, 2 * mean, mean, mean, mean, mean) for s, at, mean in filled]
    made = hours.read(
        [table], [Stream(i + 1, None, t, None, None, None, False, 0) for i, (t, _) in enumerate(streams)], 0, 31 * HOUR
    )
    parts = hours.parts(made.placed(places), of, aggregate, clock.DAY)
    for place in {one for one in places if one is not None}:
        assert result(aggregate, parts[place]) == pytest.approx(_plain(streams, filled, of, aggregate, place)), (
            aggregate
        )


def test_trend_and_season_are_found():
    one = Declared.model_validate({
        "code": "x", "title": {"vi": "", "en": ""}, "description": {"vi": "", "en": ""}, "unit": {"ucum": "1", "symbol": ""},
        "direction": "up", "periods": ["month"], "places": ["city"], "inputs": {"a": {"area": "km2"}}, "formula": "a", "source": "",
        "certainty": "assumed", "forecast": {"method": "seasonal", "periods": 12},
    })  # fmt: skip
    first = periods.parse("2022-01")
    series = [(first.before(-i), 100 + 2.0 * i + (30 if i % 12 == 5 else 0)) for i in range(48)]
    ahead = judging.forecast(one, series)
    assert ahead.method == "trend-and-season"
    assert ahead.points[5].period == "2026-06"
    assert ahead.points[5].number == pytest.approx(100 + 2 * 53 + 30)
    assert ahead.error == pytest.approx(0, abs=1e-6)
    assert judging.trend(one, [1.0, 2.0, 3.0, 4.0, 5.0]).good is True
    assert judging.trend(one, [1.0, 5.0, 2.0, 4.0, 1.0]).way == "flat"
    assert judging.trend(one, [1.0, None, None, 2.0, 3.0]) is None
    assert [judging.light(one, n, 10.0) for n in (10.0, 9.5, 8.0, None)] == ["good", "near", "bad", None]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 12), min_size=4, max_size=4), min_size=2, max_size=4))
def test_no_total_less_its_parts_tells_of_few_cases(counts):
    """Communes by months, the city's months, every year: told totals less told parts are nothing, or many of several."""
    table = [*counts, [sum(month) for month in zip(*counts, strict=True)]]
    cells = [
        [hushing.Cell(("unit", str(i), "month", j), j, 0, {"n": n}, 0 < n < 5) for j, n in enumerate([*row, sum(row)])]
        for i, row in enumerate(table)
    ]
    groups = [(row[-1], row[:-1]) for row in cells] + [(column[-1], column[:-1]) for column in zip(*cells, strict=True)]
    hushing.hide(groups, 5)
    for total, parts in groups:
        left = [part.counts["n"] for part in parts if part.hidden]
        assert total.hidden or not left or (len(left) > 1 and sum(left) >= 5)
    if all(n == 0 or n >= 5 for row in table for n in row):
        assert not any(cell.hidden for row in cells for cell in row)
