"""The bars of a trial: alarms per day by severity, per hour of the day, and how long they lasted. Plain values for an SVG."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dothi.alerts.model import SEVERITIES
from dothi.kit import clock

WIDTH, HEIGHT = 720, 180
LEFT, BOTTOM, TOP = 34, 22, 8
LENGTHS = (5, 15, 60, 240, 1440)  # minutes: the edges of the classes of durations


@dataclass(frozen=True)
class Part:
    """A piece of a bar, in the picture's own units."""

    state: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One bar: where it stands, what it counts. mark: its name under the axis, where there is room."""

    x: float
    width: float
    parts: tuple[Part, ...]
    name: str
    mark: str
    count: int


@dataclass(frozen=True)
class Chart:
    """Bars over a zero line; steps: (y, number) of the horizontal lines."""

    bars: tuple[Bar, ...]
    steps: tuple[tuple[float, str], ...]
    most: int
    width: int = WIDTH
    height: int = HEIGHT


def days(raised: Iterable[tuple[int, str]], since: int, until: int) -> Chart:
    """Alarms by local day and severity. raised: (µs UTC, severity)."""
    counted: dict[date, Counter[str]] = {}
    day, last = _day(since), _day(until)
    while day <= last:
        counted[day] = Counter()
        day += timedelta(days=1)
    for at, severity in raised:
        counted.setdefault(_day(at), Counter())[severity] += 1
    ordered = sorted(counted.items())
    every = max(1, -(-len(ordered) // 10))
    rows = [
        (f"{day:%d/%m/%Y}", f"{day:%d/%m}" if i % every == 0 else "", count) for i, (day, count) in enumerate(ordered)
    ]
    return _chart(rows)


def hours(raised: Iterable[tuple[int, str]]) -> Chart:
    """Alarms by hour of the local day."""
    counted = [Counter[str]() for _ in range(24)]
    for at, severity in raised:
        counted[clock.local(at).hour][severity] += 1
    return _chart(
        [(f"{h:02}:00\u2013{h + 1:02}:00", f"{h:02}" if h % 3 == 0 else "", one) for h, one in enumerate(counted)]
    )


def durations(lengths: Iterable[float], names: Sequence[str]) -> Chart:
    """Alarms by how long they lasted. lengths: minutes; names: of the classes, one more than LENGTHS has edges."""
    counted = [Counter[str]() for _ in range(len(LENGTHS) + 1)]
    for minutes in lengths:
        counted[sum(minutes >= edge for edge in LENGTHS)]["info"] += 1
    return _chart([(name, name, one) for name, one in zip(names, counted, strict=True)])


def _day(at: int) -> date:
    return clock.local_day(at)


def _chart(rows: Sequence[tuple[str, str, Counter[str]]]) -> Chart:
    most = max((sum(one.values()) for _, _, one in rows), default=0)
    top, step = _scale(most)
    high = HEIGHT - TOP - BOTTOM
    wide = (WIDTH - LEFT) / max(1, len(rows))
    bars = []
    for i, (name, mark, counted) in enumerate(rows):
        below, parts = 0, []
        for state in ("info", *reversed(SEVERITIES)):
            if count := counted[state]:
                tall = count / top * high
                parts.append(
                    Part(state, round(HEIGHT - BOTTOM - below / top * high - tall, 1), round(max(tall - 0.5, 0.8), 1))
                )
                below += count
        gap = min(wide * 0.25, 6)
        bars.append(Bar(round(LEFT + i * wide + gap / 2, 1), round(wide - gap, 1), tuple(parts), name, mark, below))
    steps = tuple(
        (round(HEIGHT - BOTTOM - level / top * high, 1), str(level)) for level in range(0, top + 1, step)
    )  # fmt: skip
    return Chart(tuple(bars), steps, most)


def _scale(most: int) -> tuple[int, int]:
    """The top of the axis and its step: at most five lines, whole numbers."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 50_000):
        if most <= 4 * step:
            return max(step, -(-most // step) * step), step
    return most, max(1, most // 4)
