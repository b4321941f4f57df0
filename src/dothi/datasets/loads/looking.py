"""A first look at a file: its layers, their columns and kinds, where its positions lie, and what seems wrong."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from dothi.datasets.loads import crs as systems
from dothi.datasets.loads import values, words
from dothi.datasets.loads.found import Column, Found, Layer, LayerFound
from dothi.datasets.loads.opening import How, opened
from dothi.kit.encodings import plausibility
from dothi.kit.legacy import FONTS

_LOOK = 5000  # rows
_LAYERS = 40
_CODES = frozenset({"code", "identity", "parcel", "sheet"})
_FEW = 30  # different values that may be an enumeration
_SHOWN = 20  # rows of the sample
# the letters of windows-1252 beyond Latin-1: fonts drew over these too
_DRAWN = frozenset("€‚ƒ„…†‡ˆ‰Š‹ŒŽ''“”•–—˜™š›œžŸ".replace("''", "\u2018\u2019"))
_COUNTED = 64 << 20  # bytes of a file whose rows are counted by reading them


def inspect(path: Path, how: How | None = None) -> Found:
    """What a file holds, for the mapping step; reads the first rows of each layer. Raises BadInput."""
    with opened(path, how) as layers:
        found = [_look(one, whole=path.stat().st_size < _COUNTED) for one in layers[:_LAYERS]]
        return Found(path.name, layers[0].format, tuple(found))


def _look(layer: Layer, *, whole: bool) -> LayerFound:
    cells: dict[str, list[Any]] = {name: [] for name in layer.columns}
    shapes: list[NDArray[Any]] = []
    rows: list[int] = []
    read, refused = 0, 0
    for batch in layer.batches(_LOOK):
        read += batch.read
        if not rows:
            rows = batch.rows.tolist()
            refused = batch.read - len(rows)
            for name in layer.columns:
                cells[name] = batch.column(name)
            if batch.shapes is not None:
                shapes.append(batch.shapes)
        if not whole or layer.count is not None:
            break
    count = layer.count if layer.count is not None else (read if whole or read < _LOOK else None)
    found = LayerFound(
        layer.name, tuple(_column(name, cells[name]) for name in layer.columns), count,
        layer.system.name if layer.system else None, encoding=layer.encoding, about=layer.about,
        notices=tuple(layer.notices), looked_at=len(rows), font=_font(cells.values()),
    )  # fmt: skip
    if refused:
        found = replace(found, notices=(*found.notices, f"{refused} of the first rows cannot be read"))
    inside = _located(found, shapes[0], layer.system) if shapes else found
    return replace(inside, sample=tuple(_sample(rows, cells, shapes, layer.system)))


def _column(name: str, cells: list[Any]) -> Column:
    given = [cell for cell in cells if not values.empty(cell)]
    kind, decimal = values.kind_of(cells)
    if kind in ("integer", "number") and (
        (words.meaning(name) in _CODES and any(isinstance(cell, str) for cell in given))
        or words.meaning(name) == "phone"
    ):
        kind = "string"  # digits that nobody adds up
    try:
        distinct = set(given)
    except TypeError:  # lists and objects
        return Column(name, kind, len(given) / max(len(cells), 1), tuple(str(one)[:80] for one in given[:5]))
    texts = tuple(dict.fromkeys(str(one)[:80] for one in given[:50]))[:5]
    few = len(distinct) <= _FEW and len(given) > 2 * len(distinct)
    return Column(
        name, kind, len(given) / max(len(cells), 1), texts,
        tuple(sorted(str(one) for one in distinct)) if few else None,
        len(distinct) == len(given) == len(cells) and bool(cells), decimal, max((len(str(one)) for one in given), default=0),
    )  # fmt: skip


def _font(columns: Iterable[list[Any]]) -> str | None:
    """The legacy font whose letters stand in Unicode texts, copied as they were."""
    said = {cell for cells in columns for cell in cells[:1000] if isinstance(cell, str) and not cell.isascii()}
    drawn = sorted(cell for cell in said if all(letter <= "\xff" or letter in _DRAWN for letter in cell))
    if len(drawn) < 0.9 * len(said) or not drawn:  # letters such fonts have no place for: Unicode already
        return None
    text = "\n".join(drawn[:2000])
    plain = plausibility(text)
    best, most = None, max(plain, 0)
    for font, mend in FONTS.items():
        score = plausibility(mend(text))
        if score > max(most, 3 * plain):
            best, most = font, score
    return best


def _located(found: LayerFound, shapes: NDArray[Any], system: systems.System | None) -> LayerFound:
    """With where its positions lie, and what else they may be when that is nowhere near."""
    there = shapes[[one is not None for one in shapes]]
    if not len(there):
        return found
    types = tuple(sorted({str(name) for name in (one.geom_type for one in there)}))
    west, south, east, north = shapely.total_bounds(there)
    found = replace(found, geometry_types=types, bounds=(float(west), float(south), float(east), float(north)))
    notices, proposals = doubts(there, system)
    return replace(found, notices=(*found.notices, *notices), proposals=tuple(proposals))


def doubts(shapes: NDArray[Any], system: systems.System | None) -> tuple[list[str], list[systems.Proposal]]:
    """What speaks against positions being in a system (None: nobody says which), and what they may be in."""
    places = shapely.get_coordinates(shapes)
    places = places[np.isfinite(places).all(axis=1)]
    if not len(places):
        return [], []
    if system is None:
        proposals = systems.proposals(places[:, 0], places[:, 1])
        return ["the file does not say its reference system; `crs:` must"], proposals
    moved = shapely.get_coordinates(system.to_wgs84(shapes))
    inside = systems.inside_vietnam(moved[:, 0], moved[:, 1]).mean()
    if inside >= 0.5:
        return [], []
    proposals = systems.proposals(places[:, 0], places[:, 1])
    where = f"{1 - inside:.0%} of the positions lie outside Vietnam if they are {system.name}"
    likely = f"; they would lie inside as {proposals[0].crs} ({proposals[0].why})" if proposals else ""
    return [where + likely], proposals


def _sample(
    rows: list[int], cells: dict[str, list[Any]], shapes: list[NDArray[Any]], system: systems.System | None
) -> Iterable[dict[str, Any]]:
    some = min(len(rows), _SHOWN)
    drawn: list[str | None] = [None] * some
    if shapes and system is not None:
        drawn = [_drawn(one) for one in system.to_wgs84(shapes[0][:some])]
    for place in range(some):
        kept = {name: values.text(cells[name][place]) for name in cells}
        yield {"row": rows[place], "properties": kept, "geometry": drawn[place]}


def _drawn(shape: Any) -> str | None:
    """GeoJSON text of a shape; None where it has no place on the globe."""
    if shape is None or shapely.is_empty(shape) or not np.isfinite(shapely.bounds(shape)).all():
        return None
    return str(shapely.to_geojson(shape))
