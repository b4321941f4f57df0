"""The SQL of the catalogue door."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import literal, or_, select
from sqlalchemy.orm import Session

from dothi.datasets.tables import Dataset
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal.tables import Entry

FEED_KINDS = ("data.dataset", "data.load")


def changes(session: Session, caller: Caller, limit: int, code: str | None = None) -> Sequence[Any]:
    """The newest changes of published datasets the caller sees: id, at, kind, subject, code, title, title_en, description.

    Both must be seen: the entry, and the dataset as it is shared today.
    """
    about = Entry.subject == literal("dataset:") + Dataset.code
    query = (
        select(Entry.id, Entry.at, Entry.kind, Dataset.code, Dataset.title, Dataset.title_en, Dataset.description)
        .join(Dataset, about)
        .where(
            Dataset.status == "published",
            guard.visible(caller, Dataset, "data:read"),
            guard.sees_entries(caller),
            or_(*(Entry.kind.startswith(kind + ".", autoescape=True) for kind in FEED_KINDS)),
        )
        .order_by(Entry.id.desc())
        .limit(limit)
    )
    if code is not None:
        query = query.where(Dataset.code == code)
    return session.execute(query).all()
