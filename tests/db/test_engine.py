"""SQLite's connections: kept for the next session, set up alike, given back when they have grown."""

import pytest
from sqlalchemy import text

from dothi.db import bulk_records
from dothi.db import session as db
from dothi.db.engine import make_engine


@pytest.fixture(autouse=True)
def file(tmp_path):
    """A database of its own."""
    made = make_engine(f"sqlite:///{tmp_path}/one.db")
    db.use(made)
    yield
    made.dispose()
    db.use(None)


def _driver(session):
    return session.connection().connection.driver_connection


def test_a_connection_serves_the_next_session_and_holds_nothing_of_the_last():
    with db.writing() as session:
        first = _driver(session)
        session.execute(text("CREATE TABLE told (a INTEGER)"))
    with db.reading() as session:
        assert _driver(session) is first
        session.execute(text("INSERT INTO told VALUES (1)"))  # a reading session keeps nothing
    with db.reading() as one, db.reading() as other:
        assert _driver(one) is not _driver(other)
        assert one.scalar(text("SELECT count(*) FROM told")) == 0
        assert other.scalar(text("PRAGMA synchronous")) == one.scalar(text("PRAGMA synchronous")) == 2  # FULL


def test_a_connection_grown_for_a_large_load_is_not_kept():
    with db.writing() as session:
        grown = _driver(session)
        bulk_records.prepare(session, 1_000_000)
        bulk_records.prepare(session, 1_000_000)
        assert session.scalar(text("PRAGMA cache_size")) == -600000
    with db.reading() as session:
        assert _driver(session) is not grown
        assert session.scalar(text("PRAGMA cache_size")) == -65536
