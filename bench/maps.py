"""The workbench's map in Chromium with 200,000 points: frames while it moves, beside the same map without them.

From the whole province to a street. Server and browser share the machine, and where there is no graphics card, Chromium
draws in software: what is bare says what is the machine's.
"""

from bench import features
from bench.browsing import MOVE, frames, opened
from bench.harness import Place, serving, using

ZOOMS = (9, 11, 13, 15)
AT = f"{(features.WEST + features.EAST) / 2},{(features.SOUTH + features.NORTH) / 2}"


def run(place: Place) -> None:
    """Print every figure for one database."""
    with using(place):
        features.fill(place, "points", features.POINTS, "Point")
        features.vacuum()
    with serving(place, "web") as served:
        for zoom in ZOOMS:
            bare = _moved(place, f"{served.url}/map?at={AT},{zoom}&l=", f"map-moving-bare-z{zoom}", None)
            _moved(place, f"{served.url}/map?at={AT},{zoom}&l=points", f"map-moving-points-z{zoom}", bare)


def _moved(place: Place, url: str, name: str, bare: float | None) -> float:
    with opened(url) as page:
        page.wait_for_selector("gis-workbench canvas")
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(2000)
        page.evaluate(MOVE, "gis-workbench")
        page.wait_for_timeout(3000)  # tiles of where it goes
        return frames(name, place.kind, page, bare, 8)
