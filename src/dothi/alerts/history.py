"""A rule over a whole history at once: for backtests, promises and the re-evaluation after late data."""

from collections.abc import Iterable
from dataclasses import dataclass

from dothi.alerts.machine import Watcher
from dothi.alerts.memory import Change, Memory
from dothi.alerts.model import RANK, Severity
from dothi.alerts.verdicts import Value


@dataclass(frozen=True, slots=True)
class Episode:
    """An alarm from beginning to end. cleared_at None: it stands."""

    raised_at: int
    severity: Severity
    worst: Severity
    cleared_at: int | None
    cleared_how: str | None
    changes: tuple[Change, ...]


def run(
    watcher: Watcher, observations: Iterable[tuple[int, int, Value | None]], until: int, *,
    hands: Iterable[int] = (), memory: Memory | None = None,
) -> list[Episode]:  # fmt: skip
    """A whole history at once: (stream, at, value) in any order, up to and with `until` (µs UTC).

    hands: when an officer ended the alarm by hand.
    """
    memory = Memory() if memory is None else memory
    events = sorted(
        [(at, 0, stream, value) for stream, at, value in observations if at <= until]
        + [(at, 1, 0, None) for at in hands if at <= until],
        key=lambda one: one[:3],
    )
    told: list[Change] = []
    by_hand: list[Change] = []
    for at, hand, stream, value in events:
        if not hand:
            told += watcher.observe(memory, stream, at, value)
            continue
        told += watcher.tick(memory, at + watcher.settle)
        if memory.active:
            severity = watcher.severities[next(i for i, one in enumerate(memory.switches) if one.on)]
            ended = Change("cleared", at, severity, None, None, (), "by-hand")
            told.append(ended)
            by_hand.append(ended)
        watcher.cleared_by_hand(memory, at)
    told += watcher.tick(memory, until + watcher.settle)
    return episodes(one for one in told if one.at <= until)


def episodes(changes: Iterable[Change]) -> list[Episode]:
    """Changes in order as alarms."""
    made: list[Episode] = []
    open_: list[Change] = []
    for one in changes:
        open_.append(one)
        if one.kind == "cleared":
            made.append(_episode(open_))
            open_ = []
    if open_:
        made.append(_episode(open_))
    return made


def _episode(changes: list[Change]) -> Episode:
    last = changes[-1]
    ended = last.kind == "cleared"
    worst = min((one.severity for one in changes), key=lambda one: RANK[one])
    return Episode(
        changes[0].at, last.severity, worst, last.at if ended else None, last.how if ended else None, tuple(changes)
    )
