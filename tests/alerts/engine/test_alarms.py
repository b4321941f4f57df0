"""What the engine makes of what comes, and does not come: traps of other systems among it."""

from sqlalchemy import delete, func, select

from dothi.alerts import maintenance, rulebook, service
from dothi.alerts.queue import queue
from dothi.alerts.tables import Alarm, AlarmEvent, Watch
from dothi.alerts.worker import Pace
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.journal import service as journal
from dothi.journal.tables import Entry
from dothi.sensing import removal
from dothi.sensing.tables import Thing
from tests.alerts.engine.town import HOUR, MINUTE, S, alarms, clean, gauge, put, rule, stored


def kinds(session, alarm):
    return [one.kind for one in service.events(session, SYSTEM, alarm.id)]


def test_a_manual_clear_does_not_blind_the_rule_and_a_static_value_raises_again(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    town.say((stream, town.now, 1.7))
    (first,) = alarms(session)
    town.wait(30 * S)
    with db.writing() as writing:
        service.clear(writing, SYSTEM, [first.id], "đã kiểm tra")
    ended = town.now
    town.wait(5 * S)
    assert [one.active for one in alarms(session)] == [False]
    town.say((stream, town.now, 1.7))
    town.wait(5 * S)
    first, second = alarms(session)
    assert (first.cleared_how, first.cleared_at, first.acknowledged) == ("by-hand", ended, True)
    assert (second.active, second.raised_at) == (True, town.now - 5 * S)
    town.start()
    town.wait(5 * S)
    assert len(alarms(session)) == 2


def test_a_manual_clear_while_the_engine_is_down_is_heeded(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    town.say((stream, town.now, 1.7))
    (first,) = alarms(session)
    town.clock.now += MINUTE
    with db.writing() as writing:
        service.clear(writing, SYSTEM, [first.id], "đã kiểm tra")
    town.clock.now += MINUTE
    put([(stream, town.now, 1.8)])
    town.start()
    town.wait(5 * S)
    assert [one.cleared_how for one in alarms(session)] == ["by-hand", None]


def test_an_alarm_clears_when_nothing_came_for_so_long(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}, clear={"quiet": "5m"}))
    town.start()
    began = town.now
    town.say((stream, began, 1.7))
    town.wait(6 * MINUTE)
    (one,) = alarms(session)
    assert (one.cleared_how, one.cleared_at) == ("quiet", began + 5 * MINUTE)


def test_silence_raises_and_late_data_shows_that_it_never_was(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("silent", {"minor": {"absent": "10m"}}))
    town.start()
    began = town.now
    town.say((stream, began, 1.0))
    town.wait(12 * MINUTE)
    (one,) = alarms(session)
    assert one.raised_at == began + 10 * MINUTE
    town.say((stream, began + 8 * MINUTE, 1.0), (stream, began + 12 * MINUTE, 1.0))
    assert alarms(session) == []
    assert kinds(session, one) == ["raised", "withdrawn"]
    session.refresh(one)
    assert (one.withdrawn, one.active, one.cleared_how) == (True, False, "withdrawn")
    town.wait(9 * MINUTE)
    assert alarms(session) == []


def test_offline_and_online_again_within_a_moment(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("silent", {"minor": {"absent": "10m"}}))
    town.start()
    began = town.now
    town.say((stream, began, 1.0))
    town.clock.now = began + 10 * MINUTE + 2 * S
    town.say((stream, town.now - S, 1.0))  # came before the silence was noticed
    (one,) = alarms(session)
    assert (one.raised_at, one.cleared_at) == (began + 10 * MINUTE, began + 10 * MINUTE + S)
    town.wait(9 * MINUTE)
    assert len(alarms(session)) == 1


