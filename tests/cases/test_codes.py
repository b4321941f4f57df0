"""One-time codes: sent to the reporter's own telephone or mail, of no use to whoever guesses or reads the tables."""

import hmac
import re
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dothi import config
from dothi.cases import codes, contacts_store, throttling
from dothi.cases.contacts import Contact
from dothi.cases.tables import Case, CaseCode, CaseContact
from dothi.db import session as db
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.errors import Conflict
from dothi.notify import files as letters
from dothi.notify import sending
from dothi.notify.tables import Address, Message, Subscription
from tests.cases.reporters import EMAIL, PHONE, report


@pytest.fixture(autouse=True)
def outbox(database, monkeypatch):
    """SMS and mail become files; nothing is remembered of other tests."""
    monkeypatch.setenv("DOTHI_SMS_URL", "file:")
    monkeypatch.setenv("DOTHI_SMTP_URL", "file:")
    config.settings.cache_clear()
    throttling.forget()
    codes.forget()


@pytest.fixture
def passing(monkeypatch):
    """Let time pass."""
    began = datetime.now(UTC)
    ahead = [timedelta()]
    monkeypatch.setattr(clock, "source", lambda: began + ahead[0])

    def on(**by):
        ahead[0] += timedelta(**by)

    return on


def waiting(session, **more):
    return report(session, state="unconfirmed", phase="new", **more)


def code_of(session, case):
    """The code as it stands in the newest message."""
    said = session.scalars(select(Message).where(Message.cause == f"case:{case.number}").order_by(Message.id.desc()))
    message = said.first()
    return re.search(r"\b\d{6}\b", f"{message.subject} {message.body}".replace(case.number, ""))[0]


def wrong(code):
    return f"{(int(code) + 1) % 10**6:06}"


def test_a_code_that_is_answered_verifies_the_contact_once(session):
    case = waiting(session)
    sent = codes.send(session, case, "10.0.0.1")
    assert (sent.to, sent.masked) == ("sms", "09xx xxx 567")
    code = code_of(session, case)
    row = session.scalars(select(CaseCode)).one()
    assert code not in row.hash
    done = codes.answer(session, case, f" {code[:3]} {code[3:]} ")
    assert done.right
    assert session.get(CaseContact, case.id).verified_at
    address = session.get(Address, done.address_id)
    assert (address.channel, address.target, address.person_id) == ("sms", PHONE, None)
    assert address.confirmed_at
    assert not codes.answer(session, case, code).right
    session.commit()
    told = session.scalars(select(Entry).where(Entry.kind == "cases.code.sent")).one()
    assert "234567" not in str(told.data)


def test_guessing_ends_after_five_tries_even_with_the_right_one(session):
    case = waiting(session)
    codes.send(session, case)
    code = code_of(session, case)
    left = [codes.answer(session, case, guess).left for guess in (wrong(code), "", "x" * 1000, "é\ud800", "١٢٣٤٥٦")]
    assert left == [4, 3, 2, 1, 0]
    assert not codes.answer(session, case, code).right
    assert session.get(CaseContact, case.id).verified_at is None
    session.commit()
    assert session.scalars(select(Entry).where(Entry.kind == "cases.code.failed")).one().data["tries"] == 5


def test_tries_count_though_the_transaction_is_undone(session):
    case = waiting(session)
    codes.send(session, case)
    code = code_of(session, case)
    session.commit()
    for _ in range(codes.TRIES):
        codes.answer(session, case, wrong(code))
        session.rollback()
    assert not codes.answer(session, case, code).right


def test_a_try_is_counted_in_the_table_for_every_process(session):
    case = waiting(session)
    codes.send(session, case)
    code = code_of(session, case)
    for _ in range(codes.TRIES):
        codes.answer(session, case, wrong(code))
        codes.forget()  # another process
    assert not codes.answer(session, case, code).right


def test_many_guesses_at_once_are_five_tries(session):
    case = waiting(session)
    codes.send(session, case)
    code = code_of(session, case)
    session.commit()
    left = []

    def guess(n):
        with db.writing() as own:
            left.append(codes.answer(own, own.get(Case, case.id), f"{(int(code) + n) % 10**6:06}").left)
        codes.forget()

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(1, 13)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(left) == [0] * 8 + [1, 2, 3, 4]
    session.expire_all()
    assert session.scalars(select(CaseCode.tries)).one() == 5
    assert not codes.answer(session, session.get(Case, case.id), code).right


