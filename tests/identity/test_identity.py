"""Agencies, people, roles, sign-ins and keys: who may do what, and that every change is journalled."""

import pytest

from dothi.db import session as db
from dothi.identity import access, guard, secret, service, store
from dothi.identity.guard import SYSTEM
from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, NotAllowed, NotFound

GOOD = "nước lớn nước ròng"


@pytest.fixture
def city(database):
    """Two agencies, one under the province's office, and a person who administers only the first."""
    with db.writing() as session:
        service.create_agency(session, SYSTEM, "ubnd", "Ủy ban nhân dân tỉnh")
        service.create_agency(session, SYSTEM, "so-nnmt", "Sở Nông nghiệp và Môi trường", parent="ubnd")
        service.create_agency(session, SYSTEM, "so-xd", "Sở Xây dựng")
        lan = service.create_person(session, SYSTEM, "Lan", "Trần Thị Lan", password=GOOD, agency="so-nnmt")
        service.grant(session, SYSTEM, lan, "administrator", "agency", "so-nnmt")
        chief = service.create_person(session, SYSTEM, "chief", "Lê Văn Chính", password=GOOD, agency="so-nnmt")
        service.grant(session, SYSTEM, chief, "administrator")


def caller(login):
    with db.reading() as session:
        return access.of_person(session, service.person(session, login))


def kinds(session):
    return [one.kind for one in session.query(Entry).order_by(Entry.id)]


def test_a_role_in_an_agency_holds_there_and_below_and_nowhere_else(city):
    with db.writing() as session:
        minh = service.create_person(session, SYSTEM, "minh", "Minh")
        service.grant(session, SYSTEM, minh, "data-steward", "agency", "ubnd")
        ids = {one.code: one.id for one in store.agencies(session)}
    who = caller("minh")
    assert guard.may(who, "sensing:write", ids["so-nnmt"])
    assert guard.may(who, "sensing:write", ids["ubnd"])
    assert not guard.may(who, "sensing:write", ids["so-xd"])
    assert not guard.may(who, "sensing:write")


def test_an_area_or_dataset_role_gives_no_right_in_an_agency(city):
    with db.writing() as session:
        minh = service.create_person(session, SYSTEM, "minh", "Minh")
        service.grant(session, SYSTEM, minh, "administrator", "area", "pilot")
    who = caller("minh")
    assert not who.everywhere
    assert not who.within


def test_nobody_gives_what_they_could_not(city):
    lan = caller("lan")
    with db.writing() as session, pytest.raises(NotAllowed):
        service.grant(session, lan, service.person(session, "lan"), "administrator")
    with db.writing() as session, pytest.raises(NotAllowed):
        service.create_key(session, lan, "gateway", ["sensing:write"])
    with db.writing() as session, pytest.raises(NotAllowed):
        service.create_person(session, lan, "x2", "X", agency="so-xd")
    with db.writing() as session:
        service.create_key(session, lan, "gateway", ["sensing:write"], agency="so-nnmt")


def test_an_administrator_of_an_agency_has_no_power_over_the_provinces_administrator_in_it(city):
    lan = caller("lan")
    for change in (
        lambda s, p: service.set_password(s, lan, p, "x" * 9 + "abcd"),
        lambda s, p: service.set_active(s, lan, p, active=False),
        lambda s, p: service.sign_out_everywhere(s, lan, p),
        lambda s, p: service.take_away(s, lan, store.grants(s, p.id)[0].id),
    ):
        with db.writing() as session, pytest.raises(NotAllowed):
            change(session, service.person(session, "chief"))


def test_the_last_administrator_stays(city):
    with db.writing() as session, pytest.raises(Conflict):
        service.set_active(session, SYSTEM, service.person(session, "chief"), active=False)
    with db.writing() as session, pytest.raises(Conflict):
        service.take_away(session, SYSTEM, store.grants(session, service.person(session, "chief").id)[0].id)


