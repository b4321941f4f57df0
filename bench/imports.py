"""(e) `dothi import observations`: rows a second of a plain CSV and a Parquet file, first and again."""

import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from bench import fill
from bench.harness import Place, emit, using
from dothi.db import schema
from dothi.db import session as db
from dothi.kit import clock

ROWS = 500_000
MAPPING = """
title: bench
time: {column: time}
station: {column: station, code: "bench-{slug}", create: true, sharing: open}
sensor: {code: bench, name: bench}
long: {property: what, value: value}
properties:
  pm25: {}
  pm10: {}
"""


def run(place: Place) -> None:
    """Print the figures of (e) for one database."""
    mapping = place.folder / "mapping.yaml"
    mapping.write_text(MAPPING)
    with using(place):
        schema.upgrade(db.engine())
    table = _table()
    for name in ("csv", "parquet"):
        file = place.folder / f"rows.{name}"
        if name == "csv":
            pyarrow.csv.write_csv(table, file)
        else:
            pq.write_table(table, file)
        command = [sys.executable, "-m", "dothi.cli", "import", "observations", str(file), "--mapping", str(mapping)]
        for turn in ("first", "again") if name == "csv" else ("from-parquet",):
            began = time.perf_counter()
            done = subprocess.run(command, env=place.env, capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
            emit(f"import-{name}-{turn}", place.kind, ROWS / (time.perf_counter() - began), "rows/s")


def _table() -> pa.Table:
    stations, each = 50, ROWS // 100
    times, names, what, values = [], [], [], []
    for i in range(each):
        at = clock.iso(fill.START + i * 60 * clock.SECOND)
        for station in range(stations):
            for prop in ("pm25", "pm10"):
                times.append(at)
                names.append(f"Trạm {station}")
                what.append(prop)
                values.append(round(10 + (i * 7 + station * 13) % 500 / 10, 1))
    return pa.table({"time": times, "station": names, "what": what, "value": values})
