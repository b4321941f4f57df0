"""The journal's SQL."""

from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dothi.db.words import transaction_id
from dothi.journal.tables import Entry


def insert_entry(session: Session, **values: Any) -> None:
    """Add one entry, marked with the writing transaction where the database numbers them."""
    session.execute(insert(Entry).values(xid=transaction_id(), **values))
