"""A mistake in analyses.yaml is named with its line and what is allowed; the guide has an example of every method."""

import re
from pathlib import Path

import pytest

from dothi import packs
from dothi.analyses import declared
from dothi.analyses.methods import methods
from dothi.analyses.promises import Promise, _keep
from dothi.kit.errors import BadInput
from dothi.packs.lines import parse

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "analyses.md").read_text("utf-8")
SECTOR = (
    "code: test\nversion: 1\ntitle: {vi: Thử, en: Test}\nsummary: {vi: Thử, en: Test}\nicon: bug\nheadline: [depth]\n"
)
PROPERTIES = """\
properties:
  - code: depth
    name: {vi: Độ sâu, en: Depth}
    definition: urn:test:depth
    unit: {ucum: m, symbol: m}
    decimals: 2
    state: {stale_minutes: 60}
"""
ROW = """\
  - code: {code}
    title: {{vi: Điểm, en: Spots}}
    description: {{vi: Điểm, en: Spots}}
    geometry_type: {shape}
    key_field: {key}
    schema: {{type: object, properties: {{{fields}}}}}
"""
TEXT = "{type: string}"
OWN = f"code: {TEXT}, label: {TEXT}, size: {{type: number}}, owner: {{type: string, x-personal: true}}"
DATASETS = "datasets:\n" + "".join(
    ROW.format(code=code, shape=shape, key=key, fields=fields)
    for code, shape, key, fields in (
        ("spots", "Point", "code", OWN), ("ways", "LineString", "code", OWN), ("flat", "null", "code", OWN),
        ("found", "Point", "code", f"code: {TEXT}, name: {TEXT}, metres: {{type: number}}"),
        ("odd", "Point", "label", f"code: {TEXT}, label: {TEXT}, metres: {TEXT}"),
    )
)  # fmt: skip
ANALYSES = """\
analyses:
  - code: nearest
    title: {vi: Gần, en: Near}
    method: near
    source: own
    certainty: assumed
    inputs:
      records: {dataset: spots, where: "size > 3", fields: {name: label}}
      facilities: {dataset: spots}
    parameters: {limit: 300}
    result: found
    every: 1d
    limits: {vi: không, en: none}
"""


def load(folder, text):
    home = folder / "sectors" / "test"
    home.mkdir(parents=True, exist_ok=True)
    files = {
        "sector.yaml": SECTOR,
        "observed_properties.yaml": PROPERTIES,
        "datasets.yaml": DATASETS,
        "analyses.yaml": text,
    }
    for name, held in files.items():
        (home / name).write_text(held, "utf-8")
    return packs.load(folder / "sectors")


def test_a_good_file_is_read(tmp_path):
    one = load(tmp_path, ANALYSES)["test"].files["analyses.yaml"].analyses[0]
    assert (one.pace, one.chosen().limit) == (86_400_000_000, 300)


