"""What maps and drawn pictures share: where most things are, positions fitted into a picture, the lines of a shape."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dothi.sensing.state import ThingState

LEAST = 0.03  # degrees: the least of the city a picture shows, around a single thing
Position = Sequence[float]
Project = Callable[[Position], tuple[float, float]]


def middle(positions: Iterable[Position]) -> tuple[float, float, float, float] | None:
    """The box of the middle 96 % in each direction, so that one stray position does not shrink the city."""
    found = [(one[0], one[1]) for one in positions]
    if not found:
        return None
    xs, ys = sorted(x for x, _ in found), sorted(y for _, y in found)
    cut = len(xs) // 50
    return xs[cut], ys[cut], xs[-1 - cut], ys[-1 - cut]


def bounds(things: Iterable[ThingState]) -> list[float] | None:
    """What a map shows first: where most things are, with a margin."""
    box = middle((one.lon, one.lat) for one in things if one.lon is not None and one.lat is not None)
    if box is None:
        return None
    west, south, east, north = box
    margin = max(0.004, 0.04 * max(east - west, north - south))
    return [round(v, 5) for v in (west - margin, south - margin, east + margin, north + margin)]


def fitted(box: Sequence[float], width: float, height: float, share: float) -> Project:
    """Positions to a picture whose `share` a box (degrees) fills: north up, widths right at that latitude."""
    west, south, east, north = box
    cx, cy = (west + east) / 2, (south + north) / 2
    narrow = math.cos(math.radians(cy))
    scale = min(width * share / max(LEAST, east - west) / narrow, height * share / max(LEAST, north - south))

    def project(at: Position) -> tuple[float, float]:
        return width / 2 + (at[0] - cx) * scale * narrow, height / 2 - (at[1] - cy) * scale

    return project


def lines(geometry: dict[str, Any]) -> list[list[Position]]:
    """The lines and rings of a GeoJSON geometry; none of points."""
    at = geometry["coordinates"]
    match geometry["type"]:
        case "LineString":
            return [at]
        case "MultiLineString" | "Polygon":
            return list(at)
        case "MultiPolygon":
            return [ring for polygon in at for ring in polygon]
    return []
