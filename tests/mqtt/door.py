"""The MQTT door of a test: on a loop of its own, with ingest, and clients to talk to it."""

import asyncio
import hashlib
import json
import queue
import secrets
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from dothi.doors.mqtt import service
from dothi.identity.tables import Agency, Key
from dothi.sensing import ingest
from dothi.sensing.tables import Datastream, Observation, Thing
from tests.sensing.city import streams
from tests.servers import free_port, wait_for


class Door:
    """ingest and doors.mqtt.service running on a loop in a thread."""

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        ingest.start()
        self.run(service.start())
        return self

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    @property
    def port(self) -> int:
        return service.port() or 0

    def __exit__(self, *_: object) -> None:
        self.run(service.stop())
        ingest.stop()
        self.end_loop()

    def end_loop(self) -> None:
        async def last() -> None:
            tasks = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(last())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


class Device:
    """A paho client that is connected, remembers what it hears, and says goodbye."""

    def __init__(
        self, port: int, user=None, password=None, *, v5=True, name="", clean=True, will=None, keep_alive=30, **more
    ):
        version = paho.MQTTv5 if v5 else paho.MQTTv311
        extra = {} if v5 else {"clean_session": clean}
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, name, protocol=version, **extra)
        self.heard: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self.answer: queue.Queue[object] = queue.Queue()
        self.gone = threading.Event()
        self.acks: dict[int, object] = {}
        self.client.on_connect = lambda c, u, flags, code, props: self.answer.put((code, flags))
        self.client.on_message = lambda c, u, message: self.heard.put(message)
        self.client.on_subscribe = lambda c, u, mid, codes, props: self.answer.put(codes)
        self.client.on_publish = lambda c, u, mid, code, props: self.acks.__setitem__(mid, code)
        self.client.on_disconnect = lambda *_: self.gone.set()
        if user is not None:
            self.client.username_pw_set(user, password)
        if will is not None:
            self.client.will_set(*will)
        arguments = {}
        if v5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = more.pop("expiry", 0)
            arguments = {"clean_start": clean, "properties": properties}
        self.client.reconnect_delay_set(60, 60)
        self.client.connect("127.0.0.1", port, keep_alive, **arguments)
        self.client.loop_start()
        self.code, self.flags = self.answer.get(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self) -> None:
        """Break the connection without a goodbye."""
        self.client.reconnect_delay_set(600, 600)
        self.client._sock.shutdown(socket.SHUT_RDWR)
        assert self.gone.wait(10)

    def subscribe(self, *filters: str, qos: int = 1) -> list[int]:
        self.client.subscribe([(one, qos) for one in filters])
        return [code.value for code in self.answer.get(timeout=10)]

    def publish(self, topic: str, body, qos: int = 1, wait: float = 10) -> int:
        """Publish and wait for the acknowledgement; its reason code."""
        payload = body if isinstance(body, (bytes, str)) else json.dumps(body)
        sent = self.client.publish(topic, payload, qos)
        sent.wait_for_publish(wait)
        if not sent.is_published():
            raise TimeoutError("not acknowledged")
        until(lambda: sent.mid in self.acks)
        return self.acks[sent.mid].value

    def hear(self, seconds: float = 10) -> tuple[str, object]:
        message = self.heard.get(timeout=seconds)
        try:
            return message.topic, json.loads(message.payload)
        except ValueError:
            return message.topic, message.payload.decode()

    def quiet(self) -> bool:
        """Whether nothing more has come: everything said before a ping's answer is here by then."""
        self.client.subscribe("v1.1/nothing", 0)
        self.answer.get(timeout=10)
        return self.heard.empty()


def until(true: Callable[[], object], seconds: float = 15) -> None:
    """Wait for something to become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not become so"
        time.sleep(0.02)


def stored(database: Engine, stream: int | None = None) -> list[float | None]:
    """Results in the database, by time."""
    with Session(database) as session:
        query = select(Observation.result).order_by(Observation.at)
        return list(session.scalars(query if stream is None else query.where(Observation.datastream_id == stream)))


def count(database: Engine) -> int:
    with Session(database) as session:
        return session.scalar(select(func.count()).select_from(Observation)) or 0


def agency(session: Session, code: str) -> int:
    made = Agency(code=code, name=code)
    session.add(made)
    session.commit()
    return made.id


def key(session: Session, *scopes: str, agency_id=None, thing_id=None) -> tuple[str, str]:
    """User name and password of a new key."""
    secret = secrets.token_urlsafe(32)
    made = Key(
        label="test", kind="device" if thing_id else "system", hash=hashlib.sha256(secret.encode()).hexdigest(),
        agency_id=agency_id, thing_id=thing_id, scopes=list(scopes), created_at=0,
    )  # fmt: skip
    session.add(made)
    session.commit()
    return f"dk_{made.id}", secret


def post(
    session: Session, agency_id: int | None = None, sharing: str = "open", multi: int = 0
) -> tuple[int, list[int]]:
    """A thing with two datastreams, of an agency: (thing id, datastream ids)."""
    ids = streams(session, 2, agency_id=agency_id, sharing=sharing)
    thing = session.get(Thing, session.get(Datastream, ids[0]).thing_id)
    thing.agency_id, thing.sharing = agency_id, sharing
    session.commit()
    return thing.id, ids


class Mosquitto:
    """A real broker on a free port, keeping its sessions over a restart."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.config = folder / "mosquitto.conf"
        self.config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\nuser root\nlog_type none\n"
        )
        self.process: subprocess.Popen | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> "Mosquitto":
        self.process = subprocess.Popen(
            ["/usr/sbin/mosquitto", "-c", str(self.config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.port)
        return self

    def stop(self, number: int = 15) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(10)
            self.process = None


def raw(port: int, version: int = 4, keep_alive: int = 0, name: bytes = b"raw") -> socket.socket:
    """A bare socket that has said CONNECT and been welcomed."""
    sock = socket.create_connection(("127.0.0.1", port), 10)
    head = struct.pack("!H4sBBH", 4, b"MQTT", version, 2, keep_alive) + (b"\0" if version == 5 else b"")
    body = head + struct.pack("!H", len(name)) + name
    sock.sendall(bytes((0x10, len(body))) + body)
    assert sock.recv(64)[3] == 0
    return sock
