"""A server to measure, a line to print, and the memory it took."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from tests.servers import free_port, wait_for

DATABASES = os.environ.get("DOTHI_BENCH_DATABASES", "sqlite,postgresql").split(",")


@dataclass
class Place:
    """A data folder and database to measure on, and the environment that names them."""

    kind: str
    folder: Path
    env: dict[str, str]

    @property
    def url(self) -> str:
        return self.env.get("DOTHI_DATABASE_URL", "")


@dataclass
class Served:
    """A running `dothi serve`."""

    process: subprocess.Popen[bytes]
    port: int
    mqtt_port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def emit(
    bench: str, database: str, value: float, unit: str, limit: float | None = None, ratio: float | None = None,
    role: str | None = None,
) -> None:  # fmt: skip
    """Print one figure as a JSON line; the ratio is value to limit unless given. role: of the server measured."""
    if ratio is None and limit:
        ratio = value / limit
    line = {"bench": bench, "database": database, "value": _round(value), "unit": unit, "limit": _round(limit)}
    print(json.dumps(line | {"ratio": _round(ratio)} | ({"role": role} if role else {})), flush=True)


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")


_count = 0


def fresh(kind: str, home: Path, server: str) -> Place:
    """A new empty database and folder."""
    global _count
    _count += 1
    folder = home / f"{kind}-{_count}"
    folder.mkdir()
    env = {
        **{k: v for k, v in os.environ.items() if not k.startswith("DOTHI_")},
        "DOTHI_DATA": str(folder),
        "DOTHI_OPEN_WRITES": "1",
        "DOTHI_DEFAULT_SHARING": "open",
    }
    if kind == "postgresql":
        name = f"bench_{_count}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name}")
        env["DOTHI_DATABASE_URL"] = f"{server}/{name}"
    return Place(kind, folder, env)


@contextmanager
def serving(place: Place, role: str = "all", **settings: str) -> Iterator[Served]:
    """`dothi serve` on the place, as a process of its own. role: web answers and nothing else, all does everything."""
    port, mqtt = free_port(), free_port()
    env = place.env | {"DOTHI_MQTT_PORT": str(mqtt), "DOTHI_ROLE": role} | settings
    log = (place.folder / "serve.log").open("ab")
    command = [sys.executable, "-m", "dothi.cli", "serve", "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        try:
            wait_for(port, 60)
        except OSError:
            print((place.folder / "serve.log").read_text()[-3000:], file=sys.stderr)
            raise
        time.sleep(0.5)
        yield Served(process, port, mqtt)
    finally:
        with contextlib.suppress(ProcessLookupError):  # a soak kills it itself
            os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def memory(served: Served) -> float:
    """Resident memory of the server and its children, MB."""
    return memory_of(_group(served.process.pid))


def processor(pid: int) -> float:
    """Seconds of processor time of the process group that somebody leads; a busy machine changes them least of all."""
    return processor_of(_group(pid))


def family(pid: int) -> set[int]:
    """A process with its children and theirs, whichever groups they lead."""
    parents = {one: int(fields[1]) for one, fields in _stats()}
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def memory_of(pids: set[int]) -> float:
    """Resident memory of some processes together, MB."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))
    return total / 1024


def processor_of(pids: set[int]) -> float:
    """Seconds of processor time some processes took until now."""
    return sum(sum(map(int, fields[11:13])) for pid, fields in _stats() if pid in pids) / os.sysconf("SC_CLK_TCK")


def _group(leader: int) -> set[int]:
    return {pid for pid, fields in _stats() if int(fields[2]) == leader}


def _stats() -> Iterator[tuple[int, list[str]]]:
    """Every process, with what /proc/<pid>/stat says after its name."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            yield int(stat.parent.name), stat.read_text().rpartition(")")[2].split()


@contextmanager
def using(place: Place) -> Iterator[None]:
    """This process works on the place's database itself (filling, raw limits)."""
    from dothi import config
    from dothi.db import session as db
    from dothi.sensing import ingest, registry

    before = {k: os.environ.get(k) for k in place.env if k.startswith("DOTHI_")}
    os.environ.update({k: v for k, v in place.env.items() if k.startswith("DOTHI_")})
    config.settings.cache_clear()
    db.use(None)
    try:
        yield
    finally:
        ingest.forget()
        registry.invalidate()
        db.engine().dispose()
        db.use(None)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        config.settings.cache_clear()