WRONG = {
    "method: near": ("method: nearby", 4, 'method: no method "nearby"; did you mean "near"?; allowed: night-flow'),
    "facilities: {dataset: spots}": ("facilitys: {dataset: spots}", 9, 'inputs.facilitys: method near has no input "facilitys"; did you mean "facilities"?'),
    "facilities: {dataset: spots} ": ("", 7, 'inputs: method near needs an input "facilities"'),
    "dataset: spots, where": ("dataset: spot, where", 8, 'inputs.records.dataset: no dataset "spot"; did you mean "spots"?'),
    "facilities: {dataset: spots}  ": ("facilities: {dataset: spots, last: 7d}", 9, 'inputs.facilities.last: says nothing without the role "at"'),
    "size > 3": ("sise > 3", 8, 'inputs.records.where: no field "sise"; did you mean "size"?'),
    "size > 3 ": ("size >", 8, "inputs.records.where: "),
    "name: label": ("title: label", 8, 'inputs.records.fields.title: the input has no role "title"; allowed: name'),
    "name: label ": ("name: lable", 8, 'inputs.records.fields.name: no field "lable"; did you mean "label"?'),
    "name: label  ": ("name: size", 8, 'inputs.records.fields.name: "size" is a number; role "name" takes string, integer'),
    "name: label   ": ("name: owner", 8, 'inputs.records.fields.name: "owner" is personal'),
    "{dataset: spots}": ("{observations: {property: depth}}", 9, "inputs.facilities: takes records: what is measured to; allowed: dataset, cases, units"),
    "{dataset: spots} ": ("{dataset: spots, units: commune}", 9, "inputs.facilities: say exactly one of dataset, observations, cases, units"),
    "{dataset: spots}  ": ("{dataset: flat}", 9, 'inputs.facilities.dataset: "flat" holds no shapes; the method needs any shapes'),
    "    parameters:": ("      streets: {dataset: spots}\n    parameters:", 10, 'inputs.streets.dataset: "spots" holds Point; the method needs line shapes'),
    "limit: 300": ("limits: 300", 10, 'parameters.limits: no key "limits" here; did you mean "limit"?; allowed: limit, within'),
    "limit: 300 ": ("limit: -1", 10, "parameters.limit: -1: input should be greater than 0"),
    "result: found": ("result: fond", 11, 'result: no dataset "fond" for the result; did you mean "found"?'),
    "result: found ": ("result: spots", 11, "result: an analysis does not read its own result"),
    "result: found  ": ("result: odd", 11, 'result: "odd" must have the key field "code"; allowed: key_field: code'),
    "result: found   ": ("result: odd", 11, 'result: field "label" of "odd" is nothing method near gives'),
    "result: found    ": ("result: odd", 11, 'result: field "metres" of "odd" is a string; method near gives a number'),
    "every: 1d": ("every: daily", 12, "every: 'daily' is no stretch of time; write 15m, 6h, 14d or 2w"),
    "every: 1d ": ("every: 1m", 12, "every: is too often; 5m is the least"),
    "certainty: assumed": ("certainty: sure", 6, "certainty: 'sure' is none of the choices; allowed: verified"),
    "    limits: {vi: không, en: none}\n": ("", 2, "limits: is missing"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(tmp_path, wrong):
    new, line, said = WRONG[wrong]
    old = wrong if wrong in ANALYSES else wrong.rstrip(" ")
    assert old in ANALYSES
    with pytest.raises(BadInput) as error:
        load(tmp_path, ANALYSES.replace(old, new, 1))
    shown = [str(fault) for fault in error.value.faults]
    place = f"sectors/test/analyses.yaml:{line}: analyses.0."
    assert [one for one in shown if one.startswith(place) and said in one], shown


def test_two_analyses_do_not_share_a_code_or_a_result_and_rules_are_held_against_fields(tmp_path):
    again = ANALYSES + ANALYSES.removeprefix("analyses:\n")
    with pytest.raises(BadInput) as error:
        load(tmp_path, again)
    shown = "\n".join(map(str, error.value.faults))
    assert 'analyses.yaml:14: analyses.1.code: analysis "nearest" is already in test' in shown
    assert 'analyses.1.result: dataset "found" already holds the result of "nearest"' in shown
    check = ANALYSES.replace("method: near", "method: spatial-check").replace(
        "facilities: {dataset: spots}", "areas: {dataset: spots}"
    )
    rule = "parameters: {rules: [{code: a, title: {vi: a, en: a}, field: sixe, most: size}]}"
    with pytest.raises(BadInput) as error:
        load(tmp_path, check.replace("parameters: {limit: 300}", rule))
    assert any(
        'rules.0.field: the records have no field "sixe"; did you mean "size"?' in str(one)
        for one in error.value.faults
    )


def test_a_promise_is_held(tmp_path):
    pack = load(tmp_path, ANALYSES)["test"]
    place = {"type": "Point", "coordinates": [106.41, 10.53]}
    given = {"records": [{"key": "A", "geometry": place, "name": "a"}], "facilities": [{"key": "B", "geometry": place}]}
    good = Promise(
        analysis="nearest", given=given, features={"A": {"metres": 0, "nearest": "B"}}, count=1, absent=["Z"]
    )
    assert list(_keep(pack, good)) == []
    said = list(
        _keep(pack, good.model_copy(update={"features": {"A": {"nearest": "C"}, "X": {}}, "count": 2, "absent": ["A"]}))
    )
    assert said == [
        "count: promised 2, found 1: A",
        "A: promised not to be there",
        "A.nearest: promised C, found B",
        "X: not among A",
    ]
    none = Promise(analysis="nearest", given={"records": [], "facilities": []})
    assert list(_keep(pack, none)) == ["refused: there is nothing to measure between"]
    assert list(_keep(pack, none.model_copy(update={"refused": "nothing to measure"}))) == []
    assert list(_keep(pack, Promise(analysis="nearer", given={}))) == ['no analysis "nearer" in analyses.yaml']


def section(code):
    return re.search(rf"^## {code}\n(.*?)(?=^## |\Z)", GUIDE, re.MULTILINE | re.DOTALL)[1]


@pytest.mark.parametrize("code", list(methods()))
def test_the_guide_says_all_of_a_method_and_its_example_is_good(code):
    one, text = methods()[code], section(code)
    names = {*one.needs, *one.gives, *one.parameters.model_fields} - ({*one.needs} if code == "vn-wqi" else set())
    names |= {role for need in one.needs.values() for role in need.roles}
    assert sorted(name for name in names if f"`{name}`" not in text) == []
    assert one.source in text
    example = parse("analyses:\n" + re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1], "x")
    assert example.faults == []
    made = declared.Analyses.model_validate(example.value).analyses[0]
    assert made.method == code
    made.chosen()
    assert {name for name, need in one.needs.items() if need.needed} <= set(made.inputs) <= set(one.needs)
    for name, given in made.inputs.items():
        assert set(given.fields) <= set(one.needs[name].roles)
        assert (given.observations is not None) == (one.needs[name].takes == "observations")


def test_every_key_of_a_declaration_is_in_the_guide():
    models = (declared.Analysis, declared.Input, declared.Observed, Promise)
    keys = {field.alias or name for model in models for name, field in model.model_fields.items()}
    assert sorted(key for key in keys if f"`{key}`" not in GUIDE and f"{key}:" not in GUIDE) == []
