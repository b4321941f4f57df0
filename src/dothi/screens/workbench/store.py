"""The few statements of the workbench's own."""

from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import reading
from dothi.datasets.views import View


def values(session: Session, view: View, name: str, most: int) -> set[Any]:
    """The different values of a field, at most so many."""
    own = reading.rows(view)
    value, _ = reading.column(own, view, name)
    return set(session.scalars(own.select(value).distinct().limit(most)))
