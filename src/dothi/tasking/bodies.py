"""The bodies in which tasks come and devices report, over HTTP and MQTT alike."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault
from dothi.tasking import flow, service, store
from dothi.tasking.service import Asking
from dothi.tasking.tables import Task

_TASK = ("taskingParameters", "TaskingCapability", "creationTime", "properties")
STEPS = (*service.REPORTS, flow.CANCELLED, flow.QUEUED, flow.REFUSED)


def give(
    session: Session, caller: Caller, body: Any, *, capability: int | None = None, actuator: int | None = None
) -> Task:
    """Ask for what a Task's body says. capability, actuator: what the address named.

    creationTime is the server's own; one that is sent is passed over, as is the state.
    """
    given = _object(body)
    faults = [
        Fault(str(name)[:80], "is not a property of a Task", ", ".join(_TASK)) for name in given if name not in _TASK
    ]
    named = given.get("TaskingCapability")
    if isinstance(named, Mapping):
        id_ = named.get("@iot.id")
        if not _whole(id_):
            faults.append(Fault("TaskingCapability", "names none", '{"@iot.id": <id of a TaskingCapability>}'))
        elif capability is not None and capability != id_:
            faults.append(Fault("TaskingCapability", f"the address names {capability}", str(capability)))
        else:
            capability = id_
    elif named is not None:
        faults.append(Fault("TaskingCapability", "names none", '{"@iot.id": <id of a TaskingCapability>}'))
    if actuator is not None and capability is None:
        able = store.capabilities_of(session, actuator)
        if len(able) == 1:
            capability = able[0]
    if capability is None and not faults:
        faults.append(Fault("TaskingCapability", "is missing", '{"@iot.id": <id of a TaskingCapability>}'))
    if "taskingParameters" not in given:
        faults.append(Fault("taskingParameters", "is missing", "an object of parameters"))
    said = given.get("properties") or {}
    if not isinstance(said, Mapping) or not isinstance(said.get("note", ""), str):
        faults.append(Fault("properties", "must be an object", '{"note": "why"}'))
    if faults or capability is None:
        raise BadInput("the task cannot be read: " + "; ".join(f"{one.place}: {one.message}" for one in faults), faults)
    return service.ask(session, caller, capability, Asking(given["taskingParameters"], str(said.get("note", ""))))


def step(session: Session, caller: Caller, id_: int, body: Any) -> Task:
    """What a PATCH of a Task asks for: `{"properties": {"status": …, "message": …}}`."""
    given = _object(body)
    said = given.get("properties")
    if set(given) != {"properties"} or not isinstance(said, Mapping) or not set(said) <= {"status", "message"}:
        form = '{"properties": {"status": "acknowledged", "message": "…"}}'
        raise BadInput(
            "of a Task only its status is changed", [Fault("body", "found " + ", ".join(map(str, given)), form)]
        )
    return stepped(session, caller, id_, said)


def stepped(session: Session, caller: Caller, id_: int, said: Mapping[str, Any]) -> Task:
    """As `step`, of `{"status": …, "message": …}` itself."""
    status, message = said.get("status"), said.get("message")
    text = message if isinstance(message, str) else ""
    if status not in STEPS:
        raise BadInput(f"{status!r} is no status", [Fault("status", repr(status)[:80], ", ".join(STEPS))])
    if status == flow.CANCELLED:
        return service.cancel(session, caller, id_, text)
    if status == flow.QUEUED:
        return service.approve(session, caller, id_)
    if status == flow.REFUSED:
        return service.refuse(session, caller, id_, text)
    return service.report(session, caller, id_, status, text)


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, Mapping):
        raise BadInput("the body is not a JSON object", [Fault("body", f"found {str(body)[:60]!r}", "{…}")])
    return body


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
