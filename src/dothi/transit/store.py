"""The SQL of public transport."""

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.transit.model import Call, Days, Timetable
from dothi.transit.tables import (
    TransitCall,
    TransitFeed,
    TransitLine,
    TransitService,
    TransitShape,
    TransitStop,
    TransitTrip,
    TransitVersion,
)

_MANY = 5000  # rows of one statement
Box = tuple[float, float, float, float]


def feeds(session: Session, caller: Caller, *, held: bool = False) -> list[TransitFeed]:
    """The feeds a caller may see; held: only those with a timetable."""
    query = select(TransitFeed).where(guard.visible(caller, TransitFeed, "data:read")).order_by(TransitFeed.id)
    return list(session.scalars(query.where(TransitFeed.version_id.is_not(None)) if held else query))


def stops_in(session: Session, version_id: int, box: Box) -> bool:
    """Whether a timetable has a stop in a box, or none that lies anywhere."""
    west, south, east, north = box
    at = select(TransitStop.number).where(TransitStop.version_id == version_id)
    inside = at.where(TransitStop.lon.between(west, east), TransitStop.lat.between(south, north))
    if session.scalars(inside.limit(1)).first() is not None:
        return True
    return session.scalars(at.where(TransitStop.lon.is_not(None)).limit(1)).first() is None


def feed(session: Session, caller: Caller, code: str) -> TransitFeed | None:
    """A feed the caller may see."""
    query = select(TransitFeed).where(TransitFeed.code == code, guard.visible(caller, TransitFeed, "data:read"))
    return session.scalar(query)


def locked(session: Session, code: str) -> TransitFeed | None:
    """A feed whoever asks, kept from other writers for the rest of the transaction."""
    return session.scalar(select(TransitFeed).where(TransitFeed.code == code).with_for_update())


def active(session: Session) -> list[TransitFeed]:
    """The feeds that are fetched."""
    return list(session.scalars(select(TransitFeed).where(TransitFeed.active.is_(True)).order_by(TransitFeed.id)))


def version(session: Session, id_: int) -> TransitVersion | None:
    """A version by its number in the database."""
    return session.get(TransitVersion, id_)


def versions(session: Session, feed_id: int) -> list[TransitVersion]:
    """A feed's versions, the newest first."""
    query = select(TransitVersion).where(TransitVersion.feed_id == feed_id).order_by(TransitVersion.number.desc())
    return list(session.scalars(query))


def keep(session: Session, version_id: int, made: Timetable) -> None:
    """Store a timetable's rows under a version."""
    _many(session, TransitStop, ({"version_id": version_id, **one} for one in made.stops))
    _many(session, TransitLine, ({"version_id": version_id, **one} for one in made.lines))
    _many(session, TransitTrip, ({"version_id": version_id, **one} for one in made.trips))
    _many(session, TransitCall, (
        {"version_id": version_id, **dict(zip(Call._fields, one, strict=True))} for one in made.calls
    ))  # fmt: skip
    _many(session, TransitService, (
        {"version_id": version_id, "service": code, "days": one.mask, "begins": one.begins, "ends": one.ends,
         "added": sorted(one.added), "removed": sorted(one.removed)} for code, one in made.services.items()
    ))  # fmt: skip
    _many(session, TransitShape, (
        {"version_id": version_id, "shape": code, "points": points} for code, points in made.shapes.items()
    ))  # fmt: skip


