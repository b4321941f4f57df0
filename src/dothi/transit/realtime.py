"""GTFS-Realtime 2.0 (gtfs.org reference) as plain values, and what follows from them. No database here."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.transit import values
from dothi.transit.tables import TransitCall

MOST_BYTES = 32 * 1024 * 1024
NEAR = 60.0  # metres within which a vehicle that says no stop counts as standing at one
GAP = 180 * clock.SECOND  # between two reports: of a longer silence nobody knows when a stop was left
_STANDING = 1  # VehicleStopStatus.STOPPED_AT
_CANCELLED, _SKIPPED, _NO_DATA = (3, 7), 1, 2  # TripDescriptor CANCELED and DELETED; StopTimeUpdate


@dataclass(frozen=True)
class RunRef:
    """Which run of a trip is meant. day, run: ordinal and second of its start, None where it is not said."""

    trip_id: str
    route_id: str
    day: int | None
    run: int | None


@dataclass(frozen=True)
class Vehicle:
    """A vehicle's report."""

    id: str
    label: str
    of: RunRef
    lat: float
    lon: float
    bearing: float | None
    speed: float | None
    sequence: int | None
    stop_id: str
    standing: bool
    occupancy: int | None
    at: int


@dataclass(frozen=True)
class Foretold:
    """One stop of a trip update: times in µs UTC, delays in seconds; relation 0 as planned, 1 skipped, 2 no data."""

    sequence: int | None
    stop_id: str
    arrival: int | None
    departure: int | None
    arrival_delay: int | None
    departure_delay: int | None
    relation: int


@dataclass(frozen=True)
class Update:
    """What is foretold of one run."""

    of: RunRef
    cancelled: bool
    delay: int | None
    stops: list[Foretold]
    at: int


@dataclass(frozen=True)
class Notice:
    """A notice to passengers."""

    id: str
    header: dict[str, str]
    text: dict[str, str]
    effect: str
    url: str
    periods: list[list[int | None]]
    lines: list[str]
    stops: list[str]


@dataclass
class Heard:
    """One message. at: µs UTC of its header, 0 for none; whole: it replaces what was said before."""

    at: int
    whole: bool
    vehicles: list[Vehicle] = field(default_factory=list)
    updates: list[Update] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    entities: int = 0


def decode(body: bytes, now: int) -> Heard:
    """A FeedMessage. Raises BadInput where it is none; a single entity that makes no sense is refused in words."""
    from google.protobuf.message import DecodeError
    from google.transit import gtfs_realtime_pb2 as pb

    if len(body) > MOST_BYTES:
        raise BadInput("the message is too large", [Fault("body", f"{len(body)} bytes", f"{MOST_BYTES} bytes")])
    message = pb.FeedMessage()
    try:
        message.ParseFromString(body)
    except DecodeError:
        raise _no_message() from None
    if not message.IsInitialized() or not message.header.gtfs_realtime_version:
        raise _no_message()
    at = _micros(message.header.timestamp) or 0
    heard = Heard(min(at, now), message.header.incrementality == pb.FeedHeader.FULL_DATASET)
    for entity in message.entity:
        heard.entities += 1
        if entity.HasField("vehicle"):
            _vehicle(entity, heard, now)
        if entity.HasField("trip_update"):
            _update(entity, heard, now)
        if entity.HasField("alert"):
            _notice(entity, heard)
    return heard


def _no_message() -> BadInput:
    return BadInput("this is no GTFS-Realtime message", [Fault("body", "cannot be read", "a FeedMessage in protobuf")])


def _micros(seconds: int) -> int | None:
    return int(seconds) * clock.SECOND if 0 < seconds < 2**34 else None


def _run(trip: Any) -> RunRef:
    return RunRef(
        trip.trip_id[:200], trip.route_id[:200], values.day(trip.start_date),
        values.seconds(trip.start_time) if trip.start_time else None,
    )  # fmt: skip


