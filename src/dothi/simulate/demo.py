"""`dothi demo`: a whole simulated city on one machine, with nothing installed and nothing configured."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dothi import config
from dothi.city import service as cities
from dothi.db import schema
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity import service as identity
from dothi.kit import clock
from dothi.notify import ladders, store
from dothi.sensing import ingest, rollup
from dothi.simulate import actuators, buses, casework, fleet, records, rehearsal, scenario

KEY_FILE = "simulator.key"
DAY_FILE = "scripted-day"
SCRIPT = "scripted-day.yaml"  # beside city.yaml of a city that has one


def prepare_environment(host: str | None, port: int | None) -> None:
    """Demo settings for this process and its children, unless the environment already says otherwise."""
    os.environ.setdefault("DOTHI_DATA", "dothi-data-demo")
    os.environ.setdefault("DOTHI_DEFAULT_SHARING", "open")
    os.environ["DOTHI_DEMO"] = "1"
    if host:
        os.environ["DOTHI_HOST"] = host
    if port:
        os.environ["DOTHI_PORT"] = str(port)
    config.settings.cache_clear()
    settings = config.settings()
    os.environ["DOTHI_PORT"] = str(_free(settings.host, settings.port))
    if not settings.mqtt_url:
        os.environ["DOTHI_MQTT_PORT"] = str(_free(settings.mqtt_host, settings.mqtt_port))
    config.settings.cache_clear()


def _free(host: str, port: int) -> int:
    """The port, or the next one nobody listens on."""
    for candidate in range(port, port + 50):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    return port


def build(console: Console, city: str, days: float = fleet.USUAL_DAYS, day: scenario.Day | None = None) -> Path:
    """Bring the data folder to the demo city with its history up to now; returns the simulator's key file.

    What is there already is kept: a second start only adds the time in between.
    """
    settings = config.settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    schema.upgrade(db.engine())
    _apply(console, city)
    _ladder()
    actuators.settle()
    key = _simulator_key(settings.data / KEY_FILE)
    now = clock.now_micros()
    speakers = fleet.speakers(now, day)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    began = time.perf_counter()
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("History of the simulated datastreams", total=len(speakers))
        begins = rehearsal.begins(day, speakers) if day is not None else now
        made = fleet.fill(speakers, days, min(begins, now), lambda count: progress.advance(task, count))
        if day is not None and begins < now:
            living = progress.add_task("The day up to now, with its alarms", total=rehearsal.steps(begins, now))
            lived = rehearsal.Rehearsal(speakers, begins)
            lived.until(now, tell=lambda count: progress.advance(living, count))
            lived.close()
            made += lived.stored
    rollup.settle_all()
    ingest.forget()
    console.print(f"{made:,} simulated observations stored in {time.perf_counter() - began:.1f} s")
    _registers(console, now)
    _buses(console, now)
    _cases(console, city, now)
    return key


def _registers(console: Console, now: int) -> None:
    """Records of the past and of today, made up for this city."""
    began = time.perf_counter()
    with console.status("Registers of the sectors"):
        made = records.fill(now)
    if made:
        console.print(f"{made:,} simulated records stored in {time.perf_counter() - began:.1f} s")


def _buses(console: Console, now: int) -> None:
    """The timetable of the simulated buses, and what was seen of them up to now."""
    began = time.perf_counter()
    with console.status("Buses of the past weeks"):
        made = buses.fill(now)
    if made:
        console.print(f"{made:,} simulated calls at stops stored in {time.perf_counter() - began:.1f} s")


def _cases(console: Console, city: str, now: int) -> None:
    """A year of reports the first time; afterwards they live on by themselves."""
    began = time.perf_counter()
    with console.status("Cases of the past year"):
        made = casework.fill(city, now)
    if made:
        console.print(f"{made:,} simulated cases stored in {time.perf_counter() - began:.1f} s")


def _apply(console: Console, city: str) -> None:
    """Bring the city to its blueprint; what somebody changed by hand stays."""
    with console.status(f"Applying the blueprint of {city}"), db.writing() as session:
        plan = cities.plan(session, cities.find(city))
        done = len(plan.work)
        cities.apply(session, guard.SYSTEM, plan)
    console.print(f"City {plan.name}: {done:,} items applied" if done else f"City {plan.name}: as its blueprint says")


def _ladder() -> None:
    """Whom the demo tells while nobody acknowledges: the chief after ten minutes, the leader after half an hour."""
    code = "mo-phong"
    with db.writing() as session:
        if store.ladder_code_taken(session, code, None):
            return
        rungs = [ladders.Rung(10, role="duty-chief"), ladders.Rung(30, role="leader")]
        ladders.put(
            session, guard.SYSTEM, code=code, title="Báo lên cấp trên (mô phỏng)", severity="major", rungs_=rungs
        )  # fmt: skip


def _simulator_key(path: Path) -> Path:
    """The key the simulated sensors publish with; made once."""
    if not path.exists():
        with db.writing() as session:
            scopes = ["observations:write", "sensing:read"]
            made = identity.create_key(session, guard.SYSTEM, "simulated sensors", scopes)
        path.touch(mode=0o600)
        path.write_text(made)
    return path


def run(city: str, host: str | None, port: int | None, days: float = fleet.USUAL_DAYS, name: str = "day") -> int:
    """Build the city, then serve it and let its sensors speak until Ctrl-C."""
    console = Console()
    prepare_environment(host, port)
    settings = config.settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    if not (cities.find(city) / SCRIPT).exists():
        name = "calm"  # the scripted day is told of the places and levels of one city
    day = scenario.chosen(name, clock.now_micros(), settings.data / DAY_FILE)
    key = build(console, city, days, day)
    db.engine().dispose()
    broker = settings.mqtt_url or f"mqtt://{settings.mqtt_host}:{settings.mqtt_port}"
    serve = subprocess.Popen([sys.executable, "-m", "dothi.cli", "serve"], start_new_session=True)
    speak = subprocess.Popen(
        [sys.executable, "-m", "dothi.simulate", broker, str(key), str(day or "calm")], start_new_session=True
    )
    console.rule()
    console.print(
        f"Live map    [bold link=http://{settings.host}:{settings.port}/]http://{settings.host}:{settings.port}/[/]"
    )
    console.print(f"Operations  http://{settings.host}:{settings.port}/operations (one click signs in as any role)")
    console.print(f"API         http://{settings.host}:{settings.port}/sta/v1.1")
    console.print(f"MQTT        {broker}")
    console.print("All data is simulated. Ctrl-C stops everything; the next start keeps the data.")
    console.rule()
    return _until_stopped([speak, serve])


def _until_stopped(children: list[subprocess.Popen[bytes]]) -> int:
    """Wait for Ctrl-C, SIGTERM or the end of a child; then stop the children in order."""
    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, stop)
    while not stopping and all(child.poll() is None for child in children):
        time.sleep(0.2)
    failed = next((child.returncode for child in children if child.poll()), 0)
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    return failed
