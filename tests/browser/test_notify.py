"""Pages of notifications in Chromium: without script, by keyboard, on a telephone; and what the browser's worker shows."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserType, expect

from dothi.db import session as db
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM, Caller
from dothi.kit import clock
from dothi.notify import addresses, ladders, service, store
from dothi.notify.ladders import Rung
from dothi.places.tables import Unit
from tests.browser import axe
from tests.browser.conftest import DESK, PHONE, WHOLE, at_length, started
from tests.servers import Running

pytestmark = pytest.mark.browser
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SIZES = {
    "desk": at_length({"viewport": {"width": 1920, "height": 1080}}),
    "tablet-dark": at_length({"viewport": {"width": 834, "height": 1112}, "color_scheme": "dark"}),
    "phone": PHONE,
}


@pytest.fixture(scope="module")
def chromium(browsers: BrowserType) -> Iterator[Browser]:
    """The whole browser: its shell shows no notifications."""
    with started(browsers, *WHOLE) as browser:
        yield browser


class Office:
    """A running office: its address, and the session tokens of its people."""

    def __init__(self, url: str) -> None:
        self.url, self.tokens, self.ids = url, {}, {}
        with db.writing() as session:
            identity.create_agency(session, SYSTEM, "so-nnmt", "Sở Nông nghiệp và Môi trường")
            for role, name in (("duty-chief", "Trần Thị Lan"), ("duty-officer", "Phạm Minh"), ("leader", "Lê Hoà")):
                person = identity.create_person(session, SYSTEM, role, name, agency="so-nnmt")
                identity.grant(session, SYSTEM, person, role)
                self.tokens[role], self.ids[role] = identity.sign_in(session, person.id), person.id
            for code, name in (("80104", "Phường Tân An"), ("80105", "Phường Long An"), ("80106", "Xã Hướng Thọ Phú")):
                session.add(
                    Unit(
                        code=code,
                        level="commune",
                        kind="x",
                        name=name,
                        full_name=name,
                        folded="",
                        valid_from=0,
                        lon=106.4,
                        lat=10.5,
                    )
                )

    def caller(self, role: str) -> Caller:
        return Caller("person", self.ids[role], role)


@pytest.fixture
def office(database: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("DOTHI_SMTP_URL", "file:")
    monkeypatch.setenv("DOTHI_SMS_URL", "file:")
    monkeypatch.setenv("DOTHI_ROLE", "web")  # nothing is sent behind the test's back
    with Running() as running:
        yield Office(running.url)


@pytest.fixture
def work(office: Office, visit):
    """Open a page as somebody: work(path, role, **screen) -> Visitor. Without a path, none yet."""

    def opened(path: str = "", role: str = "duty-chief", **screen: object):
        return visit("about:blank", **{**DESK, **screen}).enter(office.url, office.tokens[role], path)

    return opened


def furnish(office: Office) -> None:
    """Addresses in every state, a ladder, messages with every fate."""
    now = clock.now_micros()
    with db.writing() as session:
        lan, minh = office.caller("duty-chief"), office.caller("duty-officer")
        mail = addresses.add(session, lan, "mail", "lan.tran@nnmt.tayninh.example.vn", label="cơ quan")[0]
        addresses.add(session, lan, "sms", "0901234567")
        hook = addresses.add(session, lan, "webhook", "https://hooks.example.vn/dothi")[0]
        phone = addresses.add(session, minh, "mail", "minh@example.vn")[0]
        mail.confirmed_at = phone.confirmed_at = now
        hook.confirmed_at, hook.disabled_at = now, now
        addresses.prefer(
            session, lan, "mail", severity="minor", kinds=[], sectors=["water", "air"], quiet_from=1320, quiet_until=360, quiet_breaks="critical"
        )  # fmt: skip
        ladders.put(
            session, SYSTEM, code="nuoc-dem", title="Nước dâng ban đêm", severity="major", sector="water",
            rungs_=[Rung(0, role="duty-officer"), Rung(5, role="duty-chief", channels=("mail", "sms")), Rung(20, role="leader")],
        )  # fmt: skip
        for number, severity in enumerate(("critical", "major", "minor", "warning")):
            service.tell(
                session, cause=f"alarm:{number}", key="k", to=service.To(people=(lan.id, minh.id)), severity=severity,
                title="[Nghiêm trọng] Nước sông vượt báo động 3 · Trạm thủy văn Tân An", body="…", kind="alerts.alarm.raised",
                link=f"/operations?alarm=CB-26-{number:05}", exercise=number == 1, channels=("mail",),
            )  # fmt: skip
        found = [one for one, _, _ in store.message_log(session, None) if one.cause.startswith("alarm")]
        for one, state in zip(found, ("sent", "failed", "dropped", "sent"), strict=False):
            one.state, one.tries, one.sent_at = state, 2, now if state == "sent" else None
            one.error = "550 5.1.1 <***@nnmt.tayninh.example.vn> mailbox unavailable" if state == "failed" else None


def test_a_person_adds_an_address_says_when_and_removes_it_without_script(work, office):
    page = work("/me/notifications", java_script_enabled=False).page
    page.get_by_label("Cách nhận").select_option("sms")
    page.get_by_label("Địa chỉ, số điện thoại").fill("090 123")
    page.get_by_role("button", name="Thêm", exact=True).click()
    expect(page.locator("#e-target")).to_contain_text("0901 234 567")
    page.get_by_label("Địa chỉ, số điện thoại").fill("0901 234 567")
    page.get_by_role("button", name="Thêm", exact=True).click()
    expect(page.locator(".nf-rows")).to_contain_text("chờ xác nhận")
    wants = page.locator("#wants-sms")
    wants.get_by_label("Cảnh báo từ mức").select_option("minor")
    wants.get_by_label("từ", exact=True).fill("22:00")
    wants.get_by_label("đến", exact=True).fill("06:30")
    wants.get_by_role("button", name="Lưu").click()
    expect(page.locator("[role=status]").first).to_contain_text("Đã lưu")
    with db.reading() as session:
        kept = store.preference(session, office.ids["duty-chief"], "sms")
        assert (kept.severity, kept.quiet_from, kept.quiet_until) == ("minor", 1320, 390)
    page.get_by_role("button", name="Xóa").click()
    expect(page.locator("main")).to_contain_text("Chưa có địa chỉ nào")


def test_a_ladder_is_made_by_keyboard_alone(work, office):
    page = work("/operations/ladders").page
    page.get_by_role("link", name="Thêm thang").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/ladders/new")
    page.get_by_label("Tên", exact=True).focus()
    page.keyboard.type("Khí độc")
    page.keyboard.press("Tab")
    page.keyboard.type("khi-doc")
    page.keyboard.press("Enter")
    expect(page.locator("section.card")).to_contain_text("Trưởng ca trực")
    expect(page.locator("section.card")).to_contain_text("không ai nhận được")
    with db.reading() as session:
        (one,) = store.ladders(session)
        assert (one.code, one.severity, ladders.rungs(one)) == ("khi-doc", "major", [Rung(5, role="duty-chief")])


@once
def test_the_browsers_worker_shows_what_is_pushed_and_opens_its_page(work, office):
    """The push service is Chromium's own; a message is handed to the worker as if it came from there."""
    visitor = work("/me/notifications")
    page, context = visitor.page, visitor.page.context
    context.grant_permissions(["notifications"], origin=office.url)
    expect(page.locator("push-opt button")).to_be_visible()
    page.evaluate(
        "navigator.serviceWorker.register('/static/push-worker.js', {scope: '/static/push/'})"
        ".then(r => new Promise(d => { const w = r.installing || r.waiting || r.active;"
        " if (w.state === 'activated') d(); w.addEventListener('statechange', () => w.state === 'activated' && d()) }))"
    )
    cdp = context.new_cdp_session(page)
    found: list[dict] = []
    cdp.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    cdp.send("ServiceWorker.enable")
    page.wait_for_timeout(300)
    told = {
        "title": "DIỄN TẬP: Nước dâng",
        "body": "Trạm Tân An",
        "tag": "a1",
        "url": f"{office.url}/subscribe",
        "lang": "vi",
    }
    for _ in range(2):  # a repeat replaces the first
        cdp.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": office.url, "registrationId": found[-1]["registrationId"], "data": json.dumps(told)},
        )
    shown = page.evaluate(
        """async () => {
          const r = await navigator.serviceWorker.getRegistration('/static/push/');
          for (let i = 0; i < 100; i++) {
            const all = await r.getNotifications();
            if (all.length) return all.map(n => [n.title, n.body, n.tag, n.lang, n.data.url]);
            await new Promise(d => setTimeout(d, 50));
          }
          return [];
        }"""
    )
    assert shown == [["DIỄN TẬP: Nước dâng", "Trạm Tân An", "a1", "vi", f"{office.url}/subscribe"]]
    assert visitor.complaints == []


@once
@pytest.mark.parametrize("screen", SIZES.values(), ids=SIZES)
def test_every_page_is_accessible_and_fits(work, office, screen, request):
    furnish(office)
    with db.writing() as session:
        citizen = service.subscribe(session, "mail", "dan@example.org", units=["80104"], topics=["Met"])
        citizen.confirmed_at = clock.now_micros()
        from dothi.notify.subscriptions import name_of

        own = name_of(citizen)
    visitor = work(**screen)
    page = visitor.page
    for path in (
        "/me/notifications", "/operations/ladders", "/operations/ladders/1", "/operations/ladders/new", "/operations/messages",
        "/subscribe", f"/subscribe/mine/{own}", f"/subscribe/leave/{own}", "/me/notifications?lang=en",
    ):  # fmt: skip
        page.goto(office.url + path)
        page.evaluate("document.querySelectorAll('details.nf-more').forEach(one => { one.open = true })")
        assert axe.faults(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
    assert visitor.complaints == []