def _vehicle(entity: Any, heard: Heard, now: int) -> None:
    one = entity.vehicle
    where, id_ = one.position, (one.vehicle.id or entity.id)[:200]
    if not (math.isfinite(where.latitude) and math.isfinite(where.longitude)) or not (
        -90 <= where.latitude <= 90 and -180 <= where.longitude <= 180 and (where.latitude or where.longitude)
    ):
        heard.refused.append(f"vehicle {id_}: position {where.latitude:g},{where.longitude:g}")
        return
    at = _micros(one.timestamp) or heard.at or now
    heard.vehicles.append(
        Vehicle(
            id_, (one.vehicle.label or one.vehicle.license_plate or id_)[:60], _run(one.trip), round(where.latitude, 6),
            round(where.longitude, 6), _number(where, "bearing"), _number(where, "speed"),
            one.current_stop_sequence if one.HasField("current_stop_sequence") else None, one.stop_id[:200],
            one.HasField("current_status") and one.current_status == _STANDING,
            one.occupancy_status if one.HasField("occupancy_status") else None, min(at, now),
        )
    )  # fmt: skip


def _number(holder: Any, name: str) -> float | None:
    value = getattr(holder, name)
    return round(value, 2) if holder.HasField(name) and math.isfinite(value) else None


def _update(entity: Any, heard: Heard, now: int) -> None:
    one = entity.trip_update
    if not one.trip.trip_id:
        heard.refused.append(f"trip update {entity.id[:60]}: no trip_id")
        return
    stops = []
    for stop in one.stop_time_update:
        arrival = stop.arrival if stop.HasField("arrival") else None
        departure = stop.departure if stop.HasField("departure") else None
        stops.append(
            Foretold(
                stop.stop_sequence if stop.HasField("stop_sequence") else None, stop.stop_id[:200],
                _micros(arrival.time) if arrival is not None else None,
                _micros(departure.time) if departure is not None else None,
                _delay(arrival), _delay(departure), stop.schedule_relationship,
            )
        )  # fmt: skip
    delay = one.delay if one.HasField("delay") else None
    at = _micros(one.timestamp) or heard.at or now
    cancelled = one.trip.schedule_relationship in _CANCELLED
    heard.updates.append(Update(_run(one.trip), cancelled, delay, stops, min(at, now)))


def _delay(event: Any) -> int | None:
    if event is None or not event.HasField("delay") or event.time:
        return None
    return int(event.delay) if abs(event.delay) < 86_400 else None


def _notice(entity: Any, heard: Heard) -> None:
    one = entity.alert
    from google.transit import gtfs_realtime_pb2 as pb

    heard.notices.append(
        Notice(
            entity.id[:200], _texts(one.header_text), _texts(one.description_text), pb.Alert.Effect.Name(one.effect),
            next((t.text[:300] for t in one.url.translation if t.text.startswith(("http://", "https://"))), ""),
            [[_micros(p.start), _micros(p.end)] for p in one.active_period],
            sorted({e.route_id for e in one.informed_entity if e.route_id}),
            sorted({e.stop_id for e in one.informed_entity if e.stop_id}),
        )
    )  # fmt: skip


def _texts(text: Any) -> dict[str, str]:
    return {(one.language or "vi")[:2].lower(): one.text[:4000] for one in text.translation if one.text}


Delays = list[list[Any]]  # [sequence, delay at arrival, delay at departure, relation], in the order of the trip


def delays(update: Update, calls: Sequence[TransitCall], ids: dict[int, str], begins: int) -> Delays:
    """A trip update as delays of the timetable's own calls. ids: stop ids by number; begins: µs UTC of second 0."""
    made: dict[int, list[Any]] = {}
    left = list(calls)
    for one in update.stops:
        call = next((c for c in left if _means(one, c, ids)), None)
        if call is None:
            continue
        arrival = _behind(one.arrival, call.arrival, begins, one.arrival_delay)
        departure = _behind(one.departure, call.departure, begins, one.departure_delay)
        if one.relation not in (_SKIPPED, _NO_DATA) and arrival is None and departure is None:
            continue
        made[call.sequence] = [call.sequence, arrival, departure, one.relation]
    return [made[key] for key in sorted(made)]


