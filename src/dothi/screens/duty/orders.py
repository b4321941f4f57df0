"""Orders (chỉ đạo): the list with who is late, one order with its steps, the form that gives one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.alerts import saying
from dothi.alerts import service as alarms
from dothi.alerts.tables import Alarm
from dothi.duty import flow, orders, sight, store
from dothi.duty.orders import Asked, Late, Line
from dothi.duty.report import person_id
from dothi.duty.tables import Order
from dothi.identity import guard
from dothi.identity.tables import Agency, Person
from dothi.kit.errors import BadInput, DothiError, NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.duty import words
from dothi.screens.duty.desk import Ask, get, post, safe, tried, wrong
from dothi.sensing import state as things
from dothi.web.forms import Filled

STATES = ("open", "late", "done", "mine", "closed", "all")
PRIMARY = ("receive", "done", "accept")  # one button of a state stands out: the step that leads on


@dataclass(frozen=True, slots=True)
class Board:
    """The list page. bar: the share of late orders of each agency with the most of all, for the bars."""

    lines: list[Line]
    counts: dict[str, int]
    late: list[Late]
    most: int
    asked: Asked
    agencies: list[Agency]
    subject: str


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that happened to an order."""

    at: int
    kind: str
    who: str
    text: str
    due_at: int | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One order with what the reader may do with it."""

    order: Order
    agency: str
    by: str
    person: str
    late: bool
    entries: list[Said]
    verbs: list[str]
    primary: str
    href: str


@dataclass(frozen=True, slots=True)
class Giving:
    """The form that gives an order. people: by agency id, somebody by name where wished."""

    agencies: list[Agency]
    people: dict[int, list[Person]]
    subject: str
    subject_name: str
    severity: str
    href: str
    agency_id: int | None


def board(ask: Ask) -> Response:
    """`GET /operations/orders`: `?state=`, `?agency=`, `?subject=`; JSON for programs."""
    asked = ask.request.query_params
    state = asked.get("state", "open")
    about = asked.get("subject", "")[:200]
    wanted = Asked(state if state in STATES else "open", whole(asked.get("agency", "")), about or None)
    lines = orders.list_(ask.session, ask.caller, wanted, ask.language)
    if "json" in ask.request.headers.get("accept", ""):
        body = json.dumps({"orders": [orders.as_json(one) for one in lines]}, ensure_ascii=False)
        return Response(body, media_type="application/json", headers={"cache-control": "no-store"})
    late = orders.late_by_agency(ask.session, ask.caller, ask.now)
    held = sight.agencies(ask.caller, "alarms:read", "orders:handle", "orders:give")
    page = Board(
        lines, orders.counts(ask.session, ask.caller), late, max((one.open for one in late), default=1), wanted,
        store.agencies_of(ask.session, held), lines[0].order.subject_name if about and lines else about,
    )  # fmt: skip
    return ask.page(
        "orders", page=page, may_give=orders.may_give(ask.caller), simulated=any(one.order.simulated for one in lines)
    )


def sheet(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /operations/orders/{number}`."""
    found = orders.order(ask.session, ask.caller, ask.request.path_params["number"])
    said = orders.entries(ask.session, ask.caller, found.id)
    ids = {found.by_id, found.person_id, *(person_id(one.actor) for one in said)}
    names = store.names(ask.session, sorted(id_ for id_ in ids if id_ is not None))
    agency = store.agencies_of(ask.session, [found.agency_id])
    verbs = orders.can(ask.caller, found)
    page = Sheet(
        found, _named(agency[0], ask.language) if agency else "–", names.get(found.by_id, "–"),
        names.get(found.person_id or 0, ""), flow.is_late(found.state, found.due_at, found.done_at, ask.now),
        [Said(one.at, one.kind, names.get(person_id(one.actor) or 0, one.actor), one.text, one.due_at) for one in said],
        verbs, next((one for one in PRIMARY if one in verbs), ""), subject_href(found.subject, found.subject_name),
    )  # fmt: skip
    return ask.page("order", filled, status, page=page, simulated=found.simulated, exercise=found.exercise)


