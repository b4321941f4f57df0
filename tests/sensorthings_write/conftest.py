"""Bodies of the city's entities, and callers."""

import httpx
import pytest

from dothi.identity.guard import SYSTEM, Caller
from dothi.sensing import service

NOON = "2026-11-21T05:00:00.000Z"
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"


def point(lon=106.41, lat=10.53):
    return {"type": "Point", "coordinates": [lon, lat]}


def location(name="Bến Vàm Cỏ", lon=106.41, lat=10.53, **more):
    return {
        "name": name,
        "description": "bờ sông",
        "encodingType": "application/geo+json",
        "location": point(lon, lat),
        **more,
    }


def sensor(**more):
    return {
        "name": "SDS011",
        "description": "cảm biến bụi",
        "encodingType": "application/pdf",
        "metadata": "https://example.org/sds011.pdf",
        **more,
    }


def observed_property(**more):
    return {
        "name": "PM2.5",
        "definition": "https://example.org/pm25",
        "description": "bụi mịn",
        **more,
    }


def datastream(**more):
    return {
        "name": "PM2.5",
        "description": "bụi mịn trong không khí",
        "observationType": OM + "OM_Measurement",
        "unitOfMeasurement": {"name": "microgram per cubic metre", "symbol": "µg/m³", "definition": "ug/m3"},
        "Sensor": sensor(),
        "ObservedProperty": observed_property(),
        **more,
    }


def thing(**more):
    return {"name": "Trạm Phú Khương", "description": "trạm quan trắc", **more}


def multi(**more):
    unit = {"name": "metre", "symbol": "m", "definition": "m"}
    return {
        "name": "mực nước và mưa",
        "description": "hai kết quả",
        "observationType": OM + "OM_ComplexObservation",
        "multiObservationDataTypes": [OM + "OM_Measurement", OM + "OM_Measurement"],
        "unitOfMeasurements": [unit, unit],
        "Sensor": sensor(),
        "ObservedProperties": [observed_property(name="mực nước"), observed_property(name="mưa")],
        **more,
    }


@pytest.fixture
def make(session):
    """Create as the system itself."""

    def create(entity, body, parent=None, caller=SYSTEM):
        return service.create(session, caller, entity, body, parent)

    return create


@pytest.fixture
def station(session, make):
    """A thing at a place with one datastream: (thing id, datastream id)."""
    thing_id = make("Thing", thing(Locations=[location()], Datastreams=[datastream()]))
    (stream,) = service.store.linked(session, "Thing", thing_id, "Datastreams")
    return thing_id, stream


def officer(agency=1, **more):
    held = {("sensing:write", agency), ("observations:write", agency), ("sensing:read", agency)}
    return Caller(kind="person", id=1, name="Lan", agency_id=agency, within=frozenset(held), **more)


@pytest.fixture
def sta(open_writes, server):
    with httpx.Client(base_url=f"{server.url}/sta/v1.1/") as client:
        client.root = f"{server.url}/sta/v1.1"
        yield client


def made(sta, path, body):
    answer = sta.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"].removeprefix(sta.root + "/")


def got(sta, path):
    answer = sta.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def at_work(sta):
    return made(sta, "Things", thing(Locations=[location()], Datastreams=[datastream()]))
