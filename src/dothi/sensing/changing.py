"""Changes to entities that are there: properties, relations, and what follows from both."""

from typing import Any, Literal

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import Fault
from dothi.sensing import checks, decode, history, making, rights, shapes, store, whereabouts
from dothi.sensing.shapes import SHAPES, Draft, Ref
from dothi.sensing.store import Owner
from dothi.sensing.telling import tell

_COLUMN = {"Thing": "thing_id", "Sensor": "sensor_id", "ObservedProperty": "observed_property_id"}


def change(
    session: Session, caller: Caller, entity: str, id_: Any, body: dict[str, Any], mode: Literal["update", "replace"]
) -> Any:
    """Update or replace an entity; returns its id, which only an Observation that moved changes.

    Nothing is told when nothing changes.
    """
    rights.require_any(caller)
    of = making.owner(session, caller, entity, id_)
    rights.require(caller, entity, of)
    if entity == "Observation":
        return _change_observation(session, caller, str(id_), body, mode, of)
    draft, faults = shapes.draft(entity, body, mode=mode)
    hold(session, entity, id_, of)
    before = body_of(session, entity, id_)
    _agree(session, draft, id_, faults)
    making.check(making.Work(session, caller), draft, faults)
    values = _with_geometry(session, entity, id_, draft.values)
    columns = making.columns_of(entity, values)
    making.claim(session, entity, columns.get("code"), id_)
    store.update(session, entity, id_, columns)
    after = body_of(session, entity, id_)
    linked = _relink(session, caller, draft, id_, of)
    changed = [name for name in before if before[name] != after[name]]
    if changed or linked:
        data = {"before": {n: before[n] for n in changed}, "after": {n: after[n] for n in changed} | linked}
        tell(session, caller, entity, id_, "updated", of, data)
    _follow(session, entity, id_, of, changed, columns)
    return id_


def hold(session: Session, entity: str, id_: Any, of: Owner) -> None:
    """Lock the things an entity belongs to, before anything of theirs is changed."""
    if entity == "Location":
        whereabouts.lock(session, store.linked(session, "Location", id_, "Things"))
    elif of.thing_id is not None and entity != "Observation":
        whereabouts.lock(session, [of.thing_id])


def body_of(session: Session, entity: str, id_: Any) -> dict[str, Any]:
    """An entity's own properties as SensorThings JSON."""
    if entity == "Observation":
        return _observation(history.get(session, *key_of(id_)))
    shape = SHAPES[entity]
    values = store.columns(session, entity, id_, [one.column for one in shape.properties])
    made = {one.name: values[one.column] for one in shape.properties}
    if "time" in made:
        made["time"] = clock.iso(made["time"])
    return made


def place(session: Session, caller: Caller, entity: str, of: Owner, id_: int, locations: list[int]) -> None:
    """Put a thing at these locations, or have a HistoricalLocation name one more."""
    if entity == "Thing":
        making.placed(making.Work(session, caller), of, locations)
    else:
        store.adopt(session, entity, id_, "Locations", locations, "Location")
        whereabouts.retime(session, id_)


def key_of(id_: Any) -> tuple[int, int]:
    """Datastream and instant an Observation's id names; of what is no id, a key nothing has."""
    key = shapes.decode_key(str(id_))
    return key if key is not None else (0, 0)


def _with_geometry(session: Session, entity: str, id_: int, values: dict[str, Any]) -> dict[str, Any]:
    """The values, with encoding type and geometry together when either changes."""
    kept = shapes.GEOMETRIES.get(entity)
    if kept is None or not {kept, "encoding_type"} & values.keys():
        return values
    whole = store.columns(session, entity, id_, [kept, "encoding_type"]) | values
    faults: list[Fault] = []
    if whole["encoding_type"] in checks.GEOJSON:
        checks.geometry(whole[kept], kept, faults)
    if faults:
        raise making.refused(entity, faults)
    return whole


def _agree(session: Session, draft: Draft, id_: int, faults: list[Fault]) -> None:
    """A MultiDatastream keeps as many units, types and properties."""
    if draft.entity != "MultiDatastream":
        return
    now = store.columns(session, "MultiDatastream", id_, ["units", "observation_types"])
    lengths = {
        "unitOfMeasurements": len(draft.values.get("units") or now["units"] or []),
        "multiObservationDataTypes": len(draft.values.get("observation_types") or now["observation_types"] or []),
        "ObservedProperties": len(
            draft.links.get("ObservedProperties") or store.linked(session, "MultiDatastream", id_, "ObservedProperties")
        ),
    }
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{count} {name}" for name, count in lengths.items())
        faults.append(Fault("body", f"{found} do not go together", "as many of each"))


def _relink(session: Session, caller: Caller, draft: Draft, id_: int, of: Owner) -> dict[str, list[Any]]:
    """Have the links of a draft hold; returns those that changed, with their ids."""
    changed: dict[str, list[Any]] = {}
    for name, targets in draft.links.items():
        ids = [target.id for target in targets if isinstance(target, Ref)]
        described = SHAPES[draft.entity].link(name)
        if described is None or not ids:
            continue
        if described.entity != "Observation" and store.linked(session, draft.entity, id_, name) == ids:
            continue
        changed[name] = ids
        _relink_one(session, caller, draft.entity, id_, described, ids, of)
    return changed


