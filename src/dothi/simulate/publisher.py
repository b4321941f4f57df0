"""The simulated sensors speak over MQTT like any device: a process of its own beside the server."""

import heapq
import json
import logging
import signal
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from dothi.kit import clock
from dothi.simulate.actuators import Device, Obedience
from dothi.simulate.fleet import Speaker

log = logging.getLogger(__name__)


def connect(url: str, user: str, password: str) -> mqtt.Client:
    """A client of the broker at mqtt://host:port, reconnecting by itself."""
    parts = urlsplit(url)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="dothi-simulator", protocol=mqtt.MQTTv311)
    client.username_pw_set(user, password)
    client.max_queued_messages_set(5000)
    client.reconnect_delay_set(1, 10)
    client.connect_async(parts.hostname or "127.0.0.1", parts.port or 1883, keepalive=30)
    client.loop_start()
    return client


def speak(client: mqtt.Client, fleet: list[Speaker], stop: threading.Event, obeys: Obedience | None = None) -> None:
    """Publish each datastream's value at its own pace until told to stop. obeys: what actuators were told."""
    begin = time.time()
    turns = []
    for number, speaker in enumerate(fleet):
        offset = (number * 0.6180339887) % 1 * speaker.live  # spread evenly, so that something moves all the time
        turns.append((begin + offset, number))
    heapq.heapify(turns)
    while not stop.is_set():
        if obeys is not None:
            obeys.measure()
        due, number = turns[0]
        wait = due - time.time()
        if wait > 0 and stop.wait(min(wait, 1.0)):
            return
        if due > time.time():
            continue
        speaker = fleet[number]
        heapq.heapreplace(turns, (max(due + speaker.live, time.time()), number))
        at = clock.now_micros() // clock.SECOND * clock.SECOND
        times = np.array([at], dtype=np.int64)
        if speaker.silent(times)[0]:
            continue
        value = speaker.values(times)[0]
        if obeys is not None:
            value = obeys.reads(speaker, at, value)
        text = json.dumps({"phenomenonTime": clock.iso(at), "result": value})
        client.publish(f"v1.1/Datastreams({speaker.datastream})/Observations", text, qos=1)


def run(url: str, user: str, password: str, fleet: list[Speaker], devices: Sequence[Device] = ()) -> None:
    """Connect and speak until SIGINT or SIGTERM."""
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    client = connect(url, user, password)
    obeys = Obedience(client, fleet, devices)
    obeys.start()
    speak(client, fleet, stop, obeys)
    client.disconnect()
    client.loop_stop()
