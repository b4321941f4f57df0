"""Tasking through the interfaces as a small client and a small device use them: HTTP and MQTT, on both databases."""

import httpx
import pytest

from dothi.doors.mqtt import service as door
from tests.mqtt.door import Device, until
from tests.tasking.scene import Town

SWITCH = {
    "type": "DataRecord",
    "field": [{"name": "on", "type": "Boolean", "label": "Bật"}],
}


@pytest.fixture
def city(whole, server):
    town = Town()
    town.measure("LGT-001", "power", 0.06, ago=5)
    town.measure("GATE-01", "gate-inside", 0.8, ago=5)
    town.measure("RIVER", "water-level", 1.9, ago=5)
    town.root = f"{server.url}/sta/v1.1"
    with httpx.Client(base_url=f"{town.root}/", headers={"X-API-Key": town.key}) as town.http:
        yield town


def speaks(key):
    """A device or client over MQTT, by its key."""
    prefix, number, secret = key.split("_", 2)
    return Device(door.port(), f"{prefix}_{number}", secret)


def test_a_client_gives_a_task_and_a_device_obeys(city):
    http, lamp, thing = city.http, city.able["LGT-001"], city.things["LGT-001"]
    sets = {one["name"] for one in http.get("").json()["value"]}
    assert {"Actuators", "TaskingCapabilities", "Tasks"} <= sets

    able = http.get(f"Things({thing})/TaskingCapabilities?$expand=Actuator").json()["value"][0]
    assert able["@iot.id"] == lamp
    assert able["taskingParameters"]["field"][0]["name"] == "level"
    assert able["Actuator"]["encodingType"] == "application/json"
    assert http.get(f"Actuators?$filter=TaskingCapabilities/Thing/id eq {thing}&$count=true").json()["@iot.count"] == 1

    # every way of being wrong, in the standard's own form
    wrong = http.post(f"TaskingCapabilities({lamp})/Tasks", json={"taskingParameters": {"level": 5, "more": 1}})
    assert (wrong.status_code, len(wrong.json()["faults"])) == (400, 2)
    assert wrong.json()["faults"][1]["allowed"] == "a number: 0, 20 to 100 %"
    blocked = http.post(
        f"TaskingCapabilities({city.able['GATE-01']})/Tasks", json={"taskingParameters": {"opening": 30}}
    )
    assert (blocked.status_code, blocked.json()["faults"][0]["place"]) == (409, "interlock.high-water-outside")
    device = {"headers": {"X-API-Key": city.device}}
    body = {"taskingParameters": {"level": 100}}
    assert http.post(f"TaskingCapabilities({lamp})/Tasks", json=body, **device).status_code == 403
    assert httpx.post(f"{city.root}/Tasks", json=body).status_code == 401
    assert http.post("Tasks", json=body).status_code == 400
    assert http.post(f"Things({thing})/Tasks", json=body).status_code == 405
    assert http.post("TaskingCapabilities(999)/Tasks", json=body).status_code == 404

    with speaks(city.device) as cabinet, speaks(city.key) as client:
        assert cabinet.subscribe(f"v1.1/TaskingCapabilities({lamp})/Tasks") == [1]
        made = http.post(f"TaskingCapabilities({lamp})/Tasks", json=body | {"properties": {"note": "chợ đêm"}})
        assert made.status_code == 201
        id_ = made.json()["@iot.id"]
        assert made.headers["location"].endswith(f"/Tasks({id_})")
        _, heard = cabinet.hear()
        assert heard["@iot.id"] == id_
        assert heard["taskingParameters"] == {"level": 100}
        assert heard["properties"]["status"] == "sent"
        client.subscribe(f"v1.1/Tasks({id_})")
        assert client.publish(f"dothi/tasks/{id_}/status", {"status": "done"}) == 0x87  # a client is no device
        assert cabinet.publish(f"dothi/tasks/{id_}/status", {"status": "acknowledged"}) == 0
        assert client.hear()[1]["properties"]["status"] == "acknowledged"
        city.measure("LGT-001", "power", 6.2, ago=-1)
        assert client.hear()[1]["properties"]["status"] == "done"
        read = http.get(f"Tasks({id_})?$expand=TaskingCapability($select=name;$expand=Thing($select=name))").json()
        assert read["properties"]["readBack"]["result"] == 6.2
        assert read["TaskingCapability"]["Thing"]["name"] == "Trạm LGT-001"

        # over MQTT, where a key may; the device's may not
        assert client.publish(f"v1.1/TaskingCapabilities({lamp})/Tasks", {"taskingParameters": {"level": 0}}) == 0
        assert cabinet.hear()[1]["taskingParameters"] == {"level": 0}
        assert client.publish(f"v1.1/TaskingCapabilities({lamp})/Tasks", {"taskingParameters": {"level": 0}}) == 0x83
        assert (
            client.publish("v1.1/Tasks", {"taskingParameters": {"level": 1}, "TaskingCapability": {"@iot.id": lamp}})
            == 0x99
        )
        assert cabinet.publish(f"v1.1/TaskingCapabilities({lamp})/Tasks", body) == 0x87
        (waiting,) = http.get("Tasks?$filter=properties/status eq 'sent'&$orderby=creationTime desc").json()["value"]
        gone = http.patch(
            f"Tasks({waiting['@iot.id']})", json={"properties": {"status": "cancelled", "message": "nhầm"}}
        )
        assert (gone.status_code, gone.json()["properties"]["status"]) == (200, "cancelled")
        assert (
            http.patch(f"Tasks({waiting['@iot.id']})", json={"properties": {"status": "cancelled"}}).status_code == 409
        )
        assert http.delete(f"Tasks({id_})").status_code == 405
    assert httpx.get(f"{city.root}/Tasks").json()["value"] == []  # not for the public, however open the thing is
    pages = http.get("Tasks?$top=1&$select=creationTime&$orderby=creationTime").json()
    assert "nextLink" in str(pages)
    assert len(http.get(pages["@iot.nextLink"]).json()["value"]) == 1


