"""A rule over stored history before it is switched on: what it would have raised, and what that would have meant."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from dothi.alerts import backtest_store as store
from dothi.alerts import facts as facts_room
from dothi.alerts.facts import Facts
from dothi.alerts.history import Episode, episodes
from dothi.alerts.machine import Watcher, watcher
from dothi.alerts.memory import Change, Memory
from dothi.alerts.model import RuleModel, Severity, micros
from dothi.alerts.verdicts import Value
from dothi.identity.guard import Caller
from dothi.kit.clock import DAY, HOUR, SECOND
from dothi.kit.errors import BadInput, Fault

_ZONE = 7 * HOUR
_MINUTE = 60 * SECOND
SLOT = 10 * _MINUTE  # guidance for operators counts alarms in ten minutes
GUIDANCE = "EEMUA 191 / IEC 62682: on average less than one alarm in ten minutes; at most ten in any"
CHATTER, CHATTER_IN = 3, 30 * _MINUTE  # more raises than this within that time
LEAD = DAY  # read before `since`, so that durations and rates are under way
LONGEST = 92 * DAY
SLACK = 30 * _MINUTE  # an alarm this much before or after a known event still counts as caught
LENGTHS = (5 * _MINUTE, 15 * _MINUTE, HOUR, 4 * HOUR, DAY)  # ends of the duration classes; the last is open


@dataclass(frozen=True, slots=True)
class Known:
    """Something that is known to have happened, µs UTC. thing_id: where; None: anywhere the rule watches."""

    at: int
    until: int
    title: str = ""
    thing_id: int | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm the rule would have raised. repeat: it would have stood under an earlier one's line."""

    subject: str
    name: str
    thing_id: int | None
    episode: Episode
    repeat: bool


@dataclass(slots=True)
class Result:
    """What a rule would have done between since and until (µs UTC).

    subjects: that it watches; dead: of them, those with unknown thresholds. standing: alarms still active at the end.
    per_day: start of the local day, alarms by severity. per_hour: by local hour of the day. lengths: alarms by
    duration, one class per entry of LENGTHS and one beyond. chattering: subjects with more than three raises within
    30 minutes, and how often they rose. slots: ten-minute slots; busy: those with an alarm; fullest: most in one.
    lines: alarms that open a line of their own in the queue. missed, caught: of the known events.
    """

    since: int
    until: int
    subjects: int = 0
    dead: int = 0
    alarms: list[Raised] = field(default_factory=list)
    per_day: list[tuple[int, dict[Severity, int]]] = field(default_factory=list)
    per_hour: list[int] = field(default_factory=lambda: [0] * 24)
    lengths: list[int] = field(default_factory=lambda: [0] * (len(LENGTHS) + 1))
    typical_s: float | None = None
    standing: int = 0
    chattering: list[tuple[str, str, int]] = field(default_factory=list)
    slots: int = 0
    busy: int = 0
    fullest: int = 0
    lines: int = 0
    caught: list[Known] = field(default_factory=list)
    missed: list[Known] = field(default_factory=list)
    values: int = 0
    skipped_days: int = 0
    seconds: float = 0.0

    @property
    def share(self) -> float:
        """Share of the ten-minute slots with at least one alarm."""
        return self.busy / self.slots if self.slots else 0.0

    @property
    def per_ten_minutes(self) -> float:
        """Alarms per ten minutes on average: the guidance for one operator is less than one, over all rules."""
        return len(self.alarms) / self.slots if self.slots else 0.0

    @property
    def bearable(self) -> bool:
        """Whether this rule alone stays within the guidance, and never rings more than ten times in ten minutes."""
        return self.per_ten_minutes < 1 and self.fullest <= 10

    def as_json(self) -> dict[str, Any]:
        """For the command line and for charts."""
        return {
            "since": self.since, "until": self.until, "subjects": self.subjects, "unknown_thresholds": self.dead,
            "alarms": len(self.alarms), "lines": self.lines, "standing": self.standing,
            "severities": dict(Counter(one.episode.worst for one in self.alarms)),
            "per_day": [{"day": day, **counts} for day, counts in self.per_day], "per_hour": self.per_hour,
            "lengths": self.lengths, "typical_s": self.typical_s,
            "chattering": [{"subject": s, "name": n, "raised": c} for s, n, c in self.chattering],
            "slots": self.slots, "busy": self.busy, "share": round(self.share, 6), "fullest": self.fullest,
            "per_ten_minutes": round(self.per_ten_minutes, 6), "bearable": self.bearable,
            "caught": len(self.caught), "missed": [{"at": one.at, "title": one.title} for one in self.missed],
            "values": self.values, "skipped_days": self.skipped_days, "seconds": round(self.seconds, 3),
        }  # fmt: skip


