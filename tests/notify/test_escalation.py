"""Ladders: while nobody acknowledges, the next rung is told, once, also after a night without a worker."""

import pytest
from sqlalchemy import select

from dothi.alerts import escalation, service
from dothi.alerts.tables import Alarm, AlarmEvent
from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.notify import ladders
from dothi.notify.ladders import Rung
from tests.notify.conftest import give, messages, prefer, send
from tests.notify.test_outbox import raised

MINUTE = 60


@pytest.fixture
def ladder(database):
    with db.writing() as session:
        return ladders.put(
            session, SYSTEM, code="nuoc", title="Nước dâng", severity="major",
            rungs_=[Rung(5, role="duty-officer"), Rung(15, role="duty-chief", channels=("mail",)), Rung(30, role="leader")],
        ).id  # fmt: skip


@pytest.fixture
def staff(mailbox, people):
    made = {one: people(one, one) for one in ("duty-officer", "duty-chief", "leader")}
    for caller in made.values():
        give(caller, "mail", f"{caller.name.split()[-1]}@example.vn")
    return made


def climbed():
    with db.reading() as session:
        events = session.scalars(select(AlarmEvent).where(AlarmEvent.kind == "escalated").order_by(AlarmEvent.id))
        return [(one.alarm_id, one.data["rung"]) for one in events]


def acknowledge(id_, verb="acknowledge"):
    with db.writing() as session:
        getattr(service, verb)(session, SYSTEM, [id_])


def test_each_rung_is_told_when_its_time_has_come_and_once(now, staff, ladder, mailbox):
    alarm = raised(1)
    assert escalation.climb() == 0
    now.pass_(5 * MINUTE - 1)
    assert escalation.climb() == 0
    now.pass_(1)
    assert escalation.climb() == 1
    assert escalation.climb() == 0
    now.pass_(10 * MINUTE)
    assert escalation.climb() == 1
    now.pass_(60 * MINUTE)
    assert escalation.climb() == 1
    assert escalation.climb() == 0
    assert climbed() == [(alarm, 0), (alarm, 1), (alarm, 2)]
    send()
    assert sorted(one["to"].partition("@")[0] for one in mailbox.letters) == ["duty-chief", "duty-officer", "leader"]
    chief = next(one for one in mailbox.letters if one["to"].startswith("duty-chief"))
    assert chief["subject"] == "Chưa ai tiếp nhận: Nước sông vượt báo động 3 · Trạm Tân An"
    assert "đã 15 phút chưa ai tiếp nhận" in chief.get_content()


def test_after_downtime_every_rung_that_is_due_fires_once(now, staff, ladder, mailbox):
    alarm = raised(1)
    now.pass_(9 * 60 * MINUTE)
    assert escalation.climb() == 3
    assert escalation.climb() == 0
    assert sorted(climbed()) == [(alarm, 0), (alarm, 1), (alarm, 2)]
    assert len(messages()) == 3


def test_an_acknowledgement_stops_it_and_taking_it_back_begins_anew(now, staff, ladder, mailbox):
    alarm = raised(1)
    now.pass_(6 * MINUTE)
    assert escalation.climb() == 1
    acknowledge(alarm)
    now.pass_(60 * MINUTE)
    assert escalation.climb() == 0
    acknowledge(alarm, "unacknowledge")
    assert escalation.climb() == 0
    now.pass_(5 * MINUTE)
    assert escalation.climb() == 1
    assert climbed() == [(alarm, 0), (alarm, 0)]


@pytest.mark.parametrize(
    "how",
    [
        {"severity": "minor"}, {"active": False}, {"suppressed": "maintenance:1"}, {"withdrawn": True}, {"acknowledged": True},
    ],
)  # fmt: skip
def test_what_does_not_wait_climbs_nothing(now, staff, ladder, how):
    raised(1, **{"severity": "critical", **how})
    now.pass_(60 * MINUTE)
    assert escalation.climb() == 0


def test_a_wait_goes_on_while_an_alarm_becomes_worse_and_begins_when_it_becomes_grave_enough(now, staff, ladder):
    first, second = raised(1, "major"), raised(2, "minor")
    now.pass_(4 * MINUTE)
    for id_, severity in ((first, "critical"), (second, "major")):
        worse(id_, severity)
    now.pass_(1 * MINUTE)
    escalation.climb()
    assert climbed() == [(first, 0)]
    now.pass_(4 * MINUTE)
    escalation.climb()
    assert climbed() == [(first, 0), (second, 0)]


def worse(id_, severity):
    from dothi.alerts import news
    from dothi.kit import clock

    with db.writing() as session:
        alarm = session.get(Alarm, id_)
        alarm.severity = severity
        news.tell(session, alarm, "severity", actor="dothi", at=clock.now_micros(), event={"severity": severity})


def test_a_shelf_holds_the_ladder_and_its_end_lets_it_begin(now, staff, ladder):
    alarm = raised(1)
    with db.writing() as session:
        service.shelve(session, SYSTEM, [alarm], now.at + 3600 * 1_000_000, "đang sửa")
    now.pass_(30 * MINUTE)
    assert escalation.climb() == 0
    with db.writing() as session:
        service.shelve(session, SYSTEM, [alarm], None, "")
    assert escalation.climb() == 0
    now.pass_(5 * MINUTE)
    assert escalation.climb() == 1


def test_a_ladder_is_of_its_sector_and_agency(now, mailbox, people, ladder):
    near, far = people("gan", "duty-officer", "so-nnmt"), people("xa", "duty-officer", "so-xd")
    for one in (near, far):
        give(one, "mail", f"{one.id}@example.vn")
    with db.writing() as session:
        ladders.put(
            session,
            SYSTEM,
            code="khi",
            title="Không khí",
            severity="warning",
            sector="air",
            rungs_=[Rung(0, person=far.id)],
        )
    raised(1, agency="so-nnmt")
    now.pass_(5 * MINUTE)
    assert escalation.climb() == 1
    (one,) = messages()
    with db.reading() as session:
        from dothi.notify import store

        assert store.address(session, one.address_id).person_id == near.id


def test_a_rung_nobody_can_be_reached_by_is_noted_and_the_next_one_comes(now, mailbox, people, ladder):
    alarm = raised(1)
    chief = people("truong", "duty-chief")
    give(chief, "mail", "truong@example.vn")
    now.pass_(20 * MINUTE)
    assert escalation.climb() == 2
    with db.reading() as session:
        events = list(session.scalars(select(AlarmEvent).where(AlarmEvent.kind == "escalated").order_by(AlarmEvent.id)))
    assert [(one.alarm_id, one.data["people"], one.data["messages"]) for one in events] == [
        (alarm, 0, 0),
        (alarm, 1, 1),
    ]


def test_a_ladder_that_is_off_is_not_climbed_and_quiet_hours_hold_what_is_not_critical(now, staff, ladder, mailbox):
    prefer(staff["duty-officer"], quiet_from=0, quiet_until=23 * 60 + 59)
    raised(1, "major")
    raised(2, "critical")
    now.pass_(5 * MINUTE)
    escalation.climb()
    send()
    assert len(mailbox.letters) == 1
    with db.writing() as session:
        session.get(type(ladders.of(session, SYSTEM, ladder)), ladder).active = False
    now.pass_(60 * MINUTE)
    assert escalation.climb() == 0
