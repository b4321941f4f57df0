"""Shifts: two people sign a handover; the report says what the shift saw; nobody sees more than their alarms."""

import json

import pytest

from dothi.alerts import service as alarms
from dothi.duty import orders, report, shifts
from dothi.identity.guard import ANONYMOUS, SYSTEM, sees_entries
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn, PreconditionFailed
from tests.duty import people

MINUTE = 60 * clock.SECOND


@pytest.fixture
def pair(session):
    """Two duty officers of the city's centre."""
    found = people.person(session, "nhung", "duty-officer"), people.person(session, "viet", "duty-officer")
    session.commit()
    return found


def test_a_shift_is_handed_over_by_two_signatures(session, pair):
    nhung, viet = pair
    began = shifts.begin(session, nhung)
    assert [(one.person.name, one.shift.post) for one in shifts.current(session, viet)] == [
        ("Nguyễn Thị Hồng Nhung", "duty")
    ]
    signed = shifts.hand(session, nhung, "Bơm 2 còn hỏng")
    assert signed.ended_at is None, "it goes on until somebody takes it"
    own = shifts.take(session, viet, began.id, signed.digest)
    session.commit()
    assert (began.taken_by, began.ended_at) == (viet.id, began.taken_at)
    assert own.person_id == viet.id
    assert [one.person.id for one in shifts.current(session)] == [viet.id]
    assert report.digest(began.report, began.note, nhung.id, began.handed_at) == began.digest
    told = journal.read(session, sees=sees_entries(viet), kinds=["duty.shift"])
    assert [one["kind"] for one in told] == [
        "duty.shift.began",
        "duty.shift.handed",
        "duty.shift.taken",
        "duty.shift.began",
    ]
    assert told[1]["data"]["digest"] == told[2]["data"]["digest"] == began.digest


def test_nobody_takes_over_from_themselves_or_what_was_signed_anew(session, pair):
    nhung, viet = pair
    held = shifts.begin(session, nhung)
    with pytest.raises(Conflict):
        shifts.take(session, viet, held.id, "")
    first = shifts.hand(session, nhung, "một").digest
    with pytest.raises(NotAllowed):
        shifts.take(session, nhung, held.id, first)
    second = shifts.hand(session, nhung, "hai").digest
    with pytest.raises(PreconditionFailed):
        shifts.take(session, viet, held.id, first)
    shifts.take(session, viet, held.id, second)
    third = people.person(session, "duc", "duty-officer")
    with pytest.raises(Conflict):
        shifts.take(session, third, held.id, second)


def test_one_shift_a_person_and_only_who_may_stand(session, pair):
    nhung, _ = pair
    shifts.begin(session, nhung)
    with pytest.raises(Conflict):
        shifts.begin(session, nhung)
    with pytest.raises(NotAllowed):
        shifts.begin(session, pair[1], "chief")
    with pytest.raises(NotAllowed):
        shifts.begin(session, people.person(session, "lan", "leader"))
    with pytest.raises(NotAllowed):
        shifts.begin(session, SYSTEM)
    with pytest.raises(NotSignedIn):
        shifts.begin(session, ANONYMOUS)
    with pytest.raises(Conflict):
        shifts.hand(session, pair[1], "không có ca")
    assert shifts.begin(session, people.person(session, "duc", "duty-chief"), "chief").post == "chief"


def test_a_chief_ends_a_shift_nobody_takes_over_for_a_reason(session, pair):
    held, chief = shifts.begin(session, pair[0]), people.person(session, "duc", "duty-chief")
    with pytest.raises(NotAllowed):
        shifts.end(session, pair[1], held.id, "quên")
    with pytest.raises(BadInput):
        shifts.end(session, chief, held.id, " ")
    ended = shifts.end(session, chief, held.id, "Ốm, về giữa ca")
    assert (ended.ended_by, ended.taken_by, ended.report is not None) == (chief.id, None, True)


