"""The leader's telephone, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from dothi import config
from dothi.db import session as db
from dothi.duty.tables import Order
from tests.browser import axe, time_seed
from tests.browser.conftest import PHONE, at_length
from tests.filled import filled
from tests.servers import Running

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]


@pytest.fixture
def room(database, monkeypatch):
    monkeypatch.setenv("DOTHI_ROLE", "web")  # no engine that raises alarms of its own
    config.settings.cache_clear()
    made = filled("4 past", database, lambda: time_seed.built(lamps=6, past=4))
    with Running() as running:
        made.url = running.url
        yield made


@pytest.fixture
def phone(room, visit):
    def opened(who="lan", **options):
        return visit("about:blank", **{**PHONE, **options}).enter(room.url, time_seed.token(who), "/operations/leader")

    return opened


def test_the_first_screen_says_what_is_wrong_who_has_it_and_whom_to_call(room, phone):
    visitor = phone()
    page = visitor.page
    first = page.locator(".now")
    expect(first.get_by_role("heading")).to_have_text("Ngập đường Châu Thị Kim")
    expect(first.locator(".fig")).to_have_text(re.compile(r"38\s+cm"))
    for said in ("Ngưỡng 15", "Nguyễn Thị Hồng Nhung", "chưa ai nhận", "bơm 1 đã chạy", "quá hạn nhận"):
        expect(first).to_contain_text(said)
    expect(first.get_by_role("link", name="Gọi trực ban")).to_have_attribute("href", re.compile(r"^tel:0276\d+$"))
    assert first.locator("dl").bounding_box()["y"] + first.locator("dl").bounding_box()["height"] < 844
    expect(page.locator("leader-map[data-ready] canvas")).to_be_visible(timeout=60_000)
    expect(page.locator(".others li")).to_have_count(5)
    expect(page.locator(".late tbody tr").first).to_contain_text("Công ty Công trình đô thị")
    expect(page.locator(".orders li").first).to_contain_text("Quá hạn 1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visitor.complaints == []


def test_an_order_is_given_from_any_matter(room, phone):
    page = phone().page
    page.get_by_role("link", name="Ra chỉ đạo về Bơm số 2 dừng ngoài kế hoạch").click()
    expect(page.locator("main")).to_contain_text("Bơm số 2 dừng ngoài kế hoạch")
    page.locator("textarea[name=text]").fill("Cử đội cơ điện sửa bơm số 2 ngay")
    page.locator("select[name=agency]").select_option(label="Công ty Công trình đô thị")
    page.locator("form button[type=submit], form button.primary").last.click()
    expect(page).to_have_url(re.compile("/operations/leader$"))
    with db.reading() as session:
        assert (
            session.query(Order).filter(Order.text.startswith("Cử đội cơ điện")).one().subject
            == f"alarm:{room.alarms[2]}"
        )


def test_it_renews_itself_with_the_news_and_keeps_its_place(room, phone):
    page = phone().page
    page.wait_for_selector("leader-map[data-ready]")
    page.evaluate("scrollTo(0, 300)")
    page.wait_for_function("scrollY === 300")
    before = page.evaluate("scrollY")
    with db.writing() as session:
        row = ("Vỡ đê bao Hướng Thọ Phú", "Đê bao", "2,10", "m", 2.0, "critical", 60, 106.4022, 10.5561)
        time_seed.alarm(session, *row)
    expect(page.locator(".now h2")).to_have_text("Vỡ đê bao Hướng Thọ Phú")
    assert abs(page.evaluate("scrollY") - before) < 5


def test_the_facts_stand_without_script(room, phone):
    page = phone(java_script_enabled=False).page
    expect(page.locator(".now")).to_contain_text("38")
    expect(page.locator(".late")).to_contain_text("UBND phường Khánh Hậu")
    expect(page.get_by_role("link", name="Ra chỉ đạo", exact=True)).to_be_visible()


def test_somebody_who_gives_no_orders_sees_no_way_to(room, phone):
    page = phone("nhung").page
    expect(page.locator(".now")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("chỉ đạo", re.IGNORECASE))).to_have_count(0)


@pytest.mark.parametrize("width", [320, at_length(390), at_length(1280)])
def test_axe_finds_nothing_and_fingers_hit(room, phone, width):
    page = phone(viewport={"width": width, "height": 800}).page
    page.wait_for_selector("leader-page")
    assert axe.faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('.btn, .give')].map(e => e.getBoundingClientRect()).filter(r => r.height < 43.5 || r.width < 43.5).length"
    )
    assert small == 0


def test_a_calm_city_says_so(room, phone):
    from dothi.alerts import service as alarms

    with db.writing() as session:
        alarms.clear(session, room.nhung, room.alarms, "đã về dưới ngưỡng")
    page = phone().page
    expect(page.locator(".now")).to_contain_text("Không có cảnh báo mở")
