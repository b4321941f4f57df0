"""What is sent in one message is what the session would have done, whatever became of the connection meanwhile."""

import threading
import time

import pytest
from sqlalchemy import bindparam, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from dothi.cases.tables import Case, Workday
from dothi.db import session as db
from dothi.db import wire
from dothi.db.wire import Statement
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput

DAYS = Workday.__table__
NOTE = Statement(select(Workday.note).where(Workday.day == bindparam("day")))
ADD = Statement(insert(DAYS).inline(), [one.name for one in DAYS.columns])
ENTER = Statement(
    insert(Entry.__table__).returning(Entry.__table__.c.data),
    ["at", "kind", "actor", "visibility", "data", "agency_id"],
)


@pytest.fixture
def postgresql(database):
    if database.dialect.name != "postgresql":
        pytest.skip("messages are PostgreSQL's")
    return database


def a_day(day, note="nghỉ bù"):
    return {"day": day, "works": False, "document": "12/QĐ", "note": note, "actor": "person:1", "at": 7}


def test_a_message_is_a_part_of_the_transaction_of_its_session(postgresql):
    with db.writing() as session:
        found = wire.send(session.connection(), [(ADD, a_day("2026-11-20")), (NOTE, {"day": "2026-11-20"})])
        assert found == [[], [("nghỉ bù",)]]
        assert session.get(Workday, "2026-11-20") is not None
        session.execute(update(Workday).values(note="làm bù"))
        assert wire.send(session.connection(), [(NOTE, {"day": "2026-11-20"})]) == [[("làm bù",)]]
        data = {"a": [1, None, "đường"], "b": 'x"y\\'}
        said = {"at": 1, "kind": "test", "actor": "a", "visibility": "open", "data": data, "agency_id": None}
        assert wire.send(session.connection(), [(ENTER, said), (ENTER, {**said, "data": None})]) == [
            [(data,)],
            [(None,)],
        ]
    with db.reading() as session:
        assert session.scalar(select(Workday.note)) == "làm bù"
        assert session.scalar(select(func.count()).where(Entry.data.is_(None))) == 1


def test_what_fails_is_said_as_the_session_says_it_and_nothing_after_it_is_done(postgresql):
    with pytest.raises(IntegrityError), db.writing() as session:
        wire.send(session.connection(), [(ADD, a_day("2026-11-20")), (ADD, a_day("2026-11-20")), (wire.COMMIT, {})])
    with pytest.raises(BadInput, match="value"), db.writing() as session:
        wire.send(session.connection(), [(ADD, a_day("2026-11-21", "a\0b"))])
    with pytest.raises(TypeError), db.writing() as session:
        wire.send(session.connection(), [(NOTE, {"day": object()})])
    with pytest.raises(TypeError, match="default made in Python"):
        Statement(insert(Case.__table__).inline(), ["number"]).sql()
    with db.writing() as session:
        assert wire.send(session.connection(), [(NOTE, {"day": "2026-11-20"})]) == [[]]


def test_statements_the_driver_dropped_are_prepared_anew(postgresql):
    """The driver drops all that is prepared when it undoes or alters something, whoever prepared it."""

    def undone(connection):
        with connection.begin() as transaction:
            connection.execute(text("DEALLOCATE ALL"))
            transaction.rollback()

    def altered(connection):
        with connection.begin():
            connection.execute(text("DEALLOCATE ALL"))

    with postgresql.connect() as connection:
        for end in (undone, altered):
            for spoken in (False, True):  # the driver itself is first in the transaction
                with connection.begin():
                    assert wire.send(connection, [(NOTE, {"day": "x"})]) == [[]]
                end(connection)
                with connection.begin():
                    if spoken:
                        connection.execute(text("SELECT 1"))
                    assert wire.send(connection, [(ADD, a_day("x")), (NOTE, {"day": "x"})]) == [[], [("nghỉ bù",)]]
                    connection.execute(text("DELETE FROM workday"))
    with db.writing() as session:  # a point gone back to
        wire.send(session.connection(), [(ADD, a_day("2026-11-20"))])
        inside = session.begin_nested()
        wire.send(session.connection(), [(ADD, a_day("2026-11-21"))])
        session.execute(text("DEALLOCATE ALL"))
        inside.rollback()
        assert wire.send(session.connection(), [(NOTE, {"day": "2026-11-20"}), (NOTE, {"day": "2026-11-21"})]) == [
            [("nghỉ bù",)],
            [],
        ]


def test_who_waits_for_a_lock_holds_up_nobody_of_the_process(postgresql):
    lock = Statement("SELECT pg_advisory_xact_lock(7)")
    order = []

    def second():
        with db.writing() as session:
            wire.send(session.connection(), [(lock, {})])
            order.append("second")

    with db.writing() as session:
        wire.send(session.connection(), [(lock, {})])
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)  # it waits by now, and this thread goes on
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_connection_the_database_ended_is_not_given_out_again(postgresql):
    pid = Statement("SELECT pg_backend_pid()")
    with db.writing() as session:
        mine = wire.send(session.connection(), [(pid, {})])[0][0][0]
    with db.beside().connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
    time.sleep(0.1)
    for _ in range(3):
        with db.writing() as session:
            assert wire.send(session.connection(), [(pid, {})])[0][0][0] != mine

    def ended(session):
        mine = wire.send(session.connection(), [(pid, {})])[0][0][0]
        with db.beside().connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": mine})
        time.sleep(0.1)
        wire.send(session.connection(), [(pid, {})])

    with pytest.raises(DBAPIError), db.writing() as session:  # in the midst of it: said
        ended(session)
    with db.writing() as session:
        assert wire.send(session.connection(), [(pid, {})])[0][0][0] != mine


def test_a_message_larger_than_any_socket_takes_at_once(postgresql):
    long = "đ" * 4_000_000
    with db.writing() as session:
        said = [(ADD, a_day("2026-11-20", long)), (NOTE, {"day": "2026-11-20"}), (ADD, a_day("2026-11-21", long))]
        assert wire.send(session.connection(), said) == [[], [(long,)], []]
        session.rollback()
