"""What a transaction asks again and again: made into the database's words once, and answered past the ORM's machinery.

On PostgreSQL it goes past the driver's cursors too (`db.wire`). On SQLite, and for everybody who reads the results, it is
as `session.execute` and `session.scalars` of the same query. A query has values of its own by name (`bindparam`), none
that becomes several (`in_`). For routes that only read there is `db.hot`.
"""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Executable, Select, inspect
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value

from dothi.db import commits, wire

One = TypeVar("One")


def write(session: Session, said: Sequence[wire.Said]) -> list[list[Any]]:
    """Run statements in their order, in one message where that can be; gives the rows of each that returns some."""
    if commits.together(session):
        return list(wire.send(session.connection(), said))
    connection = session.connection()
    answers = [connection.execute(one.query, values) for one, values in said]
    return [list(one.all()) if one.returns_rows else [] for one in answers]


class Rows:
    """A query for rows."""

    def __init__(self, query: Executable) -> None:
        self.query = query
        self._said = wire.Statement(query)

    def all(self, session: Session, **values: Any) -> list[Any]:
        """All its rows."""
        if not commits.together(session):
            return list(session.execute(self.query, values).all())
        if session.autoflush:
            session.flush()
        return wire.send(session.connection(), [(self._said, values)])[0]

    def first(self, session: Session, **values: Any) -> Any | None:
        """Its first row."""
        return next(iter(self.all(session, **values)), None)


class Objects(Generic[One]):
    """A query for objects of a mapped class, whole ones: `select(Case).where(…)`."""

    def __init__(self, kind: type[One], query: Select[Any]) -> None:
        self.kind, self.query = kind, query
        self._rows = Rows(query)
        self._anew = bool(query.get_execution_options().get("populate_existing"))
        self._names: tuple[str, ...] = ()

    def all(self, session: Session, **values: Any) -> list[One]:
        """All its objects, those of the session where it has them already."""
        if not commits.together(session):
            return list(session.scalars(self.query, values))
        return [self._placed(session, row) for row in self._rows.all(session, **values)]

    def first(self, session: Session, **values: Any) -> One | None:
        """Its first object."""
        return next(iter(self.all(session, **values)), None)

    def _placed(self, session: Session, row: Any) -> One:
        mapper: Any = inspect(self.kind)
        if not self._names:
            self._names = tuple(mapper.get_property_by_column(one).key for one in self.query.selected_columns)
        values = dict(zip(self._names, row, strict=True))
        key = mapper.identity_key_from_primary_key([values[one.key] for one in mapper.primary_key])
        there: One | None = session.identity_map.get(key)
        if there is None:
            made: One = mapper.class_manager.new_instance()
            instance_dict(made).update(values)
            make_transient_to_detached(made)
            session.add(made)
            return made
        if self._anew or instance_state(there).expired:
            for name, value in values.items():
                set_committed_value(there, name, value)
        return there
