"""The rule engine of an installation: one thread in the one process that holds its lease.

It hears what its own process stores, and polls for what others store. Whatever goes wrong, it begins again from the
database. A leap of the clock is not believed at once: until it has lasted a minute, time passes at its usual pace for
rules that wait, so that a machine that slept, or whose clock was set, does not miss every sensor at once.
"""

import asyncio
import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dothi.alerts.rounds import Rounds
from dothi.db import session as db
from dothi.jobs import store as leases
from dothi.jobs.runner import HOLDER
from dothi.kit import clock, courtesy
from dothi.kit.clock import SECOND
from dothi.sensing.columns import Columns
from dothi.sensing.live import hub

log = logging.getLogger(__name__)
LEASE = "alerts.engine"
_HELD = 20 * SECOND  # of the lease, from each time it is renewed
_RENEW = 5 * SECOND
_LEAP = 5 * SECOND  # more than this between clock and stopwatch is a leap
_BELIEVE = 60.0  # seconds until a leap forward is believed
_PAUSE = 0.25  # seconds between rounds when nothing comes
_BATCH = 0.1  # seconds of work heard at a time, about; between two batches time passes and the lease is renewed
_FEWEST, _MOST = 200, 50_000  # observations heard at a time
_QUEUE = 500_000  # observations waiting to be heard; beyond that they are read from the database later


class Lost(Exception):
    """Another process has the lease now."""


