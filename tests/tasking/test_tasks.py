"""A task from asking to reading back, on both databases: who may, who must, what stands in the way, what is lost."""

import pytest

from dothi.db import session as db
from dothi.identity import guard
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound
from dothi.tasking import flow, schedules, sending, service, store, watching
from dothi.tasking.service import Asking, Blocked, SamePerson
from dothi.tasking.tables import Task
from tests.tasking.scene import Town

MINUTE = 60 * clock.SECOND


@pytest.fixture(scope="module")
def town(standing):
    return Town()


@pytest.fixture(autouse=True)
def calm(town):
    """Every test finds fresh measurements and no task given."""
    with db.writing() as session:
        session.query(Task).delete()
        for held in store.schedules(session):
            session.delete(held)
    for thing, property_, value in (
        ("LGT-001", "power", 0.06), ("LGT-001", "voltage", 226), ("LGT-002", "power", 0.06), ("GATE-01", "gate-position", 0),
        ("GATE-01", "gate-inside", 0.8), ("RIVER", "water-level", 0.9),
    ):  # fmt: skip
        town.measure(thing, property_, value, ago=5)


def ask(town, who, thing, note="", **parameters):
    with db.writing() as session:
        return service.ask(session, who, town.able[thing], Asking(parameters, note)).id


def now_at(id_):
    with db.reading() as session:
        return session.get(Task, id_)


def send(at=None):
    with db.writing() as session:
        return [one.id for one in sending.due(session, at or clock.now_micros())]


def look(at=None):
    with db.writing() as session:
        watching.step(session, at or clock.now_micros())


def told(id_):
    with db.reading() as session:
        found = session.query(Entry).filter(Entry.subject == f"task:{id_}").order_by(Entry.id).all()
    return [one.kind for one in found], {one.visibility for one in found}


def test_a_lamp_is_switched_and_done_when_its_power_says_so(town):
    id_ = ask(town, town.people.nhung, "LGT-001", "chợ đêm", level=60)
    assert send() == [id_]
    assert send() == []
    look()
    assert now_at(id_).state == flow.SENT  # what was measured before the order is no answer
    with db.writing() as session:
        service.report(session, guard.SYSTEM, id_, "done")
    assert now_at(id_).state == flow.ACKNOWLEDGED  # the device's own word is not enough
    town.measure("LGT-001", "power", 3.4, ago=-1)
    look()
    done = now_at(id_)
    assert (done.state, done.read_value) == (flow.DONE, 3.4)
    assert done.properties["status"] == "done"
    assert done.properties["readBack"]["result"] == 3.4
    assert told(id_) == (
        ["tasking.task.asked", "tasking.task.sent", "tasking.task.acknowledged", "tasking.task.done"], {"shared"},
    )  # fmt: skip
    with pytest.raises(flow.CannotStep), db.writing() as session:
        service.cancel(session, town.people.nhung, id_)


def test_what_is_read_otherwise_fails_and_silence_times_out(town):
    dark, mute = ask(town, town.people.nhung, "LGT-001", level=100), ask(town, town.people.nhung, "LGT-002", level=100)
    assert sorted(send()) == sorted([dark, mute])
    town.measure("LGT-001", "power", 0.05, ago=-1)
    later = clock.now_micros() + 3 * MINUTE
    look(later)
    assert (now_at(dark).state, now_at(dark).read_value, now_at(dark).reason) == (flow.FAILED, 0.05, "read-otherwise")
    assert (now_at(mute).state, now_at(mute).reason) == (flow.TIMED_OUT, "never-acknowledged")


def test_who_may_and_every_fault_at_once(town):
    with pytest.raises(NotAllowed):
        ask(town, town.people.tam, "LGT-001", level=100)
    with pytest.raises(NotAllowed):
        ask(town, town.people.xa, "LGT-001", level=100)  # holds it, but of another agency
    with pytest.raises(BadInput) as refused:
        ask(town, town.people.nhung, "LGT-001", level=10, colour="red")
    assert len(refused.value.faults) == 2
    with pytest.raises(NotFound):
        with db.writing() as session:
            service.ask(session, town.people.nhung, 9999, Asking({}))
    id_ = ask(town, town.people.nhung, "LGT-001", level=100)
    with db.reading() as session:
        assert store.task(session, guard.ANONYMOUS, id_) is None
        assert store.task(session, town.people.tam, id_) is not None


