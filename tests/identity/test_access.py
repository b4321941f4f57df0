"""Who a request comes from: keys, passwords and browsers, and how soon a change is felt."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request

from dothi import config
from dothi.db import session as db
from dothi.identity import access, guard, secret, service, throttle
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.kit.errors import NotAllowed, NotSignedIn

GOOD = "nước lớn nước ròng"


def request(method="GET", address="10.0.0.1", **headers):
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http", "method": method, "path": "/", "query_string": b"", "headers": raw, "scheme": "http",
        "client": (address, 1), "server": ("city.test", 80),
    }  # fmt: skip
    return Request(scope)


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def lan(database):
    with db.writing() as session:
        person = service.create_person(session, SYSTEM, "lan", "Trần Thị Lan", password=GOOD)
        service.grant(session, SYSTEM, person, "data-steward")
        return person.id


@pytest.fixture
def key(database):
    with db.writing() as session:
        return service.create_key(session, SYSTEM, "gateway", ["observations:write"])


def test_a_request_without_credentials_is_anonymous_and_may_nothing(database):
    who = access.caller(request())
    assert who == guard.ANONYMOUS
    assert not who.everywhere


def test_on_a_test_bench_anybody_may_write_and_still_not_administer(database, open_writes):
    who = access.caller(request())
    assert guard.may(who, "sensing:write")
    assert not guard.may(who, "identity:write")
    assert not guard.may(who, "admin")


def test_a_key_is_known_in_every_way_it_may_be_sent(key):
    number, hidden = secret.key_parts(key)
    for headers in (
        {"authorization": f"Bearer {key}"},
        {"authorization": f"bearer {key}"},
        {"x_api_key": key},
        {"authorization": basic(f"dk_{number}", hidden)},
        {"authorization": basic(f"dk_{number}", key)},
    ):
        who = access.caller(request(**headers))
        assert (who.kind, who.id) == ("key", number)
        assert who.everywhere == {"observations:write"}
    assert access.by_credentials(f"dk_{number}", hidden).id == number


@pytest.mark.parametrize(
    "offered",
    [
        "Bearer dk_1_0000000000000000000000000000000000000000000", "Bearer dk_999_0000000000000000000000000000000000",
        "Bearer nonsense", "Bearer ", "Basic !!!", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Digest x",
        basic("dk_1", "0" * 43), basic("nobody", "x"), "Bearer dk_" + "9" * 200,
    ],
)  # fmt: skip
def test_a_wrong_credential_is_refused_never_taken_as_anonymous(key, offered):
    with pytest.raises(NotSignedIn):
        access.caller(request(authorization=offered))


def test_another_keys_secret_opens_nothing(key):
    with db.writing() as session:
        other = service.create_key(session, SYSTEM, "other", ["sensing:read"])
    hidden = secret.key_parts(other)[1]
    assert access.by_credentials("dk_1", hidden) is None
    assert access.by_credentials("dk_1", other) is None


def test_a_revoked_key_is_worthless_at_once(key):
    access.caller(request(x_api_key=key))
    with db.writing() as session:
        service.revoke_key(session, SYSTEM, 1)
    with pytest.raises(NotSignedIn):
        access.caller(request(x_api_key=key))


def test_a_change_within_a_savepoint_is_felt_at_the_commit(key):
    with db.writing() as session:
        with session.begin_nested():
            service.revoke_key(session, SYSTEM, 1)
        assert access.by_key(key) is not None  # remembered, for nothing is committed yet
    assert access.by_key(key) is None


def test_a_change_that_is_undone_changes_nothing(key):
    def revoke_and_fail():
        with db.writing() as session:
            service.revoke_key(session, SYSTEM, 1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        revoke_and_fail()
    assert access.caller(request(x_api_key=key)).id == 1


def test_a_key_runs_out(database, monkeypatch):
    with db.writing() as session:
        text = service.create_key(
            session, SYSTEM, "for a day", ["sensing:read"], expires_at=clock.now_micros() + clock.DAY
        )
    assert access.by_key(text) is not None
    access.forget()
    monkeypatch.setattr(clock, "source", lambda: datetime.now(UTC) + timedelta(days=1, seconds=1))
    assert access.by_key(text) is None


def test_an_agencys_key_acts_inside_it_and_a_devices_for_its_thing(database):
    with db.writing() as session:
        office = service.create_agency(session, SYSTEM, "so-nnmt", "Sở NNMT")
        theirs = service.create_key(session, SYSTEM, "gw", ["sensing:write"], agency="so-nnmt")
        device = service.create_key(
            session, SYSTEM, "gauge", ["observations:write", "sensing:read"], kind="device", thing_id=7
        )
    who = access.by_key(theirs)
    assert guard.may(who, "sensing:write", office.id)
    assert not guard.may(who, "sensing:write", office.id + 1)
    gauge = access.by_key(device)
    guard.require(gauge, "observations:write", None, thing_id=7)
    with pytest.raises(NotAllowed):
        guard.require(gauge, "observations:write", None, thing_id=8)
    assert not guard.may_somewhere(gauge, "sensing:read")  # no agency: it sees open data, as anybody does


def test_a_person_is_known_by_password_and_by_browser(lan):
    assert access.caller(request(authorization=basic("LAN", GOOD))).id == lan
    assert access.by_credentials("lan", GOOD).name == "Trần Thị Lan"
    with db.writing() as session:
        token = service.sign_in(session, lan)
    assert access.caller(request(cookie=f"{access.COOKIE}={token}")).id == lan
    assert access.caller(request(cookie=f"{access.COOKIE}=made-up")) == guard.ANONYMOUS


def test_a_browsers_session_ends_when_it_should(lan, monkeypatch):
    with db.writing() as session:
        first, second = service.sign_in(session, lan), service.sign_in(session, lan)
    who = access.by_session(first)
    assert access.by_session(second) is not None
    with db.writing() as session:
        service.sign_out(session, who, first)
    assert access.by_session(first) is None
    assert access.by_session(second) is not None
    with db.writing() as session:
        assert service.sign_out_everywhere(session, who, service.person(session, "lan")) == 1
    assert access.by_session(second) is None
    with db.writing() as session:
        third = service.sign_in(session, lan)
    hours = config.settings().session_hours
    monkeypatch.setattr(clock, "source", lambda: datetime.now(UTC) + timedelta(hours=hours, seconds=1))
    assert access.by_session(third) is None


def test_a_new_password_or_a_disabled_person_ends_everything(lan):
    with db.writing() as session:
        token = service.sign_in(session, lan)
    assert access.by_session(token) is not None
    with db.writing() as session:
        service.set_password(session, SYSTEM, service.person(session, "lan"), "một mật khẩu mới")
    assert access.by_session(token) is None
    assert access.by_password("lan", GOOD) is None
    assert access.by_password("lan", "một mật khẩu mới") is not None
    with db.writing() as session:
        service.create_person(session, SYSTEM, "boss", "Chính")
        service.set_active(session, SYSTEM, service.person(session, "lan"), active=False)
    assert access.by_password("lan", "một mật khẩu mới") is None


def test_another_site_cannot_use_a_browsers_session(lan):
    with db.writing() as session:
        cookie = f"{access.COOKIE}={service.sign_in(session, lan)}"
    assert access.caller(request("POST", cookie=cookie)).id == lan
    assert access.caller(request("POST", cookie=cookie, sec_fetch_site="same-origin")).id == lan
    assert access.caller(request("POST", cookie=cookie, sec_fetch_site="cross-site")) == guard.ANONYMOUS
    evil = request("POST", cookie=cookie, origin="https://evil.test", host="city.test")
    assert access.caller(evil) == guard.ANONYMOUS
    assert access.caller(request("GET", cookie=cookie, sec_fetch_site="cross-site")).id == lan


def test_passwords_cannot_be_tried_out(lan):
    for _ in range(throttle.LIMITS["both"]):
        assert access.by_password("lan", "wrong", "10.0.0.9") is None
    with pytest.raises(throttle.TooManyTries) as refused:
        access.by_password("lan", GOOD, "10.0.0.9")
    assert refused.value.status == 429
    assert refused.value.retry_after > 60
    assert access.by_credentials("lan", GOOD, "10.0.0.9") is None
    assert access.by_password("lan", GOOD, "10.0.0.8") is not None  # Lan herself, elsewhere, is not locked out


def test_one_address_cannot_try_many_logins(database):
    for number in range(throttle.LIMITS["address"]):
        access.throttle.failed(f"person{number}", "10.0.0.9")
    with pytest.raises(throttle.TooManyTries):
        access.by_password("somebody", "x", "10.0.0.9")


def test_failures_are_forgotten_after_a_while_and_memory_is_bounded(monkeypatch):
    now = 0.0
    counts = throttle.Throttle(lambda: now)
    for _ in range(5):
        counts.failed("lan", "a")
    with pytest.raises(throttle.TooManyTries):
        counts.check("lan", "a")
    now = throttle.WINDOW + 1
    counts.check("lan", "a")
    monkeypatch.setattr(throttle, "REMEMBERED", 10)
    for number in range(50):
        counts.failed(f"p{number}", f"a{number}")
    assert len(counts._failures) == 10


def test_what_is_remembered_is_bounded(key, monkeypatch):
    monkeypatch.setattr(access, "REMEMBERED", 3)
    for number in range(10):
        assert access.by_key(f"dk_{number + 2}_{'0' * 43}") is None
    assert len(access._callers) == 3