class Pace:
    """The time the engine lives by: the clock's, but for leaps that have not lasted."""

    def __init__(self, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self.stopwatch = stopwatch
        self.wall, self.at = clock.now_micros(), stopwatch()
        self.leapt: float | None = None

    def now(self) -> int:
        """The time, µs UTC."""
        wall, at = clock.now_micros(), self.stopwatch()
        steady = self.wall + int((at - self.at) * SECOND)
        if wall <= steady + _LEAP:
            self.wall, self.at, self.leapt = wall, at, None
            return wall
        self.leapt = at if self.leapt is None else self.leapt
        if at - self.leapt >= _BELIEVE:
            self.wall, self.at, self.leapt = wall, at, None
            return wall
        self.wall, self.at = steady, at
        return steady


class Worker:
    """Holds the lease or waits for it, and drives an engine while it does."""

    def __init__(self) -> None:
        self.rounds: Rounds | None = None
        self.error: str | None = None
        self._pace = Pace()
        self._waiting: deque[tuple[Columns, Sequence[int]]] = deque()
        self._rows = 0
        self._size = _MOST
        self._missed = False
        self._wake = threading.Event()
        self._stopping = False
        self._renewed = 0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._work, name="alerts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write down what is known, and give the lease back."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(30)

    def hear(self, columns: Columns, stored: Sequence[int]) -> None:
        """Called on the event loop for each commit of this process."""
        if self.rounds is None:
            return  # read from the database when the engine opens
        if self._rows > _QUEUE:
            self._missed = True
            return
        self._rows += len(stored)
        self._waiting.append((columns, stored))
        self._wake.set()

    def _work(self) -> None:
        while not self._stopping:
            try:
                if self._take():
                    with courtesy.aside():  # whoever asks and whatever comes in goes first; rules follow a little later
                        self._drive()
            except Lost:
                log.info("another process runs the rules now")
            except Exception as error:
                self.error = f"{type(error).__name__}: {error}"[:500]
                log.exception("the rule engine failed; it begins again from the database")
            self.rounds = None
            self._waiting.clear()
            self._rows = 0
            if not self._stopping:
                self._wake.wait(1.0)
                self._wake.clear()
        try:
            with db.writing() as session:
                leases.release(session, LEASE, HOLDER)
        except Exception:
            log.warning("the lease of the rule engine could not be given back; it runs out by itself", exc_info=True)

    def _take(self) -> bool:
        now = clock.now_micros()
        with db.writing() as session:
            holder = leases.holder(session, LEASE)
            if holder is not None and holder != HOLDER and _dead(holder):
                leases.release(session, LEASE, holder)
            return leases.take(session, LEASE, HOLDER, now, now + _HELD)

    def _guard(self, session: Session) -> None:
        """In every transaction of the engine: the lease is ours until it ends."""
        now = clock.now_micros()
        if not leases.take(session, LEASE, HOLDER, now, now + _HELD):
            raise Lost

    def _renew(self) -> None:
        now = clock.now_micros()
        if not 0 <= now - self._renewed < _RENEW:
            self._renewed = now
            with db.writing() as session:
                self._guard(session)

    def _drive(self) -> None:
        rounds = Rounds(self._guard)
        began = time.monotonic()
        self._missed = False
        self._pace = Pace()
        self.rounds = rounds  # from here on what is stored is kept for it
        rounds.open(self._pace.now())
        engine = rounds.engine
        log.info(
            "the rule engine follows %d datastreams with %d rules at %d subjects, after %.1f s",
            len(engine.follow), len(engine.roll.rules), len(engine.sentries), time.monotonic() - began,
        )  # fmt: skip
        while not self._stopping:
            self._renew()
            if self._waiting:
                now = self._pace.now()
                begun = time.monotonic()
                while self._waiting and time.monotonic() - begun < 0.5:
                    self._hear(rounds, now)
            if self._missed and not self._waiting:
                self._missed = False
                rounds.missed()
            now = self._pace.now()
            rounds.round(now, idle=not self._waiting)
            self.error = None
            if not self._waiting:
                due = engine.due()
                pause = _PAUSE if due is None else min(_PAUSE, max((due - now) / SECOND, 0.01))
                self._wake.wait(pause)
                self._wake.clear()
        rounds.checkpoint(self._pace.now())

    def _hear(self, rounds: Rounds, now: int) -> None:
        """Take in the next commit, or as much of it as `_BATCH` holds where rules have much to think about."""
        columns, stored = self._waiting.popleft()
        if len(stored) > self._size:
            self._waiting.appendleft((columns, stored[self._size :]))
            stored = stored[: self._size]
        self._rows -= len(stored)
        began = time.thread_time()
        rounds.hear(columns, stored, now)
        took = time.thread_time() - began
        if took > _BATCH:
            self._size = max(_FEWEST, self._size // 2)
        elif took < _BATCH / 4:
            self._size = min(_MOST, 2 * self._size)
        courtesy.pause()


def _dead(holder: str) -> bool:
    """Whether a lease's holder was a process of this machine that is no more."""
    host, _, rest = holder.partition(":")
    pid = rest.partition(":")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return int(pid) == os.getpid() and holder != HOLDER


_worker: Worker | None = None
_unlisten: Callable[[], None] | None = None


async def start() -> None:
    """Start the rule engine of this process."""
    global _worker, _unlisten
    _worker = Worker()
    _unlisten = hub.listen(_worker.hear)
    _worker.start()


async def stop() -> None:
    """Stop it."""
    global _worker, _unlisten
    worker, _worker = _worker, None
    if _unlisten is not None:
        _unlisten()
        _unlisten = None
    if worker is not None:
        await asyncio.to_thread(worker.stop)


def health() -> dict[str, Any]:
    """How the engine is, for /health: `leads` in the process that has the lease."""
    rounds = _worker.rounds if _worker is not None else None
    found: dict[str, Any] = {"ok": _worker is not None and _worker.error is None, "leads": rounds is not None}
    if _worker is not None and _worker.error is not None:
        found["error"] = _worker.error
    if rounds is not None:
        engine = rounds.engine
        found |= {
            "rules": len(engine.roll.rules), "subjects": len(engine.sentries), "datastreams": len(engine.follow),
            "heard": engine.heard, "evaluated": engine.evaluated, "rejudged": engine.rejudged,
            "broken": sorted(engine.roll.broken),
        }  # fmt: skip
    return found
