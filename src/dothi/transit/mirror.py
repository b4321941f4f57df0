"""Stops and lines as datasets (`transit-stops`, `transit-lines`), so that map, portal, tiles and API show them too.

Only what is open to all goes there; several feeds share the datasets, each under its own code. A city that has not
taken the datasets up goes without.
"""

from typing import Any

from sqlalchemy.orm import Session

from dothi.datasets import replacing
from dothi.identity import guard
from dothi.kit.errors import NotFound
from dothi.transit import heard_store, store
from dothi.transit.tables import TransitFeed

STOPS, LINES, PUNCTUALITY = "transit-stops", "transit-lines", "transit-punctuality"
KINDS = {
    0: "tram",
    1: "metro",
    2: "rail",
    3: "bus",
    4: "ferry",
    5: "tram",
    6: "aerial",
    7: "funicular",
    11: "bus",
    12: "metro",
}


def kind(route_type: int) -> str:
    """The kind of vehicle of a GTFS route_type, extended ones too."""
    if route_type in KINDS:
        return KINDS[route_type]
    return {1: "rail", 2: "bus", 4: "metro", 7: "bus", 8: "bus", 9: "tram", 10: "ferry"}.get(route_type // 100, "bus")


def key(feed: str, id_: str) -> str:
    """The key of a stop or line over all feeds."""
    return f"{feed}:{id_}"[:200]


def renew(session: Session, feed: TransitFeed) -> list[str]:
    """Bring both datasets to the feed's present timetable; returns those this city does not have."""
    shown = feed.sharing == "open" and feed.status == "published" and feed.version_id is not None
    missing = []
    for code, make in ((STOPS, _stops), (LINES, _lines)):
        features = make(session, feed, feed.version_id) if shown and feed.version_id is not None else {}
        try:
            replacing.replace(session, guard.SYSTEM, code, features, prefix=f"{feed.code}:")
        except NotFound:
            missing.append(code)
    return missing


def _stops(session: Session, feed: TransitFeed, version_id: int) -> dict[str, dict[str, Any]]:
    named = {one.number: one.short or one.long for one in store.lines(session, version_id)}
    of = store.lines_of_stops(session, version_id)
    return {
        key(feed.code, one.stop_id): {
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": {
                "key": key(feed.code, one.stop_id), "code": one.code or one.stop_id, "name": one.name,
                "lines": ", ".join(named[n] for n in of.get(one.number, [])), "feed": feed.code,
                "wheelchair": {1: "yes", 2: "no"}.get(one.wheelchair, "unknown"), "simulated": feed.simulated,
                "page": f"/transit/stops/{key(feed.code, one.stop_id)}",
            },
        }
        for one in store.stops(session, version_id)
        if one.lat is not None
    }  # fmt: skip


def ways(session: Session, version_id: int) -> dict[int, list[list[list[float]]]]:
    """Each line's way over the ground, by its number: its shapes, or where there are none its stops joined up."""
    of = store.shape_of_lines(session, version_id)
    points = store.shapes(session, version_id, {code for codes in of.values() for code in codes})
    made = {line: [points[code] for code in sorted(codes) if code in points] for line, codes in of.items()}
    longest = {pair: trip for pair, trip in store.longest_trips(session, version_id).items() if not made.get(pair[0])}
    calls = store.calls(session, version_id, sorted(longest.values()))
    stops = store.stops_by_number(session, version_id, (c.stop for some in calls.values() for c in some))
    for (line, _), trip in longest.items():
        joined = [[stops[c.stop].lon, stops[c.stop].lat] for c in calls.get(trip, []) if stops[c.stop].lat is not None]
        if len(joined) > 1:
            made.setdefault(line, []).append(joined)  # type: ignore[arg-type]
    return {line: some for line, some in made.items() if some}


def _lines(session: Session, feed: TransitFeed, version_id: int) -> dict[str, dict[str, Any]]:
    drawn = ways(session, version_id)
    return {
        key(feed.code, one.route_id): {
            "geometry": {"type": "MultiLineString", "coordinates": drawn[one.number]},
            "properties": {
                "key": key(feed.code, one.route_id), "code": one.short or one.route_id, "name": one.long or one.short,
                "kind": kind(one.kind), "colour": f"#{one.colour or '1D4A86'}", "operator": one.agency, "feed": feed.code,
                "simulated": feed.simulated, "page": f"/transit/lines/{key(feed.code, one.route_id)}",
            },
        }
        for one in store.lines(session, version_id)
        if one.number in drawn
    }  # fmt: skip


def record_punctuality(session: Session, feed: TransitFeed, since: int, until: int, zone_hour: Any) -> int | None:
    """Keep each hour of each line as a record of `transit-punctuality`; None where the city has no such dataset.

    zone_hour: the local date and hour of a count of hours since 1970 UTC.
    """
    if feed.sharing != "open" or feed.version_id is None:
        return 0
    named = {one.route_id: one.short or one.long for one in store.lines(session, feed.version_id)}
    features: dict[str, dict[str, Any]] = {}
    for row in heard_store.punctuality(session, feed.id, since, until, "line-hour"):
        date, hour = zone_hour(int(row["at"]))
        code = f"{key(feed.code, row['route'])}:{date}T{hour:02}"[:200]
        features[code] = {
            "geometry": None,
            "properties": {
                "key": code, "feed": feed.code, "line": key(feed.code, row["route"]), "line_name": named.get(row["route"], row["route"]),
                "day": date, "hour": hour, "calls": row["calls"], "on_time": row["on_time"], "early": row["early"],
                "late": row["late"], "mean_delay": round(row["delay"], 1), "simulated": row["simulated"],
            },
        }  # fmt: skip
    try:
        done = replacing.replace(session, guard.SYSTEM, PUNCTUALITY, features, keep_others=True)
    except NotFound:
        return None
    return done.added + done.changed
