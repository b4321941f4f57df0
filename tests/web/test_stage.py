"""The river's stage in words."""

from types import SimpleNamespace

import pytest

from dothi.screens.portal.water import say_stage
from dothi.sensing.sectors import sectors
from dothi.web import i18n


@pytest.mark.parametrize(("language", "word"), [("vi", "Trên báo động II"), ("en", "Above Alarm II")])
def test_a_level_keeps_its_numeral(language, word):
    (levels,) = [one.state.levels for one in sectors().properties.values() if one.code == "water-level"]
    second = next(one for one in levels if one.name.vi == "Báo động II")
    now = SimpleNamespace(value=1.53, state="major", alarm=second, judged=True, direction="rising")
    said = say_stage(now, SimpleNamespace(language=language, say=i18n.speaker(language), now=0))
    assert word in str(said)
