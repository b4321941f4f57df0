"""From an observation to an alarm."""

from sqlalchemy import select

from dothi.alerts.tables import Watch
from tests.alerts.engine.town import MINUTE, S, alarms, gauge, rule


def test_a_value_beyond_the_threshold_raises_and_one_within_clears(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}, "critical": {"above": 2}}))
    town.start()
    town.say((stream, town.now, 1.2))
    assert alarms(session) == []
    town.wait(MINUTE)
    raised = town.now
    town.say((stream, raised, 1.7))
    (one,) = alarms(session)
    assert (one.severity, one.active, one.raised_at, one.value, one.subject) == (
        "major",
        True,
        raised,
        1.7,
        f"datastream:{stream}",
    )
    assert one.number == f"CB-26-{one.id:05d}"
    town.wait(MINUTE)
    town.say((stream, town.now, 2.4))
    town.wait(MINUTE)
    town.say((stream, town.now, 1.0))
    (one,) = alarms(session)
    assert (one.severity, one.worst, one.active, one.cleared_at, one.cleared_how) == (
        "critical", "critical", False, town.now, "condition",
    )  # fmt: skip


def test_a_duration_is_over_at_its_instant(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("long", {"major": {"above": 1.5, "lasting": "10m"}}))
    town.start()
    began = town.now
    town.say((stream, began, 1.7))
    town.wait(9 * MINUTE)
    assert alarms(session) == []
    town.wait(MINUTE + 5 * S)
    (one,) = alarms(session)
    assert one.raised_at == began + 10 * MINUTE


def test_a_rule_at_rest_is_remembered_once_an_hour_and_made_again_from_what_was_stored_since(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("quick", {"major": {"rate": {"rise": 0.3, "per": "1h", "over": "30m"}}}))
    rounds = town.start()
    written = []
    for minute in range(50):
        town.say((stream, town.now, 1.0 + minute / 1000))
        town.wait(MINUTE)
        if minute in (5, 45):
            rounds.checkpoint(town.now)
            session.expire_all()
            written += [one.upto for one in session.scalars(select(Watch)) if one.subject == f"datastream:{stream}"]
    assert len(written) == 2
    assert written[0] == written[1]  # nothing came of what was said between
    town.start()  # after a crash
    town.say((stream, town.now, 1.4))  # 0.36 m above half an hour ago: known only from what the row does not hold
    (one,) = alarms(session)
    assert (one.raised_at, one.active) == (town.now, True)
    assert 0.7 < one.value < 0.85  # m/h
