"""A commit that lets go of its locks before the disk has it returns only once the disk has it."""

import contextlib
import threading
import time

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, IntegrityError

from dothi.db import schema
from dothi.db import session as db
from dothi.db.engine import make_engine
from dothi.db.wire import Statement
from dothi.journal import service as journal
from dothi.journal.tables import Entry, Seal
from tests.servers import Cluster


@pytest.fixture
def durable():
    """A PostgreSQL of its own with the settings of production."""
    with Cluster(durable=True) as cluster:
        with psycopg.connect(f"{cluster.url}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE killed")
        engine = make_engine(f"{cluster.url}/killed")
        db.use(engine)
        schema.upgrade(engine)
        yield cluster
        engine.dispose()
        db.use(None)


@pytest.mark.soak
def test_nothing_acknowledged_is_lost_when_the_database_is_killed(durable):
    acknowledged: set[str] = set()
    stop = threading.Event()

    def write(who):
        n = 0
        while not stop.is_set():
            n += 1
            name = f"{who}:{n}"
            with contextlib.suppress(Exception):  # the database is away: it says so in many ways
                with db.writing() as session:
                    (journal.append if n % 2 else journal.append_last)(session, "test.killed", actor=name)
                acknowledged.add(name)

    threads = [threading.Thread(target=write, args=(who,), daemon=True) for who in range(6)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before = len(acknowledged)
        end = time.monotonic() + 60
        while len(acknowledged) < before + 100 and time.monotonic() < end:
            time.sleep(0.01)
        assert len(acknowledged) >= before + 100
        durable.kill()
        durable.start()
    stop.set()
    for thread in threads:
        thread.join(60)
    with db.reading() as session:
        kept = session.scalars(select(Entry.actor).where(Entry.kind == "test.killed")).all()
    assert acknowledged - set(kept) == set()
    assert len(kept) == len(set(kept))


def test_a_last_statement_that_fails_undoes_the_whole(database):
    def spoil(session):
        journal.append_last(session, "test.undone", actor="test")
        number = 1
        for _ in range(2):  # the same seal twice
            values = {"id": number, "until": 1, "count": 1, "at": 1, "hash": "x", "before": "y"}
            statement = Seal.__table__.insert().values({k: v for k, v in values.items() if k in Seal.__table__.c})
            if journal.at_end(session):
                journal.last(session, Statement(statement), None)
            else:
                session.execute(statement)

    with pytest.raises((IntegrityError, DBAPIError)), db.writing() as session:
        spoil(session)
    with db.reading() as session:
        assert session.scalars(select(Entry.actor).where(Entry.kind == "test.undone")).all() == []
    with db.writing() as session:  # the connection is as good as before
        journal.append_last(session, "test.after", actor="test")
    with db.reading() as session:
        assert session.scalars(select(Entry.actor).where(Entry.kind == "test.after")).all() == ["test"]
