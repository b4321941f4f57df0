"""Simulated actuators: they hear tasks over MQTT as a device would, obey, and what their things measure follows.

About one order in fifty is not obeyed, so that a failed read-back can be seen too. Everything here is simulated: only
actuators of things that say `simulated` are listened for.
"""

import heapq
import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.simulate.fleet import Speaker
from dothi.simulate.model import Site, installed_kw
from dothi.simulate.noise import random, seed_of
from dothi.tasking import flow, schedules, store
from dothi.tasking.declared import kinds

log = logging.getLogger(__name__)

_DEAF = 0.02  # share of orders a device does not obey
_TAKES = 4.0  # seconds from an order to what is measured of it
_STANDS = 12 * clock.HOUR  # how long an order overrides the city's own ways
SCHEDULE = "den-duong-mo-phong"


@dataclass(frozen=True)
class Order:
    """What a thing was told last, and when (µs UTC)."""

    kind: str
    values: dict[str, Any]
    at: int


def _power(site: Site, order: Order, plain: float) -> float:
    """A cabinet's power at the level it was set to; the unlit remainder is its own electronics."""
    if order.values.get("level", 0) == 0:
        return min(plain, 0.08)
    return round(installed_kw(site) * float(order.values["level"]) / 100 * 0.96 + 0.06, 2)


# (kind of actuator, property) → what the property reads after an order; packs add theirs beside
FOLLOWS: dict[tuple[str, str], Callable[[Site, Order, float], float]] = {
    ("lamp-circuit", "power"): _power,
    ("sluice-gate", "gate-position"): lambda _site, order, _plain: float(order.values.get("opening", 0)),
}


@dataclass(frozen=True)
class Device:
    """An actuator that is listened for."""

    capability: int
    kind: str
    thing: str
    begins: Order | None


def devices() -> list[Device]:
    """The actuators of simulated things, with the order each obeyed last."""
    with db.reading() as session:
        found = [one for one in store.subjects(session, SYSTEM) if one.simulated and one.kind and one.code]
        return [Device(one.capability_id, one.kind or "", one.code or "", _last(session, one)) for one in found]


def _last(session: Session, of: store.Subject) -> Order | None:
    done = store.tasks(session, SYSTEM, store.Wanted((flow.DONE,), of.thing_id, limit=5))
    task = next((one for one in done if one.capability_id == of.capability_id), None)
    return None if task is None else Order(of.kind or "", task.tasking_parameters, task.sent_at or task.creation_time)


def settle() -> None:
    """Have the demo's street lamps be switched by the sun, once: whoever changes or drops the schedule is not overruled."""
    kind = kinds().get("lamp-circuit")
    if kind is None or not kind.schedules:
        return
    programme = kind.schedules[0]
    with db.writing() as session:
        if store.schedule(session, SCHEDULE) is not None or store.any_in(session, flow.STATES):
            return
        reached = [one for one in store.subjects(session, SYSTEM, kind=kind.code) if one.simulated and one.code]
        if not reached:
            return
        schedules.put(session, SYSTEM, schedules.Wanted(
            SCHEDULE, f"{programme.title.vi} (mô phỏng)", kind.code, sorted(one.code or "" for one in reached),
            [one.model_dump() for one in programme.steps], agency_id=reached[0].agency_id,
        ))  # fmt: skip


class Obedience:
    """The devices on one connection: what they were told, and what is to be measured of it."""

    def __init__(self, client: mqtt.Client, fleet: Sequence[Speaker], found: Sequence[Device]) -> None:
        self._client = client
        self._devices = {one.capability: one for one in found}
        self._orders = {one.thing: one.begins for one in found if one.begins is not None}
        self._speakers: dict[str, list[Speaker]] = {}
        for speaker in fleet:
            self._speakers.setdefault(speaker.site.code, []).append(speaker)
        self._heard: set[int] = set()
        self._due: list[tuple[float, int, str]] = []  # (when, turn, thing)
        self._turn = 0
        self._lock = threading.Lock()

    def start(self) -> None:
        """Subscribe, now and after every reconnection."""
        for one in self._devices:
            self._client.message_callback_add(f"v1.1/TaskingCapabilities({one})/Tasks", self._told)
        self._client.on_connect = lambda *_: self._subscribe()
        if self._client.is_connected():
            self._subscribe()

    def _subscribe(self) -> None:
        topics = [(f"v1.1/TaskingCapabilities({one})/Tasks", 1) for one in self._devices]
        for begin in range(0, len(topics), 200):
            self._client.subscribe(topics[begin : begin + 200])

    def _told(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            task = json.loads(message.payload)
            id_, values = int(task["@iot.id"]), dict(task["taskingParameters"])
            device = self._devices[int(message.topic.partition("(")[2].partition(")")[0])]
        except (ValueError, KeyError, TypeError):
            log.info("a task that cannot be read on %s", message.topic)
            return
        self._client.publish(f"dothi/tasks/{id_}/status", json.dumps({"status": "acknowledged"}), qos=1)
        if id_ in self._heard:  # said again: the first answer was lost
            return
        self._heard.add(id_)
        if float(random(seed_of(device.thing, "deaf"), np.array([id_]))[0]) < _DEAF:
            return
        with self._lock:
            self._orders[device.thing] = Order(device.kind, values, clock.now_micros())
            self._turn += 1
            heapq.heappush(self._due, (time.time() + _TAKES, self._turn, device.thing))

    def reads(self, speaker: Speaker, at: int, plain: float) -> float:
        """What a simulated datastream reads at an instant, orders considered."""
        order = self._orders.get(speaker.site.code)
        follow = FOLLOWS.get((order.kind, speaker.property)) if order is not None else None
        if order is None or follow is None or at - order.at > _STANDS:
            return plain
        return follow(speaker.site, order, plain)

    def measure(self) -> None:
        """Publish what things measure that have done what they were told."""
        while self._due and self._due[0][0] <= time.time():
            with self._lock:
                _, _, thing = heapq.heappop(self._due)
            at = clock.now_micros() // clock.SECOND * clock.SECOND
            times = np.array([at], dtype=np.int64)
            for speaker in self._speakers.get(thing, ()):
                order = self._orders.get(thing)
                if order is not None and (order.kind, speaker.property) in FOLLOWS:
                    value = self.reads(speaker, at, speaker.values(times)[0])
                    text = json.dumps({"phenomenonTime": clock.iso(at), "result": value})
                    self._client.publish(f"v1.1/Datastreams({speaker.datastream})/Observations", text, qos=1)
