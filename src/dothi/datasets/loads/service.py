"""The verbs of loads: inspect, guess, stage, compare, apply, undo, drop.

Staging writes batches in transactions of its own, applying and undoing is one transaction each: whatever happens in
between, the records are those of before or those of after.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy.orm import Session

from dothi.datasets import access, history, references, schema
from dothi.datasets.loads import guessing, looking, store
from dothi.datasets.loads import mapping as mappings
from dothi.datasets.loads.found import BATCH, Found, LayerFound
from dothi.datasets.loads.mapping import Mapping
from dothi.datasets.loads.opening import How, opened
from dothi.datasets.loads.staging import Progress, Tally, analyze, by_mode, read
from dothi.datasets.tables import Dataset, Load, LoadFault
from dothi.db import bulk_records as bulk
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault, NotFound

Mode = Literal["append", "upsert", "replace"]
MODES = ("append", "upsert", "replace")
STALE = 24 * clock.HOUR  # a staging that is older was interrupted
_BOXES = 20_000  # a write of more records stamps the whole map
_SWEPT = 20_000
_SAMPLE = 10
_PERMISSION = "data:describe"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Difference:
    """A record a load would add, change or remove. fields: name (or `geometry`), value now, value of the load."""

    kind: str  # added | changed | removed
    key: str
    row: int | None
    fields: tuple[tuple[str, Any, Any], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What applying a load would do: numbers, and some of each kind."""

    added: int
    changed: int
    same: int
    removed: int
    sample: tuple[Difference, ...]


def inspect(path: Path, how: How | None = None) -> Found:
    """What a file holds; see loads.looking. Raises BadInput for what cannot be read."""
    return looking.inspect(path, how)


def guess(found: Found, dataset: Dataset | None = None, layer: str | None = None) -> Mapping:
    """A first mapping of a file (of its first layer, or the one named) onto a dataset, or onto one made for it."""
    one = _layer(found, layer)
    fields = None if dataset is None else schema.fields(dataset.schema)
    made = guessing.guess(one, fields, table=_is_table(found))
    return made.model_copy(update={"layer": one.name}) if len(found.layers) > 1 else made


def propose_schema(found: Found, title: str | None = None, layer: str | None = None) -> dict[str, Any]:
    """The dataset a file would make, as datasets.service.create takes it: code, title, schema, geometry_type, key_field."""
    one = _layer(found, layer)
    return guessing.propose(one, title or (found.path.rsplit(".", 1)[0] if len(found.layers) == 1 else one.name),
                            table=_is_table(found))  # fmt: skip


def _layer(found: Found, name: str | None) -> LayerFound:
    for one in found.layers:
        if name in (None, one.name):
            return one
    allowed = ", ".join(one.name for one in found.layers)
    raise BadInput(f"{found.path}: no layer {name!r}", [Fault("layer", repr(name), allowed)])


def _is_table(found: Found) -> bool:
    return found.format in ("csv", "xlsx")


# --- staging


