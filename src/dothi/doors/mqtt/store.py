"""The SQL of the MQTT door: dead letters, connection states of things, and who is whose neighbour."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from dothi.identity.tables import Key, Person
from dothi.sensing.tables import (
    Datastream,
    DatastreamProperty,
    DeadLetter,
    HistoricalLocation,
    HistoricalLocationLocation,
    Thing,
    ThingLocation,
)


def insert_letters(session: Session, rows: Sequence[dict[str, Any]], most: int) -> None:
    """Add dead letters and drop the oldest beyond `most`."""
    session.execute(insert(DeadLetter), list(rows))
    oldest_kept = session.scalar(select(DeadLetter.id).order_by(DeadLetter.id.desc()).offset(most - 1).limit(1))
    if oldest_kept is not None:
        session.execute(delete(DeadLetter).where(DeadLetter.id < oldest_kept))


def letters(session: Session, limit: int, before: int | None, *, replayed: bool) -> list[DeadLetter]:
    """Dead letters, newest first."""
    query = select(DeadLetter).order_by(DeadLetter.id.desc()).limit(limit)
    if before is not None:
        query = query.where(DeadLetter.id < before)
    if not replayed:
        query = query.where(DeadLetter.replayed_at.is_(None))
    return list(session.scalars(query))


def waiting_letters(session: Session) -> int:
    """How many dead letters nobody replayed yet."""
    return session.scalar(select(func.count()).select_from(DeadLetter).where(DeadLetter.replayed_at.is_(None))) or 0


def owners(session: Session, thing_ids: Collection[int]) -> dict[int, tuple[int | None, str]]:
    """Agency and sharing level of things, by id."""
    query = select(Thing.id, Thing.agency_id, Thing.sharing).where(Thing.id.in_(list(thing_ids)))
    return {id_: (agency, sharing) for id_, agency, sharing in session.execute(query)}


def set_connection(session: Session, thing_id: int, *, connected: bool, at: int, since: int) -> bool:
    """Mark a thing online or offline unless something newer is known; whether its state changed.

    at: when it became so; since: the newest moment this news knows about (µs UTC). The news of an old connection's
    end knows nothing of a connection made after it, and must not undo it.
    """
    before = session.scalar(select(Thing.connected).where(Thing.id == thing_id))
    done = session.execute(
        update(Thing)
        .where(Thing.id == thing_id, or_(Thing.connected_at.is_(None), Thing.connected_at <= since))
        .values(connected=connected, connected_at=at)
    )
    return bool(done.rowcount) and before is not connected  # type: ignore[attr-defined]


def all_offline(session: Session, at: int) -> None:
    """Mark every thing that counts as online offline."""
    session.execute(update(Thing).where(Thing.connected.is_(True)).values(connected=False, connected_at=at))


def good_keys(session: Session, ids: Collection[int], now: int) -> set[int]:
    """Which of some keys are neither revoked nor expired (now: µs UTC)."""
    return set(
        session.scalars(
            select(Key.id).where(
                Key.id.in_(list(ids)), Key.revoked_at.is_(None), or_(Key.expires_at.is_(None), Key.expires_at > now)
            )
        )
    )


def active(session: Session, ids: Collection[int]) -> set[int]:
    """Which of some people are not locked."""
    return set(session.scalars(select(Person.id).where(Person.id.in_(list(ids)), Person.active.is_(True))))


def neighbours(session: Session, entity: str, id_: int) -> list[tuple[str, int]]:
    """The entities whose sets an entity is in, as (set, id): `("Things", 1)` for a Datastream of Thing 1."""
    if entity in ("Datastream", "MultiDatastream"):
        row = session.execute(
            select(Datastream.thing_id, Datastream.sensor_id, Datastream.observed_property_id).where(
                Datastream.id == id_
            )
        ).first()
        if row is None:
            return []
        found = [("Things", row[0]), ("Sensors", row[1])]
        if row[2] is not None:
            found.append(("ObservedProperties", row[2]))
        several = select(DatastreamProperty.observed_property_id).where(DatastreamProperty.datastream_id == id_)
        return found + [("ObservedProperties", other) for other in session.scalars(several)]
    if entity == "Location":
        of = select(ThingLocation.thing_id).where(ThingLocation.location_id == id_)
        past = select(HistoricalLocationLocation.historical_location_id).where(
            HistoricalLocationLocation.location_id == id_
        )
        return [("Things", i) for i in session.scalars(of)] + [
            ("HistoricalLocations", i) for i in session.scalars(past)
        ]
    if entity == "HistoricalLocation":
        thing = session.scalar(select(HistoricalLocation.thing_id).where(HistoricalLocation.id == id_))
        at = select(HistoricalLocationLocation.location_id).where(
            HistoricalLocationLocation.historical_location_id == id_
        )
        return ([("Things", thing)] if thing else []) + [("Locations", i) for i in session.scalars(at)]
    if entity == "Thing":
        at = select(ThingLocation.location_id).where(ThingLocation.thing_id == id_)
        return [("Locations", i) for i in session.scalars(at)]
    if entity == "ObservedProperty":
        one = select(Datastream.id).where(Datastream.observed_property_id == id_, Datastream.multi.is_(False))
        return [("Datastreams", i) for i in session.scalars(one)]
    return []