def _relink_one(
    session: Session, caller: Caller, entity: str, id_: int, link: shapes.Link, ids: list[Any], of: Owner
) -> None:
    if (entity, link.name) == ("Thing", "Locations"):
        making.placed(making.Work(session, caller), of, ids)
    elif (entity, link.name) == ("Location", "Things"):
        for thing_id in ids:
            making.placed(making.Work(session, caller), making.owner(session, caller, "Thing", thing_id), [id_])
    elif (entity, link.name) == ("HistoricalLocation", "Locations"):
        gone = [one for one in store.linked(session, entity, id_, "Locations") if one not in ids]
        store.part(session, entity, id_, "Locations", gone)
        store.adopt(session, entity, id_, "Locations", ids, "Location")
    elif (entity, link.name) == ("MultiDatastream", "ObservedProperties"):
        store.set_properties(session, id_, ids)
    elif link.entity == "Observation":
        for one in ids:
            change(session, caller, "Observation", one, {link.inverse: {shapes.ID: id_}}, "update")
    elif not link.many:
        store.update(session, entity, id_, {_COLUMN[link.name]: ids[0]})
        if link.name == "Thing":
            _moved_to(session, caller, entity, id_, ids[0])
    else:
        store.adopt(session, entity, id_, link.name, ids, link.entity)
        if entity == "Thing":
            for one in ids:
                _moved_to(session, caller, link.entity, one, id_)


def _moved_to(session: Session, caller: Caller, entity: str, id_: int, thing_id: int) -> None:
    """A datastream or HistoricalLocation belongs to another thing now."""
    if entity == "HistoricalLocation":
        whereabouts.retime(session, id_)
        return
    thing = making.owner(session, caller, "Thing", thing_id)
    values = {"agency_id": thing.agency_id, "sharing": thing.sharing, "feature_id": None}
    store.update(session, entity, id_, values)


def _follow(session: Session, entity: str, id_: int, of: Owner, changed: list[str], columns: dict[str, Any]) -> None:
    """What changes elsewhere because this entity changed."""
    if entity in making.STREAMS:
        whereabouts.forget_streams(session, [id_])
    elif entity == "HistoricalLocation":
        whereabouts.retime(session, id_)
    elif entity == "Location" and {"location", "encodingType"} & set(changed):
        whereabouts.redraw(session, id_)
    elif entity == "Thing" and columns.get("sharing", of.sharing) != of.sharing:
        whereabouts.forget_streams(session, store.share_streams(session, id_, of.agency_id, columns["sharing"]))
        for location, properties, feature in store.own_locations(session, id_):
            if "sharing" not in (properties or {}):
                store.update(session, "Location", location, {"sharing": columns["sharing"]})
                if feature is not None:
                    store.update(session, "FeatureOfInterest", feature, {"sharing": columns["sharing"]})


def _observation(row: dict[str, Any]) -> dict[str, Any]:
    """An Observation's row as SensorThings JSON."""
    until, valid = row["until"], row["valid_from"]
    result = making.as_json(row["result_json"]) if row["result_json"] is not None else row["result"]
    made = {
        "phenomenonTime": clock.iso(row["at"]) + (f"/{clock.iso(until)}" if until is not None else ""),
        "result": result,
        "resultTime": None if row["result_time"] is None else clock.iso(row["result_time"]),
        "resultQuality": making.as_json(row["quality"]),
        "parameters": making.as_json(row["parameters"]),
        "validTime": None,
    }
    if valid is not None:
        ends = row["valid_until"]
        made["validTime"] = clock.iso(valid) + (f"/{clock.iso(ends)}" if ends is not None else "")
    return made


def _change_observation(
    session: Session, caller: Caller, id_: str, body: dict[str, Any], mode: Literal["update", "replace"], of: Owner
) -> str:
    """Another version takes the place of an Observation; the old one is kept as superseded. Returns its id."""
    draft, faults = shapes.draft("Observation", body, mode=mode)
    making.check(making.Work(session, caller), Draft("Observation", links=draft.links), faults)
    stream, at = key_of(id_)
    old = history.get(session, stream, at)
    now = _observation(old)
    kept = now if mode == "update" else {"phenomenonTime": now["phenomenonTime"]}
    whole = {**kept, **{name: value for name, value in draft.values.items() if value is not None or name == "result"}}
    for name in [name for name, value in draft.values.items() if value is None and name not in {"result", "row"}]:
        whole[name] = kept["phenomenonTime"] if name == "phenomenonTime" else None
    row = history.row_of(decode.observation(checks.as_bytes(whole), stream))
    row["feature_id"] = old["feature_id"]
    for name, targets in draft.links.items():
        (target,) = targets
        if isinstance(target, Ref):
            row["feature_id" if name == "FeatureOfInterest" else "datastream_id"] = int(target.id)
    making.fit(session, row)
    after = _observation({**old, **row})
    if after == now and (row["datastream_id"], row["feature_id"]) == (stream, old["feature_id"]):
        return id_
    if row["feature_id"] is not None and row["feature_id"] != old["feature_id"]:
        whereabouts.cover(session, [row["datastream_id"]], row["feature_id"])
    history.replace(session, stream, at, row)
    changed = [name for name in now if now[name] != after[name]]
    data = {"before": {name: now[name] for name in changed}, "after": {name: after[name] for name in changed}}
    moved = f"{row['datastream_id']}-{row['at']}"
    if moved != id_:
        data["moved"] = {"from": id_, "to": moved}
    tell(session, caller, "Observation", moved, "updated", of, data)
    return moved
