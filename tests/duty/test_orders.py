"""Orders: who gives, who does, who accepts; one of two hands wins; nobody learns of what is not theirs."""

import pytest

from dothi.duty import flow, orders
from dothi.identity.guard import ANONYMOUS, SYSTEM, sees_entries
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn, PreconditionFailed
from tests.duty import people

SOON = 3600 * clock.SECOND


@pytest.fixture
def room(session):
    """A leader, an officer of the agency, one of another; an alarm of the agency's."""
    one, other = people.agency(session), people.agency(session, "giao-thong", "Sở Giao thông")
    made = {
        "leader": people.person(session, "lan", "leader"), "officer": people.person(session, "tam", "officer", one.code),
        "second": people.person(session, "duc", "officer", one.code),
        "stranger": people.person(session, "viet", "officer", other.code),
        "steward": people.person(session, "nhung", "data-steward"), "agency": one, "other": other,
        "alarm": people.alarm(session, agency_id=one.id),
    }  # fmt: skip
    session.commit()
    return made


def given(session, room, **more):
    return orders.give(
        session, room["leader"], agency_id=room["agency"].id, text="Bố trí 2 bơm lưu động tại Châu Thị Kim",
        due_at=clock.now_micros() + SOON, **{"subject": f"alarm:{room['alarm'].id}", **more},
    )  # fmt: skip


def test_an_order_goes_from_given_to_accepted_and_every_step_is_in_the_journal(session, room):
    made = given(session, room)
    year = f"{clock.now().astimezone(clock.VIETNAM):%y}"
    assert (made.number, made.state, made.subject_name) == (
        f"CD-{year}-0001",
        "given",
        f"{room['alarm'].number} · {room['alarm'].title}",
    )
    orders.receive(session, room["officer"], made.number)
    orders.progress(session, room["officer"], made.number, "Bơm 1 đã chạy")
    orders.done(session, room["officer"], made.number, "Hai bơm đã chạy, nước rút")
    orders.accept(session, room["leader"], made.number, "Tốt")
    session.commit()
    assert (made.state, made.version, made.closed_at is not None) == ("accepted", 5, True)
    assert made.received_by == room["officer"].actor
    kinds = [one.kind for one in orders.entries(session, room["leader"], made.id)]
    assert kinds == ["given", "received", "progress", "done", "accepted"]
    told = journal.read(session, sees=sees_entries(room["officer"]), kinds=["duty.order"])
    assert [one["kind"].rpartition(".")[2] for one in told] == kinds
    assert {one["subject"] for one in told} == {f"order:{made.id}"}
    assert told[1]["actor"] == room["officer"].actor
    assert told[0]["data"]["url"] == f"/operations/orders/{made.number}"
    assert journal.read(session, sees=sees_entries(room["stranger"]), kinds=["duty.order"]) == []


def test_what_was_done_may_be_returned_and_is_done_again(session, room):
    made = given(session, room)
    orders.receive(session, room["officer"], made.id)
    orders.done(session, room["officer"], made.id, "xong")
    orders.return_(session, room["leader"], made.id, "Còn một điểm ngập")
    assert (made.state, made.done_at, made.done_by) == ("returned", None, None)
    orders.done(session, room["second"], made.id, "xong cả hai")
    assert orders.accept(session, room["leader"], made.id).state == "accepted"


def test_each_verb_needs_its_permission_in_the_orders_agency(session, room):
    made = given(session, room)
    with pytest.raises(NotAllowed):
        orders.give(session, room["officer"], agency_id=room["agency"].id, text="x", due_at=clock.now_micros() + SOON)
    with pytest.raises(NotSignedIn):
        orders.give(session, ANONYMOUS, agency_id=room["agency"].id, text="x", due_at=clock.now_micros() + SOON)
    with pytest.raises(NotAllowed):
        orders.receive(session, SYSTEM, made.id)  # a person answers for it
    with pytest.raises(NotAllowed):
        orders.receive(session, room["leader"], made.id)
    orders.receive(session, room["officer"], made.id)
    for verb in (orders.accept, orders.withdraw, orders.remind):
        with pytest.raises(NotAllowed):
            verb(session, room["officer"], made.id, "x")


