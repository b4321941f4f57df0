"""Vehicles whose operator names no trip: the run they are most likely on, by line, place and time, and how late that is."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """How many seconds behind its timetable a placed vehicle is; none: its trip was said, or none was found."""
    op.add_column("transit_vehicle", sa.Column("behind", sa.Integer(), nullable=True))
