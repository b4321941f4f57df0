"""Chromium for what is measured in pages: a page that is open, how long its frames take, a map that moves."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from playwright.sync_api import Page, sync_playwright
from tests.browser.conftest import QUIET

from bench.harness import emit

FRAMES = """async seconds => {
  const found = []; let last = performance.now(); const end = last + seconds * 1000;
  while (last < end) { const now = await new Promise(requestAnimationFrame); found.push(now - last); last = now; }
  return found;
}"""
MOVE = """host => { const c = document.querySelector(host + " canvas"); let n = 0; c.focus();
  window.moving = setInterval(() => c.dispatchEvent(new KeyboardEvent("keydown",
    {key: n++ % 40 < 20 ? "ArrowRight" : "ArrowLeft", keyCode: n % 40 < 20 ? 39 : 37, bubbles: true})), 200) }"""


@contextmanager
def opened(url: str, token: str = "") -> Iterator[Page]:
    """A page, open at 1920 by 1080. token: of the session it is seen in."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        context = browser.new_context(viewport={"width": 1920, "height": 1080}, locale="vi-VN")
        context.set_default_timeout(180_000)
        if token:
            context.add_cookies([{"name": "dothi_session", "value": token, "url": url}])
        page = context.new_page()
        page.goto(url)
        yield page
        browser.close()


def frames(name: str, kind: str, page: Page, bare: float | None = None, seconds: int = 10) -> float:
    """Print how long frames took, ms. bare: the 95th of a hundred without what is measured; returns that of this one."""
    found = page.evaluate(FRAMES, seconds)
    for share in (50, 95, 99):
        limit = bare if share == 95 else None
        emit(f"{name}-p{share}", kind, float(np.percentile(found, share)), "ms", limit)
    emit(f"{name}-longest", kind, max(found), "ms")
    return float(np.percentile(found, 95))
