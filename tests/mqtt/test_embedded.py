"""The embedded broker: publishing, rights, subscriptions."""

import json
import time
from concurrent.futures import Future

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.doors.mqtt import letters, wire
from dothi.identity import guard
from dothi.kit.errors import BadInput, Busy
from dothi.sensing import ingest
from dothi.sensing import service as sensing
from dothi.sensing.tables import Datastream, DeadLetter
from tests.mqtt.door import Device, agency, count, key, post, raw, stored, until

WRITES = "observations:write"


@pytest.mark.parametrize(("v5", "qos"), [(True, 1), (False, 1), (True, 2), (False, 2)])
def test_an_acknowledged_observation_is_in_the_database(database, session, door, v5, qos) -> None:
    _, (stream, _) = post(session)
    with Device(door.port, *key(session, WRITES), v5=v5) as device:
        code = device.publish(
            f"v1.1/Datastreams({stream})/Observations", {"phenomenonTime": "2026-11-21T00:00:00Z", "result": 21.5}, qos
        )
        assert code == 0
        assert stored(database, stream) == [21.5]


def test_an_observation_may_name_its_datastream_itself(database, session, door) -> None:
    _, (first, second) = post(session)
    with Device(door.port, *key(session, WRITES)) as device:
        device.publish("v1.1/Observations", {"result": 1, "Datastream": {"@iot.id": second}})
        # a body that contradicts its topic is refused
        code = device.publish(
            f"v1.1/Datastreams({first})/Observations", {"result": 2, "Datastream": {"@iot.id": second}}
        )
    assert code == wire.PAYLOAD_INVALID
    assert stored(database) == [1]


def test_a_redelivered_message_is_stored_once(database, session, door) -> None:
    _, (stream, _) = post(session)
    topic = f"v1.1/Datastreams({stream})/Observations"
    with Device(door.port, *key(session, WRITES)) as device:
        for _ in range(3):
            device.publish(topic, {"phenomenonTime": "2026-11-21T00:00:00Z", "result": 5})
    assert stored(database) == [5]


def test_a_multidatastream_takes_its_own_topic_only(database, session, door) -> None:
    _, (stream, _) = post(session)
    with Device(door.port, *key(session, WRITES)) as device:
        assert device.publish(f"v1.1/MultiDatastreams({stream})/Observations", {"result": [1]}) == wire.BAD_TOPIC
    assert count(database) == 0


# who may


@pytest.mark.parametrize("v5", [True, False])
def test_a_wrong_secret_is_refused(session, door, v5) -> None:
    user, _ = key(session, WRITES)
    with Device(door.port, user, "wrong", v5=v5) as device:
        assert device.code.is_failure


def test_nobody_may_publish_unasked(database, session, door) -> None:
    _, (stream, _) = post(session)
    topic = f"v1.1/Datastreams({stream})/Observations"
    with Device(door.port) as device:
        assert device.publish(topic, {"result": 1}) == wire.NOT_AUTHORISED
    with Device(door.port, v5=False) as device:
        # version 3.1.1 has no word for it: the broker hangs up
        device.client.publish(topic, '{"result": 1}', 1)
        assert device.gone.wait(10)
    with Session(database) as reading:
        assert reading.scalars(select(DeadLetter)).all() == []
    assert count(database) == 0


def test_on_a_test_bench_anybody_may_publish(database, session, open_writes, door) -> None:
    _, (stream, _) = post(session)
    with Device(door.port) as device:
        assert device.publish(f"v1.1/Datastreams({stream})/Observations", {"result": 1}) == 0
    assert stored(database) == [1]


def test_a_device_key_publishes_for_its_own_thing_only(database, session, door) -> None:
    mine, (own, _) = post(session)
    other, (foreign, _) = post(session)
    with Device(door.port, *key(session, WRITES, thing_id=mine)) as device:
        assert device.publish(f"v1.1/Datastreams({own})/Observations", {"result": 1}) == 0
        assert device.publish(f"v1.1/Datastreams({foreign})/Observations", {"result": 2}) == wire.NOT_AUTHORISED
        named = {"result": 2, "Datastream": {"@iot.id": foreign}}
        assert device.publish("v1.1/Observations", named) == wire.NOT_AUTHORISED
        assert device.publish(f"dothi/things/{other}/status", "online") == wire.NOT_AUTHORISED
        assert device.publish("v1.1/Things", {"name": "x"}) == wire.NOT_AUTHORISED
    assert stored(database) == [1]


