"""The leader's page, a telephone's first: the worst thing whole, what else, who is late, one's own orders."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dothi.duty import orders, shifts
from dothi.duty.orders import Asked, Late, Line
from dothi.screens import drawing
from dothi.screens import words as common
from dothi.screens.operations import matters, words
from dothi.screens.operations.asking import Ask, get
from dothi.screens.operations.matters import Matter, Whole
from dothi.sensing import glance

OTHERS, MINE, AGENCIES = 5, 3, 6


@dataclass
class LateRow:
    """An agency behind with its orders. share: 0 to 100, of the most any has; oldest: how long, in words."""

    name: str
    late: int
    open: int
    share: int
    oldest: str


@dataclass
class OrderRow:
    """An order of the reader's own. mark: the colour of its state."""

    number: str
    text: str
    state: str
    mark: str
    due: str
    note: str


@dataclass
class OnDuty:
    """Who is on duty; phone empty where none is known."""

    name: str
    post: str
    phone: str


@dataclass
class Leader:
    """The context of `operations/leader.html`."""

    clock: str
    hour: str
    since: str
    severity: str
    fresh: str
    worst: Whole | None
    others: list[Matter]
    total: int
    heard: int
    duty: list[OnDuty]
    late: list[LateRow]
    late_total: int
    mine: list[OrderRow]
    mine_total: int
    points: list[list[Any]]
    bounds: list[float] | None
    gives: bool
    exercise: bool


def leader(ask: Ask) -> Response:
    """`GET /operations/leader`; `?part=1` the inside alone, for the page that renews itself."""
    lines = matters.standing(ask)
    worst = matters.whole(ask, lines[0]) if lines else None
    placed = [one for one in matters.several(ask, lines[:60]) if one.lon is not None and one.lat is not None]
    said = {worst.id: worst.value} if worst is not None else {}  # as it is now, as above the map
    points = [[one.id, one.lon, one.lat, _shape(one.severity), said.get(one.id, one.value)] for one in placed]
    page = Leader(
        matters.clock_line(ask), common.hour(ask.at), common.when(worst.at, ask.at) if worst else "",
        words.severity(worst.severity, ask.say) if worst else "", _fresh(ask), worst, matters.several(ask, lines[1 : 1 + OTHERS]), len(lines),
        sum(one.acknowledged for one in lines), _duty(ask), *_late(ask), *_mine(ask), points, drawing.bounds(ask.states),
        orders.may_give(ask.caller), any(one.exercise for one in lines),
    )  # fmt: skip
    template = "operations/_leader.html" if ask.part else "operations/leader.html"
    return ask.page(
        template, page, ("site", "leader"), simulated=glance.any_simulated(ask.session, ask.caller), alarm=None
    )


def _shape(severity: str) -> str:
    return "minor" if severity == "warning" else severity


def _fresh(ask: Ask) -> str:
    """How far behind the newest value of all is."""
    newest = max((one.at for one in ask.states if one.at is not None), default=None)
    if newest is None:
        return ask.say("chưa có số liệu")
    return ask.say("tin trễ {span}", span=words.span(ask.at - newest, ask.language))


def _duty(ask: Ask) -> list[OnDuty]:
    return [
        OnDuty(one.person.name, ask.say("trưởng ca") if one.shift.post == "chief" else ask.say("trực ban"), one.person.phone or "")
        for one in shifts.current(ask.session, ask.caller)
    ]  # fmt: skip


def _late(ask: Ask) -> tuple[list[LateRow], int]:
    found: Sequence[Late] = [one for one in orders.late_by_agency(ask.session, ask.caller, ask.now) if one.late]
    most = max((one.late for one in found), default=1)
    rows = [
        LateRow(
            (one.name_en if ask.language == "en" else None) or one.name, one.late, one.open, round(100 * one.late / most),
            words.span(ask.now - one.oldest, ask.language) if one.oldest is not None else "",
        )
        for one in found[:AGENCIES]
    ]  # fmt: skip
    return rows, sum(one.late for one in found)


def _mine(ask: Ask) -> tuple[list[OrderRow], int]:
    if ask.caller.kind != "person":
        return [], 0
    found = orders.list_(ask.session, ask.caller, Asked("mine", limit=50), ask.language)
    return [_order(ask, one) for one in sorted(found, key=lambda o: (not o.late, o.order.due_at))[:MINE]], len(found)


_STATES = {"given": "minor", "received": "info", "done": "info", "returned": "major"}


def _order(ask: Ask, line: Line) -> OrderRow:
    one = line.order
    called = {
        "given": ask.say("Chờ nhận"), "received": ask.say("Đang làm"), "done": ask.say("Chờ nghiệm thu"),
        "returned": ask.say("Làm lại"),
    }  # fmt: skip
    state = called.get(one.state, one.state)
    if line.late:
        state = ask.say("Quá hạn {span}", span=words.span(ask.now - one.due_at, ask.language))
    note = line.agency
    if line.last is not None and line.last[1] and line.last[0] != "given":
        note = f"{line.agency} · {line.last[1]} ({common.when(line.last[2], ask.now)})"
    elif one.received_at is not None:
        note = ask.say("{agency} nhận {time}", agency=line.agency, time=common.when(one.received_at, ask.now))
    due = ask.say("hạn {time}", time=common.when(one.due_at, ask.now))
    return OrderRow(one.number, one.text, state, "major" if line.late else _STATES.get(one.state, ""), due, note)


routes: list[BaseRoute] = [get("/operations/leader", leader)]
