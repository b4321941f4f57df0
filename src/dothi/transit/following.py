"""What vehicles say, taken in: matched to the trips of the timetable that holds, calls seen held against it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.transit import departing, heard_store, placing, realtime, service, store, values
from dothi.transit.heard_store import OLD
from dothi.transit.realtime import Heard, Place, RunRef, Vehicle
from dothi.transit.tables import (
    TransitCall,
    TransitFeed,
    TransitNotice,
    TransitTrip,
    TransitUpdate,
    TransitVehicle,
    TransitVersion,
)

__all__ = ["OLD", "Taken", "take"]
_BEFORE, _AFTER = 45 * 60, 3 * 3600  # seconds around a trip in which a report without a date belongs to it


@dataclass
class Taken:
    """What became of a message: entities read, taken and refused; vehicles matched to a trip, or placed on one; calls seen."""

    state: str  # taken | old
    entities: int = 0
    vehicles: int = 0
    updates: int = 0
    notices: int = 0
    matched: int = 0
    placed: int = 0
    unmatched: int = 0
    passages: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass
class _Ground:
    """The part of the timetable a message speaks of."""

    version: TransitVersion | None
    trips: dict[str, TransitTrip] = field(default_factory=dict)
    calls: dict[int, list[TransitCall]] = field(default_factory=dict)
    spots: dict[int, tuple[float, float, str]] = field(default_factory=dict)
    routes: dict[int, str] = field(default_factory=dict)


def take(session: Session, caller: Caller, code: str, body: bytes, now: int, kind: str = "") -> Taken:
    """Take a GTFS-Realtime message of a feed in. kind: positions, updates or alerts where its address says so.

    A message of the whole (FULL_DATASET) replaces what was said before of the kinds it is of. One that is not newer
    than the last is left alone.
    """
    feed = service.held(session, caller, code)
    heard = realtime.decode(body, now)
    kinds = {kind} if kind else set()
    kinds |= {
        name
        for name, some in zip(service.REALTIME, (heard.vehicles, heard.updates, heard.notices), strict=True)
        if some
    }
    key = kind or "all"
    if heard.at and heard.at <= int((feed.heard.get(key) or {}).get("at", 0)):
        return Taken("old", heard.entities)
    ground = _ground(session, feed, heard)
    done = Taken(
        "taken", heard.entities, len(heard.vehicles), len(heard.updates), len(heard.notices), refused=heard.refused[:50]
    )
    if "positions" in kinds:
        _vehicles(session, feed, ground, heard, done)
    if "updates" in kinds:
        _updates(session, feed, ground, heard, done)
    if "alerts" in kinds:
        _notices(session, feed, heard)
    said = {k: v for k, v in asdict(done).items() if k not in ("refused", "state")}
    feed.heard = {**feed.heard, key: {"at": heard.at or now, "refused": len(done.refused), **said}}
    feed.heard_at, feed.realtime_error = now, None
    return done


def _ground(session: Session, feed: TransitFeed, heard: Heard) -> _Ground:
    version = store.version(session, feed.version_id) if feed.version_id is not None else None
    ground = _Ground(version)
    said = [one.of for one in heard.vehicles] + [one.of for one in heard.updates]
    ids = sorted({of.trip_id for of in said if of.trip_id})
    if version is None or not ids:
        return ground
    for i in range(0, len(ids), 500):
        ground.trips |= {one.trip_id: one for one in store.trips(session, version.id, ids=ids[i : i + 500])}
    ground.calls = store.calls(session, version.id, [one.number for one in ground.trips.values()])
    stops = store.stops_by_number(session, version.id, (c.stop for some in ground.calls.values() for c in some))
    ground.spots = {n: (one.lat or 0.0, one.lon or 0.0, one.stop_id) for n, one in stops.items()}
    ground.routes = {one.number: one.route_id for one in store.lines(session, version.id)}
    return ground


def _vehicles(session: Session, feed: TransitFeed, ground: _Ground, heard: Heard, done: Taken) -> None:
    known = {one.vehicle: one for one in heard_store.vehicles(session, feed.id)}
    rows: dict[str, dict[str, Any]] = {}
    seen: list[dict[str, Any]] = []
    for one in heard.vehicles:
        before = known.get(one.id)
        if before is not None and one.at < before.at:
            rows[one.id] = {c.key: getattr(before, c.key) for c in TransitVehicle.__table__.columns}
            continue
        rows[one.id] = _vehicle(feed, ground, one, before, seen)
    _placed(session, ground, [one for one in heard.vehicles if not rows[one.id]["matched"]], known, rows)
    told = [rows[one.id] for one in heard.vehicles]
    done.matched = sum(bool(one["matched"]) for one in told)
    done.placed = sum(one["behind"] is not None for one in told)
    done.unmatched = len(told) - done.matched - done.placed
    if rows:
        heard_store.put(session, TransitVehicle, ("feed_id", "vehicle"), list(rows.values()))
    if heard.whole:
        heard_store.only(session, TransitVehicle, feed.id, TransitVehicle.vehicle, rows)
    heard_store.keep_passages(session, seen)
    done.passages += len(seen)


def _placed(
    session: Session, ground: _Ground, unsaid: Sequence[Vehicle], known: dict[str, TransitVehicle],
    rows: dict[str, dict[str, Any]],
) -> None:  # fmt: skip
    """Place the vehicles whose operator names a line, but no trip of the timetable, on the runs that are under way."""
    version = ground.version
    by_line: dict[str, list[Vehicle]] = {}
    for one in unsaid if version is not None else ():
        if one.of.route_id:
            by_line.setdefault(one.of.route_id, []).append(one)
    for route_id, some in by_line.items():
        assert version is not None  # noqa: S101 - there is a line only where there is a timetable
        line = store.line(session, version.id, route_id)
        runs = (
            departing.under_way(session, version, line.number, max(one.at for one in some)) if line is not None else []
        )
        spots = []
        for one in some:
            was = known.get(one.id)
            before = (was.trip_id, was.day or 0, was.run) if was is not None and was.behind is not None else None
            spots.append(placing.Spot(one.id, one.lat, one.lon, one.bearing, before))
        for vehicle, found in placing.place(spots, runs).items():
            run = found.run
            rows[vehicle] |= {
                "trip_id": run.trip_id, "day": run.day, "run": run.run, "sequence": found.sequence, "standing": False,
                "behind": found.behind,
            }  # fmt: skip


def _vehicle(
    feed: TransitFeed, ground: _Ground, one: Vehicle, before: TransitVehicle | None, seen: list[dict[str, Any]]
) -> dict[str, Any]:
    trip = ground.trips.get(one.of.trip_id)
    row: dict[str, Any] = {
        "feed_id": feed.id, "vehicle": one.id, "label": one.label, "trip_id": one.of.trip_id,
        "route_id": one.of.route_id or (ground.routes.get(trip.line, "") if trip else ""), "day": one.of.day, "run": 0,
        "lat": one.lat, "lon": one.lon, "bearing": one.bearing, "speed": one.speed, "sequence": one.sequence,
        "standing": one.standing, "occupancy": one.occupancy, "matched": False, "behind": None, "at": one.at,
    }  # fmt: skip
    if trip is None or ground.version is None:
        return row
    calls = ground.calls.get(trip.number, [])
    day, run = which(ground.version, trip, one.of, one.at)
    same = before is not None and (before.trip_id, before.day, before.run) == (one.of.trip_id, day, run)
    was = (Place(before.sequence, before.standing), before.at) if same and before is not None else None
    here = realtime.place(one, was[0] if was else None, calls, ground.spots)
    row |= {"day": day, "run": run, "sequence": here.sequence, "standing": here.standing, "matched": True}
    for call, at, arrival in realtime.passed(was, here, one.at, calls):
        made = passage(feed, ground.version, trip, call, (day, run), at, arrival=arrival, source="position")
        if made is not None:
            seen.append({**made, "route_id": row["route_id"], "stop_id": ground.spots[call.stop][2]})
    return row


def passage(
    feed: TransitFeed, version: TransitVersion, trip: TransitTrip, call: TransitCall, of: tuple[int, int], at: int,
    *, arrival: bool, source: str,
) -> dict[str, Any] | None:  # fmt: skip
    """A call seen, held against its timetable. of: day and run; None where there is no time to hold it against."""
    second = call.arrival if arrival else call.departure
    if second is None or trip.first is None:
        return None
    day, run = of
    moved = run - trip.first if trip.frequencies else 0
    planned = values.midnight(day, version.timezone) + (second + moved) * clock.SECOND
    delay = round((at - planned) / clock.SECOND)
    if abs(delay) > 3 * 3600:  # another day's run, or a wrong clock
        return None
    return {
        "feed_id": feed.id, "day": day, "trip_id": trip.trip_id, "run": run, "sequence": call.sequence, "planned": planned,
        "seen": at, "delay": delay, "source": source, "simulated": feed.simulated,
    }  # fmt: skip


def which(version: TransitVersion, trip: TransitTrip, of: RunRef, at: int) -> tuple[int, int]:
    """Service day and run of a report: as said, or the run that goes at its instant."""
    run = of.run if trip.frequencies and of.run is not None else 0
    if trip.frequencies and of.run is None:
        run = int(trip.frequencies[0][0])
    if of.day is not None:
        return of.day, run
    today = values.service_day(at, version.timezone)
    first, last = trip.first or 0, trip.last or 0
    if trip.frequencies:
        first, last = run, run + last - first
    for day in (today, today - 1):
        second = (at - values.midnight(day, version.timezone)) // clock.SECOND
        if first - _BEFORE <= second <= last + _AFTER:
            return day, run
    return today, run


def _updates(session: Session, feed: TransitFeed, ground: _Ground, heard: Heard, done: Taken) -> None:
    if heard.whole:
        heard_store.forget_updates(session, feed.id)
    rows: dict[tuple[str, int, int], dict[str, Any]] = {}
    seen: list[dict[str, Any]] = []
    ids = {number: spot[2] for number, spot in ground.spots.items()}
    for one in heard.updates:
        trip = ground.trips.get(one.of.trip_id)
        if trip is None or ground.version is None:
            done.unmatched += 1
            continue
        done.matched += 1
        day, run = which(ground.version, trip, one.of, one.at)
        begins = values.midnight(day, ground.version.timezone)
        if trip.frequencies and trip.first is not None:
            begins += (run - trip.first) * clock.SECOND
        calls = ground.calls.get(trip.number, [])
        delays = realtime.delays(one, calls, ids, begins)
        rows[trip.trip_id, day, run] = {
            "feed_id": feed.id, "trip_id": trip.trip_id, "day": day, "run": run, "cancelled": one.cancelled, "delay": one.delay,
            "stops": delays, "at": one.at,
        }  # fmt: skip
        seen += _past(feed, ground, trip, (day, run), begins, delays, one.at)
    if rows:
        heard_store.put(session, TransitUpdate, ("feed_id", "trip_id", "day", "run"), list(rows.values()))
    heard_store.keep_passages(session, seen)
    done.passages += len(seen)


def _past(
    feed: TransitFeed,
    ground: _Ground,
    trip: TransitTrip,
    of: tuple[int, int],
    begins: int,
    delays: Sequence[Any],
    said: int,
) -> list[dict[str, Any]]:
    """Stops of an update whose time has gone by when it was said: what is told of them is what was."""
    made: list[dict[str, Any]] = []
    by = {call.sequence: call for call in ground.calls.get(trip.number, [])}
    for sequence, arrival, departure, relation in delays:
        call = by[sequence]
        first = call is ground.calls[trip.number][0]
        delay = departure if first else arrival if arrival is not None else departure
        second = call.departure if first else call.arrival
        if relation != 0 or delay is None or second is None or ground.version is None:
            continue
        at = begins + (second + delay) * clock.SECOND
        if at <= said:
            row = passage(feed, ground.version, trip, call, of, at, arrival=not first, source="update")
            if row is not None:
                made.append(
                    {**row, "route_id": ground.routes.get(trip.line, ""), "stop_id": ground.spots[call.stop][2]}
                )
    return made


def _notices(session: Session, feed: TransitFeed, heard: Heard) -> None:
    rows = [
        {"feed_id": feed.id, "notice": one.id, "header": one.header, "text": one.text, "effect": one.effect, "url": one.url,
         "periods": one.periods, "lines": one.lines, "stops": one.stops, "at": heard.at} for one in heard.notices
    ]  # fmt: skip
    if rows:
        heard_store.put(session, TransitNotice, ("feed_id", "notice"), rows)
    if heard.whole:
        heard_store.only(session, TransitNotice, feed.id, TransitNotice.notice, [one.id for one in heard.notices])
