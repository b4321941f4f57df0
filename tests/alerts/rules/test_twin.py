"""The machine and its slow plain twin say the same, however the history is cut, stored, shuffled or skipped."""

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from dothi.alerts.conditions import Strange, Within
from dothi.alerts.hot import NEVER
from dothi.alerts.sentry import Sentry, Watched, _by_hand
from dothi.alerts.watching import Late, Memory, episodes, run, watcher
from tests.alerts.rules.making import alarms, plainly, rule, seen, subject, told
from tests.alerts.rules.plain import BEGIN, M

UNTIL = 110
SPANS = st.sampled_from(["1m", "5m", "12m", "30m"])
LEVEL = st.sampled_from([0.0, 1.0, 1.5, 2.0, 2.5, 3.0])
VALUES = [0.0, 0.5, 1.0, 1.2, 1.4, 1.5, 1.6, 1.8, 2.0, 2.1, 2.4, 2.6, 3.0, 3.5, -9.0, None]
GAPS = [1, 1, 1, 2, 2, 3, 5, 9, 14, 31]


def optional(**strategies):
    return st.fixed_dictionaries({}, optional=strategies)


@st.composite
def plain_condition(draw, kinds=("above", "from", "below", "to", "level", "outside", "both")):
    kind = draw(st.sampled_from(kinds))
    if kind == "level":
        return {"from": {"level": draw(st.sampled_from(["bd1", "bd3", "unknown"])), "plus": draw(LEVEL)}}
    if kind == "outside":
        return {"outside": sorted([draw(LEVEL), draw(LEVEL)])}
    if kind == "both":
        return {"above": draw(LEVEL), "to": draw(LEVEL)}
    return {kind: draw(LEVEL)}


@st.composite
def modifiers(draw):
    kind = draw(st.sampled_from(["none", "none", "lasting", "times"]))
    if kind == "lasting":
        return {"lasting": draw(SPANS)}
    if kind == "times":
        return {"times": draw(st.integers(2, 4)), "within": draw(st.sampled_from(["10m", "40m"])),
                "counting": draw(st.sampled_from(["values", "crossings"]))}  # fmt: skip
    return {}


@st.composite
def conditions(draw, about):
    if about == "rate":
        return {"rate": {"rise": draw(LEVEL), "fall": draw(LEVEL), "per": "10m", "over": "20m"}, **draw(modifiers())}
    if about == "unusual":
        side = draw(st.sampled_from(["above", "below", "both"]))
        least = draw(st.sampled_from([0, 1.0]))
        return {"unusual": {"spreads": 2, "side": side, "least": least}, **draw(modifiers())}
    if about == "agree":
        agree = {"count": draw(st.integers(1, 3)), "share": draw(st.sampled_from([0, 0.5, 0.6]))}
        inner = draw(st.one_of(plain_condition(("above", "from", "below", "to", "outside")), conditions("unusual")))
        return {**inner, "agree": agree, **({} if "unusual" in inner else draw(modifiers()))}
    if about == "formula":
        text = draw(st.sampled_from(["a > b", "a - b", "max(a, b) >= limit and not b == 1", "a / b"]))
        bounds = draw(plain_condition(("above", "from", "below", "to", "both"))) if text in ("a - b", "a / b") else {}
        return {"formula": text, **bounds, **draw(modifiers())}
    if about == "absent":
        return {"absent": draw(st.sampled_from(["5m", "17m", {"intervals": 3, "least": "2m"}])), **draw(modifiers())}
    return {**draw(plain_condition()), **draw(modifiers())}


@st.composite
def schedules(draw):
    begin, end = draw(st.sampled_from([("00:10", "00:50"), ("23:00", "00:30"), ("00:30", "24:00"), ("01:00", "01:20")]))
    made = {"hours": [{"from": begin, "to": end}]}
    if draw(st.booleans()):
        made["days"] = draw(st.sampled_from([["mon"], ["sun"], ["sat", "sun"], ["tue"]]))
    if draw(st.booleans()):
        made["season"] = draw(st.sampled_from([{"from": "11-02", "to": "03-31"}, {"from": "10-01", "to": "11-01"}]))
    return made


