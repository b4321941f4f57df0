"""GeoJSON, GeoJSON text sequences and CSV, straight from the cursor of the database."""

import csv as tables
import io
import json
from collections.abc import Iterator
from typing import Any

import shapely

from dothi.datasets.formats import rows
from dothi.datasets.formats.rows import Target
from dothi.datasets.reading import Asked
from dothi.datasets.views import View


def geojson(view: View, asked: Asked, _: Target) -> Iterator[bytes]:
    """A FeatureCollection, RFC 7946."""
    title = json.dumps(view.title, ensure_ascii=False)
    yield f'{{"type":"FeatureCollection","name":{json.dumps(view.code)},"title":{title},"features":['.encode()
    before = "\n"
    for some in rows.texts(view, asked):
        yield (before + ",\n".join(some)).encode()
        before = ",\n"
    yield b"\n]}\n"


def geojsonseq(view: View, asked: Asked, _: Target) -> Iterator[bytes]:
    """One feature a record, each after the record separator, RFC 8142."""
    for some in rows.texts(view, asked):
        yield "".join(f"\x1e{one}\n" for one in some).encode()


def csv(view: View, asked: Asked, where: Target) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 with a mark, so that Excel sees that it is. Points are two columns, other shapes one of WKT."""
    made = rows.columns(view, asked)
    drawn = view.geometry_type is not None and asked.geometry
    point = view.geometry_type == "Point"
    taken = {one.name for one in made}
    places = ([_free("lon" if where.way is None else "east", taken), _free("lat" if where.way is None else "north", taken)]
              if point else [_free("wkt", taken)]) if drawn else []  # fmt: skip
    held = io.StringIO()
    writer = tables.writer(held, lineterminator="\r\n")
    writer.writerow([*(one.name for one in made), *places])
    yield b"\xef\xbb\xbf" + held.getvalue().encode()
    for some in rows.records(view, asked):
        held.seek(0)
        held.truncate()
        shapes = where.shapes([one.wkb for one in some]) if drawn else None
        for place, one in enumerate(some):
            cells = [cell(value) for value in rows.values(view, made, one)]
            if shapes is not None:
                cells += _place(shapes[place], point=point, decimals=7 if where.way is None else 3)
            writer.writerow(cells)
        yield held.getvalue().encode()


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"_{name}"
    return name


def _place(shape: Any, *, point: bool, decimals: int) -> list[Any]:
    if shape is None:
        return ["", ""] if point else [""]
    if point:
        return [round(float(shape.x), decimals), round(float(shape.y), decimals)]
    return [shapely.to_wkt(shape, rounding_precision=decimals)]


def cell(value: Any) -> Any:
    """A value as a cell of text; a text that a spreadsheet would calculate is kept from it by an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value[:1] in {"=", "@", "\t", "\r"}:
        return f"'{value}"
    return value
