"""Simulated buses: their operator's timetable as GTFS, their positions as GTFS-Realtime, both sent in as a real one would.

Nothing here is real, and the feed, its stops, lines and every call seen say so.
"""

import csv
import datetime as dt
import io
import json
import zipfile
from functools import lru_cache
from typing import Any

from dothi.city import service as cities
from dothi.db import session as db
from dothi.identity import guard
from dothi.jobs.runner import every
from dothi.kit import clock
from dothi.places import cities as places
from dothi.simulate import network
from dothi.simulate.luck import chance
from dothi.simulate.network import DWELL, WEEKDAY, WEEKEND, Network, Trip
from dothi.transit import chores, following, heard_store, mirror, service, store, values
from dothi.transit.parsing import ZONE
from dothi.transit.tables import TransitFeed

CODE = "xe-buyt-mo-phong"
TITLE = "Xe buýt {city} (mô phỏng)"
SOURCE = "Mạng xe buýt mô phỏng của dothi, không phải tuyến thật"
DAYS = 14  # of calls seen before the demo's first start
_LAYOVER = 240  # seconds a bus stands at its first stop before it leaves


@lru_cache(maxsize=2)
def drawn(city: str) -> Network | None:
    """The network of a city, drawn once."""
    if city not in network.PLANS:
        return None
    folder = cities.find(city)
    with (folder / "base.geojson").open(encoding="utf-8") as file:
        return network.draw(city, json.load(file))


def timetable(net: Network, today: dt.date, title: str = TITLE.format(city="Tân An")) -> bytes:
    """The operator's GTFS zip: this year and the next."""
    files: dict[str, list[list[Any]]] = {
        "agency.txt": [
            ["agency_id", "agency_name", "agency_url", "agency_timezone", "agency_lang"],
            ["mo-phong", title, "https://example.vn/", ZONE, "vi"],
        ],
        "stops.txt": [["stop_id", "stop_name", "stop_lat", "stop_lon", "wheelchair_boarding"]]
        + [[one.id, one.name, one.lat, one.lon, 1 + (chance("ramp", one.id) < 0.4)] for one in net.stops],
        "routes.txt": [
            ["route_id", "agency_id", "route_short_name", "route_long_name", "route_type", "route_color", "route_text_color"]
        ]
        + [[one.code, "mo-phong", one.code, " – ".join(one.ends), 3, one.colour, "FFFFFF"] for one in net.plans],
        "calendar.txt": [["service_id", *_WEEK, "start_date", "end_date"]]
        + [[code, *days, f"{today.year}0101", f"{today.year + 1}1231"] for code, days in _SERVICES.items()],
        # 2 September: as on a Sunday
        "calendar_dates.txt": [["service_id", "date", "exception_type"]]
        + [[code, f"{year}0902", kind] for year in (today.year, today.year + 1) for code, kind in _holiday(year)],
        "trips.txt": [["route_id", "service_id", "trip_id", "trip_headsign", "direction_id", "shape_id", "wheelchair_accessible"]]
        + [[t.pattern.line, t.service, t.id, t.pattern.headsign, t.pattern.direction, t.pattern.shape, 1] for t in net.trips],
        "stop_times.txt": [["trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence"]]
        + [
            [t.id, values.clock_text(t.start + t.pattern.arrivals[i]), values.clock_text(t.start + t.pattern.departures[i]), stop.id, i + 1]
            for t in net.trips
            for i, stop in enumerate(t.pattern.stops)
        ],
        "shapes.txt": [["shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence"]]
        + [[one.shape, y, x, i] for one in net.patterns for i, (x, y) in enumerate(one.points)],
    }  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in files.items():
            text = io.StringIO()
            csv.writer(text).writerows(rows)
            archive.writestr(zipfile.ZipInfo(name), text.getvalue())
    return out.getvalue()


_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SERVICES = {WEEKDAY: (1, 1, 1, 1, 1, 0, 0), WEEKEND: (0, 0, 0, 0, 0, 1, 1)}


def _holiday(year: int) -> list[tuple[str, int]]:
    return [(WEEKDAY, 2), (WEEKEND, 1)] if dt.date(year, 9, 2).weekday() < 5 else []


def _runs(trip: Trip, day: int) -> bool:
    date = dt.date.fromordinal(day)
    weekend = date.weekday() >= 5 or (date.month, date.day) == (9, 2)
    return (trip.service == WEEKEND) == weekend


def message(net: Network, now: int) -> bytes:
    """What the operator's server says at an instant: where each bus is, what comes of it, one notice."""
    from google.transit import gtfs_realtime_pb2 as pb

    made: Any = pb.FeedMessage()
    made.header.gtfs_realtime_version, made.header.timestamp = "2.0", now // clock.SECOND
    today = values.service_day(now, ZONE)
    for day in (today - 1, today):
        second = (now - values.midnight(day, ZONE)) / clock.SECOND
        for trip in net.trips:
            if _runs(trip, day) and trip.start - _LAYOVER <= second <= trip.end + 900:
                _bus(made, trip, day, second, now)
    notice = made.entity.add(id="thong-bao-mo-phong").alert
    notice.effect = pb.Alert.MODIFIED_SERVICE
    notice.header_text.translation.add(text="Xe buýt mô phỏng: không phải chuyến thật", language="vi")
    notice.header_text.translation.add(text="Simulated buses: no real journeys", language="en")
    return bytes(made.SerializeToString())


