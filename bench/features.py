"""OGC API Features and Tiles on 200,000 points and 20,000 polygons: each a share of raw SQL, and beside other servers.

Raw SQL is the same page as ready GeoJSON text (or ST_AsMVT) straight from the driver, as many connections at once,
without HTTP, access checks or links. The other servers (PyPI's tipg and pygeoapi) read a plain PostGIS table with the
same rows in columns; `bench/peers/install.sh` makes their environment. DOTHI_BENCH_ALONE leaves them out.
"""

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from bench import load, peers
from bench.harness import Place, Served, emit, memory, processor, serving, using
from dothi.db import session as db
from dothi.db.engine import set_up_sqlite

POINTS = int(os.environ.get("DOTHI_BENCH_FEATURES", "200000"))
POLYGONS = POINTS // 10
FEW, MANY = 2_000, int(os.environ.get("DOTHI_BENCH_FEATURES_MANY", "2000000"))
SECONDS = 4
WEST, SOUTH, EAST, NORTH = 105.9, 10.3, 106.9, 11.1
KINDS = ("LED", "SODIUM", "METAL-HALIDE", "CFL")
SCHEMA = {
    "type": "object",
    "properties": {
        "code": {"type": "string", "title": "Mã", "x-role": "key"},
        "name": {"type": "string", "title": "Tên", "x-role": "name"},
        "kind": {"type": "string", "title": "Loại"},
        "power": {"type": "number", "title": "Công suất", "x-unit": "W"},
        "height": {"type": "number", "title": "Chiều cao", "x-unit": "m"},
        "on": {"type": "boolean", "title": "Đang sáng"},
        "since": {"type": "string", "format": "date", "title": "Từ ngày"},
        "note": {"type": "string", "title": "Ghi chú"},
    },
    "x-order": ["code", "name", "kind", "power", "height", "on", "since", "note"],
}
# aims on PostgreSQL at 8 connections, requests/s
AIMS = {"items": 1500.0, "bbox": 250.0, "item": 3000.0}


def run(place: Place) -> None:
    """Print every figure for one database."""
    sets = {"points": (POINTS, "Point"), "polygons": (POLYGONS, "Polygon")}
    with using(place):
        for code, (count, kind) in sets.items():
            emit(f"features-load-{code}", place.kind, fill(place, code, count, kind), "rows/s")
        vacuum()
    raw = _raw(place)
    with serving(place) as served:
        ours = _measure(served, place.kind, "", requests("points", POINTS), raw)
        _measure(
            served, place.kind, "polygons-", {"items": _items("polygons"), "bbox": _bbox("polygons", POLYGONS)}, {}
        )
        _tiles(served, place, raw)
        emit("features-memory", place.kind, memory(served), "MB")
    _fresh(place, raw)
    if place.kind == "postgresql" and not os.environ.get("DOTHI_BENCH_ALONE"):
        for name, rates in peers.rates(place, SECONDS).items():
            for request, (rate, spent) in rates.items():
                emit(f"features-{name}-{request}-c8", place.kind, rate, "requests/s")
                emit(f"features-{name}-{request}-processor-c8", place.kind, spent, "ms of the web process")
                if request in ours and rate:
                    emit(f"features-{request}-beside-{name}", place.kind, ours[request], "requests/s", rate)
    _flat(place)


def requests(code: str, count: int) -> dict[str, Callable[[int], str]]:
    """The addresses measured, by name; the number varies what varies between users."""
    rng = np.random.default_rng(7)
    keys = rng.integers(0, count, 5000)
    return {
        "items": _items(code),
        "bbox": _bbox(code, count),
        "item": lambda n: f"/ogc/collections/{code}/items/{code}-{keys[n % 5000]}",
        "cql2": lambda n: (
            f"/ogc/collections/{code}/items?limit=100&filter=kind='LED'%20AND%20power%3E{100 + n % 7 * 10}"
        ),
    }


def _items(code: str) -> Callable[[int], str]:
    return lambda _: f"/ogc/collections/{code}/items?limit=100"