def test_every_fault_of_a_person_is_said_at_once(database):
    with db.writing() as session, pytest.raises(BadInput) as refused:
        service.create_person(session, SYSTEM, "dk_1", " ", password="short", agency="so-tnm", email="x")
    assert {fault.place for fault in refused.value.faults} == {"login", "name", "email", "password", "agency"}


def test_a_misspelt_agency_is_answered_with_the_near_one(city):
    with db.writing() as session, pytest.raises(BadInput) as refused:
        service.create_person(session, SYSTEM, "an", "An", agency="so-nmmt")
    assert "so-nnmt" in str(refused.value)
    with db.reading() as session, pytest.raises(NotFound, match="did you mean 'lan'"):
        service.person(session, "lann")


def test_a_granted_role_is_granted_once(city):
    with db.writing() as session:
        lan = service.person(session, "lan")
        service.grant(session, SYSTEM, lan, "officer")
        service.grant(session, SYSTEM, lan, "officer")
        assert [g.role for g in store.grants(session, lan.id)] == ["administrator", "officer"]


def test_every_change_is_in_the_journal_and_no_secret_or_personal_field_is(city):
    with db.writing() as session:
        text = service.create_key(session, SYSTEM, "gateway", ["observations:write"])
        service.revoke_key(session, SYSTEM, 1)
        lan = service.person(session, "lan")
        token = service.sign_in(session, lan.id)
        service.set_active(session, SYSTEM, lan, active=False)
        found = kinds(session)
        everything = str([(e.data, e.subject, e.actor) for e in session.query(Entry)])
    assert found[0] == "identity.agency.created"
    assert {
        "identity.person.created", "identity.role.granted", "identity.key.created", "identity.key.revoked",
        "identity.signed-in", "identity.person.disabled",
    } <= set(found)  # fmt: skip
    for private in (text, token, GOOD, "Trần Thị Lan"):
        assert private not in everything


def test_passwords_and_keys_are_kept_as_hashes(city):
    with db.writing() as session:
        text = service.create_key(session, SYSTEM, "gateway", ["observations:write"])
        token = service.sign_in(session, service.person(session, "lan").id)
        kept = service.person(session, "lan").password
        key = store.key(session, 1)
        assert kept.startswith("$argon2id$")
        assert secret.key_parts(text)[1] not in key.hash
        assert store.sign_in(session, token, clock.now_micros()) is None  # only its digest is known
        assert store.sign_in(session, secret.digest(token), clock.now_micros()) is not None


def test_a_password_typed_with_composed_or_decomposed_letters_is_the_same():
    import unicodedata

    kept = secret.hash_password(unicodedata.normalize("NFD", GOOD))
    assert secret.is_password(kept, unicodedata.normalize("NFC", GOOD))
    assert not secret.is_password(kept, GOOD + " ")


def test_a_device_key_may_only_hold_a_devices_scopes(database):
    with db.writing() as session, pytest.raises(BadInput) as refused:
        service.create_key(session, SYSTEM, "gauge", ["sensing:write"], kind="device", thing_id=1)
    assert refused.value.faults[0].allowed == "observations:write, sensing:read"
    with db.writing() as session, pytest.raises(BadInput):
        service.create_key(session, SYSTEM, "gauge", ["admin"])
    with db.writing() as session, pytest.raises(BadInput):
        service.create_key(session, SYSTEM, "gauge", [])
    with db.writing() as session, pytest.raises(BadInput):
        service.create_key(session, SYSTEM, "gauge", ["sensing:read"], kind="device")


def test_the_first_administrator_is_made_once(database):
    with db.writing() as session:
        assert service.first_administrator(session, "admin", "Quản trị", GOOD) is not None
    with db.writing() as session:
        assert service.first_administrator(session, "other", "Khác", GOOD) is None
    assert "admin" in caller("admin").everywhere


def test_people_are_found_with_and_without_diacritics(city):
    with db.reading() as session:
        assert [one.login for one in store.people(session, "tran thi")] == ["lan"]
        assert [one.login for one in store.people(session, "Trần")] == ["lan"]
