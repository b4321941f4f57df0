"""A load of a million records: how fast it is, how long it keeps SQLite's other writers waiting, and kill -9 at random.

    python -m bench.soak_loads [rows] [kills]      (1000000 and 10 unless said; DOTHI_BENCH_DATABASES chooses)

Holds when after every kill the records are exactly those of before the load or those of after it. Exit code 1 otherwise.
"""

import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text
from tests.servers import Cluster

from bench.harness import DATABASES, Place, fresh, using
from dothi.db import session as db

CHILD = """
import sys
from pathlib import Path
from dothi.datasets.loads import service as loads
from dothi.identity.guard import SYSTEM
path, mode = sys.argv[1:]
print("staging", flush=True)
load = loads.stage(SYSTEM, "lamps", Path(path), None, mode)
print("apply", flush=True)
loads.apply(SYSTEM, load.id)
print("done", flush=True)
"""
CSV_HEAD = "Mã,Tên đường,Kinh độ,Vĩ độ,Công suất (W),Ngày lắp,Tình trạng\n"


def written(path: Path, rows: int, power: int, first: int = 0) -> Path:
    """Street lamps; all of one power, so that a moment's state is told by two counts."""
    with path.open("w", encoding="utf-8") as file:
        file.write(CSV_HEAD)
        for i in range(first, first + rows):
            lon, lat = 106.3 + (i * 7919 % 100_000) / 250_000, 10.4 + (i * 104_729 % 100_000) / 250_000
            state = "tốt" if i % 7 else "hỏng"
            file.write(
                f"L{i:07d},Đường số {i % 400},{lon:.6f},{lat:.6f},{power},{1 + i % 28:02d}/0{1 + i % 9}/2024,{state}\n"
            )
    return path


def made(place: Place, path: Path) -> None:
    """An empty dataset that fits the file."""
    from dothi.datasets import service
    from dothi.datasets.loads import service as loads
    from dothi.db import schema
    from dothi.identity.guard import SYSTEM

    with using(place):
        schema.upgrade(db.engine())
        body = {**loads.propose_schema(loads.inspect(path)), "code": "lamps"}
        with db.writing() as session:
            service.create(session, SYSTEM, body)


def state(place: Place) -> list[tuple[int, int]]:
    """Power and number of records, and what the dataset says of its count."""
    power = "json_extract(properties, '$.cong_suat_w')" if place.kind == "sqlite" else "properties ->> 'cong_suat_w'"
    with using(place), db.reading() as session:
        found = session.execute(
            text(f"SELECT CAST({power} AS INTEGER) AS p, count(*) FROM record GROUP BY p ORDER BY p")
        )
        rows = [(int(row[0]), int(row[1])) for row in found]
        count = session.execute(text("SELECT count FROM dataset")).scalar()
    assert count == sum(number for _, number in rows), (count, rows)
    return rows


class Waiting(threading.Thread):
    """Another process's writer on SQLite, as ingest is: how long it waits for its turn."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path, self.longest, self.failed, self.ended = path, 0.0, 0, False

    def run(self) -> None:
        """Ten short transactions a second."""
        own = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        while not self.ended:
            began = time.perf_counter()
            try:
                own.execute("BEGIN IMMEDIATE")
                own.execute("ROLLBACK")
            except sqlite3.OperationalError:
                self.failed += 1
            self.longest = max(self.longest, time.perf_counter() - began)
            time.sleep(0.1)
        own.close()


def timed(place: Place, path: Path, rows: int, mode: str, title: str) -> None:
    """One whole load in a process of its own, with the rates of its steps."""
    watch = Waiting(place.folder / "dothi.db") if place.kind == "sqlite" else None
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), mode], stdout=subprocess.PIPE, text=True, env=place.env
    )
    assert child.stdout is not None
    child.stdout.readline()
    began = time.perf_counter()
    if watch:
        watch.start()
    assert child.stdout.readline() == "apply\n"
    staged = time.perf_counter()
    waited = watch.longest if watch else 0.0
    if watch:
        watch.longest = 0.0
    assert child.stdout.readline() == "done\n"
    applied = time.perf_counter()
    child.wait()
    said = (
        f"; another writer waited at most {waited:.2f} s while staging, {watch.longest:.1f} s while applying, {watch.failed} gave up after 30 s"
        if watch
        else ""
    )
    if watch:
        watch.ended = True
        watch.join()
    print(
        f"  {title}: stage {rows / (staged - began):,.0f} rows/s, apply {rows / (applied - staged):,.0f} rows/s"
        f" ({staged - began:.0f} + {applied - staged:.0f} s){said}",
        flush=True,
    )


def killed(place: Place, path: Path, dice: random.Random, longest: float) -> str:
    """A load killed at a random moment of staging or applying; what it said last."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), "replace"], stdout=subprocess.PIPE, text=True, env=place.env
    )
    assert child.stdout is not None
    said = child.stdout.readline().strip()
    if dice.random() < 0.7:  # most of them while applying, where it matters most
        said = child.stdout.readline().strip()
        time.sleep(dice.random() * longest)
    else:
        time.sleep(dice.random() * 10)
    child.send_signal(signal.SIGKILL)
    rest = child.communicate()[0].split()
    return rest[-1] if rest else said


def soak(place: Place, home: Path, rows: int, kills: int) -> int:
    """Measure, then kill."""
    dice = random.Random(2026)
    old, new = written(home / "old.csv", rows, 80), written(home / "new.csv", rows, 150, rows // 4)
    made(place, old)
    timed(place, old, rows, "upsert", f"{rows:,} new records")
    before, after = [(80, rows)], [(150, rows)]
    assert state(place) == before
    wrong = 0
    for number in range(kills):
        last = killed(place, new, dice, max(2.0, rows / 15_000))
        found = state(place)
        good = found in (before, after) and (last != "done" or found == after)
        wrong += not good
        print(
            f"  kill {number + 1}: {last}, {'old' if found == before else 'new' if found == after else found}",
            flush=True,
        )
        if found == after:
            old, new, before, after = new, old, after, before
    timed(place, new, rows, "replace", f"{rows:,} against {rows:,}, a quarter gone, a quarter new, the rest changed")
    wrong += state(place) != after
    return wrong


def main(arguments: list[str]) -> int:
    """Every database; how many states were neither old nor new."""
    rows, kills = int(arguments[0]) if arguments else 1_000_000, int(arguments[1]) if len(arguments) > 1 else 10
    wrong = 0
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dothi-soak-")))
        server = ""
        if "postgresql" in DATABASES:
            server = stack.enter_context(Cluster(durable=True)).url
        for kind in DATABASES:
            print(f"{kind}", flush=True)
            wrong += soak(fresh(kind, home, server), home, rows, kills)
    print("every state was the old or the new" if not wrong else f"{wrong} states were neither")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