def test_the_report_says_what_the_shift_saw(session, pair):
    nhung, _ = pair
    before = people.alarm(session, ago=7200, severity="major")
    held = shifts.begin(session, nhung)
    held.began_at -= 3600 * clock.SECOND
    quick = people.alarm(session, ago=1800)
    slow = people.alarm(session, ago=1700, severity="minor")
    people.alarm(session, ago=100, exercise=True)
    people.alarm(session, ago=90, withdrawn=True, active=False)
    people.alarm(session, ago=80, suppressed="maintenance:4", severity="minor")
    session.commit()
    alarms.acknowledge(session, nhung, [quick.id], "đã gọi trạm")
    session.commit()
    event = alarms.events(session, nhung, quick.id)[-1]
    event.noticed_at = quick.noticed_at + 120 * clock.SECOND
    alarms.clear(session, nhung, [slow.id], "bảo dưỡng xong")
    session.commit()
    found = shifts.report(session, nhung, held.began_at, clock.now_micros())
    said = found["figures"]
    assert (said["raised"], said["exercises"], said["suppressed"]) == (4, 1, 1)
    assert said["by_severity"] == {"critical": 2, "major": 0, "minor": 2, "warning": 0}
    assert (said["acknowledged"], said["in_time"], said["in_time_of"]) == (2, 1, 2)
    assert 1700 <= said["longest_s"] < 1800, "ended by hand is taken notice of"
    assert said["median_s"] == (120 + said["longest_s"]) // 2
    assert (said["open_before"], said["open_after"], said["cleared"]) == (1, 3, 1)
    assert {one["number"] for one in found["open"]["alarms"]} >= {before.number, quick.number}
    assert slow.number not in {one["number"] for one in found["open"]["alarms"]}
    done = [(one["kind"], one["person"], one["number"], one["text"]) for one in found["actions"]]
    assert ("alerts.alarm.acknowledged", nhung.id, quick.number, "đã gọi trạm") in done
    assert ("alerts.alarm.cleared", nhung.id, slow.number, "bảo dưỡng xong") in done
    assert found["people"] == {str(nhung.id): "Nguyễn Thị Hồng Nhung"}
    assert json.loads(json.dumps(found)) == found, "it is kept as JSON"


def test_the_report_counts_orders_and_names_those_still_open(session, pair):
    one, leader = people.agency(session), people.person(session, "lan", "leader")
    officer = people.person(session, "tam", "officer", one.code)
    since = clock.now_micros() - MINUTE
    first, second = (
        orders.give(session, leader, agency_id=one.id, text=text, due_at=clock.now_micros() + MINUTE)
        for text in ("Đóng cống", "Cắm biển")
    )
    orders.receive(session, officer, first.id)
    orders.done(session, officer, first.id, "đã đóng")
    orders.accept(session, leader, first.id)
    session.commit()
    found = shifts.report(session, pair[0], since, clock.now_micros() + 1)
    assert {k: v for k, v in found["figures"]["orders"].items() if v} == {
        "given": 2,
        "received": 1,
        "done": 1,
        "accepted": 1,
    }
    assert [(one["number"], one["agency"]) for one in found["open"]["orders"]] == [
        (second.number, "Công ty Thoát nước")
    ]


def test_the_same_alarms_counted_by_hand(session, pair):
    """The figures against a plain count of the rows."""
    start = clock.now_micros() - 90 * MINUTE
    for i in range(60):
        people.alarm(session, ago=50 + i * 120, severity=("critical", "major", "minor", "warning")[i % 4], told=False)
    session.commit()
    found = shifts.report(session, pair[0], start, clock.now_micros())["figures"]
    rows = [one for one in range(60) if 50 + one * 120 <= 90 * 60]
    assert found["raised"] == len(rows)
    assert found["by_severity"]["critical"] == len([i for i in rows if i % 4 == 0])
    assert found["busiest"]["count"] == 5
    assert found["in_time_of"] == len([i for i in rows if 50 + i * 120 > 300])


def test_an_agencys_desk_sees_its_own_shifts_and_alarms_only(session, pair):
    one, other = people.agency(session), people.agency(session, "giao-thong", "Sở Giao thông")
    ours, theirs = (
        people.person(session, "tam", "duty-officer", one.code),
        people.person(session, "duc", "duty-officer", other.code),
    )
    people.alarm(session, agency_id=other.id)
    people.alarm(session, agency_id=one.id, severity="minor")
    centre, held = shifts.begin(session, pair[0]), shifts.begin(session, ours)
    session.commit()
    assert (centre.agency_id, held.agency_id) == (None, one.id)
    assert [found.person.id for found in shifts.current(session, theirs)] == []
    assert {found.person.id for found in shifts.current(session, pair[1])} == {pair[0].id, ours.id}
    with pytest.raises(NotFound):
        shifts.shift(session, theirs, held.id)
    with pytest.raises(NotFound):
        shifts.take(session, theirs, held.id, "x")
    said = shifts.report(session, ours, 0, clock.now_micros())["figures"]
    assert said["by_severity"] == {"critical": 0, "major": 0, "minor": 1, "warning": 0}
