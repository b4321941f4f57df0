"""At which version of a dataset each part of the map last changed, so that a tile is made anew only when it must be.

A write stamps the cells its boxes lie in, before and after the change, with the version it gives the dataset. Cells are
tiles of the Web Mercator square at one of a few zooms: the finest, about 2 km wide in Vietnam, or a coarser one for
a box that would cover too many. A stamp at zoom z says that the whole cell may have changed; a stamp at zoom -z says
that something inside it did, so that a tile of a low zoom looks at few rows. Zoom 0 is the whole dataset.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import ColumnElement, Double, Integer, Select, bindparam, cast, func, literal_column, select, union_all
from sqlalchemy.orm import Session

from dothi.datasets.tables import TileStamp
from dothi.db import words

LEVELS = (14, 11, 8, 5)  # zooms with cells, finest first
BUFFER = 1 / 60  # how far beyond its edge a tile looks, as a share of its width (at least that of db.tiling)
_MOST_PER_BOX = 64  # cells of one box; more, and the box goes to the next coarser zoom
_MOST = 4096  # cells of one write and zoom
_ROUNDING = 1e-7  # degrees, about 1 cm: the databases may round a position to either side of an edge
_NORTH = 85.0511287798066  # degrees; the square ends here
_ROWS = 500  # per statement


def touch(
    session: Session,
    dataset_id: int,
    boxes: Sequence[tuple[float, float, float, float]] | ArrayLike | None,
    version: int,
) -> None:
    """Stamp what a write changed. Call it in the write's transaction, after the dataset's version rose to `version`.

    boxes: west, south, east, north in degrees of each record as it was and as it is now (both where they differ);
    records without geometry have none. None stands for the whole dataset.
    """
    rows = [(0, 0, 0)] if boxes is None else cells(boxes)
    for start in range(0, len(rows), _ROWS):
        values = ", ".join(
            f"({dataset_id:d}, {z:d}, {x:d}, {y:d}, {version:d})" for z, x, y in rows[start : start + _ROWS]
        )
        session.connection().exec_driver_sql(
            f"INSERT INTO tile_stamp (dataset_id, z, x, y, version) VALUES {values}"
            " ON CONFLICT (dataset_id, z, x, y) DO UPDATE SET version = excluded.version"
            " WHERE tile_stamp.version < excluded.version"
        )


def cells(boxes: Sequence[tuple[float, float, float, float]] | ArrayLike) -> list[tuple[int, int, int]]:
    """The cells (z, x, y) that boxes lie in, those around them at the coarser zooms as (-z, x, y); in order."""
    left = np.asarray(boxes, dtype=np.float64).reshape(-1, 4)
    if not len(left):
        return []
    if not np.isfinite(left).all():
        return [(0, 0, 0)]
    over = left[:, 0] > left[:, 2]  # across the antimeridian, as RFC 7946 writes it
    if over.any():
        eastern, western = left[over].copy(), left[over].copy()
        eastern[:, 2], western[:, 0] = 180.0, -180.0
        left = np.concatenate([left[~over], eastern, western])
    whole: set[tuple[int, int, int]] = set()
    for level in LEVELS:
        corners = _corners(left, level)
        size = (corners[:, 2] - corners[:, 0] + 1) * (corners[:, 3] - corners[:, 1] + 1)
        fits = size <= _MOST_PER_BOX
        found = _spread(corners[fits])
        if len(found) > _MOST:  # many small boxes all over: all of them one zoom coarser
            continue
        whole.update((level, int(x), int(y)) for x, y in found)
        left = left[~fits]
        if not len(left):
            break
    if len(left):
        return [(0, 0, 0)]
    around = {
        (-coarser, x >> (level - coarser), y >> (level - coarser))
        for level, x, y in whole
        for coarser in LEVELS
        if coarser < level
    }
    return sorted(whole | around)


def _corners(boxes: NDArray[np.float64], level: int) -> NDArray[np.int64]:
    """First and last column and row of each box: x0, y0, x1, y1."""
    width = float(1 << level)
    west, south, east, north = boxes.T
    latitudes = np.stack([north + _ROUNDING, south - _ROUNDING])
    sines = np.sin(np.radians(np.clip(latitudes, -_NORTH, _NORTH)))
    rows = (0.5 - np.log((1 + sines) / (1 - sines)) / (4 * math.pi)) * width
    columns = (np.stack([west - _ROUNDING, east + _ROUNDING]) + 180.0) / 360.0 * width
    found = np.stack([columns[0], rows[0], columns[1], rows[1]], axis=1)
    cells: NDArray[np.int64] = np.clip(np.floor(found), 0, width - 1).astype(np.int64)
    return cells


def _spread(corners: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Every cell of every box, each once; more than `_MOST` are not all told."""
    single = (corners[:, 0] == corners[:, 2]) & (corners[:, 1] == corners[:, 3])
    names = np.unique(corners[single, 0] << 32 | corners[single, 1])[: _MOST + 1]
    found = set(zip((names >> 32).tolist(), (names & 0xFFFFFFFF).tolist(), strict=True))
    for x0, y0, x1, y1 in corners[~single].tolist():
        if len(found) > _MOST:
            break
        found.update((x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1))
    return list(found)


def of_tile(dataset_id: int, z: int) -> Select[Any]:
    """The version at which tiles of a zoom last changed: one row, one column; 0 where nothing was ever written.

    The same statement serves every tile of the zoom; its values are the tile's `x` and `y`.
    """
    c = TileStamp.__table__.c
    mine = c.dataset_id == literal_column(str(dataset_id))
    parts = [select(c.version).where(mine, c.z == literal_column("0"))]
    for level in _looked_at(z):
        (west, east), (north, south) = (_cells(name, 2.0 ** (abs(level) - z)) for name in ("x", "y"))
        here = (c.z == literal_column(str(level)), c.x.between(west, east), c.y.between(north, south))
        parts.append(select(c.version).where(mine, *here))
    all_of_them = union_all(*parts).subquery("stamps")
    return select(func.coalesce(func.max(all_of_them.c.version), literal_column("0")))


def _cells(name: str, scale: float) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """The first and last cell that a tile and its margin lie in; `scale` cells are as wide as a tile."""
    place: ColumnElement[float] = cast(bindparam(name, required=False, type_=Integer()), Double())
    first, last = (place - _exactly(BUFFER)) * _exactly(scale), (place + _exactly(1 + BUFFER)) * _exactly(scale)
    return cast(words.floored(first), Integer()), cast(words.floored(last), Integer())


def _exactly(number: float) -> ColumnElement[float]:
    return literal_column(repr(number), Double())


def _looked_at(z: int) -> list[int]:
    """The zooms with stamps that tell of a tile of zoom z.

    Stamps of whole cells at every coarser zoom and the first that is at least as fine; below that one, its own sums.
    """
    finest = min((level for level in LEVELS if level >= z), default=LEVELS[0])
    looked = [level for level in LEVELS if level <= finest]
    return looked if finest == LEVELS[0] else [*looked, -finest]
