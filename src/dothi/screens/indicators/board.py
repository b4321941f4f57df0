"""`/scoreboard`: a few large numbers that anybody may know, for a hall, a wall or a sheet of paper."""

from dataclasses import dataclass

from starlette.responses import Response

from dothi.identity.guard import ANONYMOUS
from dothi.indicators import service as indicators
from dothi.indicators.model import Declared
from dothi.screens.indicators import said
from dothi.screens.indicators.asking import Ask
from dothi.screens.indicators.said import Shown

EACH = 2  # numbers of a sector


@dataclass
class Board:
    """The context of `indicators/board.html`."""

    title: str
    groups: list[tuple[str, list[Shown]]]
    place: str
    targets: bool
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /scoreboard`: of open data only, whoever asks."""
    known = indicators.known(ask.session)
    every = indicators.latest(ask.session, ANONYMOUS, now=ask.now)
    shown = [said.shown(ask, known[one.indicator], one) for one in every if one.number is not None]
    groups: dict[str, list[Shown]] = {}
    for row in sorted(shown, key=lambda row: _rank(row, known[row.code])):
        groups.setdefault(known[row.code].sector, []).append(row)
    picked = [(said.sector(code, ask.language), rows[:EACH]) for code, rows in groups.items()]
    page = Board(
        ask.say("Thành phố qua con số"), sorted(picked), shown[0].place if shown else "",
        any(row.target for _, rows in picked for row in rows), any(row.simulated for _, rows in picked for row in rows),
    )  # fmt: skip
    return ask.page("board", page)


def _rank(row: Shown, one: Declared) -> tuple[bool, bool, bool]:
    """What has a target comes first, then what a standard knows, then what has a good way."""
    return not row.target, not one.standards, one.direction == "none"
