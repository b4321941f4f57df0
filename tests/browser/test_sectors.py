"""The page that answers by sector: on a phone and a desk, in both faces, without script; one question alone; axe clean."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser import axe, seed
from tests.browser.conftest import DESK, PHONE
from tests.servers import Running

pytestmark = pytest.mark.browser
once = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def town(database: object) -> Iterator[str]:
    """The running server's address; a small simulated Tân An."""
    seed.city(lamps=8)
    with Running() as running:
        yield running.url


@once
def test_a_sector_answers(town: str, visit: object) -> None:
    page = visit(f"{town}/sectors", **PHONE).page  # type: ignore[operator]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe.faults(page) == []
    page.locator('.sct-cards a[href="/sectors/water"]').click()
    expect(page.locator("h1")).to_be_visible()
    first = page.locator("article.ans").first
    expect(first.locator(".ans-head .ans-say")).to_be_visible()
    expect(first.locator(".ans-src").first).to_contain_text("mô phỏng")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert axe.in_both_themes(page) == []
    page.locator(".ans-for summary").click()
    page.locator("#a-place").select_option(seed.WARDS[0])
    page.locator(".ans-asked button").click()
    expect(page).to_have_url(f"{town}/sectors/water?place={seed.WARDS[0]}&at=")
    page.locator("article.ans h2 a").first.click()  # one question alone
    expect(page.locator("article.ans")).to_have_count(1)


@once
def test_what_takes_long_comes_by_itself(town: str, visit: object, monkeypatch: pytest.MonkeyPatch) -> None:
    page = visit(f"{town}/sectors/water", **DESK).page  # type: ignore[operator]
    page.evaluate("""() => { const one = document.querySelector("article.ans"); const part = document.createElement("sector-part");
        part.dataset.src = one.querySelector("h2 a").getAttribute("href");
        one.replaceChildren(part); }""")
    expect(page.locator("article.ans").first.locator(".ans-head")).to_be_visible()
