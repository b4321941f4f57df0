"""The few statements of the workbench's own."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.datasets import reading
from dothi.datasets.views import View
from dothi.identity.tables import Agency


def agency_names(session: Session, ids: Iterable[int], language: str) -> dict[int, str]:
    """What some agencies are called."""
    query = select(Agency.id, Agency.name, Agency.name_en).where(Agency.id.in_(list(ids)))
    return {id_: (english if language == "en" else None) or name for id_, name, english in session.execute(query)}


def values(session: Session, view: View, name: str, most: int) -> set[Any]:
    """The different values of a field, at most so many."""
    own = reading.rows(view)
    value, _ = reading.column(own, view, name)
    return set(session.scalars(own.select(value).distinct().limit(most)))
