"""Engines: one per process and database, set up so that acknowledged means on disk."""

import json
import math
import sqlite3
from collections.abc import Callable
from typing import Any

import shapely
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.pool import QueuePool

from dothi.db import alive, commits, spatial, values
from dothi.kit import geo
from dothi.kit.errors import DothiError

_KEPT = 5  # SQLite's connections that stay open: each may hold 64 MB of pages
_RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "st_equals": shapely.equals,
    "st_disjoint": shapely.disjoint,
    "st_touches": shapely.touches,
    "st_within": shapely.within,
    "st_overlaps": shapely.overlaps,
    "st_crosses": shapely.crosses,
    "st_intersects": shapely.intersects,
    "st_contains": shapely.contains,
    "st_distance": shapely.distance,
}


def make_engine(url: str, pool: int = 10) -> Engine:
    """An engine for `sqlite:///file` or `postgresql+psycopg://…`, set up alike."""
    if url.startswith("sqlite"):
        # to open one and read the schema costs 2.5 ms of processor time, a kept one 0.1; beyond the pool they are closed
        arguments = {"check_same_thread": False, "timeout": 30}
        engine = create_engine(
            url, poolclass=QueuePool, pool_size=_KEPT, max_overflow=-1, connect_args=arguments, json_serializer=_json
        )
        event.listen(engine, "connect", set_up_sqlite)
        event.listen(engine, "begin", _begin)
        return engine
    # compiling a plan costs more than it saves on what dothi asks
    options = "-c jit=off " + str(make_url(url).query.get("options", ""))
    engine = create_engine(
        url, pool_size=pool, max_overflow=pool, json_serializer=_json, connect_args={"options": options},
    )  # fmt: skip
    alive.watch(engine)
    commits.watch(engine)
    return engine


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def set_up_sqlite(connection: sqlite3.Connection, _: Any = None) -> None:
    """WAL, a commit reaches the disk, foreign keys hold, and the spatial words answer."""
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-65536",
        "mmap_size=1073741824",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}").close()
    for name, relation in _RELATIONS.items():
        connection.create_function(f"dothi_{name}", 2, _answer(relation), deterministic=True)
    for name, places, answer in _PLAIN:
        connection.create_function(f"dothi_{name}", places, answer, deterministic=True)
    for name, places, answer in (*values.functions, *spatial.functions()):
        connection.create_function(name, places, answer, deterministic=True)
    connection.create_function("dothi_st_relate", 3, _relate, deterministic=True)
    connection.create_function("dothi_st_length", 1, _length, deterministic=True)


def _begin(connection: Any) -> None:
    immediate = connection.get_execution_options().get("dothi_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _answer(relation: Callable[[Any, Any], Any]) -> Callable[[bytes | None, bytes | None], Any]:
    def answer(a: bytes | None, b: bytes | None) -> Any:
        if a is None or b is None:
            return None
        value = relation(shapely.from_wkb(a), shapely.from_wkb(b)).item()
        return int(value) if isinstance(value, bool) else value

    return answer


def _floor(a: float | None) -> float | None:
    return None if a is None or not math.isfinite(a) else float(math.floor(a))


def _mod(a: float | None, b: float | None) -> float | None:
    return None if a is None or not b or not math.isfinite(a) or not math.isfinite(b) else math.fmod(a, b)


def _lower(a: str | None) -> str | None:
    return None if a is None else str(a).lower()


def _upper(a: str | None) -> str | None:
    return None if a is None else str(a).upper()


def _geojson(a: str | None) -> bytes | None:
    try:
        return None if a is None else geo.wkb(geo.from_geojson(json.loads(a)))
    except (DothiError, ValueError):
        return None


def _geojson_of(a: bytes | None) -> str | None:
    if a is None:
        return None
    shape = shapely.from_wkb(a)
    return str(shapely.to_geojson(shapely.transform(shape, lambda points: points.round(7))))


_PLAIN: tuple[tuple[str, int, Callable[..., Any]], ...] = (
    ("geojson_of", 1, _geojson_of),
    ("floor", 1, _floor),
    ("mod", 2, _mod),
    ("lower", 1, _lower),
    ("upper", 1, _upper),
    ("geojson", 1, _geojson),
)


def _relate(a: bytes | None, b: bytes | None, pattern: str) -> int | None:
    if a is None or b is None:
        return None
    return int(shapely.relate_pattern(shapely.from_wkb(a), shapely.from_wkb(b), pattern))


def _length(a: bytes | None) -> float | None:
    return None if a is None else float(shapely.length(shapely.from_wkb(a)))
