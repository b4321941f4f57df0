"""A page is held to what packs declare: every mistake is named with its file, line and what was meant."""

import pytest

from dothi import packs
from dothi.answers import promises, reckon, sieve
from dothi.answers.blocks import bars
from dothi.answers.model import Figure, Line, span
from dothi.answers.naming import SLOTS
from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.sensing import sectors as taught

SECTOR = """code: lights
version: 1
title: {vi: Đèn, en: Lights}
summary: {vi: Đèn, en: Lights}
icon: lamp
headline: [failed]
"""
PROPERTIES = """properties:
  - code: failed
    name: {vi: Đèn hỏng, en: Lamps out}
    definition: urn:x
    unit: {ucum: "%", symbol: "%"}
    decimals: 0
    state:
      stale_minutes: 60
      when: [{from: 15, state: major, word: {vi: Nhiều, en: Many}}]
"""
DATASETS = """datasets:
  - code: lamps
    title: {vi: Đèn, en: Lamps}
    description: {vi: Đèn, en: Lamps}
    geometry_type: Point
    key_field: code
    schema:
      type: object
      properties:
        code: {type: string, x-role: key}
        condition: {type: string, enum: [out, working]}
        power: {type: number}
        built: {type: string, format: date}
"""
PAGE = """questions:
  - code: dark
    ask: {vi: Tối?, en: Dark?}
    blocks:
      - BLOCK
"""
GOOD = (
    "figure: {property: failed, aggregate: count, where: \"value >= 15 and state in ('major')\", says: [{text: {vi: '{count}/{of}', en: x}}]}",
    "figure: {property: failed, of: hour, last: 7d, aggregate: mean, hours: [22, 5]}",
    "figure: {dataset: lamps, aggregate: share, where: \"condition = 'out' and built < {today-30d}\"}",
    "list: {dataset: lamps, order: [-power, code], fields: [condition], near: true}",
    "bars: {dataset: lamps, by: month, time: built, last: 365d}",
    "bars: {property: failed, by: unit, aggregate: max}",
    "chart: {property: failed, last: 2w, by: thing}",
    "map: {datasets: [lamps], properties: [failed]}",
    "search: {dataset: lamps, ask: {vi: a, en: b}}",
    "text: {vi: a, en: b, href: /map}",
)
# what is written, and what the fault must say
MISTAKES = (
    ("figures: [{property: failed}]", "at least 2"),
    ("figur: {property: failed}", 'did you mean "figure"'),
    ("figure: {property: failled}", 'no property "failled"; did you mean "failed"'),
    ("figure: {property: failed, dataset: lamps}", "property, dataset together"),
    ("figure: {}", "says of nothing"),
    ("figure: {property: failed, aggregate: share}", "share needs where"),
    ("figure: {property: failed, aggregate: rise}", 'aggregate "rise" is none for property'),
    ("figure: {property: failed, of: hour, aggregate: mean}", "of: hour needs last"),
    ("figure: {property: failed, field: power}", "field belongs to dataset"),
    ('figure: {property: failed, where: "valu >= 15"}', 'did you mean "value"'),
    ('figure: {property: failed, where: "value >="}', "where: character"),
    ("figure: {property: failed, last: 7days}", "last"),
    ("figure: {property: failed, says: [{text: {vi: '{cout}', en: x}}]}", 'no slot "cout"; did you mean "count"'),
    ("figure: {property: failed, says: [{text: {vi: '{', en: x}}]}", "a brace stands alone"),
    ("figure: {dataset: lamp}", 'no dataset "lamp"; did you mean "lamps"'),
    ("figure: {dataset: lamps, aggregate: sum}", "needs field"),
    ("figure: {dataset: lamps, aggregate: sum, field: powr}", 'did you mean "power"'),
    ("figure: {dataset: lamps, aggregate: sum, field: condition}", "no number to take the sum of; allowed: power"),
    ("figure: {dataset: lamps, where: \"conditon = 'out'\"}", 'did you mean "condition"'),
    ("figure: {dataset: lamps, where: \"power = 'x'\"}", "where"),
    ("figure: {dataset: lamps, last: 7d}", "does not say which field is its time"),
    ("figure: {cases: {categories: [lamp-out]}}", 'no category "lamp-out"'),
    ("figure: {cases: {measure: opn}}", 'did you mean "open"'),
    ("figure: {alarms: {rules: [x]}}", 'no rule "x"'),
    ("figure: {indicator: x}", 'no indicator "x"'),
    ("list: {dataset: lamps, order: -pwer}", 'did you mean "power"'),
    ("list: {dataset: lamps, fields: [code, pwr]}", 'fields.1: no field of lamps "pwr"'),
    ("list: {dataset: lamps, limit: 1000}", "limit"),
    ("things: {property: failed, order: worst}", "is none of the choices"),
    ("chart: {property: failed, by: ward}", "is none of the choices"),
    ("bars: {dataset: lamps, by: kind}", 'no field of lamps "kind"'),
    ("bars: {dataset: lamps, by: month}", "needs time"),
    ("bars: {dataset: lamps, by: month, time: power}", "is no day or instant; allowed: built"),
    ("bars: {property: failed, by: month}", "allowed: thing, unit, state"),
    ("map: {}", "shows nothing"),
    ("map: {datasets: [lmps]}", 'did you mean "lamps"'),
    ("analysis: {code: x}", 'no analysis "x"'),
    ("index: {code: vn-aqi}", 'no index "vn-aqi"'),
    ("text: {vi: a, en: b, href: javascript}", "href"),
)