ABOUT = st.sampled_from(["value", "value", "value", "rate", "unusual", "agree", "formula", "absent"])


@st.composite
def worlds(draw, about=ABOUT):
    """A rule, its subject and a history."""
    about = draw(about)
    names = {"agree": ("s1", "s2", "s3"), "formula": ("a", "b")}.get(about, ("value",))
    if about == "absent" and draw(st.booleans()):
        names = ("s1", "s2")
    severities = draw(st.lists(st.sampled_from(["critical", "major", "minor"]), min_size=1, max_size=3, unique=True))
    on = {"property": "water-level"}
    if about == "agree":
        on["together"] = {"by": "area"}
    if about == "formula":
        on = {"inputs": {"a": {"property": "x"}, "b": {"property": "y"}}, "constants": {"limit": {"level": "bd1"}}}
    if about == "absent":
        on = {"each": "thing"}
    clear = draw(optional(margin=st.sampled_from([0.5, 1.0]), lasting=SPANS, keep_for=SPANS))
    if about != "absent":
        clear |= draw(optional(quiet=st.sampled_from(["8m", "25m"])))
    if about == "value" and draw(st.booleans()):
        clear.pop("margin", None)
        clear["when"] = draw(plain_condition(("below", "above")))
    model = rule(
        on=on, when={one: draw(conditions(about)) for one in severities}, clear=clear,
        **(draw(optional(schedule=schedules())) if draw(st.sampled_from([0, 0, 1])) else {}),
    )  # fmt: skip
    usual = tuple([(1.5, 0.5)] * 24 + [None] + [(2.0, 0.4)] * 143) if about in ("unusual", "agree") else None
    facts = subject(
        *names, stands=draw(st.sampled_from([4, 20, 60])), numbers={"level:bd1": 1.2, "level:bd3": 1.6},
        usual=usual, plausible=(-5.0, 100.0), interval=2 * M,
    )  # fmt: skip
    # drawn from a seed: lists that hypothesis draws itself are mostly short and quiet
    chance = draw(st.randoms(use_true_random=False))
    history = []
    for stream in range(1, len(names) + 1):
        minute, staying = chance.randint(0, 8), chance.choice([0.2, 0.6, 0.85])
        value = chance.choice(VALUES)
        for _ in range(chance.randint(6, 40)):
            history.append((stream, minute, value))
            value = value if chance.random() < staying else chance.choice(VALUES)
            minute += chance.choice(GAPS)
    history = [one for one in history if one[1] <= UNTIL]
    hands = draw(st.lists(st.integers(0, UNTIL), max_size=2, unique=True))
    return model, facts, history, hands


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_the_machine_says_what_its_plain_twin_says(world):
    model, facts, history, hands = world
    assert alarms(model, facts, history, UNTIL, hands) == plainly(model, facts, history, UNTIL, hands)


def followed(model, facts, history, *, cut=None, ticks=(), skip=False):
    """As the engine follows it: one observation after the other; what the memory says is all that goes on."""
    machine, memory, made = watcher(model, facts), Memory(), []
    events = sorted([(at, 0, stream, value) for stream, at, value in seen(history)], key=lambda one: one[:3])
    events = sorted([*events, *((at, 1, 0, None) for at in ticks)], key=lambda one: one[:2])
    for i, (at, tick, stream, value) in enumerate(events):
        if cut is not None and cut(i):
            machine, memory = watcher(model, facts), Memory.from_json(json.loads(json.dumps(memory.to_json())))
        if tick:
            made += machine.tick(memory, at)
            continue
        band = machine.band(memory, stream) if skip else None
        if band is not None and isinstance(value, float) and band[0] <= value <= band[1]:
            continue
        made += machine.observe(memory, stream, at, value)
    made += machine.tick(memory, BEGIN + UNTIL * M + machine.settle)
    return [told(one) for one in episodes(one for one in made if one.at <= BEGIN + UNTIL * M)]


