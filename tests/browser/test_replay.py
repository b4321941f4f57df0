"""The time machine, in a real browser: what was, what was known of it, and nothing of the present among it."""

import re

import pytest
from playwright.sync_api import expect

from dothi import config
from dothi.db import session as db
from tests.browser import axe, time_seed
from tests.filled import filled
from tests.servers import Running

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
DESK = {"viewport": {"width": 1920, "height": 1080}}
BAND = "[data-band=replay]"


@pytest.fixture
def room(database, monkeypatch):
    monkeypatch.setenv("DOTHI_ROLE", "web")  # no engine that raises alarms of its own
    config.settings.cache_clear()
    made = filled("12 past", database, lambda: time_seed.built(lamps=6, past=12))
    with Running() as running:
        made.url = running.url
        yield made


@pytest.fixture
def sits(room, visit):
    """The duty officer takes the desk, whose time machine is ready: sits(drawn) -> Visitor."""

    def sat(*, drawn: bool):
        visitor = visit("about:blank", **DESK).enter(room.url, time_seed.token("nhung"))
        if not drawn:  # the map is by far the heaviest
            visitor.page.route("**/assets/stage-*", lambda route: route.abort())
        visitor.page.goto(f"{room.url}/operations")
        visitor.page.wait_for_selector("ops-scrubber[data-ready]")
        if drawn:
            visitor.page.wait_for_selector("ops-map[data-ready]")
        return visitor

    return sat


@pytest.fixture
def officer(sits):
    """The duty officer at the desk, with the map."""
    return sits(drawn=True)


@pytest.fixture
def reader(sits):
    """The duty officer at the desk, where what is asked is not about the map."""
    return sits(drawn=False)


def lines(page):
    return page.locator("ops-queue .line")


def test_space_goes_into_the_past_and_everything_follows_and_space_comes_back(room, officer):
    page = officer.page
    expect(lines(page).first).to_contain_text("Ngập đường Châu Thị Kim")
    expect(page.locator(BAND)).to_be_hidden()
    page.locator("body").press(" ")
    expect(page.locator(BAND)).to_contain_text("XEM LẠI")
    expect(page).to_have_url(re.compile(r"at=20\d\d-"))
    # an hour ago none of these stood; that they stand now is a number and no more
    expect(page.locator("ops-queue")).not_to_contain_text("Châu Thị Kim")
    expect(page.locator(f"{BAND} [data-say=new]")).to_have_text("2 nghiêm trọng mới ở hiện tại")
    expect(page.locator("ops-queue .fresh-chip")).to_contain_text("9 mới ở hiện tại")
    expect(page.locator("ops-clock")).to_have_class(re.compile("replay"))
    page.locator("body").press(" ")
    expect(page.locator(BAND)).to_be_hidden()
    expect(page).not_to_have_url(re.compile("at="))
    expect(lines(page).first).to_contain_text("Ngập đường Châu Thị Kim")
    assert officer.complaints == []


def test_a_moment_of_which_nothing_was_known_says_so_and_keys_choose_between_the_clocks(room, reader):
    page = reader.page
    page.locator("body").press(" ")
    # the day's values were all loaded a moment ago: the past is shown as it is known today, in words
    expect(page.locator(".toasts")).to_contain_text("Lúc ấy chưa nhận được số liệu nào")
    expect(page.locator(f"{BAND} [data-say=known]")).to_contain_text("cả số liệu nhận sau")
    expect(page).to_have_url(re.compile("known="))
    level = page.locator(".figs a[data-code=stage] .fig")
    expect(level).to_contain_text(re.compile(r"\d,\d\d"))
    page.locator("body").press("i")
    expect(page.locator(f"{BAND} [data-say=known]")).to_contain_text("đã biết đến")
    expect(page).not_to_have_url(re.compile("known="))
    expect(level).to_have_count(0)
    page.locator("body").press("i")
    expect(level).to_contain_text(re.compile(r"\d,\d\d"))


def test_the_track_moves_by_keys_and_plays_to_the_present(room, officer):
    page = officer.page
    track = page.get_by_role("slider", name="Thanh thời gian")
    track.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(BAND)).to_be_visible()
    before = track.get_attribute("aria-valuenow")
    page.keyboard.press("PageDown")
    expect(track).not_to_have_attribute("aria-valuenow", before)
    assert int(before) - int(track.get_attribute("aria-valuenow")) >= 1790  # half an hour
    assert "cảnh báo trong 30 phút" in track.get_attribute("aria-valuetext")
    page.get_by_role("button", name="Tốc độ 600 lần").click()
    page.get_by_role("button", name="Chạy", exact=True).click()
    expect(page.locator(f"{BAND} [data-say=speed]")).to_have_text("tốc độ 600×")
    # it plays into the present and stays there
    expect(page.locator(BAND)).to_be_hidden(timeout=60_000)
    expect(page.get_by_role("button", name="TRỰC TIẾP")).to_have_attribute("aria-pressed", "true")
    assert officer.complaints == []


def test_an_alarm_raised_meanwhile_stays_out_of_the_past(room, reader):
    page = reader.page
    page.locator("body").press(" ")
    expect(page.locator(f"{BAND} [data-say=new]")).to_have_text("2 nghiêm trọng mới ở hiện tại")
    with db.writing() as session:
        row = ("Vỡ đê bao Hướng Thọ Phú", "Đê bao", "2,10", "m", 2.0, "critical", 0, 106.4022, 10.5561)
        time_seed.alarm(session, *row)
    expect(page.locator(f"{BAND} [data-say=new]")).to_have_text("3 nghiêm trọng mới ở hiện tại")
    expect(page.locator("ops-queue")).not_to_contain_text("Vỡ đê bao")
    page.locator(f"{BAND} [data-say=new]").click()
    expect(page.locator(BAND)).to_be_hidden()
    expect(page.locator("ops-queue")).to_contain_text("Vỡ đê bao")


def test_nothing_can_be_done_to_the_past_and_axe_finds_nothing(room, reader):
    page = reader.page
    at = "2026-11-20T05:00:00Z"
    page.goto(f"{room.url}/operations?at={at}")
    page.wait_for_selector("ops-scrubber[data-ready]")
    expect(page.locator(BAND)).to_contain_text("20/11/2026")
    expect(page.locator("[data-act=acknowledge]")).to_have_count(0)
    assert axe.faults(page, within="ops-scrubber, [data-band]") == []


def test_without_script_the_scrubber_is_links(room, visit):
    visitor = visit("about:blank", **DESK, java_script_enabled=False)
    page = visitor.enter(room.url, time_seed.token("nhung"), "/operations").page
    page.get_by_role("link", name="XEM LẠI").click()
    expect(page.locator(BAND)).to_be_visible()
    page.get_by_role("link", name="TRỰC TIẾP").click()
    expect(page.locator(BAND)).to_be_hidden()
