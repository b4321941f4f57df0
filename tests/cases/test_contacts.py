"""Who reported: written as Vietnamese write it, shown masked, read by whoever needs it and says what for."""

import pytest
from sqlalchemy import select

from dothi.cases import contacts
from dothi.cases.contacts import Contact
from dothi.cases.redaction import Needles
from dothi.cases.tables import CaseContact, CaseEntry
from dothi.identity.guard import ANONYMOUS, SYSTEM
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from tests.cases.reporters import EMAIL, NAME, PHONE, TOKEN, agency, person, report

WHY = "gọi lại hỏi chỗ đèn hỏng"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("0901 234 567", "+84901234567"), ("+84 901-234-567", "+84901234567"), ("84901234567", "+84901234567"),
        ("+84 (0) 901.234.567", "+84901234567"), ("0084901234567", "+84901234567"), ("(0272) 382 6543", "+842723826543"),
        ("+44 20 7946 0958", "+442079460958"), ("0123", None), ("0101234567", None), ("090123456", None), ("113", None),
        ("09012345678", None), ("không có", None), ("٠٩٠١٢٣٤٥٦٧", None), ("+84" + "9" * 40, None),
    ],
)  # fmt: skip
def test_a_telephone_number_is_kept_in_one_form(said, kept):
    assert contacts.phone_of(said) == kept


@pytest.mark.parametrize(
    "name", ["Nguyễn Văn An", "Y Ka-nin H'Đơk", "Trần Thị B.", "Công ty TNHH A&B (3)", "An", "O’Neil"]
)
def test_a_name_is_a_name(name):
    assert contacts.check(name, None, None) == []


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "a\u202eb", "x" * 121, "12345", "An\r\nBcc: x@y.vn", "{{7*7}}", "An\0"]
)
def test_what_is_no_name_is_refused(name):
    assert [fault.place for fault in contacts.check(name, "12", "an@")] == ["name", "phone", "email"]


def test_a_masked_contact_reaches_nobody():
    whole = Contact(NAME, PHONE, EMAIL, "079090001234", "12 Hùng Vương", papers={"spouse": "Lê Thị Bình"})
    told = contacts.masked(whole)
    assert (told.name, told.phone, told.email) == ("Nguyễn V. A.", "09xx xxx 567", "a***@example.vn")
    assert told.identity_number == "xxxxxxxxx234"
    assert told.home is told.papers is True
    assert contacts.masked(Contact("An", "+842723826543")).name == "A."
    assert contacts.masked(Contact(phone="+842723826543")).phone == "02xx xxxx 543"
    assert contacts.masked(Contact(phone="+442079460958")).phone == "+4xxxxxxxx958"
    assert contacts.masked(None).name is None


def test_each_reading_is_written_down_with_its_purpose(session):
    case = report(session)
    officer = person(session, "lan", "officer", agency(session))
    why = f"{WHY}, nguyen van an số 0901.234.567"
    found = contacts.read(session, officer, case, why)
    assert (found.name, found.phone, found.email) == (NAME, PHONE, EMAIL)
    session.commit()
    told = session.scalars(select(Entry).where(Entry.kind == "cases.contact.read")).one()
    assert (told.actor, told.subject, told.visibility) == (officer.actor, f"case:{case.number}", "restricted")
    assert told.data["purpose"] == f"{WHY}, … số …"
    assert told.data["fields"] == ["name", "phone", "email"]
    entry = session.scalars(select(CaseEntry).where(CaseEntry.case_id == case.id)).one()
    assert (entry.kind, entry.public, entry.text) == ("contact", False, told.data["purpose"])
    for short in ("", "  x ", "\u200b" * 20, "x" * 400):
        with pytest.raises(BadInput):
            contacts.read(session, officer, case, short)


