"""Packets as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dothi.doors.mqtt import topics, wire
from dothi.doors.mqtt.wire import BadPacket, Connect, Filter

LARGEST = 1 << 20


@given(st.binary(max_size=300), st.sampled_from([4, 5]))
def test_bytes_that_are_no_packet_are_named_so(data: bytes, version: int) -> None:
    readers = [
        lambda: wire.frames(data, LARGEST),
        lambda: wire.read_connect(data),
        lambda: wire.read_connack(data),
        lambda: wire.read_suback(data),
        lambda: wire.read_subscribe(data, version),
        lambda: wire.read_unsubscribe(data, version),
        lambda: wire.read_publish(0x32, data, 0, len(data), version),
        lambda: wire.packet_of(data, 0, len(data)),
    ]
    for read in readers:
        try:
            read()
        except BadPacket:
            continue


@given(st.lists(st.binary(max_size=400), min_size=1, max_size=6), st.integers(1, 50))
def test_packets_are_whole_however_the_socket_cuts_them(payloads: list[bytes], cut: int) -> None:
    stream = b"".join(wire.publish(wire.publish_tail("v1.1/Observations", p), 5, 1, 7) for p in payloads)
    buffer, found = b"", []
    for start in range(0, len(stream), cut):
        buffer += stream[start : start + cut]
        whole, used = wire.frames(buffer, LARGEST)
        found += [wire.read_publish(first, buffer, begin, end, 5) for first, begin, end in whole]
        buffer = buffer[used:]
    assert [one.payload for one in found] == payloads
    assert buffer == b""
    assert {(one.topic, one.qos, one.packet) for one in found} == {("v1.1/Observations", 1, 7)}


@pytest.mark.parametrize("version", [4, 5])
def test_connect_reads_what_it_writes(version: int) -> None:
    said = Connect(version, "trạm-1", clean=False, keep_alive=30, user="dk_7", password="bí mật", expiry=3600)
    packet = wire.connect(said)
    (_, start, end), *_ = wire.frames(packet, LARGEST)[0]
    read = wire.read_connect(packet[start:end])
    assert (read.client, read.user, read.password, read.clean, read.keep_alive) == (
        "trạm-1",
        "dk_7",
        "bí mật",
        False,
        30,
    )
    assert read.expiry == (3600 if version == 5 else 2**32 - 1)


def test_a_packet_beyond_the_limit_is_refused_before_it_is_gathered() -> None:
    with pytest.raises(BadPacket) as met:
        wire.frames(b"\x30\xff\xff\xff\x7f", LARGEST)
    assert met.value.code == wire.TOO_LARGE


def test_acknowledgements_leave_in_one_piece() -> None:
    assert wire.acks(wire.PUBACK, [(1, 0), (258, wire.NOT_AUTHORISED)], 5) == b"\x40\x02\x00\x01\x40\x03\x01\x02\x87"
    assert wire.acks(wire.PUBACK, [(258, wire.NOT_AUTHORISED)], 4) == b"\x40\x02\x01\x02"


def test_subscribe_reads_what_it_writes() -> None:
    packet = wire.subscribe(9, [Filter("v1.1/+/Observations", 1, no_local=True, retain_handling=2)])
    (_, start, end), *_ = wire.frames(packet, LARGEST)[0]
    assert wire.read_subscribe(packet[start:end], 5) == (9, [Filter("v1.1/+/Observations", 1, True, 2)])


@pytest.mark.parametrize(
    ("topic", "stream", "multi"),
    [
        ("v1.1/Observations", None, False),
        ("v1.1/Datastreams(12)/Observations", 12, False),
        ("v1.1/MultiDatastreams(3)/Observations", 3, True),
    ],
)
def test_the_standards_topics_create_observations(topic: str, stream: int | None, multi: bool) -> None:
    target = topics.target(topic)
    assert target is not None
    assert (target.kind, target.stream, target.multi) == ("observation", stream, multi)


@pytest.mark.parametrize(
    "topic",
    ["v1.1/Things", "v1.1/Datastreams(x)/Observations", "Observations", "v1.1/Things(1)/Observations", "$SYS/x"],
)
def test_other_topics_create_nothing(topic: str) -> None:
    assert topics.target(topic) is None


@pytest.mark.parametrize(
    ("filter_", "topic", "yes"),
    [
        ("#", "v1.1/Things", True),
        ("v1.1/#", "v1.1", True),
        ("v1.1/+/Observations", "v1.1/Datastreams(1)/Observations", True),
        ("v1.1/+/Observations", "v1.1/Observations", False),
        ("v1.1/+", "v1.1/Things(1)/name", False),
        ("dothi/things/+/status", "dothi/things/4/status", True),
    ],
)
def test_filters_match_as_the_protocol_says(filter_: str, topic: str, yes: bool) -> None:
    assert topics.matches(filter_, topic) is yes


@pytest.mark.parametrize("filter_", ["", "a/#/b", "a#", "a/b+", "x\0y"])
def test_broken_filters_are_known(filter_: str) -> None:
    assert not topics.is_filter(filter_)
