"""The SQL of datasets and their records, one at a time; what is done in bulk stands in db/bulk_records.py."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Integer, Text, bindparam, delete, func, select, text, update
from sqlalchemy.orm import Session, undefer

from dothi.datasets.tables import Correction, Dataset, Record, RecordVersion, Review, Usage
from dothi.db import words
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency

# what a record, an earlier version and a staged record have in common
COLUMNS = (
    "key", "geometry", "geojson", "properties", "west", "south", "east", "north", "unit_code", "folded", "valid_from",
    "valid_until",
)  # fmt: skip
SIDES = ("west", "south", "east", "north")
Box = tuple[float, float, float, float]


def visible(session: Session, caller: Caller, code: str) -> Dataset | None:
    """A dataset the caller may see."""
    if "\0" in code:
        return None
    query = select(Dataset).where(Dataset.code == code, guard.visible(caller, Dataset, permission="data:read"))
    return session.scalars(query).first()


def locked(session: Session, code: str) -> Dataset | None:
    """A dataset whoever asks, as it stands; nobody else changes it before this transaction ends."""
    if "\0" in code:
        return None
    query = select(Dataset).where(Dataset.code == code).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).first()


def by_code(session: Session, code: str) -> Dataset | None:
    """A dataset whoever asks."""
    return session.scalars(select(Dataset).where(Dataset.code == code)).first()


def by_id(session: Session, id_: int) -> Dataset | None:
    """A dataset by its number."""
    return session.get(Dataset, id_)


def schemas(session: Session) -> Sequence[tuple[int, str, dict[str, Any]]]:
    """Number, code and schema of every dataset."""
    return session.execute(select(Dataset.id, Dataset.code, Dataset.schema)).all()


def agency_id(session: Session, code: str) -> int | None:
    """The number of the agency with a code."""
    return session.scalar(select(Agency.id).where(Agency.code == code))


def agencies(session: Session) -> dict[str, int]:
    """The agencies by code."""
    return dict(session.execute(select(Agency.code, Agency.id)).all())


# --- records


def record(session: Session, dataset_id: int, key: str) -> Record | None:
    """A record as it stands, its geometry with it."""
    query = (
        select(Record)
        .where(Record.dataset_id == dataset_id, Record.key == key)
        .options(undefer(Record.geometry))
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).first()


def records_by_key(session: Session, dataset_id: int, prefix: str = "") -> dict[str, Record]:
    """The records of a dataset by their keys, whole; prefix: only those whose keys begin so."""
    query = select(Record).where(Record.dataset_id == dataset_id).options(undefer(Record.geometry))
    if prefix:
        query = query.where(Record.key.startswith(prefix, autoescape=True))
    return {record.key: record for record in session.scalars(query)}


def last_versions(session: Session, dataset_id: int) -> dict[str, int]:
    """The highest earlier version of each record there ever was, by key."""
    old = RecordVersion
    query = select(old.key, func.max(old.version)).where(old.dataset_id == dataset_id).group_by(old.key)
    return {key: int(version) for key, version in session.execute(query)}


def last_version(session: Session, dataset_id: int, key: str) -> RecordVersion | None:
    """The newest earlier version of a record, its geometry with it."""
    query = (
        select(RecordVersion)
        .where(RecordVersion.dataset_id == dataset_id, RecordVersion.key == key)
        .order_by(RecordVersion.version.desc())
        .limit(1)
        .options(undefer(RecordVersion.geometry))
    )
    return session.scalars(query).first()


def versions(session: Session, dataset_id: int, key: str) -> Sequence[RecordVersion]:
    """Every earlier version of a record, oldest first."""
    query = (
        select(RecordVersion)
        .where(RecordVersion.dataset_id == dataset_id, RecordVersion.key == key)
        .order_by(RecordVersion.version, RecordVersion.id)
    )
    return session.scalars(query).all()


def known_keys(session: Session, dataset_id: int, keys: Sequence[str]) -> set[str]:
    """Which of some keys there are records of."""
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        found |= set(session.scalars(select(Record.key).where(Record.dataset_id == dataset_id, Record.key.in_(some))))
    return found


def whose_value(session: Session, dataset_id: int, field: str, value: Any, *, listed: bool) -> str | None:
    """The key of a record whose field is this value; listed: whose list has it."""
    if listed:
        part = words.json_text(Record.properties, field)
        query = select(Record.key, Record.properties).where(
            Record.dataset_id == dataset_id, part.contains(str(value), autoescape=True)
        )
        return next((key for key, held in session.execute(query) if value in (held.get(field) or ())), None)
    found = words.text_of(words.json_text(Record.properties, field))
    query_ = select(Record.key).where(Record.dataset_id == dataset_id, found == str(value)).limit(1)
    return session.scalar(query_)


def values(session: Session, dataset_id: int, field: str, *, listed: bool) -> Iterator[tuple[str, Any]]:
    """Each value a field has, with the key of a record that has it; listed: every record with each item of its."""
    if listed:
        query = select(Record.key, Record.properties).where(Record.dataset_id == dataset_id)
        for key, held in session.execute(query.execution_options(yield_per=2000)):
            value = held.get(field)
            for each in value if isinstance(value, list) else () if value is None else (value,):
                yield key, each
        return
    part = words.text_of(words.json_text(Record.properties, field))
    query = select(func.min(Record.key), part).where(Record.dataset_id == dataset_id, part.is_not(None)).group_by(part)
    yield from session.execute(query)


def extent(session: Session, dataset_id: int) -> tuple[float | None, ...]:
    """The box of all records."""
    row = session.execute(
        select(func.min(Record.west), func.min(Record.south), func.max(Record.east), func.max(Record.north)).where(
            Record.dataset_id == dataset_id
        )
    ).one()
    return tuple(row)


def count(session: Session, dataset_id: int) -> int:
    """How many records there are."""
    return session.scalar(select(func.count()).select_from(Record).where(Record.dataset_id == dataset_id)) or 0


def batches(
    session: Session, table: Any, dataset_id: int, size: int = 2000
) -> Iterator[Sequence[tuple[int, str, dict[str, Any]]]]:
    """Number, key and properties of a dataset's rows, in batches in the order of their numbers."""
    last = 0
    while True:
        query = (
            select(table.id, table.key, table.properties)
            .where(table.dataset_id == dataset_id, table.id > last)
            .order_by(table.id)
            .limit(size)
        )
        found = session.execute(query).all()
        if not found:
            return
        yield found
        last = found[-1][0]


