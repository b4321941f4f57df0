"""The wall, in a real browser: nobody touches it, and it says what it knows and since when it knows nothing."""

import re

import pytest
from playwright.sync_api import expect

from dothi import config
from dothi.db import session as db
from dothi.duty import walls
from tests.browser import axe, time_seed
from tests.filled import filled
from tests.servers import Running

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]
HD = {"viewport": {"width": 1920, "height": 1080}}
SMALLEST = """() => {
  const found = [];
  for (const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); walker.nextNode();) {
    const at = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    if (!text || at.closest('.mapcredit, .vh, script, noscript, canvas') || !at.getClientRects().length) continue;
    const scale = at.ownerSVGElement ? at.ownerSVGElement.getBoundingClientRect().width / at.ownerSVGElement.viewBox.baseVal.width : 1;
    found.push([parseFloat(getComputedStyle(at).fontSize) * scale, text]);
  }
  return found.sort((a, b) => a[0] - b[0])[0];
}"""
CRITICAL = ("Vỡ đê bao Hướng Thọ Phú", "Đê bao", "2,10", "m", 2.0, "critical", 0, 106.4022, 10.5561)


@pytest.fixture
def room(database, monkeypatch):
    monkeypatch.setenv("DOTHI_ROLE", "web")  # no engine that raises alarms of its own
    config.settings.cache_clear()
    made = filled("4 past", database, lambda: time_seed.built(lamps=6, past=4))
    with Running() as running:
        made.url = running.url
        yield made


@pytest.fixture
def wall(room, visit):
    """The wall, a moment after somebody opened its link; what it asked of the server."""
    visitor = visit("about:blank", **HD)
    visitor.asked = []
    visitor.page.on("request", lambda request: visitor.asked.append(request.url))
    visitor.page.clock.install()
    visitor.page.goto(f"{room.url}/operations/wall#{room.token}")
    visitor.page.wait_for_selector("body[data-state=on][data-ready]")
    return visitor


def test_the_token_leaves_the_address_and_the_wall_shows_the_city(room, wall):
    page = wall.page
    expect(page).to_have_url(f"{room.url}/operations/wall")
    assert not any(room.token in url for url in wall.asked if "#" not in url)
    held = [one for one in page.context.cookies() if one["name"] == "dothi_wall"]
    assert [(one["path"], one["httpOnly"], one["sameSite"]) for one in held] == [("/operations/wall", True, "Strict")]
    expect(page.locator("[data-wall=worst]")).to_have_text("NGHIÊM TRỌNG · 2")
    expect(page.locator("[data-wall=top]")).to_contain_text("38 cm")
    expect(page.locator("[data-wall=top]")).to_contain_text("Chưa nhận, đã")
    expect(page.locator("[data-wall=sim]")).to_be_visible()
    expect(page.locator("[data-wall=view]")).to_contain_text(re.compile("Toàn cảnh|Thoát nước|Giao thông"))
    expect(page.get_by_role("link")).to_have_count(0)
    expect(page.get_by_role("button")).to_have_count(0)
    # it comes back by itself: the cookie is its token now
    page.reload()
    page.wait_for_selector("body[data-state=on]")
    assert wall.complaints == []


@pytest.mark.parametrize(("width", "height", "least"), [(1920, 1080, 24), (3840, 2160, 48)])
def test_every_word_can_be_read_from_afar(room, visit, width, height, least):
    page = visit("about:blank", viewport={"width": width, "height": height}).page
    page.goto(f"{room.url}/operations/wall#{room.token}")
    page.wait_for_selector("body[data-state=on]")
    expect(page.locator("[data-wall=top] h2")).to_be_visible()
    size, text = page.evaluate(SMALLEST)
    assert size >= least - 0.05, text
    assert page.evaluate(
        "document.documentElement.scrollHeight <= innerHeight && document.body.scrollWidth <= innerWidth"
    )


def test_it_turns_jumps_to_a_new_critical_and_returns(room, wall):
    page = wall.page
    page.clock.fast_forward(21_000)
    expect(page.locator("[data-wall=view]")).to_contain_text("Thoát nước, sông")
    with db.writing() as session:
        time_seed.alarm(session, *CRITICAL)
    page.clock.fast_forward(5_500)  # until it asks by itself: this alarm is no news of the journal
    expect(page.locator("[data-wall=view]")).to_contain_text("Vừa xảy ra: Vỡ đê bao")
    expect(page.locator("[data-wall=top]")).to_contain_text("2,10 m")
    expect(page.locator("[data-wall=worst]")).to_have_text("NGHIÊM TRỌNG · 3")
    page.clock.fast_forward(31_000)
    expect(page.locator("[data-wall=view]")).to_contain_text("Thoát nước, sông")


def test_it_says_since_when_it_hears_nothing_and_goes_on_when_it_hears_again(room, wall):
    page = wall.page
    page.context.set_offline(True)
    expect(page.locator("[data-wall=lost]")).to_be_visible()
    expect(page.locator("[data-wall=fresh]")).to_have_text(re.compile(r"Mất tin từ \d\d:\d\d"))
    expect(page.locator("[data-wall=top]")).to_contain_text("38 cm")
    with db.writing() as session:
        time_seed.alarm(session, *CRITICAL)
    page.context.set_offline(False)
    expect(page.locator("[data-wall=lost]")).to_be_hidden()
    expect(page.locator("[data-wall=worst]")).to_have_text("NGHIÊM TRỌNG · 3")


def test_after_a_sleep_it_asks_at_once(room, wall):
    page = wall.page
    wall.asked.clear()
    page.clock.fast_forward("02:00:00")
    expect(page.locator("[data-wall=fresh]")).to_contain_text("Trực tiếp")
    assert any(url.endswith("/now.json") for url in wall.asked)
    assert any("/live?" in url for url in wall.asked)


def test_a_revoked_wall_shows_nothing_any_more(room, wall):
    page = wall.page
    with db.writing() as session:
        walls.revoke(session, time_seed.people_caller(session, "duc", vars(room)), room.wall)
    page.clock.fast_forward(6_000)
    expect(page.locator(".cover.refused")).to_be_visible()
    page.reload()
    expect(page.locator(".cover.refused")).to_be_visible()


def test_axe_finds_nothing(room, wall):
    page = wall.page
    page.clock.resume()
    assert axe.faults(page) == []