def test_opening_the_gate_takes_two_people(town):
    id_ = ask(town, town.people.duc, "GATE-01", opening=40)
    assert now_at(id_).state == flow.PENDING
    assert send() == []
    for who in (town.people.duc, town.people.nhung, town.people.xa):  # asked himself; may not approve; another agency's
        with pytest.raises(NotAllowed) as refused, db.writing() as session:
            service.approve(session, who, id_)
        assert isinstance(refused.value, SamePerson) is (who is town.people.duc)
    with db.writing() as session:
        assert service.approve(session, town.people.lan, id_).decided_by == town.people.lan.actor
    assert send() == [id_]
    # to shut it is not kept waiting for a second person, but for the gate to stand still
    shut = ask(town, town.people.duc, "GATE-01", opening=0)
    assert now_at(shut).state == flow.QUEUED
    assert send() == []
    town.measure("GATE-01", "gate-position", 41, ago=-1)
    look()
    assert now_at(id_).state == flow.DONE
    assert send() == [shut]
    late = ask(town, town.people.duc, "GATE-01", opening=50)
    look(clock.now_micros() + 31 * MINUTE)
    assert (now_at(late).state, now_at(late).reason) == (flow.TIMED_OUT, "not-approved")


def test_interlocks_hold_when_asked_when_approved_and_when_sent(town):
    town.measure("RIVER", "water-level", 1.6)
    with pytest.raises(Blocked, match=r"outside 1\.6, inside 0\.8"):
        ask(town, town.people.duc, "GATE-01", opening=40)
    shut = ask(town, town.people.duc, "GATE-01", opening=0)  # the interlock is for opening
    with db.writing() as session:
        service.cancel(session, town.people.duc, shut)
    town.measure("RIVER", "water-level", 1.0, ago=-1)
    id_ = ask(town, town.people.duc, "GATE-01", opening=40)
    town.measure("RIVER", "water-level", 1.7, ago=-2)
    with pytest.raises(Blocked), db.writing() as session:
        service.approve(session, town.people.lan, id_)
    assert now_at(id_).state == flow.PENDING
    town.measure("RIVER", "water-level", 1.0, ago=-3)
    with db.writing() as session:
        service.approve(session, town.people.lan, id_)
    town.measure("RIVER", "water-level", 1.8, ago=-4)
    assert send() == []
    assert now_at(id_).state == flow.REFUSED
    assert "river" in now_at(id_).properties["reason"].lower()


def test_what_is_not_known_blocks_unless_it_is_declared_otherwise(town, monkeypatch):
    later = clock.now_micros() + 3 * clock.HOUR
    monkeypatch.setattr(clock, "now_micros", lambda: later)
    with pytest.raises(Blocked, match="nothing fresh"):
        ask(town, town.people.duc, "GATE-01", opening=40)
    assert ask(town, town.people.nhung, "LGT-001", level=100)  # an old voltage does not keep the street dark


def test_of_two_orders_to_one_lamp_the_later_replaces_and_the_same_is_given_once(town):
    on = ask(town, town.people.nhung, "LGT-001", level=100)
    with pytest.raises(Conflict, match="just this"):
        ask(town, town.people.duc, "LGT-001", level=100)
    assert send() == [on]
    off = ask(town, town.people.duc, "LGT-001", level=0)
    assert now_at(on).state == flow.CANCELLED
    assert now_at(on).reason == "replaced"
    assert send() == [off]


