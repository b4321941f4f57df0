"""Public transport: feeds, versions of their timetables (GTFS), vehicles and what was seen of them (GTFS-RT)."""

import sqlalchemy as sa
from alembic import op

from dothi.db.types import Id, Json

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "transit_feed",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("realtime", Json, nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("version_id", Id, nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("heard_at", sa.BigInteger(), nullable=True),
        sa.Column("heard", Json, nullable=False),
        sa.Column("realtime_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transit_feed")),
        sa.UniqueConstraint("code", name=op.f("uq_transit_feed_code")),
    )
    op.create_table(
        "transit_notice",
        sa.Column("feed_id", Id, nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("header", Json, nullable=False),
        sa.Column("text", Json, nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("periods", Json, nullable=False),
        sa.Column("lines", Json, nullable=False),
        sa.Column("stops", Json, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["transit_feed.id"], name=op.f("fk_transit_notice_feed_id_transit_feed"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", "notice", name=op.f("pk_transit_notice")),
    )
    op.create_table(
        "transit_passage",
        sa.Column("feed_id", Id, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("trip_id", sa.Text(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("route_id", sa.Text(), nullable=False),
        sa.Column("stop_id", sa.Text(), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("delay", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["transit_feed.id"], name=op.f("fk_transit_passage_feed_id_transit_feed"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", "day", "trip_id", "run", "sequence", name=op.f("pk_transit_passage")),
    )
    op.create_index("ix_transit_passage_feed_planned", "transit_passage", ["feed_id", "planned"], unique=False)
    op.create_index(
        "ix_transit_passage_feed_route_id_planned", "transit_passage", ["feed_id", "route_id", "planned"], unique=False
    )
    op.create_table(
        "transit_update",
        sa.Column("feed_id", Id, nullable=False),
        sa.Column("trip_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("delay", sa.Integer(), nullable=True),
        sa.Column("stops", Json, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["transit_feed.id"], name=op.f("fk_transit_update_feed_id_transit_feed"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", "trip_id", "day", "run", name=op.f("pk_transit_update")),
    )
    op.create_table(
        "transit_vehicle",
        sa.Column("feed_id", Id, nullable=False),
        sa.Column("vehicle", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("trip_id", sa.Text(), nullable=False),
        sa.Column("route_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("bearing", sa.Double(), nullable=True),
        sa.Column("speed", sa.Double(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("standing", sa.Boolean(), nullable=False),
        sa.Column("occupancy", sa.Integer(), nullable=True),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["transit_feed.id"], name=op.f("fk_transit_vehicle_feed_id_transit_feed"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("feed_id", "vehicle", name=op.f("pk_transit_vehicle")),
    )
    op.create_table(
        "transit_version",
        sa.Column("id", Id, nullable=False),
        sa.Column("feed_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=True),
        sa.Column("ends", sa.Integer(), nullable=True),
        sa.Column("shift", sa.Integer(), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("found", Json, nullable=False),
        sa.Column("faults", Json, nullable=False),
        sa.Column("agencies", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["feed_id"], ["transit_feed.id"], name=op.f("fk_transit_version_feed_id_transit_feed"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transit_version")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_transit_version_feed_number", "transit_version", ["feed_id", "number"], unique=True)
    op.create_table(
        "transit_call",
        sa.Column("version_id", Id, nullable=False),
        sa.Column("trip", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("stop", sa.Integer(), nullable=False),
        sa.Column("arrival", sa.Integer(), nullable=True),
        sa.Column("departure", sa.Integer(), nullable=True),
        sa.Column("headsign", sa.Text(), nullable=False),
        sa.Column("pickup", sa.Integer(), nullable=False),
        sa.Column("dropoff", sa.Integer(), nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["transit_version.id"],
            name=op.f("fk_transit_call_version_id_transit_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "trip", "sequence", name=op.f("pk_transit_call")),
    )
    op.create_index(
        "ix_transit_call_version_stop_departure", "transit_call", ["version_id", "stop", "departure"], unique=False
    )
    op.create_table(
        "transit_line",
        sa.Column("version_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("route_id", sa.Text(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.Column("short", sa.Text(), nullable=False),
        sa.Column("long", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.Column("ink", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["transit_version.id"],
            name=op.f("fk_transit_line_version_id_transit_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "number", name=op.f("pk_transit_line")),
    )
    op.create_index("ix_transit_line_version_route_id", "transit_line", ["version_id", "route_id"], unique=True)
    op.create_table(
        "transit_service",
        sa.Column("version_id", Id, nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("begins", sa.Integer(), nullable=True),
        sa.Column("ends", sa.Integer(), nullable=True),
        sa.Column("added", Json, nullable=False),
        sa.Column("removed", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["transit_version.id"],
            name=op.f("fk_transit_service_version_id_transit_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "service", name=op.f("pk_transit_service")),
    )
    op.create_table(
        "transit_shape",
        sa.Column("version_id", Id, nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("points", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["transit_version.id"],
            name=op.f("fk_transit_shape_version_id_transit_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "shape", name=op.f("pk_transit_shape")),
    )
    op.create_table(
        "transit_stop",
        sa.Column("version_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("stop_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("kind", sa.Integer(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("wheelchair", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["transit_version.id"],
            name=op.f("fk_transit_stop_version_id_transit_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "number", name=op.f("pk_transit_stop")),
    )
    op.create_index("ix_transit_stop_version_lat_lon", "transit_stop", ["version_id", "lat", "lon"], unique=False)
    op.create_index("ix_transit_stop_version_stop_id", "transit_stop", ["version_id", "stop_id"], unique=True)
    op.create_table(
        "transit_trip",
        sa.Column("version_id", Id, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("trip_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("headsign", sa.Text(), nullable=False),
        sa.Column("direction", sa.Integer(), nullable=False),
        sa.Column("block", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("wheelchair", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=True),
        sa.Column("last", sa.Integer(), nullable=True),
        sa.Column("stops", sa.Integer(), nullable=False),
        sa.Column("frequencies", Json, nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["transit_version.id"],
            name=op.f("fk_transit_trip_version_id_transit_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "number", name=op.f("pk_transit_trip")),
    )
    op.create_index(
        "ix_transit_trip_version_line_direction", "transit_trip", ["version_id", "line", "direction"], unique=False
    )
    op.create_index("ix_transit_trip_version_trip_id", "transit_trip", ["version_id", "trip_id"], unique=True)
