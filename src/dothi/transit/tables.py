"""Public transport: feeds, the versions of their timetables (GTFS), and what vehicles say of themselves (GTFS-RT).

Instants are BIGINT microseconds since 1970 UTC; times of a timetable are whole seconds after the service day's "noon
minus twelve hours" (GTFS reference), so that 25:10:00 is ten past one of the night after; service days are ordinals
(`date.toordinal`).
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKey, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from dothi.db.base import Base
from dothi.db.types import Id, Json


class TransitFeed(Base):
    """An operator's feed: where it is fetched, whose it is, and which version of its timetable holds."""

    __tablename__ = "transit_feed"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)  # GTFS zip; None: files are handed in
    realtime: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # positions, updates, alerts: addresses
    licence: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    agency_id: Mapped[int | None] = mapped_column(Id)
    sharing: Mapped[str] = mapped_column(Text, default="open")
    status: Mapped[str] = mapped_column(Text, default="published")
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    hours: Mapped[int] = mapped_column(Integer, default=24)  # between two looks at the timetable
    seconds: Mapped[int] = mapped_column(Integer, default=30)  # between two looks at the vehicles
    version_id: Mapped[int | None] = mapped_column(Id)  # the version that holds; None: nothing imported yet
    checked_at: Mapped[int | None] = mapped_column(BigInteger)
    error: Mapped[str | None] = mapped_column(Text)
    heard_at: Mapped[int | None] = mapped_column(BigInteger)  # when something of the vehicles last came in
    heard: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # kind: the header's timestamp, what was matched
    realtime_error: Mapped[str | None] = mapped_column(Text)


