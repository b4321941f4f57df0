"""`/desk/board`: who does what today and tomorrow, what waits for a crew, where everybody is."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from dothi.cases import crews, jobs, planning
from dothi.cases import field_store as store
from dothi.cases.crews import Suggestion
from dothi.cases.planning import Column, Ordered, Waiting
from dothi.identity.tables import Agency
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.kit.text import whole
from dothi.screens.board import words
from dothi.screens.board.desk import WRONG, Ask, get, post, wrong
from dothi.screens.desk import back
from dothi.web.forms import Filled

PATH = "/desk/board"


@dataclass(slots=True)
class Card:
    """A case that waits, with the crews for it, the best first."""

    waiting: Waiting
    ranked: list[Suggestion]


@dataclass(slots=True)
class Board:
    """The context of `board/board.html`. points: what the map shows; said: what was done just before."""

    offices: list[Agency]
    office: Agency | None
    day: str
    today: str
    tomorrow: str
    date: int  # µs, noon
    columns: list[Column]
    cards: list[Card]
    people: list[Any]
    points: dict[str, Any]
    bounds: list[float] | None
    said: str
    simulated: bool

    @property
    def names(self) -> dict[int, str]:
        """Crews by number."""
        return {one.crew.id: one.crew.name for one in self.columns}

    @property
    def full(self) -> bool:
        """Whether there may be more cases than are shown."""
        return len(self.cards) >= planning.SHOWN


def board(ask: Ask) -> Response:
    """`GET /desk/board`; `?office=`, `?day=2026-11-21`."""
    return _page(ask)


def _page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    offices = crews.offices(ask.session, ask.caller)
    office = _office(ask, offices)
    today = jobs.today(ask.now)
    tomorrow = (dt.date.fromisoformat(today) + dt.timedelta(days=1)).isoformat()
    day = _day(ask, today)
    columns: list[Column] = []
    waiting: list[Waiting] = []
    if office is not None:
        columns, waiting = planning.board(ask.session, ask.caller, office.id, day)
    cards = [Card(one, planning.suggested(one.case, columns, day)) for one in waiting]
    context = Board(
        offices, office, day, today, tomorrow, planning.noon(day), columns, cards,
        store.people(ask.session, office.id) if office is not None else [], _points(ask, columns, cards), _bounds(columns, cards),
        _said(ask, columns), any(one.simulated for column in columns for one in column.lines) or any(one.case.simulated for one in waiting),
    )  # fmt: skip
    return ask.page("board", filled, status, page=context, simulated=context.simulated)


def _office(ask: Ask, offices: list[Agency]) -> Agency | None:
    wanted = whole(ask.given("office"))
    found = next((one for one in offices if one.id == wanted), None)
    own = next((one for one in offices if one.id == ask.caller.agency_id), None)
    return found or own or (offices[0] if offices else None)


def _day(ask: Ask, today: str) -> str:
    wanted = ask.given("day")
    try:
        day = dt.date.fromisoformat(wanted) if wanted else None
    except ValueError:
        day = None
    first = dt.date.fromisoformat(today)
    return day.isoformat() if day is not None and abs((day - first).days) <= planning.AHEAD else today


def _said(ask: Ask, columns: list[Column]) -> str:
    """What the last form did, as its address tells."""
    crew = next((one.crew.name for one in columns if one.crew.id == whole(ask.given("ordered"))), None)
    before, after = whole(ask.given("before")), whole(ask.given("after"))
    if crew is None or before is None or after is None:
        return ""
    if before == after:
        return ask.say("{crew}: thứ tự đang là tốt nhất.", crew=crew)
    return ask.say(
        "{crew}: đã xếp lại, {before} còn {after}.", crew=crew, before=words.km(before / 10, ask.language),
        after=words.km(after / 10, ask.language),
    )  # fmt: skip


def _points(ask: Ask, columns: list[Column], cards: list[Card]) -> dict[str, Any]:
    """What the map shows: routes of crews, their stops, where they are, what waits."""
    routes = []
    for column in columns:
        open_ = [one for one in column.lines if one.open and one.at is not None]
        position, base = column.standing.position, column.standing.base
        here = [position.lon, position.lat] if position is not None else (list(base) if base else None)
        routes.append({
            "crew": column.crew.id, "name": column.crew.name, "at": here,
            "age": words.age(position.at, ask.now, ask.language) if position is not None else "",
            "stops": [[one.id, *one.at, n, one.number] for n, one in enumerate(open_, 1) if one.at is not None],
        })  # fmt: skip
    waiting = [
        [
            one.waiting.case.number,
            one.waiting.case.lon,
            one.waiting.case.lat,
            _shape(words.due_state(one.waiting.case, ask.now)),
        ]
        for one in cards
        if one.waiting.case.lon is not None and one.waiting.case.lat is not None
    ]
    return {"routes": routes, "waiting": waiting}


def _shape(due: str) -> str:
    return {"overdue": "critical", "due-soon": "minor"}.get(due, "normal")


def _bounds(columns: list[Column], cards: list[Card]) -> list[float] | None:
    """The box around everything the map shows."""
    found = [one.standing.base for one in columns]
    found += [line.at for one in columns for line in one.lines]
    found += [
        (lon, lat)
        for one in cards
        if (lon := one.waiting.case.lon) is not None and (lat := one.waiting.case.lat) is not None
    ]
    places = [one for one in found if one is not None]
    if not places:
        return None
    lons, lats = [lon for lon, _ in places], [lat for _, lat in places]
    margin = max(0.004, 0.06 * (max(lons) - min(lons)))
    return [min(lons) - margin, min(lats) - margin, max(lons) + margin, max(lats) + margin]


# forms


def plan(ask: Ask) -> Response:
    """`POST /desk/board/plan`: case, crew, day; place, version."""
    return _done(ask, lambda session: planning.plan(
        session, ask.caller, ask.values.get("case", ""), _id(ask, "crew"), ask.values.get("day", ""),
        place=whole(ask.values.get("place")), version=whole(ask.values.get("version")),
    ))  # fmt: skip


def move(ask: Ask) -> Response:
    """`POST /desk/board/move`: job, crew, day; place, version."""
    return _done(ask, lambda session: planning.move(
        session, ask.caller, _id(ask, "job"), _id(ask, "crew"), ask.values.get("day", ""),
        place=whole(ask.values.get("place")), version=whole(ask.values.get("version")),
    ))  # fmt: skip


def withdraw(ask: Ask) -> Response:
    """`POST /desk/board/withdraw`: job; version, text."""
    return _done(ask, lambda session: planning.withdraw(
        session, ask.caller, _id(ask, "job"), text=ask.values.get("text", ""), version=whole(ask.values.get("version"))
    ))  # fmt: skip


def order(ask: Ask) -> Response:
    """`POST /desk/board/order`: job, by = up|down: a place up or down."""
    by = {"up": -1, "down": 1}.get(ask.values.get("by", ""), 0)
    return _done(ask, lambda session: planning.shift_by(session, ask.caller, _id(ask, "job"), by))


def route(ask: Ask) -> Response:
    """`POST /desk/board/route`: crew, day: into the best order."""
    found: list[Ordered] = []
    crew = _id(ask, "crew")

    def verb(session: Session) -> None:
        found.append(planning.optimise(session, ask.caller, crew, ask.values.get("day", "")))

    answer = _done(ask, verb)
    if not found:
        return answer
    before, after = (round(10 * one.km) for one in (found[0].before, found[0].after))
    return back(f"{_here(ask)}&ordered={crew}&before={before}&after={after}")


def member(ask: Ask) -> Response:
    """`POST /desk/board/member`: crew, person; there = 1|0."""
    return _done(ask, lambda session: crews.put_member(
        session, ask.caller, _id(ask, "crew"), _id(ask, "person"), there=ask.values.get("there", "1") == "1"
    ))  # fmt: skip


def _id(ask: Ask, name: str) -> int:
    found = whole(ask.values.get(name))
    if found is None:
        raise BadInput("the crew cannot be sent out so", [Fault(name, "is missing")])
    return found


def _done(ask: Ask, verb: Callable[[Session], Any]) -> Response:
    """Do what a form asks; the board again, with the error where it was refused."""
    error: DothiError | None = None
    try:
        with ask.session.begin_nested():
            verb(ask.session)
    except WRONG as refused:
        error = refused
    if error is None:
        return back(_here(ask))
    return _page(ask, wrong(ask, error), error.status)


def _here(ask: Ask) -> str:
    """The board as it was looked at."""
    office, day = whole(ask.values.get("office")), ask.values.get("shown", "")
    return f"{PATH}?office={office or ''}&day={_day_of(day)}"


def _day_of(text: str) -> str:
    try:
        return dt.date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


routes = [
    get(PATH, board), post(f"{PATH}/plan", plan), post(f"{PATH}/move", move), post(f"{PATH}/withdraw", withdraw),
    post(f"{PATH}/order", order), post(f"{PATH}/route", route), post(f"{PATH}/member", member),
]  # fmt: skip
