"""Tasking: actuators, capabilities, tasks and schedules."""

import sqlalchemy as sa
from alembic import op

from dothi.db.types import Id, Json

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What machines can be asked to do, and what they were asked."""
    op.create_table(
        "actuator",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("encoding_type", sa.Text(), nullable=False),
        sa.Column("metadata", Json, nullable=False),
        sa.Column("properties", Json, nullable=True),
        sa.Column("thing_id", Id, nullable=True),
        sa.ForeignKeyConstraint(
            ["thing_id"], ["thing.id"], name=op.f("fk_actuator_thing_id_thing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_actuator")),
        sa.UniqueConstraint("code", name=op.f("uq_actuator_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_actuator_thing_id"), "actuator", ["thing_id"])
    op.create_table(
        "tasking_capability",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tasking_parameters", Json, nullable=False),
        sa.Column("properties", Json, nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("thing_id", Id, nullable=False),
        sa.Column("actuator_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["thing_id"], ["thing.id"], name=op.f("fk_tasking_capability_thing_id_thing"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["actuator_id"],
            ["actuator.id"],
            name=op.f("fk_tasking_capability_actuator_id_actuator"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasking_capability")),
        sqlite_autoincrement=True,
    )
    for column in ("kind", "thing_id", "actuator_id"):
        op.create_index(op.f(f"ix_tasking_capability_{column}"), "tasking_capability", [column])
    op.create_table(
        "task",
        sa.Column("id", Id, nullable=False),
        sa.Column("creation_time", sa.BigInteger(), nullable=False),
        sa.Column("tasking_parameters", Json, nullable=False),
        sa.Column("properties", Json, nullable=True),
        sa.Column("capability_id", Id, nullable=False),
        sa.Column("actuator_id", Id, nullable=False),
        sa.Column("thing_id", Id, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("state_at", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("read_value", sa.Double(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("schedule_id", Id, nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["capability_id"], ["tasking_capability.id"], name=op.f("fk_task_capability_id_tasking_capability"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["actuator_id"], ["actuator.id"], name=op.f("fk_task_actuator_id_actuator"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["thing_id"], ["thing.id"], name=op.f("fk_task_thing_id_thing"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sqlite_autoincrement=True,
    )  # fmt: skip
    op.create_index(op.f("ix_task_capability_id"), "task", ["capability_id"])
    op.create_index(op.f("ix_task_actuator_id_task_state"), "task", ["actuator_id", "state"])
    op.create_index(op.f("ix_task_thing_id_task_creation_time"), "task", ["thing_id", "creation_time"])
    op.create_index(op.f("ix_task_state_task_due"), "task", ["state", "due"])
    op.create_table(
        "task_schedule",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("things", Json, nullable=False),
        sa.Column("steps", Json, nullable=False),
        sa.Column("exceptions", Json, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_schedule")),
        sa.UniqueConstraint("code", name=op.f("uq_task_schedule_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_task_schedule_kind"), "task_schedule", ["kind"])
    op.create_index(op.f("ix_task_schedule_agency_id"), "task_schedule", ["agency_id"])
    op.create_table(
        "task_schedule_mark",
        sa.Column("schedule_id", Id, autoincrement=False, nullable=False),
        sa.Column("capability_id", Id, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["schedule_id"], ["task_schedule.id"], name=op.f("fk_task_schedule_mark_schedule_id_task_schedule"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["capability_id"], ["tasking_capability.id"],
            name=op.f("fk_task_schedule_mark_capability_id_tasking_capability"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("schedule_id", "capability_id", name=op.f("pk_task_schedule_mark")),
    )  # fmt: skip
    op.create_index(op.f("ix_task_schedule_mark_capability_id"), "task_schedule_mark", ["capability_id"])
