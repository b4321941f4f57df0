"""Shifts, presence, saved views, walls, orders and the steps of procedures."""

import sqlalchemy as sa
from alembic import op

from dothi.db.types import Id, Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "procedure_step",
        sa.Column("id", Id, nullable=False),
        sa.Column("alarm_id", Id, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_procedure_step")),
    )
    op.create_index(
        op.f("ix_procedure_step_alarm_id_procedure_step_step"), "procedure_step", ["alarm_id", "step"], unique=False
    )
    op.create_table(
        "wall",
        sa.Column("id", Id, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("views", Json, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wall")),
        sa.UniqueConstraint("token", name=op.f("uq_wall_token")),
    )
    op.create_table(
        "order_",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("subject_name", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", Id, nullable=False),
        sa.Column("agency_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_order__by_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_")),
        sa.UniqueConstraint("number", name=op.f("uq_order__number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_order__agency_id"), "order_", ["agency_id"], unique=False)
    op.create_index(op.f("ix_order__subject"), "order_", ["subject"], unique=False)
    op.create_table(
        "presence",
        sa.Column("person_id", Id, nullable=False),
        sa.Column("tab", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("alarm_id", Id, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_presence_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", "tab", name=op.f("pk_presence")),
    )
    op.create_index(op.f("ix_presence_subject"), "presence", ["subject"], unique=False)
    op.create_table(
        "saved_view",
        sa.Column("id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    op.create_index(op.f("ix_saved_view_person_id"), "saved_view", ["person_id"], unique=False)
    op.create_table(
        "shift",
        sa.Column("id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("post", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("report", Json, nullable=True),
        sa.Column("handed_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_by", Id, nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("ended_by", Id, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_shift_person_id_person")),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name=op.f("fk_shift_taken_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    op.create_index(op.f("ix_shift_person_id"), "shift", ["person_id"], unique=False)
    op.create_index(op.f("ix_shift_began_at"), "shift", ["began_at"], unique=False)
    still = sa.text("ended_at IS NULL")
    op.create_index("ix_shift_open", "shift", ["person_id"], unique=True, sqlite_where=still, postgresql_where=still)
    op.create_table(
        "order_entry",
        sa.Column("id", Id, nullable=False),
        sa.Column("order_id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["order_.id"], name=op.f("fk_order_entry_order_id_order_"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_entry")),
    )
    op.create_index(op.f("ix_order_entry_order_id"), "order_entry", ["order_id"], unique=False)
