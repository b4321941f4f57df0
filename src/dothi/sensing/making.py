"""New entities, with everything nested in them: checked whole, then inserted in one transaction."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from shapely.validation import make_valid
from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit import geo
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import fold
from dothi.sensing import decode, history, ingest, registry, rights, shapes, store, whereabouts
from dothi.sensing.checks import GEOJSON, as_bytes
from dothi.sensing.columns import Columns
from dothi.sensing.shapes import Draft, Ref
from dothi.sensing.store import Owner
from dothi.sensing.telling import tell

Given = dict[str, list[int]]
Owners = dict[tuple[str, int | str], Owner]
CODED = ("Thing", "Sensor", "ObservedProperty", "Datastream", "MultiDatastream")
STREAMS = ("Datastream", "MultiDatastream")


@dataclass(frozen=True, slots=True)
class Work:
    """Who makes entities in one transaction, and whose is what they speak of, so that it is asked for once.

    made: what this transaction made, which nobody else can have changed. seen: what was there when this verb looked.
    free: entities and codes nobody bore just now.
    """

    session: Session
    caller: Caller
    made: Owners = field(default_factory=dict)
    seen: Owners = field(default_factory=dict)
    free: set[tuple[str, str]] = field(default_factory=set)

    def owners(self, entity: str, ids: Iterable[Any]) -> dict[Any, Owner]:
        """The owners of those entities of some ids that are there for the caller."""
        wanted = set(ids)
        missing = [id_ for id_ in wanted if (entity, id_) not in self.made and (entity, id_) not in self.seen]
        if missing:
            found = there(self.session, self.caller, entity, missing)
            self.seen.update({(entity, id_): one for id_, one in found.items()})
        return {id_: one for id_ in wanted if (one := self._known(entity, id_)) is not None}

    def owner(self, entity: str, id_: int | str) -> Owner:
        """Whose an entity is; NotFound unless it is there for the caller."""
        found = self.owners(entity, [id_]).get(id_)
        if found is None:
            raise NotFound(f"there is no {entity} {id_}")
        return found

    def forget(self, entity: str, id_: int | str) -> None:
        """An entity changed: whoever asks next looks again."""
        self.made.pop((entity, id_), None)
        self.seen.pop((entity, id_), None)

    def _known(self, entity: str, id_: int | str) -> Owner | None:
        return self.made.get((entity, id_)) or self.seen.get((entity, id_))


def check(work: Work, draft: Draft, faults: list[Fault]) -> None:
    """Raise BadInput with every fault of a draft, the unknown references among them; then ask who may."""
    refs = [(entity, ref) for one in draft.walk() for entity, ref in _references(one)]
    found: Owners = {}
    for kind in {ref.entity for _, ref in refs}:
        ids = [ref.id for _, ref in refs if ref.entity == kind and ref.id]
        found |= {(kind, id_): owner for id_, owner in work.owners(kind, ids).items()}
    for entity, ref in refs:
        if (entity, ref.entity) == ("ObservedProperty", "MultiDatastream"):
            message = "what a MultiDatastream observes is changed there, with its units"
            faults.append(Fault(ref.place, message, "PATCH of the MultiDatastream"))
        elif ref.id and (ref.entity, ref.id) not in found:
            faults.append(Fault(ref.place, f"there is no {ref.entity} {ref.id}", "the id of one that is there"))
    for one in draft.walk():
        if one.entity == "Observation":
            _decoded(one, faults)
    if faults:
        raise refused(draft.entity, faults)
    for entity, ref in refs:
        if ref.entity not in {"Location", "Sensor", "ObservedProperty", "FeatureOfInterest"}:
            what = "Observation" if "Observation" in {entity, ref.entity} else ref.entity
            rights.require(work.caller, what, found[ref.entity, ref.id])


def refused(entity: str, faults: list[Fault]) -> BadInput:
    """The error that names every fault of a body."""
    return BadInput(f"the {entity} is not accepted: " + "; ".join(map(str, faults[:20])), faults)


def there(session: Session, caller: Caller, entity: str, ids: list[Any]) -> dict[Any, Owner]:
    """The owners of those entities of some ids that are there for the caller; Observations by their text ids."""
    if entity != "Observation":
        return store.owners(session, caller, entity, ids)
    keys = {id_: key for id_ in ids if (key := shapes.decode_key(str(id_))) is not None}
    streams: dict[int, Owner] = {}
    for kind in STREAMS:
        streams |= store.owners(session, caller, kind, [key[0] for key in keys.values()])
    return {
        id_: streams[key[0]]
        for id_, key in keys.items()
        if key[0] in streams and store.observation_there(session, *key)
    }


def owner(session: Session, caller: Caller, entity: str, id_: int | str) -> Owner:
    """Whose an entity is; NotFound unless it is there for the caller."""
    return Work(session, caller).owner(entity, id_)


def insert(work: Work, draft: Draft, given: Given, of: Owner) -> int | str:
    """Insert a checked draft. given: links settled by the path or the surrounding entity; of: whose it will be."""
    maker: Callable[[Work, Draft, Given, Owner], Any] = _MAKERS.get(draft.entity, _make_plain)
    made: int | str = maker(work, draft, given, of)
    return made


def columns_of(entity: str, values: dict[str, Any]) -> dict[str, Any]:
    """Values with the columns that follow from them: geometry, folded name, code, sharing, simulated."""
    made = dict(values)
    kept = shapes.GEOMETRIES.get(entity)
    if kept is not None and kept in made and "encoding_type" in made:
        made["geometry"] = _wkb(made[kept]) if made["encoding_type"] in GEOJSON else None
    if entity == "Thing" and "name" in made:
        made["name_folded"] = fold(made["name"])
    properties = made.get("properties") or {}
    code = properties.get("code")
    if entity in CODED and isinstance(code, str) and 0 < len(code) <= 200:
        made["code"] = code
    if entity in {"Thing", *shapes.GEOMETRIES} and "sharing" in properties:
        made["sharing"] = properties["sharing"]
    if entity == "Thing" and "simulated" in properties:
        made["simulated"] = properties["simulated"] is True
    return made


def _wkb(value: Any) -> bytes:
    shape = geo.from_geojson(value)
    return geo.wkb(shape if shape.is_valid else make_valid(shape))  # what crosses itself would break later queries


def claim(session: Session, entity: str, code: str | None, id_: int | None = None) -> None:
    """Refuse a code that another entity of the kind bears."""
    if code is None:
        return
    bearer = store.code_taken(session, entity, code)
    if bearer is not None and bearer != id_:
        message = f"{entity} {bearer} bears the code {code!r} already"
        raise Conflict(message, [Fault("properties.code", message, "a code nobody bears")])


def _references(draft: Draft) -> Iterator[tuple[str, Ref]]:
    for targets in draft.links.values():
        for target in targets:
            if isinstance(target, Ref):
                yield draft.entity, target


def _decoded(draft: Draft, faults: list[Fault]) -> None:
    """Have the hot path's decoder read an Observation's properties into `values["row"]`."""
    if "row" in draft.values or "result" not in draft.values:
        return
    try:
        columns = decode.observation(as_bytes(draft.values), 1)
    except BadInput as error:
        dot = f"{draft.place}." if draft.place else ""
        faults += [Fault(dot + fault.place, fault.message, fault.allowed) for fault in error.faults]
    else:
        draft.values["row"] = history.row_of(columns)


def _new(work: Work, draft: Draft, of: Owner, extra: dict[str, Any] | None = None) -> int:
    values = columns_of(draft.entity, draft.values) | (extra or {})
    code = values.get("code")
    if (draft.entity, code) not in work.free:
        claim(work.session, draft.entity, code)
    work.free.clear()  # it is borne from here on
    id_ = store.insert(work.session, draft.entity, values)
    work.made[draft.entity, id_] = Owner(id_, of.agency_id, of.sharing, of.thing_id)
    tell(work.session, work.caller, draft.entity, id_, "created", of, {"name": values.get("name")})
    return id_


def _one(work: Work, draft: Draft, link: str, given: Given, of: Owner) -> int:
    """The id a to-one link ends at, making the entity nested there."""
    if link in given:
        return given[link][0]
    return _all(work, draft, link, of)[0]


def _all(work: Work, draft: Draft, link: str, of: Owner) -> list[int]:
    """The ids a link ends at, making the entities nested there; these leave the link back to this maker."""
    back: Given = {one.inverse: [] for one in shapes.SHAPES[draft.entity].links if one.name == link}
    return [
        int(target.id if isinstance(target, Ref) else insert(work, target, back, of))
        for target in draft.links.get(link, [])
    ]


def _children(work: Work, draft: Draft, id_: int, of: Owner) -> None:
    """Make, or adopt, the entities that hang on this one."""
    for link in shapes.SHAPES[draft.entity].links:
        if not link.many or (draft.entity, link.name) in _OWN_WAY:
            continue
        for target in draft.links.get(link.name, []):
            if isinstance(target, Draft):
                insert(work, target, {link.inverse: [id_]}, of)
            else:
                store.adopt(work.session, draft.entity, id_, link.name, [int(target.id)], target.entity)
                work.forget(target.entity, target.id)


# links whose entities are placed by the maker itself
_OWN_WAY = {("Thing", "Locations"), ("Location", "Things"), ("MultiDatastream", "ObservedProperties"),
            ("HistoricalLocation", "Locations")}  # fmt: skip


def placed(work: Work, thing: Owner, locations: list[int], *, new: bool = False) -> None:
    """Move a thing and tell of the HistoricalLocation that keeps it. new: the thing was made just now."""
    made, unit = whereabouts.move(work.session, thing.id, locations, new=new)
    if new:
        work.made["Thing", thing.id] = replace(thing, place=unit)
    else:
        work.forget("Thing", thing.id)
    if made is not None:
        data = {"thing": thing.id, "locations": locations}
        tell(work.session, work.caller, "HistoricalLocation", made, "created", thing, data)


def _make_thing(work: Work, draft: Draft, _given: Given, _of: Owner) -> int:
    mine = rights.home(work.caller)
    rights.require(work.caller, "Thing", mine)
    wanted = (draft.values.get("properties") or {}).get("sharing") or mine.sharing
    extra = {"agency_id": mine.agency_id, "sharing": wanted}
    id_ = _new(work, draft, Owner(0, mine.agency_id, wanted), extra)
    thing = work.made["Thing", id_] = Owner(id_, mine.agency_id, wanted, id_)
    locations = _all(work, draft, "Locations", thing)
    if locations:
        placed(work, thing, locations, new=True)
    _children(work, draft, id_, thing)
    return id_


def _make_location(work: Work, draft: Draft, _given: Given, of: Owner) -> int:
    rights.require(work.caller, "Location", of)
    id_ = _make_shared(work, draft, of)
    for thing_id in _all(work, draft, "Things", of):
        placed(work, work.owner("Thing", thing_id), [id_])
    _children(work, draft, id_, of)
    return id_


def _make_shared(work: Work, draft: Draft, of: Owner) -> int:
    sharing = (draft.values.get("properties") or {}).get("sharing") or of.sharing
    extra = {"agency_id": of.agency_id, "sharing": sharing}
    return _new(work, draft, Owner(0, of.agency_id, sharing), extra)


def _make_feature(work: Work, draft: Draft, given: Given, of: Owner) -> int:
    # an Observation may bring its own feature: whoever may send the one may make the other
    rights.require(work.caller, "Observation" if given.get("Observations") == [] else "FeatureOfInterest", of)
    id_ = _make_shared(work, draft, of)
    _children(work, draft, id_, of)
    return id_


def _make_plain(work: Work, draft: Draft, _given: Given, of: Owner) -> int:
    rights.require(work.caller, draft.entity, of)
    id_ = _new(work, draft, Owner(0, of.agency_id, "open"), {"agency_id": of.agency_id})
    _children(work, draft, id_, of)
    return id_


def _make_past(work: Work, draft: Draft, given: Given, of: Owner) -> int:
    thing_id = _one(work, draft, "Thing", given, of)
    thing = work.owner("Thing", thing_id)
    rights.require(work.caller, "HistoricalLocation", thing)
    locations = given.get("Locations", []) + _all(work, draft, "Locations", thing)
    id_ = whereabouts.remember(work.session, thing_id, draft.values["time"], locations)
    work.forget("Thing", thing_id)  # the newest word moves it
    data = {"thing": thing_id, "locations": locations}
    tell(work.session, work.caller, "HistoricalLocation", id_, "created", thing, data)
    return id_


def _make_stream(work: Work, draft: Draft, given: Given, of: Owner) -> int:
    thing = work.owner("Thing", _one(work, draft, "Thing", given, of))
    rights.require(work.caller, draft.entity, thing)
    extra: dict[str, Any] = {
        "multi": draft.entity == "MultiDatastream", "thing_id": thing.id, "agency_id": thing.agency_id,
        "sharing": thing.sharing, "sensor_id": _one(work, draft, "Sensor", given, thing),
    }  # fmt: skip
    properties: list[int] = []
    if extra["multi"]:
        properties = _all(work, draft, "ObservedProperties", thing)
        properties = properties or given.get("ObservedProperties", [])
        if len(properties) != len(draft.values["units"]):
            wanted = f"{len(draft.values['units'])}, one for each unit"
            fault = Fault("ObservedProperties", f"{len(properties)} ObservedProperties are named", wanted)
            raise refused(draft.entity, [fault])
    else:
        extra["observed_property_id"] = _one(work, draft, "ObservedProperty", given, thing)
    id_ = _new(work, draft, thing, extra)
    store.start_counting(work.session, id_)
    if properties:
        store.set_properties(work.session, id_, properties)
    _children(work, draft, id_, thing)
    return id_


def _make_observation(work: Work, draft: Draft, given: Given, of: Owner) -> str:
    kind = next(name for name in STREAMS if given.get(name) or name in draft.links)
    stream = _one(work, draft, kind, given, of)
    mine = work.owner(kind, stream)
    rights.require(work.caller, "Observation", mine)
    row = {**draft.values["row"], "datastream_id": stream}
    if given.get("FeatureOfInterest") or "FeatureOfInterest" in draft.links:
        row["feature_id"] = _one(work, draft, "FeatureOfInterest", given, mine)
        whereabouts.cover(work.session, [stream], row["feature_id"])
    else:
        row["feature_id"] = whereabouts.ensure_feature(work.session, stream)
    fit(work.session, row, draft.place)
    history.record(work.session, row)
    return f"{stream}-{row['at']}"


def fit(session: Session, row: dict[str, Any], place: str = "") -> None:
    """Refuse a result that is not what its datastream's observation type says."""
    stream = registry.read(session, [row["datastream_id"]])
    columns = Columns([row["datastream_id"]], [row["at"]], [row["result"]], [row["result_json"]])
    reason = ingest.unfit(columns, {one.id: one for one in stream}).get(0)
    if reason is not None:
        raise refused("Observation", [Fault(f"{place}.result" if place else "result", reason)])


def as_json(text: str | None) -> Any:
    """The value a column of JSON text stands for."""
    return None if text is None else msgspec.json.decode(text)


_MAKERS = {
    "Thing": _make_thing, "Location": _make_location, "FeatureOfInterest": _make_feature,
    "HistoricalLocation": _make_past, "Datastream": _make_stream, "MultiDatastream": _make_stream,
    "Observation": _make_observation,
}  # fmt: skip
