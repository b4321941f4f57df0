"""INSERT … ON CONFLICT, which both databases spell alike and SQLAlchemy offers by dialect."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.dialects.postgresql import insert as _postgresql
from sqlalchemy.dialects.sqlite import insert as _sqlite
from sqlalchemy.orm import Session

_BY_NAME: Mapping[str, Callable[[Any], Any]] = {"sqlite": _sqlite, "postgresql": _postgresql}


def insert_into(session: Session, table: Any) -> Any:
    """An insert into a table that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return _BY_NAME[session.get_bind().dialect.name](table)


def for_each(make: Callable[[Callable[[Any], Any]], Any]) -> dict[str, Any]:
    """A statement made once for each database, by the name of its dialect: `make(insert)`."""
    return {name: make(insert) for name, insert in _BY_NAME.items()}
