"""`/scoreboard`: a few large numbers that anybody may know, for a hall, a wall or a sheet of paper; by ward, over the years."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from dothi.identity.guard import ANONYMOUS
from dothi.indicators import service as indicators
from dothi.indicators.model import Declared
from dothi.indicators.periods import Kind, containing
from dothi.indicators.values import Value
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import sort_key
from dothi.screens import drawing
from dothi.screens.indicators import asking, said
from dothi.screens.indicators.asking import Ask
from dothi.screens.indicators.said import Shown
from dothi.web.i18n import marked

EACH = 2  # numbers of a sector
VIEWS = {"": marked("Kỳ này"), "wards": marked("Theo phường, xã"), "years": marked("Theo năm")}
_YEARS = 4
_BACK: dict[Kind, int] = {"day": 15, "week": 13, "month": 13, "quarter": 5, "year": 5}  # drawn beside a number
_YEAR: dict[Kind, int] = {"month": 12, "quarter": 4}  # periods to the same one a year before
_WIDE, _TALL, _EDGE = 104.0, 32.0, 3.0


@dataclass(frozen=True)
class Cell:
    """A number with how it came: a line of the last periods, and the same period a year before."""

    shown: Shown
    line: Markup
    before: str


@dataclass(frozen=True)
class Line:
    """An indicator over places or years."""

    shown: Shown
    cells: list[Shown | None]


@dataclass
class Board:
    """The context of `indicators/board.html`. by: the view; heads: of the columns, with whether their period still runs."""

    title: str
    by: str
    groups: list[tuple[str, list[Cell]]]
    lines: list[tuple[str, list[Line]]]
    heads: list[tuple[str, bool]]
    views: list[tuple[str, str, bool]]
    choices: list[tuple[str, str, bool]]
    place: str
    targets: bool
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /scoreboard`: of open data only, whoever asks."""
    by, place = _asked(ask)
    known = indicators.known(ask.session)
    every = indicators.latest(ask.session, ANONYMOUS, place=place, now=ask.now)
    picked = _picked(ask, known, [one for one in every if one.number is not None])
    values = [value for _, some in picked for value in some]
    shown = {one.indicator: said.shown(ask, known[one.indicator], one, _href(one.indicator, place)) for one in values}
    groups = _groups(ask, picked, shown, place) if not by else []
    heads, lines = _lines(ask, known, picked, shown, place, by) if by else ([], [])
    places = asking.places(ask)
    here = place or next((one.code for one in places), "")
    rows = [*shown.values(), *(cell for _, some in lines for line in some for cell in line.cells if cell is not None)]
    page = Board(
        ask.say("Thành phố qua con số"), by, groups, lines, heads,
        [(ask.say(word), _address(code, place if code != "wards" else None), code == by) for code, word in VIEWS.items()],
        [(asking.name(one, ask.language), _address(by, one.code), one.code == here) for one in places] if by != "wards" else [],
        next((asking.name(one, ask.language) for one in places if one.code == here), ""),
        any(row.target for row in rows), any(row.simulated for row in rows),
    )  # fmt: skip
    return ask.page("board", page)


def _asked(ask: Ask) -> tuple[str, str | None]:
    query, faults = ask.request.query_params, list[Fault]()
    by, place = query.get("by", "").strip(), query.get("place", "").strip() or None
    if by not in VIEWS:
        faults.append(Fault("by", f"there is no {by[:40]!r}", ", ".join(code for code in VIEWS if code)))
    if place is not None and place not in (codes := [one.code for one in asking.places(ask)]):
        faults.append(Fault("place", f"there is no {place[:40]!r}", ", ".join(codes[:60])))
    if faults:
        raise BadInput("the board cannot be asked for so", faults)
    return by, place if by != "wards" else None


def _address(by: str, place: str | None) -> str:
    query = urlencode({name: text for name, text in (("by", by), ("place", place)) if text})
    return "/scoreboard" + (f"?{query}" if query else "")


def _href(code: str, place: str | None) -> str:
    return f"/indicators/{code}" + (f"?{urlencode({'place': place})}" if place else "")


def _picked(ask: Ask, known: dict[str, Declared], values: Iterable[Value]) -> list[tuple[str, list[Value]]]:
    """The numbers of each sector that are shown: what has a target first, then what a standard knows, then what has a good way."""
    by_sector: dict[str, list[Value]] = {}
    for one in sorted(values, key=lambda one: _rank(one, known[one.indicator])):
        by_sector.setdefault(known[one.indicator].sector, []).append(one)
    named = [(said.sector(code, ask.language), some[:EACH]) for code, some in by_sector.items()]
    return sorted(named, key=lambda pair: sort_key(pair[0]))


