"""Actuators and capabilities: made through the interface, or of a declared kind for a thing."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit.errors import BadInput, Fault, NotAllowed, NotFound
from dothi.sensing.tables import Thing
from dothi.tasking import flow, store, swe
from dothi.tasking.declared import Kind, kinds
from dothi.tasking.tables import Actuator, TaskingCapability

_LONGEST = 2000


def create_actuator(session: Session, caller: Caller, body: Mapping[str, Any], thing: Thing | None = None) -> int:
    """Create an Actuator (17-079r1 clause 8.3); whose it is, its first capability's thing says."""
    _may_write(caller, thing)
    faults = _texts(body, ("name", "description", "encodingType"))
    if "metadata" not in body:
        faults.append(Fault("metadata", "is missing", "whatever encodingType says"))
    faults += _unknown(body, ("name", "description", "encodingType", "metadata", "properties")) + _object(body)
    _refuse("an Actuator", faults)
    made = Actuator(
        name=body["name"], description=body["description"], encoding_type=body["encodingType"],
        metadata_=body["metadata"], properties=body.get("properties"), thing_id=thing.id if thing is not None else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _tell(session, caller, "tasking.actuator.created", f"actuator:{made.id}", thing, {"name": made.name})
    return made.id


def create_capability(session: Session, caller: Caller, body: Mapping[str, Any], thing_id: Any, actuator: Any) -> int:
    """Create a TaskingCapability (17-079r1 clause 8.2) of a thing.

    actuator: the id of one that is there, or the body of one to be made with it.
    """
    thing = store.thing(session, caller, thing_id) if _whole(thing_id) else None
    faults = (
        [] if thing is not None else [Fault("Thing", f"there is no Thing {thing_id}", '{"@iot.id": <id of a Thing>}')]
    )
    faults += _texts(body, ("name", "description"))
    faults += swe.wrong(body.get("taskingParameters"))
    faults += _unknown(body, ("name", "description", "taskingParameters", "properties")) + _object(body)
    found = None
    if not isinstance(actuator, Mapping):
        found = store.actuator(session, caller, actuator) if _whole(actuator) else None
        if found is None:
            faults.append(Fault("Actuator", f"there is no Actuator {actuator}", '{"@iot.id": <id of an Actuator>}'))
    _refuse("a TaskingCapability", faults)
    assert thing is not None  # noqa: S101 - refused above
    _may_write(caller, thing)
    if found is None:
        found = session.get(Actuator, create_actuator(session, caller, cast("Mapping[str, Any]", actuator), thing))
    elif found.thing_id is not None and found.thing_id != thing.id:
        _may_write(caller, session.get(Thing, found.thing_id))
    assert found is not None  # noqa: S101 - made just now
    if found.thing_id is None:
        found.thing_id = thing.id
    made = TaskingCapability(
        name=body["name"], description=body["description"], tasking_parameters=body["taskingParameters"],
        properties=_without_kind(body.get("properties")), kind=None, thing_id=thing.id, actuator_id=found.id,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _tell(
        session, caller, "tasking.capability.created", f"tasking_capability:{made.id}", thing, {"name": made.name}
    )  # fmt: skip
    return made.id


def change(session: Session, caller: Caller, entity: str, id_: int, body: Mapping[str, Any]) -> None:
    """Change an Actuator's or TaskingCapability's own properties; one of a declared kind keeps its parameters."""
    row, thing = _row(session, caller, entity, id_)
    own = {"name": "name", "description": "description", "properties": "properties"}
    own |= (
        {"encodingType": "encoding_type", "metadata": "metadata_"}
        if entity == "Actuator"
        else {"taskingParameters": "tasking_parameters"}
    )
    faults = _unknown(body, tuple(own)) + _texts(body, ("name", "description", "encodingType"), given=True)
    if isinstance(row, TaskingCapability) and "taskingParameters" in body:
        faults += swe.wrong(body["taskingParameters"])
        if row.kind is not None:
            faults.append(
                Fault("taskingParameters", f"is declared by the kind {row.kind}", "tasking.yaml of its sector")
            )
    faults += _object(body)
    _refuse(f"the {entity}", faults)
    values = dict(body)
    if "properties" in body and isinstance(row, TaskingCapability):
        values["properties"] = {**_without_kind(body["properties"]), **({"kind": row.kind} if row.kind else {})}
    for name, value in values.items():
        setattr(row, own[name], value)
    noun = "actuator" if entity == "Actuator" else "capability"
    _tell(session, caller, f"tasking.{noun}.updated", _subject(entity, id_), thing, {"changed": sorted(body)})


def remove(session: Session, caller: Caller, entity: str, id_: int) -> None:
    """Delete an Actuator with its capabilities, or a TaskingCapability, and their tasks that are over."""
    row, thing = _row(session, caller, entity, id_)
    actuator_id = row.id if isinstance(row, Actuator) else row.actuator_id
    busy = store.of_actuator(session, actuator_id, flow.OPEN)
    if busy:
        raise flow.CannotStep(
            f"task {busy[0].id} is not over", [Fault(entity, f"task {busy[0].id} is {busy[0].state}")]
        )
    noun = "actuator" if entity == "Actuator" else "capability"
    _tell(session, caller, f"tasking.{noun}.deleted", _subject(entity, id_), thing, {"name": row.name})
    session.delete(row)
    session.flush()


def ensure(session: Session, caller: Caller, thing: Thing, kind: Kind, code: str, properties: dict[str, Any]) -> int:
    """The actuator of a declared kind at a thing, made or brought to what the kind says; its capability's id."""
    said = {"name": f"{kind.title.vi}: {thing.name}", "description": (kind.description or kind.title).vi}
    own = {**properties, "simulated": True} if thing.simulated else properties
    row = store.actuator_by_code(session, code)
    if row is None:
        row = Actuator(
            code=code,
            thing_id=thing.id,
            metadata_={"kind": kind.code, "from": "blueprint"},
            encoding_type=kind.encoding,
            **said,
        )
        session.add(row)
        _tell(session, caller, "tasking.actuator.created", f"actuator:{code}", thing, {"name": said["name"]})
    for name, value in {
        **said,
        "encoding_type": kind.encoding,
        "properties": own or None,
        "thing_id": thing.id,
    }.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    session.flush()
    ids = store.capabilities_of(session, row.id)
    capability = store.capability(session, ids[0]) if ids else None
    if capability is None:
        capability = TaskingCapability(actuator_id=row.id, thing_id=thing.id)
        session.add(capability)
    wanted: dict[str, Any] = {
        "name": kind.title.vi, "description": said["description"], "tasking_parameters": kind.record(), "kind": kind.code,
        "properties": {"kind": kind.code, "name_en": kind.title.en}, "thing_id": thing.id,
    }  # fmt: skip
    for name, value in wanted.items():
        if getattr(capability, name) != value:
            setattr(capability, name, value)
    session.flush()
    return capability.id


def drop(session: Session, caller: Caller, code: str) -> None:
    """Take a blueprint's actuator away, whatever was under way at it."""
    row = store.actuator_by_code(session, code)
    if row is None:
        return
    thing = session.get(Thing, row.thing_id) if row.thing_id is not None else None
    _tell(session, caller, "tasking.actuator.deleted", f"actuator:{row.id}", thing, {"name": row.name})
    session.delete(row)
    session.flush()


def kind_named(code: str) -> Kind:
    """A declared kind; BadInput says which there are."""
    found = kinds().get(code)
    if found is None:
        raise BadInput(f'no kind of actuator "{code}"', [Fault("kind", code, ", ".join(kinds()))])
    return found


def _row(session: Session, caller: Caller, entity: str, id_: int) -> tuple[Actuator | TaskingCapability, Thing | None]:
    row: Actuator | TaskingCapability | None = None
    if entity == "Actuator":
        row = store.actuator(session, caller, id_)
    elif store.subject(session, caller, id_) is not None:
        row = store.capability(session, id_)
    if row is None:
        raise NotFound(f"there is no {entity} {id_}")
    thing = session.get(Thing, row.thing_id) if row.thing_id is not None else None
    _may_write(caller, thing)
    return row, thing


def _may_write(caller: Caller, thing: Thing | None) -> None:
    if caller.thing_id is not None:
        raise NotAllowed("a device key changes no actuators")
    if thing is None:
        if not guard.may_somewhere(caller, "sensing:write"):
            guard.require(caller, "sensing:write")
        return
    guard.require(caller, "sensing:write", thing.agency_id, thing_id=thing.id)


def _tell(session: Session, caller: Caller, kind: str, subject: str, thing: Thing | None, data: dict[str, Any]) -> None:
    sharing = thing.sharing if thing is not None else "shared"
    journal.append(
        session, kind, actor=caller.actor, subject=subject, agency_id=thing.agency_id if thing is not None else None,
        visibility=cast("journal.Visibility", "shared" if sharing == "open" else sharing),
        data=data | ({"thing": thing.id} if thing is not None else {}),
    )  # fmt: skip


def _subject(entity: str, id_: int) -> str:
    return f"{'actuator' if entity == 'Actuator' else 'tasking_capability'}:{id_}"


def _texts(body: Mapping[str, Any], names: tuple[str, ...], *, given: bool = False) -> list[Fault]:
    return [
        Fault(name, "must be a text" if name in body else "is missing", f"1 to {_LONGEST} characters")
        for name in names
        if (name in body or not given) and not (isinstance(body.get(name), str) and 0 < len(body[name]) <= _LONGEST)
    ]


def _unknown(body: Mapping[str, Any], names: tuple[str, ...]) -> list[Fault]:
    return [Fault(str(name)[:80], "is not a property of it", ", ".join(names)) for name in body if name not in names]


def _without_kind(properties: Any) -> dict[str, Any]:
    """What a kind makes sure of, only the blueprint gives: nobody claims it in a body."""
    return {name: value for name, value in (properties or {}).items() if name != "kind"}


def _object(body: Mapping[str, Any]) -> list[Fault]:
    good = isinstance(body.get("properties"), dict | None)
    return [] if good else [Fault("properties", "must be an object", '{"…": …}')]


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53


def _refuse(what: str, faults: list[Fault]) -> None:
    if faults:
        raise BadInput(f"{what} cannot be kept: " + "; ".join(f"{one.place}: {one.message}" for one in faults), faults)
