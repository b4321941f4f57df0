"""What is stored, handed on: the timetable as a GTFS zip, the vehicles as GTFS-Realtime."""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dothi.kit import clock
from dothi.transit import heard_store, store, values
from dothi.transit.following import OLD
from dothi.transit.parsing import COLUMNS
from dothi.transit.tables import TransitFeed, TransitVersion

_AGENCY = "1"
_STAMP = (1980, 1, 1, 0, 0, 0)  # the same timetable makes the same bytes


def gtfs(session: Session, feed: TransitFeed, version: TransitVersion) -> bytes:
    """The version that holds as a GTFS zip. A calendar that was taken as current is written as it is taken."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, columns, rows in _files(session, feed, version):
            text = io.StringIO()
            writer = csv.writer(text, lineterminator="\r\n")
            writer.writerow(columns)
            writer.writerows(rows)
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text.getvalue())
    return out.getvalue()


Rows = Iterable[Sequence[Any]]


def _files(session: Session, feed: TransitFeed, version: TransitVersion) -> Iterable[tuple[str, Sequence[str], Rows]]:
    id_ = version.id
    lines = sorted(store.lines(session, id_), key=lambda one: one.number)
    trips = sorted(store.trips(session, id_), key=lambda one: one.number)
    stops = sorted(store.stops(session, id_, boarding=False), key=lambda one: one.number)
    stop_ids = {one.number: one.stop_id for one in stops}
    trip_ids = {one.number: one.trip_id for one in trips}
    route_ids = {one.number: one.route_id for one in lines}
    known = [(one.get("id") or _AGENCY, one) for one in version.agencies] or [(_AGENCY, {"name": feed.title})]
    by_name = {one["name"]: code for code, one in reversed(known)}
    yield "agency.txt", ("agency_id", "agency_name", "agency_url", "agency_timezone", "agency_phone"), (
        (code, one["name"], one.get("url") or "http://localhost", version.timezone, one.get("phone", "")) for code, one in known
    )  # fmt: skip
    yield "stops.txt", COLUMNS["stops.txt"], (
        (s.stop_id, s.code, s.name, _degrees(s.lat), _degrees(s.lon), s.kind, stop_ids[s.parent] if s.parent is not None else "",
         s.wheelchair, s.platform) for s in stops
    )  # fmt: skip
    yield (
        "routes.txt",
        COLUMNS["routes.txt"],
        (
            (r.route_id, by_name.get(r.agency, known[0][0]), r.short, r.long, r.kind, r.url, r.colour, r.ink, r.rank)
            for r in lines
        ),
    )
    services, shift = store.services(session, id_), version.shift
    weekly = [(code, one) for code, one in services.items() if one.begins is not None and one.ends is not None]
    yield "calendar.txt", COLUMNS["calendar.txt"], (
        (code, *(one.mask >> i & 1 for i in range(7)), values.day_text(shift + (one.begins or 0)), values.day_text(shift + (one.ends or 0)))
        for code, one in weekly
    )  # fmt: skip
    yield "calendar_dates.txt", COLUMNS["calendar_dates.txt"], (
        (code, values.day_text(shift + day), kind)
        for code, one in services.items() for kind, days in ((1, one.added), (2, one.removed)) for day in sorted(days)
    )  # fmt: skip
    yield (
        "trips.txt",
        COLUMNS["trips.txt"],
        (
            (route_ids[t.line], t.service, t.trip_id, t.headsign, t.direction, t.block, t.shape, t.wheelchair)
            for t in trips
        ),
    )
    yield "frequencies.txt", COLUMNS["frequencies.txt"], (
        (t.trip_id, values.clock_text(start), values.clock_text(end), headway, exact)
        for t in trips for start, end, headway, exact in t.frequencies or ()
    )  # fmt: skip
    calls = store.calls(session, id_, [one.number for one in trips])
    yield "stop_times.txt", COLUMNS["stop_times.txt"], (
        (trip_ids[c.trip], _second(c.arrival, exact=c.exact), _second(c.departure, exact=c.exact), stop_ids[c.stop], c.sequence,
         c.headsign, c.pickup, c.dropoff) for some in calls.values() for c in some
    )  # fmt: skip
    shapes = store.shapes(session, id_, {one.shape for one in trips if one.shape})
    yield (
        "shapes.txt",
        COLUMNS["shapes.txt"],
        (
            (code, _degrees(y), _degrees(x), i)
            for code, points in sorted(shapes.items())
            for i, (x, y) in enumerate(points)
        ),
    )


def _degrees(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _second(value: int | None, *, exact: bool) -> str:
    return values.clock_text(value) if value is not None and exact else ""


def positions(session: Session, feed: TransitFeed, now: int) -> bytes:
    """Where the vehicles are, as a GTFS-Realtime message of the whole; what is too old to be believed is left out."""
    from google.transit import gtfs_realtime_pb2 as pb

    message: Any = pb.FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.incrementality = pb.FeedHeader.FULL_DATASET
    message.header.timestamp = (feed.heard_at or now) // clock.SECOND
    for one in heard_store.vehicles(session, feed.id, since=now - OLD):
        entity = message.entity.add(id=one.vehicle)
        vehicle = entity.vehicle
        vehicle.vehicle.id, vehicle.vehicle.label = one.vehicle, one.label
        vehicle.timestamp = one.at // clock.SECOND
        vehicle.position.latitude, vehicle.position.longitude = one.lat, one.lon
        for name in ("bearing", "speed"):
            if getattr(one, name) is not None:
                setattr(vehicle.position, name, getattr(one, name))
        if one.route_id:
            vehicle.trip.route_id = one.route_id
        said = (
            one.behind is None
        )  # which trip it is on was said; an estimate of ours is not handed on as the operator's word
        if one.trip_id and said:
            vehicle.trip.trip_id = one.trip_id
        if one.day is not None and said:
            vehicle.trip.start_date = values.day_text(one.day)
        if one.run and said:
            vehicle.trip.start_time = values.clock_text(one.run)
        if one.sequence is not None and said:
            vehicle.current_stop_sequence = one.sequence
            vehicle.current_status = pb.VehiclePosition.STOPPED_AT if one.standing else pb.VehiclePosition.IN_TRANSIT_TO
        if one.occupancy is not None:
            vehicle.occupancy_status = one.occupancy
    return bytes(message.SerializeToString())
