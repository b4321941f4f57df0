"""A filter on the record's own geometry goes through the index of boxes, and only where it may."""

import pytest
from sqlalchemy import select, text

from dothi.datasets import cql2
from dothi.datasets.tables import Record
from tests.cql2 import ground


def plan(session, dataset_id, filter_):
    """How the database goes about a filter when it may not walk through everything."""
    c = Record.__table__.c
    holds = cql2.condition(cql2.parse(filter_), ground.column, ground.near_of(dataset_id))
    query = select(c.key).where(c.dataset_id == dataset_id, holds)
    compiled = query.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    connection = session.connection()
    if session.get_bind().dialect.name == "sqlite":
        values = [compiled.params[name] for name in compiled.positiontup]
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(values)).all()
        return "index" if any("record_box" in str(row) for row in rows) else "walk"
    session.execute(text("SET LOCAL enable_seqscan = off"))
    rows = connection.exec_driver_sql(f"EXPLAIN {compiled}", compiled.params).all()
    said = "\n".join(row[0] for row in rows)
    return "index" if "ix_record_geometry" in said and "geometry && " in said.split("Index Cond")[1] else "walk"


@pytest.fixture
def grid(session):
    made = ground.dataset(
        session, [({"height": x + y}, f"POINT({106 + x / 50} {10 + y / 50})") for x in range(40) for y in range(40)]
    )
    session.execute(text("ANALYZE"))
    return made


@pytest.mark.parametrize(
    "filter_",
    [
        "S_INTERSECTS(geometry, BBOX(106.01, 10.01, 106.05, 10.05))",
        "S_WITHIN(geometry, POLYGON((106 10, 106.1 10, 106.1 10.1, 106 10)))",
        "S_CONTAINS(BBOX(106.01, 10.01, 106.05, 10.05), geometry)",
        "height > 3 AND (S_EQUALS(geometry, POINT(106 10)) AND height < 9)",
    ],
)
def test_a_place_is_found_by_index(session, grid, filter_):
    assert plan(session, grid, filter_) == "index"


def test_what_must_not_hold_is_not_looked_for_by_index(session, grid):
    for filter_ in ("NOT S_INTERSECTS(geometry, POINT(106 10))", "S_DISJOINT(geometry, POINT(106 10))"):
        assert len(ground.ask(session, grid, filter_)) == 40 * 40 - 1
    if session.get_bind().dialect.name == "sqlite":
        assert plan(session, grid, "NOT S_INTERSECTS(geometry, POINT(106 10))") == "walk"
        assert plan(session, grid, "height > 3") == "walk"


def test_only_the_dataset_asked_for_is_looked_through(session, grid):
    other = ground.dataset(session, [({}, "POINT(106 10)")], code="others")
    assert ground.ask(session, other, "S_INTERSECTS(geometry, BBOX(105, 9, 107, 11))") == [0]
    assert len(ground.ask(session, grid, "S_INTERSECTS(geometry, BBOX(105, 9, 107, 11))")) == 1600
