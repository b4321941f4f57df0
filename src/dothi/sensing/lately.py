"""The air index of every station, as the pages show it: reckoned at most once a minute for those who see the same.

Over twenty thousand things that measure air it costs seconds, and it changes by the hour.
"""

from dataclasses import dataclass
from threading import Lock
from time import monotonic

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.clock import HOUR
from dothi.places import cities
from dothi.sensing import air
from dothi.sensing.air import AirStation
from dothi.sensing.tables import Datastream, Thing

KEPT = 60.0  # s
RENEWING = 20.0  # s that others are shown what was, while one reckons anew
FEW = 500  # stations that are reckoned anew whenever somebody asks
VIEWS = 16  # kept at most: what different callers may see

_Key = tuple[str, str, str, str]


@dataclass(slots=True)
class _View:
    """end: of the hour the index is of; until: when it is reckoned again, by the clock that only goes forward."""

    stations: list[AirStation]
    end: int
    until: float


_views: dict[_Key, _View] = {}
_lock = Lock()


def stations(session: Session, caller: Caller, at: int | None = None) -> list[AirStation]:
    """As `air.stations`; of the present hour, and where there are many, up to a minute old."""
    end = clock.now_micros() // HOUR * HOUR
    if at is not None and at // HOUR * HOUR != end:
        return air.stations(session, caller, at)
    key = _key(session, caller)
    with _lock:
        kept = _views.get(key)
        now = monotonic()
        if kept is not None and now < kept.until and (kept.end == end or kept.until - now <= RENEWING):
            return list(kept.stations)
        if kept is not None:
            kept.until = now + RENEWING
    found = air.stations(session, caller, at)
    with _lock:
        _views.pop(key, None)
        if len(found) >= FEW:
            _views[key] = _View(found, end, monotonic() + KEPT)
            while len(_views) > VIEWS:
                del _views[next(iter(_views))]
    return list(found)


def _key(session: Session, caller: Caller) -> _Key:
    """The database, and the clauses of what the caller may see in it, of which city."""
    seen = [
        str(guard.visible(caller, table).compile(compile_kwargs={"literal_binds": True}))
        for table in (Thing, Datastream)
    ]
    city = cities.lens(session)
    return str(inspect(session.get_bind()).engine.url), seen[0], seen[1], "" if city is None else city.code
