"""A property over time, from the hours kept of it: gaps stay gaps."""

from collections import defaultdict

from dothi.answers import hourly, model, saying, shown, store
from dothi.answers.asking import Asking
from dothi.answers.blocks import figure, things
from dothi.answers.blocks.words import title_of
from dothi.kit import clock
from dothi.sensing.sectors import Property, sectors


def answer(ask: Asking, spec: model.Chart) -> shown.Series:
    """One line of all things together, or one for each of a few."""
    known = sectors().properties[spec.observed]
    found = hourly.read(ask, spec.observed, model.span(spec.last), spec.hours)
    step = clock.HOUR if spec.of == "hour" else clock.DAY
    unit = known.unit.shown(ask.language)
    if spec.aggregate == "integral":
        unit = figure.of_hours(unit)
    made = shown.Series(
        "chart", title_of(spec, ask, known.name.of(ask.language)),
        source=ask.say("{name}: {n} nơi đo", name=known.name.of(ask.language), n=len(found.streams)),
        href=ask.address("/", sector=sectors().sector_of.get(spec.observed)) + "#ds", api=things.api(spec.observed, ask),
        how=_how(spec, ask), at=found.newest, simulated=found.simulated, unit=unit, decimals=known.decimals,
        begin=found.begin, end=found.end, step=step, lines=_lines(spec, found, step, known, ask),
        marks=_marks(known, ask) if spec.limits and spec.aggregate != "integral" else [],
    )  # fmt: skip
    if not found.streams:
        made.why = things.nothing(spec.observed, ask)
    elif not found.hours:
        made.why = ask.say("Chưa có giờ nào đủ số liệu trong khoảng này.")
    else:
        made.sentence = _sentence(made, ask)
    return made


def _lines(spec: model.Chart, found: hourly.Hours, step: int, known: Property, ask: Asking) -> list[shown.Line]:
    if spec.by == "none":
        points = hourly.over_time(found.hours, spec.aggregate, step)
        return [shown.Line(known.name.of(ask.language), gaps(points, step, found.begin, found.end))] if points else []
    by_thing: dict[int, list[store.Hour]] = defaultdict(list)
    names = {one.id: one for one in found.streams}
    for hour in found.hours:
        by_thing[names[hour.stream].thing].append(hour)
    called = {one.thing: one.name for one in found.streams}
    highest = sorted(by_thing, key=lambda thing: -max(one.max for one in by_thing[thing]))[: spec.limit]
    return [
        shown.Line(called[thing], gaps(hourly.over_time(by_thing[thing], spec.aggregate, step), step, found.begin, found.end), thing)
        for thing in highest
    ]  # fmt: skip


def gaps(points: list[tuple[int, float]], step: int, begin: int, end: int) -> list[tuple[int, float | None]]:
    """Points at every step from the first to the last there is, None where there is no value."""
    if not points:
        return []
    by_at = dict(points)
    made: list[tuple[int, float | None]] = []
    at = points[0][0]
    while at <= points[-1][0] and at < end + step:
        made.append((at, by_at.get(at)))
        at += step
    return [one for one in made if one[0] >= begin - step]


def _marks(known: Property, ask: Asking) -> list[shown.Mark]:
    """The limits that one number alone decides by."""
    found: dict[float, shown.Mark] = {}
    for one in known.state.when:
        edges = [edge for edge in (one.above, one.from_, one.below, one.to) if edge is not None]
        if one.state != "normal" and len(edges) == 1:
            found.setdefault(edges[0], shown.Mark(edges[0], one.word.of(ask.language), one.state))
    return list(found.values())


def _how(spec: model.Chart, ask: Asking) -> str:
    words = {
        "mean": ask.say("trung bình"), "sum": ask.say("cộng các nơi đo"), "min": ask.say("thấp nhất"),
        "max": ask.say("cao nhất"), "integral": ask.say("cộng trung bình từng giờ của các nơi đo"),
    }  # fmt: skip
    each = ask.say("theo giờ") if spec.of == "hour" else ask.say("theo ngày")
    return f"{words[spec.aggregate]}, {each}"


def _sentence(made: shown.Series, ask: Asking) -> str:
    points = [(value, at, line.name) for line in made.lines for at, value in line.points if value is not None]
    if not points:
        return ""
    high, low = max(points), min(points)
    several = len(made.lines) > 1
    where = f", {high[2]}" if several else ""
    said = ask.say(
        "Cao nhất {high} lúc {at}{where}; thấp nhất {low}.",
        high=saying.quantity(high[0], made.decimals, made.unit, ask.language), at=_when(high[1], made.step, ask), where=where,
        low=saying.quantity(low[0], made.decimals, made.unit, ask.language),
    )  # fmt: skip
    missing = sum(value is None for line in made.lines for _, value in line.points)
    return said + (" " + ask.say("Chỗ đứt: {n} mốc không có số liệu.", n=missing) if missing else "")


def _when(at: int, step: int, ask: Asking) -> str:
    local = clock.local(at)
    return f"{local:%d/%m}" if step == clock.DAY else ask.moment_words(at)
