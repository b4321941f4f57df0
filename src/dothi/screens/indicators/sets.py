"""`/indicators/sets/{code}`: a published set whole; what is measured with its number, what is not with what it would take."""

from dataclasses import dataclass

from starlette.responses import Response

from dothi.indicators import service as indicators
from dothi.indicators import sets
from dothi.kit.errors import NotFound
from dothi.screens.indicators import said
from dothi.screens.indicators.asking import Ask
from dothi.screens.indicators.said import Shown


@dataclass(frozen=True)
class Member:
    """A number of the set. values: of the indicators that measure it; needs: what it would take where none does."""

    number: str
    title: str
    needs: str
    values: list[Shown]


@dataclass
class Page:
    """The context of `indicators/set.html`."""

    title: str
    code: str
    source: str
    note: str
    sections: list[tuple[str, str, list[Member]]]
    total: int
    measured: int
    declared: int
    place: str
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /indicators/sets/{code}`."""
    code = ask.request.path_params["code"]
    told = sets.sets().get(code)
    if told is None:
        raise NotFound(f"there is no set {code[:60]!r}; there are: {', '.join(sets.sets())}")
    known = indicators.known(ask.session)
    language = ask.language
    members = {one.number: one for one in indicators.members(code, known)}
    wanted = [each for one in members.values() for each in one.codes]
    values = {one.indicator: one for one in indicators.latest(ask.session, ask.caller, wanted, now=ask.now)}
    sections = []
    for section in told.sections:
        rows = []
        for each in section.indicators:
            one = members[each.number]
            shown = [said.shown(ask, known[c], values[c]) for c in one.codes if c in values]
            rows.append(Member(each.number, each.title.of(language), one.needs.of(language), shown))
        sections.append((section.number, section.title.of(language), rows))
    every = [row for _, _, rows in sections for row in rows]
    page = Page(
        told.title.of(language), code, told.source, told.note.of(language), sections, len(every),
        sum(any(v.text for v in row.values) for row in every), sum(bool(row.values) for row in every),
        next((v.place for row in every for v in row.values), ""), any(v.simulated for row in every for v in row.values),
    )  # fmt: skip
    return ask.page("set", page)
