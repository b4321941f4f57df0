"""OGC SensorThings entities (18-088 clause 8) and the observations, kept narrow for the hot path.

Every time column is BIGINT microseconds since 1970 UTC. Entity ids are integers; an observation's key is
(datastream, at), and its id in the interfaces is the text '<datastream>-<µs>'.
Datastreams and MultiDatastreams share one table and so one id space: an observation names either.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Geometry, Id, Json

# ids are never given out again: keys, links and caches name them
_NEVER_AGAIN = {"sqlite_autoincrement": True}


class Thing(Base):
    """A sensor post, a lamp, a pump: whatever datastreams belong to."""

    __tablename__ = "thing"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str | None] = mapped_column(
        Text, unique=True
    )  # the owner's own stable name, for blueprints and imports
    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(Text, index=True)
    description: Mapped[str] = mapped_column(Text)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    agency_id: Mapped[int | None] = mapped_column(Id, index=True)  # identity.agency
    sharing: Mapped[str] = mapped_column(Text)  # restricted | shared | open
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    # where it is now, copied from its newest Location so that the map reads one table
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    unit_code: Mapped[str | None] = mapped_column(Text, index=True)  # places.unit holding it
    connected: Mapped[bool | None] = mapped_column(Boolean)  # MQTT connection state; None: never connected itself
    connected_at: Mapped[int | None] = mapped_column(BigInteger)


class Location(Base):
    """Where things are or were."""

    __tablename__ = "location"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    encoding_type: Mapped[str] = mapped_column(Text)
    location: Mapped[Any] = mapped_column(Json)  # as given: GeoJSON for application/geo+json
    geometry: Mapped[bytes | None] = mapped_column(Geometry)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    feature_id: Mapped[int | None] = mapped_column(Id)  # FeatureOfInterest the server made from it
    agency_id: Mapped[int | None] = mapped_column(Id, index=True)
    sharing: Mapped[str] = mapped_column(Text)


class ThingLocation(Base):
    """The current locations of a thing."""

    __tablename__ = "thing_location"
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), primary_key=True)
    location_id: Mapped[int] = mapped_column(
        ForeignKey("location.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class HistoricalLocation(Base):
    """A thing was at these locations from this time on; kept by the server."""

    __tablename__ = "historical_location"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), index=True)
    time: Mapped[int] = mapped_column(BigInteger)


class HistoricalLocationLocation(Base):
    """Which locations a historical location names."""

    __tablename__ = "historical_location_location"
    historical_location_id: Mapped[int] = mapped_column(
        ForeignKey("historical_location.id", ondelete="CASCADE"), primary_key=True
    )
    location_id: Mapped[int] = mapped_column(
        ForeignKey("location.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Sensor(Base):
    """The instrument or procedure."""

    __tablename__ = "sensor"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    encoding_type: Mapped[str] = mapped_column(Text)
    metadata_: Mapped[Any] = mapped_column("metadata", Json)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    agency_id: Mapped[int | None] = mapped_column(Id)


class ObservedProperty(Base):
    """What is observed: PM2.5, water level."""

    __tablename__ = "observed_property"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, unique=True)  # the sector pack's name: pm25, water-level
    name: Mapped[str] = mapped_column(Text)
    definition: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    agency_id: Mapped[int | None] = mapped_column(Id)


class FeatureOfInterest(Base):
    """What the observation is about, usually the place."""

    __tablename__ = "feature_of_interest"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    encoding_type: Mapped[str] = mapped_column(Text)
    feature: Mapped[Any] = mapped_column(Json)
    geometry: Mapped[bytes | None] = mapped_column(Geometry)
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    agency_id: Mapped[int | None] = mapped_column(Id, index=True)
    sharing: Mapped[str] = mapped_column(Text)


class Datastream(Base):
    """A series of observations of one property (or several, `multi`) by one sensor of one thing."""

    __tablename__ = "datastream"
    __table_args__ = _NEVER_AGAIN
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str | None] = mapped_column(Text, unique=True)
    multi: Mapped[bool] = mapped_column(Boolean, default=False)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    observation_type: Mapped[str] = mapped_column(Text)
    unit: Mapped[Any | None] = mapped_column(Json)  # {name, symbol, definition}; definition is a UCUM code
    units: Mapped[Any | None] = mapped_column(Json)  # MultiDatastream unitOfMeasurements
    observation_types: Mapped[Any | None] = mapped_column(Json)  # MultiDatastream multiObservationDataTypes
    observed_area: Mapped[Any | None] = mapped_column(Json)  # GeoJSON
    properties: Mapped[dict[str, Any] | None] = mapped_column(Json)
    thing_id: Mapped[int] = mapped_column(ForeignKey("thing.id", ondelete="CASCADE"), index=True)
    sensor_id: Mapped[int] = mapped_column(ForeignKey("sensor.id", ondelete="CASCADE"), index=True)
    observed_property_id: Mapped[int | None] = mapped_column(
        ForeignKey("observed_property.id", ondelete="CASCADE"), index=True
    )
    feature_id: Mapped[int | None] = mapped_column(Id)  # FeatureOfInterest of observations that name none
    agency_id: Mapped[int | None] = mapped_column(Id, index=True)  # copied from the thing
    sharing: Mapped[str] = mapped_column(Text)  # copied from the thing
    retention_days: Mapped[int | None] = mapped_column(Integer)  # None: the installation's setting


class DatastreamProperty(Base):
    """The observed properties of a MultiDatastream, in order."""

    __tablename__ = "datastream_property"
    datastream_id: Mapped[int] = mapped_column(ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    observed_property_id: Mapped[int] = mapped_column(
        ForeignKey("observed_property.id", ondelete="CASCADE"), index=True
    )


class DatastreamState(Base):
    """Exact counter and newest observation of a datastream, kept by every ingest batch. One row each, always."""

    __tablename__ = "datastream_state"
    datastream_id: Mapped[int] = mapped_column(
        ForeignKey("datastream.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    count: Mapped[int] = mapped_column(BigInteger, default=0)
    first_at: Mapped[int | None] = mapped_column(BigInteger)  # earliest phenomenonTime
    last_at: Mapped[int | None] = mapped_column(
        BigInteger
    )  # newest phenomenonTime start: key of the latest observation
    until: Mapped[int | None] = mapped_column(BigInteger)  # newest phenomenonTime end or start
    first_result_at: Mapped[int | None] = mapped_column(BigInteger)
    last_result_at: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[float | None]  # of the latest observation
    result_json: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[int | None] = mapped_column(BigInteger)


class Observation(Base):
    """One result. Created by migration, because PostgreSQL partitions it by month and SQLite keeps it WITHOUT ROWID.

    No foreign keys: ingest locks the datastreams' state rows instead (a trigger per row would halve COPY).
    """

    __tablename__ = "observation"
    datastream_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # phenomenonTime (start)
    until: Mapped[int | None] = mapped_column(BigInteger)  # phenomenonTime end, when an interval
    result: Mapped[float | None]  # a number; booleans and everything else are JSON text in result_json
    result_json: Mapped[str | None] = mapped_column(Text)
    result_time: Mapped[int | None] = mapped_column(BigInteger)  # None: the same as at
    feature_id: Mapped[int | None] = mapped_column(Integer)
    received_at: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[int | None] = mapped_column(BigInteger)
    valid_until: Mapped[int | None] = mapped_column(BigInteger)
    quality: Mapped[str | None] = mapped_column(Text)  # JSON text of resultQuality
    parameters: Mapped[str | None] = mapped_column(Text)  # JSON text
    __table_args__ = ({"sqlite_with_rowid": False, "info": {"by_hand": True}},)


class ObservationSuperseded(Base):
    """What was known before: a value replaced or deleted, and until when it stood."""

    __tablename__ = "observation_superseded"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    datastream_id: Mapped[int] = mapped_column(Integer)
    at: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[int | None] = mapped_column(BigInteger)
    result: Mapped[float | None]
    result_json: Mapped[str | None] = mapped_column(Text)
    result_time: Mapped[int | None] = mapped_column(BigInteger)
    feature_id: Mapped[int | None] = mapped_column(Integer)
    received_at: Mapped[int] = mapped_column(BigInteger)
    valid_from: Mapped[int | None] = mapped_column(BigInteger)
    valid_until: Mapped[int | None] = mapped_column(BigInteger)
    quality: Mapped[str | None] = mapped_column(Text)
    parameters: Mapped[str | None] = mapped_column(Text)
    superseded_at: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[bool] = mapped_column(Boolean, default=False)
    __table_args__ = (Index(None, "datastream_id", "at"),)


class ObservationHour(Base):
    """Hourly rollup of the numeric results of a datastream; rebuilt from the hours ingest marked dirty."""

    __tablename__ = "observation_hour"
    datastream_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # start, µs UTC
    count: Mapped[int] = mapped_column(Integer)  # observations, numeric or not
    numbers: Mapped[int] = mapped_column(Integer)
    sum: Mapped[float | None]
    min: Mapped[float | None]
    max: Mapped[float | None]
    first: Mapped[float | None]
    last: Mapped[float | None]


class DirtyHour(Base):
    """Hours of a datastream whose rollups are out of date, both ends included.

    Append-only: the rollup job deletes just the rows it read, so a mark of a commit still in flight is never lost.
    """

    __tablename__ = "dirty_hour"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    datastream_id: Mapped[int] = mapped_column(Integer)
    first_hour: Mapped[int] = mapped_column(BigInteger)  # start of the hour, µs UTC
    last_hour: Mapped[int] = mapped_column(BigInteger)
    __table_args__ = (Index(None, "datastream_id", "first_hour"),)


class DeadLetter(Base):
    """An MQTT payload that was refused, kept for a person to look at and replay."""

    __tablename__ = "dead_letter"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[int] = mapped_column(BigInteger)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes]
    reason: Mapped[str] = mapped_column(Text)
    sender: Mapped[str | None] = mapped_column(Text)
    replayed_at: Mapped[int | None] = mapped_column(BigInteger)
