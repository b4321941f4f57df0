"""An entity as the JSON that subscribers hear: what a GET of its self link would answer, without expansions."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.config import settings
from dothi.doors.sensorthings.model import ENTITIES, Property
from dothi.kit import clock
from dothi.sensing.columns import Columns
from dothi.sensing.registry import Stream
from dothi.sensing.tables import DatastreamState

_BY_NAME = {entity.name: entity for entity in ENTITIES}


@dataclass(slots=True)
class Shown:
    """An entity's JSON and who may see it."""

    body: dict[str, Any]
    sharing: str
    agency_id: int | None


def base() -> str:
    """The root of the SensorThings API that links begin with."""
    config = settings()
    return (config.public_url or f"http://{config.host}:{config.port}").rstrip("/") + "/sta/v1.1"


def entity(session: Session, name: str, id_: int) -> Shown | None:
    """An entity other than an Observation, or None when it is gone."""
    kind = _BY_NAME[name]
    table = kind.table.__table__
    row = session.execute(select(*table.c).where(table.c.id == id_)).mappings().first()
    if row is None:
        return None
    values = dict(row)
    if kind.multi is not None:
        values.update(_state(session, id_))
    link = f"{base()}/{kind.set_name}({id_})"
    body: dict[str, Any] = {"@iot.id": id_, "@iot.selfLink": link}
    for one in kind.properties:
        value = _value(one, values)
        if value is not None:
            body[one.name] = value
    body.update((f"{one.name}@iot.navigationLink", f"{link}/{one.name}") for one in kind.links)
    sharing, agency = _owner(session, values)
    return Shown(body, sharing, agency)


def _state(session: Session, id_: int) -> dict[str, Any]:
    table = DatastreamState.__table__
    row = session.execute(select(*table.c).where(table.c.datastream_id == id_)).mappings().first()
    return dict(row) if row is not None else {}


def _owner(session: Session, values: dict[str, Any]) -> tuple[str, int | None]:
    if "sharing" in values:
        return values["sharing"], values["agency_id"]
    if "thing_id" in values:  # a HistoricalLocation is its thing's
        thing = _BY_NAME["Thing"].table.__table__
        row = session.execute(
            select(thing.c.sharing, thing.c.agency_id).where(thing.c.id == values["thing_id"])
        ).first()
        if row is None:
            return "restricted", None
        # what machines are told is not for the public, however open their thing is
        return ("shared" if row[0] == "open" and "asked_by" in values else row[0]), row[1]
    return "open", None  # Sensor, ObservedProperty: always visible


def _value(one: Property, values: dict[str, Any]) -> Any:
    value = values.get(one.column)
    if value is None:
        return None
    if one.kind == "instant":
        return clock.iso(value)
    if one.kind == "span":
        end = values.get(one.until) if one.until else None
        return clock.iso(value) if end is None and not one.derived else f"{clock.iso(value)}/{clock.iso(end or value)}"
    return value


def observation(columns: Columns, index: int, stream: Stream, root: str) -> dict[str, Any]:
    """One stored observation. root: `base()`."""
    at = columns.at[index]
    id_ = f"{stream.id}-{at}"
    link = f"{root}/Observations('{id_}')"
    until = _at(columns.until, index)
    begun = clock.iso(at)
    moment = _at(columns.result_time, index)
    text = _at(columns.result_json, index)
    number = columns.result[index]
    if number is not None and number.is_integer() and abs(number) < 1e15:
        number = int(number)
    body: dict[str, Any] = {
        "@iot.id": id_,
        "@iot.selfLink": link,
        "phenomenonTime": begun if until is None else f"{begun}/{clock.iso(until)}",
        "resultTime": begun if moment is None else clock.iso(moment),
        "result": number if text is None else msgspec.Raw(text.encode()),
    }
    if (quality := _at(columns.quality, index)) is not None:
        body["resultQuality"] = msgspec.Raw(quality.encode())
    if (start := _at(columns.valid_from, index)) is not None:
        end = _at(columns.valid_until, index)
        body["validTime"] = clock.iso(start) if end is None else f"{clock.iso(start)}/{clock.iso(end)}"
    if (parameters := _at(columns.parameters, index)) is not None:
        body["parameters"] = msgspec.Raw(parameters.encode())
    owner = "MultiDatastream" if stream.multi else "Datastream"
    body[f"{owner}@iot.navigationLink"] = f"{link}/{owner}"
    body["FeatureOfInterest@iot.navigationLink"] = f"{link}/FeatureOfInterest"
    return body


def _at(values: list[Any] | None, index: int) -> Any:
    return None if values is None else values[index]