def boxes(count: int, wanted: int = 1000) -> list[tuple[float, float, float, float]]:
    """Boxes that hold about so many of `count` evenly spread features."""
    share = min(1.0, wanted / count) ** 0.5
    rng = np.random.default_rng(11)
    width, height = (EAST - WEST) * share, (NORTH - SOUTH) * share
    lefts = rng.random(500) * (EAST - WEST - width) + WEST
    lows = rng.random(500) * (NORTH - SOUTH - height) + SOUTH
    return [
        (round(x, 5), round(y, 5), round(x + width, 5), round(y + height, 5)) for x, y in zip(lefts, lows, strict=True)
    ]


def _bbox(code: str, count: int) -> Callable[[int], str]:
    made = [",".join(map(str, box)) for box in boxes(count)]
    return lambda n: f"/ogc/collections/{code}/items?limit=1000&bbox={made[n % 500]}"


def _measure(
    served: Served, kind: str, prefix: str, paths: dict[str, Callable[[int], str]], raw: dict[str, float]
) -> dict[str, float]:
    rates = {}
    for name, path in paths.items():
        for connections in (1, 8):
            load.run(served.port, lambda n, p=path: load.get(p(n)), connections, 0.5)
            before = processor(served.process.pid)
            found = load.run(served.port, lambda n, p=path: load.get(p(n)), connections, SECONDS)
            spent = processor(served.process.pid) - before
            limit = raw.get(f"{name}-{connections}")
            emit(f"features-{prefix}{name}-c{connections}", kind, found.rate, "requests/s", limit)
            rates[name] = found.rate
        emit(f"features-{prefix}{name}-processor-c8", kind, 1000 * spent / found.requests, "ms of the web process")
        if kind == "postgresql" and not prefix and name in AIMS:
            emit(f"features-{name}-aim", kind, rates[name], "requests/s", AIMS[name])
    return rates


def fill(place: Place, code: str, count: int, kind: str) -> float:
    """A dataset of so many features through a real load of a GeoParquet file; rows/s from file to commit."""
    from dothi.datasets import service
    from dothi.datasets.loads import service as loads
    from dothi.db import schema
    from dothi.identity.guard import SYSTEM

    schema.upgrade(db.engine())
    with db.writing() as session:
        service.create(
            session, SYSTEM,
            {"code": code, "title": code, "schema": SCHEMA, "geometry_type": kind, "key_field": "code"},
        )  # fmt: skip
        dataset = session.query(_dataset()).filter_by(code=code).one()
        dataset.sharing, dataset.status = "open", "published"
    file = Path(place.folder) / f"{code}.parquet"
    pq.write_table(table(code, count, kind), file)
    began = time.perf_counter()
    made = loads.stage(SYSTEM, code, file, mode="append")
    loads.apply(SYSTEM, made.id)
    seconds = time.perf_counter() - began
    if made.accepted != count:
        raise RuntimeError(f"{made.accepted} of {count} rows were accepted")
    file.unlink()
    return count / seconds


def _dataset():
    from dothi.datasets.tables import Dataset

    return Dataset


def table(code: str, count: int, kind: str) -> pa.Table:
    """Evenly spread features as GeoParquet."""
    rng = np.random.default_rng(3)
    x = WEST + rng.random(count) * (EAST - WEST)
    y = SOUTH + rng.random(count) * (NORTH - SOUTH)
    shapes = shapely.points(x, y)
    if kind == "Polygon":
        shapes = shapely.buffer(shapes, 0.0006 + rng.random(count) * 0.0012, quad_segs=5)
    number = np.arange(count)
    columns = {
        "code": [f"{code}-{n}" for n in number],
        "name": [f"Đèn số {n} đường Hùng Vương" for n in number],
        "kind": [KINDS[n % 4] for n in number],
        "power": (50 + number % 30 * 5).astype(float),
        "height": (6 + number % 9 / 2).astype(float),
        "on": number % 3 == 0,
        "since": [f"20{10 + n % 15:02d}-0{1 + n % 9}-15" for n in number],
        "note": ["" if n % 5 else "cần thay chóa đèn" for n in number],
        "geometry": shapely.to_wkb(shapes).tolist(),
    }
    meta = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": [kind]}},
    }
    return pa.table(columns).replace_schema_metadata({"geo": json.dumps(meta)})


