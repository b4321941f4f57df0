"""Datasets: described records with their history, loads, reviews, corrections, harvested descriptions."""

import sqlalchemy as sa
from alembic import op

from dothi.db.types import Geometry, Id, Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tables()
    (_postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite)()


def _postgresql() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")  # one index for dataset and box
    # tiles are cut from geometry in their own projection, made once
    op.execute(
        "ALTER TABLE record ADD COLUMN mercator geometry(Geometry,3857)"
        " GENERATED ALWAYS AS (ST_Transform(geometry, 3857)) STORED"
    )
    op.execute("CREATE INDEX ix_record_geometry ON record USING gist (dataset_id, geometry)")
    op.execute("CREATE INDEX ix_record_mercator_geometry ON record USING gist (dataset_id, mercator)")
    op.execute("ALTER TABLE record ALTER COLUMN geojson SET STORAGE MAIN")


def _sqlite() -> None:
    """An R*Tree whose third dimension is the dataset, kept by triggers from the box columns."""
    op.execute("CREATE VIRTUAL TABLE record_box USING rtree(id, west, east, south, north, first_dataset, last_dataset)")
    # without thickness every node has the volume 0 and the tree does not know how to split: 20 ms a box instead of 0.1
    box = "new.id, new.west, new.east, new.south, new.north, new.dataset_id, new.dataset_id + 0.5"
    op.execute(
        f"CREATE TRIGGER record_box_insert AFTER INSERT ON record WHEN new.west IS NOT NULL"
        f" BEGIN INSERT INTO record_box VALUES ({box}); END"
    )
    op.execute(
        f"CREATE TRIGGER record_box_update AFTER UPDATE OF id, dataset_id, west, south, east, north ON record BEGIN"
        f" DELETE FROM record_box WHERE id = old.id;"
        f" INSERT INTO record_box SELECT {box} WHERE new.west IS NOT NULL; END"
    )
    op.execute(
        "CREATE TRIGGER record_box_delete AFTER DELETE ON record WHEN old.west IS NOT NULL"
        " BEGIN DELETE FROM record_box WHERE id = old.id; END"
    )


