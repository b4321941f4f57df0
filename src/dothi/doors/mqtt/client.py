"""dothi as a client of somebody else's broker, MQTT version 5.

The session is persistent and the receive maximum is the largest there is: the broker keeps thousands in flight, keeps
what comes while dothi is down, and hears a PUBACK only after the commit, many in one write. The connection comes
back by itself.
"""

import asyncio
import hashlib
import logging
import random
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, urlsplit

from dothi.config import settings
from dothi.doors.mqtt import tasking, topics, wire
from dothi.doors.mqtt.intake import Counts, Intake
from dothi.identity import guard
from dothi.kit.errors import BadInput, Fault

log = logging.getLogger(__name__)

LARGEST = 1 << 20  # bytes of one packet
BACKLOG = 4 << 20  # unsent bytes at which dothi's own notifications pass the broker by
EXPIRY = 7 * 24 * 3600  # seconds the broker keeps the session while dothi is away
KEEP_ALIVE = 30  # seconds
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 15.0


@dataclass(frozen=True)
class Address:
    """Where a broker is and how to sign in there."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None

    @classmethod
    def of(cls, url: str) -> "Address":
        """The address in `mqtt://user:password@host:1883` (or mqtts, 8883); raises BadInput for another form."""
        parts = urlsplit(url if "//" in url else f"mqtt://{url}")
        if parts.scheme not in ("mqtt", "tcp", "mqtts", "ssl") or not parts.hostname:
            allowed = "mqtt://user:password@host:1883 or mqtts://host:8883"
            raise BadInput(
                "DOTHI_MQTT_URL is not the URL of a broker", [Fault("DOTHI_MQTT_URL", parts.scheme, allowed)]
            )
        tls = parts.scheme in ("mqtts", "ssl")
        user = unquote(parts.username) if parts.username is not None else None
        password = unquote(parts.password) if parts.password is not None else None
        return cls(parts.hostname, parts.port or (8883 if tls else 1883), tls, user, password)


def client_name() -> str:
    """The client identifier of this installation: the same at every start, another for another database."""
    return "dothi-" + hashlib.sha256(settings().database.encode()).hexdigest()[:16]


class Client:
    """Keeps a connection to a broker, and what comes over it."""

    def __init__(self, address: Address, name: str, counts: Counts, status: Callable[[int, bytes], None]) -> None:
        """status: called with the thing's id and the payload of a status topic."""
        self.address, self.name, self.counts = address, name, counts
        self._status = status
        self._protocol: _Protocol | None = None
        self._task: asyncio.Task[None] | None = None
        self.connected_since: float | None = None
        self.trouble: str | None = "not connected yet"
        self.let_go = 0  # notifications not sent because the broker was away or slow

    def start(self) -> None:
        """Begin to connect, and keep at it."""
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Acknowledge what is committed, then leave; the broker keeps the session."""
        protocol = self._protocol
        if protocol is not None:
            protocol.hold(stop=True)
            if protocol.intake is not None:
                with suppress(TimeoutError):
                    await asyncio.wait_for(protocol.intake.drained(), 5)
            protocol.bye()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def connected(self) -> bool:
        """Whether the broker has welcomed us."""
        return self.connected_since is not None

    @property
    def waiting(self) -> int:
        """Messages taken from the broker and not yet acknowledged."""
        intake = self._protocol.intake if self._protocol is not None else None
        return intake.rows if intake is not None else 0

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish a notification with QoS 0."""
        if self._protocol is None or not self.connected or not self._protocol.say(topic, payload, retain=retain):
            self.let_go += 1

    async def _keep(self) -> None:
        wait = _FIRST_WAIT
        loop = asyncio.get_running_loop()
        while True:
            began = time.monotonic()
            try:
                tls = ssl.create_default_context() if self.address.tls else None
                connecting = loop.create_connection(
                    lambda: _Protocol(self), self.address.host, self.address.port, ssl=tls
                )
                _, protocol = await asyncio.wait_for(connecting, 10)
                self._protocol = protocol
                await protocol.closed
            except (OSError, TimeoutError) as error:
                self.trouble = f"{type(error).__name__}: {error}"
            finally:
                self._protocol = None
                was, self.connected_since = self.connected_since, None
            if was is not None and time.monotonic() - began > 5:
                wait = _FIRST_WAIT
            log.warning("no MQTT broker at %s:%s (%s)", self.address.host, self.address.port, self.trouble)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - spreads reconnections, hides nothing
            wait = min(wait * 2, _LONGEST_WAIT)

    def welcomed(self) -> None:
        """The broker took us and our subscriptions."""
        self.connected_since, self.trouble = time.time(), None
        log.info("connected to the MQTT broker at %s:%s", self.address.host, self.address.port)

    def heard_status(self, thing_id: int, payload: bytes) -> None:
        """A device's state came."""
        self._status(thing_id, payload)


