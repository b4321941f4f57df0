"""Records as Arrow batches, for the formats that others write for us."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import shapely

from dothi.datasets.formats import rows
from dothi.datasets.formats.rows import Column, Target
from dothi.datasets.reading import Asked
from dothi.datasets.views import View
from dothi.kit import clock

SHAPE = "geometry"
_TYPES = {
    "string": pa.string(), "number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_(), "date": pa.date32(),
    "date-time": pa.timestamp("ms", "UTC"), "array": pa.string(), "object": pa.string(),
}  # fmt: skip


def schema(columns: Sequence[Column], names: Sequence[str], *, drawn: bool, metadata: Any = None) -> Any:
    """The Arrow schema of a table of records; names: what the columns are called there."""
    fields = [pa.field(name, _TYPES[one.kind]) for one, name in zip(columns, names, strict=True)]
    if drawn:
        fields.append(pa.field(SHAPE, pa.binary()))
    return pa.schema(fields, metadata=metadata)


def batches(
    view: View, asked: Asked, where: Target, columns: Sequence[Column], made: Any, *, drawn: bool,
    keep: Callable[[Any], bool] | None = None, many: bool = False,
) -> Iterator[Any]:  # fmt: skip
    """Record batches of a schema. keep: of which shapes; many: points become many points of one."""
    for some in rows.records(view, asked, wkb=drawn):
        chosen = some
        shapes = where.shapes([one.wkb for one in some]) if drawn else None
        if keep is not None and shapes is not None:
            kept = [place for place, shape in enumerate(shapes) if keep(shape)]
            chosen, shapes = [some[place] for place in kept], shapes[kept]
        if not chosen:
            continue
        if many and shapes is not None:
            shapes = np.array(
                [shapely.MultiPoint([one]) if isinstance(one, shapely.Point) else one for one in shapes], object
            )
        table = [rows.values(view, columns, one) for one in chosen]
        arrays = [
            pa.array([_value(row[i], one.kind) for row in table], _TYPES[one.kind], from_pandas=True)
            for i, one in enumerate(columns)
        ]
        if shapes is not None:
            arrays.append(pa.array(shapely.to_wkb(shapes, byte_order=1).tolist(), pa.binary()))
        yield pa.record_batch(arrays, schema=made)


def bounds(wheres: Any) -> list[float]:
    """The box of some geometries."""
    return [float(one) for one in shapely.total_bounds(np.asarray(wheres))]


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if kind in ("array", "object"):
        return json.dumps(value, ensure_ascii=False)
    if kind == "date":
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            return None
    if kind == "date-time":
        return clock.moment(clock.parse(value, clock.VIETNAM))
    if kind == "number":
        return float(value)
    return value