def test_late_data_moves_and_inserts_alarms(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    engine = town.start()
    began = town.now
    for minute, value in ((0, 1.0), (10, 1.8), (20, 1.0), (30, 1.0), (40, 1.0)):
        town.clock.now = began + minute * MINUTE
        town.say((stream, town.now, value))
    (one,) = alarms(session)
    town.say((stream, began + 5 * MINUTE, 1.7), (stream, began + 35 * MINUTE, 1.9))
    first, second = alarms(session)
    assert (first.id, first.raised_at, first.cleared_at) == (one.id, began + 5 * MINUTE, began + 20 * MINUTE)
    assert (second.raised_at, second.cleared_at) == (began + 35 * MINUTE, began + 40 * MINUTE)
    assert kinds(session, first) == ["raised", "cleared", "revised"]
    assert stored(session) == clean(session, engine, town.now + HOUR)


def test_a_corrected_and_a_repeated_value(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    at = town.now
    town.say((stream, at, 7.0))
    town.say((stream, at, 7.0))
    assert len(alarms(session)) == 1
    town.say((stream, at, 0.7))
    assert alarms(session) == []


def test_a_duration_that_begins_before_the_schedule_opens(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    hours = {"hours": [{"from": "12:30", "to": "18:00"}]}
    town.make(rule("long", {"major": {"above": 1.5, "lasting": "10m"}}, schedule=hours))
    engine = town.start()
    for _ in range(50):
        town.say((stream, town.now, 1.8))
        town.wait(MINUTE)
    assert stored(session) == clean(session, engine, town.now)
    (one,) = alarms(session)
    assert one.raised_at >= town.now - 20 * MINUTE


def test_an_observation_from_the_future_waits_for_its_time(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    town.say((stream, town.now, 1.0))
    town.say((stream, town.now + HOUR, 9.0))
    assert alarms(session) == []
    town.wait(MINUTE)
    town.say((stream, town.now, 1.6))
    assert [one.raised_at for one in alarms(session)] == [town.now]
    town.wait(30 * S)
    town.say((stream, town.now, 1.0))
    town.start()
    town.wait(HOUR, step=MINUTE)
    assert [one.value for one in alarms(session)] == [1.6, 9.0]


def test_a_leap_of_the_clock_is_not_believed_at_once(town):
    watch = [0.0]
    pace = Pace(lambda: watch[0])
    began = town.now
    watch[0], town.clock.now = 1.0, began + S
    assert pace.now() == began + S
    watch[0], town.clock.now = 2.0, began + HOUR
    assert pace.now() == began + 2 * S
    watch[0], town.clock.now = 30.0, began + HOUR + 28 * S
    assert pace.now() == began + 30 * S
    watch[0], town.clock.now = 31.0, began + 31 * S
    assert pace.now() == began + 31 * S
    watch[0], town.clock.now = 32.0, began + HOUR
    pace.now()
    watch[0], town.clock.now = 95.0, began + HOUR + 63 * S
    assert pace.now() == town.now
    watch[0], town.clock.now = 96.0, began
    assert pace.now() == began


def test_the_clock_leaps_and_is_set_right_again(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("silent", {"minor": {"absent": "10m"}}), rule("high", {"major": {"above": 1.5, "lasting": "5m"}}))
    engine = town.start()
    for minute in range(60):
        town.say((stream, town.now, 1.8 if 20 < minute < 30 else 1.0))
        if minute == 15:  # two hours ahead for a while, and back
            town.clock.now += 2 * HOUR
            town.wait(MINUTE)
            town.clock.now -= 2 * HOUR + MINUTE
        if minute == 40:
            town.clock.now -= HOUR
            town.heard()
            town.clock.now += HOUR
        town.wait(MINUTE)
    assert stored(session) == clean(session, engine, town.now)
    assert [one.rule_code for one in alarms(session)] == ["high"]


def test_a_rule_is_switched_off_changed_and_deleted_while_alarms_stand(town, session):
    streams = [gauge(session, f"G{i}")[0] for i in range(3)]
    session.commit()
    town.make(*(rule(code, {"major": {"above": 1.5}}) for code in ("off", "changed", "gone", "kept")))
    town.start()
    for stream in streams:
        town.say((stream, town.now, 1.5 + stream / 10))
    town.wait(10 * S)
    with db.writing() as writing:
        rulebook.switch(writing, SYSTEM, "off", "off")
        rulebook.change(writing, SYSTEM, "changed", rule("changed", {"critical": {"above": 1.65}}), 1)
        rulebook.remove(writing, SYSTEM, "gone")
    town.wait(10 * S)
    found = {code: [(a.active, a.cleared_how, a.severity) for a in alarms(session, code)]
             for code in ("off", "changed", "gone", "kept")}  # fmt: skip
    assert found["off"] == found["gone"] == [(False, "rule-off", "major")] * 3
    assert found["changed"] == [
        (False, "rule-off", "major"), (True, None, "critical"), (True, None, "critical"),
    ]  # fmt: skip
    assert found["kept"] == [(True, None, "major")] * 3
    town.start()
    town.wait(10 * S)
    assert len(alarms(session)) == 12
    with db.writing() as writing:
        rulebook.switch(writing, SYSTEM, "off", "on")
    town.wait(10 * S)
    assert [a.active for a in alarms(session, "off")] == [True] * 3  # the same ones: they began when they did


def test_a_thing_that_is_no_more_leaves_no_alarm_behind(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    town.say((stream, town.now, 1.7))
    with db.writing() as writing:
        removal.delete(writing, SYSTEM, "Thing", writing.scalar(select(Thing.id)))
    town.wait(12 * S)
    (one,) = alarms(session)
    assert (one.active, one.cleared_how) == (False, "gone")
    assert session.scalar(select(func.count()).select_from(Watch).where(Watch.subject != "*")) == 0


def test_a_thing_that_comes_later_is_watched_from_its_first_value(town, session):
    gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    town.clock.now += MINUTE
    (stream,) = gauge(session, "G2")
    journal.append(session, "sensing.thing.created", actor="test")
    session.commit()
    first = town.now
    put([(stream, first, 1.8)])
    town.clock.now += 2 * S
    town.say((stream, town.now, 1.9))
    town.wait(12 * S)
    (one,) = alarms(session)
    assert one.raised_at == first


def test_what_stands_when_a_rule_begins_is_an_alarm_and_what_is_over_is_none(town, session):
    (high,), (low,) = gauge(session, "G1"), gauge(session, "G2")
    session.commit()
    began = town.now
    put([(high, began + i * MINUTE, 1.0 if i < 10 else 1.9) for i in range(20)])
    put([(low, began + i * MINUTE, 1.0 if i > 10 else 1.9) for i in range(20)])
    town.clock.now += 20 * MINUTE
    town.make(rule("high", {"major": {"above": 1.5}}), rule("long", {"minor": {"above": 1.5, "lasting": "5m"}}))
    town.start()
    assert {(a.rule_code, a.datastream_id, a.raised_at - began) for a in alarms(session)} == {
        ("high", high, 10 * MINUTE), ("long", high, 15 * MINUTE),
    }  # fmt: skip


def test_a_flapping_sensor_is_one_line_with_a_count(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    for _ in range(9):
        town.say((stream, town.now, 1.7))
        town.wait(MINUTE)
        town.say((stream, town.now, 1.0))
        town.wait(MINUTE)
    session.rollback()
    (line,) = queue(session, SYSTEM)
    assert (line.count, len(line.members), line.active) == (9, 9, False)
    told = session.scalars(
        select(Entry.kind).where(Entry.kind.in_(["alerts.alarm.raised", "alerts.alarm.repeated"])).order_by(Entry.id)
    ).all()
    assert told == ["alerts.alarm.raised"] + ["alerts.alarm.repeated"] * 8
    town.clock.now += HOUR
    town.say((stream, town.now, 1.7))
    assert alarms(session)[-1].repeats == 1


def test_within_maintenance_alarms_are_recorded_and_do_not_ring(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    with db.writing() as writing:
        window = maintenance.plan(
            writing, SYSTEM, starts_at=town.now, ends_at=town.now + 10 * MINUTE, scope_kind="datastream",
            scope=str(stream), reason="hiệu chuẩn",
        )  # fmt: skip
    town.say((stream, town.now, 1.7))
    (one,) = alarms(session)
    assert one.suppressed == f"maintenance:{window.id}"
    assert queue(session, SYSTEM) == []
    town.wait(11 * MINUTE)
    (one,) = alarms(session)
    assert one.suppressed is None
    assert kinds(session, one) == ["raised", "released"]
    assert [line.head.id for line in queue(session, SYSTEM)] == [one.id]


def test_a_window_that_begins_silences_what_stands_and_gives_it_back_when_cancelled(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    town.say((stream, town.now, 1.7))
    with db.writing() as writing:
        window = maintenance.plan(
            writing, SYSTEM, starts_at=town.now, ends_at=town.now + HOUR, scope_kind="rule", scope="high", reason="thử",
        )  # fmt: skip
    town.wait(10 * S)
    assert [one.suppressed for one in alarms(session)] == [f"maintenance:{window.id}"]
    with db.writing() as writing:
        maintenance.cancel(writing, SYSTEM, window.id)
    town.wait(10 * S)
    assert [one.suppressed for one in alarms(session)] == [None]


def test_a_consequence_stands_under_its_cause(town, session):
    level, rain = gauge(session, "G1", properties=("water-level", "rainfall-1h"))
    session.commit()
    town.make(
        rule("cause", {"major": {"above": 50}}, {"property": "rainfall-1h"}),
        rule("follows", {"minor": {"above": 1.5}}, suppress={"parents": ["cause"]}),
    )
    town.start()
    town.say((level, town.now, 1.7))
    town.wait(MINUTE)
    town.say((rain, town.now, 60))
    child, parent = alarms(session)
    assert (child.suppressed, child.parent_id) == (f"parent:{parent.id}", parent.id)
    town.wait(MINUTE)
    town.say((rain, town.now, 5))
    child, parent = alarms(session)
    assert (parent.active, child.suppressed) == (False, None)
    town.say((level, town.now, 1.0))
    town.clock.now += HOUR
    town.say((level, town.now, 1.8), (rain, town.now, 70))
    both = {one.rule_code: one for one in alarms(session)[-2:]}
    assert both["follows"].suppressed == f"parent:{both['cause'].id}"
    assert kinds(session, both["follows"]) == ["raised"]


def test_what_is_shelved_does_not_ring_until_its_time_is_over(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    town.say((stream, town.now, 1.7))
    (one,) = alarms(session)
    session.rollback()
    with db.writing() as writing:
        service.shelve(writing, SYSTEM, [one.id], town.now + 30 * MINUTE, "cảm biến hỏng")
    town.wait(MINUTE)
    town.say((stream, town.now, 1.0))
    town.wait(MINUTE)
    town.say((stream, town.now, 1.7))
    assert [a.suppressed for a in alarms(session)] == ["shelved", "shelved"]
    assert queue(session, SYSTEM) == []
    town.wait(30 * MINUTE, step=MINUTE)
    assert [a.suppressed for a in alarms(session)] == [None, None]


def test_a_worse_severity_asks_for_notice_again(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}, "critical": {"above": 2}}))
    town.start()
    town.say((stream, town.now, 1.7))
    (one,) = alarms(session)
    session.rollback()
    with db.writing() as writing:
        service.acknowledge(writing, SYSTEM, [one.id])
    town.wait(MINUTE)
    town.say((stream, town.now, 2.5))
    (one,) = alarms(session)
    assert (one.severity, one.acknowledged) == ("critical", False)
    # the panel says why it is so bad now, with that value and that limit, and what it began with
    why = service.explanation(session, SYSTEM, one.id, one.severity)
    assert (why["severity"], why["limit"], [v["value"] for v in why["evidence"]]) == ("critical", 2, [2.5])
    assert why["first"]["severity"] == "major"
    began = service.explanation(session, SYSTEM, one.id)
    assert (began["severity"], began["limit"], [v["value"] for v in began["evidence"]]) == ("major", 1.5, [1.7])
    session.rollback()
    with db.writing() as writing:
        service.acknowledge(writing, SYSTEM, [one.id])
    town.wait(MINUTE)
    town.say((stream, town.now, 1.8))
    town.wait(MINUTE)
    town.say((stream, town.now, 2.5))
    (one,) = alarms(session)
    assert (one.severity, one.acknowledged) == ("critical", True)


def test_an_unknown_threshold_never_alarms_and_a_known_one_does(town, session):
    (stream,) = gauge(session, "G1")
    (known,) = gauge(session, "G2", properties=("water-level",))
    session.commit()
    with db.writing() as writing:
        thing = writing.scalar(select(Thing).where(Thing.code == "G2"))
        thing.properties = {"limit": 1.2}
    town.make(rule("own", {"major": {"above": {"attribute": "limit"}}}))
    town.start()
    town.say((stream, town.now, 99.0), (known, town.now, 1.3))
    assert [one.datastream_id for one in alarms(session)] == [known]


def test_a_rule_of_an_agency_watches_its_own_things_only(town, session):
    from tests.alerts.engine.town import agency

    own, other = agency(session, "a"), agency(session, "b")
    (mine,) = gauge(session, "G1", agency_id=own.id, sharing="restricted")
    (theirs,) = gauge(session, "G2", agency_id=other.id, sharing="open")
    session.commit()
    town.make(rule("ours", {"major": {"above": 1.5}}), agency_id=own.id)
    town.start()
    town.say((mine, town.now, 1.7), (theirs, town.now, 1.7))
    assert [one.datastream_id for one in alarms(session)] == [mine]


def test_an_engine_that_lost_its_memory_of_an_alarm_goes_on_with_it(town, session):
    (stream,) = gauge(session, "G1")
    session.commit()
    town.make(rule("high", {"major": {"above": 1.5}}))
    town.start()
    town.say((stream, town.now, 1.7))
    session.execute(delete(Watch))
    session.commit()
    town.start()
    town.clock.now += MINUTE
    town.say((stream, town.now, 1.0))
    (one,) = alarms(session)
    assert (one.active, one.cleared_at) == (False, town.now)
    assert session.scalar(select(func.count()).select_from(AlarmEvent)) == 2
    assert session.scalar(select(func.count()).select_from(Alarm)) == 1
