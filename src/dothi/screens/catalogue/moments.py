"""The SQL of comparing a dataset at two moments: how many records came, changed and went, and which."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, union
from sqlalchemy.orm import Session

from dothi.datasets import reading
from dothi.datasets.tables import Record, RecordVersion
from dothi.datasets.views import View


@dataclass(frozen=True, slots=True)
class Counted:
    """How much differs. keys: some of the records that do, with how: added, changed or removed."""

    added: int
    changed: int
    removed: int
    keys: Sequence[tuple[str, str]]


def compared(session: Session, view: View, start: int, end: int, limit: int) -> Counted:
    """What differs between two moments (µs), of a dataset the caller sees.

    Only keys touched in between are looked at; a record that went and came back the same counts as changed.
    """
    now, old = Record.__table__, RecordVersion.__table__

    def within(column: Any) -> ColumnElement[bool]:
        return and_(column > start, column <= end)

    touched = union(
        select(now.c.key).where(now.c.dataset_id == view.id, within(now.c.recorded_at)),
        select(old.c.key).where(old.c.dataset_id == view.id, within(old.c.superseded_at)),
    ).subquery("touched")

    def stood(at: int) -> ColumnElement[bool]:
        a, b = now.alias(), old.alias()
        return or_(
            exists(select(literal(1)).where(a.c.dataset_id == view.id, a.c.key == touched.c.key, a.c.recorded_at <= at)),
            exists(
                select(literal(1)).where(
                    b.c.dataset_id == view.id, b.c.key == touched.c.key, b.c.recorded_at <= at, b.c.superseded_at > at
                )
            ),
        )  # fmt: skip

    both = select(
        touched.c.key, case((stood(start), 1), else_=0).label("was"), case((stood(end), 1), else_=0).label("is_")
    )
    seen = reading.rows(view)  # asks in the same statement whether the dataset is still shared
    sides = both.where(*seen.clauses[1:]).subquery("sides")
    counted = session.execute(
        select(
            func.coalesce(func.sum(case((and_(sides.c.was == 0, sides.c.is_ == 1), 1), else_=0)), 0),
            func.coalesce(func.sum(case((and_(sides.c.was == 1, sides.c.is_ == 1), 1), else_=0)), 0),
            func.coalesce(func.sum(case((and_(sides.c.was == 1, sides.c.is_ == 0), 1), else_=0)), 0),
        )
    ).one()
    rows = session.execute(
        select(sides.c.key, sides.c.was, sides.c.is_)
        .where(or_(sides.c.was == 1, sides.c.is_ == 1))
        .order_by(sides.c.is_ + sides.c.was, sides.c.key)
        .limit(limit)
    )
    named = {(0, 1): "added", (1, 1): "changed", (1, 0): "removed"}
    added, changed, removed = (int(n) for n in counted)
    return Counted(added, changed, removed, [(key, named[was, is_]) for key, was, is_ in rows])