def new(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /operations/orders/new`: `?subject=alarm:12`; `&part=1` the form alone, for a dialog."""
    asked = ask.values if ask.form is not None else dict(ask.request.query_params)
    page = giving(ask, asked.get("subject", "")[:200], asked.get("subject_name", "")[:300])
    part = asked.get("part") == "1"
    next_ = safe(asked.get("next"), "")
    return ask.page("_give" if part else "give", filled, status, page=page, part=part, next=next_)


def giving(ask: Ask, subject: str, name: str = "") -> Giving:
    """What the form shows. Raises NotAllowed for who may give no orders."""
    if not orders.may_give(ask.caller):
        guard.require(ask.caller, "orders:give")
    severity, owner = "", None
    if subject.startswith("alarm:"):
        found = _alarm(ask, subject)
        if found is None:
            raise NotFound(ask.say("Không có cảnh báo nào như vậy."))
        title = saying.title(found, ask.language)
        name, severity, owner = f"{found.number} · {title}", found.severity, found.agency_id
    elif subject.startswith("thing:") and (id_ := whole(subject[6:])) is not None:
        seen = things.states(ask.session, ask.caller, language=ask.language, things=[id_])
        name = seen[0].name if seen else name
    held = sight.agencies(ask.caller, "orders:give")
    agencies = store.agencies_of(ask.session, held)
    people: dict[int, list[Person]] = {}
    for one in store.people_of(ask.session, held):
        if one.agency_id is not None:
            people.setdefault(one.agency_id, []).append(one)
    known = owner if owner in {one.id for one in agencies} else None
    return Giving(agencies, people, subject, name, severity, subject_href(subject or None, name), known)


def give(ask: Ask) -> Response:
    """`POST /operations/orders`."""
    values, made = ask.values, list[Order]()
    try:
        due = words.due_of(values.get("due", ""), values.get("due_at", ""), ask.now)
    except BadInput:
        due = None

    def do() -> None:
        made.append(
            orders.give(
                ask.session, ask.caller, agency_id=whole(values.get("agency", "")), text=values.get("text", ""),
                due_at=due, subject=values.get("subject") or None, subject_name=values.get("subject_name", ""),
                person_id=whole(values.get("person", "")),
            )
        )  # fmt: skip

    filled = tried(ask, do)
    if filled is not None:
        return new(ask, filled, 400)
    to = safe(values.get("next"), f"/operations/orders/{made[0].number}")
    if values.get("part") == "1":
        body = json.dumps({"number": made[0].number, "next": to})
        return Response(
            body, 201, media_type="application/json", headers={"location": f"/operations/orders/{made[0].number}"}
        )
    return back(to)


def step(ask: Ask) -> Response:
    """`POST /operations/orders/{number}/{verb}`: the version seen, a text, of an extension the new deadline."""
    name, verb, values = ask.request.path_params["number"], ask.request.path_params["verb"], ask.values
    if verb not in words.VERBS:
        raise NotFound(ask.say("Không có bước nào như vậy."))
    text, version = values.get("text", ""), whole(values.get("version", ""))
    try:
        due = words.due_of(values.get("due", "at"), values.get("due_at", ""), ask.now) if verb == "extend" else None
    except BadInput as error:
        return sheet(ask, wrong(ask, error), 400)
    plain: dict[str, Callable[..., Any]] = {
        "receive": orders.receive, "progress": orders.progress, "done": orders.done, "accept": orders.accept,
        "return": orders.return_, "remind": orders.remind, "withdraw": orders.withdraw,
    }  # fmt: skip
    failed: list[DothiError] = []

    def do() -> None:
        try:
            if verb == "extend":
                orders.extend(ask.session, ask.caller, name, due, text, version)
            else:
                plain[verb](ask.session, ask.caller, name, text, version)
        except DothiError as error:
            failed.append(error)
            raise

    filled = tried(ask, do)
    if filled is not None:
        filled.values = {**values, "verb": verb}
        return sheet(ask, filled, failed[0].status)
    return back(safe(values.get("next"), f"/operations/orders/{name}"))


def subject_href(subject: str | None, name: str = "") -> str:
    """Where a subject of an order is looked at; an alarm by the number its name begins with."""
    kind, _, id_ = (subject or "").partition(":")
    if kind == "alarm":
        told = name.partition(" ")[0]
        return f"/operations?alarm={told}" if told.startswith("CB-") else "/operations"
    if kind == "thing" and whole(id_) is not None:
        return f"/operations?select=thing:{id_}"
    return ""


def _alarm(ask: Ask, subject: str) -> Alarm | None:
    id_ = subject.partition(":")[2]
    try:
        return alarms.alarm(ask.session, ask.caller, id_) if whole(id_) is not None or id_.startswith("CB-") else None
    except NotFound:
        return None


def _named(agency: Agency, language: str) -> str:
    return (agency.name_en if language == "en" else None) or agency.name


routes = [
    get("/operations/orders", board),
    get("/operations/orders/new", new, "orders:give"),
    post("/operations/orders", give, "orders:give"),
    get("/operations/orders/{number}", sheet),
    post("/operations/orders/{number}/{verb}", step),
]
