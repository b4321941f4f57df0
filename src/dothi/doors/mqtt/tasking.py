"""Tasks over MQTT: said to devices, taken from those who may give them, and what devices report of them.

A device subscribes to `v1.1/TaskingCapabilities(n)/Tasks` or `v1.1/Actuators(n)/Tasks` and hears a Task when it is
sent, not before: one that waits for a second person is not for devices. It reports on `dothi/tasks/<id>/status`.
Every step is said on `v1.1/Tasks(id)`.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from dothi.db import session as db
from dothi.doors.mqtt import represent, topics, wire
from dothi.doors.mqtt.publishing import Mouth
from dothi.identity.guard import SYSTEM, Caller
from dothi.kit import bus
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault
from dothi.sensing.news import after_commit
from dothi.tasking import bodies, sending, service
from dothi.tasking.news import TaskChanged
from dothi.tasking.sending import Outgoing

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
_MOST = 10_000  # changes waiting to be said
_json = msgspec.json.Encoder()
Say = Callable[[str, bytes, represent.Shown, int], None]  # topic, payload, the task, its thing


class Commander:
    """Sends what is due to devices, and says how tasks stand."""

    def __init__(self, mouth: Mouth, say: Say) -> None:
        """say: hands a message to the broker; of another one's broker its own access list decides who hears it."""
        self._mouth, self._say = mouth, say
        self._loop = asyncio.get_running_loop()
        self._changed: dict[int, str] = {}
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        global _active
        self._task = self._loop.create_task(self._work())
        _active = self

    async def stop(self) -> None:
        """Send no more; what is under way is sent by whoever comes next."""
        global _active
        if _active is self:
            _active = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def heard(self, news: TaskChanged) -> None:
        """A task changed; called from any thread, after the commit."""
        self._loop.call_soon_threadsafe(self._note, news)

    def _note(self, news: TaskChanged) -> None:
        if len(self._changed) < _MOST:
            self._changed[news.id] = news.state
        self._woken.set()

    async def _work(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_SECONDS)
            self._woken.clear()
            try:
                await self._turn()
            except Exception:
                log.exception("tasks could not be sent; trying again")
                await asyncio.sleep(LOOK_SECONDS)

    async def _turn(self) -> None:
        if await asyncio.to_thread(sending.waiting):
            due = await asyncio.to_thread(sending.take)
            shown = await asyncio.to_thread(_represent, [one.id for one in due])
            for one in due:
                if one.id in shown:
                    self._tell(one, shown[one.id])
        changed, self._changed = self._changed, {}
        wanted = [id_ for id_ in changed if self._mouth.forms(_path(id_)) or self._mouth.below(_path(id_))]
        for id_, task in (await asyncio.to_thread(_represent, wanted)).items():
            self._say_step(id_, task)

    def _tell(self, one: Outgoing, task: represent.Shown) -> None:
        payload = _json.encode(task.body)
        own = [f"v1.1/TaskingCapabilities({one.capability_id})/Tasks", f"v1.1/Actuators({one.actuator_id})/Tasks"]
        for topic in [*own, *([] if one.again else ["v1.1/Tasks", f"v1.1/Things({one.thing_id})/Tasks"])]:
            self._say(topic, payload, task, one.thing_id)

    def _say_step(self, id_: int, task: represent.Shown) -> None:
        path = _path(id_)
        self._mouth.say(path, _json.encode(task.body), task.sharing, task.agency_id)
        for topic in self._mouth.below(path):
            name = topic.removeprefix(path + "/")
            if name in task.body:
                self._mouth.say(topic, _json.encode({name: task.body[name]}), task.sharing, task.agency_id)


_active: Commander | None = None


@bus.hears(TaskChanged)
def _task_changed(session: Any, news: TaskChanged) -> None:
    commander = _active
    if commander is not None:
        after_commit(session, lambda: commander.heard(news))


def _path(id_: int) -> str:
    return f"v1.1/Tasks({id_})"


def _represent(ids: list[int]) -> dict[int, represent.Shown]:
    if not ids:
        return {}
    with db.reading() as session:
        found = {id_: represent.entity(session, "Task", id_) for id_ in ids}
    return {id_: one for id_, one in found.items() if one is not None}


def take(caller: Caller, target: topics.Target, payload: bytes) -> int:
    """Do what a published message asks; the reason code of its acknowledgement."""
    try:
        body = _body(payload)
        with db.writing() as session:
            if target.kind == "task":
                bodies.give(session, caller, body, capability=target.capability, actuator=target.actuator)
            else:
                _report(session, caller, target.task, body)
    except BadInput as error:
        log.info("%s, to %s: %s", caller.actor, target.kind, error.message)
        return wire.PAYLOAD_INVALID
    except Conflict as error:
        log.info("%s, to %s: %s", caller.actor, target.kind, error.message)
        return wire.IMPLEMENTATION
    except DothiError as error:
        log.info("%s, to %s: %s", caller.actor, target.kind, error.message)
        return wire.NOT_AUTHORISED
    return 0


def heard(task: int, payload: bytes) -> None:
    """What a device reports by another one's broker, which has decided already who may publish there."""
    try:
        with db.writing() as session:
            _report(session, SYSTEM, task, _body(payload))
    except DothiError as error:
        log.info("a report of Task %s: %s", task, error.message)


def _report(session: Any, caller: Caller, task: int, body: Any) -> None:
    said = {"status": body} if isinstance(body, str) else body
    if not isinstance(said, dict) or said.get("status") not in service.REPORTS:
        found = str(said)[:60]
        raise BadInput(f"{found!r} is no report", [Fault("status", found, ", ".join(service.REPORTS))])
    bodies.stepped(session, caller, task, said)


def _body(payload: bytes) -> Any:
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        text = bytes(payload)[:40].decode(errors="replace").strip()
        if text in service.REPORTS:  # a device may say the bare word
            return text
        raise BadInput("the payload is not JSON", [Fault("payload", str(error)[:120], "JSON in UTF-8")]) from None
