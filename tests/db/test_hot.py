"""The hot lane: what it is bound, what it gives back, and what it does when the database goes away under it."""

import asyncio

import pytest
from sqlalchemy import BigInteger, Double, Text, bindparam, cast, literal, select, text
from sqlalchemy.orm import Session

from dothi.db import hot
from dothi.journal.tables import Entry
from dothi.kit.errors import BadInput


def asked(name, type_):
    return bindparam(name, type_=type_)


async def _fetched(query, given, **how):
    try:
        return await hot.fetch(hot.compiled(query), given, **how)
    finally:
        await hot.close()


@pytest.mark.parametrize("short", [True, False])
def test_numbers_texts_and_nothing_come_back_as_they_went(database, short):
    kinds = {"whole": BigInteger(), "number": Double(), "words": Text(), "none": Text()}
    query = select(*(cast(asked(name, kind), kind) for name, kind in kinds.items()))
    given = {"whole": 2**53 + 1, "number": 0.1, "words": "Đường số 1 'x'", "none": None}
    (row,) = asyncio.run(_fetched(query, given, short=short))
    assert row == (2**53 + 1, 0.1, "Đường số 1 'x'", None)
    assert isinstance(row, tuple)


def test_what_differs_in_its_values_only_is_written_once_and_keeps_its_own(database):
    def asked_for(name, numbers=(1,), sort=None):
        query = select(literal(name) + "!", Entry.id).where(
            Entry.kind == name, Entry.id > bindparam("after", 0, BigInteger())
        )
        return hot.compiled(query.where(Entry.id.in_(numbers)) if len(numbers) > 1 else query.order_by(sort))

    one, other = asked_for("a", sort=Entry.id), asked_for("b", sort=Entry.id)
    assert one.sql is other.sql
    assert one.sql != asked_for("a", sort=Entry.at).sql
    assert [sorted(each.values({"after": 7}), key=str) for each in (one, other)] == [
        ["!", 7, "a", "a"],
        ["!", 7, "b", "b"],
    ]
    few, many = asked_for("a", (1, 2)), asked_for("a", (3, 4, 5))  # as many places as values
    assert sorted(map(str, few.values({"after": 0}))) == ["!", "0", "1", "2", "a", "a"]
    assert sorted(map(str, many.values({"after": 0}))) == ["!", "0", "3", "4", "5", "a", "a"]
    with Session(database) as session:
        session.add_all(Entry(kind=kind, at=1, actor="t", visibility="open", data={}) for kind in ("a", "b"))
        session.commit()
    assert asyncio.run(_fetched_all([one, other], {"after": 0})) == ["a!", "b!"]


async def _fetched_all(statements, given):
    try:
        return [(await hot.fetch(one, given, short=True))[0][0] for one in statements]
    finally:
        await hot.close()


def test_a_connection_that_broke_is_replaced_unnoticed(database):
    query = select(literal(1))

    async def asks():
        try:
            first = await hot.fetch(hot.compiled(query), {}, short=True)
            if database.dialect.name == "postgresql":
                with database.connect() as other:
                    ended = other.execute(
                        text("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                             " WHERE datname = current_database() AND pid <> pg_backend_pid()")
                    ).scalar_one()  # fmt: skip
                assert ended >= 1
                await asyncio.sleep(0.05)
            return first, await hot.fetch(hot.compiled(query), {}, short=True)
        finally:
            await hot.close()

    assert asyncio.run(asks()) == ([(1,)], [(1,)])


def test_many_at_once_take_turns(database):
    query = select(asked("n", BigInteger()))

    async def asks():
        statement = hot.compiled(query)
        try:
            return await asyncio.gather(*(hot.fetch(statement, {"n": n}, short=True) for n in range(60)))
        finally:
            await hot.close()

    assert [rows[0][0] for rows in asyncio.run(asks())] == list(range(60))


def test_who_stops_waiting_spoils_nothing(database):
    if database.dialect.name == "sqlite":
        slow = (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n"
        )
    else:
        slow = "SELECT pg_sleep(5)::text"

    async def asks():
        try:
            waiting = asyncio.create_task(hot.fetch(hot.Statement(slow, (), {}), {}))
            await asyncio.sleep(0.1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return await hot.fetch(hot.compiled(select(literal(2))), {})
        finally:
            await hot.close()

    assert asyncio.run(asks()) == [(2,)]


def test_what_the_database_cannot_compute_is_the_askers_mistake(database):
    query = select(text("1 / (1 - CAST(:one AS bigint))").bindparams(one=1))
    if database.dialect.name == "sqlite":
        assert asyncio.run(_fetched(query, {"one": 1})) == [(None,)]  # there it is no mistake
        return
    with pytest.raises(BadInput, match="cannot compute"):
        asyncio.run(_fetched(query, {"one": 1}))
