"""How a transaction ends on PostgreSQL: its last statements go out with the commit, and locks are let go of before the disk.

A transaction that holds a lock everybody waits for (the turn of the journal) would else hold it while messages go to and
fro and for as long as the disk takes, so that there were never more of them in a second than the disk turns. The log is
written in order: what a later transaction has seen of an earlier one, and was acknowledged, is on disk with it.
"""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from dothi.db import wire

_LAST, _WAITS = "dothi.db.last", "dothi.db.waits"  # of a connection
_OFF = wire.Statement("SET LOCAL synchronous_commit = off")
_ON_DISK = wire.Statement(
    "SELECT pg_logical_emit_message(true, 'dothi', '')"
)  # a commit of its own: it waits for all before it


def together(session: Session) -> bool:
    """Whether statements of a session can go out in one message."""
    return session.get_bind().dialect.name == "postgresql"


def last(connection: Connection, statement: wire.Statement, values: Any = None) -> None:
    """Have this be among the last statements of the transaction, in the order they are named. PostgreSQL only.

    values: or what makes them then.
    """
    connection.info.setdefault(_LAST, []).append((statement, values))
    connection.info[_WAITS] = True


def has_last(connection: Connection) -> bool:
    """Whether statements wait for the end of the transaction."""
    return bool(connection.info.get(_LAST))


def let_go(connection: Connection) -> None:
    """Have the commit let go of its locks, and return only when it is on disk."""
    if connection.dialect.name == "postgresql":
        connection.info[_WAITS] = True


def watch(engine: Engine) -> None:
    """Have the commits of an engine do so."""
    event.listen(engine, "commit", _commit)
    event.listen(engine, "rollback", _forget)
    wire.watch(engine)


def _commit(connection: Connection) -> None:
    info = connection.info
    if info.pop(_WAITS, None) is None:
        return
    ends = [(one, values() if callable(values) else values or {}) for one, values in info.pop(_LAST, ())]
    wire.send(connection, [(_OFF, {}), *ends, (wire.COMMIT, {}), (_ON_DISK, {})])


def _forget(connection: Connection) -> None:
    connection.info.pop(_WAITS, None)
    connection.info.pop(_LAST, None)
