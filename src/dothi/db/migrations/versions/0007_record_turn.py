"""PostgreSQL reads the pages of a dataset by an index of its own."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An order that only this index has: by the primary key PostgreSQL would walk past the records of other datasets."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX ix_record_turn ON record (dataset_id, (id + 0))")
