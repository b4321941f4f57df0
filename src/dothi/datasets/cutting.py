"""Cut a vector tile from rows, a column at a time: what PostGIS does itself, for SQLite.

The same records are drawn, and the same counted, as by `db.tiling.tile` and `db.tiling.gathered`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dothi.datasets import mvt
from dothi.db import tiling
from dothi.db.tiling import BUFFER, CELL, COUNTED, EXTENT

_AREA = shapely.box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
_TYPES = {"boolean": bool, "integer": int, "number": float}


@dataclass(frozen=True)
class Choice:
    """Which rows of a crowded tile are drawn, and what stands for the others."""

    drawn: NDArray[np.int64]  # ids
    alone: NDArray[np.int64]  # ids of those that are alone in their cell
    alone_at: NDArray[np.float64]
    alone_point: NDArray[np.bool_]
    groups: NDArray[np.int64]  # how many are in each cell of several
    groups_at: NDArray[np.float64]


def crowded(boxes: Sequence[Sequence[Any]], most: int, z: int, x: int, y: int) -> bool:
    """Whether rows (id, west, south, east, north, …) are too many, or some too small, for all to be drawn."""
    if len(boxes) > most:
        return True
    table = np.array([row[:5] for row in boxes], dtype=np.float64).reshape(-1, 5)
    return bool(_small(table, z, x, y).any())


def choose(boxes: Sequence[Sequence[Any]], most: int, z: int, x: int, y: int) -> Choice:
    """What to draw of rows (id, west, south, east, north)."""
    table = np.array(boxes, dtype=np.float64).reshape(-1, 5)
    ids, west, south, east, north = table.T
    point = (east <= west) & (north <= south)
    small = _small(table, z, x, y)
    middle = _units(np.stack([(west + east) / 2, (south + north) / 2], axis=1), z, x, y)
    own = ((middle >= 0) & (middle < EXTENT)).all(axis=1)
    drawn = point.copy() if int((point & own).sum()) <= most else np.zeros(len(ids), bool)
    shapes = np.flatnonzero(~point & ~small)
    size = np.maximum(east - west, north - south)[shapes]
    drawn[shapes[np.lexsort((ids[shapes], -size))[:most]]] = True
    rest = np.flatnonzero(~drawn & (own | ~point))
    at = np.clip(middle[rest], 0, EXTENT - 1)
    cell = (at // CELL).astype(np.int64) @ np.array([EXTENT, 1])
    _, owner, number = np.unique(cell, return_inverse=True, return_counts=True)
    mean = np.stack([np.bincount(owner, at[:, side], len(number)) / np.maximum(number, 1) for side in (0, 1)], axis=1)
    alone = rest[number[owner] == 1] if len(rest) else rest
    alone_at = at[number[owner] == 1] if len(rest) else at
    several = number > 1
    return Choice(
        ids[drawn].astype(np.int64),
        ids[alone].astype(np.int64),
        np.rint(alone_at),
        point[alone],
        number[several],
        np.rint(mean[several]),
    )


def cut(
    name: str,
    rows: Sequence[Sequence[Any]],
    attributes: Sequence[tuple[str, str]],
    tile: tuple[int, int, int],
    choice: Choice | None = None,
) -> bytes:
    """The tile of rows (id, west, south, east, north, WKB or None for a point, attributes…).

    attributes: name and kind. choice: what is drawn of the rows and what else there is; without it all are drawn.
    """
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in range(6 + len(attributes))]
    if not columns[0]:
        shapes: NDArray[Any] = np.empty(0, object)
    elif columns[5][0] is None:
        xy = np.rint(_units(np.array([columns[1], columns[2]], np.float64).T, *tile))
        shapes = shapely.points(xy)
        shapes[((xy < -BUFFER) | (xy > EXTENT + BUFFER)).any(axis=1)] = None
    else:
        shapes = _shapes(shapely.from_wkb(np.array(columns[5], object)), *tile)
    counts: list[int | None] = [None] * len(shapes)
    values: list[list[Any]] = [
        [*map(_TYPES[kind], column)] if kind in _TYPES and None not in column else _some(column, kind)
        for (_, kind), column in zip(attributes, columns[6:], strict=True)
    ]
    if choice is not None:
        places = dict(zip(choice.alone.tolist(), range(len(choice.alone)), strict=True))
        for at, own in enumerate(columns[0]):
            if (place := places.get(own)) is not None:
                shapes[at] = shapely.Point(choice.alone_at[place])
                counts[at] = None if choice.alone_point[place] else 1
        shapes = np.concatenate([shapes, shapely.points(choice.groups_at)])
        counts += choice.groups.tolist()
        values = [column + [None] * len(choice.groups) for column in values]
    names = [(name, column) for (name, _), column in zip(attributes, values, strict=True)]
    if any(counts):
        names.append((COUNTED, counts))
    return mvt.layer(name, EXTENT, shapes, names)


def _some(column: Sequence[Any], kind: str) -> list[Any]:
    make = _TYPES.get(kind)
    return list(column) if make is None else [None if value is None else make(value) for value in column]


def _small(table: NDArray[np.float64], z: int, x: int, y: int) -> NDArray[np.bool_]:
    _, west, south, east, north = table.T
    limit = tiling.binds(z, x, y)["small"]
    small: NDArray[np.bool_] = (east - west < limit) & (north - south < limit * np.cos(np.radians(south)))
    small &= (east > west) | (north > south)
    return small


def _units(xy: NDArray[np.float64], z: int, x: int, y: int) -> NDArray[np.float64]:
    """Degrees as units of a tile, y downwards."""
    world = 2.0**z * EXTENT
    across = (xy[:, 0] + 180) / 360 * world - x * EXTENT
    down = (0.5 - np.log(np.tan(np.pi / 4 + np.radians(xy[:, 1]) / 2)) / (2 * np.pi)) * world - y * EXTENT
    return np.stack([across, down], axis=1)


def _shapes(geometries: NDArray[Any], z: int, x: int, y: int) -> NDArray[Any]:
    """Geometries in degrees as valid shapes of whole units, cut at the tile's margin; None or empty: nothing is left."""
    dimension = shapely.get_dimensions(geometries)
    moved = shapely.transform(geometries, lambda xy: _units(xy, z, x, y))
    flat = dimension == 0
    if z < tiling.EXACT:
        moved[~flat] = shapely.simplify(moved[~flat], tiling.SIMPLE, preserve_topology=False)
    broken = ~flat & ~shapely.is_valid(moved)
    moved[broken] = shapely.make_valid(moved[broken])
    bounds = shapely.bounds(moved)
    beyond = (bounds[:, :2] < -BUFFER).any(axis=1) | (bounds[:, 2:] > EXTENT + BUFFER).any(axis=1)
    moved[beyond] = shapely.intersection(moved[beyond], _AREA)
    whole: NDArray[Any] = shapely.set_precision(moved, 1)
    mixed = np.flatnonzero(shapely.get_type_id(whole) == shapely.GeometryType.GEOMETRYCOLLECTION)
    for at in mixed.tolist():
        whole[at] = _only(whole[at], int(dimension[at]))
    whole[shapely.get_dimensions(whole) < dimension] = None  # a shape that has shrunk to a line, a line to a point
    return whole


def _only(collection: Any, dimension: int) -> Any:
    """The parts of a collection that have a dimension."""
    parts = shapely.get_parts(collection)
    while (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
        parts = shapely.get_parts(parts)
    return shapely.union_all(parts[shapely.get_dimensions(parts) == dimension])
