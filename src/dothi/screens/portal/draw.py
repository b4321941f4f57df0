"""Small charts as SVG, for readers without script and for the first second of everybody else. Colours are roles (CSS)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from dothi.kit import clock
from dothi.screens import drawing, words
from dothi.screens.drawing import Frame
from dothi.sensing.state import number

Points = Sequence[tuple[int, float | None]]
_SMALL, _DAY = Frame(), Frame(640, 200, 34, 84, 12, 22)


@dataclass(frozen=True)
class Limit:
    """A line across a chart. mark: its class in site.css (bd-1, bd-2, bd-3, limit)."""

    value: float
    name: str
    mark: str


def with_gaps(points: Points) -> list[tuple[int, float | None]]:
    """Points with a None wherever values are missing longer than 2.5 usual steps."""
    steps = sorted(b[0] - a[0] for a, b in pairwise(points))
    usual = steps[len(steps) // 2] if steps else 0
    made: list[tuple[int, float | None]] = []
    for i, (at, value) in enumerate(points):
        if i and usual and at - points[i - 1][0] > 2.5 * usual:
            made.append((points[i - 1][0] + usual, None))
        made.append((at, value))
    return made


def line(
    points: Points, span: tuple[int, int], *, name: str, language: str, limits: Sequence[Limit] = (),
    frame: Frame = _SMALL,
) -> Markup:  # fmt: skip
    """A line over time with its limits; a gap stays a gap. Empty text when there is no number to draw."""
    numbers = [v for _, v in points if v is not None]
    if not numbers:
        return Markup("")
    low, high = min(numbers), max(numbers)
    near = [m for m in limits if m.value <= high + max(high - low, abs(high) * 0.5)]
    ticks = _ticks(min(low, *(m.value for m in near), low), max(high, *(m.value for m in near), high))
    bottom, top = min(ticks[0], low), max(ticks[-1], high)
    f = frame
    wide, tall = f.width - f.left - f.right, f.height - f.top - f.bottom

    def x(at: float) -> float:
        return f.left + wide * (at - span[0]) / (span[1] - span[0])

    def y(value: float) -> float:
        return f.top + tall * (1 - (value - bottom) / (top - bottom))

    step = ticks[1] - ticks[0]
    shown = 0 if step >= 1 else 1 if step >= 0.1 else 2
    parts = [drawing.grid(f, y(t), number(t, shown, language)) for t in ticks]
    parts += _hours(f, span, x)
    pieces = drawing.pieces(with_gaps(points))
    floor = f.height - f.bottom
    for piece in pieces:
        path = "L".join(f"{x(at):.1f} {y(v):.1f}" for at, v in piece)
        parts.append(f'<path class="area" d="M{path}L{x(piece[-1][0]):.1f} {floor}L{x(piece[0][0]):.1f} {floor}z"/>')
        parts.append(f'<path class="line" d="M{path}"/>')
    last_y = -99.0
    for m in sorted(near, key=lambda one: one.value):
        at = y(m.value)
        parts.append(f'<path class="{m.mark}" d="M{f.left} {at:.1f}H{f.width - f.right}"/>')
        place = min(at + 4, last_y - 12) if last_y > 0 else at + 4
        parts.append(f'<text class="t-{m.mark}" x="{f.width - f.right + 6}" y="{place:.1f}">{escape(m.name)}</text>')
        last_y = place
    at, value = pieces[-1][-1]
    parts.append(f'<circle class="now" cx="{x(at):.1f}" cy="{y(value):.1f}" r="4"/>')
    return _svg(f, parts, name)


def bars(
    values: Sequence[tuple[int, float | None, int]], *, name: str, limits: Sequence[Limit] = (),
    frame: Frame = _DAY,
) -> Markup:  # fmt: skip
    """Bars by hour from zero: (hour start, value, level 1 to 6 for its colour); an hour without a value is an empty bar."""
    f = frame
    numbers = [v for _, v, _ in values if v is not None]
    ticks = _ticks(0, max([*numbers, 100]) if numbers else 100)
    top = ticks[-1]
    wide, tall = f.width - f.left - f.right, f.height - f.top - f.bottom
    slot = wide / max(1, len(values))
    width = max(2.0, slot - min(4.0, slot * 0.25))

    def y(value: float) -> float:
        return f.top + tall * (1 - value / top)

    parts = [drawing.grid(f, y(t), str(int(t))) for t in ticks]
    for i, (at, value, level) in enumerate(values):
        left = f.left + i * slot + (slot - width) / 2
        if value is None:
            parts.append(f'<rect class="gap" x="{left:.1f}" y="{f.top}" width="{width:.1f}" height="{tall}"/>')
        else:
            h = max(1.0, f.height - f.bottom - y(value))
            parts.append(
                f'<rect class="edge q{level}" x="{left:.1f}" y="{y(value):.1f}" width="{width:.1f}" height="{h:.1f}">'
                f"<title>{words.hour(at)}: {value:.0f}</title></rect>"
            )
        if clock.local(at).hour % 6 == 0:
            parts.append(
                f'<text x="{left + width / 2:.1f}" y="{f.height - 5}" text-anchor="middle">{words.hour(at)}</text>'
            )
    for m in limits:
        if m.value <= top:
            parts.append(f'<path class="{m.mark}" d="M{f.left} {y(m.value):.1f}H{f.width - f.right}"/>')
            parts.append(f'<text x="{f.width - f.right + 6}" y="{y(m.value) + 4:.1f}">{escape(m.name)}</text>')
    return _svg(f, parts, name)


def both(made: Callable[[Frame], Markup], wide: Frame, narrow: Frame) -> Markup:
    """A chart for wide and one for narrow screens; CSS shows one of them."""
    return Markup("").join(
        Markup(str(chart).replace('class="chart"', f'class="chart {name}"', 1))  # noqa: S704 - our own drawing
        for name, chart in (("wide", made(wide)), ("narrow", made(narrow)))
    )


def meter(value: float, limit: float) -> Markup:
    """A value against its limit: a bar, and a mark where the limit is. The bar's end is 1.25 limits, or the value."""
    end = max(limit * 1.25, value * 1.05)
    share, mark = 100 * value / end, 100 * limit / end
    over = "over" if value > limit else "fg"
    return _safe(
        '<svg height="12" aria-hidden="true" focusable="false"><rect class="bg" y="3" width="100%" height="6" rx="3"/>'
        f'<rect class="{over}" y="3" width="{share:.1f}%" height="6" rx="3"/>'
        f'<rect class="tick" x="{mark:.1f}%" width="2" height="12"/></svg>'
    )


