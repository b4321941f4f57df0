"""One client of the embedded broker: its bytes, its session, what it may do."""

import asyncio
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from dothi.doors.mqtt import topics, wire
from dothi.doors.mqtt.intake import Intake
from dothi.identity import guard
from dothi.identity.guard import Caller

if TYPE_CHECKING:
    from dothi.doors.mqtt.broker import Broker

log = logging.getLogger(__name__)

LARGEST = 1 << 20  # bytes of one packet
LARGEST_HELLO = 1 << 17  # and of the first one, whose sender nobody knows yet
QUEUE = 1000  # QoS 1 messages kept for a client that is slow or away; then the oldest go
BACKLOG = 1 << 20  # bytes a slow client may leave unread before QoS 0 messages pass it by
HELLO_SECONDS = 10.0
Tail = tuple[bytes, bytes]


@dataclass(eq=False, slots=True)
class Session:
    """What of a client outlives its connection: subscriptions are kept by the broker, undelivered messages here."""

    client: str
    owner: str
    expiry: int
    connection: "Connection | None" = None
    queue: deque[Tail] = field(default_factory=deque)
    flying: dict[int, Tail] = field(default_factory=dict)
    received: set[int] = field(default_factory=set)  # QoS 2 packet identifiers not yet released
    window: int = 65535
    last: int = 0
    timer: asyncio.TimerHandle | None = None

    def next_packet(self) -> int:
        """A packet identifier not in flight."""
        while True:
            self.last = self.last % 65535 + 1
            if self.last not in self.flying:
                return self.last

    def deliver(self, tail: Tail, qos: int, *, retain: bool = False) -> bool:
        """Send a message, or keep it for later; False when it had to be let go."""
        connection = self.connection
        if qos == 0:
            return connection is not None and connection.pass_on(tail, retain=retain)
        if connection is None or len(self.flying) >= self.window:
            if len(self.queue) >= QUEUE:
                self.queue.popleft()
                self.queue.append(tail)
                return False
            self.queue.append(tail)
            return True
        packet = self.next_packet()
        self.flying[packet] = tail
        connection.send(wire.publish(tail, connection.version, 1, packet, retain=retain))
        return True

    def delivered(self, packet: int) -> None:
        """The client acknowledged; send what waits."""
        self.flying.pop(packet, None)
        while self.queue and self.connection is not None and len(self.flying) < self.window:
            self.deliver(self.queue.popleft(), 1)

    def resume(self) -> None:
        """Send again what was in flight when the connection broke, then what waited."""
        again = [*self.flying.values(), *self.queue]
        self.flying.clear()
        self.queue.clear()
        for tail in again:
            self.deliver(tail, 1)


