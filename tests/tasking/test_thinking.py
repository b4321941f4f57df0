"""What tasking thinks without a database: parameters, the sun, schedules, declarations."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.tasking import declared, flow, schedules, sun, swe
from dothi.tasking.tables import Task  # noqa: F401 - the tables load beside

RECORD = {
    "type": "DataRecord",
    "field": [
        {"name": "on", "type": "Boolean"},
        {"name": "level", "type": "Quantity", "uom": {"code": "%"}, "constraint": {"type": "AllowedValues", "value": [0], "interval": [[20, 100]]}},
        {"name": "times", "type": "Count", "value": 1},
        {"name": "mode", "type": "Category", "optional": True, "constraint": {"type": "AllowedTokens", "value": ["day", "night"]}},
        {"name": "text", "type": "Text", "optional": True, "constraint": {"type": "AllowedTokens", "pattern": "[A-Z]{1,8}"}},
    ],
}  # fmt: skip


def test_every_wrong_parameter_is_named_with_what_is_allowed():
    assert swe.wrong(RECORD) == []
    _, faults = swe.check(RECORD, {"on": 1, "level": 10, "times": 1.5, "mode": "dusk", "text": "nhỏ", "more": 1})
    found = {fault.place.rpartition(".")[2]: fault.allowed for fault in faults}
    assert found == {
        "on": "true, false", "level": "a number: 0, 20 to 100 %", "times": "a whole number", "mode": "day, night",
        "text": "a text like [A-Z]{1,8}", "more": "on, level, times, mode, text",
    }  # fmt: skip
    assert swe.check(RECORD, {"on": True, "level": 0}) == ({"on": True, "level": 0, "times": 1}, [])
    assert [fault.place for fault in swe.check(RECORD, {})[1]] == ["taskingParameters.on", "taskingParameters.level"]


@pytest.mark.parametrize(
    "record",
    [
        {"type": "DataArray"}, {"type": "DataRecord", "field": []}, {"type": "DataRecord", "field": [{"name": "1", "type": "Text"}]},
        {"type": "DataRecord", "field": [{"name": "a", "type": "Time"}]},
        {"type": "DataRecord", "field": [{"name": "a", "type": "Text"}, {"name": "a", "type": "Text"}]},
        {"type": "DataRecord", "field": [{"name": "a", "type": "Count", "constraint": {"type": "AllowedValues", "interval": [[3, 1]]}}]},
        {"type": "DataRecord", "field": [{"name": "a", "type": "Text", "constraint": {"type": "AllowedTokens", "pattern": "("}}]},
    ],
)  # fmt: skip
def test_what_is_no_data_record_is_refused(record):
    assert swe.wrong(record)


@given(st.dictionaries(st.sampled_from(["on", "level", "times", "mode", "text"]), st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.integers(), max_size=2))))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_what_passes_is_what_the_record_allows(values):
    made, faults = swe.check(RECORD, values)
    assert bool(faults) or all(swe.fits(one, made[one["name"]]) for one in RECORD["field"] if one["name"] in made)


def test_the_sun_sets_at_tan_an_when_almanacs_say():
    # timeanddate and the US Naval Observatory give 17:30 and 5:51 for Hồ Chí Minh City, 21 November 2026, to a few minutes
    down = sun.moment_of("sunset").on(date(2026, 11, 21), 106.41, 10.53)
    up = sun.moment_of("sunrise").on(date(2026, 11, 21), 106.41, 10.53)
    assert abs(down - clock.parse("2026-11-21T17:28:00+07:00")) < 4 * 60 * clock.SECOND
    assert abs(up - clock.parse("2026-11-21T05:50:00+07:00")) < 4 * 60 * clock.SECOND
    assert sun.moment_of("sunset+10m").on(date(2026, 11, 21), 106.41, 10.53) - down == 600 * clock.SECOND
    for wrong in ("24:00", "sunset+13h", "noon", "", "sunset10m"):
        with pytest.raises(BadInput):
            sun.moment_of(wrong)


def test_a_schedule_runs_through_the_night_and_keeps_days_of_their_own():
    steps = [
        {"at": "18:00", "set": {"level": 100}},
        {"at": "23:00", "set": {"level": 60}},
        {"at": "05:30", "set": {"level": 0}},
    ]
    own = {"2026-02-16": [{"at": "18:00", "set": {"level": 100}}], "2026-02-17": []}

    def level(text):
        return sun.in_force(steps, own, 106.4, 10.5, clock.parse(f"{text}+07:00")).set["level"]

    assert level("2026-02-10T02:00") == 60
    assert level("2026-02-10T12:00") == 0
    # the eve of Tết: full light through the night, and the day after nothing is switched
    assert level("2026-02-17T02:00") == 100
    assert level("2026-02-17T12:00") == 100


def test_a_schedule_waits_out_what_people_did():
    hour = clock.HOUR
    step, hold = 20 * hour, 2 * hour
    assert schedules.due_at(step, None, hold) == step
    assert schedules.due_at(step, 17 * hour, hold) == step  # long before
    assert schedules.due_at(step, 19 * hour, hold) == 21 * hour  # just before: the hand holds
    assert schedules.due_at(step, 22 * hour, hold) == 24 * hour  # after: the step comes back when the hold is over


def test_the_way_of_a_task_has_no_way_back():
    over = set(flow.STATES) - set(flow.OPEN)
    assert all(not flow.may(state, to) for state in over for to in flow.STATES)
    with pytest.raises(flow.CannotStep, match="does not become sent"):
        flow.step(flow.PENDING, flow.SENT)


def test_the_packs_declare_kinds_whose_names_lead_somewhere(tmp_path):
    assert {"lamp-circuit", "sluice-gate"} <= set(declared.kinds())
    lamps = declared.kinds()["lamp-circuit"]
    assert swe.wrong(lamps.record()) == []
    assert swe.said(lamps.record(), {"level": 60}) == "Độ sáng 60 %"
    gate = declared.kinds()["sluice-gate"]
    assert gate.second({"opening": 20})
    assert not gate.second({"opening": 0})


BASE = """kinds:
  - code: lamp
    title: {vi: a, en: b}
    parameters: [{name: level, type: Quantity, label: {vi: a, en: b}, interval: [0, 100]}]
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("    read_back: {property: powr, equals: level, seconds: 5}", 'no property "powr"; did you mean "power"'),
        ("    read_back: {property: power, equals: levl, seconds: 5}", 'is "levl"; did you mean "level"'),
        ("    read_back: {property: power, holds: value > lvl, seconds: 5}", 'the formula reads "lvl"'),
        ("    read_back: {property: power, seconds: 5}", "give one of equals, holds"),
        ("    two_person: {when: level + 1}", "must be true or false"),
        ("    schedulable: true\n    two_person: true", "needs a second person"),
        ("    schedules: [{code: a, title: {vi: a, en: b}, steps: [{at: sunset, set: {level: 1}}]}]", "is not schedulable"),
        ("    schedulable: true\n    schedules: [{code: a, title: {vi: a, en: b}, steps: [{at: sunset, set: {level: 101}}]}]", "0 to 100"),
        ("    schedulable: true\n    schedules: [{code: a, title: {vi: a, en: b}, steps: [{at: midnight, set: {level: 1}}]}]", "no moment of a day"),
        ("    interlocks: [{code: a, title: {vi: a, en: b}, inputs: {x: {property: volt}}, formula: x > 1, source: s}]", 'no property "volt"'),
        ("    conflict: queue", "none of the choices"),
    ],
)  # fmt: skip
def test_mistakes_in_tasking_yaml_are_said_with_their_line(tmp_path, more, said):
    from dothi import packs

    folder = tmp_path / "lighting"
    folder.mkdir()
    for name, text in {
        "sector.yaml": "code: lighting\nversion: 1\ntitle: {vi: a, en: b}\nsummary: {vi: a, en: b}\nicon: lamp\nheadline: [power]\n",
        "observed_properties.yaml": "properties:\n  - {code: power, name: {vi: a, en: b}, definition: 'urn:x', unit: {ucum: kW, symbol: kW, name: kilowatt}, decimals: 1, state: {stale_minutes: 9}}\n",
        "tasking.yaml": BASE + more + "\n",
    }.items():  # fmt: skip
        (folder / name).write_text(text, "utf-8")
    with pytest.raises(BadInput) as refused:
        packs.load(tmp_path)
    told = [str(fault) for fault in refused.value.faults if "tasking.yaml" in fault.place]
    assert told
    assert all("lighting/tasking.yaml:" in one for one in told)
    assert any(said in one for one in told)
