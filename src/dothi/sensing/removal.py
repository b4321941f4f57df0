"""Deleting entities, with what cannot be without them (OGC 18-088 clause 10.4, table 25)."""

from typing import Any

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.sensing import changing, history, making, rights, store, whereabouts
from dothi.sensing.store import Owner
from dothi.sensing.telling import tell


def delete(session: Session, caller: Caller, entity: str, id_: Any) -> None:
    """Delete an entity.

    Thing: its Datastreams and HistoricalLocations go. Sensor, ObservedProperty: their Datastreams. Datastream: its
    Observations. FeatureOfInterest: its Observations. Location: the HistoricalLocations that name it.
    """
    rights.require_any(caller)
    of = making.owner(session, caller, entity, id_)
    rights.require(caller, entity, of)
    changing.hold(session, entity, id_, of)
    before = changing.body_of(session, entity, id_)
    if entity == "Observation":
        history.remove(session, *changing.key_of(id_))
        tell(session, caller, entity, id_, "deleted", of, before)
        return
    if entity in {"Thing", "Sensor", "ObservedProperty", *making.STREAMS}:
        _streams(session, caller, entity, id_)
        if entity in making.STREAMS:
            return
    elif entity == "FeatureOfInterest":
        before["observations"] = _feature(session, caller, id_)
    elif entity == "Location":
        _location(session, id_)
    store.remove(session, entity, [id_])
    tell(session, caller, entity, id_, "deleted", of, before)


def _streams(session: Session, caller: Caller, entity: str, id_: int) -> None:
    """Delete the datastreams that hang on an entity, each told once with the number of its observations."""
    rows = store.streams_of(session, entity, id_)
    for _, multi, agency, sharing, thing in rows:
        # a Sensor or property others use goes only by the hand of whoever may delete their datastreams too
        rights.require(caller, "MultiDatastream" if multi else "Datastream", Owner(0, agency, sharing, thing))
    whereabouts.lock(session, [row[4] for row in rows])
    for stream, multi, agency, sharing, thing in rows:
        kind = "MultiDatastream" if multi else "Datastream"
        before = changing.body_of(session, kind, stream)
        before["observations"] = history.remove_streams(session, [stream])
        tell(session, caller, kind, stream, "deleted", Owner(stream, agency, sharing, thing), before)
    store.remove(session, "Datastream", [row[0] for row in rows])
    whereabouts.forget_streams(session, [row[0] for row in rows])


def _feature(session: Session, caller: Caller, id_: int) -> int:
    about = [row[0] for row in history.streams_about(session, id_)]
    for kind in making.STREAMS:
        for owner in store.owners(session, caller, kind, about).values():
            rights.require(caller, "Observation", owner)
    total = history.remove_feature(session, id_)
    whereabouts.forget_streams(session, store.forget_feature(session, id_))
    return total


def _location(session: Session, id_: int) -> None:
    things = store.linked(session, "Location", id_, "Things")
    store.remove(session, "HistoricalLocation", store.linked(session, "Location", id_, "HistoricalLocations"))
    store.remove(session, "Location", [id_])
    for thing_id in things:
        whereabouts.follow(session, thing_id)
