"""(c) MQTT QoS 1 observations from a publisher through Mosquitto into the database, beside a bare subscriber."""

import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy import text
from tests.servers import free_port, wait_for

from bench import fill
from bench.harness import Place, emit, memory, serving, using
from dothi.db import session as db
from dothi.kit import clock

MESSAGES = 120_000
TOPIC = "v1.1/Observations"


@contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """A Mosquitto that queues without bound, on a free port."""
    port = free_port()
    conf = folder / "mosquitto.conf"
    conf.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n"
        "persistence false\nlog_type error\n"
    )
    binary = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    process = subprocess.Popen([binary, "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def run(place: Place) -> None:
    """Print the figures of (c) for one database."""
    with using(place):
        ids = fill.city(200)
    lines = place.folder / "messages"
    with lines.open("w") as file:
        for n in range(MESSAGES):
            at = clock.iso(fill.START + (n // len(ids)) * clock.SECOND)
            body = {"phenomenonTime": at, "result": n % 997 / 10, "Datastream": {"@iot.id": ids[n % len(ids)]}}
            file.write(json.dumps(body) + "\n")
    with mosquitto(place.folder) as port:
        limit = bare(port, lines)
        emit("mqtt-bare-subscriber", place.kind, limit, "messages/s")
        with serving(place, DOTHI_MQTT_URL=f"mqtt://127.0.0.1:{port}", DOTHI_MQTT_PUBLISH="off") as served:
            time.sleep(2)  # until it has subscribed
            began = time.perf_counter()
            publisher = publish(port, lines)
            with using(place):
                rate = _stored(began)
            publisher.wait()
            emit("mqtt-end-to-end", place.kind, rate, "observations/s", limit)
            emit("memory-after-mqtt", place.kind, memory(served), "MB")


def publish(port: int, lines: Path) -> "subprocess.Popen[bytes]":
    """A process that sends every line at QoS 1."""
    return subprocess.Popen([sys.executable, "-m", "bench.publish", str(port), TOPIC, str(lines)])


def bare(port: int, lines: Path) -> float:
    """Messages/s a bare QoS 1 subscriber gets that does nothing with them."""
    count = 0
    done = threading.Event()
    ready = threading.Event()

    def message(*_: object) -> None:
        nonlocal count
        count += 1
        if count == MESSAGES:
            done.set()

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare", protocol=mqtt.MQTTv5)
    client.on_message = message
    client.on_subscribe = lambda *_: ready.set()
    properties = Properties(PacketTypes.CONNECT)
    properties.ReceiveMaximum = 20_000
    client.connect("127.0.0.1", port, properties=properties)
    client.subscribe(TOPIC, qos=1)
    client.loop_start()
    ready.wait(10)
    began = time.perf_counter()
    publisher = publish(port, lines)
    if not done.wait(120):
        raise RuntimeError(f"the bare subscriber got {count} of {MESSAGES} messages")
    rate = MESSAGES / (time.perf_counter() - began)
    publisher.wait()
    client.disconnect()
    client.loop_stop()
    return rate


def _stored(began: float) -> float:
    """Observations/s from the first publish until the last one is committed."""
    end = time.monotonic() + 180
    while True:
        with db.reading() as session:
            count = session.execute(text("SELECT sum(count) FROM datastream_state")).scalar_one()
        if count >= MESSAGES:
            return MESSAGES / (time.perf_counter() - began)
        if time.monotonic() > end:
            raise RuntimeError(f"only {count} of {MESSAGES} observations arrived")
        time.sleep(0.1)
