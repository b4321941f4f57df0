"""Appointments, numbers and payments when many ask at once; fees told by a provider; the figures of Decision 766."""

import datetime as dt
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from dothi import config
from dothi.app import create_app
from dothi.cases import appointments, calendar, dossiers, forms, news, payments, quality766
from dothi.cases import service as cases
from dothi.cases.tables import Appointment, Case, CaseEntry, Dossier, Payment
from dothi.cases.types import types
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM, sees_entries
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound
from dothi.web import forms as web_forms
from tests.cases import scene
from tests.services import town
from tests.web.asking import Asking, Browser


@pytest.fixture
def city(session, monkeypatch):
    monkeypatch.setenv("DOTHI_DEMO", "1")
    config.settings.cache_clear()
    return town.city(session)


def filed(session, city, values=None, n=0, caller=ANONYMOUS):
    service = dossiers.procedure("household-business")
    given = forms.read(service.form, [(k, v) for k, v in {**town.SHOP, **(values or {})}.items()])
    return dossiers.file_(session, caller, service, given, [], office=city.ward.id, draft=f"{n:064x}")


def monday():
    """A moment on a Monday morning, and the seats of that day."""
    day = dt.date(2026, 11, 23)
    return calendar.midnight(day) + 6 * clock.HOUR, day


def test_a_seat_is_given_once_however_many_want_it(session, city):
    now, day = monday()
    with news.at(now):
        free = appointments.slots(session, city.ward.id, day)
        assert len(free) == 30  # 7:30-11:30 and 13:30-17:00, every quarter of an hour
        assert {one.free for one in free} == {2}
        session.commit()
        at = free[5].at

        def want(i):
            try:
                with news.at(now), db.writing() as own:
                    return appointments.book(
                        own, city.ward.id, at, name="Lê Văn Tám", phone=f"09123450{i:02d}"
                    ).appointment.seat
            except appointments.Taken:
                return None

        with ThreadPoolExecutor(12) as pool:
            seats = list(pool.map(want, range(24)))
        assert sorted(one for one in seats if one is not None) == [0, 1]
        assert session.scalar(select(func.count()).select_from(Appointment)) == 2
        assert appointments.slots(session, city.ward.id, day)[5].free == 0
        session.commit()
        # given back, it is there for somebody else; the old link opens nothing
        with db.writing() as own:
            mine = appointments.book(own, city.ward.id, free[6].at, name="Lê Văn Tám", phone="0912345999")
            id_, token = mine.appointment.id, mine.token
        with db.writing() as own:
            with pytest.raises(NotFound):
                appointments.cancel(own, id_, "x" * 43)
            appointments.cancel(own, id_, token)
            again = appointments.book(own, city.ward.id, free[6].at, name="Phan Chín", phone="0912345998").appointment
            assert (again.id, again.name) == (id_, "Phan Chín")
            with pytest.raises(NotFound):
                appointments.mine(own, id_, token)
    told = str(journal.read(session, sees=sees_entries(SYSTEM), kinds=["cases.appointment"]))
    assert "booked" in told
    assert "Phan Chín" not in told
    assert "0912345998" not in told


def test_what_is_no_appointment_is_refused(session, city):
    now, day = monday()
    with news.at(now):
        lunch = calendar.midnight(day) + 12 * clock.HOUR
        holiday = calendar.midnight(dt.date(2026, 11, 24)) + 8 * clock.HOUR  # Vietnam Culture Day
        slot = appointments.slots(session, city.ward.id, day)[0].at
        for at in (lunch, holiday, slot + clock.SECOND, now - clock.DAY, slot + 60 * clock.DAY):
            with pytest.raises(BadInput) as refused:
                appointments.book(session, city.ward.id, at, name="", phone="123")
            assert {one.place for one in refused.value.faults} >= {"at", "name", "phone"}
        assert dt.date(2026, 11, 24) not in appointments.days(session)
        appointments.book(session, city.ward.id, slot, name="Lê Văn Tám", phone="0912345678")
        with pytest.raises(Conflict, match="already"):
            appointments.book(session, city.ward.id, slot, name="Lê Văn Tám", phone="+84 912 345 678")
        with pytest.raises(NotAllowed):
            appointments.of_day(session, city.stranger, city.ward.id, day)
        assert [one.name for one in appointments.of_day(session, city.officer, city.ward.id, day)] == ["Lê Văn Tám"]
    assert appointments.forget(session, slot + 31 * clock.DAY) == 1


