"""Datasets to cut tiles from, written as a plain write does, and the door asked without a server."""

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import mapbox_vector_tile
import pytest
import shapely
from sqlalchemy import Engine, delete, insert, select, update

from dothi.datasets import stamps, tiling, views
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.db import hot
from dothi.doors.tiles.routes import Door
from dothi.kit import clock

SCHEMA = {
    "type": "object",
    "x-order": ["code", "name", "kind", "power", "year", "lit", "parts", "secret"],
    "properties": {
        "code": {"type": "string", "title": "Mã", "x-role": "key"},
        "name": {"type": "string", "title": "Tên", "title-en": "Name", "x-role": "name"},
        "kind": {
            "type": "string",
            "title": "Loại",
            "oneOf": [
                {"const": "led", "title": "Đèn LED", "title-en": "LED"},
                {"const": "hps", "title": "Cao áp", "title-en": "Sodium"},
            ],
        },
        "power": {"type": "number", "title": "Công suất", "x-unit": "W"},
        "year": {"type": "integer", "title": "Năm"},
        "lit": {"type": "boolean", "title": "Đang sáng"},
        "parts": {"type": "array", "items": {"type": "string"}, "title": "Bộ phận"},
        "secret": {"type": "string", "title": "Ghi chú nội bộ", "x-open": False},
    },
}
PATH = "/ogc/collections/{}/tiles/WebMercatorQuad/{}/{}/{}"


@dataclass
class Sets:
    """Writes datasets and records past every service, as another process would: nobody here is told."""

    engine: Engine

    def make(self, code="lamps", geometry_type="Point", schema=None, **more):
        now = clock.now_micros()
        row = {
            "code": code, "title": f"Bộ {code}", "folded": code, "schema": schema or SCHEMA, "key_field": "code",
            "geometry_type": geometry_type, "sharing": "open", "status": "published", "created_at": now,
            "described_at": now,
        }  # fmt: skip
        with self.engine.begin() as connection:
            return connection.execute(insert(Dataset).values(row | more).returning(Dataset.id)).scalar_one()

    def describe(self, code, **more):
        with self.engine.begin() as connection:
            connection.execute(
                update(Dataset).where(Dataset.code == code).values(described_at=Dataset.described_at + 1, **more)
            )

    def put(self, code, records, at=None):
        """Records as (key, shapely geometry, properties); a key that is there is replaced."""
        at = at or clock.now_micros()
        with self.engine.begin() as connection:
            dataset_id, version = self._next(connection, code)
            boxes, rows = [], []
            for key, shape, properties in records:
                boxes += self._drop(connection, dataset_id, key, at, deleted=False)
                rows.append(self._row(dataset_id, key, shape, properties, at))
                boxes.append(shape.bounds)
            connection.execute(insert(Record), rows)
            self._touched(connection, dataset_id, boxes, version)

    def remove(self, code, key, at=None):
        with self.engine.begin() as connection:
            dataset_id, version = self._next(connection, code)
            boxes = self._drop(connection, dataset_id, key, at or clock.now_micros(), deleted=True)
            self._touched(connection, dataset_id, boxes, version)

    def _next(self, connection, code):
        query = update(Dataset).where(Dataset.code == code).values(version=Dataset.version + 1)
        return connection.execute(query.returning(Dataset.id, Dataset.version)).one()

    def _drop(self, connection, dataset_id, key, at, *, deleted):
        table = Record.__table__
        old = (
            connection.execute(select(table).where(table.c.dataset_id == dataset_id, table.c.key == key))
            .mappings()
            .first()
        )
        if old is None:
            return []
        kept = {name: value for name, value in old.items() if name not in ("id", "said")}
        kept |= {"record_id": old["id"], "superseded_at": at, "superseded_by": "key:1", "deleted": deleted}
        connection.execute(insert(RecordVersion).values(kept))
        connection.execute(delete(table).where(table.c.id == old["id"]))
        return [(old["west"], old["south"], old["east"], old["north"])]

    def _row(self, dataset_id, key, shape, properties, at):
        west, south, east, north = map(float, shape.bounds)
        own = {name: properties.pop(name) for name in ("valid_from", "valid_until") if name in properties}
        return {
            "dataset_id": dataset_id, "key": key, "geometry": bytes(shapely.to_wkb(shape)),
            "geojson": shapely.to_geojson(shape), "properties": properties, "west": west, "south": south,
            "east": east, "north": north, "version": 1, "recorded_at": at, "recorded_by": "key:1",
            "valid_from": None, "valid_until": None,
        } | own  # fmt: skip

    def _touched(self, connection, dataset_id, boxes, version):
        class Bound:
            def connection(self):
                return connection

        stamps.touch(Bound(), dataset_id, boxes, version)


@dataclass
class Answer:
    status: int
    headers: httpx.Headers
    body: bytes

    @property
    def json(self):
        import json

        return json.loads(self.body)

    @property
    def layer(self):
        if not self.body:
            return {"features": []}
        (layer,) = mapbox_vector_tile.decode(self.body, default_options={"y_coord_down": True}).values()
        return layer

    @property
    def features(self):
        return self.layer["features"]

    @property
    def keys(self):
        return {one["properties"]["key"] for one in self.features if "key" in one["properties"]}

    @property
    def total(self):
        return sum(one["properties"].get("point_count", 1) for one in self.features)


class Asker:
    """Asks the door."""

    def __init__(self, app=None):
        self.app = app or Door()
        self.runner = asyncio.Runner()

    def get(self, path, *, method="GET", **headers):
        return self.all([path], method=method, **headers)[0]

    def all(self, paths, *, method="GET", **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}

        async def ask():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://city") as client:
                made = [client.request(method, path, headers={"accept-encoding": "identity"} | sent) for path in paths]
                return await asyncio.gather(*made)

        return [Answer(one.status_code, one.headers, one.content) for one in self.runner.run(ask())]

    def tile(self, code, z, x, y, query="", **headers):
        return self.get(PATH.format(code, z, y, x) + query, **headers)

    def close(self):
        self.runner.run(hot.close())
        self.runner.close()


@pytest.fixture
def sets(database: Engine) -> Sets:
    tiling.forget()
    views.forget()
    return Sets(database)


@pytest.fixture
def ask(database: Engine) -> Iterator[Asker]:
    asker = Asker()
    yield asker
    asker.close()


def tile_of(lon, lat, z):
    """Column and row of the tile a position lies in, and its units there."""
    sine = math.sin(math.radians(lat))
    x = (lon + 180) / 360 * 2**z
    y = (0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)) * 2**z
    return int(x), int(y), ((x % 1) * 4096, (y % 1) * 4096)