def pack(folder, block):
    made = folder / "sectors" / "lights"
    made.mkdir(parents=True)
    for name, text in (("sector", SECTOR), ("observed_properties", PROPERTIES), ("datasets", DATASETS)):
        (made / f"{name}.yaml").write_text(text, "utf-8")
    (made / "page.yaml").write_text(PAGE.replace("BLOCK", block), "utf-8")
    return folder / "sectors"


def test_what_may_be_asked(tmp_path):
    blocks = "\n      - ".join(GOOD)
    found = packs.load(pack(tmp_path, blocks))
    assert [one.kind for one in found["lights"].files["page.yaml"].questions[0].blocks][:3] == ["figure"] * 3


@pytest.mark.parametrize(("block", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_place(tmp_path, block, said):
    with pytest.raises(BadInput) as told:
        packs.load(pack(tmp_path, block))
    faults = [str(one) for one in told.value.faults]
    assert any(said in one for one in faults), faults
    assert all(one.startswith("sectors/lights/page.yaml:5: questions.0.blocks.0") for one in faults), faults


def test_a_promise_is_kept_or_told(tmp_path, monkeypatch):
    root = pack(tmp_path, GOOD[0])
    promise = """answers:
  - {question: dark, given: [{value: 20, name: A}, {value: 3}, {value: 90, age_minutes: 120}], value: 1, of: 2, says: 1/2}
  - {question: dark, given: [{value: 3}], value: 1}
  - {question: drk, given: []}
"""
    (root / "lights" / "expect.yaml").write_text(promise, "utf-8")
    made = taught.together(packs.load(root))
    monkeypatch.setattr(promises, "sectors", lambda: made)
    faults = [str(one) for one in packs.verify(made.packs)]
    said = ["value should be 1.0 and is 0", 'page.yaml has no question "drk"']
    assert [one.split(": ", 2)[2] for one in faults] == said


def test_newest_values_make_one_number():
    values = [reckon.Value(v, s, name=n, at=i) for i, (v, s, n) in enumerate(
        [(20.0, "major", "A"), (40.0, "critical", "B"), (2.0, "normal", "C"), (99.0, "offline", "D")])]  # fmt: skip
    where = sieve.parsed("value >= 15", 0)
    made = reckon.newest(values, "count", where)
    assert (made.value, made.of, made.silent, made.picked.name) == (2, 3, 1, "B")
    assert reckon.newest(values, "worst", None).value == 40
    assert reckon.newest(values, "median", None).value == 20
    assert reckon.newest(values, "min", None).picked.name == "C"
    assert reckon.newest([values[3]], "count", None).value is None  # silent is not none


def test_a_counter_may_be_reset():
    assert reckon.rise([(10, 12), (12, 20), (1, 4)]) == 2 + 8 + 1 + 3
    assert reckon.rise([(None, None)]) is None


def test_days_move_along():
    at = clock.parse("2026-11-22T02:00:00+07:00")
    assert (
        sieve.moved("d <= {today+7d} or t > {now-2h}", at)
        == "d <= DATE('2026-11-29') or t > TIMESTAMP('2026-11-21T17:00:00.000Z')"
    )
    assert span("2w") == 14 * clock.DAY


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("value > 1 and state = 'minor'", True), ("value between 2 and 3", True), ("name like 'Tủ%'", True), ("word is null", True),
        ("state in ('major','critical')", False), ("not (value = 2)", False), ("word = 'x' or value = 2", True), ("word = 'x'", False),
        ("accenti(name) = accenti('tu 1')", True), ("value * 2 + 1 = 5", True),
    ],
)  # fmt: skip
def test_a_condition_over_values(where, fits):
    row = {"value": 2.0, "state": "minor", "name": "Tủ 1", "word": None}
    assert sieve.holds(sieve.parsed(where, 0), row) is fits


def test_slots_of_time_stand_side_by_side_empty_ones_too():
    months = bars.slots([bars.slot("2026-01-31", "month"), bars.slot("2026-03-01", "month")], "month", None, 0)
    assert [f"{one:%m}" for one in months] == ["01", "02", "03"]
    assert bars.slot(clock.parse("2026-11-22T23:30:00+07:00"), "hour-of-day") == 23


def test_the_first_line_that_fits_is_said():
    figure = Figure.model_validate(
        {"cases": {}, "says": [{"from": 5, "text": {"vi": "a", "en": "a"}}, {"text": {"vi": "b", "en": "b"}}]}
    )
    assert [next(one for one in figure.says if one.fits(v)).text.vi for v in (4, 5, "x")] == ["b", "a", "b"]
    assert not Line.model_validate({"equals": 0, "text": {"vi": "a", "en": "a"}}).fits(1)
    assert "place" in SLOTS
