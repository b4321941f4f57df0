"""Every key of a rule and of a promise is in the guide."""

from pathlib import Path

from dothi.alerts import model, promises
from tests.packs.test_documented import keys

GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "rules.md"


def test_every_key_is_in_the_guide():
    text = GUIDE.read_text("utf-8")
    assert len(keys(model, promises)) > 60
    assert sorted(key for key in keys(model, promises) if f"`{key}`" not in text and f"`{key}:" not in text) == []


def test_the_example_of_the_guide_is_a_rule():
    from dothi.packs.lines import parse

    block = GUIDE.read_text("utf-8").partition("```yaml\n")[2].partition("```")[0]
    (rule,) = parse(block, "guide").value["rules"]
    assert model.RuleModel.model_validate(rule).code == "street-flood"
