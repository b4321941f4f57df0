"""The plain twin of the picture: one datastream after another, every value looked at. Slow and obvious."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.sensing.picture_store import Value
from dothi.sensing.tables import Observation, ObservationSuperseded

_O = Observation.__table__
_S = ObservationSuperseded.__table__


def values(session: Session, streams: list[int], at: int, known: int) -> dict[int, Value]:
    """What `sensing.picture.values` says."""
    found = {}
    for stream in streams:
        standing = [
            Value(row.at, row.result, row.result_json, row.received_at)
            for row in session.execute(select(_O).where(_O.c.datastream_id == stream))
            if row.at <= at and row.received_at <= known
        ]
        gone = [
            Value(row.at, row.result, row.result_json, row.received_at)
            for row in session.execute(select(_S).where(_S.c.datastream_id == stream))
            if row.at <= at and row.received_at <= known < row.superseded_at
        ]
        if standing or gone:
            found[stream] = max(standing + gone, key=lambda one: one.at)
    return found