def _means(one: Foretold, call: TransitCall, ids: dict[int, str]) -> bool:
    if one.sequence is not None:
        return call.sequence == one.sequence
    return bool(one.stop_id) and ids.get(call.stop) == one.stop_id


def _behind(at: int | None, planned: int | None, begins: int, delay: int | None) -> int | None:
    if at is None or planned is None:
        return delay
    behind = round((at - begins) / clock.SECOND) - planned
    return behind if abs(behind) < 86_400 else None


def foretell(stops: Delays, delay: int | None, sequence: int) -> tuple[int | None, bool]:
    """Seconds behind the timetable at a stop, None for unknown, and whether the stop is left out.

    A stop that is not named goes as the last named one before it (GTFS-Realtime reference, "Stop Time Updates").
    """
    found: int | None = delay
    for number, arrival, departure, relation in stops:
        if number > sequence:
            break
        if relation == _SKIPPED:
            if number == sequence:
                return None, True
            continue
        if relation == _NO_DATA:
            found = None
            continue
        usual = departure if departure is not None else arrival
        found = (arrival if arrival is not None else departure) if number == sequence and departure is None else usual
    return found, False


@dataclass(frozen=True)
class Place:
    """Where along its trip a vehicle is: at the call `sequence`, or on the way to it; None: nobody knows."""

    sequence: int | None
    standing: bool


def place(
    one: Vehicle, before: Place | None, calls: Sequence[TransitCall], spots: dict[int, tuple[float, float, str]]
) -> Place:
    """The place a vehicle says, or the one its position shows. spots: latitude, longitude, id of stops by number."""
    ahead = [c for c in calls if before is None or before.sequence is None or c.sequence >= before.sequence]
    if one.sequence is not None and any(c.sequence == one.sequence for c in calls):
        return Place(one.sequence, one.standing)
    if one.stop_id:
        named = next((c for c in ahead or calls if spots.get(c.stop, (0, 0, ""))[2] == one.stop_id), None)
        if named is not None:
            return Place(named.sequence, one.standing)
    for call in ahead:
        spot = spots.get(call.stop)
        if spot is not None and metres(one.lat, one.lon, spot[0], spot[1]) <= NEAR:
            return Place(call.sequence, standing=True)
    if before is None or before.sequence is None:
        return Place(None, standing=False)
    if not before.standing:
        return before
    return Place(next((c.sequence for c in ahead if c.sequence > (before.sequence or 0)), None), standing=False)


def passed(
    before: tuple[Place, int] | None, now: Place, at: int, calls: Sequence[TransitCall]
) -> list[tuple[TransitCall, int, bool]]:
    """The calls made between two reports: each, when (µs UTC), and whether it is the arrival (else the departure).

    Where a vehicle begins, its departure counts; everywhere else its arrival. After a long silence nothing is guessed.
    """
    if before is None or now.sequence is None or before[0].sequence is None:
        return []
    old, since = before[0], before[1]
    if at - since > GAP or at <= since:
        return []
    order = {c.sequence: i for i, c in enumerate(calls)}
    here, there = order.get(now.sequence), order.get(old.sequence or 0)
    if here is None or there is None or here < there:
        return []
    made = []
    if here > there and there == 0 and old.standing:
        made.append((calls[0], at, False))
    if now.standing and here > 0 and not (here == there and old.standing):
        made.append((calls[here], at, True))
    elif not now.standing and here - 1 > 0 and here > there and not (old.standing and here - 1 == there):
        made.append((calls[here - 1], at, True))
    return made


def metres(lat: float, lon: float, lat2: float, lon2: float) -> float:
    """Distance on the ground, good to a few parts in a thousand within a city."""
    x = math.radians(lon2 - lon) * math.cos(math.radians((lat + lat2) / 2))
    return 6_371_008.8 * math.hypot(x, math.radians(lat2 - lat))
