"""A result written into its dataset: by key, what did not change untouched, what is gone deleted, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from dothi.analyses import store
from dothi.analyses.model import Feature
from dothi.datasets import access, history, references, writing
from dothi.datasets.schema import checker as checker_of
from dothi.datasets.store import COLUMNS
from dothi.datasets.tables import Dataset, Record
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

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


@dataclass(frozen=True)
class Written:
    """What a write did."""

    rows: int
    added: int
    changed: int
    removed: int


def write(
    session: Session, caller: Caller, code: str, features: Sequence[Feature], at: int, *, simulated: bool
) -> Written:
    """Bring a dataset to hold just these features. Raises BadInput where its schema refuses one.

    `computed_at` of a record is the moment its values last changed: a run that finds the same again leaves it.
    """
    dataset = access.writable(session, caller, code)
    rows = _prepared(session, dataset, features, at, simulated=simulated)
    standing = store.standing(session, dataset.id)
    gone = [record for key, record in standing.items() if key not in rows]
    changed = [(standing[key], row) for key, row in rows.items() if key in standing and _differs(standing[key], row)]
    new = [row for key, row in rows.items() if key not in standing]
    made = Written(len(rows), len(new), len(changed), len(gone))
    if dataset.simulated != simulated and rows:
        dataset.simulated = simulated
    if not (new or changed or gone):
        return made
    references.refuse(session, caller, dataset, [record.key for record in gone])
    moment = history.moment(dataset)
    before = store.last_versions(session, dataset.id) if new else {}
    for record in gone:
        session.add(history.retire(record, moment, caller.actor, deleted=True))
        session.delete(record)
    for record, row in changed:
        session.add(history.retire(record, moment, caller.actor, deleted=False))
        for name in COLUMNS:
            setattr(record, name, row[name])
        record.version += 1
        record.recorded_at, record.recorded_by, record.load_id = moment, caller.actor, None
    session.add_all(
        Record(dataset_id=dataset.id, version=before.get(row["key"], 0) + 1, recorded_at=moment,
               recorded_by=caller.actor, **{name: row[name] for name in COLUMNS})
        for row in new
    )  # fmt: skip
    history.settle(session, dataset, moment)
    return made


def _differs(record: Record, row: dict[str, Any]) -> bool:
    old, new = ({k: v for k, v in one.items() if k != "computed_at"} for one in (record.properties, row["properties"]))
    return old != new or record.geojson != row["geojson"]


def _prepared(
    session: Session, dataset: Dataset, features: Sequence[Feature], at: int, *, simulated: bool
) -> dict[str, dict[str, Any]]:
    checker = checker_of(dataset.schema)
    names = {one.name for one in checker.fields}
    always = {"computed_at": clock.iso(at), "simulated": simulated}
    bodies: list[dict[str, Any]] = []
    shapes = np.full(len(features), None, object)
    for i, one in enumerate(features):
        values = {"code": one.key, **always, **one.values}
        bodies.append({"id": one.key, "properties": {k: v for k, v in values.items() if k in names and v is not None}})
        if dataset.geometry_type is not None and one.shape is not None:
            shapes[i] = _fitting(one.shape, dataset.geometry_type)
    made = writing.prepare(session, dataset, bodies, shapes=shapes, checker=checker)
    faults = [one for one in made.faults if not one.repaired] + references.unknown(
        session, dataset, checker.fields, made.rows
    )
    if faults:
        listed = [Fault(f"{dataset.code}/{features[one.row - 1].key}: {one.column or ''}", one.reason, one.allowed) for one in faults[:_SHOWN]]  # fmt: skip
        raise BadInput(f"the result does not fit dataset {dataset.code}", listed)
    return {row["key"]: row for row in made.rows}


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
