"""Cases by whom holds them: the lists of one's own hold none that nobody has, and an office's free ones are not sought in them."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Of handlers and crews only those that there are."""
    for index, column in (("ix_case_handler", "handler_id"), ("ix_case_crew", "crew_id")):
        op.drop_index(index, table_name="case_")
        held = sa.text(f"closed_at IS NULL AND {column} IS NOT NULL")
        op.create_index(index, "case_", [column, "due_at"], unique=False, sqlite_where=held, postgresql_where=held)
