"""Erasing somebody: nobody finds them in any table, and the statistics stay as they were."""

import dataclasses

import pytest
from sqlalchemy import JSON, String, select

from dothi.cases import files, forgetting, privacy, shelf, sight, tally
from dothi.cases.contacts import Contact
from dothi.cases.redaction import Needles
from dothi.cases.tables import (
    Appointment,
    Case,
    CaseCode,
    CaseContact,
    CaseEntry,
    CaseFile,
    CaseFollower,
    CaseSuspension,
    CaseTimer,
    Crew,
    CrewPosition,
    Dossier,
    DossierDraft,
    Job,
)  # fmt: skip
from dothi.cases.types import types
from dothi.db import session as db
from dothi.db.base import Base
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn
from dothi.kit.text import fold
from dothi.notify.tables import Address, Message, Subscription
from tests.cases.reporters import EMAIL, NAME, PHONE, TOKEN, agency, person, photo, report

DAY = clock.DAY
NATIONAL = "079090001234"


def everything():
    """Every text and JSON value of every table, folded."""
    found = []
    with db.reading() as session:
        for table in Base.metadata.sorted_tables:
            columns = [c for c in table.columns if isinstance(c.type, String | JSON)]
            if columns:
                for row in session.execute(select(*columns)):
                    found += [(table.name, fold(str(value)), str(value)) for value in row if value]
    return found


def named():
    """Where the reporter is still named, by name, number or address; with or without diacritics and dots."""
    needles = (fold(NAME), "an.nguyen", "Hàm Nghi", NATIONAL)
    who = Needles.of(Contact(NAME, PHONE, EMAIL, NATIONAL, "45 Hàm Nghi"))
    return [
        (table, whole)
        for table, text, whole in everything()
        if any(fold(one) in text for one in needles) or who.gone_from(whole) != whole
    ]


def lived(session, **more):
    """A case through which the reporter's name has gone everywhere people write it."""
    whole = Contact(NAME, PHONE, EMAIL, NATIONAL, "45 Hàm Nghi", papers={"spouse": "Lê Thị Bình"})
    case = report(
        session, whole, title=f"Đèn hỏng trước nhà ông {NAME}", text="Gọi tôi: 0901 234 567, nguyễn văn an",
        address="Trước nhà 45 Hàm Nghi", fields={"note": "nhà NGUYEN VAN AN"}, folded="nguyen van an", rating=2,
        satisfied=False, state="closed", phase="closed", closed_at=1, resolved_at=1, **more,
    )  # fmt: skip
    now = clock.now_micros()
    address = Address(channel="sms", target=PHONE, label="cases", language="vi", created_at=now, confirmed_at=now)
    timer = CaseTimer(
        case_id=case.id, code="resolve", unit="hours", budget=60, since=1, first_due_at=2, met=True, ended_at=2
    )
    crew = Crew(code=f"d{case.id}", name="Đội", agency_id=case.agency_id, categories=[], active=True)
    session.add_all([address, timer, crew])
    session.flush()
    session.add_all(
        [
            CaseEntry(case_id=case.id, at=now, actor="person:1", kind="comment", public=True, text=f"Đã gọi ông {NAME} (0901.234.567)"),
            CaseEntry(case_id=case.id, at=now, actor="reporter", kind="comment", text="an.nguyen@EXAMPLE.vn", data={"to": [NAME]}),
            CaseSuspension(timer_id=timer.id, kind="pause", since=1, reason="citizen", text=f"chờ ông {NAME}", actor="person:1"),
            CaseCode(case_id=case.id, hash="x", to="sms", sent_at=now, expires_at=now),
            CaseFollower(case_id=case.id, who=f"address:{address.id}", at=1),
            Job(case_id=case.id, crew_id=crew.id, day="2026-11-21", position=1, state="done", checks={}, parts=[],
                note=f"{NAME} mở cổng", signed_by="Lê Thị Bình"),
            Dossier(case_id=case.id, procedure="x", online=True, apology=f"Xin lỗi ông {NAME}"),
            Appointment(agency_id=case.agency_id, at=case.id, seat=1, case_id=case.id, secret="s", name=NAME, phone=PHONE),
            Message(key=f"a{case.id}", cause=f"case:{case.number}", address_id=address.id, channel="sms", subject="x", body="y",
                    state="sent", due_at=1, created_at=1, tries=1),
            Message(key=f"b{case.id}", cause=f"case:{case.number}", channel="mail", subject=f"{NAME} hỏi", body=PHONE, state="sent",
                    due_at=1, created_at=1, tries=1),
        ]
    )  # fmt: skip
    case.followers = 1
    files.keep(session, ANONYMOUS, case, "before", f"nhà {NAME}.jpg", photo(), True)
    files.keep(session, SYSTEM, case, "signature", "chữ ký.png", photo((30, 30), "PNG"), False)
    files.keep(session, SYSTEM, case, "after", f"sửa cho {NAME}.jpg", photo((60, 60)), True)
    session.flush()
    return case