def backtest(
    session: Session, caller: Caller, model: RuleModel, since: int, until: int, known: Sequence[Known] = ()
) -> Result:
    """Run a rule over what is stored, as far as the caller may see it.

    since, until: µs UTC, `until` exclusive; at most 92 days. known: events the rule should have found.
    What is usual (`unusual`) is taken as it is known today.
    """
    if not since < until or until - since > LONGEST:
        said = f"from {since} to {until} is no stretch of time to test over"
        raise BadInput(said, [Fault("until", said, "after `since`, and at most 92 days later")])
    begun = time.perf_counter()
    found = facts_room.resolve(session, model, caller=caller)
    made = Result(since, until, len(found))
    posts = [_Post(one, watcher(model, one)) for one in found]
    made.dead = sum(one.watcher.dead for one in posts)
    _follow(session, [one for one in posts if not one.watcher.dead], since - LEAD, until, made)
    told = [(post.facts, one) for post in posts for one in episodes(post.told)
            if one.raised_at >= since or one.cleared_at is None or one.cleared_at >= since]  # fmt: skip
    told.sort(key=lambda one: (one[1].raised_at, one[0].subject))
    _reckon(made, model, told, known)
    made.seconds = time.perf_counter() - begun
    return made


class _Post:
    """One subject while its history goes by."""

    __slots__ = ("facts", "memory", "told", "watcher")

    def __init__(self, facts: Facts, watcher: Watcher) -> None:
        self.facts, self.watcher = facts, watcher
        self.memory, self.told = Memory(), list[Change]()

    def skips(self, spans: dict[tuple[int, int], store.Span], day: int) -> bool:
        """Whether nothing of a day can matter: the subject is at rest and all values lie where they change nothing."""
        if len(self.watcher.streams) != 1:
            return False
        stream = self.watcher.streams[0]
        band, span = self.watcher.band(self.memory, stream), spans.get((stream, day))
        return (
            band is not None and span is not None and not span.others and band[0] <= span.low and span.high <= band[1]
        )

    def follow(self, seen: Iterable[tuple[int, int, Value | None]], end: int) -> None:
        """Observe a day in order, then let it end."""
        watcher, memory, told = self.watcher, self.memory, self.told
        band = watcher.band(memory, watcher.streams[0]) if len(watcher.streams) == 1 else None
        for stream, at, value in seen:
            if band is not None and isinstance(value, float) and band[0] <= value <= band[1]:
                continue
            if not watcher.late(memory, at):
                told += watcher.observe(memory, stream, at, value)
            if len(watcher.streams) == 1:
                band = watcher.band(memory, stream)
        told += watcher.tick(memory, end - 1)


