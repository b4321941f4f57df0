"""Records brought to what another part of the city holds: by key, only what differs is written.

Whoever computes or mirrors a dataset (public transport, analyses) hands over everything it holds; keys it no longer
names go. prefix: only records whose keys begin so are its own, so that several sources share one dataset.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from dothi.datasets import access, history, references, schema, writing
from dothi.datasets.store import COLUMNS
from dothi.datasets.tables import Record, RecordVersion
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault


@dataclass(frozen=True)
class Replaced:
    """What a replacement did."""

    added: int
    changed: int
    removed: int


def replace(
    session: Session, caller: Caller, code: str, features: Mapping[str, Mapping[str, Any]], prefix: str = "",
    *, keep_others: bool = False,
) -> Replaced:  # fmt: skip
    """Bring a dataset's records to just these features. keep_others: those that are not named stay.

    Raises BadInput with every fault, Conflict where one that goes is referred to, NotFound where there is no such dataset.
    """
    dataset = access.writable(session, caller, code)
    checker = schema.checker(dataset.schema)
    made = writing.prepare(session, dataset, [{**one, "id": key} for key, one in features.items()], checker=checker)
    faults = [one for one in made.faults if not one.repaired]
    faults += references.unknown(session, dataset, checker.fields, made.rows)
    if faults:
        keys = list(features)
        listed = [
            Fault(f"{code}/{keys[one.row - 1]}: {one.column or ''}", one.reason, one.allowed) for one in faults[:50]
        ]
        raise BadInput(f"records of {code} cannot be kept", listed)
    rows = {row["key"]: row for row in made.rows}
    query = select(Record).where(Record.dataset_id == dataset.id).options(undefer(Record.geometry))
    if prefix:
        query = query.where(Record.key.startswith(prefix, autoescape=True))
    standing = {one.key: one for one in session.scalars(query)}
    gone = [] if keep_others else [one for key, one in standing.items() if key not in rows]
    references.refuse(session, caller, dataset, [one.key for one in gone])
    changed = [
        (one, rows[key]) for key, one in standing.items()
        if key in rows and (one.properties, one.geojson) != (rows[key]["properties"], rows[key]["geojson"])
    ]  # fmt: skip
    new = [row for key, row in rows.items() if key not in standing]
    done = Replaced(len(new), len(changed), len(gone))
    if not (new or changed or gone):
        return done
    at = history.moment(dataset)
    old = RecordVersion
    last = select(old.key, func.max(old.version)).where(old.dataset_id == dataset.id).group_by(old.key)
    before = {key: int(version) for key, version in session.execute(last)} if new else {}
    for one in gone:
        session.add(history.retire(one, at, caller.actor, deleted=True))
        session.delete(one)
    for one, row in changed:
        session.add(history.retire(one, at, caller.actor, deleted=False))
        for name in COLUMNS:
            setattr(one, name, row[name])
        one.version, one.recorded_at, one.recorded_by, one.load_id = one.version + 1, at, caller.actor, None
    session.add_all(
        Record(dataset_id=dataset.id, version=before.get(row["key"], 0) + 1, recorded_at=at, recorded_by=caller.actor,
               **{name: row[name] for name in COLUMNS})
        for row in new
    )  # fmt: skip
    version = history.settle(session, dataset, at)
    history.tell(session, caller, dataset, "data.load.applied", {"version": version, **vars(done)})
    return done
