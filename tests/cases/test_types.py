"""cases.yaml: every fault is said at once, with its file and line."""

import pytest

from dothi import packs
from dothi.cases import types
from dothi.kit.errors import BadInput

BAD = """
types:
  - code: plea
    title: {vi: Đơn, en: Plea}
    prefix: PL
    confirm: true
    start: nowhere
    states:
      - {code: new, phase: new, title: {vi: Mới, en: New}}
      - {code: end, phase: closed, title: {vi: Xong, en: End}}
    transitions:
      - {code: go, title: {vi: Đi, en: Go}, from: [new], to: endd, who: [handle], needs: [reason]}
    timers:
      - {code: t, title: {vi: H, en: H}, runs: [new], ends: [new], budget: {hours: 1, working_days: 2}}
categories:
  - {code: lamp, type: pleas, title: {vi: Đèn, en: Lamp}}
  - code: pole
    type: plea
    title: {vi: Cột, en: Pole}
    timers: {tt: {hours: 1}}
    questions: {type: object, properties: {a: {type: strange}}, required: [b]}
"""


def test_faults_of_types_and_categories_are_told_at_once(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "cases.yaml").write_text(BAD)
    with pytest.raises(BadInput) as refused:
        packs.load(tmp_path)
    said = "\n".join(map(str, refused.value.faults))
    for part in (
        'no state "nowhere"', 'no state "endd"', "needs a reason and names none", "both runs, waits or ends", "in one unit",
        "exactly one timer is the main one", "no step of the system", 'no type "pleas"; did you mean "plea"',
        'no timer "tt"', 'no property "b"', "one of string, number",
    ):  # fmt: skip
        assert part in said, said
    assert "cases.yaml:" in said


def test_the_shipped_types_are_those_pages_rely_on():
    known = types.types()
    states = {one.code: one.phase for one in known.type("report").states}
    assert states["waiting-citizen"] == "waiting"
    assert {"report", "job", "dossier"} <= set(known.by_code)
    assert [one.national for one in known.type("dossier").states if one.national] == list(range(1, 11))
    assert known.unconfirmed == ("unconfirmed",)
    with pytest.raises(BadInput, match="no such category"):
        known.category("nothing")