def counted(case):
    names = (
        "number",
        "type",
        "category",
        "unit",
        "agency_id",
        "opened_at",
        "resolved_at",
        "closed_at",
        "rating",
        "satisfied",
    )
    return {name: getattr(case, name) for name in names} | {"tally": tally.key(case)}


def test_erased_somebody_stands_in_no_table_and_the_statistics_stay(session):
    case = lived(session)
    before = counted(case)
    hung = session.scalars(select(CaseFile).where(CaseFile.case_id == case.id).order_by(CaseFile.id)).all()
    gone = [shelf.path(hung[0].sha256), shelf.path(hung[0].shown), shelf.path(hung[1].sha256)]
    session.commit()
    assert any(table == "case_" and "'note'" in text for table, text in named())
    assert {table for table, _ in named()} >= {"case_", "case_contact", "case_entry", "message", "address", "case_job"}
    privacy.erase(session, ANONYMOUS, case, token=TOKEN)
    session.commit()
    assert named() == []
    assert not any("binh" in text for _, text, _ in everything())
    assert counted(session.get(Case, case.id)) == before
    assert case.title == "Đèn hỏng trước nhà ông …"
    assert (case.secret, case.person_id, case.followers) == (None, None, 0)
    contact = session.get(CaseContact, case.id)
    assert contact.erased_at
    left = session.scalars(select(CaseFile).where(CaseFile.case_id == case.id)).all()
    assert [(one.kind, one.name) for one in left] == [("after", "sửa cho ….jpg")]
    assert not any(path.exists() for path in gone)
    assert shelf.path(left[0].sha256).exists()
    told = session.scalars(select(Entry).where(Entry.kind == "cases.erased")).one()
    assert (told.actor, told.subject) == ("reporter", f"case:{case.number}")
    with pytest.raises((NotFound, NotSignedIn)):
        privacy.erase(session, ANONYMOUS, case, token=TOKEN)


def test_only_the_reporter_and_who_may_erase(session):
    case = lived(session)
    office = agency(session)
    for caller, error in ((ANONYMOUS, NotSignedIn), (person(session, "lan", "manager", office), NotAllowed)):
        with pytest.raises(error):
            privacy.erase(session, caller, case)
    open_ = report(session, type="dossier", state="processing")
    with pytest.raises(Conflict):
        privacy.erase(session, SYSTEM, open_)
    admin = person(session, "qt", "administrator", office)
    privacy.erase(session, admin, case, own_files=False, reason=f"đơn của {NAME}")
    version = case.version
    privacy.erase(session, admin, case)
    assert case.version == version
    session.commit()
    told = session.scalars(select(Entry).where(Entry.kind == "cases.erased")).one()
    assert (told.actor, told.data["reason"]) == (admin.actor, "đơn của …")
    assert session.scalars(select(CaseFile.kind).where(CaseFile.case_id == case.id).order_by(CaseFile.id)).all() == [
        "before",
        "after",
    ]


