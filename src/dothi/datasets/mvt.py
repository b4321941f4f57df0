"""Vector tiles from shapely geometries: Mapbox Vector Tile 2.1, encoded a column at a time.

https://github.com/mapbox/vector-tile-spec/tree/master/2.1. PostGIS does this itself; this is for SQLite.
"""

import itertools
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

_POINT, _LINE, _POLYGON = 1, 2, 3
_MOVE, _LINE_TO, _CLOSE = 1, 2, 15
# shapely's type number to the tile's
_KINDS = np.array([_POINT, _LINE, _LINE, _POLYGON, _POINT, _LINE, _POLYGON, 0])


def layer(name: str, extent: int, geometries: NDArray[Any], attributes: Sequence[tuple[str, Sequence[Any]]]) -> bytes:
    """One layer with a feature for each geometry; empty bytes when nothing is left to draw.

    geometries: in whole tile units, y downwards; empty ones and None are left out. attributes: a name and as many values
    as there are geometries: str, bool, int, float, or None for none.
    """
    kinds, shapes = _commands(geometries)
    if not any(shapes):
        return b""
    tags, values = _tags(attributes, len(geometries))
    features = []
    for kind, shape, tag in zip(kinds, shapes, tags, strict=True):
        if shape:
            body = (
                (b"\x12" + _size(tag) + tag if tag else b"") + b"\x18" + bytes((kind,)) + b"\x22" + _size(shape) + shape
            )
            features.append(b"\x12" + _size(body) + body)
    names = [b"\x1a" + _size(text) + text for text in (name.encode() for name, _ in attributes)]
    own = name.encode()
    body = b"".join(
        [b"\x78\x02\x0a", _size(own), own, *features, *names, *(b"\x22" + _size(one) + one for one in values)]
    )
    body += b"\x28" + _varint(extent)
    return b"\x1a" + _size(body) + body


def _commands(geometries: NDArray[Any]) -> tuple[list[int], list[bytes]]:
    """Each geometry's kind and its encoded commands."""
    number = len(geometries)
    types = shapely.get_type_id(geometries)
    kinds = np.where((types >= 0) & ~shapely.is_empty(geometries), _KINDS[np.where(types == 2, 1, types)], 0)
    shapes = [b""] * number
    for kind, encode in ((_POINT, _points), (_LINE, _lines), (_POLYGON, _polygons)):
        where = np.flatnonzero(kinds == kind)
        if len(where):
            for at, shape in zip(where.tolist(), encode(geometries[where]), strict=True):
                shapes[at] = shape
    return kinds.tolist(), shapes


def _points(geometries: NDArray[Any]) -> list[bytes]:
    xy, owner = shapely.get_coordinates(geometries, return_index=True)
    number = np.bincount(owner, minlength=len(geometries))
    steps = _steps(xy, owner)
    at = _starts(1 + 2 * number)
    flat = np.empty(int(len(geometries) + 2 * len(xy)), np.int64)
    flat[at] = number << 3 | _MOVE
    first = np.arange(len(xy)) * 2 + owner + 1
    flat[first], flat[first + 1] = steps[:, 0], steps[:, 1]
    return _cut(flat, at)


def _lines(geometries: NDArray[Any]) -> list[bytes]:
    parts, part_owner = shapely.get_parts(geometries, return_index=True)
    return _paths(parts, part_owner, len(geometries), closed=False)


def _polygons(geometries: NDArray[Any]) -> list[bytes]:
    # outer rings have a positive area by the surveyor's formula, y downwards
    parts, part_owner = shapely.get_parts(shapely.orient_polygons(geometries), return_index=True)
    rings, ring_owner = shapely.get_rings(parts, return_index=True)
    return _paths(rings, part_owner[ring_owner], len(geometries), closed=True)


def _paths(paths: NDArray[Any], owner: NDArray[Any], number: int, *, closed: bool) -> list[bytes]:
    """Lines or rings, several to a feature: move to the first position, lines to the others, close."""
    xy, path = shapely.get_coordinates(paths, return_index=True)
    if closed:  # a ring's last position is its first
        last = np.append(path[1:] != path[:-1], True)
        xy, path = xy[~last], path[~last]
    length = np.bincount(path, minlength=len(paths))
    steps = _steps(xy, owner[path])
    begin = _starts(2 * length + (3 if closed else 2))
    total = int(begin[-1] + 2 * length[-1] + (3 if closed else 2)) if len(paths) else 0
    flat = np.empty(total, np.int64)
    within = np.arange(len(xy)) - _starts(length)[path]
    at = begin[path] + 1 + 2 * within + (within > 0)
    flat[at], flat[at + 1] = steps[:, 0], steps[:, 1]
    flat[begin] = 1 << 3 | _MOVE
    flat[begin + 3] = (length - 1) << 3 | _LINE_TO
    if closed:
        flat[begin + 2 * length + 2] = _CLOSE
    firsts = np.searchsorted(owner, np.arange(number))
    return _cut(flat, begin[firsts])


def _steps(xy: NDArray[np.float64], owner: NDArray[Any]) -> NDArray[np.int64]:
    """Zigzag-encoded steps from each position to the next; the first of a feature steps from the corner."""
    whole = np.rint(xy).astype(np.int64)
    steps = whole.copy()
    steps[1:] -= np.where((owner[1:] == owner[:-1])[:, None], whole[:-1], 0)
    zigzag: NDArray[np.int64] = steps << 1 ^ steps >> 63
    return zigzag


def _starts(lengths: NDArray[Any]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)


def _cut(flat: NDArray[np.int64], begins: NDArray[Any]) -> list[bytes]:
    """The numbers as varints, cut where each feature begins."""
    size = np.ones(len(flat), np.int64)
    for shift in (7, 14, 21, 28):
        size += flat >> shift > 0
    ends = np.cumsum(size)
    out = np.zeros(int(ends[-1]), np.uint8)
    for place in range(5):
        there = size > place
        part = flat[there] >> 7 * place & 0x7F
        out[ends[there] - size[there] + place] = part | np.where(size[there] > place + 1, 0x80, 0)
    text = out.tobytes()
    at = [0, *(ends - size)[begins[1:]].tolist(), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(at)]


def _tags(attributes: Sequence[tuple[str, Sequence[Any]]], number: int) -> tuple[list[bytes], list[bytes]]:
    """Each feature's pairs of key and value numbers, and the values in order."""
    places: dict[tuple[type, Any], bytes] = {}
    values: list[bytes] = []
    tags = [b""] * number
    for position, (_, column) in enumerate(attributes):
        key = _varint(position)
        for at, value in enumerate(column):
            if value is None:
                continue
            known = type(value), value
            place = places.get(known)
            if place is None:
                place = places[known] = _varint(len(values))
                values.append(_value(value))
            tags[at] += key + place
    return tags, values


def _value(value: Any) -> bytes:
    if isinstance(value, str):
        text = value.encode(errors="replace")
        return b"\x0a" + _size(text) + text
    if isinstance(value, bool):
        return b"\x38\x01" if value else b"\x38\x00"
    if isinstance(value, int):
        return b"\x28" + _varint(value) if value >= 0 else b"\x30" + _varint(value << 1 ^ -1)
    return b"\x19" + struct.pack("<d", value)


def _size(body: bytes) -> bytes:
    return _varint(len(body))


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