def test_an_order_of_another_agency_is_not_there_for_a_stranger(session, room):
    made = given(session, room)
    for verb in (orders.receive, orders.progress, orders.done, orders.accept, orders.withdraw):
        with pytest.raises(NotFound) as hidden:
            verb(session, room["stranger"], made.number, "x")
        with pytest.raises(NotFound) as absent:
            verb(session, room["stranger"], "CD-26-9999", "x")
        assert str(hidden.value) == str(absent.value)
    asked = orders.Asked("all")
    assert orders.list_(session, room["stranger"], asked) == orders.list_(session, room["steward"], asked) == []
    assert [one.order.id for one in orders.list_(session, room["officer"], asked)] == [made.id]
    assert orders.late_by_agency(session, room["stranger"]) == []
    assert orders.counts(session, room["stranger"])["all"] == 0


def test_an_order_about_an_alarm_the_leader_cannot_see_says_the_same_as_about_none(session, room):
    hidden = people.alarm(session, agency_id=room["other"].id)
    boss = people.person(session, "nho", "leader", room["agency"].code)
    said = []
    for id_ in (hidden.id, 10**9):
        with pytest.raises(BadInput) as error:
            orders.give(
                session,
                boss,
                agency_id=room["agency"].id,
                text="x",
                due_at=clock.now_micros() + SOON,
                subject=f"alarm:{id_}",
            )
        said.append(str(error.value))
    assert said[0] == said[1]


def test_of_two_hands_at_once_one_wins(session, room):
    made = given(session, room)
    orders.receive(session, room["officer"], made.id, version=1)
    with pytest.raises(PreconditionFailed):
        orders.receive(session, room["second"], made.id, version=1)
    with pytest.raises(Conflict):
        orders.receive(session, room["second"], made.id)  # who says no version is told by the flow


def test_whoever_did_it_does_not_accept_it(session, room):
    made = given(session, room)
    both = people.person(session, "ca-hai", "administrator")
    orders.receive(session, both, made.id)
    orders.done(session, both, made.id, "xong")
    assert "accept" not in orders.can(both, made)
    with pytest.raises(NotAllowed):
        orders.accept(session, both, made.id)
    assert orders.accept(session, room["leader"], made.id).closed_at


@pytest.mark.parametrize("verb", flow.VERBS)
@pytest.mark.parametrize("state", ["given", "received", "done", "accepted", "returned", "withdrawn"])
def test_the_flow_has_only_the_steps_it_names(verb, state):
    if state in flow.VERBS[verb].since:
        assert flow.step(state, verb) == (flow.VERBS[verb].to or state)
    else:
        with pytest.raises(flow.CannotStep):
            flow.step(state, verb)


def test_every_fault_of_an_order_is_said_at_once(session, room):
    with pytest.raises(BadInput) as error:
        orders.give(
            session,
            room["leader"],
            agency_id=10**6,
            text=" ",
            due_at=clock.now_micros() - 1,
            subject="alarm:x",
            person_id=5,
        )
    assert {fault.place for fault in error.value.faults} == {"text", "due", "agency", "person", "subject"}


def test_who_is_late_is_told_by_agency(session, room, monkeypatch):
    given(session, room)
    closed = given(session, room)
    orders.withdraw(session, room["leader"], closed.id, "nhầm")
    orders.give(
        session, room["leader"], agency_id=room["other"].id, text="Phân luồng", due_at=clock.now_micros() + 3 * SOON
    )
    later = clock.moment(clock.now_micros() + 2 * SOON)
    monkeypatch.setattr(clock, "source", lambda: later)
    found = orders.late_by_agency(session, room["leader"])
    assert [(one.name, one.open, one.late, one.unreceived) for one in found] == [
        ("Công ty Thoát nước", 1, 1, 1), ("Sở Giao thông", 1, 0, 1),
    ]  # fmt: skip
    assert found[0].oldest is not None
    assert found[1].oldest is None
    assert [one.late for one in orders.list_(session, room["leader"], orders.Asked("late"))] == [True]
    assert orders.counts(session, room["leader"]) == {"open": 2, "late": 1, "done": 0, "mine": 2, "all": 3}


def test_a_new_deadline_needs_a_reason_and_is_kept_with_the_old_one(session, room):
    made = given(session, room)
    first = made.due_at
    with pytest.raises(BadInput):
        orders.extend(session, room["leader"], made.id, first + SOON, "")
    orders.extend(session, room["leader"], made.id, first + SOON, "Đường ngập, xe chưa vào được")
    assert made.due_at == first + SOON
    assert [one.due_at for one in orders.entries(session, room["leader"], made.id)] == [first, first + SOON]


def test_somebody_named_of_the_agency_only(session, room):
    made = given(session, room, person_id=room["officer"].id)
    assert made.person_id == room["officer"].id
    with pytest.raises(BadInput):
        given(session, room, person_id=room["stranger"].id)
