"""The sectors side by side: what each is about, with one live number that answers its first question."""

from dataclasses import dataclass, field

from starlette.responses import Response

from dothi.answers import service as answers
from dothi.answers.shown import Number
from dothi.screens.sectors.asking import Ask, Wanted, wanted
from dothi.screens.sectors.writing import written
from dothi.sensing.sectors import Sector


@dataclass
class Card:
    """A sector. ask: the question its number answers; number: None where its pack asks nothing yet."""

    code: str
    title: str
    summary: str
    icon: str
    href: str
    ask: str
    number: Number | None


@dataclass
class Index:
    """The context of `sectors/index.html`."""

    title: str
    cards: list[Card]
    wards: list[tuple[str, str]]
    place: str | None
    place_name: str
    at: int | None
    given: dict[str, str] = field(default_factory=dict)


@Ask.asked
def index(ask: Ask) -> Response:
    """`/sectors`."""
    asked = wanted(ask)
    cards = _cards(ask, asked)
    page = Index(
        ask.say("Thành phố trả lời"),
        cards,
        list(ask.wards.items()),
        asked.place,
        ask.wards.get(asked.place or "", ""),
        asked.at,
        asked.given,
    )
    return ask.page("index", page, simulated=any(one.number is not None and one.number.simulated for one in cards))


def _cards(ask: Ask, asked: Wanted) -> list[Card]:
    return [_card(ask, asked, one) for one in answers.known(ask.on)]


def _card(ask: Ask, asked: Wanted, sector: Sector) -> Card:
    found = answers.headline(asked.asking(ask, sector.code))
    title, summary = answers.called(sector)
    return Card(
        sector.code, title.of(ask.language), summary.of(ask.language), sector.icon, asked.address(f"/sectors/{sector.code}"),
        found[0].ask.of(ask.language) if found else "", found[1] if found else None,
    )  # fmt: skip


@Ask.asked
def index_json(ask: Ask) -> Response:
    """`/sectors.json`: the same for programs."""
    asked = wanted(ask)
    cards = _cards(ask, asked)
    return written(
        [
            {"code": one.code, "title": one.title, "summary": one.summary, "question": one.ask or None,
             "headline": one.number, "page": f"{ask.base}/sectors/{one.code}", "json": f"{ask.base}/sectors/{one.code}.json"}
            for one in cards
        ],
        ask, asked,
    )  # fmt: skip
