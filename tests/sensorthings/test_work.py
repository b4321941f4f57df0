"""How much the database is asked to do."""

import pytest
from sqlalchemy import text

from dothi.db import hot, session
from dothi.doors.sensorthings import prepared
from dothi.identity.guard import SYSTEM


@pytest.fixture
def asked(monkeypatch):
    statements = []
    fetch = hot.fetch

    async def counted(statement, given, **more):
        statements.append((statement, dict(given)))
        return await fetch(statement, given, **more)

    monkeypatch.setattr(hot, "fetch", counted)
    return statements


@pytest.mark.parametrize("top", [1, 3])
def test_one_statement_per_expanded_level_however_many_parents(ask, asked, top):
    ask(
        f"Things?$top={top}&$expand=Datastreams($expand=Observations($top=1;$orderby=phenomenonTime desc),Sensor),Locations"
    )
    assert len(asked) == 5


@pytest.mark.parametrize(
    "url",
    [
        "Observations?$top=2",
        "Things?$expand=Datastreams($expand=Observations($top=1;$orderby=phenomenonTime desc))",
        "Datastreams(1)/Observations?$top=2&$orderby=phenomenonTime desc",
        "Datastreams(1)/Observations?$filter=phenomenonTime ge 2026-11-20T12:00:00Z&$top=2",
        "Observations?$count=true&$top=1",
        "Observations?$skip=50&$top=1",
    ],
)
def test_observations_are_found_by_their_key(ask, asked, url):
    ask(url)
    with session.engine().connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))
        for statement, given in asked:
            values = statement.values(given)
            if connection.dialect.name == "sqlite":
                plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement.sql, tuple(values)).all()
                assert not [row for row in plan if "SCAN observation" in row[3] or "SCAN o" in row[3]], plan
                if "Datastreams(" in url:
                    assert not [row for row in plan if "TEMP B-TREE FOR ORDER BY" in row[3]], plan


def test_statements_are_kept_for_other_ids_pages_and_moments(ask, town):
    prepared._plans.clear()
    prepared._requests.known.clear()
    for url in (f"Datastreams({town.dust})/Observations?$top=2", f"Datastreams({town.level})/Observations?$top=3"):
        ask(url)
    assert len(prepared._plans) == 1
    assert (
        prepared.prepare(f"Things({town.air})", b"", SYSTEM).plan
        is prepared.prepare(f"Things({town.river})", b"", SYSTEM).plan
    )
