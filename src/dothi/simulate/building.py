"""The demo's building: blueprint, history, registers, buses and cases of a simulated city, up to now."""

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
from dothi.indicators import refresh
from dothi.kit import clock
from dothi.notify import ladders, store
from dothi.sensing import ingest, rollup
from dothi.simulate import actuators, buses, casework, fleet, records, rehearsal, scenario
from dothi.simulate.demo import DAY_FILE, KEY_FILE

_LONGEST = 20.0  # seconds that indicators are computed for, newest periods first; the rest is done while the city runs
SCRIPT = "scripted-day.yaml"  # beside city.yaml of a city that has one


def ready(city: str, days: float, name: str) -> None:
    """Bring the data folder to the demo city as it is now, and note which day it lives (`DAY_FILE`)."""
    settings, folder = config.settings(), cities.find(city)  # before anything is made: there may be no such city
    settings.data.mkdir(parents=True, exist_ok=True)
    if not (folder / SCRIPT).exists():
        name = "calm"  # the scripted day is told of the places and levels of one city
    build(Console(), city, days, scenario.chosen(name, clock.now_micros(), settings.data / DAY_FILE))
    db.engine().dispose()


def build(console: Console, city: str, days: float = fleet.USUAL_DAYS, day: scenario.Day | None = None) -> None:
    """Bring the data folder to the demo city with its history up to now.

    What is there already is kept: a second start only adds the time in between.
    """
    settings = config.settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    schema.upgrade(db.engine())
    _apply(console, city)
    _ladder()
    actuators.settle()
    _simulator_key(settings.data / KEY_FILE)
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
    _indicators(console)


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


def _indicators(console: Console) -> None:
    """The numbers of the running periods first, then those of before: the first page that is opened has them.

    13 s of processor time for a month of Tân An; what takes longer is left to the standing work.
    """
    began = time.perf_counter()
    with console.status("Indicators"):
        made = refresh.run(_LONGEST)
    if made:
        console.print(f"{made:,} indicator values computed in {time.perf_counter() - began:.1f} s")


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


def _simulator_key(path: Path) -> None:
    """The key the simulated sensors publish with; made once."""
    if not path.exists():
        with db.writing() as session:
            scopes = ["observations:write", "sensing:read"]
            made = identity.create_key(session, guard.SYSTEM, "simulated sensors", scopes)
        path.touch(mode=0o600)
        path.write_text(made)