def test_an_agencys_key_publishes_for_its_agency_only(database, session, door) -> None:
    water, air = agency(session, "water"), agency(session, "air")
    _, (own, _) = post(session, water)
    _, (foreign, _) = post(session, air)
    with Device(door.port, *key(session, WRITES, agency_id=water)) as device:
        assert device.publish(f"v1.1/Datastreams({own})/Observations", {"result": 1}) == 0
        assert device.publish(f"v1.1/Datastreams({foreign})/Observations", {"result": 2}) == wire.NOT_AUTHORISED
    assert stored(database) == [1]


def test_restricted_observations_reach_their_agency_and_nobody_else(session, door) -> None:
    water, air = agency(session, "water"), agency(session, "air")
    _, (secret, _) = post(session, water, "restricted")
    _, (shown, _) = post(session, water, "open")
    with (
        Device(door.port, *key(session, WRITES)) as sender,
        Device(door.port) as anybody,
        Device(door.port, *key(session, "sensing:read", agency_id=air)) as neighbour,
        Device(door.port, *key(session, "sensing:read", agency_id=water)) as owner,
    ):
        for one in (anybody, neighbour, owner):
            one.subscribe("#")
        sender.publish(f"v1.1/Datastreams({secret})/Observations", {"result": 13})
        sender.publish(f"v1.1/Datastreams({shown})/Observations", {"result": 7})
        heard = {owner: [], neighbour: [], anybody: []}
        for one, results in heard.items():
            wanted = 4 if one is owner else 2  # each on Observations and on its Datastream
            while len(results) < wanted:
                results.append(one.hear()[1]["result"])
            assert one.quiet()
    assert sorted(heard[owner]) == [7, 7, 13, 13]
    assert heard[neighbour] == heard[anybody] == [7, 7]


def test_a_stranger_cannot_take_over_a_clients_name(session, door) -> None:
    with Device(door.port, *key(session, WRITES), name="gateway") as gateway:
        with Device(door.port, name="gateway"):
            pass
        assert not gateway.gone.is_set()
        with Device(door.port, *key(session, WRITES), name="gateway"):
            assert not gateway.gone.is_set()


def test_the_same_client_coming_back_ends_its_old_connection(session, door) -> None:
    credentials = key(session, WRITES)
    old = Device(door.port, *credentials, name="gateway")
    with Device(door.port, *credentials, name="gateway") as new:
        assert old.gone.wait(10)
        assert not new.gone.is_set()
    old.client.loop_stop()


# subscriptions


def test_a_subscriber_hears_what_its_topics_say(session, door) -> None:
    thing, (stream, other) = post(session)
    with Device(door.port, *key(session, WRITES)) as sender, Device(door.port) as listener:
        wanted = [
            "v1.1/Observations",
            f"v1.1/Datastreams({stream})/Observations",
            f"v1.1/Datastreams({stream})/Observations?$select=result,phenomenonTime",
            f"v1.1/Things({thing})/Datastreams({stream})/Observations",
        ]
        assert listener.subscribe(*wanted) == [1, 1, 1, 1]
        at = "2026-11-21T00:00:00.000Z"
        sender.publish(f"v1.1/Datastreams({stream})/Observations", {"phenomenonTime": at, "result": 3})
        heard = dict(listener.hear() for _ in wanted)
        assert set(heard) == set(wanted)
        assert heard[wanted[2]] == {"result": 3, "phenomenonTime": at}
        whole = heard[wanted[1]]
        assert (whole["result"], whole["phenomenonTime"], whole["resultTime"]) == (3, at, at)
        assert whole["@iot.id"] == f"{stream}-1795219200000000"
        sender.publish(f"v1.1/Datastreams({other})/Observations", {"phenomenonTime": at, "result": 4})
        assert listener.hear()[0] == "v1.1/Observations"
        assert listener.quiet()