def vacuum() -> None:
    """What the database would do by itself soon after a load."""
    with db.engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        word = "VACUUM ANALYZE record" if connection.dialect.name == "postgresql" else "ANALYZE"
        connection.exec_driver_sql(word)


# --- raw SQL: what the database itself gives of ready text


_PG = (
    'SELECT string_agg(\'{"type":"Feature","id":"\' || key || \'","geometry":\' || geojson || \',"properties":\''
    " || properties::text || '}', ',') FROM (SELECT key, geojson, properties FROM record WHERE {where}) f"
)
_LITE = (
    'SELECT group_concat(\'{"type":"Feature","id":"\' || key || \'","geometry":\' || geojson || \',"properties":\''
    " || properties || '}', ',') FROM (SELECT key, geojson, properties FROM record WHERE {where}) f"
)


def _raw(place: Place) -> dict[str, float]:
    box = boxes(POINTS)
    keys = [f"points-{n}" for n in np.random.default_rng(7).integers(0, POINTS, 5000)]
    found = _raw_sqlite(place, box, keys) if place.kind == "sqlite" else asyncio.run(_raw_postgresql(place, box, keys))
    for name, rate in found.items():
        emit(f"features-raw-{name}", place.kind, rate, "requests/s")
    return found


async def _raw_postgresql(place: Place, box: list[tuple[float, ...]], keys: list[str]) -> dict[str, float]:
    async with await psycopg.AsyncConnection.connect(place.url) as one:
        (id_,) = await (await one.execute("SELECT id FROM dataset WHERE code = 'points'")).fetchone()
    near = "dataset_id = {id} AND geometry && ST_MakeEnvelope(%s, %s, %s, %s, 4326) ORDER BY id LIMIT 1000"
    statements = {
        "items": (_PG.replace("{where}", f"dataset_id = {id_} ORDER BY id LIMIT 100"), lambda _: ()),
        "bbox": (_PG.replace("{where}", near.format(id=id_)), lambda n: box[n % 500]),
        "item": (_PG.replace("{where}", f"dataset_id = {id_} AND key = %s"), lambda n: (keys[n % 5000],)),
        "tile": (
            (
                "SELECT ST_AsMVT(t, 'points') FROM (SELECT ST_AsMVTGeom(mercator, ST_TileEnvelope(14, %s, %s)) AS geom, key,"
                f" properties->>'name' AS name FROM record WHERE dataset_id = {id_}"
                " AND mercator && ST_TileEnvelope(14, %s, %s)) t"
            ),
            lambda n: addresses()[n % 400] * 2,
        ),
    }
    rates = {}
    for name, (sql, values) in statements.items():
        for connections in (1, 8):
            rates[f"{name}-{connections}"] = await _ask(place.url, sql, values, connections)
    return rates


async def _ask(url: str, sql: str, values: Callable[[int], tuple[object, ...]], connections: int) -> float:
    count = 0
    end = time.perf_counter() + SECONDS

    async def one() -> None:
        nonlocal count
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, prepare_threshold=1) as connection:
            while time.perf_counter() < end:
                count += 1
                await (await connection.execute(sql, values(count))).fetchall()

    await asyncio.gather(*(one() for _ in range(connections)))
    return count / SECONDS