def _follow(session: Session, posts: list[_Post], start: int, until: int, made: Result) -> None:
    streams = sorted({stream for one in posts for stream in one.watcher.streams})
    spans = store.days(session, streams, start // DAY * DAY, until)
    day = start // DAY * DAY
    while day < until:
        end = min(day + DAY, until)
        awake = [one for one in posts if not one.skips(spans, day)]
        made.skipped_days += len(posts) - len(awake)
        rows: dict[int, list[tuple[int, int, Value | None]]] = defaultdict(list)
        wanted = sorted({stream for one in awake for stream in one.watcher.streams})
        for stream, at, result, text in store.observations(session, wanted, max(day, start), end):
            rows[stream].append((stream, at, result if result is not None else _plain(text)))
            made.values += 1
        for one in awake:
            if len(one.watcher.streams) == 1:
                one.follow(rows.get(one.watcher.streams[0], ()), end)
            else:
                merged = [row for stream in one.watcher.streams for row in rows.get(stream, ())]
                merged.sort(key=lambda row: (row[1], row[0]))
                one.follow(merged, end)
        day += DAY


def _plain(text: Any) -> Value | None:
    """A result that is no number: a truth, a text, or a position as its GeoJSON text."""
    if text is None:
        return None
    try:
        value = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return None
    if isinstance(value, bool | str):
        return value
    return json.dumps(value) if isinstance(value, dict) else None


def _reckon(made: Result, model: RuleModel, told: list[tuple[Facts, Episode]], known: Sequence[Known]) -> None:
    window = micros(model.group.window)
    newest: dict[str, int] = {}
    risen: dict[str, list[int]] = defaultdict(list)
    names: dict[str, str] = {}
    days: dict[int, Counter[Severity]] = {
        day: Counter() for day in range((made.since + _ZONE) // DAY * DAY - _ZONE, made.until, DAY)
    }
    slots: Counter[int] = Counter()
    lengths: list[float] = []
    for facts, one in told:
        ended = one.cleared_at if one.cleared_at is not None else made.until
        if one.raised_at < made.since:
            continue  # it stood before: not this stretch's
        key = group_key(model, facts)
        repeat = key in newest and one.raised_at - newest[key] <= window
        newest[key] = max(newest.get(key, 0), ended)
        made.alarms.append(Raised(facts.subject, facts.name, facts.thing_id, one, repeat))
        made.lines += not repeat
        made.standing += one.cleared_at is None
        days[(one.raised_at + _ZONE) // DAY * DAY - _ZONE][one.worst] += 1
        made.per_hour[(one.raised_at + _ZONE) // HOUR % 24] += 1
        slots[(one.raised_at - made.since) // SLOT] += 1
        lengths.append((ended - one.raised_at) / SECOND)
        made.lengths[sum(ended - one.raised_at >= end for end in LENGTHS)] += 1
        risen[facts.subject].append(one.raised_at)
        names[facts.subject] = facts.name
    made.per_day = [(day, dict(counts)) for day, counts in days.items()]
    made.typical_s = median(lengths) if lengths else None
    made.slots = -(-(made.until - made.since) // SLOT)
    made.busy, made.fullest = len(slots), max(slots.values(), default=0)
    chatter = [(subject, names[subject], len(times)) for subject, times in risen.items() if chatters(times)]
    made.chattering = sorted(chatter, key=lambda one: (-one[2], one[0]))
    for event in known:
        hit = any(
            facts.thing_id == event.thing_id if event.thing_id is not None else True
            for facts, one in told
            if one.raised_at <= event.until + SLACK and (one.cleared_at or made.until) >= event.at - SLACK
        )
        (made.caught if hit else made.missed).append(event)


def chatters(times: Sequence[int]) -> bool:
    """Whether raises (µs UTC, in order) come more than three times within any 30 minutes."""
    return any(times[i + CHATTER] - times[i] <= CHATTER_IN for i in range(len(times) - CHATTER))


def group_key(model: RuleModel, facts: Facts) -> str:
    """Which line of the queue an alarm stands under."""
    if model.group.by == "rule":
        return model.code
    if model.group.by == "unit" and facts.unit_code is not None:
        return f"unit:{facts.unit_code}"
    return f"thing:{facts.thing_id}" if facts.thing_id is not None else facts.subject
