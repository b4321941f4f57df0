"""The plain twin of the picture: one datastream after another, every value looked at. Slow and obvious."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.sensing.picture_store import Value
from dothi.sensing.tables import Observation, ObservationSuperseded

_O = Observation.__table__
_S = ObservationSuperseded.__table__
Versions = dict[int, list[tuple[Value, int | None]]]


def versions(session: Session, streams: list[int]) -> Versions:
    """Every value of every datastream there ever was, and when it was replaced or deleted."""
    found: Versions = {}
    for stream in streams:
        found[stream] = [
            (Value(row.at, row.result, row.result_json, row.received_at), getattr(row, "superseded_at", None))
            for table in (_O, _S)
            for row in session.execute(select(table).where(table.c.datastream_id == stream))
        ]
    return found


def values(there: Versions, at: int, known: int) -> dict[int, Value]:
    """What `sensing.picture.values` says."""
    found = {}
    for stream, all_ in there.items():
        standing = [
            one for one, gone in all_ if one.at <= at and one.received_at <= known and (gone is None or known < gone)
        ]
        if standing:
            found[stream] = max(standing, key=lambda one: one.at)
    return found
