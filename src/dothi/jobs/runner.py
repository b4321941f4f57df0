"""Scheduled work: each job runs in one process at a time, whoever holds its lease, and resumes elsewhere after a crash."""

import asyncio
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

from dothi.db import session as db
from dothi.jobs import store
from dothi.kit import clock

log = logging.getLogger(__name__)
HOLDER = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
_GRACE = 60 * clock.SECOND  # a lease outlives its job's pace by this
_ENOUGH = 40 * clock.SECOND  # with so much left of it a lease is not renewed, nor its job's start and end noted


@dataclass(frozen=True)
class Job:
    """A piece of work and its pace."""

    name: str
    seconds: float
    work: Callable[[], object]


_jobs: dict[str, Job] = {}
_held: dict[str, tuple[Engine, str, int]] = {}  # by the job: whose its lease is until when; none that failed
_scheduler: BackgroundScheduler | None = None
_running = threading.Lock()


def every(
    name: str, *, seconds: float = 0, minutes: float = 0
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function to run at this pace, once in the whole installation."""

    def keep(work: Callable[[], object]) -> Callable[[], object]:
        _jobs[name] = Job(name, seconds + 60 * minutes, work)
        return work

    return keep


async def start() -> None:
    """Start running the registered jobs in the background."""
    global _scheduler
    # a job that takes longer than its pace is simply not started twice; nobody at the terminal needs to be told
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    _scheduler = BackgroundScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 60})
    for job in _jobs.values():
        _scheduler.add_job(run, "interval", seconds=job.seconds, args=[job.name], id=job.name, jitter=job.seconds / 10)
    _scheduler.start()


async def stop() -> None:
    """Wait for the running jobs, then give their leases back."""
    global _scheduler
    if _scheduler is None:
        return
    scheduler, _scheduler = _scheduler, None
    await asyncio.to_thread(scheduler.shutdown)
    _held.clear()
    try:
        with db.writing() as session:
            for name in _jobs:
                store.release(session, name, HOLDER)
    except Exception:
        log.warning("the leases could not be given back; they run out by themselves", exc_info=True)


def run(name: str) -> bool:
    """Run one job now if its lease can be had; returns whether it ran. What goes wrong is logged and kept for /health.

    Of a job with a quick pace not every run is noted: two transactions a run would cost more than most of the work does.
    """
    job = _jobs[name]
    noted = not _holds(job)
    try:
        if noted and not _take(job):
            return False
    except Exception:
        log.warning("job %s: its lease could not be asked for", name, exc_info=True)
        return False
    error: str | None = None
    try:
        job.work()
    except Exception as failure:
        log.exception("job %s failed", name)
        error = f"{type(failure).__name__}: {failure}"[:500]
        _held.pop(name, None)
    if not noted and error is None:
        return True
    try:
        with db.writing() as session:
            store.ended(session, name, clock.now_micros(), error)
    except Exception:
        log.warning("job %s: its end could not be noted", name, exc_info=True)
    return True


def _holds(job: Job) -> bool:
    """Whether its lease is ours for long enough, as far as is known without asking."""
    engine, holder, until = _held.get(job.name, (None, "", 0))
    if engine is not db.engine() or holder != HOLDER:
        return False
    return clock.now_micros() + int(job.seconds * clock.SECOND) + _ENOUGH < until


def _take(job: Job) -> bool:
    now = clock.now_micros()
    until = now + int(job.seconds * clock.SECOND) + _GRACE
    _held.pop(job.name, None)
    with db.writing() as session:
        taken = store.take(session, job.name, HOLDER, now, until)
        if taken:
            store.began(session, job.name, now)
    if taken:
        _held[job.name] = db.engine(), HOLDER, until
    return taken


def late(now: int) -> list[str]:
    """Jobs that have not run for three times their pace, or failed the last time; for the health page."""
    with db.reading() as session:
        runs = {run.name: run for run in store.runs(session)}
    found = []
    for job in _jobs.values():
        last = runs.get(job.name)
        if last is not None and (last.error or now - last.started_at > 3 * job.seconds * clock.SECOND + _GRACE):
            found.append(job.name)
    return found
