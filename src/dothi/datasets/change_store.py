"""The SQL of what changed in a dataset since a moment."""

from typing import Any

from sqlalchemy import and_, case, literal, or_, select, union_all
from sqlalchemy.orm import Session

from dothi.datasets.tables import Record, RecordVersion


def changes(
    session: Session, dataset_id: int, first: tuple[int, str | None], limit: int
) -> list[tuple[int, str, str, str, int]]:
    """Moment, key, verb, actor and version of each change after a moment (and key), in order."""
    now, old = Record, RecordVersion
    parts = [
        _part(now.recorded_at, now, _verb(now.version), now.recorded_by, now.dataset_id == dataset_id, first),
        _part(old.recorded_at, old, _verb(old.version), old.recorded_by, old.dataset_id == dataset_id, first),
        _part(
            old.superseded_at, old, literal("deleted"), old.superseded_by,
            and_(old.dataset_id == dataset_id, old.deleted.is_(True)), first,
        ),
    ]  # fmt: skip
    all_of_them = union_all(*parts).subquery()
    query = select(all_of_them).order_by(all_of_them.c.at, all_of_them.c.key).limit(limit)
    return [tuple(row) for row in session.execute(query)]


def _verb(version: Any) -> Any:
    return case((version == 1, "created"), else_="updated")


def _part(at: Any, table: Any, verb: Any, by: Any, where: Any, first: tuple[int, str | None]) -> Any:
    moment, key = first
    since = at > moment if key is None else or_(at > moment, and_(at == moment, table.key > key))
    return select(
        at.label("at"), table.key.label("key"), verb.label("verb"), by.label("by"), table.version.label("version")
    ).where(where, since)
