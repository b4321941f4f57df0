"""The next departures of a stop: the timetable of the days around now, and what is known of each run since."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from dothi.kit import clock
from dothi.transit import heard_store, placing, realtime, store, values
from dothi.transit.heard_store import OLD
from dothi.transit.model import Days
from dothi.transit.tables import TransitCall, TransitFeed, TransitStop, TransitTrip, TransitVersion

BACK = 20 * 60 * clock.SECOND  # a late vehicle is still to come after its time
GONE = 60 * clock.SECOND
WINDOW = 3 * clock.HOUR


@dataclass(frozen=True)
class Departure:
    """A vehicle leaves a stop. planned, expected: µs UTC; expected is None where only the timetable is known.

    about: the line runs every so often and promises no minute. by: who says the delay, `update` (the operator foretells
    it), `position` (seen at an earlier stop) or `placed` (an estimate: the operator names no trip). delay: seconds.
    """

    line: int
    trip_id: str
    headsign: str
    platform: int
    day: int
    run: int
    sequence: int
    planned: int
    expected: int | None = None
    delay: int | None = None
    by: str = ""
    cancelled: bool = False
    about: bool = False

    @property
    def at(self) -> int:
        """When it is expected to leave."""
        return self.planned if self.expected is None else self.expected


def next_ones(
    session: Session, feed: TransitFeed, version: TransitVersion, stops: Sequence[int], now: int, *, limit: int = 20,
    window: int = WINDOW,
) -> list[Departure]:  # fmt: skip
    """The departures from now on, the soonest first."""
    days = store.services(session, version.id)
    planned = list(_planned(session, version, days, stops, now - BACK, now + window))
    known = _told(session, feed, planned, now)
    coming = [one for one in known if one.at >= now - GONE]
    coming.sort(key=lambda one: (one.at, one.planned, one.line, one.trip_id))
    return coming[:limit]


def running(days: dict[str, Days], version: TransitVersion, day: int) -> list[str]:
    """The services that run on a civil day, an expired calendar moved as somebody decided."""
    return [code for code, one in days.items() if one.runs(day - version.shift)]


def _planned(
    session: Session, version: TransitVersion, days: dict[str, Days], stops: Sequence[int], since: int, until: int
) -> Iterator[Departure]:
    today = values.service_day(since, version.timezone)
    for day in range(today - 1, values.service_day(until, version.timezone) + 1):
        begins = values.midnight(day, version.timezone)
        first, last = (since - begins) // clock.SECOND, (until - begins) // clock.SECOND
        codes = running(days, version, day)
        if not codes or last < 0:
            continue
        for call, trip in store.calls_at(session, version.id, stops, codes, first, last, every=True):
            if call.departure is None or call.pickup == 1 or _ends(call, trip):
                continue
            made = Departure(
                trip.line, trip.trip_id, call.headsign or trip.headsign, call.stop, day, 0, call.sequence,
                begins + call.departure * clock.SECOND,
            )  # fmt: skip
            if trip.frequencies is None:
                yield made
                continue
            into = call.departure - (trip.first or 0)
            for start, about in runs(trip.frequencies, first - into, last - into):
                yield replace(made, run=start, planned=begins + (start + into) * clock.SECOND, about=about)


def _ends(call: TransitCall, trip: TransitTrip) -> bool:
    return call.arrival == trip.last and call.departure == trip.last and trip.stops > 1


def runs(frequencies: Sequence[Sequence[int]], first: int, last: int) -> Iterator[tuple[int, bool]]:
    """The seconds at which a trip by frequency leaves between two seconds, and whether they are only about."""
    for start, end, headway, exact in frequencies:
        count = max(0, -(-(first - start) // headway))
        at = start + count * headway
        while at < end and at <= last:
            yield at, not exact
            at += headway


def _told(session: Session, feed: TransitFeed, planned: list[Departure], now: int) -> list[Departure]:
    if feed.heard_at is None or now - feed.heard_at > OLD:
        return planned
    ids = sorted({one.trip_id for one in planned})
    updates = {(one.trip_id, one.day, one.run): one for one in heard_store.updates(session, feed.id, ids, now - OLD)}
    seen = heard_store.last_delays(session, feed.id, ids, now - OLD)
    placed = {(one.trip_id, one.day, one.run): one for one in heard_store.placed(session, feed.id, ids, now - OLD)}
    made = []
    for one in planned:
        key = (one.trip_id, one.day, one.run)
        update, last = updates.get(key), seen.get(key)
        if update is not None:
            delay, skipped = realtime.foretell(update.stops, update.delay, one.sequence)
            if update.cancelled or skipped:
                made.append(replace(one, cancelled=True, by="update"))
                continue
            if delay is not None:
                made.append(replace(one, expected=one.planned + delay * clock.SECOND, delay=delay, by="update"))
                continue
        if last is not None and last[0] < one.sequence:
            # a vehicle that is early does not leave its next stops before their time
            late = max(last[1], 0)
            made.append(replace(one, expected=one.planned + late * clock.SECOND, delay=late, by="position"))
        elif last is None and (vehicle := placed.get(key)) is not None:
            if (vehicle.sequence or 0) <= one.sequence:
                late = max(vehicle.behind or 0, 0)
                made.append(replace(one, expected=one.planned + late * clock.SECOND, delay=late, by="placed"))
        elif last is None or last[0] < one.sequence:
            made.append(one)
    return made


def under_way(session: Session, version: TransitVersion, line: int, now: int) -> list[placing.Run]:
    """The runs of a line that are under way at an instant, as early or late as `placing` believes, with where they should be."""
    days = store.services(session, version.id)
    trips = [
        one for one in store.trips(session, version.id, line=line) if one.first is not None and one.last is not None
    ]
    calls = store.calls(session, version.id, [one.number for one in trips])
    stops = store.stops_by_number(session, version.id, {call.stop for some in calls.values() for call in some})
    points = {number: tuple(_points(some, stops)) for number, some in calls.items()}
    made, today = [], values.service_day(now, version.timezone)
    for day in (today - 1, today):
        codes, second = set(running(days, version, day)), (now - values.midnight(day, version.timezone)) // clock.SECOND
        for trip in trips:
            if trip.service not in codes or len(points.get(trip.number, ())) < 2:
                continue
            first, last = trip.first or 0, trip.last or 0
            since, until = second - placing.LATE - (last - first), second + placing.EARLY
            starts = [at for at, _ in runs(trip.frequencies, since, until)] if trip.frequencies else [first]
            for at in starts:
                if since <= at <= until:
                    run = at if trip.frequencies else 0
                    made.append(placing.Run(trip.trip_id, day, run, second - (at - first), points[trip.number]))
    return made


def _points(calls: Sequence[TransitCall], stops: Mapping[int, TransitStop]) -> Iterator[placing.Point]:
    for call in calls:
        stop, second = stops.get(call.stop), call.departure if call.departure is not None else call.arrival
        if stop is not None and stop.lat is not None and stop.lon is not None and second is not None:
            yield placing.Point(call.sequence, second, stop.lat, stop.lon)