@given(worlds(), st.sets(st.integers(0, 60)))
@settings(max_examples=50, deadline=None)
def test_a_restart_at_any_moment_changes_nothing(world, cuts):
    model, facts, history, _ = world
    whole = alarms(model, facts, history, UNTIL)
    assert followed(model, facts, history, cut=cuts.__contains__) == whole
    assert followed(model, facts, history, cut=lambda _: True) == whole


@given(worlds(), st.lists(st.integers(0, UNTIL * 60), max_size=40))
@settings(max_examples=50, deadline=None)
def test_how_often_time_is_let_pass_changes_nothing(world, seconds):
    model, facts, history, _ = world
    # half a second after the readings of an instant the clock may tick; several datastreams are waited for
    ticks = [BEGIN + s * 1_000_000 + 500_000 for s in seconds]
    assert followed(model, facts, history, ticks=ticks) == alarms(model, facts, history, UNTIL)


@given(worlds())
@settings(max_examples=60, deadline=None)
def test_what_lies_within_the_band_need_not_be_observed(world):
    model, facts, history, _ = world
    assert followed(model, facts, history, skip=True) == alarms(model, facts, history, UNTIL)


@given(worlds(), st.integers(0, UNTIL))
@settings(max_examples=50, deadline=None)
def test_a_history_run_from_a_stored_memory_is_the_whole_history(world, minute):
    model, facts, history, _ = world
    machine, memory, at = watcher(model, facts), Memory(), BEGIN + minute * M
    first = [one for one in seen(history) if one[1] <= at]
    before = [c for e in run(machine, first, at, memory=memory) for c in e.changes]
    stored = Memory.from_json(json.loads(json.dumps(memory.to_json())))
    after = [
        c for e in run(machine, [one for one in seen(history) if one[1] > at], BEGIN + UNTIL * M, memory=stored)
        for c in e.changes
    ]  # fmt: skip
    assert [told(e) for e in episodes([*before, *after])] == alarms(model, facts, history, UNTIL)


def one_by_one(sentry, events, hands, until):
    """What `Sentry.again` made of a history before it took the readings of an instant together."""
    made = []
    for at, hand, stream, value in sorted([(at, 0, s, v) for s, at, v in events] + [(at, 1, 0, None) for at in hands]):
        if hand:
            made += _by_hand(sentry.watcher, sentry.memory, at)
            continue
        with contextlib.suppress(Late):
            made += sentry.observe(stream, at, value)
    return made + sentry.tick(until)


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_the_readings_of_an_instant_taken_together_are_those_taken_in_turn(world):
    model, facts, history, hands = world
    rule_, events = Watched(1, "test", 1, None, model), seen(history)
    hands, until = sorted(BEGIN + h * M for h in hands), BEGIN + UNTIL * M
    told_, plain = (Sentry(rule_, facts, floor=BEGIN - M, since=NEVER) for _ in range(2))
    found = told_.again(BEGIN, until, until, lambda *_: [(s, at, v) for s, at, v in events], lambda _: hands)
    assert found is not None
    assert found.changes == one_by_one(plain, events, hands, until)
    assert (told_.memory.to_json(), told_.back) == (plain.memory.to_json(), plain.back)


@given(worlds(), st.sampled_from([*VALUES, True, "1.5"]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_the_bare_truth_of_bounds_is_that_of_their_verdict(world, value, held):
    model, facts, *_ = world
    for test in watcher(model, facts).tests:
        if isinstance(test, Within) and not isinstance(test, Strange) and not test.dead and value is not None:
            assert test.says(value, held=held) == test.judge(value, held=held).truth


def test_the_twin_would_notice_a_duration_that_is_one_minute_short():
    model, facts = rule(when={"minor": {"above": 1, "lasting": "5m"}}), subject()
    history = [(1, 0, 2.0), (1, 5, 0.0)]
    assert plainly(model, facts, history, 20) == [] == alarms(model, facts, history, 20)
    assert plainly(model, facts, [(1, 0, 2.0), (1, 6, 0.0)], 20) == [(5, ["minor"], 6, "condition")]
