"""Who is told of what: the reporter by their contact, followers, subscribers of the place, the people of the office."""

import pytest
from sqlalchemy import select

from dothi import config
from dothi.cases import chores, contacts_store, news, own, reading
from dothi.cases import service as cases
from dothi.cases.contacts import Contact
from dothi.cases.tables import CaseContact
from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.notify import outbox
from dothi.notify.tables import Address, Message, Subscription
from tests.cases import scene

MAIL = "tin-bao@example.vn"


@pytest.fixture
def city(session, monkeypatch):
    monkeypatch.setenv("DOTHI_DEMO", "1")  # e-mails and SMS become files: this installation can send
    config.settings.cache_clear()
    return scene.city(session)


def address(session, person=None, target=MAIL, **more):
    made = Address(
        person_id=person.id if person else None, channel="mail", target=target, label="", language="vi",
        created_at=1, confirmed_at=1, **more,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def letters(session, case, to=None):
    query = select(Message, Address).join(Address, Address.id == Message.address_id)
    rows = session.execute(query.where(Message.cause == f"case:{case.number}").order_by(Message.id))
    return [one for one, where in rows if to is None or where.target == to]


def reported(session, **more):
    """A report with a verified e-mail; its case."""
    contact = more.pop("contact", Contact("Nguyễn Văn An", email=MAIL, language="en"))
    made = cases.open_(session, ANONYMOUS, scene.new(contact=contact, **more))
    if (row := session.get(CaseContact, made.case.id)) is not None:
        row.verified_at = 1
    cases.confirm(session, SYSTEM, made.case.id)
    return made


def test_the_reporter_hears_of_each_step_in_their_language_with_their_own_link(session, city):
    made = reported(session)
    case = made.case
    cases.assign(session, city.admin, case.id, office=city.lights.id, handler=city.officer.id)
    cases.step(session, city.officer, case.id, "start")
    cases.step(session, city.officer, case.id, "resolve", text="Đã thay bóng đèn")
    session.commit()
    told = letters(session, case, MAIL)
    assert [one.subject.partition(": ")[2] for one in told] == ["received", "Assigned", "Being worked on", "Resolved"]
    last = told[-1]
    assert "Đã thay bóng đèn" in last.body
    assert "within 7 days" in last.body
    assert last.data["once"] is True  # the link lets in: it does not stay in the log
    assert "Nguyễn" not in "".join(one.subject + one.body for one in told)
    token = last.data["link"].partition("?t=")[2]
    assert token
    assert own.fits(case, token)
    assert not own.fits(case, token[:-2])
    assert not own.fits(reported(session).case, token)
    assert reading.reporter_case(session, ANONYMOUS, case.number, token).id == case.id
    cases.rate(session, ANONYMOUS, case.number, fixed=True, rating=5, token=token)
    assert case.rating == 5
    assert session.scalars(select(Entry).where(Entry.kind.like("cases.%"))).first() is not None
    for entry in session.scalars(select(Entry)):
        assert MAIL not in str(entry.data)


def test_who_answered_no_code_is_told_nothing(session, city):
    made = cases.open_(session, ANONYMOUS, scene.new(contact=Contact("An", email=MAIL)))
    cases.confirm(session, SYSTEM, made.case.id)
    cases.assign(session, city.admin, made.case.id, office=city.lights.id)
    session.commit()
    assert letters(session, made.case) == []
    called = cases.on_behalf(session, city.officer, scene.new(contact=Contact("An", email=MAIL))).case
    session.commit()
    assert len(letters(session, called)) == 1


def test_of_a_simulated_case_nothing_leaves_the_house(session, city, monkeypatch):
    monkeypatch.setenv("DOTHI_SMTP_URL", "smtp://mail.example.vn")
    config.settings.cache_clear()
    made = cases.open_(
        session, city.officer, scene.new(simulated=True, channel="phone", contact=Contact("A", email=MAIL))
    )
    session.commit()
    assert letters(session, made.case) == []
    monkeypatch.delenv("DOTHI_SMTP_URL")
    config.settings.cache_clear()
    seen = cases.open_(
        session, city.officer, scene.new(simulated=True, channel="phone", contact=Contact("A", email=MAIL))
    )
    with news.at(clock.now_micros() - 40 * clock.DAY):
        past = cases.open_(
            session, city.officer, scene.new(simulated=True, channel="phone", contact=Contact("A", email=MAIL))
        )
    session.commit()
    assert "MÔ PHỎNG" in letters(session, seen.case)[0].subject
    assert letters(session, past.case) == []


def test_followers_hear_what_everybody_may_read_and_the_reporter_hears_it_once(session, city):
    follower = address(session, target="theo-doi@example.vn")
    mine = address(session, city.citizen, target="an@example.vn")
    made = reported(session)
    own_address = contacts_store.address_of(session, "mail", MAIL)
    for one in (follower, own_address):
        cases.follow(session, ANONYMOUS, made.case.id, f"address:{one.id}")
    own_address.confirmed_at = 1
    cases.follow(session, city.citizen, made.case.id)
    cases.assign(session, city.admin, made.case.id, office=city.lights.id, handler=city.officer.id)
    cases.step(session, city.officer, made.case.id, "start")
    before = len(letters(session, made.case, MAIL))
    cases.step(session, city.officer, made.case.id, "resolve", text="Chỉ nói với người gửi", public=False)
    session.commit()
    assert len(letters(session, made.case, MAIL)) == before + 1
    for one in (follower, mine):
        (told,) = letters(session, made.case, one.target)
        assert "?t=" not in told.data["link"]
        assert "Chỉ nói" not in told.body
    hidden = reported(session, public=False).case
    cases.follow(session, city.citizen, hidden.id) if hidden.person_id else None
    assert letters(session, hidden, follower.target) == []


def test_those_who_asked_for_the_reports_of_a_place_hear_of_new_ones(session, city):
    import shapely

    from dothi.kit.text import fold
    from dothi.places.tables import Unit

    shape = shapely.to_wkb(shapely.MultiPolygon([shapely.box(106.39, 10.52, 106.42, 10.55)]))
    session.add(Unit(code="80104", level="commune", kind="phuong", name="Long An", full_name="Phường Long An",
                     full_name_en="Long An Ward", parent_code="80", folded=fold("Long An"), geometry=shape, valid_from=0))  # fmt: skip
    wants = {"gan@example.vn": ("80104", ["reports"]), "xa@example.vn": ("80999", ["reports"]), "het@example.vn": (None, []),
             "hai@example.vn": (None, ["Met", "reports"])}  # fmt: skip
    for target, (unit, topics) in wants.items():
        one = address(session, target=target)
        session.add(Subscription(address_id=one.id, unit_code=unit, topics=topics, created_at=1))
    session.commit()
    made = reported(session).case
    quiet = reported(session, public=False).case
    session.commit()
    assert made.unit == "80104"
    told = [target for target in wants if letters(session, made, target)]
    assert told == ["gan@example.vn", "hai@example.vn"]
    (letter,) = letters(session, made, "gan@example.vn")
    assert "Phường Long An" in letter.subject
    assert not any(letters(session, quiet, target) for target in wants)


def test_people_of_the_office_are_told_out_of_the_journal(session, city):
    for one in (city.manager, city.dispatcher, city.officer, city.worker, city.stranger_chief, city.admin):
        address(session, one, target=f"{one.name.split()[-1]}-{one.id}@example.vn")
    session.commit()

    def told(of):
        session.commit()
        outbox.gather()
        query = select(Address.person_id, Message.subject).join(Message, Message.address_id == Address.id)
        rows = session.execute(query.where(Message.cause == f"case:{of.number}", Address.person_id.is_not(None)))
        found = set(rows.all()) - told.before
        told.before |= found
        session.commit()
        return {person for person, _ in found}

    told.before = set()
    made = cases.open_(session, ANONYMOUS, scene.new())
    assert told(made.case) == set()  # its code was not answered
    cases.confirm(session, SYSTEM, made.case.id)
    assert told(made.case) == {city.admin.id}  # of no office yet
    cases.assign(session, city.admin, made.case.id, office=city.lights.id)
    assert told(made.case) == {city.manager.id, city.dispatcher.id}
    cases.assign(session, city.dispatcher, made.case.id, handler=city.officer.id, crew=city.crew.id)
    assert told(made.case) == {city.officer.id, city.worker.id}
    cases.comment(session, ANONYMOUS, made.case.id, "Vẫn tối", token=made.token)
    assert told(made.case) == {city.officer.id}
    cases.transfer(session, city.officer, made.case.id, city.roads.id, reason="not-ours", text="Của Sở Xây dựng")
    assert told(made.case) == {city.stranger_chief.id}
    with news.at(clock.now_micros() - 9 * clock.DAY):
        past = cases.open_(session, city.officer, scene.new(simulated=True)).case
    assert told(past) == set()


def test_what_nobody_contests_is_closed_after_a_week(session, city):
    now = clock.now_micros()
    with news.at(now - 8 * clock.DAY):
        old = scene.lifecycle(session, city, until="resolved").case
        worked = scene.lifecycle(session, city, until="working").case
    with news.at(now - 6 * clock.DAY):
        new = scene.lifecycle(session, city, until="resolved").case
    session.commit()
    assert chores.accept() == 1
    assert chores.accept() == 0
    session.expire_all()
    assert [one.state for one in (old, worked, new)] == ["closed", "working", "resolved"]
    with db.reading() as other:
        (entry,) = other.scalars(select(Entry).where(Entry.kind == "cases.stepped", Entry.subject == f"case:{old.number}",
                                                     Entry.actor == news.ENGINE)).all()  # fmt: skip
    assert entry.data["step"] == "accept"
