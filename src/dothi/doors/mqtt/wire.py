"""MQTT packets as bytes: version 3.1.1 (OASIS mqtt-v3.1.1) and version 5 (OASIS mqtt-v5.0), both directions.

Hot: a reader is handed whatever the socket had, often hundreds of packets, and answers them with one write.
"""

import struct
from dataclasses import dataclass, field
from typing import Any, Final

CONNECT: Final = 1
CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
PUBREC: Final = 5
PUBREL: Final = 6
PUBCOMP: Final = 7
SUBSCRIBE: Final = 8
SUBACK: Final = 9
UNSUBSCRIBE: Final = 10
UNSUBACK: Final = 11
PINGREQ: Final = 12
PINGRESP: Final = 13
DISCONNECT: Final = 14
V311: Final = 4
V5: Final = 5

# reason codes, mqtt-v5.0 clause 2.4
MALFORMED: Final = 0x81
PROTOCOL_ERROR: Final = 0x82
IMPLEMENTATION: Final = 0x83  # well formed, allowed, and yet not done: another task has the actuator
BAD_CREDENTIALS: Final = 0x86
NOT_AUTHORISED: Final = 0x87
SHUTTING_DOWN: Final = 0x8B
KEEP_ALIVE_TIMEOUT: Final = 0x8D
TAKEN_OVER: Final = 0x8E
BAD_FILTER: Final = 0x8F
BAD_TOPIC: Final = 0x90
TOO_LARGE: Final = 0x95
QUOTA: Final = 0x97
PAYLOAD_INVALID: Final = 0x99

# properties, mqtt-v5.0 clause 2.2.2.2
SESSION_EXPIRY: Final = 0x11
ASSIGNED_CLIENT: Final = 0x12
WILL_DELAY: Final = 0x18
REASON: Final = 0x1F
RECEIVE_MAXIMUM: Final = 0x21
MAXIMUM_PACKET: Final = 0x27
SUBSCRIPTION_IDS_AVAILABLE: Final = 0x29
SHARED_AVAILABLE: Final = 0x2A
_BYTE = frozenset({0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A})
_TWO = frozenset({0x13, 0x21, 0x22, 0x23})
_FOUR = frozenset({0x02, 0x11, 0x18, 0x27})
_TEXT = frozenset({0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F})
_BINARY = frozenset({0x09, 0x16})
_PAIR, _VARIABLE = 0x26, 0x0B

_u16 = struct.Struct("!H")
_u32 = struct.Struct("!I")
Properties = dict[int, Any]


class BadPacket(Exception):
    """Bytes that are no MQTT packet, or one this side cannot take; `code` is the version 5 reason."""

    def __init__(self, why: str, code: int = MALFORMED) -> None:
        super().__init__(why)
        self.code = code


def frames(buffer: bytes, largest: int) -> tuple[list[tuple[int, int, int]], int]:
    """The whole packets in a buffer as (first byte, start of body, end of body), and how many bytes they take."""
    found: list[tuple[int, int, int]] = []
    i, size = 0, len(buffer)
    while i + 2 <= size:
        start, length = i + 2, buffer[i + 1]
        if length > 127:
            length, shift = length & 127, 7
            while True:
                if start >= size:
                    return found, i
                byte = buffer[start]
                start += 1
                length |= (byte & 127) << shift
                if byte < 128:
                    break
                shift += 7
                if shift > 21:
                    raise BadPacket("the remaining length is longer than four bytes")
        if length > largest:
            raise BadPacket(f"a packet of {length} bytes; allowed: {largest}", TOO_LARGE)
        end = start + length
        if end > size:
            break
        found.append((buffer[i], start, end))
        i = end
    return found, i


