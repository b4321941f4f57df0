"""What the journal says reaches whom it concerns, by their wishes and rights, once; also when a process is killed."""

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import select, update

from dothi.alerts import news
from dothi.alerts.tables import Alarm
from dothi.db import session as db
from dothi.identity import store as identity
from dothi.journal import service as journal
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.notify import levels, outbox, sending, store, wording
from dothi.notify.tables import Message
from tests.notify.conftest import give, messages, prefer, send


def raised(number=1, severity="critical", agency=None, kind="raised", **how):
    """An alarm and its journal entry, as the engine says it."""
    now = clock.now_micros()
    with db.writing() as session:
        office = identity.agency_by_code(session, agency).id if agency else None
        made = {
            "number": f"CB-26-{number:05}", "rule_code": "nuoc", "rule_version": 1, "subject": f"thing:{number}", "title": "Nước sông vượt báo động 3",
            "title_en": "River above alarm level 3", "subject_name": "Trạm Tân An", "severity": severity, "worst": severity,
            "raised_at": now, "noticed_at": now, "severity_at": now, "last_at": now, "group_key": "g", "value_text": "2,41",
            "unit": "m", "sector": "water", "agency_id": office, "sharing": "shared", "explanation": {}, "changed_at": now,
        } | how  # fmt: skip
        alarm = Alarm(**made)
        session.add(alarm)
        session.flush()
        news.tell(session, alarm, kind, actor="dothi", at=now, event={"severity": severity})
        return alarm.id


def told(caller=None):
    """Titles of messages, of everybody or to one person."""
    with db.reading() as session:
        ids = None if caller is None else {one.id for one in store.addresses(session, caller.id)}
    return [one.subject for one in messages() if ids is None or one.address_id in ids]


def test_an_alarm_reaches_those_who_want_and_may_see_it_and_nobody_else(mailbox, people):
    lan = people("lan", agency="so-nnmt")
    minh = people("minh", agency="so-xd")
    steward = people("kho", "data-steward")
    for one in (lan, minh, steward):
        give(one, "mail", f"{one.id}@example.vn")
    raised(1, agency="so-nnmt", sharing="restricted")
    raised(2, agency="so-nnmt")
    raised(3, "minor", agency="so-nnmt")
    assert outbox.gather() == 3
    assert len(told(lan)) == 2
    assert len(told(minh)) == 1
    assert told(steward) == []
    assert outbox.gather() == 0
    send()
    assert mailbox.letters[0]["subject"] == "[Nghiêm trọng] Nước sông vượt báo động 3 · Trạm Tân An"
    assert "2,41 m" in mailbox.text(0)
    with db.reading() as session:
        said = session.scalars(select(Entry).where(Entry.kind == "alerts.alarm.raised").order_by(Entry.id)).first().data
    assert "Value: 2.41 m" in wording.alarm(said, "en")[1]
    assert "/operations?alarm=CB-26-0000" in mailbox.text(0)


def test_each_channel_has_wishes_of_its_own(mailbox, receiver, people):
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    give(lan, "webhook", receiver.url)
    prefer(lan, "mail", severity="minor", sectors=["air"])
    prefer(lan, "webhook", severity="critical", kinds=["alerts"])
    raised(1, "critical")
    raised(2, "minor", sector="air")
    raised(3, "warning", sector="air")
    outbox.gather()
    assert sorted((one.channel, one.cause) for one in messages()) == [("mail", "alarm:2"), ("webhook", "alarm:1")]
    prefer(lan, "mail", severity="none")
    prefer(lan, "webhook", kinds=["duty.order"])
    raised(4, "critical", sector="air")
    outbox.gather()
    assert len(messages()) == 2


