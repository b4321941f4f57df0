"""Staging: a file's rows, batch by batch, into `staged_record` and `load_fault`; each batch a transaction of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from dothi.datasets import schema, writing
from dothi.datasets.loads import mapping as mappings
from dothi.datasets.loads import store
from dothi.datasets.loads.found import Layer, RowFault
from dothi.datasets.loads.mapping import Mapping
from dothi.datasets.loads.taking import Taken, Taker
from dothi.datasets.tables import Dataset
from dothi.db import bulk_records as bulk
from dothi.db import session as db

Progress = Callable[[float, int], None]  # share of the file read, 0 to 1, and rows
MOST_FAULTS = 10_000  # written down; more are only counted
_MANY = 5000  # rows after which the planner is told


@dataclass
class Tally:
    """What a staging came to so far."""

    load_id: int
    read: int = 0
    accepted: int = 0
    repaired: int = 0
    faults: int = 0


def read(
    dataset: Dataset, layer: Layer, mapping: Mapping, mode: str, tally: Tally, progress: Progress | None, size: int
) -> None:
    """Stage every row of a layer that can be taken, note what cannot, and compare the whole with what stands."""
    fields = schema.fields(dataset.schema)
    taker = Taker(layer, mapping, fields, dataset.geometry_type, dataset.key_field is not None)
    with db.writing() as session:
        store.set_load(session, tally.load_id, mapping=mappings.plain(mapping), format=layer.format, total=layer.count)
    checker = schema.checker(dataset.schema)
    personal = {one.name for one in fields if one.personal}
    said = 0
    for taken in taker.batches(size):
        with db.reading() as session:
            ready = writing.prepare(
                session, dataset, taken.features, shapes=taken.shapes, numbers=taken.numbers, checker=checker
            )
        faults = [*taken.faults, *(_fault(one, personal) for one in ready.faults), *taker.notices[said:]]
        said = len(taker.notices)
        _write(tally, taken, ready.rows, faults)
        if progress is not None:
            progress(layer.share(), tally.read)
    _finish(dataset, fields, mode, tally, taker.notices[said:])


def _fault(one: writing.RowFault, personal: set[str]) -> RowFault:
    reason = f"{one.reason} (allowed: {one.allowed})"[:500] if one.allowed else one.reason
    return RowFault(one.row, one.column, None if one.column in personal else one.value, reason, one.repaired)


_json = msgspec.json.Encoder()


def _write(tally: Tally, taken: Taken, rows: Sequence[dict[str, Any]], faults: list[RowFault]) -> None:
    tally.read += taken.read
    tally.accepted += len(rows)
    tally.repaired += len({one.row for one in faults if one.repaired and one.row} & {row["row"] for row in rows})
    with db.writing() as session:
        bulk.stage(session, tally.load_id, (_staged(row) for row in rows))
        _note(session, tally, faults)
        store.set_load(
            session, tally.load_id, read=tally.read, accepted=tally.accepted, refused=tally.read - tally.accepted,
            repaired=tally.repaired,
        )  # fmt: skip


def _staged(row: dict[str, Any]) -> tuple[Any, ...]:
    body = [row[name] for name in bulk.BODY]
    body[3] = _json.encode(row["properties"]).decode()
    return (row["row"], *body)


def _note(session: Session, tally: Tally, faults: Sequence[RowFault]) -> None:
    left = MOST_FAULTS - tally.faults
    store.add_faults(session, tally.load_id, faults[: max(left, 0)])
    if left > 0 and len(faults) > left:
        text = f"more than {MOST_FAULTS:,} faults and notices: the others are counted and not written down"
        store.add_faults(session, tally.load_id, [RowFault(0, None, None, text, repaired=True)])
    tally.faults += len(faults)


def _finish(
    dataset: Dataset, fields: Sequence[schema.Field], mode: str, tally: Tally, notices: Sequence[RowFault]
) -> None:
    """What only the whole file tells: keys that repeat, keys that stand already, references that lead nowhere."""
    analyze(tally.accepted)
    with db.writing() as session:
        bulk.prepare(session, tally.accepted)
        _note(session, tally, notices)
        gone = bulk.refuse_repeated(session, tally.load_id, "the key is in row {row} already")
        if mode == "append":
            gone += bulk.refuse_standing(
                session, tally.load_id, dataset.id, "a record with this key stands already, and this load only appends"
            )
        gone += _refuse_dangling(session, dataset, fields, tally.load_id)
        tally.accepted -= gone
    with db.reading() as session:  # looking takes a while, and must not keep others from writing
        bulk.prepare(session, tally.accepted)
        counts = bulk.compare(session, tally.load_id, dataset.id)
    with db.writing() as session:
        store.set_load(
            session, tally.load_id, state="staged", read=tally.read, accepted=tally.accepted,
            refused=tally.read - tally.accepted, **by_mode(counts, mode),
        )  # fmt: skip


def analyze(rows: int) -> None:
    """PostgreSQL plans by what it knew of the tables before; after many rows that is wrong by far."""
    if rows >= _MANY:
        with db.writing() as session:
            bulk.analyze(session)


def _refuse_dangling(session: Session, dataset: Dataset, fields: Sequence[schema.Field], load_id: int) -> int:
    referring = [one for one in fields if one.reference is not None]
    ids = store.dataset_ids(session, [one.reference for one in referring if one.reference])
    gone = 0
    for one in referring:
        gone += bulk.refuse_dangling(
            session, load_id, one.name, ids.get(one.reference or "", 0), f"names no record of dataset {one.reference}",
            own=one.reference == dataset.code, listed=one.kind == "array",
        )  # fmt: skip
    return gone


def by_mode(counts: dict[str, int], mode: str) -> dict[str, int]:
    """What a comparison means for a load of a mode: only replacing removes."""
    return counts if mode == "replace" else {**counts, "removed": 0}
