"""Over somebody else's broker: nothing it acknowledged is lost, whatever falls over."""

import json

import pytest

from dothi.doors.mqtt import service
from dothi.doors.mqtt.client import Address
from dothi.kit.errors import BadInput
from dothi.sensing import ingest
from tests.mqtt.door import Device, Door, count, post, stored, until


def test_observations_come_over_mosquitto(database, session, outside) -> None:
    _, (stream, other) = post(session)
    with Door(), Device(outside.port) as device:
        until(lambda: service.health()["ok"])
        for i in range(500):
            device.client.publish(f"v1.1/Datastreams({stream})/Observations", json.dumps({"result": i}), 1)
        device.publish("v1.1/Observations", {"result": -1, "Datastream": {"@iot.id": other}})
        until(lambda: count(database) == 501)
        assert sorted(stored(database, stream)) == list(range(500))


def test_dothis_own_news_is_heard_by_others_and_not_taken_in_again(database, session, outside) -> None:
    _, (stream, _) = post(session)
    _, (secret, _) = post(session, None, "restricted")
    with Door(), Device(outside.port) as device:
        until(lambda: service.health()["ok"])
        device.subscribe("v1.1/Observations")
        device.publish(f"v1.1/Datastreams({secret})/Observations", {"result": 1})
        device.publish(f"v1.1/Datastreams({stream})/Observations", {"result": 2})
        topic, body = device.hear()
        assert (topic, body["result"]) == ("v1.1/Observations", 2)  # open data only
        # another server's news on the same broker is no observation of ours either
        device.publish("v1.1/Observations", body | {"Datastream": {"@iot.id": stream}, "result": 3})
        device.publish(f"v1.1/Datastreams({stream})/Observations", {"result": 4})
        until(lambda: count(database) == 3)
        assert stored(database, stream) == [2, 4]


def test_what_is_published_while_dothi_is_down_comes_afterwards(database, session, outside) -> None:
    _, (stream, _) = post(session)
    with Door():
        until(lambda: service.health()["ok"])
    with Device(outside.port) as device:
        for i in range(300):
            device.publish(f"v1.1/Datastreams({stream})/Observations", {"result": i})
    assert count(database) == 0
    with Door():
        until(lambda: count(database) == 300)


@pytest.mark.parametrize("signal", [15, 9])
def test_the_broker_goes_away_and_comes_back(database, session, outside, signal) -> None:
    _, (stream, _) = post(session)
    with Door():
        until(lambda: service.health()["ok"])
        outside.stop(signal)
        until(lambda: not service.health()["ok"])
        assert service.health()["trouble"]
        outside.start()
        until(lambda: service.health()["ok"])
        with Device(outside.port) as device:
            device.publish(f"v1.1/Datastreams({stream})/Observations", {"result": 7})
            until(lambda: stored(database) == [7])


def test_what_was_not_committed_when_dothi_died_is_delivered_again(database, session, outside, monkeypatch) -> None:
    _, (stream, _) = post(session)
    really = ingest.put
    taken = []

    def never_answers(columns):
        taken.extend(columns.result)
        from concurrent.futures import Future

        return Future()

    door = Door().__enter__()
    until(lambda: service.health()["ok"])
    monkeypatch.setattr(ingest, "put", never_answers)
    with Device(outside.port) as device:
        for i in range(200):
            device.publish(
                f"v1.1/Datastreams({stream})/Observations",
                {"phenomenonTime": f"2026-11-21T00:{i // 60:02}:{i % 60:02}Z", "result": i},
            )
    until(lambda: len(taken) == 200)
    # as after a kill: the socket closes without a goodbye, and nobody was answered
    door.loop.call_soon_threadsafe(service._door.client._protocol._transport.abort)
    door.loop.call_soon_threadsafe(service._door.client._task.cancel)
    until(lambda: service._door.client._protocol is None)
    door.end_loop()
    service._door = None
    assert count(database) == 0
    monkeypatch.setattr(ingest, "put", really)
    with Door():
        until(lambda: count(database) == 200)
        assert stored(database) == list(range(200))


def test_a_refused_payload_does_not_come_back_for_ever(database, session, outside) -> None:
    from sqlalchemy.orm import Session

    from dothi.doors.mqtt import letters

    _, (stream, _) = post(session)
    with Door(), Device(outside.port) as device:
        until(lambda: service.health()["ok"])
        device.publish(f"v1.1/Datastreams({stream})/Observations", b"broken")

        def waiting() -> int:
            with Session(database) as reading:
                return letters.waiting(reading)

        until(lambda: waiting() == 1)
        until(lambda: service.health()["waiting"] == 0)
    with Door():
        until(lambda: service.health()["ok"])
        assert service.health()["refused"] == 0


def test_the_address_of_a_broker() -> None:
    assert Address.of("mqtt://đo:m%40t@broker.example:1884") == Address("broker.example", 1884, False, "đo", "m@t")
    assert Address.of("mqtts://broker.example").port == 8883
    with pytest.raises(BadInput):
        Address.of("http://broker.example")
