"""What a watcher remembers of one rule at one subject, and what it says."""

from dataclasses import dataclass, field
from typing import Any

from dothi.alerts.model import Severity

_LONG_AGO = -(1 << 62)
NOT_RECKONED = _LONG_AGO - 1
Seen = tuple[int, int, Any]  # stream, at, value in the property's unit


class Late(ValueError):
    """The observation belongs to an instant that has been decided; the history has to be run again."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something became of the alarm. at: the exact instant; severity: now, or that it had when it cleared.

    kind: raised | severity | cleared. value, limit: in the property's unit (a count for sensors that agree, minutes
    for absence). evidence: what it rests on. how: the condition's kind, or why it ended: condition, quiet, schedule.
    """

    kind: str
    at: int
    severity: Severity
    value: float | str | bool | None
    limit: float | None
    evidence: tuple[Seen, ...]
    how: str


@dataclass(slots=True)
class Switch:
    """One severity. truth: what its condition said last; since: it has been so; hits: when it was met."""

    on: bool = False
    truth: bool | None = None
    since: int | None = None
    off_since: int | None = None
    hits: list[int] = field(default_factory=list)

    @property
    def idle(self) -> bool:
        """Nothing is on, nothing is counted."""
        return not (self.on or self.truth or self.hits)


class Memory:
    """Everything a watcher remembers; small, and all a restart needs.

    decided: the newest instant that has been judged. queue: observations not judged yet (several datastreams only).
    values: newest reading of each datastream; windows: those of a rate's stretch. seen: when anything last came.
    idle: nothing is active, pending or counted. wake: the next instant that time alone decides, once reckoned.
    fresh: False after an alarm was ended by hand or by quiet, until something comes.
    """

    __slots__ = (
        "clear_since", "decided", "fresh", "idle", "queue", "raised_at", "seen", "switches", "values", "wake", "windows",
    )  # fmt: skip

    def __init__(self) -> None:
        self.decided = _LONG_AGO
        self.queue: list[tuple[int, int, Any]] = []  # at, stream, value
        self.values: dict[int, tuple[int, Any]] = {}
        self.windows: dict[int, list[tuple[int, Any]]] = {}
        self.seen: int | None = None
        self.fresh = True
        self.raised_at: int | None = None
        self.clear_since: int | None = None
        self.switches: list[Switch] = []
        self.idle = True
        self.wake: int | None = NOT_RECKONED

    def settle(self) -> None:
        """Note, after a change, whether anything is going on; when time next matters is reckoned when it is asked."""
        self.idle = not self.queue and self.raised_at is None and all(one.idle for one in self.switches)
        self.wake = NOT_RECKONED

    @property
    def active(self) -> bool:
        """Whether there is an alarm."""
        return self.raised_at is not None

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it; only what is not as in a new memory."""
        made: dict[str, Any] = {}
        if self.decided != _LONG_AGO:
            made["decided"] = self.decided
        for name in ("queue", "seen", "raised_at", "clear_since"):
            if (value := getattr(self, name)) not in (None, []):
                made[name] = value
        if not self.fresh:
            made["fresh"] = False
        if self.values:
            made["values"] = [[stream, at, value] for stream, (at, value) in self.values.items()]
        if self.windows:
            made["windows"] = [[stream, past] for stream, past in self.windows.items()]
        if any(not one.idle or one.truth is not None for one in self.switches):
            made["switches"] = [[s.on, s.truth, s.since, s.off_since, s.hits] for s in self.switches]
        return made

    @classmethod
    def from_json(cls, given: dict[str, Any]) -> "Memory":
        """What `to_json` made."""
        made = cls()
        made.decided = given.get("decided", _LONG_AGO)
        made.queue = [(at, stream, value) for at, stream, value in given.get("queue", [])]
        made.seen, made.fresh = given.get("seen"), given.get("fresh", True)
        made.raised_at, made.clear_since = given.get("raised_at"), given.get("clear_since")
        made.values = {stream: (at, value) for stream, at, value in given.get("values", [])}
        made.windows = {stream: [(at, value) for at, value in past] for stream, past in given.get("windows", [])}
        made.switches = [
            Switch(on, truth, since, off_since, list(hits))
            for on, truth, since, off_since, hits in given.get("switches", [])
        ]
        made.settle()
        return made
