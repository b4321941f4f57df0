"""(l) Packs, the plan of a city, and its whole demo: seconds to read, plan and apply, what the running city takes.

Reading all packs, names and expressions checked, is told beside reading the same files with PyYAML's own C loader.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from tests.servers import free_port, wait_for

from bench.harness import Place, emit, family, memory_of, processor_of, using
from dothi.packs.content import content_path

STEADY = 60  # s the demo is watched, after as long a start
AIM_MEMORY, AIM_SHARE = 1500.0, 0.6  # MB, and of one core


def run(place: Place, demo: Place) -> None:
    """Print the figures of (l) for one database."""
    from dothi import packs
    from dothi.city import service as city
    from dothi.db import schema
    from dothi.db import session as db
    from dothi.identity import guard

    with using(place):
        root = content_path("sectors")
        packs.load(root, ())  # the modules
        bare = _seconds(lambda: [yaml.load(one.read_text("utf-8"), yaml.CSafeLoader) for one in root.glob("*/*.y*ml")])
        emit("packs-load", place.kind, _seconds(lambda: packs.load(root, ())), "s", bare)
        schema.upgrade(db.engine())
        folder = content_path("cities") / "tan-an"
        with db.writing() as session:
            began = time.perf_counter()
            made = city.plan(session, folder)
            emit("city-plan", place.kind, time.perf_counter() - began, "s")
            emit("city-plan-items", place.kind, len(made.work), "items")
            began = time.perf_counter()
            city.apply(session, guard.SYSTEM, made)
        emit("city-apply", place.kind, time.perf_counter() - began, "s")
        with db.reading() as session:
            emit("city-plan-again", place.kind, _seconds(lambda: city.plan(session, folder)), "s")
    _demo(demo)


def _seconds(do: Callable[[], Any]) -> float:
    began = time.process_time()
    do()
    return time.process_time() - began


def _demo(place: Place) -> None:
    port = free_port()
    env = place.env | {"PATH": os.environ["PATH"]}
    log = (Path(place.folder) / "demo.log").open("ab")
    began = time.perf_counter()
    demo = subprocess.Popen(
        [sys.executable, "-m", "dothi.cli", "demo", "--port", str(port)], env=env, stdout=log, stderr=log
    )
    try:
        wait_for(port, 600)
        emit("demo-first-page", place.kind, time.perf_counter() - began, "s")
        time.sleep(STEADY)
        pids = family(demo.pid)
        before, since = processor_of(pids), time.perf_counter()
        time.sleep(STEADY)
        share = (processor_of(pids) - before) / (time.perf_counter() - since)
        emit("demo-processor", place.kind, share, "of one core", AIM_SHARE)
        emit("demo-memory", place.kind, memory_of(pids), "MB", AIM_MEMORY)
    finally:
        demo.terminate()
        demo.wait(60)
