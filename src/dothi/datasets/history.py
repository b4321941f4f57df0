"""What was: versions of a record, changes of a dataset since a moment; and the book-keeping of every write.

Every write of a dataset has a moment of its own, later than the one before it, so that `as of` any moment is exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import access, change_store, news, stamps, store, views
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.db.base import Base
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.journal.service import Visibility
from dothi.kit import clock
from dothi.kit.text import whole

Box = tuple[float, float, float, float]
MOST_CHANGES = 10_000


@dataclass(frozen=True, slots=True)
class Version:
    """A record as it stood from `at` until `until` (µs UTC; None: it stands), with the fields the caller may see.

    by, until_by: actors (`person:3`). deleted: nothing took its place. changed: names of the visible fields that differ
    from the version before, `geometry` among them.
    """

    version: int
    at: int
    by: str
    until: int | None
    until_by: str | None
    deleted: bool
    properties: dict[str, Any]
    geojson: str | None
    unit_code: str | None
    valid_from: int | None
    valid_until: int | None
    load_id: int | None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one record. cursor: where to go on after it."""

    at: int
    key: str
    verb: str  # created | updated | deleted
    by: str
    version: int
    cursor: str


def versions(session: Session, caller: Caller, code: str, key: str) -> list[Version]:
    """Every version of a record, oldest first; none for a key that never was.

    Raises NotFound for a dataset the caller does not see.
    """
    view = views.made(access.seen(session, caller, code), caller)
    names = [one.name for one in view.fields]
    rows: list[Any] = list(store.versions(session, view.id, key))
    now = store.record(session, view.id, key)
    found: list[Version] = []
    before: Version | None = None
    for one in [*rows, *([now] if now is not None else [])]:
        old = isinstance(one, RecordVersion)
        properties = {name: one.properties[name] for name in names if name in one.properties}
        changed: tuple[str, ...] = ()
        if before is not None and not before.deleted:
            changed = differences(before.properties, before.geojson, properties, one.geojson)
        before = Version(
            one.version, one.recorded_at, one.recorded_by, one.superseded_at if old else None,
            one.superseded_by if old else None, one.deleted if old else False, properties, one.geojson, one.unit_code,
            one.valid_from, one.valid_until, one.load_id, changed,
        )  # fmt: skip
        found.append(before)
    return found


def differences(
    before: dict[str, Any], shape_before: str | None, after: dict[str, Any], shape_after: str | None
) -> tuple[str, ...]:
    """Names of the properties that differ, and `geometry`."""
    names = [name for name in dict.fromkeys([*before, *after]) if before.get(name) != after.get(name)]
    return tuple(names + ["geometry"] * (shape_before != shape_after))


def changes(
    session: Session, caller: Caller, code: str, *, since: int = 0, after: str | None = None, limit: int = 1000
) -> list[Change]:
    """What happened to the records of a dataset, in the order of time.

    since: µs, exclusive; after: the cursor of the last change one has. At most MOST_CHANGES at once.
    """
    view = views.made(access.seen(session, caller, code), caller)
    at, _, key = (after or "").partition("/")
    moment_ = whole(at)
    first = (since, None) if moment_ is None else (moment_, key)
    rows = change_store.changes(session, view.id, first, min(limit, MOST_CHANGES))
    return [Change(at, key, verb, by, version, f"{at}/{key}") for at, key, verb, by, version in rows]


# --- the book-keeping of writes


def moment(dataset: Dataset) -> int:
    """The moment of a write (µs UTC): now, and later than every write of this dataset before it. Hold its lock."""
    return max(clock.now_micros(), (dataset.changed_at or 0) + 1)


def settle(
    session: Session,
    dataset: Dataset,
    at: int,
    *,
    added: int | None = None,
    before: Sequence[Box] = (),
    after: Sequence[Box] = (),
) -> int:
    """Raise version and keep count, extent and tile stamps after a write; returns the new version.

    added: records more than before; None: many changed, all is counted and measured anew. before, after: boxes of the
    records as they were and are. Call it after the rows are written, in their transaction, with the dataset locked.
    """
    session.flush()
    dataset.version += 1
    dataset.changed_at = at
    if added is None:
        dataset.count = store.count(session, dataset.id)
        _measure(dataset, store.extent(session, dataset.id))
    else:
        dataset.count += added
        _grow(session, dataset, before, after)
    session.flush()
    boxes = None if added is None and not (before or after) else [*before, *after]
    stamps.touch(session, dataset.id, boxes, dataset.version)
    news.changed(session, dataset.id, dataset.code, dataset.version)
    return dataset.version


def tell(
    session: Session,
    caller: Caller,
    dataset: Dataset,
    kind: str,
    data: dict[str, Any],
    *,
    key: str | None = None,
    place: str | None = None,
    restricted: bool = False,
) -> None:
    """Write a journal entry about a dataset or its record; only what everybody who sees the dataset may know."""
    journal.append(
        session, kind, actor=caller.actor, agency_id=dataset.agency_id, place=place, data=data,
        subject=f"dataset:{dataset.code}" if key is None else f"record:{dataset.code}/{key}",
        visibility="restricted" if restricted else visibility(dataset),
    )  # fmt: skip


def visibility(dataset: Dataset) -> Visibility:
    """Who may read entries about a dataset: those who see it."""
    if dataset.status != "published" or dataset.sharing not in ("open", "shared"):
        return "restricted"
    return "open" if dataset.sharing == "open" else "shared"


def retire(record: Record, at: int, by: str, *, deleted: bool, load_id: int | None = None) -> Base:
    """The row that keeps a record as it stood until now."""
    kept = {name: getattr(record, name) for name in store.COLUMNS}
    return RecordVersion(
        **kept, record_id=record.id, dataset_id=record.dataset_id, version=record.version,
        recorded_at=record.recorded_at, recorded_by=record.recorded_by, load_id=record.load_id, superseded_at=at,
        superseded_by=by, superseded_load_id=load_id, deleted=deleted,
    )  # fmt: skip


def box(one: Any) -> list[Box]:
    """The box of a record, if it has one."""
    sides = tuple(getattr(one, side) for side in store.SIDES)
    return [] if None in sides else [sides]


def _grow(session: Session, dataset: Dataset, before: Sequence[Box], after: Sequence[Box]) -> None:
    old = (dataset.west, dataset.south, dataset.east, dataset.north)
    # a record that touched the edge may have held it there alone
    if any(
        west == old[0] or south == old[1] or east == old[2] or north == old[3] for west, south, east, north in before
    ):
        _measure(dataset, store.extent(session, dataset.id))
        return
    for west, south, east, north in after:
        if dataset.west is None or west < dataset.west:
            dataset.west = west
        if dataset.south is None or south < dataset.south:
            dataset.south = south
        if dataset.east is None or east > dataset.east:
            dataset.east = east
        if dataset.north is None or north > dataset.north:
            dataset.north = north


def _measure(dataset: Dataset, sides: Sequence[float | None]) -> None:
    dataset.west, dataset.south, dataset.east, dataset.north = sides
