"""An alarm's figures in the reader's language."""

from types import SimpleNamespace

import pytest

from dothi.alerts import explain, saying
from dothi.alerts.model import RuleModel
from dothi.sensing.state import number


@pytest.mark.parametrize(
    ("figure", "unit", "english"),
    [
        ("1,46", "m", "1.46 m"), ("1.234,5", "m³/h", "1,234.5 m³/h"), ("−0,30", "m/15 phút", "−0.30 m/15 min"),
        ("31", "phút", "31 min"), ("3", "cảm biến", "3 sensors"), ("2", "tổ", "2 pumps"), ("có", "", "yes"),
        ("tắt 12.5.2026", "", "tắt 12.5.2026"), ("", "m", ""),
    ],
)  # fmt: skip
def test_a_figure_kept_in_vietnamese_is_told_in_english(figure, unit, english):
    assert saying.measured(figure, unit, "en") == english
    assert saying.measured(figure, unit, "vi") == f"{figure} {unit}".strip() * bool(figure)


@pytest.mark.parametrize("value", [0.0, -1.5, 12.25, 1234.5, 9_876_543.21])
def test_every_number_reads_as_if_it_had_been_written_in_english(value):
    for digits in range(4):
        assert saying.figure(number(value, digits, "vi"), "en") == number(value, digits, "en")


def test_a_limit_has_its_unit():
    alarm = SimpleNamespace(limit=1.6, unit="xe/h")
    assert (saying.limit(alarm, "vi"), saying.limit(alarm, "en")) == ("1,6 xe/h", "1.6 vehicles/h")
    assert saying.limit(SimpleNamespace(limit=None, unit="m"), "vi") == ""


def level_rule(formula, unit=None):
    inputs = {
        "inside": {"property": "gate-inside"},
        "outside": {"property": "water-level"},
        "rain": {"property": "rainfall-1h"},
    }
    on = {"inputs": inputs, **({"unit": unit} if unit else {})}
    return RuleModel.model_validate(
        {"code": "r", "title": {"vi": "r", "en": "r"}, "on": on, "when": {"major": {"formula": formula, "above": 0.5}}}
    )


@pytest.mark.parametrize(
    ("formula", "unit", "told"),
    [
        ("outside - inside", None, "above 0.50 m"), ("max(outside, inside) + 0.1", None, "above 0.50 m"),
        ("outside * inside", None, "above 0.50 ("), ("outside + rain", None, "above 0.50 ("), ("100 * outside", "cm", "above 0.50 cm"),
        ("outside * inside", {"vi": "điểm", "en": "points"}, "above 0.50 points"),
    ],
)  # fmt: skip
def test_a_formula_is_in_the_unit_its_inputs_share_or_the_one_declared(formula, unit, told):
    assert told in explain.condition(level_rule(formula, unit), "major", language="en")
