"""What an import asks of the database: which things and datastreams stand behind stable codes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity.tables import Agency
from dothi.sensing.tables import Datastream, Observation, ObservedProperty, Thing

_AT_ONCE = 500


@dataclass(slots=True)
class Known:
    """A thing that is there. streams: (datastream id, its code, property's code, unit) each."""

    thing_id: int
    agency_id: int | None
    streams: list[tuple[int, str | None, str | None, Any]] = field(default_factory=list)


def things(session: Session, caller: guard.Caller, codes: Iterable[str]) -> dict[str, Known]:
    """The things with these codes that the caller may see, and their datastreams."""
    wanted = sorted(set(codes))
    found: dict[str, Known] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        rows = session.execute(
            select(Thing.code, Thing.id, Thing.agency_id).where(Thing.code.in_(some), guard.visible(caller, Thing))
        )
        by_id = {}
        for code, id_, agency_id in rows:
            found[str(code)] = by_id[id_] = Known(id_, agency_id)
        streams = session.execute(
            select(Datastream.thing_id, Datastream.id, Datastream.code, ObservedProperty.code, Datastream.unit)
            .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id)
            .where(Datastream.thing_id.in_(by_id), Datastream.multi.is_(False))
            .order_by(Datastream.id)
        )
        for thing_id, *stream in streams:
            by_id[thing_id].streams.append(tuple(stream))
    return found


@dataclass(slots=True, frozen=True)
class Exported:
    """A datastream as its exported rows name it."""

    id: int
    thing: str | None
    thing_name: str
    observed: str | None
    unit: str | None


def chosen(
    session: Session, caller: guard.Caller, ids: Iterable[int], things_: Iterable[str], properties: Iterable[str]
) -> list[Exported]:
    """The datastreams of these ids, things' codes and properties' codes (none: all) that the caller may see."""
    asked = (
        select(Datastream.id, Thing.code, Thing.name, ObservedProperty.code, Datastream.unit)
        .join(Thing, Thing.id == Datastream.thing_id)
        .join(ObservedProperty, ObservedProperty.id == Datastream.observed_property_id, isouter=True)
        .where(guard.visible(caller, Datastream))
        .order_by(Datastream.id)
    )
    for column, wanted in ((Datastream.id, [*ids]), (Thing.code, [*things_]), (ObservedProperty.code, [*properties])):
        if wanted:
            asked = asked.where(column.in_(wanted))
    return [
        Exported(id_, thing, name, observed, (unit or {}).get("symbol") if isinstance(unit, dict) else None)
        for id_, thing, name, observed, unit in session.execute(asked)
    ]


def page(
    session: Session, datastream_id: int, since: int | None, until: int | None, after: int | None, limit: int
) -> list[tuple[Any, ...]]:
    """Some observations of a datastream by time: (at, until, result, result_json, quality, received_at) each."""
    of = Observation
    asked = select(of.at, of.until, of.result, of.result_json, of.quality, of.received_at).where(
        of.datastream_id == datastream_id
    )
    if since is not None:
        asked = asked.where(of.at >= since)
    if until is not None:
        asked = asked.where(of.at < until)
    if after is not None:
        asked = asked.where(of.at > after)
    return [tuple(row) for row in session.execute(asked.order_by(of.at).limit(limit))]


def agency(session: Session, code: str) -> int | None:
    """The id of the agency with this code."""
    return session.scalar(select(Agency.id).where(Agency.code == code))
