"""Indicators: values, their receipts and targets."""

import sqlalchemy as sa
from alembic import op

from dothi.db.types import Id, Json

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "indicator_value",
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("period_kind", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place_kind", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("value", sa.Float(53), nullable=True),
        sa.Column("numerator", sa.Float(53), nullable=True),
        sa.Column("denominator", sa.Float(53), nullable=True),
        sa.Column("coverage", sa.Float(53), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("formula_hash", sa.Text(), nullable=False),
        sa.Column("boundary", sa.BigInteger(), nullable=False),
        sa.Column("receipt_id", Id, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "indicator", "period_kind", "start", "place_kind", "place", name=op.f("pk_indicator_value")
        ),
    )
    op.create_index(
        "ix_indicator_value_place", "indicator_value", ["indicator", "place_kind", "place", "period_kind", "start"]
    )
    op.create_index("ix_indicator_value_receipt_id", "indicator_value", ["receipt_id"])
    op.create_table(
        "indicator_receipt",
        sa.Column("id", Id, nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("period_kind", sa.Text(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("place_kind", sa.Text(), nullable=False),
        sa.Column("boundary", sa.BigInteger(), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("formula_hash", sa.Text(), nullable=False),
        sa.Column("inputs", Json, nullable=False),
        sa.Column("places", Json, nullable=False),
        sa.Column("computed_at", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_receipt")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_indicator_receipt_of", "indicator_receipt", ["indicator", "period_kind", "start", "place_kind"])
    op.create_table(
        "indicator_target",
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("value", sa.Float(53), nullable=False),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("indicator", "place", "year", name=op.f("pk_indicator_target")),
    )
    op.create_table(
        "indicator_part",
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("month", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("boundary", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("parts", Json, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("input", "month", "boundary", name=op.f("pk_indicator_part")),
    )
    op.create_index("ix_indicator_part_source", "indicator_part", ["source", "month"])
    op.create_table(
        "indicator_mark",
        sa.Column("id", Id, nullable=False),
        sa.Column("datastream_id", sa.Integer(), nullable=False),
        sa.Column("first_hour", sa.BigInteger(), nullable=False),
        sa.Column("last_hour", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_mark")),
    )
    op.create_table(
        "indicator_cursor",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_indicator_cursor")),
    )