def _bus(made: Any, trip: Trip, day: int, second: float, now: int) -> None:
    pattern, last = trip.pattern, len(trip.pattern.stops) - 1
    late = [network.delay(trip, day, i) for i in range(last + 1)]
    arrive = [trip.start + pattern.arrivals[i] + (late[i] if i else 0) for i in range(last + 1)]
    leave = [
        max(arrive[i] + (DWELL if i else 0), trip.start + pattern.departures[i] + max(0, late[i]))
        for i in range(last + 1)
    ]
    if second > arrive[last] + 60:
        return
    here = next((i for i in range(last + 1) if second < leave[i] or i == last), last)
    standing = here == 0 or second >= arrive[here]
    if standing:
        far = pattern.metres[here]
    else:
        share = (second - leave[here - 1]) / max(1.0, arrive[here] - leave[here - 1])
        far = pattern.metres[here - 1] + (pattern.metres[here] - pattern.metres[here - 1]) * min(1.0, max(0.0, share))
    (lon, lat), bearing = network.at(pattern.points, far)
    number = 1 + sum(ord(c) for c in trip.id) % 40
    entity = made.entity.add(id=f"v-{trip.id}")
    vehicle = entity.vehicle
    vehicle.trip.trip_id, vehicle.trip.route_id = trip.id, pattern.line
    vehicle.trip.start_date = values.day_text(day)
    vehicle.vehicle.id, vehicle.vehicle.label = f"MP-{trip.id}", f"MP {number:02}"
    vehicle.position.latitude, vehicle.position.longitude = lat, lon
    vehicle.position.bearing, vehicle.position.speed = bearing, 0.0 if standing else network.SPEED
    vehicle.current_stop_sequence, vehicle.stop_id = here + 1, pattern.stops[here].id
    vehicle.current_status = 1 if standing else 2
    vehicle.timestamp = now // clock.SECOND
    vehicle.occupancy_status = int(4 * chance("full", trip.id, day, here))
    told = made.entity.add(id=f"u-{trip.id}").trip_update
    told.trip.trip_id, told.trip.start_date, told.timestamp = trip.id, values.day_text(day), now // clock.SECOND
    if here < last:
        stop = told.stop_time_update.add(stop_sequence=here + 1)
        stop.departure.delay = max(0, late[here])


def declare(now: int) -> TransitFeed | None:
    """The feed with its timetable, where the running city has a network; made anew where the roads changed."""
    with db.reading() as session:
        running = places.setting(session, "city") or {}
    net = drawn(str(running.get("code") or ""))
    if net is None:
        return None
    title = TITLE.format(city=places.called(running))
    body = timetable(net, clock.local_day(now), title)
    made = service.read("mo-phong.zip", body)
    with db.writing() as session:
        service.follow(session, guard.SYSTEM, CODE, title, simulated=True, source=SOURCE, licence="CC0-1.0")
        done = service.take(session, guard.SYSTEM, CODE, made)
        row = service.held(session, guard.SYSTEM, CODE)
        if done.version is not None:
            mirror.renew(session, row)
        return row


def fill(now: int, days: int = DAYS) -> int:
    """Calls seen before now, as if the buses had always been followed; returns how many were made."""
    row = declare(now)
    net = _running()
    if row is None or net is None:
        return 0
    today, made = values.service_day(now, ZONE), 0
    with db.reading() as session:
        known = heard_store.punctuality(session, row.id, now - days * clock.DAY, now, "line-hour")
    first = max((int(one["at"]) * clock.HOUR for one in known), default=now - days * clock.DAY)
    for day in range(values.service_day(first, ZONE) - 1, today + 1):
        begins = values.midnight(day, ZONE)
        rows = [
            one
            for trip in net.trips if _runs(trip, day)
            for one in _calls(row.id, trip, day, begins) if first <= one["seen"] < now
        ]  # fmt: skip
        made += len(rows)
        with db.writing() as session:
            heard_store.keep_passages(session, rows)
    chores.keep_hours(CODE, first, now)
    return made


def _calls(feed_id: int, trip: Trip, day: int, begins: int) -> list[dict[str, Any]]:
    rows = []
    for i, stop in enumerate(trip.pattern.stops):
        late = max(0, network.delay(trip, day, i)) if i == 0 else network.delay(trip, day, i)
        planned = begins + (trip.start + (trip.pattern.arrivals if i else trip.pattern.departures)[i]) * clock.SECOND
        rows.append({
            "feed_id": feed_id, "day": day, "trip_id": trip.id, "run": 0, "sequence": i + 1, "route_id": trip.pattern.line,
            "stop_id": stop.id, "planned": planned, "seen": planned + late * clock.SECOND, "delay": late, "source": "position",
            "simulated": True,
        })  # fmt: skip
    return rows


def _running() -> Network | None:
    with db.reading() as session:
        city = str((places.setting(session, "city") or {}).get("code") or "")
    return drawn(city)


@every("simulate.buses", seconds=20)
def drive() -> int:
    """Have the simulated operator say where its buses are; returns how many were matched."""
    net, now = _running(), clock.now_micros()
    if net is None:
        return 0
    with db.writing() as session:
        if store.locked(session, CODE) is None:
            return 0
        return following.take(session, guard.SYSTEM, CODE, message(net, now), now).matched
