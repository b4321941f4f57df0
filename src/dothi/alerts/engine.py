"""The rule engine: hears observations, lets time pass, and keeps the stored alarms those that a clean run gives.

One thread uses an engine; `worker` gives it one, and a lease. All of it can be driven by hand, at any clock:

    engine = Engine(); engine.open(now); engine.hear(columns, range(len(columns)), now); engine.advance(now)

What it does to alarms is written in short transactions, each with the memory of the rules concerned. How far it has
read is noted less often, always after every memory; so what a crash undoes is read again, and nothing is told twice.
"""

import heapq
import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from dothi.alerts import engine_store as store
from dothi.alerts import maintenance, reconcile, suppression, writing
from dothi.alerts.hot import FOREVER, NEVER, UNSURE, Followed, Integers
from dothi.alerts.memory import Change, Late
from dothi.alerts.roll import Key, Roll
from dothi.alerts.sentry import LATEST, Sentry
from dothi.alerts.tables import Alarm
from dothi.alerts.timers import Timers
from dothi.alerts.verdicts import INFINITY, Value
from dothi.db import session as db
from dothi.kit import courtesy
from dothi.kit.clock import SECOND
from dothi.sensing.columns import Columns

log = logging.getLogger(__name__)
GRACE = SECOND  # what is on its way may still arrive: time passes this much later for rules that wait
AHEAD = 60 * SECOND  # an observation further in the future waits until its time has come
_SETTLED = 2 * SECOND  # late data is gathered at most so long before it is judged
_CHUNK = 100  # rules at subjects written in one transaction
_ROWS = 2000  # memories written in one transaction


