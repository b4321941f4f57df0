"""The agency desk in Chromium: a case by keyboard beside the list, two officers at once, many at once, and on a phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dothi.cases import service as cases
from dothi.db import session as db
from dothi.identity import access
from dothi.identity.guard import SYSTEM
from dothi.identity.tables import Person
from dothi.places import base
from dothi.places import service as places
from tests.browser import axe, seed
from tests.browser.conftest import DESK, PHONE
from tests.casework.room import Room
from tests.servers import Running

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


@pytest.fixture
def room(database: object) -> Iterator[Room]:
    """The running server and its two offices."""
    with db.writing() as session:
        places.put_area(session, SYSTEM, "tan-an", name="Tân An", units=seed.WARDS, approximate=True)
        base.load_base(session, seed.CITY, "tan-an")
    made = Room()
    with Running() as running:
        made.url = running.url
        yield made


@pytest.fixture
def at(room: Room, visit):
    """Open a page as somebody: at(who, path) -> Visitor."""

    def opened(who: str, path: str, **screen: object):
        return visit("about:blank", **{**DESK, **screen}).enter(room.url, room.tokens[who], path)

    return opened


def test_a_case_is_handled_by_keyboard_and_the_second_of_two_is_told(room, at):
    visitor, number = at("officer", "/desk", bypass_csp=True), room.numbers["open"]
    page, panel = visitor.page, visitor.page.locator("[data-panel]")
    expect(page.locator(".keys")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("j")
        if page.locator("tr[data-at]").get_attribute("data-case") == number:
            break
    page.keyboard.press("x")
    expect(page.locator("tr[data-at] input")).to_be_checked()
    page.keyboard.press("x")
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading", name="Đèn tắt ở open")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"case={number}"))
    expect(page.locator("case-place[data-ready]")).to_be_visible()
    panel.get_by_text("Vì sao hạn như vậy").click()
    expect(panel.get_by_text("tính từ hôm sau").or_(panel.get_by_text("ngoài giờ làm việc"))).to_be_visible()
    assert axe.faults(page) == []

    page.locator("tr[data-at] a.ti").focus()
    page.keyboard.press("r")
    field = panel.get_by_label("Nội dung", exact=True)
    expect(field).to_be_focused()
    page.keyboard.type("Đội đến lúc 8 giờ")
    panel.get_by_role("button", name="Gửi").click()
    expect(panel.locator(".banner.done")).to_contain_text("Đã lưu")
    expect(panel.locator(".timeline").first).to_contain_text("Đội đến lúc 8 giờ")

    panel.get_by_role("link", name="Báo đã xử lý").click()
    field = panel.get_by_label("Nội dung", exact=True)
    field.fill("Đã thay bóng LED 100 W")
    with db.writing() as session:  # somebody else is faster
        second = access.of_person(session, session.get(Person, room.ids["second"]))
        cases.take_over(session, second, number)
    panel.get_by_role("button", name="Báo đã xử lý").click()
    expect(panel.get_by_role("alert")).to_contain_text("Lê Minh Đức đã giao việc này lúc")
    expect(panel.get_by_label("Nội dung", exact=True)).to_have_value("Đã thay bóng LED 100 W")
    panel.get_by_role("button", name="Báo đã xử lý").click()
    expect(panel.locator(".badge").first).to_have_text("Đã xử lý")
    expect(page.locator(f'tr[data-case="{number}"]')).to_have_count(0)  # the list followed

    panel.get_by_text("Xem đầy đủ").click()
    panel.get_by_label("Xem để làm gì").fill("Hỏi đã sáng chưa")
    panel.get_by_role("button", name="Xem liên hệ").click()
    expect(panel).to_contain_text("+84901234567")

    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Đánh dấu")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()  # while it is open, letters are its own
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.emulate_media(color_scheme="dark")
    assert axe.faults(page) == []
    unexpected = [one for one in visitor.complaints if "412" not in one]
    assert unexpected == []


def test_many_at_once_and_a_call_and_a_phone(room, at):
    boss = at("dispatcher", "/desk").page
    for one in ("new", "pair"):
        boss.get_by_label(f"Chọn {room.numbers[one]}").check()
    expect(boss.locator("[data-picked]")).to_have_text("Chọn 2")
    boss.locator("h1").click()
    boss.keyboard.press("g")
    panel = boss.locator("[data-panel]")
    panel.get_by_label("Người xử lý").select_option(label="Lê Minh Đức")
    panel.get_by_role("button", name="Giao việc").click()
    expect(panel.get_by_role("heading", name="2 trên 2 việc đã xong")).to_be_visible()
    expect(boss.locator(f'tr[data-case="{room.numbers["pair"]}"]')).to_contain_text("Lê Minh Đức")

    call = at("officer", "/desk/new", bypass_csp=True).page
    call.get_by_label("Người dân nói gì").fill("đèn hư")
    expect(call.get_by_label("Lĩnh vực", exact=True)).to_have_value("lamp-out")
    expect(call.get_by_label("Bao nhiêu đèn?")).to_be_visible()
    call.get_by_label("Lĩnh vực", exact=True).select_option("other")
    call.get_by_label("Kinh độ, vĩ độ").fill("106.4051 10.5351")
    expect(call.locator("[data-near]")).to_contain_text(room.numbers["new"])
    assert axe.faults(call) == []

    phone = at("officer", "/desk", bypass_csp=True, **PHONE).page
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.locator(f'tr[data-case="{room.numbers["open"]}"] a.ti').click()
    expect(phone.get_by_role("heading", name="Đèn tắt ở open")).to_be_visible()
    expect(phone.locator(".list")).to_be_hidden()
    assert axe.faults(phone, grave=True) == []
    phone.get_by_role("link", name="Trao đổi").click()
    phone.get_by_label("Nội dung", exact=True).fill("Đang trên đường")
    phone.get_by_role("button", name="Gửi").click()
    expect(phone.locator(".timeline").first).to_contain_text("Đang trên đường")
    phone.get_by_role("link", name="Về danh sách").click()
    expect(phone.locator(".list")).to_be_visible()

    plain = at("officer", f"/desk?case={room.numbers['open']}", java_script_enabled=False).page
    plain.get_by_role("link", name="Trao đổi").click()
    plain.get_by_label("Nội dung", exact=True).fill("Không cần script")
    plain.get_by_role("button", name="Gửi").click()
    expect(plain.locator(".timeline").first).to_contain_text("Không cần script")
    expect(plain).to_have_url(re.compile(rf"/desk\?.*case={room.numbers['open']}"))