def test_a_code_ends_after_ten_minutes_and_with_the_next_one(session, passing):
    case = waiting(session)
    codes.send(session, case)
    first = code_of(session, case)
    passing(minutes=5)
    codes.send(session, case)
    second = code_of(session, case)
    if first != second:
        assert not codes.answer(session, case, first).right
    passing(minutes=9, seconds=59)
    assert codes.answer(session, case, second).right
    codes.send(session, case)
    third = code_of(session, case)
    passing(minutes=10, seconds=1)
    assert not codes.answer(session, case, third).right


def test_a_code_is_of_its_own_case_only(session):
    mine, other = waiting(session), waiting(session)
    codes.send(session, mine)
    code = code_of(session, mine)
    codes.send(session, other)
    if code_of(session, other) != code:
        assert not codes.answer(session, other, code).right
    assert not codes.answer(session, waiting(session), code).right
    assert codes.answer(session, mine, code).right


def test_three_codes_an_hour_go_to_a_contact_whatever_the_case(session, passing):
    for _ in range(codes.SENDS):
        codes.send(session, waiting(session))
        passing(minutes=10)
    with pytest.raises(throttling.TooOften) as refused:
        codes.send(session, waiting(session))
    assert refused.value.status == 429
    assert 1 <= refused.value.retry_after <= 1800
    codes.send(session, waiting(session, contact=Contact("Bình", "0912345678")))
    passing(minutes=31)
    codes.send(session, waiting(session))


def test_an_address_asks_for_so_many_codes_an_hour(session, monkeypatch):
    monkeypatch.setenv("DOTHI_CODES_PER_HOUR", "2")
    config.settings.cache_clear()
    for n in range(2):
        codes.send(session, waiting(session, contact=Contact(phone=f"090000000{n}")), "2001:db8::1")
    with pytest.raises(throttling.TooOften):
        codes.send(session, waiting(session, contact=Contact(phone="0900000009")), "2001:db8::ffff")
    codes.send(session, waiting(session, contact=Contact(phone="0900000009")), "2001:db8:0:1::1")


def test_codes_are_compared_in_constant_time_with_or_without_one(session, monkeypatch):
    seen = []
    plain = hmac.compare_digest
    monkeypatch.setattr(codes.hmac, "compare_digest", lambda a, b: seen.append((len(a), len(b))) or plain(a, b))
    case = waiting(session)
    codes.answer(session, case, "123456")
    codes.send(session, case)
    codes.answer(session, case, "123456")
    assert seen == [(64, 64), (64, 64)]


def test_mail_is_the_second_way_and_a_foreign_number_none(session, monkeypatch):
    case = waiting(session, contact=Contact("An", "+442079460958", EMAIL))
    assert (codes.send(session, case).to, codes.answer(session, case, code_of(session, case)).right) == ("mail", True)
    with pytest.raises(Conflict):
        codes.send(session, waiting(session, contact=Contact("An", "+442079460958")))
    with pytest.raises(Conflict):
        codes.send(session, waiting(session, contact=False))
    monkeypatch.delenv("DOTHI_SMS_URL")
    config.settings.cache_clear()
    with pytest.raises(Conflict):
        codes.send(session, waiting(session, contact=Contact(phone=PHONE)))


def test_no_code_is_left_behind_once_it_was_sent(session):
    case = waiting(session)
    codes.send(session, case)
    code = code_of(session, case)
    session.commit()
    assert sending.send_due(5) == 1
    sent = [path.read_text() for path in (config.settings().data / "outbox").glob(f"*.{'json'}")]
    assert len(sent) == 1
    assert code in sent[0]
    assert letters.SCHEME == "file:"
    message = session.scalars(select(Message).execution_options(populate_existing=True)).one()
    assert (message.state, message.subject, message.body) == ("sent", "", "")
    assert code not in str(message.data)


def test_confirming_a_report_subscribes_to_nothing(session):
    case = waiting(session, contact=Contact(email=EMAIL))
    codes.send(session, case)
    address = contacts_store.address_of(session, "mail", EMAIL)
    session.add(Subscription(address_id=address.id, unit_code=None, topics=[], created_at=1))  # somebody else's wish
    session.flush()
    assert codes.answer(session, case, code_of(session, case)).address_id == address.id
    assert session.scalars(select(Subscription)).all() == []
