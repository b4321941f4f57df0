"""The transparency figures on a phone: nothing wider than it, nothing too small, axe clean, each figure leads on."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dothi.db import session as db
from dothi.kit import clock
from tests.browser import axe
from tests.browser.conftest import PHONE
from tests.cases import scene
from tests.servers import Running

pytestmark = pytest.mark.browser
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SMALL = """() => [...document.querySelectorAll("main *")]
  .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()) && one.getClientRects().length)
  .filter((one) => !one.closest("svg") && parseFloat(getComputedStyle(one).fontSize) < 12).map((one) => one.textContent)"""


@pytest.fixture
def town(database: object) -> Iterator[str]:
    """The running server's address; some reports of two months."""
    with db.writing() as session:
        people = scene.city(session)
    with db.writing() as session:
        for days in (2, 35, 36):
            begin = clock.now_micros() - days * clock.DAY
            scene.opened(session, people.admin, opened_at=begin, simulated=True, unit="27694", office=people.lights.id)
    with Running() as running:
        yield running.url


@once
def test_the_figures_on_a_phone(town: str, visit: object) -> None:
    page = visit(f"{town}/transparency", **PHONE).page  # type: ignore[operator]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(SMALL) == []
    assert axe.in_both_themes(page) == []
    expect(page.locator(".tp-chart svg")).to_be_visible()
    page.locator(".tp-figs a").first.click()
    expect(page.locator("[data-count]")).to_have_attribute("data-count", "3")
    expect(page.locator(".tp-rows li")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.mouse.move(0, 0)  # what the pointer still lies on fades
    assert axe.faults(page) == []