def stage(
    caller: Caller,
    code: str,
    path: Path,
    mapping: Mapping | dict[str, Any] | None = None,
    mode: Mode = "upsert",
    progress: Progress | None = None,
    *,
    file_name: str | None = None,
    batch: int = BATCH,
) -> Load:
    """Read a file into a load that can be compared and applied. mapping: None guesses one.

    Rows that cannot be taken are in its faults with their reason; read = accepted + refused. Raises BadInput where the
    file or the mapping cannot be read at all: then the load is there, failed, with the reason.
    """
    if mode not in MODES:
        raise BadInput("unknown mode", [Fault("mode", repr(mode), ", ".join(MODES))])
    given = None if mapping is None else mappings.of(mapping)
    with db.writing() as session:
        dataset = _held(session, caller, code)
        load = Load(dataset_id=dataset.id, mode=mode, state="staging", file_name=file_name or path.name,
                    mapping=mappings.plain(given) if given else None, asked_by=caller.actor,
                    asked_at=clock.now_micros())  # fmt: skip
        session.add(load)
        session.flush()
        session.expunge_all()
    try:
        if given is None:
            # what the guess leaves out is said, for nobody chose to
            given = guess(looking.inspect(path), dataset).model_copy(update={"ignore": []})
        tally = Tally(load.id)
        with opened(path, given.how) as layers:
            read(dataset, layers[0], given, mode, tally, progress, batch)
    except DothiError as error:
        _fail(load.id, str(error))
        raise
    except BaseException as error:
        _fail(load.id, f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        raise
    with db.reading() as session:
        found = store.load(session, load.id)
        session.expunge_all()
    if found is None:
        raise Conflict(f"load {load.id} was removed meanwhile")
    return found[0]


def _fail(load_id: int, reason: str) -> None:
    try:
        with db.writing() as session:
            store.set_load(session, load_id, state="failed", reason=reason[:2000], finished_at=clock.now_micros())
        sweep(load_id)
    except Exception:
        log.exception("load %s could not be marked as failed", load_id)


# --- looking at a load


def get(session: Session, caller: Caller, load_id: int) -> tuple[Load, Dataset]:
    """A load and its dataset; NotFound, worded alike, where there is none or the caller may not see it."""
    return _mine(session, caller, load_id)


def of_dataset(session: Session, caller: Caller, code: str, limit: int = 50) -> Sequence[Load]:
    """The loads of a dataset, newest first."""
    dataset = access.seen(session, caller, code)
    guard.require(caller, _PERMISSION, dataset.agency_id, dataset=dataset.code)
    return store.loads(session, dataset.id, limit)


def faults(
    session: Session, caller: Caller, load_id: int, *, after: int = 0, limit: int = 1000, refused_only: bool = False
) -> Sequence[LoadFault]:
    """Cells and rows that were refused, or repaired with notice; row 0 is the file as a whole."""
    _mine(session, caller, load_id)
    return store.faults(session, load_id, after, limit, refused_only=refused_only)


def reasons(session: Session, caller: Caller, load_id: int) -> list[tuple[str | None, str, bool, int]]:
    """How often what was found: column, reason, repaired, count."""
    _mine(session, caller, load_id)
    return store.reasons(session, load_id)


def preview(session: Session, caller: Caller, load_id: int, limit: int = 200) -> list[dict[str, Any]]:
    """Some staged rows for a table and a map: row, key, properties, geojson; personal fields are left out."""
    _, dataset = _mine(session, caller, load_id)
    personal = {one.name for one in schema.fields(dataset.schema) if one.personal}
    found = store.staged(session, load_id, limit)
    for one in found:
        one["properties"] = {name: value for name, value in one["properties"].items() if name not in personal}
    return found


def compare(session: Session, caller: Caller, load_id: int, sample: int = _SAMPLE) -> Comparison:
    """What applying a staged load would do now, with a sample field by field."""
    load, dataset = _mine(session, caller, load_id)
    _want(load, "staged")
    bulk.prepare(session, load.accepted)
    counts = by_mode(bulk.compare(session, load_id, dataset.id), load.mode)
    personal = {one.name for one in schema.fields(dataset.schema) if one.personal}
    found: list[Difference] = []
    if load.mode != "append":
        found += [_changed(row, personal) for row in bulk.changed_sample(session, load_id, dataset.id, sample)]
    for row in bulk.added_sample(session, load_id, dataset.id, sample):
        both = [(name, None, value) for name, value in row["properties"].items() if name not in personal]
        found.append(Difference("added", row["key"], row["row"], (*both, ("geometry", None, row["geojson"]))))
    if load.mode == "replace":
        for row in bulk.removed_sample(session, load_id, dataset.id, sample):
            both = [(name, value, None) for name, value in row["properties"].items() if name not in personal]
            found.append(Difference("removed", row["key"], None, (*both, ("geometry", row["geojson"], None))))
    return Comparison(**counts, sample=tuple(found))


def _changed(row: dict[str, Any], personal: set[str]) -> Difference:
    old, new = row["old_properties"], row["new_properties"]
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    both: list[tuple[str, Any, Any]] = [
        (name, "…", "…") if name in personal else (name, old.get(name), new.get(name)) for name in names
    ]
    if row["old_geojson"] != row["new_geojson"]:
        both.append(("geometry", row["old_geojson"], row["new_geojson"]))
    return Difference("changed", row["key"], row["row"], tuple(both))


# --- applying and undoing


def apply(caller: Caller, load_id: int) -> Load:
    """Bring the dataset to what a load staged, in one transaction.

    Raises Conflict where the load is not staged, where records it removes are referred to, or where keys it only
    appends stand by now.
    """
    analyze(_accepted(load_id))
    with db.writing() as session:
        load, dataset = _locked(session, caller, load_id)
        _want(load, "staged")
        bulk.prepare(session, load.accepted)
        if load.mode == "append" and (stands := load.accepted - bulk.compare(session, load_id, dataset.id)["added"]):
            raise Conflict(f"{stands:,} keys of this load stand by now; it only appends. Stage it again")
        at = history.moment(dataset)
        made = bulk.apply(session, load_id, dataset.id, load.mode, at, caller.actor)
        _settle(session, caller, dataset, at, made, "data.load.applied", {"load": load_id, "mode": load.mode})
        load.state, load.finished_at = "applied", clock.now_micros()
        load.added, load.changed, load.removed = made["added"], made["changed"], made["removed"]
        load.same = load.accepted - made["added"] - made["changed"]
        session.flush()
        session.expunge_all()
    sweep(load_id)
    return load


def undo(caller: Caller, load_id: int, *, keep_later: bool = False) -> Load:
    """Bring back what stood before a load was applied, in one transaction.

    keep_later: leave records that were changed since as they are; otherwise such records are a Conflict.
    """
    analyze(_accepted(load_id))
    with db.writing() as session:
        load, dataset = _locked(session, caller, load_id)
        _want(load, "applied")
        bulk.prepare(session, load.accepted)
        later = bulk.later_changes(session, load_id, dataset.id)
        if later and not keep_later:
            raise Conflict(
                "records of this load were changed after it; undoing would lose that",
                [Fault(f"record {key}", "was changed after the load") for key in later],
            )
        at = history.moment(dataset)
        made = bulk.undo(session, load_id, dataset.id, at, caller.actor)
        _settle(session, caller, dataset, at, made, "data.load.undone", {"load": load_id})
        load.state, load.finished_at = "undone", clock.now_micros()
        session.flush()
        session.expunge_all()
    return load


def _accepted(load_id: int) -> int:
    with db.reading() as session:
        found = store.load(session, load_id)
        return 0 if found is None else found[0].accepted


def _settle(
    session: Session, caller: Caller, dataset: Dataset, at: int, made: dict[str, int], kind: str, data: dict[str, Any]
) -> None:
    """The book-keeping of a write of many records; nothing of it where none changed."""
    if not any(made.values()):
        return
    if made["removed"]:
        _refuse_orphans(session, dataset, at)
    boxes: Any = None
    if sum(made.values()) <= _BOXES:
        boxes = bulk.boxes(session, dataset.id, at, caller.actor, 3 * _BOXES)
    version = history.settle(session, dataset, at, after=boxes or ())
    history.tell(session, caller, dataset, kind, {**data, **made, "version": version})


def _refuse_orphans(session: Session, dataset: Dataset, at: int) -> None:
    found: list[Fault] = []
    for id_, code, field in references.referring(session, dataset.code):
        listed = field.kind == "array"
        for key, whose in bulk.broken_references(session, dataset.id, at, id_, field.name, listed=listed, limit=20):
            found.append(Fault(f"record {key}", f"record {whose!r} of {code} refers to it"))
    if found:
        raise Conflict("records refer to what would be removed", found[:20])


def drop(caller: Caller, load_id: int) -> None:
    """Forget a load that was not applied, with what it staged."""
    with db.writing() as session:
        load, _ = _locked(session, caller, load_id)
        if load.state in ("applied", "undone"):
            raise Conflict(f"load {load_id} is {load.state}; it is part of the history")
        load.state, load.finished_at = "dropped", clock.now_micros()
    sweep(load_id)


def sweep(load_id: int) -> None:
    """Remove the staged rows of a load that needs them no more, in small transactions."""
    while True:
        with db.writing() as session:
            if bulk.sweep(session, load_id, _SWEPT) < _SWEPT:
                return


def tidy() -> None:
    """Fail loads whose staging was interrupted long ago, and remove rows nobody needs; a chore."""
    with db.writing() as session:
        for load_id in store.unfinished(session, clock.now_micros() - STALE):
            store.set_load(session, load_id, state="failed", reason="was interrupted", finished_at=clock.now_micros())
    with db.reading() as session:
        left = store.leftovers(session)
    for load_id in left:
        sweep(load_id)


def _held(session: Session, caller: Caller, code: str) -> Dataset:
    found = access.held(session, caller, code, _PERMISSION)
    if found.status == "retired":
        raise Conflict(f"the dataset {code!r} is retired; it is kept as it is")
    return found


def _mine(session: Session, caller: Caller, load_id: int) -> tuple[Load, Dataset]:
    found = store.load(session, load_id)
    if found is None or not guard.may(caller, _PERMISSION, found[1].agency_id, found[1].code):
        raise NotFound(f"there is no load {load_id}, or you may not see it")
    return found


def _locked(session: Session, caller: Caller, load_id: int) -> tuple[Load, Dataset]:
    load, dataset = _mine(session, caller, load_id)
    held = _held(session, caller, dataset.code)  # the lock of the dataset comes first, as in every write
    session.refresh(load, with_for_update=True)
    return load, held


def _want(load: Load, state: str) -> None:
    if load.state != state:
        raise Conflict(f"load {load.id} is {load.state}, not {state}")


__all__ = [
    "MODES", "Comparison", "Difference", "apply", "compare", "drop", "faults", "get", "guess", "inspect", "of_dataset",
    "preview", "propose_schema", "reasons", "stage", "sweep", "tidy", "undo",
]  # fmt: skip