def test_only_the_office_and_the_reporter_read_it(session):
    case = report(session)
    office, other = agency(session), agency(session, "nuoc", "Cấp nước")
    refused = [(ANONYMOUS, NotSignedIn), (person(session, "minh", "officer", other), NotAllowed)]
    refused += [
        (person(session, "thu", "leader"), NotAllowed),
        (person(session, "tho", "field-worker", office), NotAllowed),
    ]
    for caller, error in refused:
        with pytest.raises(error):
            contacts.read(session, caller, case, WHY)
    case.public = False
    for caller, error in ((refused[0][0], NotFound), (refused[1][0], NotFound), (refused[2][0], NotAllowed)):
        with pytest.raises(error):
            contacts.read(session, caller, case, WHY)
    assert contacts.read(session, ANONYMOUS, case, "", token=TOKEN).name == NAME
    with pytest.raises(NotFound):
        contacts.read(session, ANONYMOUS, case, "", token="another")
    assert contacts.read(session, person(session, "gd", "dispatcher", office), case, WHY)
    assert contacts.read(session, SYSTEM, case, WHY)
    with pytest.raises(NotFound):
        contacts.read(session, SYSTEM, report(session, contact=False), WHY)
    unassigned = report(session, agency_id=None, public=False)
    with pytest.raises(NotFound):
        contacts.read(session, person(session, "hai", "officer", office), unassigned, WHY)


def test_a_contact_is_changed_by_its_owner_and_verified_anew(session):
    case = report(session, contact=False)
    contacts.put(session, ANONYMOUS, case, Contact())
    assert session.get(CaseContact, case.id) is None
    contacts.put(session, ANONYMOUS, case, Contact("Lê  Bình", "0912 345 678", "Binh@EXAMPLE.vn", verified_at=5))
    row = session.get(CaseContact, case.id)
    assert (row.name, row.phone, row.email, row.verified_at) == ("Lê Bình", "+84912345678", "Binh@example.vn", 5)
    with pytest.raises(NotSignedIn):
        contacts.put(session, ANONYMOUS, case, Contact("Kẻ gian", "0999999999"))
    contacts.put(session, ANONYMOUS, case, Contact("Lê Thị Bình", row.phone, row.email), token=TOKEN)
    assert (row.name, row.verified_at) == ("Lê Thị Bình", 5)
    contacts.put(session, ANONYMOUS, case, Contact("Lê Thị Bình", "0987654321"), token=TOKEN)
    assert row.verified_at is None
    with pytest.raises(BadInput) as wrong:
        contacts.put(session, SYSTEM, case, Contact("<b>", "1", "x", "12", "y" * 301, "fr"))
    assert len(wrong.value.faults) == 6
    session.commit()
    for entry in session.scalars(select(Entry).where(Entry.kind.startswith("cases.contact"))):
        assert "Bình" not in str(entry.data)
        assert "987654321" not in str(entry.data)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Tôi là Nguyễn Văn An.", "Tôi là …."), ("nguyen  van\nAN nói", "… nói"), ("Nguyễn Văn Anh", "Nguyễn Văn Anh"),
        ("gọi 0901.234.567", "gọi …"), ("+84 (901) 234-567!", "…!"), ("10901234567", "10901234567"),
        ("AN.NGUYEN@example.vn", "…"), ("CCCD 079 090 001 234", "CCCD …"), ("vợ: Lê Thị Bình", "vợ: …"),
        ("Nguye\u0302\u0303n Va\u0306n An a\u0323", "… a\u0323"), ("an toàn", "an toàn"), ("", ""),
    ],
)  # fmt: skip
def test_a_person_is_taken_out_however_they_are_written(text, left):
    who = Contact(NAME, PHONE, EMAIL, "079090001234", papers={"family": [{"name": "Lê Thị Bình"}]})
    assert Needles.of(who).gone_from(text) == left


def test_a_single_name_takes_no_other_word_along():
    needles = Needles.of(Contact("An"))
    assert needles.gone_from("An ơi, an toàn, ANH, Nan") == "… ơi, an toàn, ANH, Nan"
    assert needles.gone_from_value({"An": ["An", 5, None]}) == {"…": ["…", 5, None]}
    assert Needles.of(Contact()).gone_from("x") == "x"
