"""A rule at one subject while the engine runs: its watcher, what it remembers now, and what it remembered before.

Earlier memories are kept at growing distances, so that late data is judged again from just before it and not from the
beginning of time.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import msgspec

from dothi.alerts.facts import Facts
from dothi.alerts.hot import FOREVER, NEVER
from dothi.alerts.machine import Watcher, watcher
from dothi.alerts.memory import Change, Late, Memory
from dothi.alerts.model import RuleModel, micros
from dothi.alerts.verdicts import Value
from dothi.kit import courtesy
from dothi.kit.clock import DAY, HOUR, SECOND

SPACING = 300 * SECOND  # between the newest kept memories; the older, the further apart
RESTED = HOUR  # how old the row of a memory may be that is made again from observations
LATEST = 7 * DAY  # later than this, an observation changes no alarm any more
Read = Callable[[tuple[int, ...], int, int], Iterable[tuple[int, int, Value | None]]]  # (streams, after, until)
_EVERY = (float("-inf"), float("inf"))
_stream = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Watched:
    """A rule as the engine has it."""

    id: int
    code: str
    version: int
    agency_id: int | None
    model: RuleModel


class Sentry:
    """One rule at one subject.

    alarm: id of its alarm that is active. since: what was over by then is not told (µs UTC). due: for Timers.
    back: pairs (instant, memory as JSON): what it remembered after everything up to that instant.
    """

    __slots__ = (
        "absence",
        "alarm",
        "asleep",
        "back",
        "due",
        "facts",
        "gap",
        "kept",
        "memory",
        "rule",
        "since",
        "single",
        "upto",
        "wakeful",
        "watcher",
    )

    def __init__(self, rule: Watched, facts: Facts, *, floor: int, since: int) -> None:
        self.rule, self.facts = rule, facts
        self.watcher: Watcher = watcher(rule.model, facts)
        self.memory = Memory()
        self.back: list[tuple[int, bytes]] = [(floor, b"{}")]
        self.alarm: int | None = None
        self.since = since
        self.due: int | None = None
        self.kept = False  # whether the database holds a row of it
        self.upto = NEVER  # what that row had seen
        self.asleep = False  # whether nothing was going on then
        self._look()

    def _look(self) -> None:
        self.absence: bool = self.watcher.absence
        self.single = len(self.watcher.streams) == 1
        patience = [int(getattr(test, "patience", FOREVER)) for test in self.watcher.tests]
        self.gap: int = min(patience) if self.absence else FOREVER
        # it is shown every value, whatever it remembers: at rest no observation changes when it is called or what is quiet
        self.wakeful: bool = self.single and not self.absence and self.watcher.wakeful

    @property
    def key(self) -> tuple[int, str]:
        """Rule and subject."""
        return self.rule.id, self.facts.subject

    def know(self, facts: Facts) -> None:
        """Its subject has changed: a threshold, a name, a place."""
        self.facts = facts
        self.watcher = watcher(self.rule.model, facts)
        self._look()

    def quiet(self, stream: int) -> tuple[float, float] | None:
        """Numbers of a datastream that need not be observed now; None: each does."""
        memory = self.memory
        if self.absence:
            return _EVERY if memory.seen is not None and memory.switches and memory.idle else None
        return self.watcher.band(memory, stream) if self.single else None

    def observe(self, stream: int, at: int, value: Value | None) -> list[Change]:
        """Take an observation that is in order. Raises Late."""
        memory = self.memory
        if at > memory.decided:
            self._keep(at - 1 if self.single else memory.decided)
        return self.watcher.observe(memory, stream, at, value)

    def together(self, at: int, said: list[tuple[int, Value | None]]) -> list[Change]:
        """Take what its datastreams said at one instant, in order of their ids: as `observe` of each in turn."""
        memory, watcher = self.memory, self.watcher
        if not watcher.settle or len(said) == 1 or watcher.late(memory, at):
            changes: list[Change] = []
            for stream, value in said:
                try:
                    changes += self.observe(stream, at, value)
                except Late:  # within the two seconds after a hand's: it counts as before it
                    continue
            return changes
        self._keep(memory.decided)
        changes = watcher.until(memory, at)
        self._keep(memory.decided)
        return changes + watcher.together(memory, at, said)

    def heard_from(self, at: int) -> None:
        """Where only silence counts: something came, the newest of a row of arrivals with no long silence between."""
        memory = self.memory
        if memory.seen is not None and at > memory.seen and memory.idle and memory.switches:
            memory.seen = at

    def tick(self, now: int) -> list[Change]:
        """Let time pass."""
        return self.watcher.tick(self.memory, now)

    def hand(self, at: int) -> list[Change]:
        """An officer ended the alarm."""
        return _by_hand(self.watcher, self.memory, at)

    def again(self, late: int, upto: int, now: int, read: Read, hands: Callable[[int], list[int]]) -> "Again | None":
        """Judge again from before `late`; None when that changes nothing, or is too long ago.

        upto: the newest instant heard of. now: until when time has passed. hands: when officers ended an alarm after
        an instant.
        """
        memory = self.memory
        if self.absence and memory.decided < late and memory.idle and memory.switches:
            return None
        found = self._before(late)
        if found is None:
            return None
        start, text = found
        self.back = [one for one in self.back if one[0] < late] or [(start, text)]
        self.memory = memory = Memory.from_json(msgspec.json.decode(text))
        opened = memory.raised_at
        events: dict[int, list[tuple[int, Value | None]]] = {}
        for stream, at, value in read(self.watcher.streams, start, upto):
            if at in events:
                events[at].append((stream, value))
            else:
                events[at] = [(stream, value)]
        by_hand = Counter(hands(start))
        changes: list[Change] = []
        for at in sorted(events.keys() | by_hand.keys()):
            courtesy.pause()
            if at in events:
                changes += self.together(at, sorted(events[at], key=_stream))
            for _ in range(by_hand[at]):
                changes += _by_hand(self.watcher, self.memory, at)
        changes += self.tick(now)
        return Again(start, opened, changes)

    def _before(self, late: int) -> tuple[int, bytes] | None:
        """The newest memory from before an instant."""
        memory = self.memory
        if memory.decided < late and memory.decided != NEVER and not self.absence:
            return (late - 1 if self.single else memory.decided), _text(memory)
        if memory.decided == NEVER and self.single and not self.absence and self.back[0][0] < late - 1:
            return late - 1, b"{}"  # everything so far was quiet
        earlier = [one for one in self.back if one[0] < late]
        return earlier[-1] if earlier else None

    def _keep(self, at: int) -> None:
        """Keep the memory as it was after everything up to an instant."""
        if at <= NEVER or at - self.back[-1][0] < SPACING:
            return
        self.back.append((at, _text(self.memory)))
        if len(self.back) > 6:
            self.back = thinned(self.back)

    @property
    def rests(self) -> bool:
        """Whether its memory can be made again from its row: it is shown every value, and none came to anything since.

        Then what is stored since is read again when the engine opens, an hour of it at most.
        """
        memory = self.memory
        return self.wakeful and self.asleep and memory.idle and memory.decided - self.upto < RESTED

    def noted(self) -> None:
        """Its row has just been written."""
        self.kept, self.upto, self.asleep = True, self.memory.decided, self.memory.idle

    def state(self) -> bytes:
        """All of it for the database, as JSON."""
        return msgspec.json.encode({
            "memory": self.memory.to_json(), "back": [(at, msgspec.Raw(text)) for at, text in self.back],
            "alarm": self.alarm, "since": self.since,
        })  # fmt: skip

    def restore(self, given: dict[str, Any]) -> None:
        """What `state` made."""
        self.memory = Memory.from_json(given["memory"])
        self.back = [
            (int(at), said.encode() if isinstance(said, str) else msgspec.json.encode(said))
            for at, said in given["back"]
        ]  # a text: as it once was written
        self.alarm, self.since = given["alarm"], given["since"]
        self.noted()


@dataclass(frozen=True, slots=True)
class Again:
    """What judging again gave: from when, since when an alarm stood there, and every change from there on."""

    start: int
    opened: int | None
    changes: list[Change]


def thinned(back: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """Memories at growing distances: always the newest, and one from before everything that may still come late."""
    newest = back[-1][0]
    kept = [back[-1]]
    for one in reversed(back[:-1]):
        last = kept[-1][0]
        if last <= newest - LATEST:
            break
        if last - one[0] >= max(SPACING, newest - last) or one is back[0]:
            kept.append(one)
    return kept[::-1]


def horizon(model: RuleModel) -> int:
    """How far back a rule looks when it begins, µs: twice the longest time it speaks of, one hour to two days."""
    conditions = list(model.when.values())
    spoken = [one for c in conditions for one in (c.lasting, c.within, c.rate.over if c.rate else None)]
    spoken += [model.clear.lasting, model.clear.keep_for, model.clear.quiet, model.stands]
    return min(max([HOUR, *(2 * micros(one) for one in spoken if one)]), 2 * DAY)


def _text(memory: Memory) -> bytes:
    """A memory without what waits to be judged, which is read again."""
    said = memory.to_json()
    said.pop("queue", None)
    return msgspec.json.encode(said)


def _by_hand(one: Watcher, memory: Memory, at: int) -> list[Change]:
    changes = one.tick(memory, at + one.settle)
    if memory.active and memory.decided <= at + one.settle:
        severity = next((s for s, switch in zip(one.severities, memory.switches, strict=True) if switch.on), None)
        if severity is not None:
            changes.append(Change("cleared", at, severity, None, None, (), "by-hand"))
    one.cleared_by_hand(memory, at)
    return changes
