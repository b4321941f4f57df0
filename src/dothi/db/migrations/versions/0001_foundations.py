"""The ground floors and the first storey: identity, journal, jobs, places, sensing, city."""

import sqlalchemy as sa
from alembic import op

from dothi.db.types import Geometry, Id, Json

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COLUMNS = """
    datastream_id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT,
    result DOUBLE PRECISION,
    result_json TEXT,
    result_time BIGINT,
    feature_id INTEGER,
    received_at BIGINT NOT NULL,
    valid_from BIGINT,
    valid_until BIGINT,
    quality TEXT,
    parameters TEXT,
    CONSTRAINT pk_observation PRIMARY KEY (datastream_id, at)
"""


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    _tables()
    if postgresql:
        op.execute(f"CREATE TABLE observation ({_COLUMNS}) PARTITION BY RANGE (at)")
        op.execute(
            "CREATE VIEW observation_readable AS SELECT datastream_id, to_timestamp(at / 1e6) AS phenomenon_time,"
            " result, result_json, to_timestamp(received_at / 1e6) AS received_at FROM observation"
        )
        for table in ("location", "feature_of_interest", "unit", "area", "base_feature"):
            op.execute(f"CREATE INDEX ix_{table}_geometry ON {table} USING gist (geometry)")
        op.execute("ALTER TABLE datastream_state SET (fillfactor = 50)")  # each batch updates its rows in place
    else:
        op.execute(f"CREATE TABLE observation ({_COLUMNS}) WITHOUT ROWID")


def _tables() -> None:
    op.create_table(
        "agency",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("electronic_code", sa.Text(), nullable=True),
        sa.Column("parent_id", Id, nullable=True),
        sa.ForeignKeyConstraint(["parent_id"], ["agency.id"], name=op.f("fk_agency_parent_id_agency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency")),
        sa.UniqueConstraint("code", name=op.f("uq_agency_code")),
    )
    op.create_table(
        "area",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("units", Json, nullable=True),
        sa.Column("geometry", Geometry, nullable=True),
        sa.Column("properties", Json, nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("code", name=op.f("uq_area_code")),
    )
    op.create_index(op.f("ix_area_folded"), "area", ["folded"], unique=False)
    op.create_table(
        "base_feature",
        sa.Column("id", Id, nullable=False),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("geometry", Geometry, nullable=False),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("properties", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_base_feature")),
    )
    op.create_index(op.f("ix_base_feature_area_code"), "base_feature", ["area_code"], unique=False)
    op.create_table(
        "city_setting",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", Json, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_city_setting")),
    )
    op.create_table(
        "city_version",
        sa.Column("id", Id, nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("applied_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("blueprint", Json, nullable=False),
        sa.Column("summary", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_city_version")),
    )
    op.create_index(op.f("ix_city_version_city"), "city_version", ["city"], unique=False)
    op.create_table(
        "dead_letter",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("replayed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
    )
    op.create_table(
        "dirty_hour",
        sa.Column("id", Id, nullable=False),
        sa.Column("datastream_id", sa.Integer(), nullable=False),
        sa.Column("first_hour", sa.BigInteger(), nullable=False),
        sa.Column("last_hour", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dirty_hour")),
    )
    op.create_index(
        op.f("ix_dirty_hour_datastream_id_dirty_hour_first_hour"),
        "dirty_hour",
        ["datastream_id", "first_hour"],
        unique=False,
    )
    op.create_table(
        "feature_of_interest",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("encoding_type", sa.Text(), nullable=False),
        sa.Column("feature", Json, nullable=False),
        sa.Column("geometry", Geometry, nullable=True),
        sa.Column("properties", Json, nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feature_of_interest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_feature_of_interest_agency_id"), "feature_of_interest", ["agency_id"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_run")),
    )
    op.create_table(
        "journal",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("data", Json, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journal_kind_journal_id"), "journal", ["kind", "id"], unique=False)
    op.create_index(op.f("ix_journal_subject"), "journal", ["subject"], unique=False)
    op.create_table(
        "journal_seal",
        sa.Column("id", Id, nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_seal")),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "location",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("encoding_type", sa.Text(), nullable=False),
        sa.Column("location", Json, nullable=False),
        sa.Column("geometry", Geometry, nullable=True),
        sa.Column("properties", Json, nullable=True),
        sa.Column("feature_id", Id, nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_location_agency_id"), "location", ["agency_id"], unique=False)
    op.create_table(
        "observation_hour",
        sa.Column("datastream_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hour", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.Integer(), nullable=False),
        sa.Column("sum", sa.Double(), nullable=True),
        sa.Column("min", sa.Double(), nullable=True),
        sa.Column("max", sa.Double(), nullable=True),
        sa.Column("first", sa.Double(), nullable=True),
        sa.Column("last", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("datastream_id", "hour", name=op.f("pk_observation_hour")),
    )
    op.create_table(
        "observation_superseded",
        sa.Column("id", Id, nullable=False),
        sa.Column("datastream_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Double(), nullable=True),
        sa.Column("result_json", sa.Text(), nullable=True),
        sa.Column("result_time", sa.BigInteger(), nullable=True),
        sa.Column("feature_id", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=True),
        sa.Column("valid_until", sa.BigInteger(), nullable=True),
        sa.Column("quality", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=True),
        sa.Column("superseded_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation_superseded")),
    )
    op.create_index(
        op.f("ix_observation_superseded_datastream_id_observation_superseded_at"),
        "observation_superseded",
        ["datastream_id", "at"],
        unique=False,
    )
    op.create_table(
        "observed_property",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("properties", Json, nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observed_property")),
        sa.UniqueConstraint("code", name=op.f("uq_observed_property_code")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "place_stamp",
        sa.Column("id", Id, nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_place_stamp")),
    )
    op.create_table(
        "sensor",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("encoding_type", sa.Text(), nullable=False),
        sa.Column("metadata", Json, nullable=False),
        sa.Column("properties", Json, nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sensor")),
        sa.UniqueConstraint("code", name=op.f("uq_sensor_code")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "thing",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("properties", Json, nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("connected", sa.Boolean(), nullable=True),
        sa.Column("connected_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thing")),
        sa.UniqueConstraint("code", name=op.f("uq_thing_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_thing_agency_id"), "thing", ["agency_id"], unique=False)
    op.create_index(op.f("ix_thing_name_folded"), "thing", ["name_folded"], unique=False)
    op.create_index(op.f("ix_thing_unit_code"), "thing", ["unit_code"], unique=False)
    op.create_table(
        "unit",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("full_name_en", sa.Text(), nullable=True),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("area_km2", sa.Float(), nullable=True),
        sa.Column("population", sa.BigInteger(), nullable=True),
        sa.Column("geometry", Geometry, nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("approximate", sa.Boolean(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
    )
    op.create_index(op.f("ix_unit_code"), "unit", ["code"], unique=False)
    op.create_index(op.f("ix_unit_folded"), "unit", ["folded"], unique=False)
    op.create_index(op.f("ix_unit_parent_code"), "unit", ["parent_code"], unique=False)
    op.create_index("uq_unit_code_level_valid_from", "unit", ["code", "level", "valid_from"], unique=True)
    op.create_table(
        "unit_change",
        sa.Column("id", Id, nullable=False),
        sa.Column("on", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("old_code", sa.Text(), nullable=False),
        sa.Column("new_code", sa.Text(), nullable=False),
        sa.Column("extent", sa.Text(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_change")),
    )
    op.create_index(op.f("ix_unit_change_new_code"), "unit_change", ["new_code"], unique=False)
    op.create_index(op.f("ix_unit_change_old_code"), "unit_change", ["old_code"], unique=False)
    op.create_table(
        "datastream",
        sa.Column("id", Id, nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("multi", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("observation_type", sa.Text(), nullable=False),
        sa.Column("unit", Json, nullable=True),
        sa.Column("units", Json, nullable=True),
        sa.Column("observation_types", Json, nullable=True),
        sa.Column("observed_area", Json, nullable=True),
        sa.Column("properties", Json, nullable=True),
        sa.Column("thing_id", Id, nullable=False),
        sa.Column("sensor_id", Id, nullable=False),
        sa.Column("observed_property_id", Id, nullable=True),
        sa.Column("feature_id", Id, nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("sharing", sa.Text(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["observed_property_id"],
            ["observed_property.id"],
            name=op.f("fk_datastream_observed_property_id_observed_property"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["sensor_id"], ["sensor.id"], name=op.f("fk_datastream_sensor_id_sensor"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["thing_id"], ["thing.id"], name=op.f("fk_datastream_thing_id_thing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datastream")),
        sa.UniqueConstraint("code", name=op.f("uq_datastream_code")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_datastream_agency_id"), "datastream", ["agency_id"], unique=False)
    op.create_index(op.f("ix_datastream_observed_property_id"), "datastream", ["observed_property_id"], unique=False)
    op.create_index(op.f("ix_datastream_sensor_id"), "datastream", ["sensor_id"], unique=False)
    op.create_index(op.f("ix_datastream_thing_id"), "datastream", ["thing_id"], unique=False)
    op.create_table(
        "historical_location",
        sa.Column("id", Id, nullable=False),
        sa.Column("thing_id", Id, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["thing_id"], ["thing.id"], name=op.f("fk_historical_location_thing_id_thing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_historical_location")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_historical_location_thing_id"), "historical_location", ["thing_id"], unique=False)
    op.create_table(
        "key",
        sa.Column("id", Id, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("thing_id", Id, nullable=True),
        sa.Column("scopes", Json, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_key_agency_id_agency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key")),
    )
    op.create_table(
        "person",
        sa.Column("id", Id, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("agency_id", Id, nullable=True),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_person_agency_id_agency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("login", name=op.f("uq_person_login")),
    )
    op.create_table(
        "thing_location",
        sa.Column("thing_id", Id, nullable=False),
        sa.Column("location_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["location.id"], name=op.f("fk_thing_location_location_id_location"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["thing_id"], ["thing.id"], name=op.f("fk_thing_location_thing_id_thing"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("thing_id", "location_id", name=op.f("pk_thing_location")),
    )
    op.create_index(op.f("ix_thing_location_location_id"), "thing_location", ["location_id"], unique=False)
    op.create_table(
        "datastream_property",
        sa.Column("datastream_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("observed_property_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["datastream_id"],
            ["datastream.id"],
            name=op.f("fk_datastream_property_datastream_id_datastream"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["observed_property_id"],
            ["observed_property.id"],
            name=op.f("fk_datastream_property_observed_property_id_observed_property"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("datastream_id", "position", name=op.f("pk_datastream_property")),
    )
    op.create_index(
        op.f("ix_datastream_property_observed_property_id"),
        "datastream_property",
        ["observed_property_id"],
        unique=False,
    )
    op.create_table(
        "datastream_state",
        sa.Column("datastream_id", Id, autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("first_result_at", sa.BigInteger(), nullable=True),
        sa.Column("last_result_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Double(), nullable=True),
        sa.Column("result_json", sa.Text(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["datastream_id"],
            ["datastream.id"],
            name=op.f("fk_datastream_state_datastream_id_datastream"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("datastream_id", name=op.f("pk_datastream_state")),
    )
    op.create_table(
        "grant_",
        sa.Column("id", Id, nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("scope_kind", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_grant__person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grant_")),
    )
    op.create_index(op.f("ix_grant__person_id"), "grant_", ["person_id"], unique=False)
    op.create_table(
        "historical_location_location",
        sa.Column("historical_location_id", Id, nullable=False),
        sa.Column("location_id", Id, nullable=False),
        sa.ForeignKeyConstraint(
            ["historical_location_id"],
            ["historical_location.id"],
            name=op.f("fk_historical_location_location_historical_location_id_historical_location"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["location_id"],
            ["location.id"],
            name=op.f("fk_historical_location_location_location_id_location"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("historical_location_id", "location_id", name=op.f("pk_historical_location_location")),
    )
    op.create_index(
        op.f("ix_historical_location_location_location_id"),
        "historical_location_location",
        ["location_id"],
        unique=False,
    )
    op.create_table(
        "sign_in",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("person_id", Id, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_sign_in_person_id_person"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_sign_in")),
    )
    op.create_index(op.f("ix_sign_in_person_id"), "sign_in", ["person_id"], unique=False)
