"""The duty officer's page: the ten commonest tasks by keyboard alone, and what holds while they are done."""

import re

import pytest
from playwright.sync_api import expect

from dothi import config
from dothi.alerts import service as alerts
from dothi.db import session as db
from dothi.identity import access
from dothi.identity.guard import SYSTEM
from dothi.identity.tables import Person
from dothi.kit import clock
from tests.browser import axe
from tests.browser import operations_seed as seed
from tests.browser.conftest import PHONE, at_length
from tests.filled import filled
from tests.servers import Running

pytestmark = pytest.mark.browser
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
FIRST, SECOND, THIRD = "CB-26-00001", "CB-26-00002", "CB-26-00003"
WIDE = {"viewport": {"width": 1920, "height": 1080}}


@pytest.fixture
def evening(database, monkeypatch):
    """The running room, without the rule engine: only the alarms told of here."""
    monkeypatch.setenv("DOTHI_ROLE", "web")
    config.settings.cache_clear()
    made = filled("evening", database, seed.evening)
    with Running() as running:
        made.url = running.url
        yield made


@pytest.fixture
def desk(evening, visit):
    """Open the desk as somebody: desk(path, login) -> Visitor."""

    def opened(path: str = "/operations", login: str = "nhung", *, drawn: bool = False, **screen):
        visitor = visit("about:blank", **{**WIDE, **screen}).enter(evening.url, evening.tokens[login])
        if not drawn:  # the map is by far the heaviest; what is asked here is not about it
            visitor.page.route("**/assets/stage-*", lambda route: route.abort())
        visitor.page.goto(evening.url + path)
        if screen.get("java_script_enabled", True):
            visitor.page.wait_for_selector("ops-queue[data-ready] .line")
        return visitor

    return opened


def current(page):
    """The line that is selected."""
    return page.locator(".queue .line:has(a[aria-current])")


def panel(page):
    return page.locator("ops-subject")


def said(evening, number):
    """What an alarm's log says: (kind, data) of what people did."""
    with db.reading() as session:
        told = alerts.events(session, SYSTEM, evening.alarms[number])
        return [(one.kind, one.data or {}) for one in told if one.actor != "dothi"]


def stands(evening, number):
    with db.reading() as session:
        return alerts.alarm(session, SYSTEM, evening.alarms[number])


# the ten commonest tasks, by keyboard alone


@once
def test_task_1_look_through_the_alarms(desk):
    page = desk().page
    page.keyboard.press("j")
    expect(current(page)).to_contain_text("vượt BĐ III")
    expect(panel(page)).to_contain_text(FIRST)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(current(page)).to_contain_text("Ngập 38 cm")
    expect(panel(page)).to_contain_text("Cảm biến ngập N-07")
    assert page.url.endswith(f"alarm={SECOND}")


@once
def test_task_2_read_why_an_alarm_rang(desk):
    page = desk().page
    page.keyboard.press("j")
    expect(panel(page)).to_contain_text("Mực nước ≥ 1,60 m liên tục 10 phút")
    page.keyboard.press("Enter")
    expect(page.locator(".subj")).to_be_focused()
    expect(panel(page).locator("ops-trend .plot")).to_have_attribute("aria-label", re.compile("cao nhất 1,63"))
    page.keyboard.press("Escape")
    expect(current(page).locator("a")).to_be_focused()


def test_task_3_acknowledge_and_take_it_back(desk, evening):
    page = desk().page
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(current(page)).to_contain_text("Đã nhận")
    expect(panel(page)).to_contain_text("Trả lại")
    one = stands(evening, FIRST)
    assert (one.acknowledged, one.acknowledged_by) == (True, f"person:{evening.people['nhung']}")
    page.locator(".toast .btn").focus()
    page.keyboard.press("Enter")
    expect(current(page)).to_contain_text("Chưa nhận")
    assert [kind for kind, _ in said(evening, FIRST)] == ["acknowledged", "unacknowledged"]


@once
def test_task_4_acknowledge_several_with_a_comment(desk, evening):
    page = desk().page
    for key in ("j", "x", "j", "x", "a"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_contain_text("Nhận 2 cảnh báo")
    page.keyboard.type("Đã báo trưởng ca")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".queue .line.ackd")).to_have_count(2)
    for number in (FIRST, SECOND):
        assert said(evening, number) == [("acknowledged", {"text": "Đã báo trưởng ca"})]


