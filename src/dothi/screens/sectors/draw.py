"""Charts of answers as SVG: lines over hours or days, amounts in time. Colours are classes; gaps stay gaps."""

from collections.abc import Callable

from markupsafe import Markup, escape

from dothi.answers.shown import Bars, Series
from dothi.kit import clock
from dothi.screens import drawing, words
from dothi.screens.drawing import Frame
from dothi.sensing.state import number

_BD = ("minor", "major", "critical")
WIDE, NARROW = Frame(720, 220, 44, 14, 14, 24), Frame(340, 190, 38, 8, 14, 24)


def lines(series: Series, language: str) -> Markup:
    """For wide and for narrow screens; the style sheet shows one of them."""
    return Markup("").join(
        _lines(series, language, frame, name) for frame, name in ((WIDE, "wide"), (NARROW, "narrow"))
    )


def _lines(series: Series, language: str, f: Frame, name: str) -> Markup:
    numbers = [value for line in series.lines for _, value in line.points if value is not None]
    if not numbers or series.end <= series.begin:
        return Markup("")
    low, high = min(numbers), max(numbers)
    near = [one for one in series.marks if low - (high - low) <= one.value <= high + max(high - low, abs(high) * 0.3)]
    if low > 0 and low < 0.5 * high:
        low = 0.0
    steps = drawing.ticks(min([low, *(one.value for one in near)]), max([high, *(one.value for one in near)]))
    bottom, top = steps[0], steps[-1]
    wide, tall = f.width - f.left - f.right, f.height - f.top - f.bottom

    def x(at: float) -> float:
        return f.left + wide * (at - series.begin) / (series.end - series.begin)

    def y(value: float) -> float:
        return f.top + tall * (1 - (value - bottom) / (top - bottom))

    digits = drawing.digits(steps)
    parts = [drawing.grid(f, y(one), number(one, digits, language)) for one in steps]
    parts += _axis(series, f, x)
    for one in near:
        state = one.state if one.state in _BD else "minor"
        parts.append(f'<path class="mark {state}" d="M{f.left} {y(one.value):.1f}H{f.width - f.right}"/>')
        parts.append(
            f'<text class="of {state}" x="{f.width - f.right}" y="{y(one.value) - 4:.1f}" '
            f'text-anchor="end">{escape(one.name)}</text>'
        )
    for i, line in enumerate(series.lines):
        for piece in drawing.pieces(line.points):
            if len(piece) == 1:
                parts.append(
                    f'<circle class="l{i + 1} dot" cx="{x(piece[0][0]):.1f}" cy="{y(piece[0][1]):.1f}" r="2.5"/>'
                )
                continue
            path = "L".join(f"{x(at):.1f} {y(value):.1f}" for at, value in piece)
            if len(series.lines) == 1:
                ends = f"L{x(piece[-1][0]):.1f} {f.height - f.bottom}L{x(piece[0][0]):.1f} {f.height - f.bottom}z"
                parts.append(f'<path class="area" d="M{path}{ends}"/>')
            parts.append(f'<path class="line l{i + 1}" d="M{path}"/>')
    label = escape(f"{series.title}. {series.sentence}")
    return Markup(  # noqa: S704 - our own drawing, names escaped
        f'<svg class="ans-chart {name}" viewBox="0 0 {f.width:g} {f.height:g}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def _axis(series: Series, f: Frame, x: Callable[[float], float]) -> list[str]:
    """Hours within two days, else days at their local midnight; never closer than they can be read."""
    span = series.end - series.begin
    ahead = 7 * clock.HOUR
    step = 6 * clock.HOUR if span <= 36 * clock.HOUR else clock.DAY
    room = (f.width - f.left - f.right) / (span / step)
    every = max(1, -(-46 // max(1, int(room))))
    first = -(-(series.begin + ahead) // step) * step - ahead
    made = []
    for at in range(first, series.end + 1, step * every):
        text = words.hour(at) if step < clock.DAY else f"{clock.local(at):%d/%m}"
        made.append(f'<text x="{x(at):.1f}" y="{f.height - 6}" text-anchor="middle">{text}</text>')
    return made


def columns(bars: Bars, language: str) -> Markup:
    """Amounts in time, side by side."""
    return Markup("").join(
        _columns(bars, language, frame, name) for frame, name in ((WIDE, "wide"), (NARROW, "narrow"))
    )


def _columns(bars: Bars, language: str, f: Frame, name: str) -> Markup:
    values = [one.value for one in bars.bars if one.value is not None]
    if not values:
        return Markup("")
    steps = drawing.ticks(0, max(values) or 1.0)
    top = steps[-1]
    wide, tall = f.width - f.left - f.right, f.height - f.top - f.bottom
    slot = wide / len(bars.bars)
    digits = drawing.digits(steps)
    parts = [drawing.grid(f, f.top + tall * (1 - one / top), number(one, digits, language)) for one in steps]
    widest = max(len(one.name) for one in bars.bars)
    every = max(1, -(-int(widest * 7.5 + 8) // max(1, int(slot))))
    for i, one in enumerate(bars.bars):
        left = f.left + i * slot
        if one.value is None:
            parts.append(
                f'<rect class="gap" x="{left + slot * 0.15:.1f}" y="{f.top}" width="{slot * 0.7:.1f}" height="{tall}"/>'
            )
        else:
            high = tall * one.value / top
            parts.append(
                f'<rect class="col" x="{left + slot * 0.15:.1f}" y="{f.top + tall - high:.1f}" width="{slot * 0.7:.1f}" '
                f'height="{max(high, 0.5):.1f}"><title>{escape(one.name)}: {escape(one.text)}</title></rect>'
            )
        if i % every == 0:
            parts.append(
                f'<text x="{left + slot / 2:.1f}" y="{f.height - 6}" text-anchor="middle">{escape(one.name)}</text>'
            )
    said = "; ".join(f"{one.name}: {one.text}" for one in bars.bars)
    label = escape(f"{bars.title}. {said}")
    return Markup(  # noqa: S704 - our own drawing, names escaped
        f'<svg class="ans-chart {name}" viewBox="0 0 {f.width:g} {f.height:g}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )
