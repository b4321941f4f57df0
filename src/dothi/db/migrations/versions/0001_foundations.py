"""The ground floors: identity, journal, jobs, places, sensing, city."""

from alembic import op

from dothi.db.base import Base

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
    bind = op.get_bind()
    postgresql = bind.dialect.name == "postgresql"
    if postgresql:
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    tables = [t for t in Base.metadata.sorted_tables if not t.info.get("by_hand")]
    Base.metadata.create_all(bind, tables=tables)
    if postgresql:
        op.execute(f"CREATE TABLE observation ({_COLUMNS}) PARTITION BY RANGE (at)")
        op.execute(
            "CREATE VIEW observation_readable AS SELECT datastream_id, to_timestamp(at / 1e6) AS phenomenon_time,"
            " result, result_json, to_timestamp(received_at / 1e6) AS received_at FROM observation"
        )
    else:
        op.execute(f"CREATE TABLE observation ({_COLUMNS}) WITHOUT ROWID")