@once
def test_task_5_dispatch_to_a_colleague(desk, evening):
    page = desk().page
    page.keyboard.press("j")
    page.keyboard.press("d")
    expect(page.get_by_role("dialog")).to_contain_text("Điều động")
    page.keyboard.type("Trần")  # a list is chosen from by typing
    page.keyboard.press("Tab")
    page.keyboard.type("Cho đội 1 ra cống Bảo Định")
    page.keyboard.press("Control+Enter")
    expect(panel(page)).to_contain_text("Người xử lý: Trần Quốc Việt")
    assert stands(evening, FIRST).assignee_id == evening.people["viet"]
    assert ("commented", {"text": "Cho đội 1 ra cống Bảo Định"}) in said(evening, FIRST)


@once
def test_task_6_find_an_alarm_without_diacritics(desk):
    page = desk().page
    page.keyboard.press("/")
    page.keyboard.type("bom so 2")
    expect(page.locator(".queue .line")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text(THIRD)
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(page.locator(".queue .line")).to_have_count(6)


@once
def test_task_7_see_only_what_nobody_has(desk, evening):
    with db.writing() as session:
        alerts.assign(session, SYSTEM, [evening.alarms[FIRST]], evening.people["nhung"])
    page = desk().page
    page.keyboard.press("f")
    expect(page.locator(".queue .line")).to_have_count(1)
    expect(page.locator(".queue .line")).to_contain_text("vượt BĐ III")
    page.keyboard.press("f")
    expect(page.locator(".queue .line")).to_have_count(5)
    expect(page).to_have_url(re.compile("assignee=none"))


@once
def test_task_8_write_something_down_and_shelve(desk, evening):
    page = desk().page
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("c")
    page.keyboard.type("Điện lực hẹn 18:00")
    page.keyboard.press("Control+Enter")
    expect(panel(page).locator(".log")).to_contain_text("Nhung đã ghi: Điện lực hẹn 18:00")
    page.keyboard.press("s")
    page.keyboard.press("Tab")
    page.keyboard.type("Bảo dưỡng bơm")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".queue .line.gone")).to_contain_text("Bơm số 2")
    one = stands(evening, THIRD)
    assert one.suppressed == "shelved"
    assert [kind for kind, _ in said(evening, THIRD)] == ["commented", "shelved"]


@once
def test_task_9_take_in_new_alarms_without_losing_the_place(desk):
    page = desk().page
    page.keyboard.press("j")
    page.keyboard.press("j")
    before = page.locator(".queue .line a").all_inner_texts()
    with db.writing() as session:
        seed.alarm(session, "CB-26-00099", "critical", 0, "Cháy kho hàng, bến xe", "Cảm biến khói K-02")
    expect(page.locator(".fresh-chip")).to_contain_text("1 mới")
    expect(page.locator("#ops-alert")).to_contain_text("Cháy kho hàng")
    after = page.locator(".queue .line a").all_inner_texts()
    assert [one.split("\n")[0] for one in before] == [one.split("\n")[0] for one in after]
    page.keyboard.press("n")
    expect(page.locator(".queue .line").filter(has_text="Cháy kho hàng")).to_have_count(1)
    expect(page.locator(".fresh-chip")).to_be_hidden()
    expect(current(page)).to_contain_text("Ngập 38 cm")


@once
def test_task_10_look_at_the_past_and_come_back(desk, evening):
    page = desk().page
    page.keyboard.press("j")
    page.keyboard.press(" ")
    expect(page.locator(".acts")).to_contain_text("Về trực tiếp")
    assert "at=" in page.url
    page.keyboard.press("a")
    expect(page.locator(".toast").filter(has_text="không thao tác được trên quá khứ")).to_have_count(1)
    page.keyboard.press(" ")
    expect(page.locator(".acts")).to_contain_text("Nhận xử lý")
    assert "at=" not in page.url
    assert said(evening, FIRST) == []


@once
def test_every_key_is_in_the_help(desk):
    page = desk().page
    page.keyboard.press("?")
    shown = page.get_by_role("dialog")
    for word in ("Cảnh báo sau", "Nhận xử lý", "Điều động", "Tìm trong cảnh báo", "Góc nhìn đã lưu"):
        expect(shown).to_contain_text(word)
    page.keyboard.press("Escape")
    expect(shown).to_have_count(0)


@once
def test_what_is_near_a_place_is_listed_and_opens(desk):
    page = desk(drawn=True).page
    page.wait_for_selector("ops-map[data-ready]")
    page.keyboard.press("j")
    page.keyboard.press("g")
    expect(page.locator(".mapcard")).to_contain_text("Cảm biến ngập N-07")
    page.locator(".mapcard a").filter(has_text="Trạm mưa M-01").focus()
    page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Đang đo")


