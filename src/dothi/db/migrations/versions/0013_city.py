"""Cities: the sketches an apply drew, kept with it, so that going back and exporting need no folder."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The files of applied blueprints."""
    op.create_table(
        "city_file",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("city", "name", "digest", name=op.f("pk_city_file")),
    )