def _many(session: Session, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while some := list(itertools.islice(left, _MANY)):
        session.execute(insert(table), some)


def drop(session: Session, ids: Sequence[int]) -> None:
    """Forget versions with all they hold."""
    for table in (TransitCall, TransitTrip, TransitLine, TransitStop, TransitService, TransitShape):
        session.execute(delete(table).where(table.version_id.in_(ids)))
    session.execute(delete(TransitVersion).where(TransitVersion.id.in_(ids)))


def point(session: Session, feed_id: int, version_id: int) -> None:
    """Have a version hold."""
    session.execute(update(TransitFeed).where(TransitFeed.id == feed_id).values(version_id=version_id))


def services(session: Session, version_id: int) -> dict[str, Days]:
    """The days of every service of a version."""
    query = select(TransitService).where(TransitService.version_id == version_id)
    return {
        one.service: Days(one.days, one.begins, one.ends, set(one.added), set(one.removed))
        for one in session.scalars(query)
    }


def lines(session: Session, version_id: int) -> list[TransitLine]:
    """The lines of a version in their order."""
    query = select(TransitLine).where(TransitLine.version_id == version_id)
    return list(session.scalars(query.order_by(TransitLine.rank, TransitLine.number)))


def line(session: Session, version_id: int, route_id: str) -> TransitLine | None:
    """A line by its id in the feed."""
    query = select(TransitLine).where(TransitLine.version_id == version_id, TransitLine.route_id == route_id)
    return session.scalar(query)


def stop(session: Session, version_id: int, stop_id: str) -> TransitStop | None:
    """A stop by its id in the feed."""
    query = select(TransitStop).where(TransitStop.version_id == version_id, TransitStop.stop_id == stop_id)
    return session.scalar(query)


def stops(
    session: Session, version_id: int, *, box: Box | None = None, words: str = "", boarding: bool = True,
    limit: int | None = None,
) -> list[TransitStop]:  # fmt: skip
    """Stops of a version. box: west, south, east, north; words: folded; boarding: no stations, no entrances."""
    query = select(TransitStop).where(TransitStop.version_id == version_id)
    if boarding:
        query = query.where(TransitStop.kind == 0)
    if box is not None:
        west, south, east, north = box
        query = query.where(TransitStop.lat.between(south, north), TransitStop.lon.between(west, east))
    for word in words.split():
        query = query.where(TransitStop.folded.contains(word, autoescape=True))
    return list(session.scalars(query.order_by(TransitStop.name, TransitStop.number).limit(limit)))


def platforms(session: Session, version_id: int, number: int) -> list[TransitStop]:
    """The stop itself and the stops of which it is the station."""
    query = select(TransitStop).where(
        TransitStop.version_id == version_id, or_(TransitStop.number == number, TransitStop.parent == number)
    )
    return list(session.scalars(query.order_by(TransitStop.number)))


def lines_of_stops(session: Session, version_id: int, numbers: Sequence[int] | None = None) -> dict[int, list[int]]:
    """The lines that call at each stop, both by number; of some stops, or of all."""
    query = (
        select(TransitCall.stop, TransitTrip.line)
        .join(
            TransitTrip, (TransitTrip.version_id == TransitCall.version_id) & (TransitTrip.number == TransitCall.trip)
        )
        .where(TransitCall.version_id == version_id)
        .distinct()
    )
    if numbers is not None:
        query = query.where(TransitCall.stop.in_(numbers))
    made: dict[int, list[int]] = {}
    for stop_, line_ in session.execute(query.order_by(TransitCall.stop, TransitTrip.line)):
        made.setdefault(stop_, []).append(line_)
    return made


def towards(session: Session, version_id: int, numbers: Sequence[int]) -> dict[int, list[str]]:
    """Where vehicles that call at stops go to, as they say it, by the stop's number."""
    query = (
        select(TransitCall.stop, TransitTrip.headsign)
        .join(
            TransitTrip, (TransitTrip.version_id == TransitCall.version_id) & (TransitTrip.number == TransitCall.trip)
        )
        .where(TransitCall.version_id == version_id, TransitCall.stop.in_(numbers), TransitTrip.headsign != "")
        .distinct()
    )
    made: dict[int, list[str]] = {}
    for stop_, headsign in session.execute(query.order_by(TransitCall.stop, TransitTrip.headsign)):
        made.setdefault(stop_, []).append(headsign)
    return made


def calls_at(
    session: Session, version_id: int, numbers: Sequence[int], running: Sequence[str], first: int, last: int,
    *, every: bool = False,
) -> list[tuple[TransitCall, TransitTrip]]:  # fmt: skip
    """Departures at stops between two seconds of a service day, of services that run. every: trips by frequency too."""
    inside = TransitCall.departure.between(first, last)
    alone = TransitTrip.frequencies.is_(None)
    query = (
        select(TransitCall, TransitTrip)
        .join(
            TransitTrip, (TransitTrip.version_id == TransitCall.version_id) & (TransitTrip.number == TransitCall.trip)
        )
        .where(TransitCall.version_id == version_id, TransitCall.stop.in_(numbers), TransitTrip.service.in_(running))
        .where(or_(alone & inside, TransitTrip.frequencies.is_not(None)) if every else alone & inside)
    )
    return [(call, trip) for call, trip in session.execute(query)]


def trips(
    session: Session, version_id: int, *, ids: Sequence[str] | None = None, line: int | None = None
) -> list[TransitTrip]:
    """Trips by their ids in the feed, or of a line; in the order they leave."""
    query = select(TransitTrip).where(TransitTrip.version_id == version_id)
    if ids is not None:
        query = query.where(TransitTrip.trip_id.in_(ids))
    if line is not None:
        query = query.where(TransitTrip.line == line)
    return list(session.scalars(query.order_by(TransitTrip.direction, TransitTrip.first, TransitTrip.number)))


def calls(session: Session, version_id: int, trip_numbers: Sequence[int]) -> dict[int, list[TransitCall]]:
    """The calls of trips in their order, by the trip's number."""
    made: dict[int, list[TransitCall]] = {}
    for i in range(0, len(trip_numbers), 500):
        query = select(TransitCall).where(
            TransitCall.version_id == version_id, TransitCall.trip.in_(trip_numbers[i : i + 500])
        )
        for one in session.scalars(query.order_by(TransitCall.trip, TransitCall.sequence)):
            made.setdefault(one.trip, []).append(one)
    return made


def stops_by_number(session: Session, version_id: int, numbers: Iterable[int]) -> dict[int, TransitStop]:
    """Stops by their numbers."""
    wanted = sorted(set(numbers))
    made: dict[int, TransitStop] = {}
    for i in range(0, len(wanted), 500):
        query = select(TransitStop).where(
            TransitStop.version_id == version_id, TransitStop.number.in_(wanted[i : i + 500])
        )
        made |= {one.number: one for one in session.scalars(query)}
    return made


def shapes(session: Session, version_id: int, codes: Iterable[str]) -> dict[str, list[list[float]]]:
    """Ways over the ground by their codes."""
    query = select(TransitShape).where(
        TransitShape.version_id == version_id, TransitShape.shape.in_(sorted(set(codes)))
    )
    return {one.shape: one.points for one in session.scalars(query)}


def shape_of_lines(session: Session, version_id: int) -> dict[int, set[str]]:
    """The shapes each line's trips follow, by the line's number."""
    query = select(TransitTrip.line, TransitTrip.shape).where(
        TransitTrip.version_id == version_id, TransitTrip.shape != ""
    )
    made: dict[int, set[str]] = {}
    for line_, shape in session.execute(query.distinct()):
        made.setdefault(line_, set()).add(shape)
    return made


def longest_trips(session: Session, version_id: int) -> dict[tuple[int, int], int]:
    """The trip with the most stops of each line and direction, by the line's number and the direction."""
    query = select(TransitTrip.line, TransitTrip.direction, TransitTrip.number, TransitTrip.stops).where(
        TransitTrip.version_id == version_id, TransitTrip.stops > 0
    )
    made: dict[tuple[int, int], int] = {}
    for line_, direction, number, _ in session.execute(query.order_by(TransitTrip.stops, TransitTrip.number.desc())):
        made[line_, direction] = number
    return made


def size(session: Session, version_id: int) -> dict[str, int]:
    """How many lines, stops, trips and calls a version holds."""
    tables: dict[str, Any] = {"lines": TransitLine, "stops": TransitStop, "trips": TransitTrip, "calls": TransitCall}
    return {
        name: session.scalar(select(func.count()).select_from(table).where(table.version_id == version_id)) or 0
        for name, table in tables.items()
    }
