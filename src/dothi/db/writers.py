"""The ingest writer of the database in use; and the partitions observations need before other code inserts them."""

from collections.abc import Iterable
from datetime import UTC

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dothi.db.bulk import Writer
from dothi.db.bulk_postgresql import PostgresWriter, make_partition
from dothi.db.bulk_sqlite import SqliteWriter
from dothi.kit import clock


def make_writer(engine: Engine) -> Writer:
    """A writer on a connection of its own."""
    if engine.dialect.name == "sqlite":
        return SqliteWriter(str(engine.url.database))
    return PostgresWriter(dsn(engine))


def dsn(engine: Engine) -> str:
    """The plain libpq URL of a PostgreSQL engine, password included: never log it."""
    return engine.url.set(drivername="postgresql").render_as_string(hide_password=False)


def ensure_partitions(session: Session, ats: Iterable[int]) -> None:
    """Make the month partitions for observations at these instants (µs UTC); nothing to do on SQLite."""
    if session.get_bind().dialect.name == "sqlite":
        return
    cursor = session.connection().connection.cursor()
    for at in sorted(set(ats)):
        when = clock.moment(at).astimezone(UTC)
        month = when.year * 12 + when.month - 1
        make_partition(cursor, -1 if when.year < 2000 else -2 if when.year >= 2060 else month)
