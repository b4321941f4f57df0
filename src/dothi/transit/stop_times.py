"""stop_times.txt, the one large file: read in one pass, put in order by trip, times between timepoints filled in."""

from itertools import pairwise

from dothi.kit.text import nfc
from dothi.transit import values
from dothi.transit.model import Call, Timetable
from dothi.transit.opening import Table

Row = tuple[int, int, int, int | None, int | None, str, int, int]  # sequence, row, stop, arrival, departure, …
_WANTED = (
    "trip_id", "arrival_time", "departure_time", "stop_id", "stop_sequence", "stop_headsign", "pickup_type", "drop_off_type",
)  # fmt: skip
_NAME = "stop_times.txt"


def read_calls(table: Table, made: Timetable, trips: dict[str, int], stops: dict[str, int]) -> int:
    """Fill in the calls and each trip's first and last second; returns the rows accepted."""
    by_trip: dict[int, list[Row]] = {}
    note = made.findings.note
    small = {"": 0, "0": 0, "1": 1, "2": 2, "3": 3}
    for row, (trip_id, arrives, leaves, stop_id, sequence, headsign, pickup, dropoff) in table.rows(*_WANTED):
        trip, stop = trips.get(trip_id), stops.get(stop_id)
        if trip is None:
            note("no-such", _NAME, row, "trip_id", trip_id, "a trip_id of trips.txt that was read")
            continue
        if stop is None:
            note("no-such", _NAME, row, "stop_id", stop_id, "a stop_id of stops.txt that was read")
            continue
        place = values.whole(sequence)
        if place is None:
            note("bad-number", _NAME, row, "stop_sequence", sequence, "a whole number from 0")
            continue
        arrival = values.seconds(arrives) if arrives else None
        departure = values.seconds(leaves) if leaves else None
        if (arrives and arrival is None) or (leaves and departure is None):
            wrong = ("arrival_time", arrives) if arrives and arrival is None else ("departure_time", leaves)
            note("bad-time", _NAME, row, *wrong, "HH:MM:SS; 25:10:00 for the night after")
            continue
        if pickup not in small or dropoff not in small:
            wrong = ("pickup_type", pickup) if pickup not in small else ("drop_off_type", dropoff)
            note("bad-choice", _NAME, row, *wrong, "0 to 3")
        by_trip.setdefault(trip, []).append((
            place, row, stop, arrival if arrival is not None else departure, departure if departure is not None else arrival,
            nfc(headsign) if headsign else "", small.get(pickup, 0), small.get(dropoff, 0),
        ))  # fmt: skip
    accepted = 0
    for trip in sorted(by_trip):
        accepted += _trip(trip, by_trip[trip], made)
    return accepted


def _trip(trip: int, rows: list[Row], made: Timetable) -> int:
    note = made.findings.note
    rows.sort(key=lambda one: one[:2])
    kept: list[Row] = []
    latest = -1
    for one in rows:
        if kept and kept[-1][0] == one[0]:
            note("duplicate-key", _NAME, one[1], "stop_sequence", one[0], "a number not used before in this trip")
            continue
        arrival, departure = one[3], one[4]
        if arrival is not None and departure is not None:
            if arrival < latest or departure < arrival:
                text = f"{values.clock_text(arrival)}–{values.clock_text(departure)}"
                note(
                    "time-goes-back", _NAME, one[1], "arrival_time", text, "not before the stop before it; put between"
                )
                kept.append((*one[:3], None, None, *one[5:]))
                continue
            latest = departure
        kept.append(one)
    times, exact = _between([(one[3], one[4]) for one in kept])
    known = sum(exact)
    if known < len(kept):
        kind = "time-missing" if known >= 2 else "no-times"
        first = next(one[1] for one, there in zip(kept, exact, strict=True) if not there)
        note(
            kind,
            _NAME,
            first,
            "arrival_time",
            f"{len(kept) - known} of {len(kept)} stops",
            "times of the first and last stop",
        )
    made.calls += [
        Call(trip, one[0], one[2], arrival, departure, one[5], one[6], one[7], there)
        for one, (arrival, departure), there in zip(kept, times, exact, strict=True)
    ]
    head = made.trips[trip]
    head["stops"] = len(kept)
    head["first"] = next((one[1] for one in times if one[1] is not None), None)
    head["last"] = next((one[0] for one in reversed(times) if one[0] is not None), None)
    return len(kept)


Times = list[tuple[int | None, int | None]]


def _between(times: Times) -> tuple[Times, list[bool]]:
    """Times put evenly between two that are known (GTFS reference, stop_times.arrival_time), and which were known."""
    exact = [one[0] is not None for one in times]
    known = [i for i, there in enumerate(exact) if there]
    made = list(times)
    for before, after in pairwise(known):
        start, end = times[before][1], times[after][0]
        if start is None or end is None:
            continue
        for i in range(before + 1, after):
            at = start + round((end - start) * (i - before) / (after - before))
            made[i] = (at, at)
    return made, exact