def test_what_nobody_acknowledges_is_said_again_and_a_restart_loses_nothing(town):
    id_ = ask(town, town.people.nhung, "LGT-001", level=100)
    at = clock.now_micros()
    with db.writing() as session:
        (first,) = sending.due(session, at)  # committed, and the process dies before saying it
        assert not first.again
    with db.writing() as session:
        (again,) = sending.due(session, at + 16 * clock.SECOND)
    assert (again.id, again.again) == (id_, True)
    with db.writing() as session:
        service.report(session, guard.SYSTEM, id_, "acknowledged")
        assert service.report(session, guard.SYSTEM, id_, "acknowledged").state == flow.ACKNOWLEDGED
    assert send(at + 40 * clock.SECOND) == []
    # an order that lay for too long is not given any more
    old = ask(town, town.people.nhung, "LGT-002", level=100)
    assert old not in send(clock.now_micros() + 11 * MINUTE)
    assert (now_at(old).state, now_at(old).reason) == (flow.TIMED_OUT, "never-sent")


STEPS = [
    {"at": "18:00", "set": {"level": 100}},
    {"at": "23:00", "set": {"level": 60}},
    {"at": "05:30", "set": {"level": 0}},
]


def keep(text):
    with db.writing() as session:
        return schedules.keep(session, clock.parse(f"{text}+07:00"))


def levels(town, thing):
    with db.reading() as session:
        found = session.query(Task).filter(Task.capability_id == town.able[thing], Task.schedule_id.is_not(None))
        return [one.tasking_parameters["level"] for one in found.order_by(Task.id)]


def test_a_schedule_asks_once_a_step_and_never_against_a_hand(town, monkeypatch):
    def at(text):
        moment = clock.parse(f"{text}+07:00")
        monkeypatch.setattr(clock, "now_micros", lambda: moment)
        return text

    at("2026-11-21T12:00")
    wanted = schedules.Wanted(
        "den", "Đèn đường", "lamp-circuit", ["LGT-*"], STEPS, {"2026-11-22": []}, agency_id=town.works
    )
    with pytest.raises(NotAllowed), db.writing() as session:
        schedules.put(session, town.people.xa, wanted)
    bad = [{"at": "25:00", "set": {"level": 100}}, {"at": "18:00", "set": {"level": 5}}, {"on": 1}]
    with pytest.raises(BadInput) as refused, db.writing() as session:
        schedules.put(session, town.people.nhung, schedules.Wanted("x", "", "lamp-circuit", [], bad))
    assert len(refused.value.faults) == 5
    with pytest.raises(BadInput, match="not switched by a schedule"), db.writing() as session:
        schedules.put(
            session,
            town.people.nhung,
            schedules.Wanted("x", "y", "sluice-gate", ["GATE-01"], [{"at": "18:00", "set": {"opening": 0}}]),
        )
    with db.writing() as session:
        held = schedules.put(session, town.people.nhung, wanted)
        ahead = schedules.preview(session, held, clock.parse("2026-11-21T12:00+07:00"))
    assert [(one.word, one.things) for one in ahead] == [("18:00", 2), ("23:00", 2)]  # the next morning is an exception
    assert keep(at("2026-11-21T18:01")) == 2
    assert keep(at("2026-11-21T18:02")) == 0
    assert levels(town, "LGT-001") == [100]
    at("2026-11-21T22:30")
    ask(town, town.people.nhung, "LGT-001", "lễ hội", level=0)
    assert keep(at("2026-11-21T23:01")) == 1  # only the other cabinet is dimmed
    assert (levels(town, "LGT-001"), levels(town, "LGT-002")) == ([100], [100, 60])
    assert keep(at("2026-11-22T00:31")) == 1  # the hold of two hours is over
    assert levels(town, "LGT-001") == [100, 60]


def test_a_schedule_that_meets_an_interlock_says_so(town):
    town.measure("LGT-001", "voltage", 120, ago=-5)
    with db.writing() as session:
        schedules.put(session, guard.SYSTEM, schedules.Wanted(
            "a", "Đèn", "lamp-circuit", ["LGT-001"], [{"at": "00:00", "set": {"level": 80}}], agency_id=town.works))  # fmt: skip
        assert schedules.keep(session, clock.now_micros()) == 1
        assert schedules.keep(session, clock.now_micros() + 60 * clock.SECOND) == 0
    with db.reading() as session:
        (one,) = store.tasks(session, town.people.nhung, store.Wanted(states=(flow.REFUSED,), limit=1))
        assert one.tasking_parameters == {"level": 80}
        assert "volts 120" in one.properties["reason"]
