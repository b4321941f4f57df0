"""The whole application: what a device publishes is on the API, on MQTT and on the live stream."""

import httpx

from dothi.doors.mqtt import service
from tests.live.conftest import Listener
from tests.mqtt.door import Device, until


def thing() -> dict[str, object]:
    return {
        "name": "Trạm Vàm Cỏ Tây", "description": "trạm đo mực nước",
        "Locations": [
            {
                "name": "Tân An", "description": "bờ sông", "encodingType": "application/geo+json",
                "location": {"type": "Point", "coordinates": [106.41, 10.53]},
            }
        ],
        "Datastreams": [
            {
                "name": "mực nước", "description": "so với mốc", "observationType":
                "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement",
                "unitOfMeasurement": {"name": "mét", "symbol": "m", "definition": "m"},
                "Sensor": {"name": "phao", "description": "phao", "encodingType": "text/plain", "metadata": "-"},
                "ObservedProperty": {"name": "mực nước", "definition": "water-level", "description": "mực nước"},
            }
        ],
    }  # fmt: skip


def test_from_sensor_to_screen(open_writes, whole, server) -> None:
    base = f"{server.url}/sta/v1.1"
    made = httpx.post(f"{base}/Things", json=thing())
    assert made.status_code == 201
    stream = httpx.get(made.headers["location"] + "/Datastreams").json()["value"][0]["@iot.id"]
    until(lambda: service.health()["ok"])
    with (
        Listener(f"{server.url}/live", bbox="106,10,107,11", kind="observation") as screen,
        Device(service.port()) as device,
    ):
        device.subscribe(f"v1.1/Datastreams({stream})/Observations")
        assert device.publish(f"v1.1/Datastreams({stream})/Observations", {"result": 1.25}) == 0
        assert screen.rows(1)[0][0] == stream
        said = device.hear()[1]
        answer = httpx.get(f"{base}/Datastreams({stream})/Observations").json()["value"]
        assert [one["result"] for one in answer] == [1.25]
        # what is said over MQTT is what the API answers
        assert {key: answer[0][key] for key in ("@iot.id", "phenomenonTime", "resultTime", "result")} == {
            key: said[key] for key in ("@iot.id", "phenomenonTime", "resultTime", "result")
        }
        assert {key for key in answer[0] if "@" in key} == {key for key in said if "@" in key}
        httpx.post(f"{base}/Datastreams({stream})/Observations", json={"result": 2})
        assert device.hear()[1]["result"] == 2
        assert screen.rows(1)[0][3] == 2
