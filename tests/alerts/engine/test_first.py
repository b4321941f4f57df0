"""From an observation to an alarm."""

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
