"""What axe-core finds wrong with a page for people who do not see, point or tell colours apart."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RESTING = """() => document.getAnimations().every((one) =>
  one.playState !== "running" || one.effect.getTiming().iterations === Infinity)"""
# target-size is AA since WCAG 2.2, and axe leaves it out unless asked; only what is violated is worked out in full
LOOK = """async ([within, grave]) => {
  const found = await axe.run(within ?? document, {resultTypes: ["violations"], rules: {"target-size": {enabled: !grave}}});
  return found.violations.filter((one) => !grave || ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`);
}"""


@cache
def script() -> str:
    """axe-core itself; what its evaluation comes to is not worth carrying back."""
    return AXE.read_text("utf-8") + ";0"


def faults(page: Page, *, within: str | None = None, grave: bool = False) -> list[str]:
    """What axe finds, however slight, once nothing moves: "rule: the first element that breaks it".

    within: a selector, to look at part of the page; grave: what axe calls serious or critical alone, of the rules it
    follows unasked: for pages that still have slighter faults.
    """
    page.wait_for_function(RESTING)  # a colour on its way to another is neither
    if not page.evaluate("Boolean(window.axe?.run)"):
        page.evaluate(script())
    found: list[str] = page.evaluate(LOOK, [within, grave])
    return found


def in_both_themes(page: Page) -> list[str]:
    """What axe finds in the dark and in the light, where the page is left."""
    found = []
    for theme in ("dark", "light"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [f"{theme} {one}" for one in faults(page)]
    return found
