"""The state of one value by the rules a pack declares."""

import pytest

from dothi.sensing.sectors import ObservedProperties, sectors
from dothi.sensing.state import judge

GATE = ObservedProperties.model_validate({"properties": [{
    "code": "gate", "name": {"vi": "Cống", "en": "Gate"}, "definition": "urn:x", "unit": {"ucum": "1", "symbol": ""},
    "decimals": 0, "kind": "category",
    "state": {"stale_minutes": 10, "when": [
        {"equals": "stuck", "state": "critical", "word": {"vi": "Kẹt", "en": "Stuck"}},
        {"equals": False, "state": "minor", "word": {"vi": "Đóng", "en": "Shut"}},
        {"above": 2, "to": 3, "state": "major", "word": {"vi": "Lạ", "en": "Odd"}},
    ]},
}]}).properties[0]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "state", "word"),
    [("stuck", "critical", "Kẹt"), (False, "minor", "Đóng"), (True, "normal", None), ("open", "normal", None),
     (2, "normal", None), (2.5, "major", "Lạ"), (3, "major", "Lạ"), (3.1, "normal", None)],
)  # fmt: skip
def test_texts_truths_and_numbers_are_judged(value, state, word):
    said = judge(GATE, value, 0)
    assert (said.state, said.word("vi"), said.judged) == (state, word, True)


def test_words_come_in_two_languages():
    said = judge(GATE, "stuck", 0)
    assert (said.word("vi"), said.word("en")) == ("Kẹt", "Stuck")


@pytest.mark.parametrize(("age", "state"), [(0, "normal"), (600, "normal"), (600.1, "offline"), (None, "nodata")])
def test_a_value_grows_stale(age, state):
    assert judge(GATE, "open", age).state == state


def test_an_index_does_not_judge_what_cannot_be():
    pm25 = sectors().properties["pm25"]
    index = sectors().indices["vn-aqi"]
    assert judge(pm25, -5, 0, index=index).judged is False
    assert judge(pm25, 600, 0, index=index).state == "critical"


def test_the_highest_level_reached_speaks_whatever_order_and_gaps():
    stage = sectors().properties["water-level"]
    assert judge(stage, 2.5, 0, levels={"bd3": 2.0, "bd1": 1.0}).level == "bd3"
    assert judge(stage, 1.5, 0, levels={"bd3": None, "bd1": 1.0}).level == "bd1"
    assert judge(stage, 0.5, 0, levels={"bd3": None, "bd1": 1.0}).judged is True
    assert judge(stage, 9.9, 0, levels={"bd1": None}).judged is False
