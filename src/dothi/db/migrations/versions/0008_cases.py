"""Cases with their clocks, contacts, files and jobs; dossiers; the official calendar."""

import sqlalchemy as sa
from alembic import op

from dothi.db.types import Id, Json

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

lives = sa.text("closed_at IS NULL")
runs = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "appointment",
        sa.Column("id", Id, nullable=False),
        sa.Column("agency_id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=True),
        sa.Column("case_id", Id, nullable=True),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("agency_id", "at", "seat", name=op.f("uq_appointment_agency_id_at_seat")),
    )
    op.create_table(
        "case_",
        sa.Column("id", Id, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("sector", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("fields", Json, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("receiving_id", Id, nullable=True),
        sa.Column("handler_id", Id, nullable=True),
        sa.Column("crew_id", Id, nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Text(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("satisfied", sa.Boolean(), nullable=True),
        sa.Column("met", sa.Boolean(), nullable=True),
        sa.Column("pending_id", Id, nullable=True),
        sa.Column("followers", sa.Integer(), nullable=False),
        sa.Column("merged_into", Id, nullable=True),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_")),
        sa.UniqueConstraint("key", name=op.f("uq_case__key")),
        sa.UniqueConstraint("number", name=op.f("uq_case__number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_case_agency", "case_", ["agency_id", "opened_at", "id"], unique=False)
    op.create_index("ix_case_category", "case_", ["category", "opened_at", "id"], unique=False)
    op.create_index(
        "ix_case_crew", "case_", ["crew_id", "due_at"], unique=False, sqlite_where=lives, postgresql_where=lives
    )
    op.create_index(
        "ix_case_handler", "case_", ["handler_id", "due_at"], unique=False, sqlite_where=lives, postgresql_where=lives
    )
    op.create_index(
        "ix_case_inbox",
        "case_",
        ["agency_id", "due_at", "id"],
        unique=False,
        sqlite_where=lives,
        postgresql_where=lives,
    )
    op.create_index("ix_case_due", "case_", ["due_at", "id"], unique=False, sqlite_where=lives, postgresql_where=lives)
    op.create_index(
        "ix_case_phase", "case_", ["phase", "due_at", "id"], unique=False, sqlite_where=lives, postgresql_where=lives
    )
    if op.get_bind().dialect.name == "postgresql":  # without pg_trgm a search for words reads every case
        op.execute("DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS pg_trgm; EXCEPTION WHEN OTHERS THEN NULL; END $$")
        op.execute(
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN"
            " CREATE INDEX ix_case_folded ON case_ USING gin (folded gin_trgm_ops); END IF; END $$"
        )
    op.create_index("ix_case_near", "case_", ["lat", "lon"], unique=False)
    op.create_index("ix_case_person", "case_", ["person_id"], unique=False)
    op.create_index("ix_case_public", "case_", ["public", "opened_at", "id"], unique=False)
    op.create_index("ix_case_subject", "case_", ["subject"], unique=False)
    op.create_index("ix_case_unit", "case_", ["unit", "opened_at", "id"], unique=False)
    op.create_index("ix_case_updated", "case_", ["updated_at", "id"], unique=False)
    op.create_table(
        "case_sent",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("answer", Json, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_case_sent")),
    )
    op.create_table(
        "case_sequence",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_case_sequence")),
    )
    op.create_table(
        "case_tally",
        sa.Column("month", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(
            "month", "type", "category", "unit", "agency_id", "phase", "public", "simulated", name=op.f("pk_case_tally")
        ),
    )
    op.create_table(
        "crew",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=False),
        sa.Column("categories", Json, nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew")),
        sa.UniqueConstraint("code", name=op.f("uq_crew_code")),
    )
    op.create_index(op.f("ix_crew_agency_id"), "crew", ["agency_id"], unique=False)
    op.create_table(
        "dossier_draft",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=True),
        sa.Column("values", Json, nullable=False),
        sa.Column("files", Json, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_dossier_draft")),
    )
    op.create_index(op.f("ix_dossier_draft_at"), "dossier_draft", ["at"], unique=False)
    op.create_table(
        "office_rule",
        sa.Column("id", Id, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("agency_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_rule")),
        sa.UniqueConstraint("type", "category", "unit", name=op.f("uq_office_rule_type_category_unit")),
    )
    op.create_table(
        "reply_template",
        sa.Column("id", Id, nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_template")),
    )
    op.create_table(
        "workday",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_workday")),
    )
    op.create_table(
        "case_code",
        sa.Column("id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_case_code_case_id_case_"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_code")),
    )
    op.create_index(op.f("ix_case_code_case_id"), "case_code", ["case_id"], unique=False)
    op.create_table(
        "case_contact",
        sa.Column("case_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("identity_number", sa.Text(), nullable=True),
        sa.Column("home", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("papers", Json, nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("erased_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_.id"], name=op.f("fk_case_contact_case_id_case_"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_contact")),
    )
    op.create_index(op.f("ix_case_contact_email"), "case_contact", ["email"], unique=False)
    op.create_index(op.f("ix_case_contact_phone"), "case_contact", ["phone"], unique=False)
    op.create_table(
        "case_entry",
        sa.Column("id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("data", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_.id"], name=op.f("fk_case_entry_case_id_case_"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_entry")),
    )
    op.create_index(op.f("ix_case_entry_case_id_case_entry_at"), "case_entry", ["case_id", "at"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("entry_id", Id, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("paper", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("blurred", Json, nullable=True),
        sa.Column("scan", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_case_file_case_id_case_"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
    )
    op.create_index(op.f("ix_case_file_case_id"), "case_file", ["case_id"], unique=False)
    op.create_table(
        "case_follower",
        sa.Column("id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_.id"], name=op.f("fk_case_follower_case_id_case_"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_follower")),
        sa.UniqueConstraint("case_id", "who", name=op.f("uq_case_follower_case_id_who")),
    )
    op.create_index(op.f("ix_case_follower_who"), "case_follower", ["who"], unique=False)
    op.create_table(
        "case_job",
        sa.Column("id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("crew_id", Id, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("checks", Json, nullable=False),
        sa.Column("parts", Json, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("signed_by", sa.Text(), nullable=True),
        sa.Column("began_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_case_job_case_id_case_"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_job")),
    )
    op.create_index(op.f("ix_case_job_case_id"), "case_job", ["case_id"], unique=False)
    op.create_index(
        op.f("ix_case_job_crew_id_case_job_day_case_job_position"),
        "case_job",
        ["crew_id", "day", "position"],
        unique=False,
    )
    op.create_table(
        "case_link",
        sa.Column("id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_case_link_case_id_case_"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_link")),
        sa.UniqueConstraint("case_id", "kind", "to", name=op.f("uq_case_link_case_id_kind_to")),
    )
    op.create_index(op.f("ix_case_link_case_id"), "case_link", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_link_to"), "case_link", ["to"], unique=False)
    op.create_table(
        "case_office",
        sa.Column("case_id", Id, nullable=False),
        sa.Column("agency_id", Id, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_.id"], name=op.f("fk_case_office_case_id_case_"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("case_id", "agency_id", name=op.f("pk_case_office")),
    )
    op.create_index(op.f("ix_case_office_agency_id"), "case_office", ["agency_id"], unique=False)
    op.create_table(
        "case_timer",
        sa.Column("id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("budget", sa.Integer(), nullable=False),
        sa.Column("consumed", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("running_since", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("first_due_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("met", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_id"], ["case_.id"], name=op.f("fk_case_timer_case_id_case_"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_timer")),
    )
    op.create_index(op.f("ix_case_timer_case_id"), "case_timer", ["case_id"], unique=False)
    op.create_index(op.f("ix_case_timer_due_at"), "case_timer", ["due_at"], unique=False)
    op.create_index(op.f("ix_case_timer_next_at"), "case_timer", ["next_at"], unique=False)
    op.create_index(
        "ix_case_timer_runs", "case_timer", ["case_id", "code"], unique=True, sqlite_where=runs, postgresql_where=runs
    )
    op.create_table(
        "crew_position",
        sa.Column("crew_id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["crew_id"], ["crew.id"], name=op.f("fk_crew_position_crew_id_crew"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("crew_id", "at", name=op.f("pk_crew_position")),
    )
    op.create_table(
        "dossier",
        sa.Column("case_id", Id, nullable=False),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("digitised", sa.Boolean(), nullable=False),
        sa.Column("electronic_result", sa.Boolean(), nullable=False),
        sa.Column("fee", sa.Integer(), nullable=False),
        sa.Column("paid", sa.Integer(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("promised_at", sa.BigInteger(), nullable=True),
        sa.Column("supplements", sa.Integer(), nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("appealed_at", sa.BigInteger(), nullable=True),
        sa.Column("apology", sa.Text(), nullable=False),
        sa.Column("apology_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_dossier_case_id_case_"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_dossier")),
    )
    op.create_index(op.f("ix_dossier_procedure"), "dossier", ["procedure"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", Id, nullable=False),
        sa.Column("case_id", Id, nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_.id"], name=op.f("fk_payment_case_id_case_"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("reference", name=op.f("uq_payment_reference")),
    )
    op.create_index(op.f("ix_payment_case_id"), "payment", ["case_id"], unique=False)
    op.create_table(
        "case_firing",
        sa.Column("timer_id", Id, nullable=False),
        sa.Column("rung", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["timer_id"], ["case_timer.id"], name=op.f("fk_case_firing_timer_id_case_timer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("timer_id", "rung", "due_at", name=op.f("pk_case_firing")),
    )
    op.create_table(
        "case_suspension",
        sa.Column("id", Id, nullable=False),
        sa.Column("timer_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["timer_id"], ["case_timer.id"], name=op.f("fk_case_suspension_timer_id_case_timer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_suspension")),
    )
    op.create_index(op.f("ix_case_suspension_timer_id"), "case_suspension", ["timer_id"], unique=False)
    op.create_table(
        "crew_member",
        sa.Column("crew_id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("on_since", sa.BigInteger(), nullable=True),
        sa.Column("shares", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["crew_id"], ["crew.id"], name=op.f("fk_crew_member_crew_id_crew"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_crew_member_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("crew_id", "person_id", name=op.f("pk_crew_member")),
    )
    op.create_index(op.f("ix_crew_member_person_id"), "crew_member", ["person_id"], unique=False)
