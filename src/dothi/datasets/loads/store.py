"""The SQL of loads, but for the sets in db/bulk_records.py."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from dothi.datasets.loads.found import RowFault
from dothi.datasets.tables import Dataset, Load, LoadFault, StagedRecord


def load(session: Session, load_id: int, *, lock: bool = False) -> tuple[Load, Dataset] | None:
    """A load and its dataset."""
    query = select(Load, Dataset).join(Dataset, Dataset.id == Load.dataset_id).where(Load.id == load_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.execute(query).first()
    return None if found is None else (found[0], found[1])


def loads(session: Session, dataset_id: int, limit: int) -> Sequence[Load]:
    """The loads of a dataset, newest first."""
    query = select(Load).where(Load.dataset_id == dataset_id).order_by(Load.id.desc()).limit(limit)
    return session.scalars(query).all()


def set_load(session: Session, load_id: int, **values: Any) -> None:
    """Write columns of a load."""
    session.execute(update(Load).where(Load.id == load_id).values(**values))


def add_faults(session: Session, load_id: int, faults: Iterable[RowFault]) -> None:
    """Write what was found in rows."""
    rows = [
        {
            "load_id": load_id, "row": one.row, "column": one.column, "value": one.value,
            "reason": one.reason, "repaired": one.repaired,
        }
        for one in faults
    ]  # fmt: skip
    if rows:
        session.execute(insert(LoadFault), rows)


def faults(
    session: Session, load_id: int, after: int = 0, limit: int = 1000, *, refused_only: bool = False
) -> Sequence[LoadFault]:
    """What was found in rows, in the order of rows; `after` is the id of the last one seen."""
    query = select(LoadFault).where(LoadFault.load_id == load_id)
    if refused_only:
        query = query.where(LoadFault.repaired.is_(False))
    if after:
        last = select(LoadFault.row).where(LoadFault.id == after).scalar_subquery()
        query = query.where((LoadFault.row > last) | ((LoadFault.row == last) & (LoadFault.id > after)))
    return session.scalars(query.order_by(LoadFault.row, LoadFault.id).limit(limit)).all()


def reasons(session: Session, load_id: int) -> list[tuple[str | None, str, bool, int]]:
    """How often each reason stands: column, reason, whether it was repaired, count; the most frequent first."""
    query = (
        select(LoadFault.column, LoadFault.reason, LoadFault.repaired, func.count())
        .where(LoadFault.load_id == load_id)
        .group_by(LoadFault.column, LoadFault.reason, LoadFault.repaired)
        .order_by(LoadFault.repaired, func.count().desc(), LoadFault.reason)
        .limit(200)
    )
    return [(row[0], row[1], bool(row[2]), int(row[3])) for row in session.execute(query)]


def staged(session: Session, load_id: int, limit: int) -> list[dict[str, Any]]:
    """Some staged rows: row, key, properties, geojson text, spread over the load where it has more."""
    low, high = session.execute(
        select(func.min(StagedRecord.row), func.max(StagedRecord.row)).where(StagedRecord.load_id == load_id)
    ).one()
    if low is None:
        return []
    step = max(1, (high - low + 1) // limit)
    query = (
        select(StagedRecord.row, StagedRecord.key, StagedRecord.properties, StagedRecord.geojson)
        .where(StagedRecord.load_id == load_id, (StagedRecord.row - low) % step == 0)
        .order_by(StagedRecord.row)
        .limit(limit)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def count_staged(session: Session, load_id: int) -> int:
    """How many rows are staged."""
    query = select(func.count()).select_from(StagedRecord).where(StagedRecord.load_id == load_id)
    return session.scalar(query) or 0


def unfinished(session: Session, before: int) -> list[int]:
    """Loads that began staging before an instant (µs) and never came to its end."""
    return list(session.scalars(select(Load.id).where(Load.state == "staging", Load.asked_at < before)))


def leftovers(session: Session) -> list[int]:
    """Loads that are finished in one way or another and still have staged rows."""
    query = select(Load.id).where(
        Load.state.not_in(("staging", "staged")),
        select(StagedRecord.row).where(StagedRecord.load_id == Load.id).exists(),
    )
    return list(session.scalars(query))


def forget_faults(session: Session, load_id: int) -> None:
    """Remove what was found in the rows of a load."""
    session.execute(delete(LoadFault).where(LoadFault.load_id == load_id))


def dataset_ids(session: Session, codes: Iterable[str]) -> dict[str, int]:
    """The datasets of some codes."""
    found = session.execute(select(Dataset.code, Dataset.id).where(Dataset.code.in_(list(codes))))
    return dict(found.all())
