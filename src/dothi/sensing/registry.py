"""What ingest must know of a datastream, remembered: whether it is there, what its results are, whose it is."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.sensing.tables import Datastream, DatastreamProperty

_KEEP_SECONDS = 30.0  # another process may have changed a datastream; a deleted one is caught by ingest's own lock

_BLOCK = 200  # ids loaded with one that is not remembered

NUMBER, COUNT, TRUTH, ANY = "number", "count", "truth", "any"
_KINDS = {"OM_Measurement": NUMBER, "OM_CountObservation": COUNT, "OM_TruthObservation": TRUTH}


@dataclass(slots=True, frozen=True)
class Stream:
    """A datastream as ingest sees it. width: number of results of a MultiDatastream, 0 otherwise."""

    id: int
    multi: bool
    kind: str
    width: int
    thing_id: int
    agency_id: int | None
    sharing: str
    feature_id: int | None
    name: str


_known: dict[int, tuple[float, Stream]] = {}
_lock = threading.Lock()


def stream(id_: int) -> Stream | None:
    """One datastream, or None when there is none."""
    return streams([id_]).get(id_)


def remembered(id_: int) -> Stream | None:
    """One datastream if it is remembered: never asks the database, so that the event loop may call it."""
    known = _known.get(id_)
    return known[1] if known is not None and time.monotonic() - known[0] < _KEEP_SECONDS else None


def streams(ids: Iterable[int]) -> dict[int, Stream]:
    """Datastreams by id, those that exist; asks the database only for what is not remembered."""
    now = time.monotonic()
    found: dict[int, Stream] = {}
    missing: list[int] = []
    for id_ in ids:
        known = _known.get(id_)
        if known is not None and now - known[0] < _KEEP_SECONDS:
            found[id_] = known[1]
        else:
            missing.append(id_)
    if missing:
        loaded = _load(missing)
        with _lock:
            for one in loaded:
                _known[one.id] = (now, one)
        asked = set(missing)
        found.update((one.id, one) for one in loaded if one.id in asked)
    return found


def invalidate(ids: Iterable[int] | None = None) -> None:
    """Forget some datastreams, or all of them."""
    with _lock:
        if ids is None:
            _known.clear()
        else:
            for id_ in ids:
                _known.pop(id_, None)


def _load(ids: list[int]) -> list[Stream]:
    """The datastreams asked for, and their neighbours: who sends for one soon sends for the next."""
    wanted = set(ids)
    wider = sorted(wanted | {near for id_ in ids[:_BLOCK] for near in _block(id_)})
    made: list[Stream] = []
    with db.reading() as session:
        for start in range(0, len(wider), 5000):
            made += read(session, wider[start : start + 5000])
    made = [one for one in made if one.id in wanted or one.feature_id is not None]
    # by thing: whoever locks several things does it in this order
    lacking = [one.id for one in sorted(made, key=lambda one: one.thing_id) if one.feature_id is None]
    if not lacking:
        return made
    from dothi.sensing import service  # service says news to the registry; this is the one call back

    with db.writing() as session:
        for id_ in lacking:
            service.ensure_feature(session, id_)
    with db.reading() as session:
        again = read(session, lacking)
    return [one for one in made if one.feature_id is not None] + again


def _block(id_: int) -> range:
    start = id_ - id_ % _BLOCK
    return range(start, start + _BLOCK)


def read(session: Session, ids: list[int]) -> list[Stream]:
    """Datastreams as this session sees them, nothing remembered and nothing made."""
    width = (
        select(func.count()).where(DatastreamProperty.datastream_id == Datastream.id).correlate(Datastream)
    ).scalar_subquery()
    rows = session.execute(
        select(
            Datastream.id,
            Datastream.multi,
            Datastream.observation_type,
            width,
            Datastream.thing_id,
            Datastream.agency_id,
            Datastream.sharing,
            Datastream.feature_id,
            Datastream.name,
        ).where(Datastream.id.in_(ids))
    ).all()
    return [
        Stream(
            id_,
            multi,
            ANY if multi else _KINDS.get(type_.rpartition("/")[2], ANY),
            wide,
            thing,
            agency,
            sharing,
            feature,
            name,
        )
        for id_, multi, type_, wide, thing, agency, sharing, feature, name in rows
    ]
