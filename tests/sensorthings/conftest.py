"""A small town to ask about: an air station anyone sees, a river gauge for those signed in, a store room for its agency."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.routing import Mount

from dothi.db import hot
from dothi.doors.sensorthings import read
from dothi.doors.sensorthings.routes import routes
from dothi.identity.guard import ANONYMOUS, SYSTEM, Caller
from dothi.kit import clock
from dothi.sensing import ingest, service
from dothi.sensing.columns import Columns

START = clock.parse("2026-11-20T00:00:00Z")
OM = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
SIGNED_IN = Caller(kind="person", id=1, name="cán bộ", within=frozenset({("sensing:read", 7)}))


def _stream(name, property_, **more):
    return {
        "name": name,
        "description": "một chuỗi số đo",
        "observationType": OM + "OM_Measurement",
        "unitOfMeasurement": {"name": "m", "symbol": "m", "definition": "m"},
        "Sensor": {"name": "S", "description": "d", "encodingType": "text/html", "metadata": "https://example.org/s"},
        "ObservedProperty": {"name": property_, "definition": "https://example.org/" + property_, "description": "d"},
        **more,
    }


def _thing(name, sharing, lon, lat, streams, **properties):
    return {
        "name": name,
        "description": "trạm quan trắc",
        "properties": {"sharing": sharing, **properties},
        "Locations": [
            {
                "name": "chỗ của " + name,
                "description": "d",
                "encodingType": "application/geo+json",
                "location": {"type": "Point", "coordinates": [lon, lat]},
            }
        ],
        "Datastreams": streams,
    }


@pytest.fixture
def town(session):
    """Ids of the town's things and datastreams, filled with observations."""
    return build(session)


@pytest.fixture(scope="module")
def standing_town(standing):
    """`town` for all tests of a module, which only read."""
    with Session(standing) as session:
        return build(session)


def build(session):
    """Make the town: its ids."""
    air = _thing(
        "Trạm Phú Khương",
        "open",
        106.41,
        10.53,
        [
            _stream("bụi mịn", "pm25", properties={"k": 1}),
            _stream("trạng thái", "state", observationType=OM + "OM_Observation"),
        ],
        kind="air",
        height=3,
        on=True,
        tags=["a", "b"],
    )
    air["MultiDatastreams"] = [
        {
            "name": "gió",
            "description": "hướng và tốc độ",
            "observationType": OM + "OM_ComplexObservation",
            "multiObservationDataTypes": [OM + "OM_Measurement", OM + "OM_Measurement"],
            "unitOfMeasurements": [
                {"name": "độ", "symbol": "°", "definition": "deg"},
                {"name": "m/s", "symbol": "m/s", "definition": "m/s"},
            ],
            "Sensor": {"name": "W", "description": "d", "encodingType": "text/html", "metadata": "m"},
            "ObservedProperties": [
                {"name": "hướng gió", "definition": "https://example.org/dir", "description": "d"},
                {"name": "tốc độ gió", "definition": "https://example.org/speed", "description": "d"},
            ],
        }
    ]
    river = _thing("Cầu Tân An", "shared", 106.42, 10.54, [_stream("mực nước", "level")], kind="water", height=1.5)
    store = _thing("Kho vật tư", "restricted", 106.43, 10.55, [_stream("nhiệt độ kho", "temp")], kind="air")
    things = [service.create(session, SYSTEM, "Thing", body) for body in (air, river, store)]
    session.commit()
    ids = SimpleNamespace(air=things[0], river=things[1], store=things[2])
    with asking() as ask:
        names = {d["name"]: d["@iot.id"] for d in ask("Datastreams")["value"]}
        ids.dust, ids.state, ids.level, ids.stock = (
            names[name] for name in ("bụi mịn", "trạng thái", "mực nước", "nhiệt độ kho")
        )
        ids.wind = ask("MultiDatastreams")["value"][0]["@iot.id"]
    ats = [START + i * clock.HOUR // 2 for i in range(60)]
    put(Columns([ids.dust] * 60, ats, [10 + (i * 7 % 23) + i / 8 for i in range(60)]))
    put(Columns([ids.level] * 20, ats[:20], [-0.5 + i / 10 for i in range(20)]))
    put(Columns([ids.stock] * 5, ats[:5], [float(i) for i in range(5)]))
    texts = ['"hỏng"', "true", "false", '{"a":{"b":5},"c":[1,2]}', '"OK"', '"it\'s"']
    put(
        Columns(
            [ids.state] * 7,
            [at + 123 for at in ats[:7]],
            [None] * 6 + [42.0],
            result_json=[*texts, None],
            until=[None, ats[2], *[None] * 5],
            result_time=[ats[1], *[None] * 6],
            valid_from=[ats[0], *[None] * 6],
            valid_until=[ats[4], *[None] * 6],
            quality=['{"level":"good"}', *[None] * 6],
            parameters=['{"n":1}', '{"n":2}', *[None] * 5],
        )
    )
    put(Columns([ids.wind] * 2, ats[:2], [None, None], result_json=["[90,2.5]", "[180,3]"]))
    return ids


def put(columns):
    """Store observations, all of them."""
    receipt = ingest.put_now(columns)
    assert not receipt.refused
    return receipt


class asking:
    """Asks the read side over its own event loop, as some caller."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        app = Starlette(routes=[Mount("/sta/v1.1", routes=routes)])
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://town/sta/v1.1/", follow_redirects=True
        )
        self.caller = SYSTEM
        self.was = read.access.caller

    def __enter__(self):
        read.access.caller = lambda _: self.caller
        return self

    def __exit__(self, *_):
        read.access.caller = self.was
        self.loop.run_until_complete(self.client.aclose())
        self.loop.run_until_complete(hot.close())
        self.loop.close()

    def get(self, url, method="GET", **more):
        """The whole response."""
        return self.loop.run_until_complete(self.client.request(method, url, **more))

    def __call__(self, url, status=200):
        """The JSON of an answer with this status."""
        response = self.get(url)
        assert response.status_code == status, (url, response.status_code, response.text)
        return response.json()

    def ids(self, url):
        """The ids of a collection, over all its pages."""
        found = []
        while url:
            page = self(url)
            found += [entity["@iot.id"] for entity in page["value"]]
            url = page.get("@iot.nextLink")
        return found


@pytest.fixture
def ask(town):
    with asking() as made:
        yield made


@pytest.fixture
def nobody():
    return ANONYMOUS


@pytest.fixture
def signed_in():
    return SIGNED_IN
