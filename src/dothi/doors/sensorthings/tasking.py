"""Writing the tasking part (OGC 17-079r1 clause 9): Actuators, TaskingCapabilities, and Tasks.

A Task is created; from then on only its status changes, and only by whoever may: it is never replaced or deleted,
because what a machine was told stays on record.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.doors.sensorthings import asked, model, patch
from dothi.doors.sensorthings.asked import Answer, Ask, WrongMethod
from dothi.doors.sensorthings.paths import Resource, Step
from dothi.kit.errors import BadInput, Fault, NotFound, NotSignedIn
from dothi.tasking import bodies, entities

_ID = "@iot.id"


def mine(resource: Resource) -> bool:
    """Whether a path leads over or to an entity of the tasking part."""
    return any(step.entity.name in model.TASKING for step in resource.steps)


def perform(session: Session, ask: Ask, resource: Resource) -> Answer:
    """Do one write inside a session's transaction."""
    entity = resource.entity.name
    if ask.caller.kind == "anonymous":
        raise NotSignedIn("sign in, or send a key with the scope tasks:give")
    if entity not in model.TASKING:
        raise _wrong(ask, f"address it by its own set: {resource.entity.set_name}(id)")
    if resource.mode == "ref":
        raise _wrong(ask, "what an actuator hangs on is said when it is created")
    if resource.inside or resource.mode:
        raise _wrong(ask, "a property is changed by PATCH of its entity")
    if ask.method == "POST":
        if resource.single:
            raise _wrong(ask, "a collection takes POST, one entity does not")
        made = _create(session, ask, resource)
        return Answer(201, b"", {}, entity, made)
    if not resource.single:
        raise _wrong(ask, "a collection takes POST; name one entity by its id")
    id_ = _find(session, resource.steps)
    if ask.method == "DELETE":
        if entity == "Task":
            raise _wrong(ask, "a Task stays on record; PATCH its status to cancelled")
        entities.remove(session, ask.caller, entity, id_)
        return Answer(200)
    _change(session, ask, entity, id_)
    return Answer(200, b"", {}, entity, id_)


def _create(session: Session, ask: Ask, resource: Resource) -> int:
    asked.must_be_json(ask.kind)
    body = asked.parsed(ask.body)
    if not isinstance(body, dict):
        raise BadInput("the body is not a JSON object", [Fault("body", f"found {str(body)[:60]!r}", "{…}")])
    *before, last = resource.steps
    above = _above(session, tuple(before))
    if last.entity.name == "Task":
        if above is not None and above[0] == "Thing":
            raise _wrong(ask, "TaskingCapabilities(id)/Tasks: a thing can be asked for more than one thing")
        named = {"capability": above[1]} if above is not None and above[0] == "TaskingCapability" else {}
        if above is not None and above[0] == "Actuator":
            named = {"actuator": above[1]}
        return bodies.give(session, ask.caller, body, **named).id
    if last.entity.name == "Actuator":
        if above is not None:
            raise _wrong(ask, "POST to Actuators; a TaskingCapability ties it to a Thing")
        return entities.create_actuator(session, ask.caller, body)
    thing, actuator = _reference(body.pop("Thing", None)), body.pop("Actuator", None)
    if above is not None and above[0] == "Thing":
        thing = above[1]
    elif above is not None:
        actuator = {_ID: above[1]}
    if isinstance(actuator, Mapping) and _ID in actuator:
        actuator = actuator[_ID]
    return entities.create_capability(session, ask.caller, body, thing, actuator)


def _reference(given: Any) -> Any:
    return given.get(_ID) if isinstance(given, Mapping) else given


def _change(session: Session, ask: Ask, entity: str, id_: int) -> None:
    if ask.kind.partition(";")[0].strip().lower() == patch.KIND:
        raise asked.Unsupported("the tasking part takes no JSON Patch", [Fault("Content-Type", patch.KIND, asked.JSON)])
    asked.must_be_json(ask.kind)
    body = asked.parsed(ask.body)
    if not isinstance(body, dict):
        raise BadInput("the body is not a JSON object", [Fault("body", f"found {str(body)[:60]!r}", "{…}")])
    if entity == "Task":
        if ask.method == "PUT":
            raise _wrong(ask, "a Task is not replaced; PATCH its status")
        bodies.step(session, ask.caller, id_, body)
        return
    if ask.method == "PUT":
        described = model.BY_NAME[entity]
        missing = [known.name for known in described.properties if known.mandatory and known.name not in body]
        if missing:
            raise BadInput("PUT takes the whole entity", [Fault(name, "is missing") for name in missing])
        body = {"properties": None, **body}
    entities.change(session, ask.caller, entity, id_, body)


def _above(session: Session, steps: tuple[Step, ...]) -> tuple[str, int] | None:
    if not steps:
        return None
    return steps[-1].entity.name, _find(session, steps)


def _find(session: Session, steps: tuple[Step, ...]) -> int:
    """The id of the entity a path leads to; each step hangs on the one before. Who may see it, the verbs look at."""
    entity, id_ = steps[0].entity, steps[0].key
    for step in steps[1:]:
        link = step.link
        assert link is not None  # noqa: S101 - only the first step has none
        if link.column is not None:
            own = entity.table.__table__
            id_ = session.scalar(select(own.c[link.column]).where(own.c.id == id_))
        elif link.back is not None and step.entity.name != "Observation" and step.key is not None:
            target = step.entity.table.__table__
            tie = select(target.c.id).where(target.c.id == step.key, target.c[link.back] == id_)
            id_ = session.scalar(tie)
        else:
            id_ = None
        entity = step.entity
        if id_ is None:
            break
    if not isinstance(id_, int):
        raise NotFound("Nothing found.")
    return id_


def _wrong(ask: Ask, allowed: str) -> WrongMethod:
    message = f"{ask.method} is not for {ask.path[:200]}"
    return WrongMethod(message, [Fault("method", message, allowed)])