def test_an_appointment_is_booked_kept_and_given_back_in_a_browser(session, city):
    del session
    browser = Browser(create_app())
    browser.get(f"/services/appointments?service=house-permit&office={city.ward.id}")
    at = re.search(r'name="at" value="(\d+)"', browser.page.text)[1]
    browser.post("/services/appointments", office=str(city.ward.id), service="house-permit", at=at, name="", phone="12")
    assert browser.page.status_code == 422
    assert "Ghi họ và tên người đến." in browser.page.text
    browser.post(
        "/services/appointments",
        office=str(city.ward.id),
        service="house-permit",
        at=at,
        name="Lê Tám",
        phone=town.PHONE,
    )
    assert "Đã giữ chỗ" in browser.page.text
    path = browser.page.url.path
    made = browser.get(f"{path}/calendar.ics")
    assert made.headers["content-type"].startswith("text/calendar")
    text = made.text.replace("\r\n ", "")
    assert "BEGIN:VEVENT\r\n" in text
    assert f"DTSTART:{clock.moment(int(at)):%Y%m%dT%H%M%SZ}" in text
    assert max(len(line.encode()) for line in made.text.split("\r\n")) <= 75
    assert browser.another().get(path).status_code == 404
    browser.get(path)
    browser.post(f"{path}/cancel")
    assert browser.get(path).status_code == 404


def test_numbers_have_no_gap_and_none_is_given_twice(session, city):
    def send(i):
        with db.writing() as own:
            return filed(own, city, n=i % 20).case.number  # each of twenty drafts is sent twice

    with ThreadPoolExecutor(10) as pool:
        numbers = list(pool.map(send, range(40)))
    assert len(set(numbers)) == 20
    assert sorted(int(one[-4:]) for one in set(numbers)) == list(range(1, 21))
    assert all(dossiers.NUMBER.fullmatch(one) for one in numbers)
    assert session.scalar(select(func.count()).select_from(Dossier)) == 20
    city.land.electronic_code = None
    session.commit()
    from dothi.cases.dossier_keeping import office_code

    assert office_code(session, city.land.id) == f"H00.{city.land.id:02d}"  # nobody's code: nobody set one
    assert dossiers.NUMBER.fullmatch("000.00.15.H53-261121-0007")
    assert not dossiers.NUMBER.fullmatch("H53.15-261121-007")


def asked(session, city, n=1):
    """A dossier that waits for its fee, and the reference of its payment."""
    made = filed(session, city, n=n)
    for step in ("accept", "ask-fee"):
        cases.step(session, city.officer, made.case.id, step)
    reference = payments.ask(session, ANONYMOUS, made.case.id, token=made.token).reference
    assert payments.ask(session, ANONYMOUS, made.case.id, token=made.token).reference == reference  # not twice
    session.commit()
    return made.case.id, reference


def test_a_payment_counts_once_however_often_it_is_told_and_only_signed(session, city):
    case_id, reference = asked(session, city)
    headers, body = payments.Sandbox().said(reference, 100_000, paid=True)

    def tell(_):
        with db.writing() as own:
            return payments.told(own, "sandbox", headers, body).state

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(tell, range(8))) == {"paid"}
    session.expire_all()
    assert (session.get(Dossier, case_id).paid, session.get(Case, case_id).state) == (100_000, "processing")
    kinds = list(session.scalars(select(CaseEntry.kind).where(CaseEntry.case_id == case_id)))
    assert kinds.count("payment") == 1
    session.commit()

    other, second = asked(session, city, n=2)
    http = Asking(create_app())
    good, body = payments.Sandbox().said(second, 100_000, paid=True)
    for headers, sent, status in (
        ({}, body, 403), ({payments.SIGNATURE: "0" * 64}, body, 403), (good, body.replace(b"100000", b"1"), 403),
        (*payments.Sandbox().said(second, 1, paid=True), 400), (*payments.Sandbox().said("nothing", 1, paid=True), 404),
        (good, b"x" * (payments.LARGEST + 1), 413),
    ):  # fmt: skip
        answer = http.post("/services/payments/sandbox", content=sent, headers=headers)
        assert answer.status_code == status, (sent[:80], answer.text)
    assert http.post("/services/payments/other", content=body, headers=good).status_code == 404
    session.expire_all()
    assert session.get(Case, other).state == "fee"
    session.commit()
    failed, said = payments.Sandbox().said(second, 100_000, paid=False)
    assert http.post("/services/payments/sandbox", content=said, headers=failed).json()["state"] == "failed"
    assert (
        http.post("/services/payments/sandbox", content=body, headers=good).json()["state"] == "paid"
    )  # it came after all
    assert http.post("/services/payments/sandbox", content=said, headers=failed).json()["state"] == "paid"
    with db.writing() as own:
        row = own.scalar(select(Payment).where(Payment.reference == second))
        payments.give_back(own, city.officer, other, row.id)
        assert (own.get(Dossier, other).paid, row.state) == (0, "returned")


