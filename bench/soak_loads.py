"""A load of a million records: how fast it is, how long it keeps SQLite's other writers waiting, and kill -9 in every phase.

    python -m bench.soak_loads [rows] [rounds]      (1000000 and 1 unless said; DOTHI_BENCH_DATABASES chooses)

A round kills once in each phase, at a random moment of it. Holds when after every kill the records are exactly those of
before the load or those of after it, and what was staged can still be applied. Exit code 1 otherwise.
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

PHASES = ("reading", "checking", "comparing", "writing", "settling", "committing", "sweeping")
STAGING = PHASES[:3]
# says each phase as it begins; with a number it applies a load that stands staged
CHILD = """
import sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.orm import Session
from dothi.datasets import history
from dothi.datasets.loads import service as loads
from dothi.db import bulk_records as bulk
from dothi.identity.guard import SYSTEM

def say(word):
    print(word, flush=True)

def told(room, verb, word):
    own = getattr(room, verb)
    def verb_(*given, **named):
        say(word)
        return own(*given, **named)
    setattr(room, verb, verb_)

path, mode, load = sys.argv[1], sys.argv[2], int(sys.argv[3])
if not load:
    say("reading")
    told(bulk, "refuse_repeated", "checking")
    told(bulk, "compare", "comparing")
    load = loads.stage(SYSTEM, "lamps", Path(path), None, mode).id
say(f"staged {load}")
told(bulk, "apply", "writing")
told(history, "settle", "settling")
told(loads, "sweep", "sweeping")
@event.listens_for(Session, "before_commit")
def _(session):
    say("committing")
loads.apply(SYSTEM, load)
say("done")
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


class Child:
    """A load in a process of its own, and what it said when."""

    def __init__(self, place: Place, path: Path, mode: str, load: int = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(path), mode, str(load)], stdout=subprocess.PIPE, text=True, env=place.env
        )
        self.heard: dict[str, float] = {}
        self.load = load

    def until(self, word: str) -> float:
        """When the child said a word."""
        assert self.process.stdout is not None
        while word not in self.heard:
            line = self.process.stdout.readline()
            assert line, f"the load ended before {word!r}"
            self._hear(line)
        return self.heard[word]

    def _hear(self, line: str) -> None:
        said, _, number = line.strip().partition(" ")
        if number:
            self.load = int(number)
        # small transactions are committed before and after the one that counts
        if said != "committing" or ("settling" in self.heard and said not in self.heard):
            self.heard[said] = time.perf_counter()

    def kill(self) -> str:
        """Kill it; the last it said."""
        self.process.send_signal(signal.SIGKILL)
        for line in self.process.communicate()[0].splitlines():
            self._hear(line)
        return list(self.heard)[-1]


def timed(place: Place, path: Path, rows: int, mode: str, title: str) -> dict[str, float]:
    """One whole load in a process of its own, with the rates of its steps; how long each phase lasted."""
    watch = Waiting(place.folder / "dothi.db") if place.kind == "sqlite" else None
    child = Child(place, path, mode)
    began = child.until("reading")
    if watch:
        watch.start()
    staged = child.until("staged")
    waited = watch.longest if watch else 0.0
    if watch:
        watch.longest = 0.0
    applied = child.until("done")
    child.process.wait()
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
    order = [*STAGING, "staged", *PHASES[3:], "done"]
    return {one: child.heard[order[order.index(one) + 1]] - child.heard[one] for one in PHASES}


def killed(place: Place, path: Path, phase: str, after: float, load: int) -> tuple[str, int]:
    """A load killed so many seconds into a phase: the phase it was in by then, and its number once it was staged."""
    child = Child(place, path, "replace", 0 if phase in STAGING else load)
    child.until(phase)
    time.sleep(after)
    return child.kill(), child.load


def soak(place: Place, home: Path, rows: int, rounds: int) -> int:
    """Measure, then kill in every phase; how many states were neither old nor new."""
    dice = random.Random(2026)
    old, new = written(home / "old.csv", rows, 80), written(home / "new.csv", rows, 150, rows // 4)
    made(place, old)
    timed(place, old, rows, "upsert", f"{rows:,} new records")
    before, after = [(80, rows)], [(150, rows)]
    assert state(place) == before
    changes = f"{rows:,} against {rows:,}, a quarter gone, a quarter new, the rest changed"
    lasts = timed(place, new, rows, "replace", changes)
    wrong = int(state(place) != after)
    old, new, before, after = new, old, after, before
    for phase in PHASES * rounds:
        moment, load = dice.random() * lasts[phase], 0
        if phase not in STAGING:  # what a killed apply left staged is what the next one applies
            load = standing(place)
        last, load = killed(place, new, phase, moment, load)
        found = state(place)
        # before the commit begins nothing stands, and once it is made everything does
        allowed = [before, after] if last == "committing" else [after] if last in ("sweeping", "done") else [before]
        wrong += found not in allowed
        name = "old" if found == before else "new" if found == after else str(found)
        print(
            f"  killed while {last} ({moment:.1f} s after it began {phase}, of {lasts[phase]:.1f} s): {name}",
            flush=True,
        )
        if found == after:
            old, new, before, after = new, old, after, before
    timed(place, new, rows, "replace", "the same once more, after all of it")
    return wrong + (state(place) != after)


def standing(place: Place) -> int:
    """The newest load that stands staged; 0 without one."""
    with using(place), db.reading() as session:
        return int(session.execute(text("SELECT max(id) FROM load WHERE state = 'staged'")).scalar() or 0)


def main(arguments: list[str]) -> int:
    """Every database; how many states were neither old nor new."""
    rows, rounds = int(arguments[0]) if arguments else 1_000_000, int(arguments[1]) if len(arguments) > 1 else 1
    wrong = 0
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dothi-soak-")))
        server = ""
        if "postgresql" in DATABASES:
            server = stack.enter_context(Cluster(durable=True)).url
        for kind in DATABASES:
            print(f"{kind}", flush=True)
            wrong += soak(fresh(kind, home, server), home, rows, rounds)
    print("every state was the old or the new" if not wrong else f"{wrong} states were neither")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
