"""Chromium, and pages opened in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect, sync_playwright

from dothi.web import assets

ROOT = Path(__file__).parents[2]
# pages are put together by the processor; only what draws by WebGL goes through the software one, which costs far more
QUIET = [
    "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
]  # fmt: skip
expect.set_options(timeout=45_000)  # a machine may be busy; what is right does not depend on it
WHOLE = ("chromium", "chromium-browser", "google-chrome")
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
# of the sizes and themes of a walk through pages, those that only the long run looks at; the phone's are always looked at
at_length = partial(pytest.param, marks=pytest.mark.soak)


@pytest.fixture(scope="package")  # Playwright keeps an event loop running, which other tests must not meet
def browsers() -> Iterator[BrowserType]:
    """What starts a browser of Debian's Chromium."""
    if not assets.manifest():
        pytest.fail("the front end is not built: npm ci && npm run build in frontend/ (make test does it)")
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="package")
def chromium(browsers: BrowserType) -> Iterator[Browser]:
    """Debian's Chromium, with WebGL drawn in software; its shell, which draws the same pages for a quarter less work."""
    with started(browsers, "chromium-headless-shell", *WHOLE) as browser:
        yield browser


@contextmanager
def started(browsers: BrowserType, *names: str) -> Iterator[Browser]:
    """The first of some programs that is there, running."""
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("Chromium is not installed (make test does it)")
    browser = browsers.launch(executable_path=path, args=QUIET)
    yield browser
    browser.close()


class Visitor:
    """A page whose complaints are kept."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)

    def enter(self, root: str, token: str, path: str = "") -> Self:
        """Be signed in at a server with a session's token and open one of its pages; without a path, none yet."""
        self.page.context.add_cookies([{"name": "dothi_session", "value": token, "url": root}])
        if path:
            self.page.goto(root + path)
        return self


@pytest.fixture
def visit(chromium: Browser) -> Iterator[object]:
    """Open an address: visit(url, **context options) -> Visitor. Nothing glides unless it is asked for: it is drawn by the processor."""
    contexts = []

    def opened(url: str, **options: object) -> Visitor:
        context = chromium.new_context(
            **{"locale": "vi-VN", "reduced_motion": "reduce", "device_scale_factor": 0.5, **DESK, **options}
        )
        context.set_default_timeout(90_000)
        contexts.append(context)
        visitor = Visitor(context.new_page())
        visitor.page.goto(url)
        return visitor

    yield opened
    for context in contexts:
        context.close()
