"""The migrations make exactly the tables the rooms declare, and can be run again."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from dothi.db import schema
from dothi.db.base import Base


@pytest.mark.filterwarnings("ignore:Did not recognize type .geometry.")
def test_the_migrated_schema_is_what_the_tables_say(database):
    schema.load_tables()

    def ours(thing, name, kind, reflected, compare_to):
        by_hand = {("column", "mercator"), ("index", "ix_record_turn"), ("index", "ix_case_folded")}
        made_by_hand = (kind == "index" and name and name.endswith("_geometry")) or (kind, name) in by_hand
        theirs = kind == "table" and (name.startswith(("observation_2", "record_box")) or name == "spatial_ref_sys")
        return not (made_by_hand or theirs)

    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": ours, "compare_type": False})
        differences = [d for d in compare_metadata(context, Base.metadata) if not _partition(d)]
    assert differences == []


def _partition(difference) -> bool:
    """Partitions and what hangs on them are made as observations come."""
    return (
        isinstance(difference, tuple) and "observation_" in str(difference[1:2]) and "superseded" not in str(difference)
    )


def test_running_the_migrations_again_changes_nothing(database):
    schema.upgrade(database)
    schema.upgrade(database)
