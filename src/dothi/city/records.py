"""The records of a dataset replaced by those of a file, in the transaction of the apply: only what differs is written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.city import store
from dothi.datasets import access, history, references, writing
from dothi.datasets.schema import checker as checker_of
from dothi.datasets.store import COLUMNS
from dothi.datasets.tables import Dataset, Record
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault

Features = Mapping[str, Mapping[str, Any]]  # by key


@dataclass(frozen=True)
class Replaced:
    """What a replacement did."""

    added: int
    changed: int
    removed: int


def replace(
    session: Session, caller: Caller, code: str, features: Features, file: str, apart: Collection[str] = ()
) -> Replaced:
    """Bring a dataset to hold just these records. Raises BadInput with every fault, Conflict where one is referred to.

    apart: keys of records that are another city's; they stay.
    """
    dataset = access.writable(session, caller, code)
    rows = _prepared(session, dataset, features)
    standing = store.records_of(session, dataset.id)
    gone = [record for key, record in standing.items() if key not in rows and key not in apart]
    references.refuse(session, caller, dataset, [record.key for record in gone])
    changed = [
        (record, rows[key]) for key, record in standing.items()
        if key in rows and (record.properties, record.geojson) != (rows[key]["properties"], rows[key]["geojson"])
    ]  # fmt: skip
    new = [row for key, row in rows.items() if key not in standing]
    made = Replaced(len(new), len(changed), len(gone))
    if not (new or changed or gone):
        return made
    at = history.moment(dataset)
    before = store.last_versions(session, dataset.id)
    for record in gone:
        session.add(history.retire(record, at, caller.actor, deleted=True))
        session.delete(record)
    for record, row in changed:
        session.add(history.retire(record, at, caller.actor, deleted=False))
        for name in COLUMNS:
            setattr(record, name, row[name])
        record.version, record.recorded_at, record.recorded_by, record.load_id = (
            record.version + 1,
            at,
            caller.actor,
            None,
        )
    session.add_all(
        Record(dataset_id=dataset.id, version=before.get(row["key"], 0) + 1, recorded_at=at, recorded_by=caller.actor,
               **{name: row[name] for name in COLUMNS})
        for row in new
    )  # fmt: skip
    version = history.settle(session, dataset, at)
    data = {"file": file, "version": version, **vars(made)}
    history.tell(session, caller, dataset, "data.load.applied", data)
    return made


def _prepared(session: Session, dataset: Dataset, features: Features) -> dict[str, dict[str, Any]]:
    checker = checker_of(dataset.schema)
    made = writing.prepare(session, dataset, [{**one, "id": key} for key, one in features.items()], checker=checker)
    faults = [one for one in made.faults if not one.repaired]
    faults += references.unknown(session, dataset, checker.fields, made.rows)
    if faults:
        keys = list(features)
        listed = [
            Fault(f"{dataset.code}/{keys[one.row - 1]}: {one.column or ''}", one.reason, one.allowed) for one in faults
        ]
        raise BadInput(f"records of {dataset.code} cannot be kept", listed)
    return {row["key"]: row for row in made.rows}
