"""How often an address or a contact may report."""

import pytest

from dothi import config
from dothi.cases import throttling
from dothi.cases.contacts import Contact
from dothi.kit import clock
from tests.cases.reporters import EMAIL, PHONE, report


@pytest.fixture(autouse=True)
def limits(database, monkeypatch):
    monkeypatch.setenv("DOTHI_REPORTS_PER_HOUR", "3")
    monkeypatch.setenv("DOTHI_REPORTS_PER_CONTACT", "2")
    config.settings.cache_clear()
    throttling.forget()


def test_an_address_reports_so_often_an_hour(session, monkeypatch):
    for _ in range(3):
        throttling.report(session, "10.0.0.1", None)
    with pytest.raises(throttling.TooOften) as refused:
        throttling.report(session, "::ffff:10.0.0.1", None)
    assert 3590 <= refused.value.retry_after <= 3600
    throttling.report(session, "10.0.0.2", None)
    for _ in range(9):
        throttling.report(session, None, None)  # the desk on behalf of callers
    monkeypatch.setenv("DOTHI_REPORTS_PER_HOUR", "0")
    config.settings.cache_clear()
    throttling.report(session, "10.0.0.1", None)


def test_a_contact_reports_so_often_an_hour_whatever_its_address(session):
    hour = clock.now_micros() - clock.HOUR
    report(session, opened_at=hour - 5)
    report(session)
    throttling.report(session, "10.0.0.1", Contact(phone=PHONE))
    report(session)
    for way in (Contact(phone=PHONE), Contact(email=EMAIL), Contact("Ai đó", "+84999999999", EMAIL)):
        with pytest.raises(throttling.TooOften):
            throttling.report(session, "10.0.0.9", way)
    throttling.report(session, "10.0.0.9", Contact("Nguyễn Văn An", "+84999999999"))


def test_the_window_moves_and_its_memory_is_bounded(monkeypatch):
    now = [0.0]
    window = throttling.Window(lambda: now[0])
    window.take("a", 1)
    with pytest.raises(throttling.TooOften):
        window.take("a", 1)
    now[0] = throttling.HOUR
    window.take("a", 1)
    monkeypatch.setattr(throttling, "REMEMBERED", 10)
    for name in range(100):
        window.take(str(name), 1)
    assert len(window._times) == 10


def test_a_network_is_what_one_subscriber_holds():
    assert throttling.network("2001:db8:1:2:3::4%eth0") == "2001:db8:1:2::/64"
    assert throttling.network("[::ffff:1.2.3.4]") == "1.2.3.4"
    assert throttling.network("unix" * 40) == ("unix" * 40)[:64]