def scale(value: int | None, steps: Sequence[int], name: str) -> Markup:
    """The six colours of the index side by side, with a pointer at the value. steps: the highest value of each level."""
    width, gap = 100 / len(steps), 0.25
    parts = [
        f'<rect class="q{i + 1} edge" x="{i * width:.2f}%" y="10" width="{width - gap:.2f}%" height="12"/>'
        for i in range(len(steps))
    ]
    if value is not None:
        level = next((i for i, end in enumerate(steps) if value <= end), len(steps) - 1)
        start = steps[level - 1] if level else 0
        share = (level + min(1.0, (value - start) / (steps[level] - start))) * width
        parts.append(f'<svg x="{share:.2f}%" overflow="visible"><path d="M-6 0h12L0 9z" fill="var(--ink)"/></svg>')
    return _safe(f'<svg height="22" role="img" aria-label="{escape(name)}">{"".join(parts)}</svg>')


def share(value: float) -> Markup:
    """How much of a whole there is, as a small upright bar; value 0 to 1."""
    tall = 34 * min(1.0, max(0.0, value))
    low = "low" if value < 0.75 else "fg"
    return _safe(
        '<svg viewBox="0 0 10 34" preserveAspectRatio="none" aria-hidden="true"><rect class="bg" width="10" height="34"/>'
        f'<rect class="{low}" y="{34 - tall:.1f}" width="10" height="{tall:.1f}"/></svg>'
    )


def _safe(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - numbers and escaped names only


def _svg(f: Frame, parts: Sequence[str], name: str) -> Markup:
    return _safe(
        f'<svg class="chart" viewBox="0 0 {f.width:g} {f.height:g}" role="img" aria-label="{escape(name)}">'
        f"{''.join(parts)}</svg>"
    )


def _hours(f: Frame, span: tuple[int, int], x: Callable[[float], float]) -> list[str]:
    """Marks at 00:00, 06:00, 12:00, 18:00 local time."""
    six = 6 * clock.HOUR
    ahead = 7 * clock.HOUR
    first = -(-(span[0] + ahead) // six) * six - ahead
    return [
        f'<text x="{x(at):.1f}" y="{f.height - 5}" text-anchor="middle">{words.hour(at)}</text>'
        for at in range(first, span[1] + 1, six)
    ]


def _ticks(low: float, high: float) -> list[float]:
    """Two to five round values around a stretch."""
    wide = (high - low) or abs(high) or 1.0
    step = 10.0 ** len(str(int(wide))) if wide >= 1 else 1.0
    for candidate in (100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 200, 500, 1000, 2000, 5000, 10000):
        if wide / 4 <= candidate <= wide / 1.5:
            step = float(candidate)
            break
    first = low // step * step
    ticks = [first]
    while ticks[-1] < high:
        ticks.append(round(ticks[-1] + step, 6))
    return ticks if len(ticks) > 1 else [first, first + step]
