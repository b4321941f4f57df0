"""Connection states of things."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.journal.tables import Entry
from dothi.kit import clock
from dothi.sensing.tables import Thing
from tests.mqtt.door import Device, key, post, until


def connected(database, thing: int) -> bool | None:
    with Session(database) as session:
        return session.scalar(select(Thing.connected).where(Thing.id == thing))


def journal(database) -> list[str]:
    with Session(database) as session:
        return list(
            session.scalars(select(Entry.kind).where(Entry.kind.like("sensing.thing.%connected")).order_by(Entry.id))
        )


def test_a_device_key_marks_its_thing_online_while_it_is_connected(database, session, door) -> None:
    thing, _ = post(session)
    with Device(door.port) as watcher:
        watcher.subscribe("dothi/things/+/status")
        with Device(door.port, *key(session, "observations:write", thing_id=thing)):
            assert watcher.hear() == (f"dothi/things/{thing}/status", "online")
            assert connected(database, thing) is True
        assert watcher.hear() == (f"dothi/things/{thing}/status", "offline")
        assert connected(database, thing) is False
        with Device(door.port) as latecomer:  # the state is told to whoever asks later
            latecomer.subscribe(f"dothi/things/{thing}/status")
            assert latecomer.hear() == (f"dothi/things/{thing}/status", "offline")
    assert journal(database) == ["sensing.thing.connected", "sensing.thing.disconnected"]


def test_a_last_will_marks_the_thing_offline(database, session, door) -> None:
    thing, _ = post(session)
    topic = f"dothi/things/{thing}/status"
    device = Device(door.port, *key(session, "observations:write"), will=(topic, "offline", 1))
    device.publish(topic, "online")
    until(lambda: connected(database, thing) is True)
    device.vanish()
    until(lambda: connected(database, thing) is False)
    device.client.loop_stop()


def test_the_will_of_an_old_connection_does_not_undo_a_new_one(database, session, door) -> None:
    thing, _ = post(session)
    topic = f"dothi/things/{thing}/status"
    credentials = key(session, "observations:write")
    old = Device(door.port, *credentials, will=(topic, "offline", 1), name="old")
    old.publish(topic, "online")
    until(lambda: connected(database, thing) is True)
    with Device(door.port, *credentials, name="new") as new:
        came = clock.now_micros() // 1000 * 1000
        new.publish(topic, {"status": "online", "time": clock.iso(came)})
        until(lambda: new_at(database, thing) == came)
        old.vanish()
        again = clock.now_micros() // 1000 * 1000
        new.publish(topic, {"status": "online", "time": clock.iso(again)})
        until(lambda: new_at(database, thing) == again)
        assert connected(database, thing) is True
        assert journal(database) == ["sensing.thing.connected"]
    old.client.loop_stop()


def new_at(database, thing: int) -> int | None:
    with Session(database) as session:
        return session.scalar(select(Thing.connected_at).where(Thing.id == thing))


def test_news_older_than_what_is_known_changes_nothing(database, session, outside, door) -> None:
    """Over somebody else's broker only the moment inside the payload tells a late will from a new one."""
    thing, _ = post(session)
    topic = f"dothi/things/{thing}/status"
    now = clock.now_micros()
    until(lambda: health()["ok"])
    with Device(outside.port) as device:
        device.publish(topic, {"status": "online", "time": clock.iso(now - 1_000_000)})
        until(lambda: connected(database, thing) is True)
        device.publish(topic, {"status": "offline", "time": clock.iso(now - 5_000_000)})
        device.publish(topic, {"status": "online", "time": clock.iso(now - 500_000)})
        until(
            lambda: (
                new_at(database, thing) == (now - 500_000) // 1000 * 1000 or new_at(database, thing) == now - 500_000
            )
        )
        assert connected(database, thing) is True
        device.publish(topic, "offline")
        until(lambda: connected(database, thing) is False)
    assert journal(database) == ["sensing.thing.connected", "sensing.thing.disconnected"]


def health():
    from dothi.doors.mqtt import service

    return service.health()


def test_no_thing_is_online_when_the_broker_begins(database, session) -> None:
    from tests.mqtt.door import Door

    thing, _ = post(session)
    session.get(Thing, thing).connected = True
    session.commit()
    with Door():
        assert connected(database, thing) is False
