"""Warnings of the Common Alerting Protocol and the feeds that are followed."""

import sqlalchemy as sa
from alembic import op

from dothi.db.types import Id, Json

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cap_feed",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("senders", Json, nullable=False),
        sa.Column("certificate", sa.Text(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cap_feed")),
        sa.UniqueConstraint("code", name=op.f("uq_cap_feed_code")),
    )
    op.create_table(
        "warning",
        sa.Column("id", Id, nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("inbound", sa.Boolean(), nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("chain_id", Id, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("msg_type", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("references", Json, nullable=False),
        sa.Column("infos", Json, nullable=False),
        sa.Column("areas", Json, nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("units", Json, nullable=False),
        sa.Column("alarm_id", Id, nullable=True),
        sa.Column("template", sa.Text(), nullable=True),
        sa.Column("west", sa.Double(), nullable=True),
        sa.Column("south", sa.Double(), nullable=True),
        sa.Column("east", sa.Double(), nullable=True),
        sa.Column("north", sa.Double(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("effective_at", sa.BigInteger(), nullable=True),
        sa.Column("onset_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.Column("xml", sa.Text(), nullable=True),
        sa.Column("signed", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_warning_alarm_id"), "warning", ["alarm_id"], unique=False)
    op.create_index(op.f("ix_warning_chain_id"), "warning", ["chain_id"], unique=False)
    op.create_index(
        op.f("ix_warning_feed_warning_sender_warning_identifier"),
        "warning",
        ["feed", "sender", "identifier"],
        unique=True,
    )
    op.create_index(op.f("ix_warning_state_warning_expires_at"), "warning", ["state", "expires_at"], unique=False)