def test_actuators_and_capabilities_are_made_by_hand(city):
    from dothi.db import session as db
    from dothi.identity import service as identity
    from dothi.identity.guard import SYSTEM

    with db.writing() as session:
        keys = {
            "X-API-Key": identity.create_key(
                session, SYSTEM, "kỹ sư", ["sensing:write", "sensing:read", "tasks:give", "observations:write"]
            )
        }
    http, thing = city.http, city.things["RIVER"]
    pump = {"name": "Bơm", "description": "bơm tiêu", "encodingType": "application/json", "metadata": {"maker": "x"}}
    assert http.post("Actuators", json=pump).status_code == 403
    assert http.post("Actuators", json={"name": 1}, headers=keys).json()["faults"][0]["place"] == "name"
    made = http.post("Actuators", json=pump, headers=keys)
    assert made.status_code == 201
    able = {
        "name": "Chạy bơm",
        "description": "x",
        "taskingParameters": SWITCH,
        "Actuator": {"@iot.id": made.json()["@iot.id"]},
    }
    bad = http.post(
        f"Things({thing})/TaskingCapabilities", json=able | {"taskingParameters": {"type": "DataArray"}}, headers=keys
    )
    assert bad.status_code == 400
    made = http.post(f"Things({thing})/TaskingCapabilities", json=able, headers=keys)
    assert made.status_code == 201, made.text
    id_ = made.json()["@iot.id"]
    task = http.post(
        "Tasks", json={"taskingParameters": {"on": True}, "TaskingCapability": {"@iot.id": id_}}, headers=keys
    )
    assert task.status_code == 201, task.text
    assert http.delete(f"TaskingCapabilities({id_})", headers=keys).status_code == 409  # a task is under way
    number = task.json()["@iot.id"]
    until(lambda: http.get(f"Tasks({number})").json()["properties"]["status"] == "sent")
    done = http.patch(f"Tasks({number})", json={"properties": {"status": "done"}}, headers=keys)
    assert done.json()["properties"]["status"] == "done"  # nothing to read back is declared: the device is believed
    assert (
        http.patch(f"TaskingCapabilities({id_})", json={"name": "Bơm số 1"}, headers=keys).json()["name"] == "Bơm số 1"
    )
    assert http.delete(f"TaskingCapabilities({id_})", headers=keys).status_code == 200
    assert http.get(f"Tasks({number})").status_code == 404
