"""The warnings of the city a page is about: those that touch it, and those that name no place."""

import threading
import time
from collections.abc import Sequence

from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.places import cities
from dothi.places.cities import Lens
from dothi.warnings.telling import Told

KEPT = 5.0  # seconds a city's outline is taken for known by the band over every page
_lock = threading.Lock()
_held: dict[object, tuple[float, Lens | None]] = {}


def here(session: Session, found: Sequence[Told]) -> list[Told]:
    """Those of the city a page is about."""
    return touching(cities.lens(session) if found else None, found)


def over_page(found: Sequence[Told]) -> list[Told]:
    """The same for the band over a page, which has no session of its own."""
    chosen = cities.chosen()
    if not found or chosen is None:
        return list(found)
    with _lock:
        held = _held.get(chosen)
    if held is None or time.monotonic() - held[0] > KEPT:
        with db.reading() as session:
            held = (time.monotonic(), cities.lens(session))
        with _lock:
            while len(_held) >= 100:
                _held.pop(next(iter(_held)))
            _held[chosen] = held
    return touching(held[1], found)


def forget() -> None:
    """Ask again the next time."""
    with _lock:
        _held.clear()


def touching(seen: Lens | None, found: Sequence[Told]) -> list[Told]:
    """Those that touch a city; None: every one."""
    return list(found) if seen is None else [one for one in found if seen.touches(one.units, one.box)]
