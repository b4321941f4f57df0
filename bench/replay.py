"""The city of any minute of the last 30 days, with 1,000 datastreams: as it was, as it was known, as a load of history.

Aim: a full city in 2 s (issue), 300 ms (our own). Values stand straight in the table, a minute apart, received two
seconds after they were; 2 % came three hours late and 0.5 % were corrected, as after a broker's outage.
"""

import os
import random
import statistics
import time
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.orm import Session

from bench import fill
from bench.harness import Place, emit, using
from dothi.db import session as db
from dothi.db import writers
from dothi.identity.guard import SYSTEM
from dothi.kit import clock
from dothi.sensing import picture

STREAMS = int(os.environ.get("DOTHI_BENCH_REPLAY_STREAMS", "1000"))
DAYS = int(os.environ.get("DOTHI_BENCH_REPLAY_DAYS", "30"))
MINUTE = 60 * clock.SECOND
AIM, LIMIT = 0.3, 2.0  # seconds
ASKED = 40
_SERIES = {
    "sqlite": "WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :count)",
    "postgresql": "WITH n AS (SELECT generate_series(0, cast(:count AS bigint) - 1) AS n)",
}


def run(place: Place) -> None:
    """Print every figure for one database."""
    with using(place):
        ids = fill.city(STREAMS // fill.PER_THING)
        end = fill.START + DAYS * clock.DAY
        began = time.perf_counter()
        rows = _values(place.kind, ids)
        emit("replay-filled", place.kind, rows / (time.perf_counter() - began), "rows/s")
        fill.vacuum()
        began = time.perf_counter()
        with db.reading() as session:
            picture.picture(session, SYSTEM, end, end)
        emit("replay-first-of-a-process", place.kind, time.perf_counter() - began, "s", LIMIT)  # it reads the packs
        luck = random.Random(5)
        moments = [end - luck.randrange(DAYS * clock.DAY) for _ in range(ASKED)]
        _measure(place, "replay-as-known-then", lambda s, at: picture.picture(s, SYSTEM, at, at), moments)
        _measure(place, "replay-as-known-today", lambda s, at: picture.picture(s, SYSTEM, at), moments)
        before = fill.START - clock.DAY
        _measure(place, "replay-nothing-known", lambda s, at: picture.picture(s, SYSTEM, at, before), moments)
        steps = [end - 3 * clock.HOUR + n * 10 * MINUTE for n in range(18)]
        _measure(place, "replay-playing-600x", lambda s, at: picture.picture(s, SYSTEM, at, at), steps)


def _values(kind: str, ids: list[int]) -> int:
    count = DAYS * 1440
    with db.writing() as session:
        writers.ensure_partitions(session, [fill.START + n * clock.DAY for n in range(DAYS + 1)])
        for at in range(0, len(ids), 50):
            part = ids[at : at + 50]
            session.execute(
                text(
                    "INSERT INTO observation (datastream_id, at, result, received_at)"
                    f" {_SERIES[kind]} SELECT d.id, :start + n * {MINUTE}, (n * 7 + d.id * 13) % 400 / 10.0,"
                    f" :start + n * {MINUTE} + CASE WHEN (n / 180) % 50 = 7 THEN {3 * clock.HOUR} ELSE {2 * clock.SECOND} END"
                    " FROM datastream d, n WHERE d.id BETWEEN :first AND :last"
                ),
                {"start": fill.START, "count": count, "first": part[0], "last": part[-1]},
            )
        session.execute(
            text(
                "INSERT INTO observation_superseded (datastream_id, at, result, received_at, superseded_at, deleted)"
                " SELECT datastream_id, at, result + 1, received_at, received_at + 3600000000, false FROM observation"
                f" WHERE (at / {MINUTE}) % 200 = 3 AND datastream_id % 5 = 0"
            )
        )
    return count * len(ids)


def _measure(place: Place, name: str, ask: Callable[[Session, int], object], moments: list[int]) -> None:
    took = []
    for at in moments:
        with db.reading() as session:
            began = time.perf_counter()
            ask(session, at)
            took.append(time.perf_counter() - began)
    took.sort()
    emit(f"{name}-p50", place.kind, statistics.median(took), "s", AIM)
    emit(f"{name}-max", place.kind, took[-1], "s", LIMIT)
