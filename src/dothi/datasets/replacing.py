"""Records brought to what another part of the city holds: by key, only what differs is written.

Whoever computes or mirrors a dataset (blueprints, public transport, analyses, the demo's registers) hands over everything
it holds; keys it no longer names go.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from dothi.datasets import access, history, references, schema, store, writing
from dothi.datasets.store import COLUMNS
from dothi.datasets.tables import Dataset, Record
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault

Features = Mapping[str, Mapping[str, Any]]  # by key
Row = dict[str, Any]


@dataclass(frozen=True)
class Replaced:
    """What a replacement did."""

    added: int
    changed: int
    removed: int


def replace(
    session: Session, caller: Caller, code: str, features: Features, *, prefix: str = "", keep_others: bool = False,
    apart: Collection[str] = (), **said: Any,
) -> Replaced:  # fmt: skip
    """Bring a dataset's records to just these features, and tell the journal, with what else is said of it.

    prefix: only records whose keys begin so are the caller's own, so that several sources share one dataset.
    apart: keys of records that are another's; they stay. keep_others: whatever is not named stays.
    Raises BadInput with every fault, Conflict where one that goes is referred to, NotFound where there is no such dataset.
    """
    dataset = access.writable(session, caller, code)
    bodies = [{**one, "id": key} for key, one in features.items()]
    rows = rows_of(session, dataset, bodies, f"records of {code} cannot be kept")
    standing = store.records_by_key(session, dataset.id, prefix)
    gone = [] if keep_others else [one for key, one in standing.items() if key not in rows and key not in apart]
    done = bring(session, caller, dataset, rows, standing, gone)
    if done != Replaced(0, 0, 0):
        data = {**said, "version": dataset.version, **vars(done)}
        history.tell(session, caller, dataset, "data.load.applied", data)
    return done


def rows_of(
    session: Session, dataset: Dataset, bodies: Sequence[Mapping[str, Any]], message: str,
    shapes: NDArray[np.object_] | None = None, most: int | None = None,
) -> dict[str, Row]:  # fmt: skip
    """GeoJSON features with an `id` as a dataset's rows by key; shapes: as `writing.prepare` takes them.

    Raises BadInput with this message and every fault, or the first so many.
    """
    checker = schema.checker(dataset.schema)
    made = writing.prepare(session, dataset, bodies, shapes=shapes, checker=checker)
    faults = [one for one in made.faults if not one.repaired]
    faults += references.unknown(session, dataset, checker.fields, made.rows)
    if faults:
        places = [f"{dataset.code}/{bodies[one.row - 1]['id']}: {one.column or ''}" for one in faults]
        listed = [Fault(place, one.reason, one.allowed) for place, one in zip(places, faults, strict=True)][:most]
        raise BadInput(message, listed)
    return {row["key"]: row for row in made.rows}


def differs(record: Record, row: Row) -> bool:
    """Whether a record is not what a row says."""
    return (record.properties, record.geojson) != (row["properties"], row["geojson"])


def bring(
    session: Session, caller: Caller, dataset: Dataset, rows: Mapping[str, Row], standing: Mapping[str, Record],
    gone: Sequence[Record], changed: Callable[[Record, Row], bool] = differs,
) -> Replaced:  # fmt: skip
    """Write rows whose key is not standing or whose record changed, and take away what is gone, in one version.

    Raises Conflict where one that goes is referred to.
    """
    references.refuse(session, caller, dataset, [one.key for one in gone])
    other = [(one, rows[key]) for key, one in standing.items() if key in rows and changed(one, rows[key])]
    new = [row for key, row in rows.items() if key not in standing]
    done = Replaced(len(new), len(other), len(gone))
    if done == Replaced(0, 0, 0):
        return done
    at, actor = history.moment(dataset), caller.actor
    before = store.last_versions(session, dataset.id) if new else {}
    for one in gone:
        session.add(history.retire(one, at, actor, deleted=True))
        session.delete(one)
    for one, row in other:
        session.add(history.retire(one, at, actor, deleted=False))
        for name in COLUMNS:
            setattr(one, name, row[name])
        one.version, one.recorded_at, one.recorded_by, one.load_id = one.version + 1, at, actor, None
    session.add_all(
        Record(dataset_id=dataset.id, version=before.get(row["key"], 0) + 1, recorded_at=at, recorded_by=actor,
               **{name: row[name] for name in COLUMNS})
        for row in new
    )  # fmt: skip
    history.settle(session, dataset, at)
    return done