# what holds


@once
def test_the_first_hand_wins_and_nothing_typed_is_lost(desk, evening):
    page = desk().page
    for key in ("j", "x", "j", "x", "a"):
        page.keyboard.press(key)
    page.keyboard.type("Một lời ghi dài")
    with page.expect_response(re.compile("queue")):  # the page hears of it while the dialog is open
        with db.writing() as session:
            viet = access.of_person(session, session.get(Person, evening.people["viet"]))
            alerts.acknowledge(session, viet, [evening.alarms[FIRST]])
    page.evaluate("() => { for (const one of document.querySelectorAll('input')) one.blur?.() }")
    page.route(
        "**/alarms/acknowledge",
        lambda route: route.continue_(
            post_data=re.sub(r"versions=[^&]*", f"versions={evening.alarms[FIRST]}%3A1", route.request.post_data)
        ),
    )
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog").locator(".err")).to_contain_text(
        re.compile(r"Trần Quốc Việt đã nhận lúc \d\d:\d\d")
    )
    expect(page.get_by_role("dialog").locator("textarea")).to_have_value("Một lời ghi dài")


@once
def test_a_reader_sees_everything_and_handles_nothing(desk, evening):
    page = desk(login="tho").page
    page.keyboard.press("j")
    expect(panel(page)).to_contain_text("không xử lý được cảnh báo này")
    page.keyboard.press("a")
    expect(page.locator(".toast")).to_contain_text("không xử lý được")
    assert said(evening, FIRST) == []


def test_the_page_reads_and_acts_without_script(desk, evening):
    page = desk(f"/operations?alarm={FIRST}", java_script_enabled=False).page
    expect(page.locator(".queue .line")).to_have_count(7)
    expect(panel(page)).to_contain_text("Mực nước ≥ 1,60 m")
    expect(page.locator(".figs")).to_contain_text("1,63")
    page.get_by_role("button", name="Nhận xử lý").click()
    assert stands(evening, FIRST).acknowledged
    expect(panel(page)).to_contain_text("Trả lại")
    page.goto(f"{evening.url}/operations?assignee=none&q=ngap")
    expect(page.locator(".queue .line")).to_have_count(1)


@once
def test_values_on_the_page_follow_the_stream(desk, evening):
    page = desk("/operations?select=thing:" + str(evening.things["flood"])).page
    page.wait_for_selector("html[data-live=on]")
    seed.seed.put([(evening.streams["flood"], clock.now_micros(), 47.0)])
    expect(panel(page).locator("live-value")).to_have_text("47")


@once
def test_a_group_opens_under_its_worst(desk):
    page = desk("/operations?q=den+tat").page
    expect(page.locator(".queue .line")).to_have_count(1)
    expect(page.locator(".queue .line")).to_contain_text("×2")
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.locator(".queue .line")).to_have_count(2)


@once
def test_ten_thousand_alarms_are_a_few_rows_of_the_document(desk, evening):
    seed.many(10_000)
    page = desk().page
    expect(page.locator(".tally")).to_contain_text("10007 mở")
    assert page.locator(".queue .line").count() < 60
    page.locator(".queue .list").evaluate("list => { list.scrollTop = list.scrollHeight }")
    expect(page.locator(".queue .line").filter(has_text="AQI giờ 128")).to_be_visible()
    assert page.locator(".queue .line").count() < 60


@once
def test_others_who_look_at_an_alarm_are_seen(desk, evening):
    first = desk(f"/operations?alarm={SECOND}", login="viet").page
    first.wait_for_timeout(1500)
    page = desk().page
    expect(page.locator(".ini.here")).to_have_text("QV", timeout=15_000)


@once
@pytest.mark.parametrize("theme", ["dark", at_length("light")])
def test_nothing_serious_for_those_who_see_or_hear_otherwise(desk, evening, theme):
    page = desk(f"/operations?alarm={FIRST}", drawn=theme == "dark").page
    if theme == "dark":
        page.wait_for_selector("ops-map[data-ready]")
    if theme == "light":
        page.locator("[data-theme-switch]").click()
    page.wait_for_selector("ops-trend canvas")
    assert axe.faults(page, grave=True) == []
    page.keyboard.press("?")
    assert axe.faults(page, grave=True) == []


@once
def test_the_phone_shows_it_all_in_one_column(desk):
    visitor = desk(f"/operations?alarm={FIRST}", **PHONE)
    page = visitor.page
    expect(panel(page)).to_contain_text(FIRST)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
