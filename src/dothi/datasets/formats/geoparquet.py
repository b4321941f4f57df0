"""GeoParquet 1.1, written by row groups."""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import shapely

from dothi.datasets.formats import arrow, rows
from dothi.datasets.formats.rows import Target
from dothi.datasets.formats.sheet import pieces
from dothi.datasets.reading import Asked
from dothi.datasets.views import View


def written(view: View, asked: Asked, where: Target) -> Iterator[bytes]:
    """A GeoParquet file; a plain Parquet one where the dataset has no geometry."""
    drawn = view.geometry_type is not None and asked.geometry
    columns = rows.columns(view, asked)
    names = [f"{one.name}_" if one.name == arrow.SHAPE else one.name for one in columns]
    made = arrow.schema(columns, names, drawn=drawn)
    with tempfile.TemporaryDirectory(prefix="dothi-export-") as folder:
        path = Path(folder) / "out.parquet"
        types: set[str] = set()
        box: list[float] = []
        with pq.ParquetWriter(path, made, compression="zstd") as writer:
            for batch in arrow.batches(view, asked, where, columns, made, drawn=drawn):
                if drawn:
                    shapes = shapely.from_wkb(batch.column(arrow.SHAPE).to_pylist())
                    types |= {one.geom_type for one in shapes if one is not None}
                    box = _grown(box, arrow.bounds(shapes))
                writer.write_batch(batch)
            if drawn:
                writer.add_key_value_metadata({"geo": json.dumps(_geo(where, sorted(types), box))})
        yield from pieces(path)


def _geo(where: Target, types: list[str], box: list[float]) -> dict[str, Any]:
    """The metadata of GeoParquet 1.1.0, clause 'File metadata'."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": types, "orientation": "counterclockwise"}
    crs = where.projjson()
    if crs is not None:
        column["crs"] = crs
    if box:
        column["bbox"] = box
    return {"version": "1.1.0", "primary_column": arrow.SHAPE, "columns": {arrow.SHAPE: column}}


def _grown(box: list[float], more: list[float]) -> list[float]:
    if more[0] != more[0]:
        return box
    if not box:
        return more
    return [min(box[0], more[0]), min(box[1], more[1]), max(box[2], more[2]), max(box[3], more[3])]
