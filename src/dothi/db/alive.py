"""Whether a connection that lay in the pool still stands: asked of its socket, and of the database only after long.

A question to the database with each use costs more than most uses do. What has ended (a new start, a kill) has told so on
the socket; what a firewall has forgotten in silence lay there for longer than half a minute.
"""

import select
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

_SINCE = "dothi.db.alive"  # of a connection: since when it lies in the pool
LONG = 30.0  # s


def watch(engine: Engine) -> None:
    """Have an engine's pool give out living connections only. PostgreSQL by psycopg."""
    dialect: Any = engine.dialect

    def back(driver: Any, record: Any) -> None:
        if driver is not None:
            record.info[_SINCE] = time.monotonic()

    def out(driver: Any, record: Any, _: Any) -> None:
        since = record.info.get(_SINCE)
        if since is None:  # just made
            return
        if time.monotonic() - since < LONG and not driver.closed and not _told(driver):
            return
        try:
            if dialect.do_ping(driver):
                return
        except dialect.loaded_dbapi.Error:
            pass
        raise InvalidatePoolError("the database has ended this connection")

    event.listen(engine, "checkin", back)
    event.listen(engine, "checkout", out)


def _told(driver: Any) -> bool:
    poll = select.poll()
    poll.register(driver.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
