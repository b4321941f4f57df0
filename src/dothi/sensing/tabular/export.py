"""Observations as CSV or Parquet, read by key in pages so that memory stays bounded."""

import csv
import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.sensing.tabular import store

PAGE = 20_000
SCHEMA = pa.schema(
    [
        ("phenomenon_time", pa.timestamp("us", "UTC")), ("phenomenon_end", pa.timestamp("us", "UTC")),
        ("datastream", pa.int64()), ("thing", pa.string()), ("thing_name", pa.string()), ("property", pa.string()),
        ("unit", pa.string()), ("result", pa.float64()), ("result_text", pa.string()), ("quality", pa.string()),
        ("received", pa.timestamp("us", "UTC")),
    ]
)  # fmt: skip
_TIMES = (0, 1, 10)


@dataclass(frozen=True)
class Choice:
    """Which observations: empty means all; since and until are µs UTC, until not included."""

    datastreams: tuple[int, ...] = ()
    things: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None


def observations(
    out: Path,
    chosen: Choice,
    *,
    caller: guard.Caller = guard.SYSTEM,
    progress: Callable[[int], None] = lambda _count: None,
) -> int:
    """Write the chosen observations the caller may see to a .csv, .csv.gz or .parquet file; returns how many."""
    name = out.name.lower()
    if not name.endswith((".csv", ".csv.gz", ".parquet")):
        raise BadInput(f"{out.name}: not a format we write", [Fault("--out", out.name, ".csv, .csv.gz, .parquet")])
    if not out.parent.is_dir():
        raise BadInput(f"there is no folder {out.parent}", [Fault("--out", str(out))])
    with db.reading() as session:
        streams = store.chosen(session, caller, chosen.datastreams, chosen.things, chosen.properties)
    if not streams:
        raise NotFound("no datastream fits", [Fault("", "nothing chosen", "ids and codes as the API shows them")])
    count = 0
    with ExitStack() as stack:
        write = _parquet(out, stack) if name.endswith(".parquet") else _csv(out, stack)
        for rows in _pages(streams, chosen):
            write(rows)
            count += len(rows)
            progress(count)
    return count


def _pages(streams: list[store.Exported], chosen: Choice) -> Iterator[list[tuple[Any, ...]]]:
    held: list[tuple[Any, ...]] = []
    for one in streams:
        after = None
        while True:
            with db.reading() as session:
                page = store.page(session, one.id, chosen.since, chosen.until, after, PAGE)
            held += [
                (at, until, one.id, one.thing, one.thing_name, one.observed, one.unit, result, text, quality, received)
                for at, until, result, text, quality, received in page
            ]
            if len(held) >= PAGE:
                yield held
                held = []
            if len(page) < PAGE:
                break
            after = page[-1][0]
    if held:
        yield held


def _csv(out: Path, stack: ExitStack) -> Callable[[list[tuple[Any, ...]]], None]:
    if out.name.lower().endswith(".gz"):
        packed = gzip.open(out, "wt", encoding="utf-8", newline="")  # noqa: SIM115 - closed with the stack
        stream: Any = stack.enter_context(packed)
    else:
        stream = stack.enter_context(out.open("w", encoding="utf-8-sig", newline=""))
    writer = csv.writer(stream)
    writer.writerow(SCHEMA.names)

    def write(rows: list[tuple[Any, ...]]) -> None:
        for row in rows:
            cells = list(row)
            for place in _TIMES:
                cells[place] = "" if cells[place] is None else clock.iso(cells[place])
            writer.writerow(["" if cell is None else cell for cell in cells])

    return write


def _parquet(out: Path, stack: ExitStack) -> Callable[[list[tuple[Any, ...]]], None]:
    writer = stack.enter_context(pq.ParquetWriter(out, SCHEMA, compression="zstd"))

    def write(rows: list[tuple[Any, ...]]) -> None:
        columns = zip(*rows, strict=True)
        writer.write_batch(
            pa.record_batch(
                [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)], SCHEMA
            )
        )

    return write
