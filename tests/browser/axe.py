"""What axe-core finds wrong with a page for people who do not see, point or tell colours apart."""

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
COLOURS = ("color-contrast", "link-in-text-block")  # the rules, of those that run, that ask for a colour
RESTING = """() => document.getAnimations().every((one) =>
  one.playState !== "running" || one.effect.getTiming().iterations === Infinity)"""
# only what is violated is worked out in full, which saves most of the time; there is nothing to load ahead and no frame
LOOK = """async ([within, only, grave]) => {
  const rules = {"target-size": {enabled: !grave}};  // AA since WCAG 2.2, which axe leaves out unless asked
  const said = {resultTypes: ["violations"], preload: false, iframes: false, performanceTimer: false};
  const found = await axe.run(within ?? document, {...said, ...(only ? {runOnly: only} : {rules})});
  return found.violations.filter((one) => !grave || ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.nodes[0].html.slice(0, 160)}`);
}"""


@cache
def script() -> str:
    """axe-core itself; what its evaluation comes to is not worth carrying back."""
    return AXE.read_text("utf-8") + ";0"


def faults(page: Page, *, within: str | None = None, only: tuple[str, ...] = (), grave: bool = False) -> list[str]:
    """What axe finds, however slight, once nothing moves: "rule: the first element that breaks it".

    within: a selector, to look at part of the page; only: these rules alone; grave: what axe calls serious or critical
    alone, of the rules it follows unasked: for pages that still have slighter faults.
    """
    page.wait_for_function(RESTING)  # a colour on its way to another is neither
    if not page.evaluate("Boolean(window.axe?.run)"):
        page.evaluate(script())
    found: list[str] = page.evaluate(LOOK, [within, list(only) or None, grave])
    return found


def in_both_themes(page: Page, *, grave: bool = False) -> list[str]:
    """What axe finds in the light and then, of what colours can change, in the dark, where the page is left."""
    found = []
    for theme, only in (("light", ()), ("dark", COLOURS)):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [f"{theme} {one}" for one in faults(page, only=only, grave=grave)]
    return found