class Engine:
    """Rules at subjects, and what they have heard. guard: called first in every writing transaction; may raise."""

    def __init__(self, guard: Callable[[Session], None] | None = None) -> None:
        self.guard = guard
        self.roll = Roll()
        self.sentries: dict[Key, Sentry] = {}
        self.follow = Followed(())
        self.on: list[list[Sentry]] = []  # by slot
        self.timers: Timers[Sentry] = Timers()
        self.changes: dict[Sentry, list[Change]] = {}
        self.late: dict[Sentry, int] = {}  # judge again from before this instant
        self.late_since: int | None = None
        self.dirty: set[Sentry] = set()
        self.ahead: list[tuple[int, int, float, str | None]] = []  # at, datastream, result, JSON text
        self.evaluated = 0  # observations looked at one by one
        self.heard = 0  # observations taken in
        self.rejudged = 0

    # observations

    def hear(self, columns: Columns, stored: Sequence[int], now: int) -> None:
        """Take in what a commit stored."""
        ids = np.array(columns.datastream, dtype=np.int64)
        at = np.array(columns.at, dtype=np.int64)
        value = np.array(columns.result, dtype=np.float64)
        texts = columns.result_json
        if len(stored) < len(ids):
            kept = np.asarray(stored, dtype=np.int64)
            ids, at, value = ids[kept], at[kept], value[kept]
            texts = [texts[i] for i in stored] if texts is not None else None
        self.take(ids, at, value, texts, now)

    def take(self, ids: Integers, at: Integers, value: Any, texts: Sequence[str | None] | None, now: int) -> None:
        """Take in observations as columns. value: NaN where it is no number; texts: its JSON then."""
        self.heard += len(ids)
        early = at > now + AHEAD
        if early.any():
            for i in np.flatnonzero(early).tolist():
                if self.follow.slot(int(ids[i])) >= 0:
                    entry = (int(at[i]), int(ids[i]), float(value[i]), texts[i] if texts is not None else None)
                    heapq.heappush(self.ahead, entry)
            kept = np.flatnonzero(~early)
            ids, at, value = ids[kept], at[kept], value[kept]
            texts = [texts[i] for i in kept.tolist()] if texts is not None else None
        sifted = self.follow.sift(ids, at, value)
        if sifted is None:
            return
        touched: set[Sentry] = set()
        stream = self.follow.stream
        for slot, when, result, late, row in zip(
            sifted.slot, sifted.at, sifted.value, sifted.late, sifted.row, strict=True
        ):
            said: Value | None = None if result != result else result
            if texts is not None and (text := texts[row]) is not None:
                said = store.value_of(None if result != result else result, text)
            for sentry in self.on[slot]:
                courtesy.pause()
                if sentry not in self.late:
                    if self._hears(sentry, stream[slot], when, said, late=late, prior=sifted.prior, now=now):
                        touched.add(sentry)
                elif when < self.late[sentry]:
                    self.again(sentry, when, now)
        self.evaluated += len(sifted.slot)
        self.tune(touched)

    def _hears(
        self, sentry: Sentry, stream: int, at: int, value: Value | None, *, late: bool, prior: dict[int, int], now: int
    ) -> bool:  # fmt: skip
        """One observation at one rule's subject; returns whether `tune` is to look at it."""
        memory = sentry.memory
        if at <= memory.decided:
            self.again(sentry, at, now)
            return False
        free = None if sentry.wakeful else sentry.quiet(stream)
        within = free is not None and (
            sentry.absence or (isinstance(value, int | float) and free[0] <= value <= free[1])
        )
        if late:
            if not within:
                self.again(sentry, at, now)
            return False
        if within and not sentry.absence:
            return False
        if sentry.absence:
            self._sync(sentry, prior)
            if within and memory.seen is not None and at - memory.seen < sentry.gap:
                return True  # its silence begins anew
        rested, wake = memory.idle, memory.wake
        try:
            changes = sentry.observe(stream, at, value)
        except Late:
            self.again(sentry, at, now)
            return False
        self._changed(sentry, changes)
        return not (sentry.wakeful and rested and memory.idle and memory.wake == wake)

    def _sync(self, sentry: Sentry, prior: dict[int, int]) -> None:
        """Let a rule that counts silence know of what came without long silences, and was not shown to it."""
        slots = self.follow.slots(np.array(sentry.watcher.streams)).tolist()
        newest = max(prior.get(slot, int(self.follow.last[slot])) for slot in slots if slot >= 0)
        if newest != NEVER:
            sentry.heard_from(newest)

    def _changed(self, sentry: Sentry, changes: list[Change]) -> None:
        self.dirty.add(sentry)
        if changes:
            self.changes.setdefault(sentry, []).extend(changes)

    def again(self, sentry: Sentry, at: int, now: int) -> None:
        """Have a rule judged again from before an instant."""
        if at < now - LATEST:
            return
        self.late[sentry] = min(self.late.get(sentry, at), at)
        if self.late_since is None:
            self.late_since = now

    def tune(self, sentries: Iterable[Sentry]) -> None:
        """Set what is quiet on the datastreams of these anew, and when time has to pass for them."""
        slots: set[int] = set()
        follow, table = self.follow, self.follow.table
        for sentry in sentries:
            if sentry not in self.late:
                self.timers.set(sentry, sentry.watcher.due(sentry.memory))
            slots.update([table[stream] for stream in sentry.watcher.streams if stream in table])
        rows = []
        for slot in slots:
            low, high, gap, firm = -INFINITY, INFINITY, FOREVER, NEVER
            stream = follow.stream[slot]
            for sentry in self.on[slot]:
                free = sentry.quiet(stream)
                if free is None:
                    low, high = INFINITY, -INFINITY
                else:
                    low, high = max(low, free[0]), min(high, free[1])
                gap, firm = min(gap, sentry.gap), max(firm, sentry.memory.decided)
            rows.append((low, high, gap, firm))
        if rows:
            at = np.fromiter(slots, dtype=np.int64, count=len(slots))
            bands, instants = zip(*[(one[:2], one[2:]) for one in rows], strict=True)
            follow.low[at], follow.high[at] = np.array(bands).T
            follow.gap[at], follow.firm[at] = np.array(instants, dtype=np.int64).T

    # time

    def advance(self, now: int, *, idle: bool = True) -> None:
        """Let time pass until now, and write what has changed. idle: nothing else waits to be heard."""
        if self.ahead and self.ahead[0][0] <= now:
            self._arrived(now)
        touched = []
        for sentry in self.timers.ring(now - GRACE):
            if sentry in self.late:
                continue
            if sentry.absence:
                self._sync(sentry, {})
            self._changed(sentry, sentry.tick(now - GRACE))
            touched.append(sentry)
        self.tune(touched)
        self.flush(now)
        if self.late and (idle or now - (self.late_since or now) > _SETTLED):
            self.judge(now)

    def due(self) -> int | None:
        """When `advance` has something to do of itself."""
        first = self.timers.next()
        ahead = self.ahead[0][0] if self.ahead else None
        found = [one for one in (first + GRACE if first is not None else None, ahead) if one is not None]
        return min(found, default=None)

    def _arrived(self, now: int) -> None:
        rows = []
        while self.ahead and self.ahead[0][0] <= now:
            rows.append(heapq.heappop(self.ahead))
        self.take(
            np.array([row[1] for row in rows]), np.array([row[0] for row in rows]),
            np.array([row[2] for row in rows], dtype=np.float64), [row[3] for row in rows], now,
        )  # fmt: skip

    # writing

    def write(self, work: Callable[[Session], object]) -> None:
        """Do some work in a transaction of its own."""
        with courtesy.at_once(), db.writing() as session:
            if self.guard is not None:
                self.guard(session)
            work(session)
        courtesy.pause()

    def flush(self, now: int) -> None:
        """Write the changes that are known."""
        waiting = [one for one in self.changes if one not in self.late]
        # parents first: what follows from them then does not ring at all
        waiting.sort(key=lambda one: (one.rule.code not in self.roll.parents, self.changes[one][0].at))
        for part in parts(waiting, _CHUNK):
            taken = [(sentry, self.changes.pop(sentry)) for sentry in part]

            def work(session: Session, taken: list[tuple[Sentry, list[Change]]] = taken) -> None:
                first = min(changes[0].at for _, changes in taken)
                windows = maintenance.covering(session, min(first, now), now)
                changed: list[Alarm] = []
                for sentry, changes in taken:
                    changed += writing.apply(session, sentry, changes, windows, now)
                self.wrote(session, [sentry for sentry, _ in taken], changed, now)

            self.write(work)

    def judge(self, now: int) -> None:
        """Judge again whoever was reached by late data, and make the stored alarms those that come of it."""
        late, self.late, self.late_since = self.late, {}, None
        for sentry in late:
            if unwritten := self.changes.pop(sentry, None):  # the run from before gives them again
                late[sentry] = min(late[sentry], unwritten[0].at)
        order = sorted(late, key=lambda one: (one.rule.code not in self.roll.parents, late[one]))
        for part in parts(order, _CHUNK):
            # judged before anything is written, so that nobody waits for the thinking; unless hands came between
            with db.reading() as session:
                newest = store.newest_event(session)
                judged = [(sentry, self._judged(session, sentry, late[sentry], now)) for sentry in part]

            def work(
                session: Session, judged: list[tuple[Sentry, list[reconcile.Verdict] | None]] = judged,
                newest: int = newest,
            ) -> None:  # fmt: skip
                changed: list[Alarm] = []
                windows = maintenance.covering(session, min(late[one] for one, _ in judged) - LATEST, now)
                stale = store.newest_event(session) != newest
                for sentry, known in judged:
                    found = self._judged(session, sentry, late[sentry], now) if stale else known
                    changed += writing.settle(session, sentry, found, windows, now) if found is not None else []
                self.wrote(session, [one for one, _ in judged], changed, now)

            self.write(work)
            self.tune(part)
        self.rejudged += len(late)

    def _judged(self, session: Session, sentry: Sentry, at: int, now: int) -> list[reconcile.Verdict] | None:
        told: list[reconcile.Told] = []

        def hands(after: int) -> list[int]:
            found, by_hand = store.told(session, *sentry.key, after)
            told.extend(found)
            return by_hand

        def read(streams: tuple[int, ...], after: int, until: int) -> list[tuple[int, int, Value | None]]:
            return list(store.between(session, [(stream, after, until) for stream in streams]))

        slots = [slot for one in sentry.watcher.streams if (slot := self.follow.slot(one)) >= 0]
        upto = max(sentry.memory.decided, *(int(self.follow.last[slot]) for slot in slots))
        again = sentry.again(at, upto, now - GRACE, read, hands)
        if again is None:
            return None
        wanted = reconcile.wanted(again.start, told, again.opened, again.changes)
        return reconcile.verdicts(told, wanted, sentry.since)

    def wrote(self, session: Session, sentries: Sequence[Sentry], changed: Sequence[Alarm], now: int) -> None:
        """What belongs to every transaction that changed alarms."""
        parents = [one for one in changed if one.rule_code in self.roll.parents]
        suppression.follow(session, parents, self.roll.suppresses, now)
        self.remember(session, sentries)

    def remember(self, session: Session, sentries: Sequence[Sentry]) -> None:
        """Write the memories of some rules at subjects."""
        rows = {
            one: store.Remembered(
                one.rule.id, one.facts.subject, one.rule.version, max(one.memory.decided, NEVER), one.state()
            )
            for one in sentries
        }
        store.save_watches(
            session, [row for one, row in rows.items() if not one.kept], [row for one, row in rows.items() if one.kept]
        )
        for one in sentries:
            one.noted()
            self.dirty.discard(one)

    def checkpoint(self, marks: dict[str, int] | None = None) -> bool:
        """Note what is remembered, and then how far everything has been read; not while anything waits to be written."""
        if self.changes or self.late:
            return False
        for part in parts([one for one in self.dirty if not one.rests], _ROWS):
            self.write(lambda session, part=part: self.remember(session, part))  # type: ignore[misc]
        follow = self.follow
        # counted before, and nothing late came since
        follow.unsure[follow.unsure > UNSURE] = 0
        ready = np.flatnonzero(follow.dirty & (follow.unsure == 0) & (follow.last != NEVER))
        follow.noted[ready, 0], follow.noted[ready, 1] = follow.count[ready], follow.last[ready]
        blocks = np.isin(follow.ids // store.BLOCK, follow.ids[ready] // store.BLOCK)
        whole = np.flatnonzero(blocks & (follow.noted[:, 1] != NEVER))
        rows = np.column_stack((follow.ids[whole], follow.noted[whole]))

        def work(session: Session) -> None:
            store.save_followed(session, rows)
            for name, value in (marks or {}).items():
                store.set_mark(session, name, value)

        if len(rows) or marks:
            self.write(work)
        follow.dirty[ready] = False
        self._recount()
        return True

    def _recount(self) -> None:
        """Count anew what late data has made unsure; it is believed at the next checkpoint."""
        slots = np.flatnonzero(self.follow.unsure == UNSURE).tolist()
        if not slots:
            return
        upto = {int(self.follow.ids[slot]): int(self.follow.last[slot]) for slot in slots}
        with db.reading() as session:
            found = store.counted(session, upto)
        for slot in slots:
            self.follow.count[slot] = found.get(int(self.follow.ids[slot]), 0)
            self.follow.unsure[slot] = UNSURE + 1


def parts(many: Sequence[Any], size: int) -> Iterable[Any]:
    """A row of things in lists of at most so many."""
    run = iter(many)
    while part := list(islice(run, size)):
        yield part
