"""Coordinate reference systems by reference (OGC API Features part 2): their URIs, and geometry in each one's own axes.

Records are kept in CRS84. Axes are as the authority has them: latitude first in EPSG:4326 and EPSG:4756, easting first in the zones of
VN-2000.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.enums import TransformDirection

from dothi.datasets.loads import vn2000
from dothi.kit.errors import BadInput, Fault

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
# WGS 84, Web Mercator; VN-2000: geographic, UTM 48N and 49N, the 3 degree zones 481 482 491 and Da Nang,
# and the provinces' own meridians 103-00 to 108-30
_GEOGRAPHIC = 4756
_VN2000 = (_GEOGRAPHIC, 3405, 3406, 5896, 5897, 5898, 5899, *range(9205, 9219))
CODES = (4326, 3857, *_VN2000)
URIS = (CRS84, *(f"{_EPSG}{code}" for code in CODES))
_SHORT = re.compile(r"\[?(EPSG|OGC):([A-Za-z0-9]+)\]?")
Box = tuple[float, float, float, float]


def uri_of(text: str, place: str) -> str:
    """The URI of a system a caller names, by URI or as `[EPSG:4326]`; BadInput for one that is not offered."""
    found = _SHORT.fullmatch(text)
    uri = text
    if found is not None:
        uri = CRS84 if found[1] == "OGC" and found[2] == "CRS84" else f"{_EPSG}{found[2]}"
    if uri not in URIS:
        message = f"{text[:120]!r} is not offered"
        raise BadInput(f"{place}: {message}", [Fault(place, message, ", ".join(URIS))])
    return uri


def listed(own: str | None) -> list[str]:
    """The systems a collection is offered in, its own one right after CRS84."""
    first = [CRS84, *([own] if own in URIS and own != CRS84 else [])]
    return [*first, *(uri for uri in URIS if uri not in first)]


@lru_cache(maxsize=64)
def _way(start: str, end: str) -> Transformer:
    """From one system to another, each in its authority's axes."""
    return Transformer.from_crs(_named(start), _named(end))


def _code(uri: str) -> int | None:
    """The code of a system of VN-2000; None of any other."""
    code = 0 if uri == CRS84 else int(uri.rpartition("/")[2])
    return code if code in _VN2000 else None


def _out(points: Any, uri: str) -> Any:
    """Degrees east and north of WGS 84 in the axes of a system.

    Between WGS 84 and VN-2000 always by the national parameters (EPSG operation 6960): left to itself PROJ takes others
    in the south, 80 cm off.
    """
    if _code(uri) is None:
        return np.column_stack(_way(CRS84, uri).transform(points[:, 0], points[:, 1]))
    way = vn2000.geographic()
    east, north = way.transform(points[:, 0], points[:, 1], direction=TransformDirection.INVERSE)
    if _code(uri) == _GEOGRAPHIC:
        return np.column_stack([north, east])
    return np.column_stack(_way(f"{_EPSG}{_GEOGRAPHIC}", uri).transform(north, east))


def _back(points: Any, uri: str) -> Any:
    """Positions in the axes of a system in degrees east and north of WGS 84."""
    first, second = points[:, 0], points[:, 1]
    if _code(uri) is None:
        return np.column_stack(_way(uri, CRS84).transform(first, second))
    if _code(uri) != _GEOGRAPHIC:
        first, second = _way(uri, f"{_EPSG}{_GEOGRAPHIC}").transform(first, second)
    return np.column_stack(vn2000.geographic().transform(second, first))


def _named(uri: str) -> CRS:
    return CRS.from_authority("OGC", "CRS84") if uri == CRS84 else CRS.from_epsg(int(uri.rpartition("/")[2]))


def digits(uri: str) -> int:
    """Decimals of a coordinate that make about a centimetre."""
    return 3 if _named(uri).is_projected else 7


def given(shapes: Any, uri: str) -> Any:
    """Geometries (a shapely array) of CRS84 in a system, its axes in order, rounded to about a millimetre or centimetre."""
    if uri == CRS84:
        return shapes
    decimals = digits(uri)
    return shapely.transform(shapes, lambda points: np.round(_out(points, uri), decimals))


def taken(shape: Any, uri: str, place: str) -> Any:
    """A geometry of a system in CRS84; BadInput where it cannot be."""
    if uri == CRS84:
        return shape
    made = shapely.transform(shape, lambda points: _back(points, uri))
    if not np.isfinite(shapely.get_coordinates(made)).all():
        message = "positions outside what this coordinate reference system covers"
        raise BadInput(f"{place}: {message}", [Fault(place, message, f"coordinates in the axes of {uri}")])
    return made


_FARTHEST, _SHORTEST = 1e9, 1e-6  # metres or degrees: no system reaches beyond, no box is divided below


def outline(box: Sequence[float], uri: str) -> tuple[Box, bytes | None]:
    """A box of a system as a box of CRS84, and, where that is larger, the exact outline as well-known binary."""
    west, south, east, north = box
    if uri == CRS84:
        return (west, south, east, north), None
    if uri == f"{_EPSG}4326":
        return (south, west, north, east), None
    if west > east or south > north:
        message = "the box ends before it begins"
        raise BadInput(f"bbox: {message}", [Fault("bbox", message, "lower corner first")])
    if max(map(abs, box)) > _FARTHEST:
        message = "positions outside what this coordinate reference system covers"
        raise BadInput(f"bbox: {message}", [Fault("bbox", message, f"coordinates in the axes of {uri}")])
    longest = max(east - west, north - south)
    whole = shapely.box(west, south, east, north)
    made = taken(shapely.segmentize(whole, longest / 16) if longest > _SHORTEST else whole, uri, "bbox")
    a, b, c, d = (float(number) for number in made.bounds)
    exact = uri == f"{_EPSG}3857"  # its boxes are boxes of degrees
    return (a, b, c, d), None if exact else bytes(shapely.to_wkb(made, byte_order=1))
