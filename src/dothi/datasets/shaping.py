"""Shapes as they are kept: many at once, checked, repaired with a notice, two-dimensional, with their GeoJSON text.

Everything here works on numpy arrays of shapely geometries; None stands for a record without a place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray

from dothi.kit.geo import TYPES

Shapes = NDArray[np.object_]
MOST_VERTICES = 100_000
NORTHMOST = 89.9  # degrees: beyond it Web Mercator has no finite place
DECIMALS = 7  # of a degree: about 1 cm
# GEOS numbers of types, and what is measured in how many dimensions
_POINT, _LINE, _RING, _POLYGON, _POINTS, _LINES, _POLYGONS, _COLLECTION = range(8)
_NUMBERS = {
    "Point": _POINT, "LineString": _LINE, "Polygon": _POLYGON, "MultiPoint": _POINTS, "MultiLineString": _LINES,
    "MultiPolygon": _POLYGONS, "GeometryCollection": _COLLECTION,
}  # fmt: skip
_NAMES = {number: name for name, number in _NUMBERS.items()}
_MULTI = {_POINT: _POINTS, _LINE: _LINES, _POLYGON: _POLYGONS}
_SINGLE = {multi: single for single, multi in _MULTI.items()}
_MAKERS = {_POINTS: shapely.multipoints, _LINES: shapely.multilinestrings, _POLYGONS: shapely.multipolygons}
_PARTS = {0: (_POINT, _POINTS), 1: (_LINE, _LINES, _RING), 2: (_POLYGON, _POLYGONS)}


@dataclass
class Shaped:
    """What became of some shapes. bounds: west, south, east, north (NaN where there is no shape).

    refused and repaired: position in the input → what is wrong or was done; a refused one has no shape.
    """

    shapes: Shapes
    wkb: Shapes
    texts: Shapes
    bounds: NDArray[np.float64]
    refused: dict[int, str] = field(default_factory=dict)
    repaired: dict[int, str] = field(default_factory=dict)


def shaped(shapes: Shapes, wanted: str | None) -> Shaped:
    """Check and repair shapes in WGS 84 degrees. wanted: the dataset's geometry type; None takes no shapes."""
    made = Shaped(shapes.copy(), np.full(len(shapes), None, object), np.full(len(shapes), None, object),
                  np.full((len(shapes), 4), np.nan))  # fmt: skip
    made.shapes[shapely.is_empty(made.shapes)] = None
    _refuse(made, ~shapely.is_missing(made.shapes) & (wanted is None), "this dataset has no shapes")
    here = np.flatnonzero(~shapely.is_missing(made.shapes))
    if not len(here):
        return made
    kinds = shapely.get_type_id(made.shapes[here])
    _refuse(
        made, _at(made, here[~np.isin(kinds, list(_NAMES))]), "is of a kind that is not kept: curves become lines first"
    )
    _refuse(made, shapely.get_num_coordinates(made.shapes) > MOST_VERTICES,
            f"has more than {MOST_VERTICES} vertices; simplify or divide it")  # fmt: skip
    made.shapes = shapely.force_2d(made.shapes)
    _check_numbers(made)
    _refuse_dots(made)
    _repair(made)
    if wanted is not None and wanted != "Geometry":
        _fit(made, wanted)
    _finish(made)
    return made


def _at(made: Shaped, positions: NDArray[Any]) -> NDArray[np.bool_]:
    mask = np.zeros(len(made.shapes), bool)
    mask[positions] = True
    return mask


def _refuse(made: Shaped, which: Any, why: str) -> None:
    for i in np.flatnonzero(which).tolist():
        made.refused[i] = why
        made.repaired.pop(i, None)
        made.shapes[i] = None


def _check_numbers(made: Shaped) -> None:
    coordinates, index = shapely.get_coordinates(made.shapes, return_index=True)
    finite = np.isfinite(coordinates).all(axis=1)
    if not finite.all():
        _refuse(made, _at(made, np.unique(index[~finite])), "has a coordinate that is not a number")
        coordinates, index = coordinates[finite], index[finite]
    x, y = coordinates[:, 0], coordinates[:, 1]
    off = (np.abs(x) > 180) | (np.abs(y) > 90)
    if off.any():
        wrong = np.unique(index[off])
        turned = _at(made, wrong) & ~shapely.is_missing(made.shapes)
        for i in np.flatnonzero(turned).tolist():
            west, south, east, north = shapely.bounds(made.shapes[i])
            swapped = abs(south) <= 180 and abs(north) <= 180 and abs(west) <= 90 and abs(east) <= 90
            hint = (
                "; longitude and latitude look swapped"
                if swapped
                else "; metres are not degrees"
                if abs(east) > 360
                else ""
            )
            _refuse(made, _at(made, np.array([i])),
                    f"is off the globe ({west:g}, {south:g} to {east:g}, {north:g}){hint}")  # fmt: skip
    pole = (np.abs(y) > NORTHMOST) & ~off
    if pole.any():
        _refuse(made, _at(made, np.unique(index[pole])), f"is nearer to a pole than latitude {NORTHMOST}")


def _refuse_dots(made: Shaped) -> None:
    """A line or a surface that is one place once its text is rounded would be read back as nothing valid."""
    west, south, east, north = shapely.bounds(made.shapes).T
    dot = np.maximum(east - west, north - south) < 10.0**-DECIMALS
    _refuse(made, dot & (shapely.get_dimensions(made.shapes) > 0), "is one place, not a line or a surface")


