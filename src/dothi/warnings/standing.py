"""What every public page tells: our real warnings in force, kept for a second, so that a page costs no query."""

import logging
import threading
import time

from dothi.db import session as db
from dothi.identity.guard import ANONYMOUS
from dothi.kit import clock
from dothi.warnings import here, service
from dothi.warnings.telling import Told

log = logging.getLogger(__name__)
KEPT = 1.0  # seconds
_lock = threading.Lock()
_held: tuple[float, list[Told]] | None = None


def standing() -> list[Told]:
    """Our warnings of status Actual that are in force, the gravest first; at most a second old.

    One thread asks the database, the others go on with what was there before. When it cannot be asked, what was known
    stands until it ends.
    """
    global _held
    held = _held
    if held is None or time.monotonic() - held[0] > KEPT:
        if _lock.acquire(blocking=held is None):
            try:
                if _held is held:
                    _held = (time.monotonic(), _ask(held[1] if held else []))
            finally:
                _lock.release()
        held = _held or (0.0, [])
    now = clock.now_micros()
    return [one for one in held[1] if one.expires_at is None or one.expires_at > now]


def forget() -> None:
    """Ask again the next time."""
    global _held
    _held = None
    here.forget()


def _ask(before: list[Told]) -> list[Told]:
    try:
        with db.reading() as session:
            return [one for one in service.current(session, ANONYMOUS, own=True) if one.status == "Actual"]
    except Exception:
        log.warning("the warnings in force could not be asked for", exc_info=True)
        return before