class Connection(asyncio.Protocol):
    """The protocol of one socket."""

    def __init__(self, broker: "Broker") -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._out: list[bytes] = []
        self._flushing = self._greeting = False
        self._held: list[bytes] = []  # bytes that came while the caller's credentials were looked at
        self._timer: asyncio.TimerHandle | None = None
        self._last_in = 0.0
        self._keep_alive = 0.0
        self.version = wire.V311
        self.caller: Caller = guard.ANONYMOUS
        self.session: Session | None = None
        self.intake: Intake | None = None
        self.will: wire.Publish | None = None
        self.will_delay = 0
        self.spoke = 0  # newest moment (µs UTC) this connection told or implied a state of its thing
        self.writes = False  # may publish somewhere

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A socket opened."""
        self._transport = cast("asyncio.Transport", transport)
        self._last_in = time.monotonic()
        if not self._broker.opened(self):
            self.close()
            return
        self._timer = self._loop.call_later(HELLO_SECONDS, self._watch)

    def data_received(self, data: bytes) -> None:
        """Bytes came: whole packets are dealt with, the rest waits for more."""
        self._last_in = time.monotonic()
        if self._greeting:
            self._held.append(data)
            return
        buffer = self._buffer + data if self._buffer else data
        try:
            found, used = wire.frames(buffer, LARGEST if self.session is not None else LARGEST_HELLO)
            observations: list[wire.Publish] = []
            for first, start, end in found:
                if first >> 4 == wire.PUBLISH and self.session is not None:
                    if not self._published(wire.read_publish(first, buffer, start, end, self.version), observations):
                        return
                    continue
                self._packet(first, buffer, start, end)
                if self._greeting:  # the rest waits until the credentials are looked at
                    self._held = [buffer[end:]]
                    used = len(buffer)
                    break
                if self._transport is None:
                    return
            self._buffer = buffer[used:] if used < len(buffer) else b""
            if observations and self.intake is not None:
                self.intake.take(observations)
        except wire.BadPacket as error:
            log.info("%s at %s: %s", self.caller.actor, self.address, error)
            self.leave(error.code, str(error))

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's shape
        """The socket closed, whoever closed it."""
        self._transport = None
        if self._timer is not None:
            self._timer.cancel()
        if self.intake is not None:
            self.intake.close()
        self._broker.lost(self)

    # sending

    def send(self, data: bytes) -> None:
        """Send soon: what is sent in one turn of the loop leaves in one write."""
        self._out.append(data)
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def pass_on(self, tail: Tail, *, retain: bool = False) -> bool:
        """Send a QoS 0 message unless the client is too far behind."""
        if self._transport is None or self._transport.get_write_buffer_size() > BACKLOG:
            return False
        self.send(wire.publish(tail, self.version, retain=retain))
        return True

    def _flush(self) -> None:
        self._flushing = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def leave(self, code: int, reason: str = "") -> None:
        """Say why (version 5) and close."""
        if self.session is not None:
            self.send(wire.disconnect(code, self.version, reason))
        self._flush()
        self.close()

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()

    # packets

    def _packet(self, first: int, buffer: bytes, start: int, end: int) -> None:
        kind = first >> 4
        if self.session is None:
            if kind != wire.CONNECT:
                raise wire.BadPacket("the first packet is not CONNECT", wire.PROTOCOL_ERROR)
            self._hello(wire.read_connect(buffer[start:end]))
        elif kind == wire.PUBACK:
            self.session.delivered(wire.packet_of(buffer, start, end))
        elif kind == wire.PINGREQ:
            self.send(wire.PONG)
        elif kind == wire.SUBSCRIBE:
            packet, filters = wire.read_subscribe(buffer[start:end], self.version)
            self._broker.subscribe(self, packet, filters)
        elif kind == wire.UNSUBSCRIBE:
            packet, names = wire.read_unsubscribe(buffer[start:end], self.version)
            codes = [0 if self._broker.subscriptions.drop(self.session, name) else 0x11 for name in names]
            self.send(wire.unsuback(packet, codes, self.version))
        elif kind == wire.PUBREL:
            packet = wire.packet_of(buffer, start, end)
            self.session.received.discard(packet)
            self.send(wire.acks(wire.PUBCOMP, [(packet, 0)], self.version))
        elif kind == wire.DISCONNECT:
            keep_will = self.version == wire.V5 and end > start and buffer[start] == 0x04
            if not keep_will:
                self.will = None
            self.close()
        else:
            raise wire.BadPacket(f"packet type {kind} is not for a broker", wire.PROTOCOL_ERROR)

    def _published(self, message: wire.Publish, observations: list[wire.Publish]) -> bool:
        """Sort a message; False when the connection ends over it."""
        session = self.session
        if session is None:
            return False
        if message.qos == 2:
            if message.packet in session.received:
                self.send(wire.acks(wire.PUBREC, [(message.packet, 0)], self.version))
                return True
            session.received.add(message.packet)
        if not self.writes:
            if self.version == wire.V5 and message.qos:
                self.acknowledge([(message, wire.NOT_AUTHORISED)])
                return True
            self.leave(wire.NOT_AUTHORISED, "this caller may not publish")
            return False
        target = topics.target(message.topic)
        if target is not None and target.kind == "status":
            self._broker.told(self, target.thing, message)
        elif target is not None and target.kind in ("task", "report"):
            self._broker.tasked(self, target, message)
        else:
            observations.append(message)
        return True

    def acknowledge(self, done: list[tuple[wire.Publish, int]]) -> None:
        """PUBACK or PUBREC for messages dealt with, in their order."""
        session = self.session
        if session is None:
            return
        run: list[tuple[int, int]] = []
        kind = wire.PUBACK
        for message, code in done:
            if not message.qos:
                continue
            wanted = wire.PUBACK if message.qos == 1 else wire.PUBREC
            if wanted != kind and run:
                self.send(wire.acks(kind, run, self.version))
                run = []
            kind = wanted
            if message.qos == 2 and code >= 128 and self.version == wire.V5:
                session.received.discard(message.packet)
            run.append((message.packet, code))
        if run:
            self.send(wire.acks(kind, run, self.version))

    def hold(self, stop: bool) -> None:
        """Stop or go on reading the socket."""
        if self._transport is not None and not self._transport.is_closing():
            if stop:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()
                self._last_in = time.monotonic()

    # the beginning and the watch

    def _hello(self, hello: wire.Connect) -> None:
        self.version = hello.version
        self._greeting = True
        self.hold(stop=True)
        self._keep_alive = hello.keep_alive * 1.5
        self.will, self.will_delay = hello.will, hello.will_delay
        self._broker.follow(self._greet(hello))

    async def _greet(self, hello: wire.Connect) -> None:
        answer = await self._broker.welcome(self, hello)
        if self._transport is None:
            return
        self.send(wire.connack(self.version, answer))
        if answer.code:
            self.will = None
            self._flush()
            self.close()
            return
        if self.session is not None and answer.present:
            self.session.resume()
        self._greeting = False
        self.hold(stop=False)
        if self._timer is not None:
            self._timer.cancel()
        self._watch()
        held, self._held = b"".join(self._held), []
        if held:
            self.data_received(held)

    def _watch(self) -> None:
        """Close a client that said nothing for one and a half keep-alives (mqtt-v5.0 clause 3.1.2.10)."""
        silent = time.monotonic() - self._last_in
        if self.session is None and not self._greeting:
            self.close()
            return
        if self._keep_alive and silent > self._keep_alive and not self._stalled():
            self.leave(wire.KEEP_ALIVE_TIMEOUT, "nothing heard for one and a half keep-alives")
            return
        self._timer = self._loop.call_later(max(1.0, (self._keep_alive or 60) - silent), self._watch)

    def _stalled(self) -> bool:
        return self._transport is not None and not self._transport.is_reading()

    @property
    def address(self) -> str:
        """Where the client is, for the log and for counting wrong passwords."""
        peer = self._transport.get_extra_info("peername") if self._transport is not None else None
        return str(peer[0]) if peer else ""