def test_what_does_not_ring_is_not_told_and_what_becomes_worse_is(mailbox, people):
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    raised(1, suppressed="maintenance:4")
    raised(2, active=False)
    raised(3, "major", worst="critical", kind="severity")
    raised(4, "minor", worst="minor", kind="severity")
    raised(5, "critical", worst="critical", kind="severity")
    raised(6, acknowledged=True)
    outbox.gather()
    assert [one.cause for one in messages()] == ["alarm:5"]
    assert "đã nặng lên" in messages()[0].body


def test_exercises_and_simulations_say_so_first(mailbox, people):
    lan = people("lan")
    give(lan, "mail", "lan@example.vn", language="en")
    raised(1, exercise=True)
    raised(2, simulated=True)
    outbox.gather()
    first, second = messages()
    assert first.subject.startswith("EXERCISE: [Critical] River")
    assert first.body.startswith("EXERCISE. This is not a real event.")
    assert second.subject.startswith("SIMULATED: ")


def order(kind, agency_id, actor="person:1", **data):
    with db.writing() as session:
        journal.append(
            session, f"duty.order.{kind}", actor=actor, subject="order:1", agency_id=agency_id,
            data={"number": "CD-26-0001", "order": "Mở cống", "due_at": clock.now_micros(), "url": "/operations/orders/CD-26-0001", **data},
        )  # fmt: skip


def test_an_order_goes_to_its_doers_and_their_answer_to_who_gave_it(mailbox, people):
    leader = people("lanhdao", "leader")
    doer, colleague = people("lan", "officer", "so-nnmt"), people("minh", "officer", "so-nnmt")
    other = people("khac", "officer", "so-xd")
    for one in (leader, doer, colleague, other):
        give(one, "mail", f"{one.id}@example.vn")
    office = doer.agency_id
    order("given", office, f"person:{leader.id}", by_id=leader.id, person_id=None)
    order("given", office, f"person:{leader.id}", by_id=leader.id, person_id=doer.id)
    order("done", office, f"person:{doer.id}", by_id=leader.id, person_id=doer.id, text="Đã mở")
    outbox.gather()
    assert told(doer) == ["Chỉ đạo mới CD-26-0001"] * 2
    assert told(colleague) == ["Chỉ đạo mới CD-26-0001"]
    assert told(leader) == ["Chỉ đạo đã làm xong CD-26-0001"]
    assert told(other) == []


def test_who_did_something_is_not_told_of_it(mailbox, people):
    leader = people("lanhdao", "leader")
    give(leader, "mail", "a@example.vn")
    order("done", None, f"person:{leader.id}", by_id=leader.id)
    outbox.gather()
    assert messages() == []


def test_the_cursor_passes_every_entry_once_however_many_there_are(mailbox, people, monkeypatch):
    monkeypatch.setattr(outbox, "PART", 3)
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    outbox.gather()
    for number in range(1, 11):
        raised(number)
        with db.writing() as session:
            journal.append(session, "sensing.thing.updated", actor="dothi", subject=f"thing:{number}")
    assert outbox.gather() == 10
    assert sorted(int(one.cause.partition(":")[2]) for one in messages()) == list(range(1, 11))


def test_the_first_look_goes_back_an_hour_and_no_further(mailbox, people):
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    raised(1)
    with db.writing() as session:
        session.execute(update(Entry).values(at=Entry.at - 2 * clock.HOUR))
    raised(2)
    outbox.gather()
    assert [one.cause for one in messages()] == ["alarm:2"]


