"""A result written into its dataset: by key, what did not change untouched, what is gone deleted, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from dothi.analyses.model import Feature
from dothi.datasets import access, replacing, store
from dothi.datasets.replacing import Replaced
from dothi.datasets.schema import fields
from dothi.datasets.tables import Dataset, Record
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock

_SHOWN = 10


@dataclass(frozen=True)
class Robot(Caller):
    """An analysis as the one who writes: the journal and the records name it."""

    analysis: str = ""

    @property
    def actor(self) -> str:
        """`analysis:lamps-by-day`."""
        return f"analysis:{self.analysis}"


def robot(code: str) -> Robot:
    """Who an analysis is."""
    return Robot(kind="key", name=f"analysis {code}", everywhere=guard.PERMISSIONS, analysis=code)


def write(
    session: Session, caller: Caller, code: str, features: Sequence[Feature], at: int, *, simulated: bool
) -> Replaced:
    """Bring a dataset to hold just these features. Raises BadInput where its schema refuses one.

    `computed_at` of a record is the moment its values last changed: a run that finds the same again leaves it.
    """
    dataset = access.writable(session, caller, code)
    rows = _prepared(session, dataset, features, at, simulated=simulated)
    if dataset.simulated != simulated and rows:
        dataset.simulated = simulated
    standing = store.records_by_key(session, dataset.id)
    gone = [record for key, record in standing.items() if key not in rows]
    return replacing.bring(session, caller, dataset, rows, standing, gone, _differs)


def _differs(record: Record, row: dict[str, Any]) -> bool:
    old, new = ({k: v for k, v in one.items() if k != "computed_at"} for one in (record.properties, row["properties"]))
    return old != new or record.geojson != row["geojson"]


def _prepared(
    session: Session, dataset: Dataset, features: Sequence[Feature], at: int, *, simulated: bool
) -> dict[str, dict[str, Any]]:
    names = {one.name for one in fields(dataset.schema)}
    always = {"computed_at": clock.iso(at), "simulated": simulated}
    bodies: list[dict[str, Any]] = []
    shapes = np.full(len(features), None, object)
    for i, one in enumerate(features):
        values = {"code": one.key, **always, **one.values}
        bodies.append({"id": one.key, "properties": {k: v for k, v in values.items() if k in names and v is not None}})
        if dataset.geometry_type is not None and one.shape is not None:
            shapes[i] = _fitting(one.shape, dataset.geometry_type)
    return replacing.rows_of(
        session, dataset, bodies, f"the result does not fit dataset {dataset.code}", shapes, _SHOWN
    )


def _fitting(shape: Any, kind: str) -> Any:
    """A shape as its dataset keeps it: one part alone where it takes single ones, several where it takes many."""
    if kind in (shape.geom_type, "Geometry"):
        return shape
    if kind.startswith("Multi") and f"Multi{shape.geom_type}" == kind:
        return {"MultiPoint": shapely.multipoints, "MultiLineString": shapely.multilinestrings,
                "MultiPolygon": shapely.multipolygons}[kind]([shape])  # fmt: skip
    if kind == "Point":
        return shapely.point_on_surface(shape)
    parts = shapely.get_parts(shape)
    return parts[0] if len(parts) == 1 else shape