def set_derived(session: Session, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write columns that follow from the properties; each row names its `id`."""
    if rows:
        session.execute(update(table), list(rows))


def sample(session: Session, dataset_id: int, size: int) -> list[tuple[dict[str, Any], str | None]]:
    """Properties and GeoJSON shape of some records: the first, and some from each quarter of their numbers."""
    row = session.execute(select(func.min(Record.id), func.max(Record.id)).where(Record.dataset_id == dataset_id)).one()
    first, last = row
    if first is None:
        return []
    part = max(1, size // 4)
    found: dict[int, tuple[dict[str, Any], str | None]] = {}
    for share in range(4):
        begin = first + (last - first) * share // 4
        query = (
            select(Record.id, Record.properties, Record.geojson)
            .where(Record.dataset_id == dataset_id, Record.id >= begin)
            .order_by(Record.id)
            .limit(part)
        )
        found |= {id_: (properties, shape) for id_, properties, shape in session.execute(query)}
    return list(found.values())


def remove(session: Session, dataset_id: int) -> None:
    """Remove a dataset with everything that belongs to it."""
    session.execute(delete(Dataset).where(Dataset.id == dataset_id))


# --- reviews, corrections, use


def review(session: Session, id_: int, *, lock: bool = False) -> Review | None:
    """A review by its number."""
    query = select(Review).where(Review.id == id_)
    return session.scalars(query.with_for_update() if lock else query).first()


def open_review(session: Session, dataset_id: int) -> Review | None:
    """The review of a dataset nobody has decided yet."""
    return session.scalars(select(Review).where(Review.dataset_id == dataset_id, Review.decided_at.is_(None))).first()


def correction(session: Session, id_: int) -> Correction | None:
    """A correction by its number."""
    return session.scalars(select(Correction).where(Correction.id == id_).with_for_update()).first()


def of_datasets(session: Session, table: Any, where: Any, limit: int) -> list[tuple[Any, Dataset]]:
    """Reviews or corrections with their datasets, newest first."""
    query: Any = (
        select(table, Dataset).join(Dataset, Dataset.id == table.dataset_id).where(where).order_by(table.id.desc())
    )
    return [(one, dataset) for one, dataset in session.execute(query.limit(limit))]


def add_use(session: Session, dataset_id: int, day: int, door: str, count_: int) -> None:
    """Count uses of a day; a dataset that is gone meanwhile counts none."""
    session.execute(
        text(
            "INSERT INTO usage (dataset_id, day, door, count)"
            " SELECT id, :day, :door, :count FROM dataset WHERE id = :dataset_id"
            " ON CONFLICT (dataset_id, day, door) DO UPDATE SET count = usage.count + excluded.count"
        ).bindparams(
            bindparam("day", type_=Integer()), bindparam("count", type_=BigInteger()), bindparam("door", type_=Text())
        ),
        {"dataset_id": dataset_id, "day": day, "door": door, "count": count_},
    )


def uses(session: Session, dataset_id: int, since: int) -> Sequence[tuple[int, str, int]]:
    """Day, door and count since a day."""
    query = (
        select(Usage.day, Usage.door, Usage.count)
        .where(Usage.dataset_id == dataset_id, Usage.day >= since)
        .order_by(Usage.day, Usage.door)
    )
    return session.execute(query).all()


def totals(session: Session, since: int) -> dict[int, int]:
    """Uses of every dataset since a day."""
    query = select(Usage.dataset_id, func.sum(Usage.count)).where(Usage.day >= since).group_by(Usage.dataset_id)
    return {id_: int(number) for id_, number in session.execute(query)}
