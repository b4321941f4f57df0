"""(d) reads with 50 thousand and 5 million observations stored: pages, the expand of a map, counts, far skips.

The web role is measured as such; one line more says what is left where the same process opens its rule engine meanwhile.
"""

import asyncio
import contextlib
import os
import sqlite3
import time
from typing import Any

import asyncpg

from bench import fill, load
from bench.harness import Place, Served, emit, memory, serving, using
from dothi.db.engine import set_up_sqlite
from dothi.doors.sensorthings import pages
from dothi.doors.sensorthings.prepared import prepare
from dothi.identity import guard
from dothi.kit import clock

SECONDS = 5
LATER = fill.START + 60 * clock.DAY
EXPAND = "Things?$expand=Datastreams($expand=Observations($top=1;$orderby=phenomenonTime%20desc))&$top=100"
MANY = int(os.environ.get("DOTHI_BENCH_ROWS", "5000000"))


def run(few: Place, many: Place) -> None:
    """Print the figures of (d) for one database."""
    small: dict[str, float] = {}
    for place, total in ((few, 50_000), (many, MANY)):
        with using(place):
            rate = fill.observations(fill.city(200), total)
            fill.vacuum()
            raw = _raw(place)
        emit(f"fill-{total}", place.kind, rate, "rows/s")
        emit(f"read-raw-top100-c8-{total}", place.kind, raw, "requests/s")
        with serving(place, "web") as served:
            paths = {
                "top100-c8": ("Observations?$top=100", 8, 2000),
                "top100-c1": ("Observations?$top=100", 1, None),
                "expand-latest-c8": (EXPAND, 8, 100),
                "count-c1": ("Observations?$count=true&$top=0", 1, None),
                "skip-c1": (f"Observations?$skip={total // 5}&$top=1", 1, None),
                "one-c8": ("Observations('1-{at}')".replace("{at}", str(fill.START)), 8, None),
                "range-c8": (
                    "Datastreams(7)/Observations?$filter=phenomenonTime%20ge%202026-09-01T00:10:00Z&$top=20",
                    8,
                    None,
                ),
            }
            for name, (path, connections, aim) in paths.items():
                request = load.get(f"/sta/v1.1/{path}")
                load.run(served.port, lambda _, r=request: r, connections, 0.5)  # warm
                result = load.run(served.port, lambda _, r=request: r, connections, SECONDS)
                emit(f"read-{name}-{total}", place.kind, result.rate, "requests/s", aim, role="web")
                if name == "top100-c8":
                    emit(f"read-top100-beside-raw-{total}", place.kind, result.rate, "requests/s", raw, role="web")
                if total == 50_000:
                    small[name] = result.rate
                else:
                    slower = small[name] / result.rate
                    emit(f"read-{name}-flat", place.kind, slower, "times slower at 5 million", 1.3, role="web")
            # nothing of the above was written meanwhile, so that answers could be kept; here one in eight is a write
            for name in ("expand-latest-c8", "top100-c8"):
                rate = _written(served, load.get(f"/sta/v1.1/{paths[name][0]}"))
                emit(f"read-{name}-written-{total}", place.kind, rate, "requests/s", role="web")
            emit(f"memory-after-reads-{total}", place.kind, memory(served), "MB", role="web")
        with serving(place, "all") as served:  # its rules begin now, and look back
            request = load.get("/sta/v1.1/Observations?$top=100")
            rate = load.run(served.port, lambda _, r=request: r, 8, SECONDS).rate
            emit(f"read-top100-c8-{total}", place.kind, rate, "requests/s", 2000, role="all")


def _written(served: Served, request: bytes) -> float:
    """Answers a second at 8 connections, one request in eight an observation of the newest time."""

    def mixed(n: int) -> bytes:
        if n % 8:
            return request
        body = f'{{"phenomenonTime":"{clock.iso(LATER + n * 1_000_000)}","result":{n % 50}}}'
        return load.post("/sta/v1.1/Datastreams(1)/Observations", body.encode())

    return load.run(served.port, mixed, 8, SECONDS).rate * 7 / 8


def _raw(place: Place) -> float:
    """The page's own statement straight from the driver, 8 connections at once, SQLite one; statements a second."""
    asked = prepare("Observations", b"$top=100", guard.SYSTEM)
    statement = asked.plan.statement
    values = statement.values(asked.binds | {"window": pages.WINDOW})
    if place.kind == "postgresql":
        return asyncio.run(_raw_postgresql(place.url, statement.sql, values))
    with contextlib.closing(sqlite3.connect(place.folder / "dothi.db")) as connection:
        set_up_sqlite(connection)
        end, count = time.perf_counter() + SECONDS, 0
        while time.perf_counter() < end:
            connection.execute(statement.sql, values).fetchall()
            count += 1
    return count / SECONDS


async def _raw_postgresql(url: str, sql: str, values: list[Any]) -> float:
    count, end = 0, time.perf_counter() + SECONDS

    async def one() -> None:
        nonlocal count
        connection = await asyncpg.connect(url, server_settings={"plan_cache_mode": "force_generic_plan"})
        while time.perf_counter() < end:
            await connection.fetch(sql, *values)
            count += 1
        await connection.close()

    await asyncio.gather(*(one() for _ in range(8)))
    return count / SECONDS