def _repair(made: Shaped) -> None:
    """What is invalid is made valid in the same dimension, or refused."""
    invalid = np.flatnonzero(~shapely.is_valid(made.shapes) & ~shapely.is_missing(made.shapes))
    if not len(invalid):
        return
    broken = made.shapes[invalid]
    reasons = shapely.is_valid_reason(broken)
    # holes stay holes, and parts that overlap are one: not what the even-odd rule makes of their lines
    mended = shapely.make_valid(broken, method="structure", keep_collapsed=False)
    for i, before, after, reason in zip(invalid.tolist(), broken, mended, reasons, strict=True):
        kind = int(shapely.get_type_id(before))
        kept = after if kind == _COLLECTION else _of_dimension(after, int(shapely.get_dimensions(before)), kind)
        said = str(reason).partition("[")[0].strip().lower()
        if kept is None or kept.is_empty:
            _refuse(made, _at(made, np.array([i])), f"cannot be repaired: {said}")
        else:
            made.shapes[i] = kept
            made.repaired[i] = f"was repaired: {said}"


def _of_dimension(shape: Any, dimension: int, kind: int) -> Any:
    """The parts of a shape that have a dimension, as one shape; single where it was single and is one part."""
    parts = shapely.get_parts(shapely.get_parts(shape))
    kept = [part for part in parts.tolist() if int(shapely.get_type_id(part)) in _PARTS[dimension]]
    if not kept:
        return None
    if len(kept) == 1 and kind in _MULTI:
        return kept[0]
    return _MAKERS[_PARTS[dimension][1]](kept)


def _fit(made: Shaped, wanted: str) -> None:
    """Bring shapes to the dataset's type: a single becomes a multi, a multi of one part a single; others are refused."""
    number = _NUMBERS[wanted]
    kinds = shapely.get_type_id(made.shapes)
    differ = (kinds != number) & (kinds >= 0)
    if not differ.any():
        return
    if number in _SINGLE:
        for i in np.flatnonzero(differ & (kinds == _SINGLE[number])).tolist():
            made.shapes[i] = _MAKERS[number]([made.shapes[i]])
            differ[i] = False
    elif number in _MULTI:
        ones = differ & (kinds == _MULTI[number]) & (shapely.get_num_geometries(made.shapes) == 1)
        made.shapes[ones] = shapely.get_geometry(made.shapes[ones], 0)
        differ &= ~ones
    for i in np.flatnonzero(differ).tolist():
        found = _NAMES[int(kinds[i])]
        also = f" ({made.repaired[i]})" if i in made.repaired else ""
        _refuse(made, _at(made, np.array([i])), f"is a {found}{also}; this dataset has {wanted}")


def _finish(made: Shaped) -> None:
    """Rings turn as RFC 7946 asks; then the bytes, the text and the box."""
    here = np.flatnonzero(~shapely.is_missing(made.shapes))
    if not len(here):
        return
    shapes = made.shapes[here]
    areas = np.isin(shapely.get_type_id(shapes), (_POLYGON, _POLYGONS, _COLLECTION))
    if areas.any():
        shapes[areas] = shapely.orient_polygons(shapes[areas])
        made.shapes[here] = shapes
    made.wkb[here] = shapely.to_wkb(shapes, byte_order=1)
    made.bounds[here] = shapely.bounds(shapes)
    points = shapely.get_type_id(shapes) == _POINT
    texts = np.full(len(here), None, object)
    if points.any():
        x, y = np.round(shapely.get_x(shapes[points]), DECIMALS), np.round(shapely.get_y(shapes[points]), DECIMALS)
        texts[points] = [
            f'{{"type":"Point","coordinates":[{lon!r},{lat!r}]}}'
            for lon, lat in zip(x.tolist(), y.tolist(), strict=True)
        ]
    if not points.all():
        rounded = shapely.transform(shapes[~points], lambda xy: np.round(xy, DECIMALS))
        texts[~points] = shapely.to_geojson(rounded)
    made.texts[here] = texts


def from_geojson(values: Sequence[Any]) -> tuple[Shapes, dict[int, str]]:
    """Shapes of GeoJSON geometries (RFC 7946, members or their JSON text), and why some are none."""
    made = np.full(len(values), None, object)
    wrong: dict[int, str] = {}
    texts: list[bytes | str] = []
    where: list[int] = []
    for i, value in enumerate(values):
        if value is None:
            continue
        if isinstance(value, dict):
            kind = value.get("type")
            if kind == "Point" and _is_position(value.get("coordinates")):
                made[i] = shapely.Point(value["coordinates"][:2])
                continue
            if kind not in TYPES:
                wrong[i] = f"{str(kind)[:80]!r} is no type of GeoJSON geometry"
                continue
            try:
                texts.append(msgspec.json.encode(value))
            except (TypeError, ValueError, RecursionError):
                wrong[i] = "cannot be read as GeoJSON"
                continue
        elif isinstance(value, str):
            texts.append(value)
        else:
            wrong[i] = "is no GeoJSON geometry"
            continue
        where.append(i)
    if texts:
        found = shapely.from_geojson(texts, on_invalid="ignore")
        for i, shape in zip(where, found.tolist(), strict=True):
            made[i] = shape
            if shape is None:
                wrong[i] = "cannot be read as GeoJSON: coordinates are not as RFC 7946 says"
    return made, wrong


def _is_position(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) >= 2
        and type(value[0]) in _NUMERIC
        and type(value[1]) in _NUMERIC
    )


_NUMERIC = (int, float)
