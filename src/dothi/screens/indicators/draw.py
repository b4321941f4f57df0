"""The series of an indicator as SVG: numbers, target, forecast with its band. Colours are classes; gaps stay gaps."""

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from dothi.indicators.values import Point, Value
from dothi.screens import drawing
from dothi.screens.drawing import Frame
from dothi.screens.indicators import said
from dothi.sensing.state import number

Scale = Callable[[float], float]
WIDE, NARROW = Frame(720, 250, 48, 16, 18, 26), Frame(340, 210, 42, 10, 18, 26)


def series(values: Sequence[Value], ahead: Sequence[Point], language: str, name: str, target: str) -> Markup:
    """For wide and for narrow screens; the style sheet shows one of them. name: said by screen readers."""
    return Markup("").join(_series(values, ahead, language, frame, size, name, target)
                           for frame, size in ((WIDE, "wide"), (NARROW, "narrow")))  # fmt: skip


def _series(
    values: Sequence[Value], ahead: Sequence[Point], language: str, f: Frame, size: str, name: str, target: str
) -> Markup:
    known = [one.number for one in values if one.number is not None]
    if not known:
        return Markup("")
    goals = [one.target.value if one.target is not None else None for one in values]
    all_ = [*known, *(one for one in goals if one is not None), *(v for p in ahead for v in (p.low, p.high))]
    low, high = min(all_), max(all_)
    if (low > 0 and low < 0.6 * high) or (all(one >= 0 for one in known) and low < 0):
        low = 0.0
    steps = drawing.ticks(low, high)
    bottom, top = steps[0], steps[-1]
    shown = {one.start for one in values}
    beyond = [one for one in ahead if one.start not in shown]
    count = len(values) + len(beyond)
    wide, tall = f.width - f.left - f.right, f.height - f.top - f.bottom

    def x(i: float) -> float:
        return f.left + wide * (i + 0.5) / count

    def y(value: float) -> float:
        return f.top + tall * (1 - (min(max(value, bottom), top) - bottom) / (top - bottom))

    digits = drawing.digits(steps)
    parts = []
    if beyond:
        edge = x(len(values) - 0.5)
        parts.append(f'<rect class="ahead" x="{edge:.1f}" y="{f.top}" width="{f.width - f.right - edge:.1f}" height="{tall}"/>')  # fmt: skip
    parts += [drawing.grid(f, y(one), number(one, digits, language)) for one in steps]
    parts += _under(values, beyond, f, x, count)
    parts += _goals(goals, x, y, target)
    parts += _line(values, x, y, language)
    parts += _ahead(values, ahead, x, y)
    label = escape(name)
    return Markup(  # noqa: S704 - our own drawing, names escaped
        f'<svg class="ind-chart {size}" viewBox="0 0 {f.width:g} {f.height:g}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def _under(values: Sequence[Value], ahead: Sequence[Point], f: Frame, x: Scale, count: int) -> list[str]:
    kind = values[0].kind
    names = [said.tick(kind, at) for at in (*(one.start for one in values), *(one.start for one in ahead))]
    room = (f.width - f.left - f.right) / count
    every = max(1, -(-(max(len(one) for one in names) * 7 + 10) // max(1, int(room))))
    return [f'<text x="{x(i):.1f}" y="{f.height - 7}" text-anchor="middle">{names[i]}</text>'
            for i in range(count) if (count - 1 - i) % every == 0]  # fmt: skip


def _goals(goals: Sequence[float | None], x: Scale, y: Scale, target: str) -> list[str]:
    parts, begin = [], 0
    for i in range(1, len(goals) + 1):
        if i < len(goals) and goals[i] == goals[begin]:
            continue
        goal = goals[begin]
        if goal is not None:
            parts.append(f'<path class="goal" d="M{x(begin - 0.5):.1f} {y(goal):.1f}H{x(i - 0.5):.1f}"/>')
        begin = i
    last = goals[-1]
    if last is not None:
        parts.append(f'<text class="goal" x="{x(-0.4):.1f}" y="{y(last) - 5:.1f}">{escape(target)}</text>')
    return parts


def _line(values: Sequence[Value], x: Scale, y: Scale, language: str) -> list[str]:
    parts: list[str] = []
    piece: list[str] = []
    before: str | None = None
    for i, one in enumerate(values):
        if one.number is None:
            parts += _piece(piece)
            piece, before = [], None
            continue
        here = f"{x(i):.1f} {y(one.number):.1f}"
        if one.running and before is not None:
            parts.append(f'<path class="going" d="M{before}L{here}"/>')
        elif not one.running:
            piece.append(here)
        before = here
    parts += _piece(piece)
    for i, one in enumerate(values):
        if one.number is not None:
            kind = "run" if one.running else "thin" if one.state == "thin" else "dot"
            much = said.quantity(one.number, one.decimals, one.unit.shown(language), language)
            told = escape(f"{said.tick(one.kind, one.start)}: {much}")
            parts.append(
                f'<circle class="{kind}" cx="{x(i):.1f}" cy="{y(one.number):.1f}" r="{2.4 if kind == "dot" else 3.6}"><title>{told}</title></circle>'
            )
    return parts


def _piece(points: Sequence[str]) -> list[str]:
    return [f'<path class="line" d="M{"L".join(points)}"/>'] if len(points) > 1 else []


def _ahead(values: Sequence[Value], ahead: Sequence[Point], x: Scale, y: Scale) -> list[str]:
    if not ahead:
        return []
    where = {one.start: i for i, one in enumerate(values)}
    for one in ahead:
        where.setdefault(one.start, len(where))
    at = [where[one.start] for one in ahead]
    high = "L".join(f"{x(i):.1f} {y(p.high):.1f}" for i, p in zip(at, ahead, strict=True))
    low = "L".join(f"{x(i):.1f} {y(p.low):.1f}" for i, p in reversed(list(zip(at, ahead, strict=True))))
    middle = "L".join(f"{x(i):.1f} {y(p.number):.1f}" for i, p in zip(at, ahead, strict=True))
    return [f'<path class="band" d="M{high}L{low}z"/>', f'<path class="mid" d="M{middle}"/>']