def test_by_telephone_somebody_is_erased_from_every_case(session):
    one, two = lived(session), report(session, Contact("Ông An", PHONE))
    open_ = report(session, Contact("Ông An", email=EMAIL), type="dossier", state="processing")
    other = report(session, Contact("Lê Bình", "0912345678"))
    citizen = person(session, "dan", "reporter")
    mine = report(session, Contact("An", PHONE), person_id=citizen.id)
    session.add(CaseEntry(case_id=mine.id, at=1, actor=citizen.actor, kind="comment", text="x"))
    address = Address(channel="mail", target=EMAIL, label="", language="vi", created_at=1, confirmed_at=1)
    session.add(address)
    session.flush()
    session.add(Subscription(address_id=address.id, unit_code=None, topics=[], created_at=1))
    session.flush()
    stranger = person(session, "minh", "officer", agency(session, "nuoc", "Cấp nước"))
    with pytest.raises(NotFound):
        privacy.erase_contact(session, stranger, phone="0901234567")
    for wrong in ({}, {"phone": "12"}, {"email": "x"}):
        with pytest.raises(BadInput):
            privacy.erase_contact(session, SYSTEM, **wrong)
    done, left = privacy.erase_contact(session, SYSTEM, phone="0901 234 567", email=EMAIL, reason=f"{NAME} xin")
    session.commit()
    assert (done, left) == ([one.number, two.number, mine.number], [open_.number])
    assert session.get(CaseContact, other.id).name == "Lê Bình"
    assert session.get(CaseContact, open_.id).email == EMAIL
    assert session.get(Address, address.id) is not None  # the dossier goes on
    assert mine.person_id is None
    assert (
        session.scalars(select(CaseEntry.actor).where(CaseEntry.case_id == mine.id, CaseEntry.kind == "comment")).one()
        == "reporter"
    )
    told = session.scalars(select(Entry).where(Entry.kind == "cases.erasure")).one()
    assert told.data == {"cases": done, "left": left, "reason": "… xin"}
    open_.closed_at = 1
    session.flush()
    assert privacy.erase_contact(session, SYSTEM, phone="0901 234 567", email=EMAIL) == ([open_.number], [])
    session.commit()
    assert named() == []


def test_personal_answers_are_kept_apart():
    schema = {
        "properties": {
            "owner": {"x-personal": True}, "floors": {}, "family": {"items": {"properties": {"name": {"x-personal": True}}}},
            "site": {"properties": {"plot": {}, "neighbour": {"x-personal": True}}},
        }
    }  # fmt: skip
    values = {"owner": "An", "floors": 2, "family": [{"name": "B"}], "site": {"plot": 5, "neighbour": "C"}, "more": 1}
    open_, personal = privacy.split(schema, values)
    assert open_ == {"floors": 2, "site": {"plot": 5}, "more": 1}
    assert personal == {"owner": "An", "family": [{"name": "B"}], "site": {"neighbour": "C"}}
    assert privacy.split(None, {"a": 1}) == ({"a": 1}, {})


def test_what_nobody_needs_is_forgotten(session, monkeypatch):
    now = clock.now_micros()
    waits = {"state": "unconfirmed", "phase": "new"}
    known = dataclasses.replace(types(), unconfirmed=("unconfirmed",))
    for module in (privacy, tally, sight):
        monkeypatch.setattr(module, "types", lambda: known)
    old, new = report(session, opened_at=now - 8 * DAY, **waits), report(session, opened_at=now - 6 * DAY, **waits)
    solved = report(session, opened_at=now - 400 * DAY)
    made = files.keep(session, ANONYMOUS, old, "before", "a.jpg", photo(), True)
    path = shelf.path(made.sha256)
    crew = Crew(code="d", name="Đội", agency_id=old.agency_id, categories=[], active=True)
    session.add(crew)
    session.flush()
    session.add_all(
        [CrewPosition(crew_id=crew.id, at=now - hours * clock.HOUR, person_id=1, lon=1, lat=1) for hours in (23, 25)]
        + [DossierDraft(token=str(days), procedure="x", values={}, files=[], at=now - days * DAY) for days in (29, 31)]
        + [CaseCode(case_id=new.id, hash="x", to="sms", sent_at=now - d * DAY, expires_at=now) for d in (0, 2)]
        + [Message(key="m", cause=f"case:{old.number}", channel="sms", subject=NAME, body="", state="sent", due_at=1, created_at=1)]
    )  # fmt: skip
    session.commit()
    tally.recount(session)
    session.commit()
    assert tally.count(session) == 3
    session.commit()
    ids = (old.id, new.id, solved.id)
    forgetting.forget()
    session.expire_all()
    assert [session.get(Case, id_) is not None for id_ in ids] == [False, True, True]
    assert session.get(CaseContact, ids[0]) is None
    assert tally.count(session) == 2
    assert not path.exists()
    assert session.scalars(select(DossierDraft.token)).all() == ["29"]
    assert len(session.scalars(select(CrewPosition)).all()) == 1
    assert len(session.scalars(select(CaseCode)).all()) == 1
    assert session.scalars(select(Message)).all() == []