@dataclass(slots=True)
class Publish:
    """An application message. packet: 0 for QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    packet: int = 0


def read_publish(first: int, buffer: bytes, start: int, end: int, version: int) -> Publish:
    """The PUBLISH in buffer[start:end]; its properties are read over (no topic aliases were offered)."""
    qos = first >> 1 & 3
    try:
        at = start + 2 + _u16.unpack_from(buffer, start)[0]
        topic = buffer[start + 2 : at].decode()
        packet = 0
        if qos:
            packet = _u16.unpack_from(buffer, at)[0]
            at += 2
        if version == V5:
            length = buffer[at]
            at += 1
            if length > 127:
                length, at = _variable(buffer, at - 1)
            at += length
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadPacket(f"PUBLISH: {error}") from None
    if at > end or qos == 3 or (qos and not packet):
        raise BadPacket("PUBLISH with a broken header")
    if not topic or "+" in topic or "#" in topic or "\0" in topic:
        raise BadPacket(f"PUBLISH to {topic[:60]!r}, which is no topic name", BAD_TOPIC)
    return Publish(topic, buffer[at:end], qos, bool(first & 1), packet)


@dataclass(slots=True)
class Connect:
    """What a client says first."""

    version: int
    client: str
    clean: bool
    keep_alive: int  # seconds, 0: none
    user: str | None = None
    password: str | None = None
    will: Publish | None = None
    will_delay: int = 0  # seconds
    expiry: int = 0  # seconds a session outlives its connection
    receive_maximum: int = 65535
    largest: int | None = None


def read_connect(body: bytes) -> Connect:
    """The CONNECT packet; raises BadPacket for another protocol or version."""
    try:
        name, at = _bytes(body, 0)
        version, flags = body[at], body[at + 1]
        if name != b"MQTT" or version not in (V311, V5):
            raise BadPacket(f"{name!r} version {version}; allowed: MQTT 3.1.1 and 5", 0x84)
        keep_alive = _u16.unpack_from(body, at + 2)[0]
        at += 4
        said: Properties = {}
        if version == V5:
            said, at = read_properties(body, at)
        client, at = _bytes(body, at)
        made = Connect(version, client.decode(), bool(flags & 2), keep_alive)
        if flags & 4:
            will: Properties = {}
            if version == V5:
                will, at = read_properties(body, at)
            topic, at = _bytes(body, at)
            payload, at = _bytes(body, at)
            made.will = Publish(topic.decode(), payload, flags >> 3 & 3, bool(flags & 32))
            made.will_delay = will.get(WILL_DELAY, 0)
        if flags & 128:
            user, at = _bytes(body, at)
            made.user = user.decode()
        if flags & 64:
            password, at = _bytes(body, at)
            made.password = password.decode()
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadPacket(f"CONNECT: {error}") from None
    forever = 2**32 - 1
    made.expiry = said.get(SESSION_EXPIRY, 0) if version == V5 else 0 if made.clean else forever
    made.receive_maximum = said.get(RECEIVE_MAXIMUM, 65535)
    made.largest = said.get(MAXIMUM_PACKET)
    return made


@dataclass(slots=True)
class Answer:
    """CONNACK: whether the session was still there, the reason (0: welcome), and what the broker allows."""

    present: bool
    code: int
    properties: Properties = field(default_factory=dict)


def read_connack(body: bytes) -> Answer:
    """The CONNACK of a version 5 broker."""
    try:
        said = read_properties(body, 2)[0] if len(body) > 2 else {}
        return Answer(bool(body[0] & 1), body[1], said)
    except (struct.error, IndexError) as error:
        raise BadPacket(f"CONNACK: {error}") from None


@dataclass(slots=True)
class Filter:
    """One topic filter of a SUBSCRIBE with its options."""

    text: str
    qos: int
    no_local: bool = False
    retain_handling: int = 0


def read_subscribe(body: bytes, version: int) -> tuple[int, list[Filter]]:
    """Packet identifier and filters of a SUBSCRIBE."""
    try:
        packet, at = _u16.unpack_from(body, 0)[0], 2
        if version == V5:
            _, at = read_properties(body, at)
        filters = []
        while at < len(body):
            text, at = _bytes(body, at)
            options = body[at]
            at += 1
            filters.append(Filter(text.decode(), options & 3, bool(options & 4), options >> 4 & 3))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadPacket(f"SUBSCRIBE: {error}") from None
    if not filters or not packet:
        raise BadPacket("SUBSCRIBE without a filter", PROTOCOL_ERROR)
    return packet, filters


def read_unsubscribe(body: bytes, version: int) -> tuple[int, list[str]]:
    """Packet identifier and filters of an UNSUBSCRIBE."""
    try:
        packet, at = _u16.unpack_from(body, 0)[0], 2
        if version == V5:
            _, at = read_properties(body, at)
        filters = []
        while at < len(body):
            text, at = _bytes(body, at)
            filters.append(text.decode())
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise BadPacket(f"UNSUBSCRIBE: {error}") from None
    return packet, filters


def read_suback(body: bytes) -> list[int]:
    """The reason codes of a version 5 SUBACK."""
    try:
        return list(body[read_properties(body, 2)[1] :])
    except (struct.error, IndexError) as error:
        raise BadPacket(f"SUBACK: {error}") from None


def packet_of(buffer: bytes, start: int, end: int) -> int:
    """The packet identifier a PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK or UNSUBACK begins with."""
    if end - start < 2:
        raise BadPacket("an acknowledgement without a packet identifier")
    return int(_u16.unpack_from(buffer, start)[0])


def read_properties(body: bytes, at: int) -> tuple[Properties, int]:
    """Properties by their identifier (the last of a repeated one), and where they end."""
    length, at = _variable(body, at)
    end = at + length
    if end > len(body):
        raise BadPacket("the properties are longer than the packet")
    found: Properties = {}
    while at < end:
        name = body[at]
        at += 1
        if name in _BYTE:
            found[name], at = body[at], at + 1
        elif name in _TWO:
            found[name], at = _u16.unpack_from(body, at)[0], at + 2
        elif name in _FOUR:
            found[name], at = _u32.unpack_from(body, at)[0], at + 4
        elif name in _TEXT or name in _BINARY:
            value, at = _bytes(body, at)
            found[name] = value if name in _BINARY else value.decode()
        elif name == _VARIABLE:
            found[name], at = _variable(body, at)
        elif name == _PAIR:
            key, at = _bytes(body, at)
            value, at = _bytes(body, at)
            found[name] = (key.decode(), value.decode())
        else:
            raise BadPacket(f"unknown property {name:#04x}")
    return found, end


def _variable(body: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = body[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
        if shift > 21:
            raise BadPacket("a variable byte integer longer than four bytes")


def _bytes(body: bytes, at: int) -> tuple[bytes, int]:
    length = _u16.unpack_from(body, at)[0]
    end = at + 2 + length
    if end > len(body):
        raise BadPacket("a string longer than its packet")
    return body[at + 2 : end], end


# writing


def length(value: int) -> bytes:
    """A variable byte integer."""
    if value < 128:
        return bytes((value,))
    made = bytearray()
    while True:
        value, byte = divmod(value, 128)
        made.append(byte | 128 if value else byte)
        if not value:
            return bytes(made)


def text(value: str | bytes) -> bytes:
    """A string with its length before it."""
    raw = value.encode() if isinstance(value, str) else value
    return _u16.pack(len(raw)) + raw


def packet(first: int, body: bytes) -> bytes:
    """A packet with its fixed header."""
    return bytes((first,)) + length(len(body)) + body


def properties(values: Properties) -> bytes:
    """Properties with their length before them."""
    made = bytearray()
    for name, value in values.items():
        made.append(name)
        if name in _BYTE:
            made.append(value)
        elif name in _TWO:
            made += _u16.pack(value)
        elif name in _FOUR:
            made += _u32.pack(value)
        else:
            made += text(value)
    return length(len(made)) + bytes(made)


def connect(hello: Connect) -> bytes:
    """A CONNECT packet, without a will."""
    flags = (2 if hello.clean else 0) | (128 if hello.user is not None else 0)
    flags |= 64 if hello.password is not None else 0
    body = text("MQTT") + bytes((hello.version, flags)) + _u16.pack(hello.keep_alive)
    if hello.version == V5:
        said: Properties = {SESSION_EXPIRY: hello.expiry, RECEIVE_MAXIMUM: hello.receive_maximum}
        if hello.largest:
            said[MAXIMUM_PACKET] = hello.largest
        body += properties(said)
    body += text(hello.client)
    if hello.user is not None:
        body += text(hello.user)
    if hello.password is not None:
        body += text(hello.password)
    return packet(CONNECT << 4, body)


def connack(version: int, answer: Answer) -> bytes:
    """A CONNACK packet; version 3.1.1 knows fewer reasons."""
    code = answer.code
    if version != V5:
        code = {0: 0, 0x84: 1, 0x85: 2, BAD_CREDENTIALS: 4}.get(code, 5)
    body = bytes((answer.present and not code, code))
    return packet(CONNACK << 4, body + properties(answer.properties) if version == V5 else body)


def publish_tail(topic: str, payload: bytes) -> tuple[bytes, bytes]:
    """A message as the two pieces that every receiver shares, for `publish`."""
    return text(topic), payload


def publish(
    tail: tuple[bytes, bytes], version: int, qos: int = 0, packet_id: int = 0, *, retain: bool = False
) -> bytes:
    """A PUBLISH packet."""
    topic, payload = tail
    body = topic + (_u16.pack(packet_id) if qos else b"") + (b"\0" if version == V5 else b"") + payload
    return packet(PUBLISH << 4 | qos << 1 | retain, body)


def acks(kind: int, answers: list[tuple[int, int]], version: int) -> bytes:
    """Many PUBACK, PUBREC or PUBCOMP packets in one piece, from (packet identifier, reason) pairs."""
    made = bytearray()
    first = kind << 4
    for id_, code in answers:
        if code and version == V5:
            made += bytes((first, 3, id_ >> 8, id_ & 255, code))
        else:
            made += bytes((first, 2, id_ >> 8, id_ & 255))
    return bytes(made)


def subscribe(packet_id: int, filters: list[Filter]) -> bytes:
    """A version 5 SUBSCRIBE packet."""
    body = _u16.pack(packet_id) + b"\0"
    for one in filters:
        body += text(one.text) + bytes((one.qos | (4 if one.no_local else 0) | one.retain_handling << 4,))
    return packet(SUBSCRIBE << 4 | 2, body)


def suback(packet_id: int, codes: list[int], version: int) -> bytes:
    """A SUBACK packet; version 3.1.1 knows one failure."""
    known = codes if version == V5 else [min(code, 128) for code in codes]
    return packet(SUBACK << 4, _u16.pack(packet_id) + (b"\0" if version == V5 else b"") + bytes(known))


def unsuback(packet_id: int, codes: list[int], version: int) -> bytes:
    """An UNSUBACK packet."""
    return packet(UNSUBACK << 4, _u16.pack(packet_id) + (b"\0" + bytes(codes) if version == V5 else b""))


def disconnect(code: int, version: int, reason: str = "") -> bytes:
    """A DISCONNECT packet; a version 3.1.1 broker says nothing and closes."""
    if version != V5:
        return b""
    return packet(DISCONNECT << 4, bytes((code,)) + properties({REASON: reason} if reason else {}))


PING: Final = bytes((PINGREQ << 4, 0))
PONG: Final = bytes((PINGRESP << 4, 0))
BYE: Final = bytes((DISCONNECT << 4, 0))
