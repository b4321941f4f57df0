"""A case's flow goes as declared, and in no other way."""

import pytest

from dothi.cases import flow, types
from dothi.cases.flow import CannotStep, Facts, Given
from dothi.kit import clock

NOW = clock.now_micros()


@pytest.fixture(scope="module")
def report():
    return types.types().type("report")


def codes(report, state, *sides, **facts):
    return {one.code for one in flow.next_steps(report, state, sides, Facts(NOW, **facts))}


def test_each_side_has_its_steps_and_no_others(report):
    assert codes(report, "unconfirmed", "handle", "reporter") == set()
    assert codes(report, "unconfirmed", "system") == {"confirm"}
    assert "start" in codes(report, "assigned", "work")
    assert "assign" not in codes(report, "received", "handle")
    assert codes(report, "resolved", "reporter", done_at=NOW) == {"accept", "reopen"}
    assert codes(report, "working", "handle", pending=True) == set()


def test_the_window_of_reopening_closes(report):
    assert "reopen" in codes(report, "closed", "reporter", done_at=NOW - 7 * clock.DAY)
    assert "reopen" not in codes(report, "closed", "reporter", done_at=NOW - 7 * clock.DAY - 1)
    with pytest.raises(CannotStep, match="7 days"):
        flow.take(report, "closed", "reopen", Facts(NOW, NOW - 8 * clock.DAY))


def test_no_step_but_those_from_the_state(report):
    with pytest.raises(CannotStep) as refused:
        flow.take(report, "received", "resolve", Facts(NOW))
    assert "assign" in (refused.value.faults[0].allowed or "")


def test_what_a_step_needs_is_said_all_at_once(report):
    reject = next(one for one in report.transitions if one.code == "reject")
    assert [one.place for one in flow.check(report, reject, Given())] == ["reason", "text"]
    assert [one.place for one in flow.check(report, reject, Given("vì", "because"))] == ["reason"]
    assert flow.check(report, reject, Given("vì", "no-basis")) == []
