"""Many rows by one statement in the database's own words, where the general way of writing is too slow."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session


def write_each(session: Session, by_row: str, at_once: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """SQLite runs `by_row` for each (`?`), PostgreSQL `at_once`, which takes each column as an array (`%s`)."""
    if not rows:
        return
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(by_row, list(rows))
    else:
        connection.exec_driver_sql(at_once, tuple(list(column) for column in zip(*rows, strict=True)))
