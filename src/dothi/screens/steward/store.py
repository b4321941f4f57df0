"""What the stewards' pages ask of the database: loads, corrections, reviews, use and deleted records of some datasets."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.datasets.tables import Correction, Load, LoadFault, Record, RecordVersion, Review
from dothi.identity.tables import Key, Person


def open_corrections(session: Session, datasets: Sequence[int], *, state: str | None = "open") -> list[Correction]:
    """Messages about some datasets, oldest first; those already answered newest first."""
    if not datasets:
        return []
    query = select(Correction).where(Correction.dataset_id.in_(datasets))
    if state is not None:
        query = query.where(Correction.state == state).order_by(Correction.sent_at)
    else:
        query = query.where(Correction.state != "open").order_by(Correction.answered_at.desc())
    return list(session.scalars(query.limit(200)))


def correction(session: Session, id_: int) -> Correction | None:
    """A message."""
    return session.get(Correction, id_)


def waiting_reviews(session: Session, datasets: Sequence[int]) -> list[Review]:
    """Wishes nobody has decided on yet."""
    if not datasets:
        return []
    query = select(Review).where(Review.dataset_id.in_(datasets), Review.decided_at.is_(None)).order_by(Review.asked_at)
    return list(session.scalars(query))


def reviews(session: Session, dataset: int, limit: int = 10) -> list[Review]:
    """The newest wishes of a dataset."""
    return list(
        session.scalars(select(Review).where(Review.dataset_id == dataset).order_by(Review.id.desc()).limit(limit))
    )


def loads(session: Session, datasets: Sequence[int], limit: int = 20) -> list[Load]:
    """The newest loads of some datasets."""
    if not datasets:
        return []
    return list(
        session.scalars(select(Load).where(Load.dataset_id.in_(datasets)).order_by(Load.id.desc()).limit(limit))
    )


def load(session: Session, id_: int, dataset: int) -> Load | None:
    """A load of a dataset."""
    found = session.get(Load, id_)
    return found if found is not None and found.dataset_id == dataset else None


def faults(session: Session, load_id: int, start: int, limit: int) -> tuple[list[LoadFault], int]:
    """Some faults of a load by row, and how many there are."""
    query = select(LoadFault).where(LoadFault.load_id == load_id).order_by(LoadFault.row, LoadFault.id)
    total = session.scalar(select(func.count()).select_from(LoadFault).where(LoadFault.load_id == load_id)) or 0
    return list(session.scalars(query.offset(start).limit(limit))), total


def fault_kinds(session: Session, load_id: int) -> Sequence[Any]:
    """Faults gathered by column and reason: column, reason, repaired, n, first row."""
    columns = (LoadFault.column, LoadFault.reason, LoadFault.repaired)
    query = (
        select(*columns, func.count().label("n"), func.min(LoadFault.row).label("row"))
        .where(LoadFault.load_id == load_id)
        .group_by(*columns)
        .order_by(func.count().desc())
        .limit(12)
    )
    return session.execute(query).all()


def deleted(session: Session, dataset: int, limit: int = 100) -> list[RecordVersion]:
    """The last versions of records that are gone, newest deletion first."""
    now = select(Record.id).where(Record.dataset_id == dataset, Record.key == RecordVersion.key).exists()
    newer = RecordVersion.__table__.alias("newer")
    later = (
        select(newer.c.id)
        .where(newer.c.dataset_id == dataset, newer.c.key == RecordVersion.key, newer.c.superseded_at > RecordVersion.superseded_at)
        .exists()
    )  # fmt: skip
    query = (
        select(RecordVersion)
        .where(RecordVersion.dataset_id == dataset, RecordVersion.deleted, ~now, ~later)
        .order_by(RecordVersion.superseded_at.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def names(session: Session, actors: Sequence[str]) -> dict[str, str]:
    """Who stands behind `person:3` and `key:7`, for those who keep a dataset."""
    made: dict[str, str] = {}
    for kind, table, column in (("person", Person, Person.name), ("key", Key, Key.label)):
        ids = sorted(
            {int(a.partition(":")[2]) for a in actors if a.startswith(f"{kind}:") and a[len(kind) + 1 :].isdecimal()}
        )
        if ids:
            for id_, name in session.execute(select(table.id, column).where(table.id.in_(ids))):
                made[f"{kind}:{id_}"] = name
    return made