def test_a_changed_entity_is_said_on_its_topics(database, session, door) -> None:
    thing, (stream, _) = post(session)
    with Device(door.port) as listener:
        wanted = [
            "v1.1/Datastreams",
            f"v1.1/Datastreams({stream})",
            f"v1.1/Things({thing})/Datastreams",
            f"v1.1/Datastreams({stream})/description",
        ]
        listener.subscribe(*wanted)
        with db.writing() as writing:
            sensing.update(writing, guard.SYSTEM, "Datastream", stream, {"description": "mực nước"})
        heard = dict(listener.hear() for _ in wanted)
        assert heard[wanted[1]]["description"] == "mực nước"
        assert heard[wanted[3]] == {"description": "mực nước"}
        assert heard[wanted[0]] == heard[wanted[1]] == heard[wanted[2]]


def test_news_of_a_transaction_that_was_undone_is_not_said(database, session, door) -> None:
    _, (stream, _) = post(session)
    with Device(door.port) as listener:
        listener.subscribe("v1.1/Datastreams")
        with Session(database) as undone:
            sensing.update(undone, guard.SYSTEM, "Datastream", stream, {"description": "never"})
            undone.rollback()
        with db.writing() as writing:
            sensing.update(writing, guard.SYSTEM, "Datastream", stream, {"description": "so"})
        assert listener.hear()[1]["description"] == "so"
        assert listener.quiet()


def test_filters_that_could_never_match_are_refused(door) -> None:
    with Device(door.port) as listener:
        assert listener.subscribe("v1.1/Things", "other/topic", "#") == [1, wire.NOT_AUTHORISED, 1]
    with raw(door.port) as sock:
        sock.sendall(b"\x82\x0b\x00\x01\x00\x06v1.1/#\x01\x82\x0a\x00\x02\x00\x05v1.1#\x01")
        assert sock.recv(10) == b"\x90\x03\x00\x01\x01\x90\x03\x00\x02\x80"


def test_a_client_that_was_away_gets_what_it_missed(session, door) -> None:
    _, (stream, _) = post(session)
    reader = key(session, "sensing:read")
    with Device(door.port, *reader, name="wall", clean=False, expiry=600) as listener:
        listener.subscribe(f"v1.1/Datastreams({stream})/Observations")
    with Device(door.port, *key(session, WRITES)) as sender:
        for result in (1, 2, 3):
            sender.publish(f"v1.1/Datastreams({stream})/Observations", {"result": result})
        until(lambda: any(len(s.queue) == 3 for s in _sessions()))
    with Device(door.port, *reader, name="wall", clean=False, expiry=600) as listener:
        assert listener.flags.session_present
        assert [listener.hear()[1]["result"] for _ in range(3)] == [1, 2, 3]


def _sessions():
    from dothi.doors.mqtt import service

    return list(service._door.broker._sessions.values())


# what is refused, what waits


def test_a_refused_payload_can_be_mended_and_replayed(database, session, door) -> None:
    _, (stream, _) = post(session)
    topic = f"v1.1/Datastreams({stream})/Observations"
    user, secret = key(session, WRITES)
    with Device(door.port, user, secret) as device:
        assert device.publish(topic, b"21,5 \xff") == wire.PAYLOAD_INVALID
        assert device.publish("v1.1/Observations", {"result": 4, "Datastream": {"@iot.id": stream + 2}}) == 0x99
        assert device.publish(topic, {"result": "dry"}) == wire.PAYLOAD_INVALID
    with Session(database) as reading:
        kept = letters.listed(reading, guard.SYSTEM)
        assert [one.sender for one in kept] == [user.replace("dk_", "key:")] * 3
        assert [bytes(one.payload)[:4] for one in kept] == [b'{"re', b'{"re', b"21,5"]
        assert all(one.reason for one in kept)
        missing, broken = kept[1].id, kept[2].id
    with pytest.raises(BadInput):
        letters.replay(missing, guard.SYSTEM)
    with db.writing() as writing:
        old = writing.get(Datastream, stream)
        body = {
            "name": "mới", "description": "", "observationType": old.observation_type,
            "unitOfMeasurement": {"name": "m", "symbol": "m", "definition": "m"}, "Thing": {"@iot.id": old.thing_id},
            "Sensor": {"@iot.id": old.sensor_id}, "ObservedProperty": {"@iot.id": old.observed_property_id},
        }  # fmt: skip
        assert sensing.create(writing, guard.SYSTEM, "Datastream", body) == stream + 2
    assert letters.replay(missing, guard.SYSTEM).accepted == 1
    assert stored(database, stream + 2) == [4]
    with Session(database) as reading:
        assert letters.waiting(reading) == 2
        assert reading.get(DeadLetter, missing).replayed_at is not None
    with pytest.raises(BadInput):
        letters.replay(broken, guard.SYSTEM)
    with pytest.raises(Exception, match="sign in"):
        letters.replay(broken, guard.ANONYMOUS)