def _rank(value: Value, one: Declared) -> tuple[bool, bool, bool]:
    return value.target is None, not one.standards, one.direction == "none"


def _groups(
    ask: Ask, picked: Sequence[tuple[str, list[Value]]], shown: dict[str, Shown], place: str | None
) -> list[tuple[str, list[Cell]]]:
    wanted = [(one.indicator, one.kind) for _, some in picked for one in some]
    past = indicators.past(ask.session, ANONYMOUS, wanted, place, _BACK, now=ask.now)

    def cell(one: Value) -> Cell:
        held = [each for each in past.get((one.indicator, one.kind), []) if each.start <= one.start]
        back = _YEAR.get(one.kind)
        before = held[-1 - back] if back is not None and len(held) > back else None
        text = "" if before is None or before.number is None else ask.say(
            "{period}: {much}", period=said.period(before.kind, before.start, ask.language),
            much=said.quantity(before.number, before.decimals, before.unit.shown(ask.language), ask.language),
        )  # fmt: skip
        return Cell(shown[one.indicator], _drawn([each.number for each in held]), text)

    return [(title, [cell(one) for one in some]) for title, some in picked]


def _lines(
    ask: Ask, known: dict[str, Declared], picked: Sequence[tuple[str, list[Value]]], shown: dict[str, Shown],
    place: str | None, by: str,
) -> tuple[list[tuple[str, bool]], list[tuple[str, list[Line]]]]:  # fmt: skip
    codes = [one.indicator for _, some in picked for one in some]
    cells: dict[str, list[Value | None]] = {}
    if by == "years":
        wanted: list[tuple[str, Kind]] = [(code, "year") for code in codes]
        found = indicators.past(ask.session, ANONYMOUS, wanted, place, {"year": _YEARS}, now=ask.now)
        cells = {code: list(reversed(values)) for (code, _), values in found.items()}
        this = containing(ask.now, "year").first.year
        heads = [(str(year), year == this) for year in range(this, this - _YEARS, -1)]  # newest first: a phone shows it
    else:
        places = asking.places(ask)
        heads = [(asking.name(one, ask.language), False) for one in places]
        cells = _by_ward(ask, {one.indicator: one for _, some in picked for one in some}, [one.code for one in places])
    made = []
    for title, some in picked:
        rows = [
            Line(shown[one.indicator], [
                said.shown(ask, known[one.indicator], each, _cell_href(each, by)) if each is not None else None
                for each in cells[one.indicator]
            ])
            for one in some if any(each is not None and each.number is not None for each in cells.get(one.indicator, ()))
        ]  # fmt: skip
        if rows:
            made.append((title, rows))
    return heads, made


def _by_ward(ask: Ask, city: dict[str, Value], places: list[str]) -> dict[str, list[Value | None]]:
    """The numbers of every place, in the order of the places: of the period the city's is of alone, so that a row compares."""
    made: dict[str, list[Value | None]] = {code: [None] * len(places) for code in city}
    order = {code: i for i, code in enumerate(places)}
    for value in indicators.everywhere(ask.session, ANONYMOUS, city, places=places, now=ask.now):
        if value.start == city[value.indicator].start:
            made[value.indicator][order[value.place.code]] = value
    return made


def _cell_href(value: Value, by: str) -> str:
    query = {"place": value.place.code} | ({"period": value.period} if by == "years" else {})
    return f"/indicators/{value.indicator}?{urlencode(query)}"


def _drawn(numbers: Sequence[float | None]) -> Markup:
    """The last periods as a line without words; nothing of fewer than three."""
    known = [one for one in numbers if one is not None]
    if len(known) < 3:
        return Markup("")
    low, high = min(known), max(known)

    def at(i: int, value: float) -> tuple[float, float]:
        x = _EDGE + (_WIDE - 2 * _EDGE) * i / (len(numbers) - 1)
        return x, _TALL / 2 if high == low else _EDGE + (_TALL - 2 * _EDGE) * (1 - (value - low) / (high - low))

    parts = []
    for piece in drawing.pieces(enumerate(numbers)):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(i, value) for i, value in piece))
        parts.append(f'<polyline points="{points}"/>')
    last = max(i for i, one in enumerate(numbers) if one is not None)
    x, y = at(last, numbers[last] or 0.0)
    parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3"/>')
    return Markup(  # noqa: S704 - our own drawing of numbers
        f'<svg class="ind-spark" viewBox="0 0 {_WIDE:g} {_TALL:g}" aria-hidden="true" focusable="false">{"".join(parts)}</svg>'
    )
