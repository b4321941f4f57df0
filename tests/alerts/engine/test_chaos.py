"""Killed at random moments, fed late, twice, out of order and corrected: the alarms are those of a clean run."""

import contextlib
import random

import pytest

from dothi.kit.clock import SECOND
from tests.alerts.engine.town import HOUR, MINUTE, S, alarms, clean, gauge, put, rule, stored

LEVELS = [1.0, 1.2, 1.45, 1.55, 1.6, 1.8, 2.1, 2.3]


class Killed(Exception):
    """The process died."""


def rules():
    return [
        rule("high", {"major": {"above": 1.5}, "critical": {"above": 2}}),
        rule("held", {"minor": {"above": 1.5, "lasting": "5m"}}, clear={"margin": 0.2, "lasting": "2m"}),
        rule("often", {"minor": {"above": 1.5, "times": 3, "within": "10m"}}, clear={"keep_for": "10m"}),
        rule("fast", {"major": {"rate": {"rise": 0.5, "per": "10m", "over": "10m"}}}),
        rule("silent", {"minor": {"absent": "6m"}, "major": {"absent": "20m"}}),
        rule("quiet", {"warning": {"above": 1.7}}, clear={"quiet": "4m"}),
        rule("several", {"critical": {"above": 1.5, "agree": {"count": 2}}}, {"property": "water-level", "together": {"by": "unit"}}),
        rule("both", {"major": {"formula": "level > 1.5 and rain > 10"}},
             {"inputs": {"level": {"property": "water-level"}, "rain": {"property": "rainfall-1h"}}}),
        rule("thing", {"major": {"absent": "8m"}}, {"each": "thing"}),
        rule("hours", {"minor": {"above": 1.5}}, schedule={"hours": [{"from": "12:20", "to": "13:00"}]}),
    ]  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2))
def test_the_alarms_are_those_of_a_clean_run(town, session, seed):
    chance = random.Random(seed)
    streams = [one for i in range(3) for one in gauge(session, f"G{i}", properties=("water-level", "rainfall-1h"))]
    session.commit()
    town.make(*rules())
    engine = town.start()
    delayed: list[tuple[int, tuple[int, int, float]]] = []
    level = dict.fromkeys(streams, 1.2)
    silent: dict[int, int] = {}
    sent: list[tuple[int, int, float]] = []
    end = town.now + HOUR
    while town.now < end:
        town.clock.now += chance.choice([7, 20, 45, 60, 90]) * S
        rows = []
        for stream in streams:
            if silent.get(stream, 0) > town.now:
                continue
            if chance.random() < 0.03:
                silent[stream] = town.now + chance.choice([5, 10, 30]) * MINUTE
            level[stream] = (
                chance.choice(LEVELS) * (20 if stream % 2 == 0 else 1) if chance.random() < 0.3 else level[stream]
            )
            row = (stream, town.now - chance.choice([0, 0, 1, 3]) * S, level[stream])
            if chance.random() < 0.06:
                delayed.append((town.now + chance.choice([1, 5, 20, 60]) * MINUTE, row))
            else:
                rows.append(row)
        rows += [row for due, row in delayed if due <= town.now]
        delayed = [one for one in delayed if one[0] > town.now]
        if sent and chance.random() < 0.1:
            rows.append(chance.choice(sent))  # once more
        if sent and chance.random() < 0.05:
            stream, at, _ = chance.choice(sent)
            rows.append((stream, at, chance.choice(LEVELS)))  # corrected
        chance.shuffle(rows)
        cut = chance.randrange(len(rows) + 1)
        for part in (rows[:cut], rows[cut:]):
            if part:
                put(part)
        sent += rows
        if chance.random() < 0.1:
            town.hub.waiting.clear()  # stored by another process: nobody says so
        if chance.random() < 0.05:
            chance.shuffle(town.hub.waiting)
        if chance.random() < 0.12:
            engine = _killed(town, engine, chance)
        else:
            town.heard()
    put([row for _, row in delayed] or sent[:1])
    town.heard()
    town.wait(50 * S, step=5 * S)
    assert stored(session) == clean(session, engine, town.now)
    assert len(alarms(session)) > 10
    everything = stored(session)
    engine = town.start()
    town.wait(20 * S, step=5 * S)
    assert {one[:4] for one in stored(session)} >= {one[:4] for one in everything}


def test_two_hours_that_come_at_once_after_a_brokers_outage(town, session):
    """The devices kept on measuring: silences are withdrawn, what happened meanwhile is found at its own minutes."""
    chance = random.Random(7)
    streams = [one for i in range(3) for one in gauge(session, f"G{i}", properties=("water-level", "rainfall-1h"))]
    session.commit()
    town.make(*rules())
    engine = town.start()
    level = dict.fromkeys(streams, 1.2)

    def measured(at):
        for stream in streams:
            if chance.random() < 0.15:
                level[stream] = chance.choice(LEVELS) * (20 if stream % 2 == 0 else 1)
        return [(stream, at, level[stream]) for stream in streams]

    def live(minutes):
        for _ in range(minutes):
            town.clock.now += MINUTE
            put(measured(town.now))
            town.heard()

    live(15)
    kept, out = [], town.now
    for _ in range(24):
        for minute in range(5):
            kept += measured(town.now + (minute + 1) * MINUTE)
        town.wait(5 * MINUTE, step=5 * MINUTE)
    assert [one.active for one in alarms(session, "silent")] == [True] * 3
    session.rollback()
    for part in [kept[i::3] for i in range(3)]:  # of three gateways, each in its own order
        chance.shuffle(part)
        put(part)
        town.heard()
    live(10)
    town.wait(50 * S, step=5 * S)
    assert stored(session) == clean(session, engine, town.now)
    assert alarms(session, "silent") == []
    meanwhile = [one for one in alarms(session, "high") if out < one.raised_at <= out + 2 * HOUR]
    assert len(meanwhile) > 3


def _killed(town, engine, chance):
    """The engine dies somewhere in its work, perhaps within a transaction, and another begins."""
    left = chance.randrange(6)

    def dies(_session):
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed

    engine.engine.guard = dies
    with contextlib.suppress(Killed):
        town.heard()
    town.clock.now += chance.choice([0, 30, 400]) * SECOND
    return town.start()