def test_the_dead_letters_are_bounded(database, session, monkeypatch) -> None:
    monkeypatch.setattr(letters, "MOST", 5)
    for number in range(4):
        letters.keep([letters.Letter("t", b"x", f"{number}.{i}", "key:1") for i in range(2)])
    with Session(database) as reading:
        assert [one.reason for one in letters.listed(reading, guard.SYSTEM)] == ["3.1", "3.0", "2.1", "2.0", "1.1"]


def test_good_messages_around_a_bad_one_are_stored(database, session, door) -> None:
    _, (stream, _) = post(session)
    topic = f"v1.1/Datastreams({stream})/Observations"
    with Device(door.port, *key(session, WRITES)) as device:
        sent = [
            device.client.publish(topic, body, 1)
            for body in (b'{"result":1}', b"no", b'{"result":2}', b"[]", b'{"result":3}')
        ]
        for one in sent:
            one.wait_for_publish(10)
    assert stored(database) == [1, 2, 3]


def test_a_full_queue_keeps_messages_unacknowledged_and_drops_none(database, session, door, monkeypatch) -> None:
    _, (stream, _) = post(session)
    really, full = ingest.put, [True]

    def put(columns):
        if full[0]:
            raise Busy("full")
        return really(columns)

    monkeypatch.setattr(ingest, "put", put)
    with Device(door.port, *key(session, WRITES)) as device:
        sent = [
            device.client.publish(f"v1.1/Datastreams({stream})/Observations", json.dumps({"result": i}), 1)
            for i in range(50)
        ]
        time.sleep(0.3)
        assert not any(one.is_published() for one in sent)
        full[0] = False
        for one in sent:
            one.wait_for_publish(10)
    assert sorted(stored(database)) == list(range(50))


def test_while_the_database_is_away_nothing_is_acknowledged(database, session, door, monkeypatch) -> None:
    _, (stream, _) = post(session)
    really, failures = ingest.put, [3]

    def put(columns):
        if failures[0]:
            failures[0] -= 1
            broken: Future = Future()
            broken.set_exception(Busy("the database did not take the observations"))
            return broken
        return really(columns)

    monkeypatch.setattr(ingest, "put", put)
    with Device(door.port, *key(session, WRITES)) as device:
        assert device.publish(f"v1.1/Datastreams({stream})/Observations", {"result": 9}) == 0
    assert failures == [0]
    assert stored(database) == [9]


# connections


def test_garbage_ends_the_connection_and_nothing_else(door) -> None:
    with raw(door.port) as sock:
        sock.sendall(b"\x00\xff\xff\xff\xff\xff")
        assert sock.recv(10) == b""
    with Device(door.port) as device:
        assert not device.code.is_failure


def test_a_silent_client_is_let_go(door) -> None:
    with raw(door.port, keep_alive=1) as sock:
        assert sock.recv(10) == b""


def test_a_client_whose_key_is_revoked_is_sent_away(session, door, monkeypatch) -> None:
    from dothi.doors.mqtt import broker
    from dothi.identity.tables import Key

    user, secret = key(session, WRITES)
    with Device(door.port, user, secret) as device:
        session.get(Key, int(user.removeprefix("dk_"))).revoked_at = 1
        session.commit()
        lapsed = broker._lapsed({one.caller for one in door_connections()})
        assert {one.actor for one in lapsed} == {user.replace("dk_", "key:")}
        assert not device.gone.is_set()


def door_connections():
    from dothi.doors.mqtt import service

    return list(service._door.broker._connections)


def test_a_strangers_session_ends_with_its_connection(door) -> None:
    with Device(door.port, name="x", clean=False, expiry=600) as listener:
        listener.subscribe("v1.1/Observations")
    until(lambda: not _sessions())
    with Device(door.port, name="x", clean=False, expiry=600) as listener:
        assert not listener.flags.session_present
        assert len(_sessions()) == 1
