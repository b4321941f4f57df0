"""(k) GTFS import: rows a second stored, against reading the same CSV alone; the next departures of a stop."""

import csv
import io
import time

from tests.transit.feed import zipped

from bench.harness import Place, emit, using
from dothi.db import schema
from dothi.db import session as db
from dothi.identity import guard
from dothi.transit import departing, service, store, values

LINES, TRIPS, STOPS = 50, 40, 40  # 80,000 calls


def run(place: Place) -> None:
    """Print the figures of (k) for one database."""
    files = _files()
    body = zipped(**files)
    rows = sum(text.count("\n") - 1 for text in files.values() if text)
    began = time.process_time()
    for text in files.values():
        for _ in csv.reader(io.StringIO(text or "")):
            pass
    alone = time.process_time() - began
    with using(place):
        schema.upgrade(db.engine())
        began, wall = time.process_time(), time.perf_counter()
        made = service.read("bench.zip", body)
        parsed = time.process_time() - began
        with db.writing() as session:
            service.follow(session, guard.SYSTEM, "bench", "bench")
            service.take(session, guard.SYSTEM, "bench", made)
        emit("gtfs-import", place.kind, rows / (time.perf_counter() - wall), "rows/s")
        emit("gtfs-parse-over-csv", place.kind, parsed / alone, "x")
        with db.reading() as session:
            feed = store.feed(session, guard.ANONYMOUS, "bench")
            version = store.version(session, feed.version_id)
            now = values.midnight(values.day("20261123"), version.timezone) + 8 * 3600 * 1_000_000
            began = time.perf_counter()
            for number in range(50):
                departing.next_ones(session, feed, version, [number], now)
            emit("transit-departures", place.kind, (time.perf_counter() - began) / 50 * 1000, "ms")


def _files() -> dict[str, str | None]:
    stops = "".join(f"S{i},Trạm {i},{10.5 + i / 1000:.4f},106.41\n" for i in range(STOPS))
    routes = "".join(f"R{i},{i},Tuyến {i},3\n" for i in range(LINES))
    trips = "".join(f"R{i},HN,T{i}-{j},0\n" for i in range(LINES) for j in range(TRIPS))
    calls = "".join(
        f"T{i}-{j},{(at := values.clock_text(18_000 + 1500 * j + 90 * k))},{at},S{k},{k}\n"
        for i in range(LINES) for j in range(TRIPS) for k in range(STOPS)
    )  # fmt: skip
    return {
        "stops": "stop_id,stop_name,stop_lat,stop_lon\n" + stops,
        "routes": "route_id,route_short_name,route_long_name,route_type\n" + routes,
        "trips": "route_id,service_id,trip_id,direction_id\n" + trips,
        "stop_times": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n" + calls,
        "calendar_dates": None, "frequencies": None,
    }  # fmt: skip
