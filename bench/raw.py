"""Raw limits: what the database itself takes of the same rows, with the same key and durability."""

import sqlite3
import time
from pathlib import Path

import numpy as np
import psycopg

from bench.harness import Place
from dothi.db.bulk_postgresql import binary, make_partition
from dothi.db.engine import set_up_sqlite

ROWS = 10_000
STEP = 60_000_000


def insert_rate(place: Place, start: int, batches: int = 60) -> float:
    """Rows/s: PostgreSQL by 10,000-row binary COPY, SQLite by executemany; sorted rows, one commit a batch."""
    if place.kind == "postgresql":
        return _copy(place, start, batches)
    return _executemany(place, start, batches)


def _columns(start: int, number: int) -> list[np.ndarray]:
    """Ten datastreams of 1,000 minute values, as the dataArray load sends them."""
    block, turn = number % 10, number // 10
    datastream = np.repeat(np.arange(1, 11) + 900_000 + block * 10, 1000)
    at = np.tile(start + (turn * 1000 + np.arange(1000)) * STEP, 10)
    return [
        datastream,
        at,
        np.round(np.random.default_rng(number).random(ROWS) * 100, 1),
        np.full(ROWS, 1),
        np.full(ROWS, start),
    ]


def _copy(place: Place, start: int, batches: int) -> float:
    kinds = [">i4", ">i8", ">f8", ">i4", ">i8"]
    with psycopg.connect(place.url, autocommit=True) as db:
        cursor = db.cursor()
        with db.transaction():
            for month in range(2026 * 12 + 0, 2027 * 12):
                make_partition(cursor, month)
        began = time.perf_counter()
        spent = 0.0
        for number in range(batches):
            data = binary(_columns(start, number), kinds, ROWS)
            began = time.perf_counter()
            sql = "COPY observation (datastream_id, at, result, feature_id, received_at) FROM STDIN (FORMAT BINARY)"
            with cursor.copy(sql) as copy:
                copy.write(data)
            spent += time.perf_counter() - began
        db.execute("DELETE FROM observation WHERE datastream_id > 900000")
    return batches * ROWS / spent


def _executemany(place: Place, start: int, batches: int) -> float:
    db = sqlite3.connect(Path(place.folder) / "dothi.db")
    set_up_sqlite(db)
    spent = 0.0
    sql = "INSERT INTO observation (datastream_id, at, result, feature_id, received_at) VALUES (?, ?, ?, ?, ?)"
    for number in range(batches):
        rows = list(zip(*(column.tolist() for column in _columns(start, number)), strict=True))
        began = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        db.executemany(sql, rows)
        db.execute("COMMIT")
        spent += time.perf_counter() - began
    db.execute("DELETE FROM observation WHERE datastream_id > 900000")
    db.close()
    return batches * ROWS / spent