@pytest.mark.parametrize(
    ("from_", "until", "at", "waits_until"),
    [
        ("22:00", "06:30", "2026-11-21T21:59:59+07:00", None),
        ("22:00", "06:30", "2026-11-21T22:00:00+07:00", "2026-11-22T06:30:00+07:00"),
        ("22:00", "06:30", "2026-11-21T23:59:59+07:00", "2026-11-22T06:30:00+07:00"),
        ("22:00", "06:30", "2026-11-22T00:00:00+07:00", "2026-11-22T06:30:00+07:00"),
        ("22:00", "06:30", "2026-11-22T06:29:59+07:00", "2026-11-22T06:30:00+07:00"),
        ("22:00", "06:30", "2026-11-22T06:30:00+07:00", None),
        ("22:00", "00:00", "2026-12-31T23:30:00+07:00", "2027-01-01T00:00:00+07:00"),
        ("00:00", "05:00", "2026-11-21T17:10:00Z", "2026-11-21T22:00:00Z"),
        ("11:30", "13:00", "2026-11-21T12:00:00+07:00", "2026-11-21T13:00:00+07:00"),
        ("11:30", "13:00", "2026-11-21T13:00:00+07:00", None),
        ("08:00", "08:00", "2026-11-21T08:00:00+07:00", None),
    ],
)
def test_quiet_hours_are_vietnams_and_may_span_midnight(from_, until, at, waits_until):
    minutes = [int(text[:2]) * 60 + int(text[3:]) for text in (from_, until)]
    now = clock.parse(at)
    assert levels.not_before(now, *minutes) == (now if waits_until is None else clock.parse(waits_until))


def test_a_message_waits_for_the_end_of_quiet_hours_unless_it_is_grave_enough(mailbox, people, now):
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    prefer(lan, "mail", severity="minor", quiet_from=22 * 60, quiet_until=6 * 60, quiet_breaks="critical")
    now.set("2026-11-21T16:30:00Z")  # 23:30
    raised(1, "major")
    raised(2, "critical")
    outbox.gather()
    send()
    assert [one["subject"][:14] for one in mailbox.letters] == ["[Nghiêm trọng]"]
    now.set("2026-11-21T22:59:59Z")
    send()
    assert len(mailbox.letters) == 1
    now.set("2026-11-21T23:00:00Z")  # 06:00
    send()
    assert len(mailbox.letters) == 2


KILLED_READING = """
import os, signal
from dothi.notify import outbox, store
def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)
store.move_read = dies
outbox.gather()
"""


@pytest.mark.soak
def test_a_reader_killed_between_writing_and_its_cursor_loses_and_doubles_nothing(mailbox, people):
    lan = people("lan")
    give(lan, "mail", "lan@example.vn")
    for number in range(1, 6):
        raised(number)
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", KILLED_READING], check=False).returncode == -signal.SIGKILL
    assert messages() == []
    assert outbox.gather() == 5
    assert len({one.key for one in messages()}) == 5


SENDS = "from dothi.notify import sending; sending.send_due(30)"


@pytest.mark.soak
def test_a_sender_killed_in_the_middle_sends_the_rest_and_repeats_only_under_the_same_name(receiver, people, now):
    lan = people("lan")
    give(lan, "webhook", receiver.url)
    for number in range(1, 41):
        raised(number)
    assert outbox.gather() == 40
    with db.writing() as session:  # what a real clock calls due
        session.execute(update(Message).values(due_at=0, created_at=_real()))
    child = subprocess.Popen([sys.executable, "-c", SENDS], env={**os.environ, "DOTHI_NOTIFY_PRIVATE": "1"})

    def kill():
        if len(receiver.calls) == 15:
            child.kill()

    receiver.on_call = kill
    assert child.wait(60) == -signal.SIGKILL
    receiver.on_call = None
    assert 15 <= len(receiver.calls) < 40
    now.at = _real()
    assert send() == 0, "what was claimed is not sent again while the claim lasts"
    now.at += sending.CLAIM + clock.SECOND
    send()
    names = [headers["webhook-id"] for _, headers, _ in receiver.calls]
    assert len(set(names)) == 40, "nothing is lost"
    assert len(names) - len(set(names)) <= sending.THREADS, "only what was sent and not yet noted goes twice"
    assert {one.state for one in messages()} == {"sent"}
    assert send() == 0


def _real():
    from datetime import UTC, datetime

    return clock.micros(datetime.now(UTC))
