"""The air index of many stations, kept for a minute: by whom it may be seen, and no longer."""

import pytest

from dothi.identity import guard
from dothi.kit.clock import HOUR
from dothi.sensing import lately

NOW = 500_000 * HOUR + 5


class Told:
    """Stands for `air.stations`: what it says, and how often it was asked."""

    def __init__(self, many):
        self.many, self.asked = many, []

    def __call__(self, session, caller, at=None):
        self.asked.append((caller.name, at))
        return [f"{len(self.asked)}"] * self.many


@pytest.fixture
def told(monkeypatch):
    """What is asked of the stations, and the two clocks in a list: the wall's, and the one that only goes forward."""
    made, clocks = Told(lately.FEW), [NOW, 100.0]
    monkeypatch.setattr(lately.air, "stations", made)
    monkeypatch.setattr(lately.clock, "now_micros", lambda: clocks[0])
    monkeypatch.setattr(lately, "monotonic", lambda: clocks[1])
    monkeypatch.setattr(lately, "_views", {})
    return made, clocks


def test_a_minute_old_is_young_enough_for_who_sees_the_same(session, told):
    _, clocks = told
    first = lately.stations(session, guard.ANONYMOUS, NOW)
    clocks[1] += lately.KEPT - 1
    assert lately.stations(session, guard.ANONYMOUS, NOW + 3) == first
    officer = guard.Caller("person", 3, "officer", everywhere=frozenset({"sensing:read"}))
    assert lately.stations(session, officer, NOW) != first  # he may see more
    other = guard.Caller("person", 4, "other", everywhere=frozenset({"sensing:read"}))
    assert lately.stations(session, other, NOW) == ["2"] * lately.FEW
    one = guard.Caller("person", 5, "agency", within=frozenset({("sensing:read", 7)}))
    assert lately.stations(session, one, NOW) == ["3"] * lately.FEW
    clocks[1] += 2
    assert lately.stations(session, guard.ANONYMOUS, NOW) == ["4"] * lately.FEW


def test_an_hour_that_is_over_is_not_shown_and_the_past_is_always_reckoned(session, told):
    _, clocks = told
    lately.stations(session, guard.ANONYMOUS)
    assert lately.stations(session, guard.ANONYMOUS, NOW - HOUR) == ["2"] * lately.FEW
    assert lately.stations(session, guard.ANONYMOUS) == ["1"] * lately.FEW
    clocks[0] += HOUR
    assert lately.stations(session, guard.ANONYMOUS) == ["3"] * lately.FEW


def test_while_one_reckons_others_are_shown_what_was(session, told, monkeypatch):
    made, clocks = told
    lately.stations(session, guard.ANONYMOUS)
    clocks[1] += lately.KEPT + 1
    meanwhile = []

    def reckon(*given):
        meanwhile.extend(lately.stations(session, guard.ANONYMOUS))
        return made(*given)

    monkeypatch.setattr(lately.air, "stations", reckon)
    assert lately.stations(session, guard.ANONYMOUS) == ["2"] * lately.FEW
    assert meanwhile == ["1"] * lately.FEW


def test_few_are_reckoned_anew_and_many_callers_are_not_all_kept(session, told):
    made, _ = told
    made.many = lately.FEW - 1
    lately.stations(session, guard.ANONYMOUS)
    lately.stations(session, guard.ANONYMOUS)
    assert len(made.asked) == 2
    made.many = lately.FEW
    for agency in range(lately.VIEWS + 5):
        lately.stations(session, guard.Caller("person", 1, within=frozenset({("sensing:read", agency)})))
    assert len(lately._views) == lately.VIEWS