class TransitVersion(Base):
    """One import of a feed's timetable; what was refused of it stays with it."""

    __tablename__ = "transit_version"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    feed_id: Mapped[int] = mapped_column(ForeignKey("transit_feed.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    imported_at: Mapped[int] = mapped_column(BigInteger)
    imported_by: Mapped[str] = mapped_column(Text)
    file: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(Text)
    begins: Mapped[int | None] = mapped_column(Integer)  # service days it was made for
    ends: Mapped[int | None] = mapped_column(Integer)
    # whole weeks by which somebody moved an expired calendar, in days; 0: as the operator says
    shift: Mapped[int] = mapped_column(Integer, default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(Json)  # file: {read, accepted, refused}
    found: Mapped[dict[str, Any]] = mapped_column(Json)  # fault: how often
    faults: Mapped[list[Any]] = mapped_column(Json)  # the first of them, each with its place
    agencies: Mapped[list[Any]] = mapped_column(Json)
    __table_args__ = (
        Index("ix_transit_version_feed_number", "feed_id", "number", unique=True),
        {"sqlite_autoincrement": True},
    )


def _version() -> Mapped[int]:
    return mapped_column(ForeignKey("transit_version.id", ondelete="CASCADE"), primary_key=True)


class TransitStop(Base):
    """A stop, station or entrance."""

    __tablename__ = "transit_stop"
    version_id: Mapped[int] = _version()
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    stop_id: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    kind: Mapped[int] = mapped_column(Integer)  # GTFS location_type
    parent: Mapped[int | None] = mapped_column(Integer)  # number of its station
    wheelchair: Mapped[int] = mapped_column(Integer)  # GTFS: 0 unknown, 1 yes, 2 no
    platform: Mapped[str] = mapped_column(Text)
    __table_args__ = (
        Index("ix_transit_stop_version_stop_id", "version_id", "stop_id", unique=True),
        Index("ix_transit_stop_version_lat_lon", "version_id", "lat", "lon"),
    )


class TransitLine(Base):
    """A line as passengers know it (GTFS route)."""

    __tablename__ = "transit_line"
    version_id: Mapped[int] = _version()
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    route_id: Mapped[str] = mapped_column(Text)
    agency: Mapped[str] = mapped_column(Text)
    short: Mapped[str] = mapped_column(Text)
    long: Mapped[str] = mapped_column(Text)
    folded: Mapped[str] = mapped_column(Text)
    kind: Mapped[int] = mapped_column(Integer)  # GTFS route_type
    colour: Mapped[str] = mapped_column(Text)  # six hexadecimal digits, or empty
    ink: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    rank: Mapped[int] = mapped_column(Integer)
    __table_args__ = (Index("ix_transit_line_version_route_id", "version_id", "route_id", unique=True),)


class TransitTrip(Base):
    """One journey of a vehicle along a line, on the days of its service."""

    __tablename__ = "transit_trip"
    version_id: Mapped[int] = _version()
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    trip_id: Mapped[str] = mapped_column(Text)
    line: Mapped[int] = mapped_column(Integer)
    service: Mapped[str] = mapped_column(Text)
    headsign: Mapped[str] = mapped_column(Text)
    direction: Mapped[int] = mapped_column(Integer)
    block: Mapped[str] = mapped_column(Text)
    shape: Mapped[str] = mapped_column(Text)
    wheelchair: Mapped[int] = mapped_column(Integer)
    first: Mapped[int | None] = mapped_column(Integer)  # seconds; None: no times are known
    last: Mapped[int | None] = mapped_column(Integer)
    stops: Mapped[int] = mapped_column(Integer)
    frequencies: Mapped[list[Any] | None] = mapped_column(Json)  # [start, end, headway in seconds, exact]
    __table_args__ = (
        Index("ix_transit_trip_version_trip_id", "version_id", "trip_id", unique=True),
        Index("ix_transit_trip_version_line_direction", "version_id", "line", "direction"),
    )


class TransitCall(Base):
    """A trip calls at a stop (GTFS stop_time)."""

    __tablename__ = "transit_call"
    version_id: Mapped[int] = mapped_column(Id, primary_key=True)
    trip: Mapped[int] = mapped_column(Integer, primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    stop: Mapped[int] = mapped_column(Integer)
    arrival: Mapped[int | None] = mapped_column(Integer)
    departure: Mapped[int | None] = mapped_column(Integer)
    headsign: Mapped[str] = mapped_column(Text)
    pickup: Mapped[int] = mapped_column(Integer)
    dropoff: Mapped[int] = mapped_column(Integer)
    exact: Mapped[bool] = mapped_column(Boolean)  # False: between two timepoints, put there evenly
    __table_args__ = (
        ForeignKeyConstraint(["version_id"], ["transit_version.id"], ondelete="CASCADE"),
        Index("ix_transit_call_version_stop_departure", "version_id", "stop", "departure"),
    )


class TransitService(Base):
    """On which days trips run. days: bit 0 Monday to bit 6 Sunday."""

    __tablename__ = "transit_service"
    version_id: Mapped[int] = _version()
    service: Mapped[str] = mapped_column(Text, primary_key=True)
    days: Mapped[int] = mapped_column(Integer)
    begins: Mapped[int | None] = mapped_column(Integer)
    ends: Mapped[int | None] = mapped_column(Integer)
    added: Mapped[list[Any]] = mapped_column(Json)
    removed: Mapped[list[Any]] = mapped_column(Json)


class TransitShape(Base):
    """The way of a trip over the ground. points: [longitude, latitude] in degrees."""

    __tablename__ = "transit_shape"
    version_id: Mapped[int] = _version()
    shape: Mapped[str] = mapped_column(Text, primary_key=True)
    points: Mapped[list[Any]] = mapped_column(Json)


class TransitVehicle(Base):
    """Where a vehicle is, as its operator last said."""

    __tablename__ = "transit_vehicle"
    feed_id: Mapped[int] = mapped_column(ForeignKey("transit_feed.id", ondelete="CASCADE"), primary_key=True)
    vehicle: Mapped[str] = mapped_column(Text, primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    trip_id: Mapped[str] = mapped_column(Text)
    route_id: Mapped[str] = mapped_column(Text)
    day: Mapped[int | None] = mapped_column(Integer)
    run: Mapped[int] = mapped_column(Integer)  # start of the run in seconds, of a trip by frequency; else 0
    lat: Mapped[float]
    lon: Mapped[float]
    bearing: Mapped[float | None]
    speed: Mapped[float | None]  # m/s
    sequence: Mapped[int | None] = mapped_column(Integer)
    standing: Mapped[bool] = mapped_column(Boolean)  # at the stop of `sequence`; else on the way to it
    occupancy: Mapped[int | None] = mapped_column(Integer)
    matched: Mapped[bool] = mapped_column(Boolean)  # to a trip of the timetable that holds
    # seconds behind that trip, where nobody said which it is and `placing` found it; None: it was said, or none was found
    behind: Mapped[int | None] = mapped_column(Integer)
    at: Mapped[int] = mapped_column(BigInteger)


class TransitUpdate(Base):
    """What an operator foretells of one run. stops: [sequence, stop_id, arrival, departure, delays in s, skipped]."""

    __tablename__ = "transit_update"
    feed_id: Mapped[int] = mapped_column(ForeignKey("transit_feed.id", ondelete="CASCADE"), primary_key=True)
    trip_id: Mapped[str] = mapped_column(Text, primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True)
    run: Mapped[int] = mapped_column(Integer, primary_key=True)
    cancelled: Mapped[bool] = mapped_column(Boolean)
    delay: Mapped[int | None] = mapped_column(Integer)
    stops: Mapped[list[Any]] = mapped_column(Json)
    at: Mapped[int] = mapped_column(BigInteger)


class TransitNotice(Base):
    """A notice of an operator to passengers (GTFS-RT alert)."""

    __tablename__ = "transit_notice"
    feed_id: Mapped[int] = mapped_column(ForeignKey("transit_feed.id", ondelete="CASCADE"), primary_key=True)
    notice: Mapped[str] = mapped_column(Text, primary_key=True)
    header: Mapped[dict[str, Any]] = mapped_column(Json)  # by language
    text: Mapped[dict[str, Any]] = mapped_column(Json)
    effect: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    periods: Mapped[list[Any]] = mapped_column(Json)  # [begin, end] µs UTC, either may be null
    lines: Mapped[list[Any]] = mapped_column(Json)  # route ids; both empty: the whole network
    stops: Mapped[list[Any]] = mapped_column(Json)
    at: Mapped[int] = mapped_column(BigInteger)


class TransitPassage(Base):
    """A vehicle was seen to call at a stop. delay: seconds behind its timetable, negative when early."""

    __tablename__ = "transit_passage"
    feed_id: Mapped[int] = mapped_column(ForeignKey("transit_feed.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[int] = mapped_column(Integer, primary_key=True)
    trip_id: Mapped[str] = mapped_column(Text, primary_key=True)
    run: Mapped[int] = mapped_column(Integer, primary_key=True)
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True)
    route_id: Mapped[str] = mapped_column(Text)
    stop_id: Mapped[str] = mapped_column(Text)
    planned: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[int] = mapped_column(BigInteger)
    delay: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(Text)  # position | update
    simulated: Mapped[bool] = mapped_column(Boolean, default=False)
    __table_args__ = (
        Index("ix_transit_passage_feed_planned", "feed_id", "planned"),
        Index("ix_transit_passage_feed_route_id_planned", "feed_id", "route_id", "planned"),
    )
