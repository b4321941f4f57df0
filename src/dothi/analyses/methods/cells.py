"""cells: how many records lie in each cell of a grid, and no cell that could point at somebody.

Source: threshold rule of statistical disclosure control (Hundepool et al. 2012, Statistical Disclosure Control, ch. 3;
Eurostat grid statistics): a cell with fewer than k records is not made at all. Totals are not made either, so that
nothing can be reckoned back by taking away. Counts may be rounded to a base. Hexagons after Birch, Oom & Beecham (2007),
"Rectangular and hexagonal grids used for observation, experiment and simulation in ecology".
"""

from collections import defaultdict
from typing import Any

import numpy as np
import shapely
from pydantic import Field

from dothi.analyses.ground import Plane
from dothi.analyses.model import (
    NUMBER,
    WHEN,
    WORD,
    Feature,
    Given,
    Item,
    Kind,
    Method,
    Need,
    Parameters,
    Role,
    TooLittle,
    centre,
    local_day,
    local_hour,
    rounded,
)

SAFE = 3  # below this k a result may not be shown to more people than its input


class Cells(Parameters):
    """size: metres across a cell. by: what is counted apart beside the place; each cell of each of them needs k records.

    base: counts are rounded to multiples of it. origin: where the grid is laid out from (the same one every time).
    """

    shape: str = Field(default="hexagon", pattern="^(hexagon|square)$")
    size: float = Field(default=500, ge=50, le=20_000)
    k: int = Field(default=5, ge=1, le=1000)
    by: list[str] = Field(default_factory=list, max_length=2)
    base: int = Field(default=1, ge=1, le=100)
    origin: tuple[float, float] = (106.0, 10.0)


def address(metres: Any, size: float, shape: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The column and row of the cell of each position (metres)."""
    x, y = metres[:, 0], metres[:, 1]
    if shape == "square":
        return np.floor(np.column_stack([x, y]) / size).astype(np.int64)
    radius = size / np.sqrt(3)  # of a hexagon that is `size` across its flats, pointing up
    q = (np.sqrt(3) / 3 * x - y / 3) / radius
    r = (2 / 3 * y) / radius
    s = -q - r
    rq, rr, rs = np.round(q), np.round(r), np.round(s)
    dq, dr, ds = np.abs(rq - q), np.abs(rr - r), np.abs(rs - s)
    most = (dq > dr) & (dq > ds)
    rq = np.where(most, -rr - rs, rq)
    rr = np.where(~most & (dr > ds), -rq - rs, rr)
    return np.column_stack([rq, rr]).astype(np.int64)


def outline(column: int, row: int, size: float, shape: str) -> Any:
    """The cell as a polygon in metres."""
    if shape == "square":
        return shapely.box(column * size, row * size, (column + 1) * size, (row + 1) * size)
    radius = size / np.sqrt(3)
    x, y = radius * np.sqrt(3) * (column + row / 2), radius * 1.5 * row
    turn = np.radians(np.arange(30, 390, 60))
    return shapely.polygons(np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)]))


def _group(item: Item, by: str) -> str | None:
    if by == "category":
        return item.text("category")
    at = item.at()
    if at is None:
        return None
    day, hour = int(local_day(at)), int(local_hour(np.array([at]))[0])
    if by == "hours":
        return ("00-06", "06-12", "12-18", "18-24")[hour // 6]
    if by == "weekday":
        return ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")[(day + 3) % 7]
    from dothi.analyses.model import day_text

    return day_text(day)[:7]


def run(given: Given, p: Cells) -> list[Feature]:
    """One feature a cell (and group) with k records or more."""
    events = [(one, where) for one in given.records("events") if (where := centre(one.shape)) is not None]
    if not events:
        raise TooLittle("chưa có bản ghi nào có vị trí", "no record has a position")
    plane = Plane(*p.origin)
    # the plane is laid out at the data's own whole degree of latitude, so that cells are as wide as said
    plane = Plane(plane.lon, float(np.round(np.median([where[1] for _, where in events]))))
    spots = address(plane.metres([where for _, where in events]), p.size, p.shape)
    held: dict[tuple[Any, ...], list[Item]] = defaultdict(list)
    for (item, _), spot in zip(events, spots.tolist(), strict=True):
        groups = [_group(item, by) for by in p.by]
        if None not in groups:
            held[(*spot, *groups)].append(item)
    made: list[Feature] = []
    for (column, row, *groups), some in sorted(held.items()):
        if len(some) < p.k:
            continue
        values = [number for one in some if (number := one.number("value")) is not None]
        count = round(len(some) / p.base) * p.base
        cell = outline(column, row, p.size, p.shape)
        said = dict(zip(p.by, groups, strict=True))
        made.append(Feature("_".join(map(str, (column, row, *groups))), {
            **said, "count": count, "per_km2": rounded(count / (cell.area / 1e6), 2), "k": p.k,
            "mean": rounded(float(np.mean(values))) if len(values) >= p.k else None,
        }, plane.round(cell)))  # fmt: skip
    return made


def _check(_: Any, p: Any) -> Any:
    known = ["category", "hours", "weekday", "month"]
    for i, one in enumerate(p.by):
        if one not in known:
            yield ("parameters", "by", i), f'nothing is counted by "{one}"', one, known


_GIVES: dict[str, Kind] = {
    "category": "string", "hours": "string", "weekday": "string", "month": "string", "count": "integer",
    "per_km2": "number", "mean": "number", "k": "integer",
}  # fmt: skip
METHOD = Method(
    code="cells",
    says="Records by cells of a grid, none with fewer than k",
    source="Threshold rule (Hundepool et al. 2012); hexagons (Birch et al. 2007)",
    needs={
        "events": Need("records", "records with a place; they may be restricted", {
            "at": Role("when, for `by: hours`, `weekday` and `month`", WHEN),
            "category": Role("what, for `by: category`", WORD),
            "value": Role("a number whose mean is shown", NUMBER),
        }, shape="any"),
    },
    parameters=Cells,
    gives=_GIVES,
    run=run,
    shape="polygon",
    timeless=True,
    protects=lambda p: p.k >= SAFE,
    check=_check,
)  # fmt: skip
