"""Over HTTP, with real keys: who may write what, and what a busy server says."""

import httpx
import pytest
from shapely.geometry import box

from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock, geo
from dothi.kit.errors import Busy
from dothi.kit.text import fold
from dothi.places.tables import Unit
from dothi.sensing import ingest, service
from dothi.sensing.tables import Thing
from tests.sensorthings_write.conftest import NOON, datastream, location, thing

ROW = {"phenomenonTime": NOON, "result": 1}


@pytest.fixture
def keys(session):
    """Two restricted things, the key of a system that may write, the key of the first thing's device."""
    for _ in range(2):
        body = thing(Locations=[location()], Datastreams=[datastream()], properties={"sharing": "restricted"})
        service.create(session, SYSTEM, "Thing", body)
    system = identity.create_key(session, SYSTEM, "nối", ["sensing:read", "sensing:write", "observations:write"])
    device = identity.create_key(session, SYSTEM, "trạm", ["observations:write"], kind="device", thing_id=1)
    session.commit()
    return {"system": system, "device": device}


@pytest.fixture
def client(keys, server):
    with httpx.Client(base_url=f"{server.url}/sta/v1.1/") as made:
        yield made


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def array(*streams):
    return [
        {"Datastream": {"@iot.id": one}, "components": ["phenomenonTime", "result"], "dataArray": [[NOON, 1]]}
        for one in streams
    ]


def test_a_stranger_writes_nothing_on_any_path(client):
    asked = [
        ("POST", "Things", thing()), ("PATCH", "Things(1)", {"name": "x"}), ("DELETE", "Things(1)", None),
        ("POST", "Datastreams(1)/Observations", ROW), ("POST", "CreateObservations", array(1)),
        ("POST", "Observations", {**ROW, "Datastream": {"@iot.id": 1}}),
        ("POST", "Things(1)/Locations/$ref", {"@iot.id": 1}),
    ]  # fmt: skip
    for method, path, body in asked:
        answer = client.request(method, path, json=body)
        assert answer.status_code == 401, (method, path, answer.text)
        assert "www-authenticate" in answer.headers
    said = client.post("$batch", json={"requests": [{"id": "1", "method": "POST", "url": "Things", "body": thing()}]})
    assert [one["status"] for one in said.json()["responses"]] == [401]


def test_a_device_posts_observations_of_its_own_thing(client, keys):
    mine = bearer(keys["device"])
    answer = client.post("Datastreams(1)/Observations", json=ROW, headers=mine)
    assert answer.status_code == 201, answer.text
    assert client.post("Datastreams(2)/Observations", json=ROW, headers=mine).status_code == 403
    assert client.post("CreateObservations", json=array(2), headers=mine).status_code == 403
    first, second = client.post("CreateObservations", json=array(1, 2), headers=mine).json()
    assert first.endswith("Observations('1-1795237200000000')")
    assert second.startswith("error ")
    assert client.post("Things", json=thing(), headers=mine).status_code == 403


def test_a_writing_key_writes_and_reads_back(client, keys):
    answer = client.post("Things", json=thing(), headers=bearer(keys["system"]))
    assert answer.status_code == 201
    assert answer.json()["name"] == "Trạm Phú Khương"


def test_a_full_queue_asks_for_patience(client, keys, monkeypatch):
    async def full(_columns):
        raise Busy("200000 observations wait for their commit")

    monkeypatch.setattr(ingest, "aput", full)
    answer = client.post("Datastreams(1)/Observations", json=ROW, headers=bearer(keys["system"]))
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"


def test_a_thing_lies_in_the_unit_that_holds_it(session, make):
    session.add(
        Unit(
            code="27694", level="commune", kind="phường", name="Long An", full_name="Phường Long An",
            folded=fold("Phường Long An"), valid_from=clock.parse("2025-07-01T00:00:00+07:00"),
            geometry=geo.wkb(box(106.3, 10.4, 106.5, 10.6)),
        )
    )  # fmt: skip
    session.commit()
    inside, outside = make("Thing", thing(Locations=[location()])), make("Thing", thing(Locations=[location(lon=107)]))
    assert session.get(Thing, inside).unit_code == "27694"
    assert session.get(Thing, outside).unit_code is None