def test_without_demo_nothing_is_simulated_unless_somebody_says_so(session, city, monkeypatch):
    monkeypatch.delenv("DOTHI_DEMO")
    config.settings.cache_clear()
    assert payments.provider() is None
    made = filed(session, city)
    for step in ("accept", "ask-fee"):
        cases.step(session, city.officer, made.case.id, step)
    with pytest.raises(Conflict, match="one-stop"):
        payments.ask(session, ANONYMOUS, made.case.id, token=made.token)
    cases.step(session, city.officer, made.case.id, "pay")  # at the desk
    assert session.get(Dossier, made.case.id).paid == 100_000
    from dothi.cases import signing

    assert signing.signer() is None
    assert web_forms.secret()


def test_the_figures_of_decision_766_are_what_was_counted(session, city):
    def goes(n, *steps, days=0, rating=None):
        made = filed(session, city, n=n)
        for step in steps:
            more = {"text": "x", "reason": "conditions"} if step == "refuse" else {}
            with news.at(clock.now_micros() + (days * clock.DAY if step in ("grant", "refuse") else 0)):
                cases.step(session, SYSTEM, made.case.id, step, **more)
            if step == "process":
                town_result(session, made.case.number)
        if rating is not None:
            dossiers.rate(session, ANONYMOUS, made.case.number, made.token, rating, "")
        return made

    goes(1, "accept", "process", "grant", "hand-over", rating=5)
    goes(2, "accept", "process", "grant", "hand-over", rating=1)
    goes(3, "accept", "process", "refuse", days=30)  # too late
    goes(4, "accept")
    report = scene.lifecycle(session, SimpleCity(session), until="rated").case
    session.commit()
    assert report.met
    now = clock.now_micros() + 60 * clock.DAY  # the fourth is overdue by then
    found = quality766.index(session, quality766.Asked(0, now), now)
    parts = {(group.code, one.code): one for group in found.groups for one in group.components}
    assert (parts["progress", "on-time"].count, parts["progress", "on-time"].of) == (2, 4)
    assert parts["progress", "on-time"].points == 10
    assert (parts["digitisation", "inputs"].share, parts["digitisation", "results"].share) == (1, 1)
    assert (parts["online", "full"].count, parts["online", "full"].of) == (1, 3)
    assert parts["online", "paid"].share is None
    assert parts["satisfaction", "dossiers"].points == pytest.approx(6 * 2 / 3, abs=0.01)
    assert parts["satisfaction", "reports"].points == parts["satisfaction", "answers"].points == 6
    assert [one.most for one in found.groups] == [18, 20, 22, 22, 18]
    assert all(one.unmeasured for one in found.groups if not one.components)
    assert found.measured == 20 + 22 + 16.5 + 18
    assert found.points == pytest.approx(10 + 22 + 5.5 + 5.5 / 3 + 5.5 + 6 + 6 + 4, abs=0.02)
    offices = dict(quality766.by_office(session, quality766.Asked(0, now), now))
    assert offices["UBND phường Tân An"].dossiers == 4
    assert offices["UBND phường Tân An"].reports == 0
    session.commit()
    page = Browser(create_app()).get("/services/quality").text
    assert "766/QĐ-TTg" in page
    assert "chưa đo được" in page
    assert quality766.index(session, quality766.Asked(0, 1), now).rank is None


def town_result(session, number):
    from dothi.cases import files

    dossiers.result(session, SYSTEM, number, files.prepare("kq.pdf", town.PDF))


def SimpleCity(session):
    from types import SimpleNamespace

    lights = scene.office(session, "chieu-sang", "Công ty Chiếu sáng đô thị")
    officer = scene.person(session, "tam", "officer", lights.code, "Võ Văn Tâm")
    return SimpleNamespace(lights=lights, officer=officer, admin=SYSTEM)


def test_a_form_is_read_as_people_write_numbers_and_dates():
    schema = types().procedures["household-business"].form
    read = forms.read(
        schema, [("capital", "1.500.000"), ("born", "1/9/1980"), ("phone", "0912-345 678"), ("workers", "hai")]
    )
    assert read == {"capital": 1_500_000, "born": "1980-09-01", "phone": "0912345678", "workers": "hai"}
    assert forms.read(schema, [("capital", "1,500,000")], "en") == {"capital": 1_500_000}
    wrong = forms.faults(schema, {**read, "born": "1980-02-30", "business": "Công ty Thủy"}, "vi")
    assert wrong["born"] == "Ghi ngày, tháng, năm sinh."
    assert "công ty" in wrong["business"]
    assert "workers" in wrong
    assert "phone" not in wrong
    for one in types().procedures.values():  # every one in both languages, none without a title
        for language in ("vi", "en"):
            fields = [f for section in forms.sections(one.form, language) for f in section.fields]
            assert [f.name for f in fields] == list(one.form["properties"])
            assert all(f.title and (f.said or not f.when) for f in fields)
    assert (
        json.dumps(
            forms.faults({"properties": {"n": {"type": "integer", "maximum": 3}}}, {"n": 5}, "vi"), ensure_ascii=False
        )
        == '{"n": "Nhiều nhất 3."}'
    )