def _raw_sqlite(place: Place, box: list[tuple[float, ...]], keys: list[str]) -> dict[str, float]:
    connection = sqlite3.connect(Path(place.folder) / "dothi.db")
    set_up_sqlite(connection)
    (id_,) = connection.execute("SELECT id FROM dataset WHERE code = 'points'").fetchone()
    near = (
        f"id IN (SELECT id FROM record_box WHERE first_dataset <= {id_} AND last_dataset >= {id_} AND west <= ?3"
        " AND east >= ?1 AND south <= ?4 AND north >= ?2) ORDER BY id LIMIT 1000"
    )
    statements = {
        "items": (_LITE.replace("{where}", f"dataset_id = {id_} ORDER BY id LIMIT 100"), lambda _: ()),
        "bbox": (_LITE.replace("{where}", near), lambda n: box[n % 500]),
        "item": (_LITE.replace("{where}", f"dataset_id = {id_} AND key = ?"), lambda n: (keys[n % 5000],)),
    }
    rates = {}
    for name, (sql, values) in statements.items():
        end, count = time.perf_counter() + SECONDS, 0
        while time.perf_counter() < end:
            count += 1
            connection.execute(sql, values(count)).fetchall()
        rates[f"{name}-1"] = rates[f"{name}-8"] = count / SECONDS
    connection.close()
    return rates


# --- tiles


def addresses() -> list[tuple[int, int]]:
    """The x, y of 400 zoom 14 tiles inside the area, column first."""
    return _addresses


def _make() -> list[tuple[int, int]]:
    size = 2**14
    left, right = (int((lon + 180) / 360 * size) for lon in (WEST, EAST))
    top, low = (
        int((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * size) for lat in (NORTH, SOUTH)
    )  # fmt: skip
    every = [(x, y) for x in range(left + 1, right) for y in range(top + 1, low)]
    return [every[i] for i in np.random.default_rng(5).permutation(len(every))[:400]]


_addresses = _make()


def _tiles(served: Served, place: Place, raw: dict[str, float]) -> None:
    def tile(n: int) -> str:
        x, y = _addresses[n % 400]
        # another selection each round, so that no tile is a kept one
        return f"/ogc/collections/points/tiles/WebMercatorQuad/14/{y}/{x}?properties=name&filter=power%20%3C%20{1000 + n // 400}"

    for connections in (1, 8):
        found = load.run(served.port, lambda n: load.get(tile(n)), connections, SECONDS)
        emit(
            f"tiles-fresh-filtered-c{connections}", place.kind, found.rate, "requests/s", raw.get(f"tile-{connections}")
        )
    every = _every()
    for connections in (1, 8):
        load.run(served.port, lambda n: every[n % 400], connections, 1.0)
        found = load.run(served.port, lambda n: every[n % 400], connections, SECONDS)
        emit(f"tiles-kept-c{connections}", place.kind, found.rate, "requests/s", 3000 if connections == 8 else None)


def _every() -> list[bytes]:
    return [
        load.get(f"/ogc/collections/points/tiles/WebMercatorQuad/14/{y}/{x}?properties=name") for x, y in _addresses
    ]


def _fresh(place: Place, raw: dict[str, float]) -> None:
    """Tiles of a server that keeps none."""
    every = _every()
    with serving(place, DOTHI_TILE_CACHE="0") as served:
        for connections in (1, 8):
            load.run(served.port, lambda n: every[n % 400], connections, 0.5)
            found = load.run(served.port, lambda n: every[n % 400], connections, SECONDS)
            emit(f"tiles-fresh-c{connections}", place.kind, found.rate, "requests/s", raw.get(f"tile-{connections}"))


# --- flat from two thousand to two million


def _flat(place: Place) -> None:
    if not MANY:
        return
    with using(place):
        fill(place, "few", FEW, "Point")
        emit("features-load-many", place.kind, fill(place, "many", MANY, "Point"), "rows/s")
        vacuum()
    with serving(place) as served:
        small = _rates(served, "few", FEW)
        large = _rates(served, "many", MANY)
    for name, rate in large.items():
        emit(f"features-{name}-flat", place.kind, small[name] / rate, f"times slower at {MANY:,}", 1.3)


def _rates(served: Served, code: str, count: int) -> dict[str, float]:
    made = {}
    for name, path in requests(code, count).items():
        if name == "cql2":
            continue
        load.run(served.port, lambda n, p=path: load.get(p(n)), 8, 2 * SECONDS)  # so that both stand in memory
        made[name] = load.run(served.port, lambda n, p=path: load.get(p(n)), 8, SECONDS).rate
    return made
