"""What maps and drawn pictures share: where most things are, positions fitted into a picture, the lines of a shape.

And what charts share: their frame, round numbers along it, the pieces of a line with gaps.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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


def fitted(box: Sequence[float], width: float, height: float, share: float, least: float = LEAST) -> Project:
    """Positions to a picture whose `share` a box (degrees) fills: north up, widths right at that latitude.

    least: degrees a smaller box counts as. Arrays of longitudes and latitudes are placed at once.
    """
    west, south, east, north = box
    cx, cy = (west + east) / 2, (south + north) / 2
    narrow = math.cos(math.radians(cy))
    scale = min(width * share / max(least, east - west) / narrow, height * share / max(least, north - south))

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


# charts

_STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Frame:
    """Where a chart draws, in units of its own: width and height with the room its labels take."""

    width: float = 352
    height: float = 120
    left: float = 34
    right: float = 50
    top: float = 12
    bottom: float = 22


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Round numbers around a stretch."""
    wide = (high - low) or abs(high) or 1.0
    size = 10.0 ** math.floor(math.log10(wide / count))
    step = next(size * one for one in _STEPS if size * one * count >= wide * 0.999)
    made = [math.floor(low / step + 1e-9) * step]
    while made[-1] < high - step * 1e-9 and len(made) < 12:
        made.append(made[0] + step * len(made))
    return made if len(made) > 1 else [made[0], made[0] + step]


def digits(steps: Sequence[float]) -> int:
    """The decimals that tell round numbers apart."""
    return max(0, -math.floor(math.log10(steps[1] - steps[0]) + 1e-9))


def grid(f: Frame, y: float, label: str) -> str:
    """A line across a chart at a height, with its label on the left."""
    return (
        f'<path class="grid" d="M{f.left} {y:.1f}H{f.width - f.right}"/>'
        f'<text x="{f.left - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    )


def pieces(points: Iterable[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    """The stretches of a line between its gaps."""
    made: list[list[tuple[int, float]]] = [[]]
    for at, value in points:
        if value is None:
            made.append([])
        else:
            made[-1].append((at, value))
    return [one for one in made if one]
