"""The MQTT door of this process: the embedded broker, or a client of the one DOTHI_MQTT_URL names."""

import asyncio
import logging
from typing import Any

from dothi.config import settings
from dothi.doors.mqtt import status
from dothi.doors.mqtt.broker import Broker
from dothi.doors.mqtt.client import Address, Client, client_name
from dothi.doors.mqtt.intake import Counts
from dothi.doors.mqtt.publishing import OfBroker, OfClient, Publisher
from dothi.doors.mqtt.represent import Shown
from dothi.doors.mqtt.tasking import Commander
from dothi.kit.errors import BadInput

log = logging.getLogger(__name__)
_LISTEN_AGAIN_SECONDS = 5.0


class Door:
    """What start() made and stop() ends."""

    def __init__(self) -> None:
        self.counts = Counts()
        self.broker: Broker | None = None
        self.client: Client | None = None
        self.keeper: status.Keeper | None = None
        self.publisher: Publisher | None = None
        self.commander: Commander | None = None
        self.trouble: str | None = None
        self.listening: asyncio.Task[None] | None = None


_door: Door | None = None


async def start() -> None:
    """Open the door on the running loop."""
    global _door
    door = _door = Door()
    config = settings()
    if config.open_writes:
        log.warning("DOTHI_OPEN_WRITES is set: anybody may publish observations over MQTT")
    if config.mqtt_url:
        _connect(door, config.mqtt_url)
    else:
        broker = door.broker = Broker(config.mqtt_host, config.mqtt_port, door.counts)
        mouth = OfBroker(broker.subscriptions, broker.say)
        door.publisher = Publisher(mouth, config.mqtt_publish)

        def tell(topic: str, payload: bytes, task: Shown, thing: int) -> None:
            broker.say(topic, payload, task.sharing, task.agency_id, thing=thing)

        door.commander = Commander(mouth, tell)
        try:
            await broker.start()
        except OSError as error:
            door.trouble = _taken(broker, error)
            door.listening = asyncio.create_task(_listen_again(door, broker))
    if door.publisher is not None:
        door.publisher.start()
    if door.commander is not None:
        door.commander.start()


def _connect(door: Door, url: str) -> None:
    def told(thing_id: int, payload: bytes) -> None:
        try:
            state = status.read(thing_id, payload, "broker")
        except BadInput as error:
            log.info("status of Thing %s: %s", thing_id, error.message)
            return
        if door.keeper is not None:
            door.keeper.note(state)

    door.keeper = status.Keeper(lambda *_: None)
    client = door.client = Client(Address.of(url), client_name(), door.counts, told)
    mouth = OfClient(lambda: client.connected, client.say)
    door.publisher = Publisher(mouth, settings().mqtt_publish)
    door.commander = Commander(mouth, lambda topic, payload, *_: client.say(topic, payload))
    client.start()


def _taken(broker: Broker, error: OSError) -> str:
    text = (
        f"the embedded MQTT broker cannot listen on {broker.host}:{broker.port} ({error.strerror or error}); "
        "set DOTHI_MQTT_PORT to another port, or DOTHI_MQTT_URL to use the broker that is there"
    )
    log.error(text)
    return text


async def _listen_again(door: Door, broker: Broker) -> None:
    while door.trouble is not None:
        await asyncio.sleep(_LISTEN_AGAIN_SECONDS)
        try:
            await broker.start()
        except OSError as error:
            log.debug("still not listening: %s", error)
        else:
            door.trouble = None


async def stop() -> None:
    """Acknowledge what is committed and close the door."""
    global _door
    door, _door = _door, None
    if door is None:
        return
    if door.listening is not None:
        door.listening.cancel()
        await asyncio.gather(door.listening, return_exceptions=True)
    if door.commander is not None:
        await door.commander.stop()
    if door.publisher is not None:
        await door.publisher.stop()
    if door.broker is not None:
        await door.broker.stop()
    if door.client is not None:
        await door.client.stop()
    if door.keeper is not None:
        await door.keeper.drained()


def port() -> int | None:
    """The port the embedded broker listens on; None without one."""
    return _door.broker.port if _door is not None and _door.broker is not None else None


def health() -> dict[str, Any]:
    """How the door is, for /health: `ok`, and the figures beside it."""
    door = _door
    if door is None:
        return {"ok": False, "trouble": "not started"}
    counts = door.counts
    said: dict[str, Any] = {
        "ok": True, "received": counts.received, "accepted": counts.accepted, "repeated": counts.repeated,
        "refused": counts.refused,
    }  # fmt: skip
    if door.broker is not None:
        said |= {"broker": "embedded", "port": door.broker.port, "connections": door.broker.connections}
        said |= {"let_go": door.broker.let_go, "trouble": door.trouble, "ok": door.trouble is None}
    if door.client is not None:
        where = door.client.address
        said |= {"broker": f"{where.host}:{where.port}", "ok": door.client.connected, "trouble": door.client.trouble}
        said |= {"waiting": door.client.waiting, "let_go": door.client.let_go}
    return said
