"""Cameras and rules in Chromium: a picture opened and closed by keyboard, pages at three sizes, nothing axe objects to."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine

from dothi.alerts import rulebook
from dothi.db import session as db
from dothi.identity.guard import SYSTEM, sees_entries
from dothi.journal import service as journal
from tests.browser import axe
from tests.browser.conftest import PHONE, at_length
from tests.cameras import city as town
from tests.filled import filled
from tests.servers import Running

pytestmark = pytest.mark.browser
SIZES = [
    at_length({"viewport": {"width": 1920, "height": 1080}}), at_length({"viewport": {"width": 1024, "height": 768}}), PHONE,
]  # fmt: skip


@pytest.fixture
def centre(database: Engine, tmp_path: Path) -> Iterator[str]:
    """The running server's address; a town with cameras, and the packs' rules."""

    def build() -> None:
        town.build(tmp_path / "town")
        with db.writing() as session:
            rulebook.declare(session)

    filled("cameras", database, build)
    with Running() as running:
        yield running.url


@pytest.fixture
def at_work(centre: str, visit):
    """Open a page as a duty chief: at_work(path, **screen) -> Visitor. Without a path, none yet."""
    token = town.signed_in("chief", "duty-chief")

    def opened(path: str = "", **screen: object):
        return visit("about:blank", **screen).enter(centre, token, path)

    return opened


def entries(kind: str) -> list[dict]:
    with db.reading() as session:
        return journal.read(session, sees=sees_entries(SYSTEM), kinds=(kind,))


def test_a_camera_is_opened_and_closed_by_keyboard_and_both_are_written_down(at_work):
    visitor = at_work("/operations/cameras/CAM-01")
    page = visitor.page
    expect(page.locator("camera-view:defined")).to_be_visible()  # pressed earlier, the form itself is sent
    look = page.get_by_role("button", name="Xem hình")
    look.focus()
    page.keyboard.press("Enter")
    picture = page.get_by_role("img", name="Hình từ camera Chợ")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("naturalWidth", 640)
    expect(page.locator("camera-view .said")).to_have_text("còn 10 phút")
    stop = page.get_by_role("button", name="Thôi xem")
    expect(stop).to_be_focused()
    page.keyboard.press("Enter")
    expect(look).to_be_focused()
    expect(picture).to_have_count(0)
    (opened,) = entries("duty.camera.opened")
    page.wait_for_timeout(500)
    (closed,) = entries("duty.camera.closed")
    assert closed["data"]["viewing"] == opened["data"]["viewing"]
    assert visitor.complaints == []


def test_leaving_the_page_ends_the_viewing(at_work, centre):
    page = at_work("/operations/cameras/CAM-02").page
    page.get_by_role("button", name="Xem hình").click()
    expect(page.locator("camera-view img")).to_have_js_property("naturalWidth", 640)
    page.goto(f"{centre}/operations/rules")
    page.wait_for_timeout(500)
    assert len(entries("duty.camera.closed")) == 1


def test_a_camera_works_without_script(at_work):
    page = at_work("/operations/cameras/CAM-02", java_script_enabled=False).page
    page.get_by_role("button", name="Xem hình").click()
    expect(page.get_by_role("img", name="Hình từ camera Bến sông")).to_be_visible()
    page.get_by_role("button", name="Thôi xem").click()
    expect(page.get_by_text("Chưa mở hình.")).to_be_visible()
    assert len(entries("duty.camera.closed")) == 1


def test_a_stream_that_does_not_come_is_said_and_the_viewing_ends(at_work):
    page = at_work("/operations/cameras/CAM-06").page
    page.route("http://10.0.0.6/**", lambda route: route.abort())
    page.get_by_role("button", name="Xem hình").click()
    expect(page.locator("camera-view .said")).to_have_text("Không nhận được hình từ camera này.")
    page.wait_for_timeout(500)
    assert len(entries("duty.camera.closed")) == 1


def test_hls_is_asked_for_where_the_camera_says(at_work):
    page = at_work("/operations/cameras/CAM-05").page
    page.route("https://camera.example.vn:8443/**", lambda route: route.fulfill(status=404))
    with page.expect_request("https://camera.example.vn:8443/05/live.m3u8?khoa=bi-mat"):
        page.get_by_role("button", name="Xem hình").click()


@pytest.mark.parametrize("screen", SIZES, ids=["1920", "1024", "phone"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(at_work, centre, screen):
    visitor = at_work(**screen)
    page, wrong = visitor.page, []
    page.on("response", lambda one: wrong.append(f"{one.url}: {one.status}") if one.status >= 400 else None)
    for path in (
        "/operations/cameras", "/operations/cameras/CAM-01", "/operations/cameras/CAM-01?frame=1", "/operations/rules",
        "/operations/rules/street-flood", "/operations/rules/new",
        "/operations/rules/new?property=water-level&kind=high", "/operations/rules/street-flood/trial",
        "/operations/maintenance",
    ):  # fmt: skip
        page.goto(centre + path)
        wrong += [f"{path}: {one}" for one in axe.faults(page)]
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            wide = "[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1)"
            over = page.evaluate(f"{wide}.slice(0, 4).map((e) => e.outerHTML.slice(0, 90))")
            wrong.append(f"{path}: runs over the edge: {over}")
    assert wrong == []
    assert visitor.complaints == []