class _Protocol(asyncio.Protocol):
    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._out: list[bytes] = []
        self._flushing = False
        self._last_in = self._last_out = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._keep_alive = KEEP_ALIVE
        self.intake: Intake | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = sock = cast("asyncio.Transport", transport)
        where = self._client.address
        hello = wire.Connect(
            wire.V5, self._client.name, clean=False, keep_alive=KEEP_ALIVE, user=where.user, password=where.password,
            expiry=EXPIRY, largest=LARGEST,
        )  # fmt: skip
        sock.write(wire.connect(hello))
        # the broker has decided who may publish; its access list is the door here
        self.intake = Intake(guard.SYSTEM, self._acknowledge, self.hold, self._client.counts, trusted=True)
        self._timer = self._loop.call_later(1, self._watch)

    def data_received(self, data: bytes) -> None:
        self._last_in = time.monotonic()
        buffer = self._buffer + data if self._buffer else data
        try:
            found, used = wire.frames(buffer, LARGEST)
            messages: list[wire.Publish] = []
            for first, start, end in found:
                if first >> 4 == wire.PUBLISH:
                    self._published(wire.read_publish(first, buffer, start, end, wire.V5), messages)
                else:
                    self._packet(first >> 4, buffer, start, end)
            self._buffer = buffer[used:] if used < len(buffer) else b""
            if messages and self.intake is not None:
                self.intake.take(messages)
        except wire.BadPacket as error:
            self._give_up(f"the broker sent what is not MQTT: {error}")

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self.intake is not None:
            self.intake.close()
        self._client.trouble = self._client.trouble or (str(error) if error else "the broker closed the connection")
        if not self.closed.done():
            self.closed.set_result(None)

    def _published(self, message: wire.Publish, messages: list[wire.Publish]) -> None:
        target = topics.target(message.topic)
        if target is not None and target.kind == "status":
            self._client.heard_status(target.thing, message.payload)
            self._acknowledge([(message, 0)])
        elif target is not None and target.kind in ("task", "report"):
            # who may give a task a broker of somebody else's cannot tell us; what devices report it has let through
            if target.kind == "report" and not message.retain:
                self._loop.run_in_executor(None, tasking.heard, target.task, bytes(message.payload))
            self._acknowledge([(message, 0)])
        elif message.retain or target is None or b'"@iot.selfLink"' in message.payload:
            # a retained copy is old; Things(1)/Observations is nothing to create; a self link marks a server's own news
            self._acknowledge([(message, 0)])
        else:
            messages.append(message)

    def _packet(self, kind: int, buffer: bytes, start: int, end: int) -> None:
        if kind == wire.CONNACK:
            answer = wire.read_connack(buffer[start:end])
            if answer.code:
                self._give_up(f"the broker refused us with reason {answer.code:#04x}")
                return
            self._keep_alive = answer.properties.get(0x13, KEEP_ALIVE)
            one, per_stream, states, reports = topics.INTAKE
            filters = [
                wire.Filter(one, 1, no_local=True, retain_handling=2),
                wire.Filter(per_stream, 1, no_local=True, retain_handling=2),
                wire.Filter(states, 1, no_local=True),
                wire.Filter(reports, 1, no_local=True, retain_handling=2),
            ]
            self.send(wire.subscribe(1, filters))
        elif kind == wire.SUBACK:
            bad = [code for code in wire.read_suback(buffer[start:end]) if code >= 128]
            if bad:
                self._give_up(f"the broker refused our subscriptions with reason {bad[0]:#04x}")
            else:
                self._client.welcomed()
        elif kind == wire.DISCONNECT:
            code = buffer[start] if end > start else 0
            self._client.trouble = f"the broker sent us away with reason {code:#04x}"

    def _give_up(self, why: str) -> None:
        self._client.trouble = why
        if self._transport is not None:
            self._transport.close()

    def _acknowledge(self, done: list[tuple[wire.Publish, int]]) -> None:
        answers = [(message.packet, 0) for message, _ in done if message.qos]
        if answers:
            # always success: a refused payload is kept here as a dead letter, and the broker must not keep it too
            self.send(wire.acks(wire.PUBACK, answers, wire.V5))

    def hold(self, stop: bool) -> None:
        """Stop or go on reading."""
        if self._transport is not None and not self._transport.is_closing():
            if stop:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()
                self._last_in = time.monotonic()

    def say(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Publish with QoS 0 unless the broker is too far behind."""
        if self._transport is None or self._transport.get_write_buffer_size() > BACKLOG:
            return False
        self.send(wire.publish(wire.publish_tail(topic, payload), wire.V5, retain=retain))
        return True

    def send(self, data: bytes) -> None:
        """Send soon, together with what else is sent in this turn of the loop."""
        self._out.append(data)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
            self._last_out = time.monotonic()
        self._out.clear()

    def bye(self) -> None:
        """Say goodbye and close."""
        self.send(wire.BYE)
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def _watch(self) -> None:
        now = time.monotonic()
        if self._transport is None:
            return
        reading = self._transport.is_reading()
        if reading and now - self._last_in > self._keep_alive * 1.5:
            self._client.trouble = "the broker fell silent"
            self._transport.abort()
            return
        if now - min(self._last_out, self._last_in) > self._keep_alive / 2:
            self.send(wire.PING)
        self._timer = self._loop.call_later(1, self._watch)
