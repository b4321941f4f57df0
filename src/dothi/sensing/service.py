"""The verbs of the SensorThings entities: create, update, replace, delete, link; and ensure, for blueprints.

Bodies are SensorThings JSON (OGC 18-088). Each verb works inside the caller's transaction, checks the whole body
first, names every fault at once, and tells the journal and the rooms above.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.sensing import changing, history, making, removal, rights, shapes, store
from dothi.sensing.making import Owners, Work, owner
from dothi.sensing.shapes import SHAPES
from dothi.sensing.whereabouts import ensure_feature

__all__ = ["Owners", "Parent", "body_of", "by_code", "create", "delete", "ensure", "ensure_feature", "hop", "link", "owner", "replace",
           "unlink", "update"]  # fmt: skip


@dataclass(frozen=True)
class Parent:
    """The entity whose navigation property something is posted to."""

    entity: str
    id: int
    link: str


def create(session: Session, caller: Caller, entity: str, body: dict[str, Any], parent: Parent | None = None) -> Any:
    """Create an entity and everything nested in it; returns its id (an Observation's is text).

    entity: the standard's singular name. parent: where it is posted, e.g. Parent("Thing", 1, "Datastreams").
    Raises BadInput with every fault, NotFound for an unknown parent, Conflict for a code that is taken.
    """
    return _create(Work(session, caller), entity, body, parent)


def _create(work: Work, entity: str, body: dict[str, Any], parent: Parent | None = None) -> Any:
    caller = work.caller
    rights.require_any(caller)
    of = rights.home(caller)
    given: making.Given = {}
    inverse = None
    if parent is not None:
        of = work.owner(parent.entity, parent.id)
        described = SHAPES[parent.entity].link(parent.link)
        inverse = described.inverse if described else None
        of = rights.home(caller) if parent.entity in rights.UNOWNED else of
    if inverse is not None and parent is not None:
        moved = (parent.entity, parent.link) in {("Thing", "Locations"), ("HistoricalLocation", "Locations")}
        given[inverse] = [] if moved else [parent.id]
    draft, faults = shapes.draft(entity, body, given=inverse)
    faults += [
        Fault(ref.place, "an Observation that is there is not given to a new entity", "PATCH of the Observation")
        for ref in draft.references()
        if ref.entity == "Observation"
    ]
    making.check(work, draft, faults)
    if parent is not None and parent.entity in {"Thing", "HistoricalLocation"}:
        rights.require(caller, "Observation" if entity == "Observation" else parent.entity, of)
    if parent is not None and (parent.entity, parent.link) == ("MultiDatastream", "ObservedProperties"):
        raise BadInput("a MultiDatastream observes as many properties as it has units; replace it to change them")
    id_ = making.insert(work, draft, given, of)
    if parent is not None and parent.link == "Locations":
        changing.place(work.session, caller, parent.entity, of, parent.id, [int(id_)])
    return id_


def update(session: Session, caller: Caller, entity: str, id_: Any, patch: dict[str, Any]) -> Any:
    """Change the properties a patch names, whole (18-088 clause 10.3), and the relations it references.

    Returns the id, which only an Observation that moved changes.
    """
    return changing.change(session, caller, entity, id_, patch, "update")


def replace(session: Session, caller: Caller, entity: str, id_: Any, body: dict[str, Any]) -> Any:
    """Replace every property of an entity; what the body leaves out is cleared. Relations stay unless named."""
    return changing.change(session, caller, entity, id_, body, "replace")


def delete(session: Session, caller: Caller, entity: str, id_: Any) -> None:
    """Delete an entity with what cannot be without it (18-088 table 25)."""
    removal.delete(session, caller, entity, id_)


def by_code(session: Session, entity: str, code: str) -> int | None:
    """The id of the Thing, Sensor, ObservedProperty or (Multi)Datastream with this code."""
    return store.by_code(session, entity, code)


def ensure(
    session: Session, caller: Caller, entity: str, code: str, body: dict[str, Any], made: Owners | None = None
) -> int:
    """Create the entity with this code, or bring it to what the body says; returns its id.

    Of an entity that is there, nested entities are left alone, but a thing moves when its Locations differ.
    made: whose is what was created so far by such calls in this transaction, so that it is not asked for again; kept up.
    """
    made = {} if made is None else made
    whole = {**body, "properties": {**(body.get("properties") or {}), "code": code}}
    free = store.code_taken(session, entity, code) is None
    id_ = None if free else store.by_code(session, entity, code)
    if id_ is None:
        return int(_create(Work(session, caller, made, free={(entity, code)} if free else set()), entity, whole))
    made.clear()  # what is changed may be theirs
    links = {link.name for link in SHAPES[entity].links}
    patch = {name: value for name, value in whole.items() if name not in links or _referenced(value)}
    update(session, caller, entity, id_, patch)
    locations = whole.get("Locations")
    if entity == "Thing" and locations and not _referenced(locations) and not _stands_at(session, id_, locations):
        for location in locations[:1]:
            create(session, caller, "Location", location, Parent("Thing", id_, "Locations"))
    return id_


def _referenced(value: Any) -> bool:
    several = value if isinstance(value, list) else [value]
    return all(isinstance(one, dict) and shapes.ID in one for one in several)


def _stands_at(session: Session, thing_id: int, locations: list[Any]) -> bool:
    now = [changing.body_of(session, "Location", one) for one in store.linked(session, "Thing", thing_id, "Locations")]
    return any(all(have.get(name) == value for name, value in locations[0].items()) for have in now)


def body_of(session: Session, caller: Caller, entity: str, id_: Any) -> dict[str, Any]:
    """An entity's own properties as SensorThings JSON; NotFound unless it is there for the caller."""
    making.owner(session, caller, entity, id_)
    return changing.body_of(session, entity, id_)


def hop(session: Session, entity: str, id_: Any, name: str, to: Any = None) -> Any:
    """The id a navigation property leads to from an entity; of a collection, `to` when it is a member.

    Raises NotFound when the entity has no such link, it leads nowhere, or `to` is not there.
    """
    described = SHAPES[entity].link(name)
    if described is None:
        raise NotFound(f"{SHAPES[entity].plural} have no {name}")
    if described.entity == "Observation":
        key = changing.key_of(to)
        row = history.get(session, *key)
        if id_ != (row["feature_id"] if entity == "FeatureOfInterest" else key[0]):
            raise NotFound(f"Observation '{to}' does not belong to {entity} {id_}")
        return to
    if entity == "Observation":
        row = history.get(session, *changing.key_of(id_))
        found = row["feature_id"] if name == "FeatureOfInterest" else row["datastream_id"]
        reached = [found] if found is not None else []
    else:
        reached = store.linked(session, entity, id_, name)
    if not described.many and reached:
        return reached[0]
    if described.many and to in reached:
        return to
    raise NotFound(f"{entity} {id_} has no {name}" + (f"({to})" if to is not None else ""))


def link(session: Session, caller: Caller, entity: str, id_: Any, name: str, to: Any, *, only: bool = False) -> None:
    """Have a link name an entity that is there; `only`: instead of those it named so far."""
    described = SHAPES[entity].link(name)
    if described is None:
        raise NotFound(f"{SHAPES[entity].plural} have no {name}")
    ids = [to]
    if (entity, name) == ("Location", "Things"):
        entity, id_, name, ids = "Thing", to, "Locations", [id_]
    if name == "Locations" and not only:
        ids = [one for one in store.linked(session, entity, int(id_), name) if one not in ids] + ids
    many = entity == "Thing" or described.many
    value = [{shapes.ID: one} for one in ids] if many else {shapes.ID: to}
    changing.change(session, caller, entity, id_, {name: value}, "update")


def unlink(session: Session, caller: Caller, entity: str, id_: Any, name: str, to: Any = None) -> None:
    """Take an entity out of a link; a link without which the other cannot be is refused."""
    to = hop(session, entity, id_, name, to)
    if (entity, name) == ("Location", "Things"):
        entity, id_, name, to = "Thing", to, "Locations", id_
    of = making.owner(session, caller, entity, id_)
    rights.require(caller, entity, of)
    if (entity, name) == ("Thing", "Locations"):
        left = [one for one in store.linked(session, "Thing", int(id_), name) if one != to]
        making.placed(Work(session, caller), of, left)
        return
    message = f"a {entity} cannot be without its {name}; delete or update one of them instead"
    raise BadInput(message, [Fault(name, message)])