def _tables() -> None:
    op.create_table(
        "dataset",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("description_en", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("schema", Json, nullable=False),
        sa.Column("geometry_type", sa.Text(), nullable=True),
        sa.Column("crs", sa.Text(), nullable=True),
        sa.Column("key_field", sa.Text(), nullable=True),
        sa.Column("licence", sa.Text(), nullable=True),
        sa.Column("frequency", sa.Text(), nullable=True),
        sa.Column("contact", Json, nullable=True),
        sa.Column("keywords", Json, nullable=False),
        sa.Column("themes", Json, nullable=False),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_url", sa.Text(), nullable=True),
        sa.Column("quality", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("style", Json, nullable=True),
        sa.Column("properties", Json, nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("described_at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=True),
        sa.Column("west", sa.Float(precision=53), nullable=True),
        sa.Column("south", sa.Float(precision=53), nullable=True),
        sa.Column("east", sa.Float(precision=53), nullable=True),
        sa.Column("north", sa.Float(precision=53), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("code", name=op.f("uq_dataset_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_dataset_agency_id"), "dataset", ["agency_id"], unique=False)
    op.create_index(op.f("ix_dataset_sector"), "dataset", ["sector"], unique=False)
    op.create_table(
        "harvest",
        sa.Column("id", Id, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("last_result", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvest")),
        sa.UniqueConstraint("url", name=op.f("uq_harvest_url")),
    )
    op.create_table(
        "correction",
        sa.Column("id", Id, nullable=False),
        sa.Column("dataset_id", Id, nullable=False),
        sa.Column("record_key", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("sent_by", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_correction_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_dataset_id"), "correction", ["dataset_id"], unique=False)
    op.create_table(
        "harvested_dataset",
        sa.Column("id", Id, nullable=False),
        sa.Column("harvest_id", Id, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("metadata", Json, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("same_as", sa.Text(), nullable=True),
        sa.Column("modified_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["harvest_id"], ["harvest.id"], name=op.f("fk_harvested_dataset_harvest_id_harvest"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_harvested_dataset")),
        sa.UniqueConstraint("code", name=op.f("uq_harvested_dataset_code")),
    )
    op.create_index(op.f("ix_harvested_dataset_digest"), "harvested_dataset", ["digest"], unique=False)
    op.create_index(
        "uq_harvested_dataset_harvest_id_identifier", "harvested_dataset", ["harvest_id", "identifier"], unique=True
    )
    op.create_table(
        "load",
        sa.Column("id", Id, nullable=False),
        sa.Column("dataset_id", Id, nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=True),
        sa.Column("format", sa.Text(), nullable=True),
        sa.Column("mapping", Json, nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("repaired", sa.BigInteger(), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=True),
        sa.Column("same", sa.BigInteger(), nullable=True),
        sa.Column("removed", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_load_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load")),
    )
    op.create_index(op.f("ix_load_dataset_id"), "load", ["dataset_id"], unique=False)
    op.create_table(
        "record",
        sa.Column("id", Id, nullable=False),
        sa.Column("dataset_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("load_id", Id, nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("geometry", Geometry, nullable=True),
        sa.Column("geojson", sa.Text(), nullable=True),
        sa.Column("properties", Json, nullable=False),
        sa.Column("west", sa.Float(precision=53), nullable=True),
        sa.Column("south", sa.Float(precision=53), nullable=True),
        sa.Column("east", sa.Float(precision=53), nullable=True),
        sa.Column("north", sa.Float(precision=53), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_record_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_record_dataset_id_id", "record", ["dataset_id", "id"], unique=False)
    op.create_index("ix_record_dataset_id_unit_code", "record", ["dataset_id", "unit_code"], unique=False)
    op.create_index("uq_record_dataset_id_key", "record", ["dataset_id", "key"], unique=True)
    op.create_table(
        "record_version",
        sa.Column("id", Id, nullable=False),
        sa.Column("record_id", Id, nullable=False),
        sa.Column("dataset_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("load_id", Id, nullable=True),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("superseded_by", sa.Text(), nullable=False),
        sa.Column("superseded_load_id", Id, nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("geometry", Geometry, nullable=True),
        sa.Column("geojson", sa.Text(), nullable=True),
        sa.Column("properties", Json, nullable=False),
        sa.Column("west", sa.Float(precision=53), nullable=True),
        sa.Column("south", sa.Float(precision=53), nullable=True),
        sa.Column("east", sa.Float(precision=53), nullable=True),
        sa.Column("north", sa.Float(precision=53), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_record_version_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_version")),
    )
    op.create_index(
        "ix_record_version_dataset_id_key_version", "record_version", ["dataset_id", "key", "version"], unique=False
    )
    op.create_index(
        "ix_record_version_dataset_id_superseded_at", "record_version", ["dataset_id", "superseded_at"], unique=False
    )
    op.create_index(op.f("ix_record_version_record_id"), "record_version", ["record_id"], unique=False)
    op.create_index(
        op.f("ix_record_version_superseded_load_id"), "record_version", ["superseded_load_id"], unique=False
    )
    op.create_table(
        "review",
        sa.Column("id", Id, nullable=False),
        sa.Column("dataset_id", Id, nullable=False),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("findings", Json, nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_review_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_dataset_id"), "review", ["dataset_id"], unique=False)
    op.create_table(
        "tile_stamp",
        sa.Column("dataset_id", Id, nullable=False),
        sa.Column("z", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("x", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("y", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_tile_stamp_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "z", "x", "y", name=op.f("pk_tile_stamp")),
    )
    op.create_table(
        "usage",
        sa.Column("dataset_id", Id, nullable=False),
        sa.Column("day", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("door", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["dataset.id"], name=op.f("fk_usage_dataset_id_dataset"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dataset_id", "day", "door", name=op.f("pk_usage")),
    )
    op.create_table(
        "load_fault",
        sa.Column("id", Id, nullable=False),
        sa.Column("load_id", Id, nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("column", sa.Text(), nullable=True),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("repaired", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["load_id"], ["load.id"], name=op.f("fk_load_fault_load_id_load"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_load_fault")),
    )
    op.create_index(op.f("ix_load_fault_load_id"), "load_fault", ["load_id"], unique=False)
    op.create_table(
        "staged_record",
        sa.Column("load_id", Id, nullable=False),
        sa.Column("row", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("geometry", Geometry, nullable=True),
        sa.Column("geojson", sa.Text(), nullable=True),
        sa.Column("properties", Json, nullable=False),
        sa.Column("west", sa.Float(precision=53), nullable=True),
        sa.Column("south", sa.Float(precision=53), nullable=True),
        sa.Column("east", sa.Float(precision=53), nullable=True),
        sa.Column("north", sa.Float(precision=53), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["load_id"], ["load.id"], name=op.f("fk_staged_record_load_id_load"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("load_id", "row", name=op.f("pk_staged_record")),
    )
    op.create_index("ix_staged_record_load_id_key", "staged_record", ["load_id", "key"], unique=False)
