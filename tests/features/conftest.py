"""A dataset of lamps on a street, one of zones, one nobody outside may see; and somebody who asks for them."""

import itertools
from types import SimpleNamespace

import httpx
import pytest
import shapely
from sqlalchemy import insert
from sqlalchemy.orm import Session
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount

from dothi.datasets import views
from dothi.datasets.tables import Dataset, Record
from dothi.db import session as db
from dothi.doors.features.routes import routes
from dothi.identity import service as identity
from dothi.identity.guard import SYSTEM
from dothi.kit import clock, text
from tests import looping

OGC = "/ogc"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
T0 = clock.parse("2026-01-01T00:00:00Z")
FIELDS = {
    "name": {"type": "string", "title": "Tên", "title-en": "Name"},
    "power": {"type": "number", "title": "Công suất", "x-unit": "W"},
    "poles": {"type": "integer", "title": "Số cột"},
    "lit": {"type": "boolean", "title": "Sáng"},
    "installed": {"type": "string", "format": "date", "title": "Ngày lắp"},
    "checked": {"type": "string", "format": "date-time", "title": "Kiểm tra lúc"},
    "tags": {"type": "array", "items": {"type": "string"}, "title": "Nhãn"},
    "since": {"type": "string", "format": "date-time", "x-role": "valid-from"},
    "until": {"type": "string", "format": "date-time", "x-role": "valid-until"},
    "contract": {"type": "string", "title": "Hợp đồng", "x-open": False},
    "keeper": {"type": "string", "title": "Người giữ", "x-personal": True},
}


def schema(fields=None):
    fields = fields or FIELDS
    return {"type": "object", "properties": fields, "required": ["name"], "x-order": list(fields)}


def dataset(session: Session, code: str, **more) -> Dataset:
    plain = {
        "code": code, "title": f"Bộ {code}", "title_en": f"The {code}", "description": "", "folded": text.fold(f"bo {code}"),
        "sharing": "open", "status": "published", "schema": schema(), "geometry_type": "Point",
        "keywords": [], "themes": [], "simulated": False, "created_at": T0, "described_at": T0, "count": 0, "version": 0,
    }  # fmt: skip
    one = Dataset(**(plain | more))
    session.add(one)
    session.flush()
    return one


def row(one: Dataset, key: str, shape, properties, **more) -> dict:
    west, south, east, north = shape.bounds if shape is not None else (None,) * 4
    return {
        "dataset_id": one.id, "key": key, "geometry": None if shape is None else shapely.to_wkb(shape, byte_order=1),
        "geojson": None if shape is None else shapely.to_geojson(shape), "properties": properties, "west": west, "south": south,
        "east": east, "north": north, "unit_code": "80104", "folded": text.fold(str(properties.get("name", ""))),
        "valid_from": None, "valid_until": None, "version": 1, "recorded_at": T0, "recorded_by": "person:1",
    } | more  # fmt: skip


def put(session: Session, one: Dataset, rows: list[dict]) -> None:
    """Records as they are kept, with what a write keeps beside them."""
    session.execute(insert(Record), rows)
    shapes = [each for each in rows if each["west"] is not None]
    one.count += len(rows)
    one.version += 1
    one.changed_at = T0
    one.west, one.south = min(e["west"] for e in shapes), min(e["south"] for e in shapes)
    one.east, one.north = max(e["east"] for e in shapes), max(e["north"] for e in shapes)


NAMES = ("Đèn Trần Hưng Đạo", "Đèn Nguyễn Huệ", "Cột Châu Thị Kim", 'đèn "góc" \\ phố')


def lamp(number: int) -> dict:
    made = {
        "name": f"{NAMES[number % 4]} {number}", "power": (70, 100, 150.5)[number % 3], "poles": number % 5,
        "lit": number % 2 == 0, "installed": f"2024-0{1 + number % 9}-15", "checked": f"2026-01-{1 + number % 28:02}T07:00:00.000Z",
        "tags": ["led", "cũ"][: number % 3], "contract": f"HD-{number}", "keeper": "Ông Ba",
    }  # fmt: skip
    if number % 10 == 7:
        del made["power"]
    return made


@pytest.fixture
def streets(database):
    """lamps: sixty points on a grid of 0.01 degrees, ten a row; zones: squares; closed: restricted; nowhere: no places."""
    with Session(database) as session:
        lamps = dataset(session, "lamps")
        put(session, lamps, [
            row(lamps, f"D-{i:03}", shapely.Point(round(106.40 + i % 10 / 100, 7), round(10.50 + i // 10 / 100, 7)), lamp(i),
                valid_from=T0 + i * clock.DAY, valid_until=None if i % 2 else T0 + (i + 10) * clock.DAY)
            for i in range(60)
        ])  # fmt: skip
        zones = dataset(session, "zones", geometry_type="Polygon", schema=schema({"name": {"type": "string"}}))
        triangle = shapely.Polygon([(106.40, 10.50), (106.50, 10.50), (106.40, 10.60)])
        square = shapely.box(106.45, 10.55, 106.46, 10.56)
        put(session, zones, [row(zones, "tam-giác/1", triangle, {"name": "Tam giác"}), row(zones, "o", square, {})])
        closed = dataset(session, "closed", sharing="restricted")
        put(session, closed, [row(closed, "K-1", shapely.Point(106.4, 10.5), {"name": "Kín"})])
        nowhere = dataset(session, "nowhere", geometry_type=None, schema=schema({"name": {"type": "string"}}))
        session.execute(insert(Record), [row(nowhere, "N-1", None, {"name": "Danh mục"})])
        nowhere.count = nowhere.version = 1
        session.commit()
        ids = SimpleNamespace(lamps=lamps.id, zones=zones.id, closed=closed.id)
    views.forget()
    return ids


class Web:
    """Asks the interface within this process, one call after another."""

    def __init__(self) -> None:
        app = GZipMiddleware(Starlette(routes=[Mount(OGC, routes=routes)]), minimum_size=2048)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=f"http://city.test{OGC}"
        )

    def request(self, method: str, url, **more) -> httpx.Response:
        return looping.run(self.client.request(method, url, **more))

    def __getattr__(self, method: str):
        return lambda url, **more: self.request(method.upper(), url, **more)

    def close(self) -> None:
        looping.run(self.client.aclose())


@pytest.fixture
def web(streets):
    """Asks the interface as a stranger does."""
    made = Web()
    yield made
    made.close()


@pytest.fixture
def key(streets):
    """A key that reads, writes and describes data everywhere, as headers."""
    with db.writing() as session:
        made = identity.create_key(session, SYSTEM, "khóa thử", ["data:read", "data:write", "data:describe"])
    return {"Authorization": f"Bearer {made}"}


def ids(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["features"]]


def link(body: dict, rel: str) -> str | None:
    return next((one["href"] for one in body["links"] if one["rel"] == rel), None)


def walk(web: httpx.Client, path: str, **params) -> list[dict]:
    """Every feature of every page."""
    found, url = [], httpx.URL(path, params=params)
    for _ in itertools.count():
        body = web.get(url).json()
        found += body["features"]
        following = link(body, "next")
        if following is None:
            return found
        url = httpx.URL(following)
