"""`/indicators`: every indicator the caller sees with its newest number, by sector."""

from dataclasses import dataclass

from starlette.responses import Response

from dothi.indicators import service as indicators
from dothi.indicators import sets
from dothi.screens.indicators import asking, said
from dothi.screens.indicators.asking import Ask
from dothi.screens.indicators.said import Shown


@dataclass
class Group:
    """A sector with its numbers."""

    code: str
    title: str
    rows: list[Shown]


@dataclass(frozen=True)
class Choice:
    """A filter that can be pressed. count: how many it would leave."""

    text: str
    href: str
    on: bool
    count: int
    mark: str = ""


@dataclass
class Listing:
    """The context of `indicators/list.html`."""

    title: str
    groups: list[Group]
    total: int
    shown: int
    place: str
    given: dict[str, str]
    sectors: list[tuple[str, str]]
    sets: list[tuple[str, str]]
    places: list[tuple[str, str]]
    lights: list[Choice]
    query: str
    simulated: bool
    running: bool
    no_targets: bool


def index(ask: Ask) -> Response:
    """`GET /indicators`."""
    known = indicators.known(ask.session)
    asked = asking.wanted(ask, known)
    codes = set(asked.chosen(known))
    every = indicators.latest(ask.session, ask.caller, place=asked.place, kind=asked.kind or None, now=ask.now)  # type: ignore[arg-type]
    values = [one for one in every if one.indicator in codes]
    rows = [said.shown(ask, known[one.indicator], one, _href(one.indicator, asked)) for one in values]
    counts = {light: sum(row.light == light for row in rows) for light in asking.LIGHTS}
    lit = [row for row in rows if not asked.light or row.light == asked.light]
    groups: dict[str, Group] = {}
    for row in lit:
        code = known[row.code].sector
        groups.setdefault(code, Group(code, said.sector(code, ask.language), [])).rows.append(row)
    on = {one.sector for one in known.values()}
    page = Listing(
        ask.say("Chỉ tiêu"), list(groups.values()), len(every), len(lit), lit[0].place if lit else "", asked.given,
        sorted(((code, said.sector(code, ask.language)) for code in on), key=lambda pair: pair[1]),
        [(code, one.title.of(ask.language)) for code, one in sets.sets().items()],
        [(one.code, asking.name(one, ask.language)) for one in asking.places(ask)],
        [
            Choice(ask.say(said.WORDS[light]), f"/indicators?{asked.query(light='' if asked.light == light else light)}",
                   asked.light == light, counts[light], said.MARKS.get(light, ""))
            for light in asking.LIGHTS if counts[light] or asked.light == light
        ],
        asked.query(), any(row.simulated for row in lit), any(row.running for row in lit),
        not any(row.target for row in rows),
    )  # fmt: skip
    return ask.page("list", page)


def _href(code: str, asked: asking.Wanted) -> str:
    return f"/indicators/{code}" + (f"?place={asked.place}" if asked.place else "")
