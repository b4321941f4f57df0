"""The duty officer's page: everything the first second shows, so that it reads without script too."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from starlette.responses import Response

from dothi.alerts.queue import NOTICE_WITHIN
from dothi.alerts.tables import Alarm
from dothi.screens import drawing
from dothi.screens import words as common
from dothi.screens.asking import sector_names
from dothi.screens.operations import figures, lunar, queue, store, subject, words
from dothi.screens.operations.asking import HANDLES, Ask
from dothi.sensing import glance
from dothi.sensing.state import ThingState

SOURCES = 6  # freshness of at most so many sources in the bar


@dataclass
class Source:
    """How fresh a sector's values are. state: live, late or dead as the shapes have it; at: newest value, µs UTC."""

    code: str
    name: str
    state: str
    at: int | None
    age: str
    word: str


@dataclass
class Bar:
    """What the bar at the top says."""

    clock: str
    date: str
    lunar: str
    worst: str
    worst_word: str
    worst_count: int
    sources: list[Source]


@dataclass
class Desk:
    """The context of `operations/desk.html`."""

    bar: Bar
    queue: queue.Page
    figures: list[figures.Figure]
    now: int
    subject: "subject.Subject"
    bounds: list[float] | None
    settings: dict[str, Any]


def desk(ask: Ask) -> Response:
    """`GET /operations`."""
    chosen, about = subject.selected(ask)
    return page(ask, chosen, about)


def page(ask: Ask, chosen: "subject.Subject", about: Alarm | None) -> Response:
    """The whole desk with something selected."""
    asked = queue.filters(ask.request.query_params, ask.caller)
    lines = queue.found(ask, asked)
    shown = Desk(
        bar(ask, queue.found(ask, queue.Filters()) if asked.given else lines), queue.Page.of(ask, asked, lines),
        figures.all_of(ask), ask.at, chosen, drawing.bounds(ask.states), _settings(ask),
    )  # fmt: skip
    return ask.page("operations/desk.html", shown, simulated=glance.any_simulated(ask.session, ask.caller), alarm=about)


def bar(ask: Ask, lines: Sequence[store.Line]) -> Bar:
    """The bar: time, the worst state, freshness."""
    counts = Counter(one.severity for one in lines if one.active)
    worst = next((name for name in words.SEVERITIES if counts[name]), "normal")
    word = words.severity(worst, ask.say) if worst != "normal" else ask.say("Bình thường")
    return Bar(
        words.second(ask.at), common.date_line(ask.at, ask.language), lunar.line(ask.at, ask.say), worst, word,
        counts[worst], sources(ask),
    )  # fmt: skip


def sources(ask: Ask) -> list[Source]:
    """The freshness of each sector that measures: live, late when most of it is, dead when all of it is."""
    by_sector: dict[str, list[ThingState]] = {}
    for one in ask.states:
        if one.streams and one.sector:
            by_sector.setdefault(one.sector, []).append(one)
    names = sector_names(ask.language)
    made = []
    for code, things in sorted(by_sector.items(), key=lambda pair: -len(pair[1]))[:SOURCES]:
        newest = max((one.at for one in things if one.at is not None), default=None)
        silent = sum(1 for one in things if one.state in ("offline", "nodata"))
        ages = [one.age_s for one in things if one.age_s is not None and one.state not in ("offline", "nodata")]
        usual = median(ages) if ages else 0
        span = words.span(ask.at - newest, ask.language) if newest is not None else "–"
        if silent == len(things):
            state, word = "offline", ask.say("mất {span}", span=span)
        elif 2 * silent > len(things) or (newest is not None and usual > LATE):
            state, word = "minor", ask.say("trễ {span}", span=span)
        else:
            state, word = "normal", span
        made.append(Source(code, names.get(code, code), state, newest, span, word))
    return made


LATE = 1800.0  # seconds: half of a source's values older than this make it late


def _settings(ask: Ask) -> dict[str, Any]:
    """What the page's script is told once."""
    return {
        "now": ask.now // 1000, "me": ask.caller.id if ask.caller.kind == "person" else None, "handles": ask.may(HANDLES),
        "dues": {name: span // 60_000_000 for name, span in NOTICE_WITHIN.items()}, "sectors": sector_names(ask.language),
        "severities": {name: words.severity(name, ask.say) for name in words.SEVERITIES},
        "people": store.handlers(ask.session, []) if ask.may(HANDLES) else [],
    }  # fmt: skip
