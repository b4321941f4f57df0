"""An engine's rounds: what it looks after besides hearing observations, and how often.

Rules that were changed, alarms that officers ended, windows and shelves, corrections, what another process stored.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
from sqlalchemy.orm import Session

from dothi.alerts import engine_store as store
from dothi.alerts import opening, rulebook, suppression
from dothi.alerts.engine import Engine, parts
from dothi.alerts.hot import UNSURE
from dothi.alerts.sentry import LATEST
from dothi.db import session as db
from dothi.kit.clock import HOUR, SECOND
from dothi.sensing.columns import Columns

log = logging.getLogger(__name__)
ATTEND = SECOND  # rules and what officers did
SETTLE = 5 * SECOND  # windows, shelves, corrections, things
CHECKPOINT = 15 * SECOND  # or NOTED times as long as one takes, up to
SELDOM = 300 * SECOND
NOTED = 1000  # a thousandth of the time: 200 was a quarter of what ingest of 1,700 observations a second costs
SHARE = 200
POLLED = 10 * SECOND  # at most, where polls find nothing that was not heard; or 4 SHARE times as long as one takes
LOOK = HOUR  # at everything rules rest on: what is usual, too
RECEIVED = 60 * SECOND  # how long a commit may take to be seen after its observations were received
_OVERLAP = 200  # numbers given out before a cursor may be committed after it


class Rounds:
    """An engine with its rounds. With no hub to hear, it polls every `poll` µs; with one too, but more rarely."""

    def __init__(self, guard: Callable[[Session], None] | None = None, *, poll: int = SECOND) -> None:
        self.engine = Engine(guard)
        self.poll = poll
        self.since: dict[int, tuple[int, int]] = {}
        self.stamp: tuple[int, ...] = ()  # of the rules the roll was called by
        self.rules: tuple[int, ...] = ()  # of the rules as they are
        self.events = self.corrections = 0
        self.journal = 0  # its newest entry when things were last looked at
        self.entry = 0  # its newest entry when rules and what officers did were
        self.superseded = (0, 0)  # the newest correction, and how many there were, when they were last read
        self.read_at: int | None = None
        self.met: deque[int] = deque(maxlen=4 * _OVERLAP)
        self.last = {"attend": 0, "settle": 0, "checkpoint": 0, "poll": 0, "look": 0}
        self.behind: dict[int, int] = {}  # by slot: how much its datastream held when last polled
        self.hub = False  # whether this process hears what it stores
        self.stale = False  # things have changed
        self.pause = CHECKPOINT
        self.patience = poll
        self.rest = 0.0  # time.monotonic() from which on they are looked at again

    def open(self, now: int) -> None:
        """Declare the packs' rules, take up what was remembered, and catch up with what was stored meanwhile."""
        self.engine.write(_declare)
        with db.reading() as session:
            self.stamp = self.rules = store.rules_stamp(session)
            marks = {name: store.mark(session, name) for name in ("events", "corrections", "read")}
            self.journal = store.newest_entry(session)
            self.events = marks["events"] if marks["events"] is not None else store.newest_event(session)
            known = marks["corrections"]
            self.corrections = known if known is not None else store.newest_superseded(session)
            self.read_at = marks["read"]
            corrected = store.superseded(session, self.corrections - _OVERLAP)
            by_hand = store.hand_clears(session, self.events - _OVERLAP)
        opening.refresh(self.engine, self.since, now, first=True)
        self._corrected(corrected, now)
        self._ended_by_hand(by_hand, now)
        self._catch_up(now, at_once=True)
        self.engine.advance(now)
        self.checkpoint(now)
        self.last = dict.fromkeys(self.last, now)

    def hear(self, columns: Columns, stored: Sequence[int], now: int) -> None:
        """Take in what a commit of this process stored."""
        self.hub = True
        self.engine.hear(columns, stored, now)

    def round(self, now: int, *, idle: bool = True) -> None:
        """Let time pass, write what changed, and do whatever part of the round is due."""
        engine = self.engine
        engine.advance(now, idle=idle)
        self.stale = self.stale or self._is_due("look", LOOK, now)
        settle, attend = self._is_due("settle", SETTLE, now), self._is_due("attend", ATTEND, now)
        if settle or attend:
            self._look(now, settle=settle, attend=attend)
        if idle and self._is_due("poll", self.patience, now):
            began = time.monotonic()
            found = self._catch_up(now)
            took = int((time.monotonic() - began) * SECOND)
            # what others store is looked for as often as they store something
            longest = min(SELDOM, max(POLLED, 4 * SHARE * took)) if self.hub else max(self.poll, SHARE // 10 * took)
            self.patience = self.poll if found else min(2 * self.patience, longest)
            engine.advance(now)
        if self._is_due("checkpoint", self.pause, now):
            began = time.monotonic()
            self.checkpoint(now)
            self.pause = min(SELDOM, max(CHECKPOINT, int(NOTED * (time.monotonic() - began) * SECOND)))

    def missed(self) -> None:
        """Something was stored and not heard: look at once."""
        self.behind = {}
        self.last["poll"], self.patience = 0, self.poll
        self.hub = False

    def checkpoint(self, now: int) -> None:
        """Note how far everything has been read."""
        if self.engine.checkpoint({"events": self.events, "corrections": self.corrections, "read": now}):
            self.read_at = now

    def _is_due(self, name: str, every: int, now: int) -> bool:
        if 0 <= now - self.last[name] < every:  # below 0: the clock was set back
            return False
        self.last[name] = now
        return True

    def _look(self, now: int, *, settle: bool, attend: bool) -> None:
        """Read what others changed, and act on it. settle: also at things, windows, shelves and corrections."""
        by_hand: list[tuple[int, int, int]] = []
        corrected: list[tuple[int, int, int]] = []
        told = False
        with db.reading() as session:
            # first: what it tells of is seen by whatever is read after it
            newest, superseded, wanted = store.glance(session, self.corrections - _OVERLAP, now)
            if settle:
                told = newest > self.journal and store.tells(session, self.journal, newest)
                if superseded != self.superseded:
                    corrected = store.superseded(session, self.corrections - _OVERLAP)
                    self.superseded = superseded
            if attend and newest != self.entry:  # rules and officers do nothing that is not in the journal
                if self.entry == 0 or store.tells(session, self.entry, newest, rules=True):
                    self.rules = store.rules_stamp(session)
                by_hand = store.hand_clears(session, self.events - _OVERLAP)
        if settle:
            self._settle(corrected, now, wanted=wanted, told=told)
            self.journal = newest
        if attend:
            self._attend(by_hand, now)
            self.entry = newest

    def _attend(self, by_hand: list[tuple[int, int, int]], now: int) -> None:
        self._ended_by_hand(by_hand, now)
        changed = self.rules != self.stamp or (self.stale and time.monotonic() >= self.rest)
        if changed and not (self.engine.late or self.engine.changes):
            self.stamp, self.stale = self.rules, False
            began = time.monotonic()
            opening.refresh(self.engine, self.since, now)
            ended = time.monotonic()
            self.rest = ended + 10 * (ended - began)  # a tenth of the time, at most, while things are being made

    def _ended_by_hand(self, found: list[tuple[int, int, int]], now: int) -> None:
        """Alarms officers ended: judged again from there, with their hand in the history."""
        standing = {one.alarm: one for one in self.engine.sentries.values() if one.alarm is not None} if found else {}
        for id_, alarm, at in found:
            self.events = max(self.events, id_)
            if (sentry := standing.get(alarm)) is not None:
                self.engine.again(sentry, at, now)
                sentry.alarm = None

    def _settle(self, corrected: list[tuple[int, int, int]], now: int, *, wanted: bool, told: bool) -> None:
        if wanted:
            self.engine.write(lambda session: suppression.attend(session, self.engine.roll.suppresses, now))
        self.stale = self.stale or told
        self._corrected(corrected, now)

    def _corrected(self, found: list[tuple[int, int, int]], now: int) -> None:
        """Observations that were corrected or deleted."""
        for id_, stream, at in found:
            self.corrections = max(self.corrections, id_)
            slot = self.engine.follow.slot(stream)
            if id_ in self.met or slot < 0:
                continue
            self.met.append(id_)
            self.engine.follow.unsure[slot] = UNSURE
            for sentry in self.engine.on[slot]:
                self.engine.again(sentry, at, now)

    def _catch_up(self, now: int, *, at_once: bool = False) -> bool:
        """Read what was stored and not heard; returns whether there was any.

        What differs may be on its way from the hub; it is missing when it has not come by the next look.
        """
        follow = self.engine.follow
        if not len(follow):
            return False
        with db.reading() as session:
            rows = store.counters(session)
        slots = follow.slots(rows[:, 0])
        rows, slots = rows[slots >= 0], slots[slots >= 0]
        # after late data a count is not believed for a while; what is newer than anything heard is missing all the same
        counts = (follow.count[slots] != rows[:, 1]) & (at_once | (follow.unsure[slots] == 0))
        differs = counts | (follow.last[slots] < rows[:, 2])
        found = {int(slots[i]): (int(rows[i, 1]), int(rows[i, 2])) for i in np.flatnonzero(differs).tolist()}
        if self.hub and not at_once:
            missing = {
                slot: held for slot, held in found.items()
                if slot in self.behind and follow.count[slot] != held[0]
                and (follow.count[slot] < self.behind[slot] or held[0] <= self.behind[slot])
            }  # fmt: skip
        else:
            missing = found
        self.behind = {slot: held[0] for slot, held in found.items() if slot not in missing}
        for part in parts(list(missing), 400):
            self._read({slot: missing[slot] for slot in part}, now, at_once=at_once)
        return bool(missing)

    def _read(self, held: dict[int, tuple[int, int]], now: int, *, at_once: bool) -> None:
        """Take in what some datastreams hold beyond what was heard; what is missing then came late."""
        engine, follow = self.engine, self.engine.follow
        before = {slot: int(follow.last[slot]) for slot in held}
        stretches = [(int(follow.ids[slot]), before[slot], last) for slot, (_, last) in held.items()]
        ahead = {(stream, at) for at, stream, _, _ in engine.ahead}
        with db.reading() as session:
            rows = [row for row in store.between(session, stretches) if (row[0], row[1]) not in ahead]
        if rows:
            numbers = [
                row[2] if isinstance(row[2], int | float) and not isinstance(row[2], bool) else None for row in rows
            ]
            texts = [store.text_of(row[2]) for row in rows]
            engine.take(
                np.array([row[0] for row in rows]), np.array([row[1] for row in rows]),
                np.array(numbers, dtype=np.float64), texts, now,
            )  # fmt: skip
        waiting = {stream for _, stream, _, _ in engine.ahead}
        for slot, (total, _) in held.items():
            stream = int(follow.ids[slot])
            if follow.count[slot] == total or stream in waiting or (follow.unsure[slot] and not at_once):
                continue
            since = None
            if self.read_at is not None and total > follow.count[slot]:
                with db.reading() as session:
                    since = store.earliest_received(
                        session, stream, now - LATEST, before[slot], self.read_at - RECEIVED
                    )
            follow.unsure[slot] = UNSURE
            for sentry in engine.on[slot]:
                engine.again(sentry, now - LATEST if since is None else since, now)


def _declare(session: Session) -> None:
    changed = rulebook.declare(session)
    if changed:
        log.info("rules declared by packs: %s", ", ".join(changed))
