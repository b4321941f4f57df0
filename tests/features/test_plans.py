"""A box of a large collection costs what the box holds, not what the collection holds."""

import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from dothi.datasets import cql2, reading, selecting, views
from dothi.identity.guard import ANONYMOUS
from tests.features.conftest import dataset, put, row, schema

MANY, HELD = 8000, 16


def test_a_box_looks_at_what_it_holds(database, monkeypatch):
    with Session(database) as session:
        posts = dataset(session, "posts", schema=schema({"name": {"type": "string"}}))
        put(session, posts, [
            row(posts, f"P-{i}", shapely.Point(106 + i % 100 / 100, 10 + i // 100 / 100), {"name": f"cột {i}"}) for i in range(MANY)
        ])  # fmt: skip
        session.commit()
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    views.forget()
    monkeypatch.setattr(reading, "GATHERED", 100)
    asked = selecting.Asked(bbox=(106.195, 10.195, 106.235, 10.235), limit=1000)
    page = reading.page(views.view(ANONYMOUS, "posts"), asked)
    with Session(database) as session:
        assert len(session.execute(page, selecting.binds(asked)).all()) == HELD
        if session.get_bind().dialect.name == "sqlite":
            steps = 0

            def count() -> None:
                nonlocal steps
                steps += 1

            driver = session.connection().connection.driver_connection
            driver.set_progress_handler(count, 100)
            session.execute(page, selecting.binds(asked)).all()
            driver.set_progress_handler(None, 0)
            assert steps * 100 < MANY  # one step of SQLite's machine a record would be a walk through them all
        else:
            plan = explained(session, page, selecting.binds(asked))
            walks = [line for line in plan.splitlines() if "Scan on record r" in line and "Bitmap" not in line]
            assert all("never executed" in line for line in walks), plan


def test_a_page_of_one_dataset_does_not_walk_past_another(database):
    """On PostgreSQL; SQLite has only one way to go, which the test of boxes counts."""
    with Session(database) as session:
        first = dataset(session, "first", schema=schema({"name": {"type": "string"}}))
        put(session, first, [row(first, f"A-{i}", shapely.Point(106, 10), {"name": f"cột {i}"}) for i in range(MANY)])
        second = dataset(session, "second", schema=schema({"name": {"type": "string"}, "power": {"type": "number"}}))
        put(session, second, [
            row(second, f"B-{i}", shapely.Point(106, 10), {"name": f"đèn {i}", "power": i % 9}) for i in range(MANY)
        ])  # fmt: skip
        session.commit()
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    views.forget()
    view = views.view(ANONYMOUS, "second")
    with Session(database) as session:
        for where in (None, cql2.parse("power > 3 AND name LIKE 'đèn%'")):
            asked = selecting.Asked(limit=10, where=where)
            page = reading.page(view, asked)
            assert len(session.execute(page, selecting.binds(asked)).all()) == 11
            if session.get_bind().dialect.name == "postgresql":
                plan = explained(session, page, selecting.binds(asked))
                assert "ix_record_turn" in plan, plan
                assert "Sort" not in plan, plan


def explained(session: Session, page, binds) -> str:
    made = page.compile(session.get_bind(), compile_kwargs={"render_postcompile": True})
    return "\n".join(
        session.connection().exec_driver_sql(f"EXPLAIN ANALYZE {made}", made.construct_params(binds)).scalars()
    )
