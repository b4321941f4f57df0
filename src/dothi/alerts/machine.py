"""A rule at one subject, followed through time: pure, deterministic in phenomenon time, with no clock of its own.

The watcher is a machine over instants. What is so at an instant depends on every observation up to it (itself
included) and on nothing else, so that neither how often `tick` is called nor how observations are cut into batches
changes an alarm. Each severity is a switch: on when its condition is fulfilled, off when it has stopped holding for
long enough. The alarm is the worst severity that is on.
"""

import math
from collections.abc import Iterable
from typing import Any

from dothi.alerts import conditions
from dothi.alerts.facts import Facts, Input
from dothi.alerts.memory import NOT_RECKONED, Change, Late, Memory, Seen, Switch
from dothi.alerts.model import RuleModel, Severity, micros
from dothi.alerts.schedules import Opening
from dothi.alerts.verdicts import INFINITY, UNKNOWN, Test, Value, Verdict, number
from dothi.kit.clock import SECOND

SETTLE = 2 * SECOND  # how long several datastreams are waited for, so that readings of one instant are judged as one


class Watcher:
    """One rule at one subject. Holds no state: all of it is in the Memory it is given."""

    def __init__(self, model: RuleModel, facts: Facts) -> None:
        self.model, self.facts = model, facts
        self.streams = facts.streams
        self._inputs: dict[int, Input] = {one.stream: one for one in facts.inputs}
        constants = {name: number(one, facts.numbers) for name, one in model.on.constants.items()}
        clear = model.clear
        self.severities: list[Severity] = []
        self.tests: list[Test] = []
        for severity, condition in model.conditions():
            self.severities.append(severity)
            self.tests.append(conditions.compiled(condition, facts, constants, clear.margin))
        self._clear = conditions.compiled(clear.when, facts, constants) if clear.when is not None else None
        self._clear_lasting = micros(clear.lasting) if clear.lasting else 0
        self._keep_for = micros(clear.keep_for) if clear.keep_for else 0
        self._quiet = micros(clear.quiet) if clear.quiet else 0
        self._opening = Opening(model.schedule) if model.schedule is not None else None
        self.absence = self.tests[0].kind == "absent"
        self.settle = SETTLE if len(self.streams) > 1 and not self.absence else 0
        self.dead = all(one.dead for one in self.tests)
        self._free = self._band()
        self.wakeful = self._free is None
        self._bands = {one.stream: self._free and _unconverted(self._free, one) for one in facts.inputs}
        self._restless = any(one.restless for one in self.tests)
        self._keeps = max((one.keeps for one in self.tests if one.keeps), default=0)

    # what the engine asks

    def band(self, memory: Memory, stream: int) -> tuple[float, float] | None:
        """Numbers of a datastream, as they arrive, that change nothing now; None: each has to be observed.

        Whoever leaves out `observe` for them minds the order of the datastream's observations himself.
        """
        free = self._bands[stream]
        if free is None or not memory.idle:
            return None
        if not self.settle:
            return free
        said = memory.values.get(stream)
        if said is not None and not _within(said[1], self._free):
            return None  # it speaks for an alarm so far: its change of mind has to be heard
        return free

    def observe(self, memory: Memory, stream: int, at: int, value: Value | None) -> list[Change]:
        """Take an observation, as it arrived. Raises Late when its instant has been decided already."""
        if self.absence:
            return self._came(memory, at)
        if at <= memory.decided:
            raise Late(at)
        changes: list[Change] = []
        if not self.settle:
            self._one(memory, stream, at, self._read(stream, value), changes)
            return changes
        self._advance(memory, at - 1 - self.settle, changes)
        entry = (at, stream, self._read(stream, value))
        queue = memory.queue
        if queue and queue[-1][0] > at:
            place = next(i for i, one in enumerate(queue) if one[0] > at)
            queue.insert(place, entry)
        else:
            queue.append(entry)
        memory.idle = False
        if self._whole(queue, at):
            self._advance(memory, at, changes)
        return changes

    def until(self, memory: Memory, at: int) -> list[Change]:
        """Judge, where several datastreams are waited for, what an observation of an instant shows to be over."""
        changes: list[Change] = []
        self._advance(memory, at - 1 - self.settle, changes)
        return changes

    def together(self, memory: Memory, at: int, said: Iterable[tuple[int, Value | None]]) -> list[Change]:
        """Take what several datastreams said at an instant, after `until` and in order: each of them once."""
        queue = memory.queue
        if queue and queue[-1][0] > at:
            return [change for stream, value in said for change in self.observe(memory, stream, at, value)]
        read = self._read
        queue += [(at, stream, read(stream, value)) for stream, value in said]
        memory.idle = False
        changes: list[Change] = []
        if self._whole(queue, at):
            self._advance(memory, at, changes)
        return changes

    def tick(self, memory: Memory, now: int) -> list[Change]:
        """Let time pass until `now`; each change bears the instant at which it was so."""
        changes: list[Change] = []
        while (due := self.due(memory)) is not None and due <= now:
            instant = self._next(memory)
            assert instant is not None  # noqa: S101 - something is due
            self._decide(memory, instant, changes)
        return changes

    def due(self, memory: Memory) -> int | None:
        """When `tick` must be called next, on the phenomenon clock."""
        instant = self._next(memory)
        if instant is None:
            return None
        return instant + self.settle if memory.queue and instant >= memory.queue[0][0] else instant

    def late(self, memory: Memory, at: int) -> bool:
        """Whether an observation of this instant comes too late to be observed in order."""
        return at <= memory.decided

    def cleared_by_hand(self, memory: Memory, at: int) -> None:
        """An officer ended the alarm: start afresh. The next value that fulfils raises again, a static one too.

        Absence counts anew from here.
        """
        self._forget(memory)
        memory.fresh = False
        memory.decided = max(memory.decided, at)
        memory.queue = [one for one in memory.queue if one[0] > at]
        if self.absence:
            memory.fresh = True
            memory.seen = max(memory.seen or at, at)
        memory.settle()

    # how it works

    def _band(self) -> tuple[float, float] | None:
        """Readings that fulfil no condition."""
        if self._quiet and len(self.streams) > 1:
            return None  # when something last came is more than any one datastream knows
        both = (-INFINITY, INFINITY)
        for test in self.tests:
            free = test.band()
            if free is None or (test.reads_every and not test.dead):
                return None
            both = (max(both[0], free[0]), min(both[1], free[1]))
        return both if both[0] <= both[1] else None

    def _read(self, stream: int, value: Value | None) -> Value | None:
        """A value as a reading in the property's unit; None when it is none."""
        one = self._inputs[stream]
        if value is None or isinstance(value, str | bool):
            return value
        if value != value:
            return None
        made = value if one.line is None else one.line(value)
        if one.plausible is not None and not one.plausible[0] <= made <= one.plausible[1]:
            return None
        return made

    def _one(self, memory: Memory, stream: int, at: int, value: Value | None, changes: list[Change]) -> None:
        """The reading of the only datastream: judged at once. At rest, most readings need no more than a look."""
        if (wake := self._wake(memory)) is not None and wake < at:
            self._advance(memory, at - 1, changes)
        new = self._keep(memory, stream, at, value)
        if memory.idle and not self._restless:
            for one in self.tests if new else ():
                if one.verdict(memory, at).truth:
                    break
            else:
                memory.decided = at
                return
        self._decide(memory, at, changes, new=new)

    def _keep(self, memory: Memory, stream: int, at: int, value: Value | None) -> bool:
        """Remember a reading; None is a sign of life, but nothing that a condition could be met by."""
        memory.seen = at if memory.seen is None or at > memory.seen else memory.seen
        if value is None:
            return False
        memory.fresh = True
        memory.values[stream] = (at, value)
        if self._keeps and not isinstance(value, str | bool):
            past = memory.windows.setdefault(stream, [])
            past.append((at, value))
            while past[0][0] < at - self._keeps:
                past.pop(0)
        return True

    def _whole(self, queue: list[tuple[int, int, Any]], at: int) -> bool:
        """Whether every datastream has spoken at an instant, and nothing else is waited for."""
        return len(queue) == len(self.streams) and queue[0][0] == at

    def _came(self, memory: Memory, at: int) -> list[Change]:
        """Something came, where only absence counts: what it was does not matter, nor the order of what came since."""
        if memory.seen is not None and (at == memory.seen or memory.decided < at < memory.seen):
            return []
        if at <= memory.decided:
            raise Late(at)
        changes: list[Change] = []
        idle = memory.switches and memory.idle
        if not idle or any(due <= at for test in self.tests for due in test.instants(memory)):
            self._advance(memory, at - 1, changes)
            decided = memory.decided
            memory.seen = at
            self._decide(memory, at, changes)
            if not changes and idle:
                memory.decided = decided
        memory.seen = at
        memory.wake = NOT_RECKONED
        return changes

    def _advance(self, memory: Memory, until: int, changes: list[Change]) -> None:
        while (instant := self._next(memory)) is not None and instant <= until:
            self._decide(memory, instant, changes)

    def _next(self, memory: Memory) -> int | None:
        """The next instant to decide: of what is queued, or one at which time alone changes something."""
        wake = self._wake(memory)
        if memory.queue and (wake is None or memory.queue[0][0] < wake):
            return memory.queue[0][0]
        return wake

    def _wake(self, memory: Memory) -> int | None:
        if self.absence or memory.wake == NOT_RECKONED:
            after = memory.decided
            memory.wake = min((one for one in self._instants(memory) if one > after), default=None)
        return memory.wake

    def _instants(self, memory: Memory) -> Iterable[int]:
        made: list[int] = []
        busy = memory.raised_at is not None
        for switch, test in zip(memory.switches, self.tests, strict=True) if memory.switches else ():
            if switch.on or switch.truth or test.restless:
                busy = busy or switch.on or bool(switch.truth)
                if memory.fresh:
                    made += test.instants(memory)
            if switch.since is not None and test.lasting and not switch.on:
                made.append(switch.since + test.lasting)
            if switch.off_since is not None:
                made.append(switch.off_since + self._clear_lasting)
        if memory.raised_at is not None:
            made.append(memory.raised_at + self._keep_for)
            if memory.clear_since is not None:
                made.append(memory.clear_since + self._clear_lasting)
            if self._clear is not None and memory.fresh:
                made += self._clear.instants(memory)
        if self._quiet and busy and memory.seen is not None:
            made.append(memory.seen + self._quiet)
        if self._opening is not None and (busy or (self.absence and memory.seen is not None)):
            edge = self._opening.edge(memory.decided)
            if edge is not None:
                made.append(edge)
        return made

    def _decide(self, memory: Memory, at: int, changes: list[Change], *, new: bool = False) -> None:
        """Judge an instant: take in what was observed at it, then move the switches. new: a reading has been kept."""
        queue = memory.queue
        ripe = 0
        for when, stream, value in queue:
            if when != at:
                break
            new = self._keep(memory, stream, at, value) or new
            ripe += 1
        del queue[:ripe]
        memory.decided = at
        if self._quiet and memory.seen is not None and at >= memory.seen + self._quiet:
            memory.fresh = False  # what was read so long ago speaks no longer
        if not memory.switches:
            memory.switches = [Switch() for _ in self.tests]
        opened = self._opening is None or self._opening.open(at)
        verdicts = [self._met(memory, i, at, new=new, opened=opened) for i in range(len(self.tests))]
        before = self._worst(memory)
        how = self._turn(memory, at, verdicts, opened=opened)
        self._tell(memory, at, before, verdicts, how, changes)
        memory.settle()

    def _met(self, memory: Memory, i: int, at: int, *, new: bool, opened: bool) -> Verdict:
        """What a condition says, and what its switch remembers of it."""
        switch, test = memory.switches[i], self.tests[i]
        verdict = test.verdict(memory, at) if memory.fresh else UNKNOWN
        met = verdict.truth is True and opened
        if met and test.times:
            was = switch.truth is True and switch.since is not None
            if (not was) if test.crossings or test.kind == "absent" else new:
                switch.hits = [*switch.hits[-(test.times - 1) :], at]
        if switch.hits:
            switch.hits = [one for one in switch.hits if one >= at - test.within]
        switch.since = (at if switch.since is None else switch.since) if met else None
        switch.truth = verdict.truth
        return verdict

    def _turn(self, memory: Memory, at: int, verdicts: list[Verdict], *, opened: bool) -> str:
        """Move the switches; returns why an alarm ended, if it did."""
        if not opened:
            return self._all_off(memory, "schedule")
        if memory.raised_at is not None and self._quiet and memory.seen is not None and at >= memory.seen + self._quiet:
            return self._all_off(memory, "quiet")
        was_on = [one.on for one in memory.switches]
        worse = False
        for switch, test, verdict in zip(memory.switches, self.tests, verdicts, strict=True):
            if switch.on:
                self._release(memory, switch, test, at)
            elif verdict.truth is True and (worse or self._fulfilled(switch, test, at)):
                switch.on, switch.off_since = True, None
            # while a worse one is (or was just) there, a milder one needs no duration of its own
            worse = worse or switch.on
        return self._own_clear(memory, at, was_on, verdicts)

    def _fulfilled(self, switch: Switch, test: Test, at: int) -> bool:
        if test.times:
            return len(switch.hits) >= test.times
        return switch.since is not None and at - switch.since >= test.lasting

    def _release(self, memory: Memory, switch: Switch, test: Test, at: int) -> None:
        truth = test.verdict(memory, at, held=True).truth if memory.fresh else None
        if truth is not False:
            switch.off_since = None
            return
        switch.off_since = at if switch.off_since is None else switch.off_since
        kept = memory.raised_at is not None and at < memory.raised_at + self._keep_for
        if at - switch.off_since >= self._clear_lasting and not kept:
            switch.on, switch.off_since = False, None
            switch.hits = []

    def _own_clear(self, memory: Memory, at: int, was_on: list[bool], verdicts: list[Verdict]) -> str:
        """With a clearing condition of its own, the last switch stays on until that is met."""
        if self._clear is None or memory.raised_at is None:
            return "condition"
        said = self._clear.verdict(memory, at).truth if memory.fresh else None
        if said is True and not any(one.truth for one in verdicts):
            memory.clear_since = at if memory.clear_since is None else memory.clear_since
            if at - memory.clear_since >= self._clear_lasting and at >= memory.raised_at + self._keep_for:
                return self._all_off(memory, "condition")
        else:
            memory.clear_since = None
        if not any(one.on for one in memory.switches) and any(was_on):
            last = max(i for i, on in enumerate(was_on) if on)
            memory.switches[last].on = True
        return "condition"

    def _all_off(self, memory: Memory, how: str) -> str:
        for one in memory.switches:
            one.on, one.off_since, one.since, one.hits = False, None, None, []
        memory.clear_since = None
        return how

    def _forget(self, memory: Memory) -> None:
        memory.switches = [Switch() for _ in self.tests]
        memory.raised_at = memory.clear_since = None

    def _worst(self, memory: Memory) -> int | None:
        if memory.raised_at is None:
            return None
        return next((i for i, one in enumerate(memory.switches) if one.on), None)

    def _tell(
        self, memory: Memory, at: int, before: int | None, verdicts: list[Verdict], how: str, changes: list[Change]
    ) -> None:
        after = next((i for i, one in enumerate(memory.switches) if one.on), None)
        if after == before:
            return
        which = after if after is not None else before
        assert which is not None  # noqa: S101 - one of them differs from None
        test, verdict = self.tests[which], verdicts[which]
        if after is None:
            kind = "cleared"
            memory.raised_at = memory.clear_since = None
        else:
            kind = "raised" if before is None else "severity"
            memory.raised_at = at if before is None else memory.raised_at
            how = test.kind
        changes.append(
            Change(kind, at, self.severities[which], _value(memory, test, verdict), verdict.limit,
                   self._evidence(memory, which, at), how)
        )  # fmt: skip

    def _evidence(self, memory: Memory, which: int, at: int) -> tuple[Seen, ...]:
        """The readings that spoke, the newest of each datastream, oldest first."""
        test = self.tests[which]
        read = test.inputs
        if isinstance(test, conditions.Agreeing):
            read = tuple(test.votes(memory, at)[0]) or read
        found = [
            (one.stream, *memory.values[one.stream]) for one in read[:50] if one.stream in memory.values
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda one: one[1]))


def _value(memory: Memory, test: Test, verdict: Verdict) -> Value | None:
    if verdict.value is not None:
        return verdict.value
    value: Value | None
    if test.speaker is not None and (own := memory.values.get(test.speaker)) is not None:
        value = own[1]
    else:
        newest = [memory.values[one.stream] for one in test.inputs if one.stream in memory.values]
        value = max(newest, key=lambda one: one[0])[1] if newest else None
    return value


def _within(value: Value, band: tuple[float, float] | None) -> bool:
    return band is not None and not isinstance(value, str | bool) and band[0] <= value <= band[1]


def _unconverted(band: tuple[float, float], one: Input) -> tuple[float, float] | None:
    """A band of readings as a band of the values that arrive, drawn in a hair where they are converted."""
    if one.line is None:
        return band
    if one.line.scale == 0:
        return None
    ends = sorted((end - one.line.offset) / one.line.scale for end in band)
    low, high = (
        end + abs(end) * 1e-9 * side if math.isfinite(end) else end for end, side in zip(ends, (1, -1), strict=True)
    )
    return (low, high) if low <= high else None


def watcher(model: RuleModel, facts: Facts) -> Watcher:
    """The watcher of a rule at a subject."""
    return Watcher(model, facts)
