"""The form that gives a task, made from the capability's DataRecord; as a page, and in the panel of a thing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.identity import guard
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.tasking import words
from dothi.screens.tasking.desk import GIVES, Ask, get, post, tried
from dothi.tasking import flow, service, store, swe
from dothi.tasking.service import Asking
from dothi.tasking.store import Subject
from dothi.tasking.tables import Task
from dothi.web import slots
from dothi.web.forms import Filled


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form. choices: of a Category or a Boolean, (value, label)."""

    name: str
    type: str
    label: str
    hint: str
    unit: str
    choices: list[tuple[str, str]]
    least: float | None
    most: float | None
    value: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Form:
    """What can be asked of one capability. last: its newest task, in words; busy: it is not over."""

    subject: Subject
    title: str
    fields: list[Field]
    confirm: str
    second: bool
    last: Task | None
    last_text: str


@dataclass(frozen=True, slots=True)
class Giving:
    """The page: a thing and what it can be told."""

    thing: str
    thing_id: int
    forms: list[Form]


def forms(ask: Any, found: list[Subject]) -> list[Form]:
    """The forms of some capabilities."""
    made = []
    for one in found:
        kind = service.kind_of(one)
        newest = store.tasks(ask.session, ask.caller, store.Wanted(thing_id=one.thing_id, limit=20))
        last = next((task for task in newest if task.capability_id == one.capability_id), None)
        made.append(Form(
            one, kind.title.of(ask.language) if kind else one.name,
            [_field(part, ask) for part in swe.fields(one.record)],
            kind.confirm.of(ask.language) if kind is not None and kind.confirm else "",
            kind is not None and bool(kind.two_person), last,
            words.parameters(one.record, last.tasking_parameters, ask.language) if last else "",
        ))  # fmt: skip
    return made


def _field(one: Mapping[str, Any], ask: Any) -> Field:
    held, language = one.get("constraint") or {}, ask.language
    choices: list[tuple[str, str]] = []
    if one["type"] == "Boolean":
        choices = [("true", ask.say("Bật")), ("false", ask.say("Tắt"))]
    elif one["type"] == "Category":
        choices = [(str(value), swe.token(one, value, language)) for value in held.get("value") or ()]
    spans, single = held.get("interval") or (), held.get("value") or ()
    numeric = one["type"] in ("Count", "Quantity")
    ends = [end for span in spans for end in span] + [v for v in single if numeric]
    described = str((one.get("description_en") if language == "en" else None) or one.get("description") or "")
    return Field(
        one["name"], one["type"], swe.name_of(one, language), described or words.allowed(one, language),
        (one.get("uom") or {}).get("code", ""), choices, min(ends) if numeric and ends else None,
        max(ends) if numeric and ends else None, str(one.get("value", "")), bool(one.get("optional")),
    )  # fmt: skip


def page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /operations/tasks/new?capability=` or `?thing=`."""
    query = ask.request.query_params
    one = whole(ask.values.get("capability", "") or query.get("capability", ""))
    thing_id = whole(query.get("thing", ""))
    if one is not None:
        found = [service.look(ask.session, ask.caller, one)]
    else:
        found = store.subjects(ask.session, ask.caller, thing_id=thing_id) if thing_id is not None else []
    found = [given for given in found if ask.may(GIVES, given.agency_id)]
    if not found:
        raise NotFound(ask.say("Không có thiết bị nào ở đây mà anh chị điều khiển được."))
    shown = Giving(found[0].thing, found[0].thing_id, forms(ask, found))
    return ask.page("new", filled, status, page=shown, simulated=found[0].simulated)


def confirmed(ask: Ask, subject: Subject) -> None:
    """Refuse a press that does not say which thing it is for."""
    if ask.values.get("thing") != str(subject.thing_id) or not ask.values.get("sure"):
        message = ask.say("Đánh dấu xác nhận đúng thiết bị: {name}.", name=subject.thing)
        raise BadInput(message, [Fault("sure", ask.say("chưa xác nhận"))])


def give(ask: Ask) -> Response:
    """`POST /operations/tasks`."""
    id_ = whole(ask.values.get("capability", ""))
    if id_ is None:
        raise BadInput("no capability is named", [Fault("capability", "is missing", "the id of a TaskingCapability")])
    made: list[int] = []

    def do() -> None:
        subject = service.look(ask.session, ask.caller, id_)
        confirmed(ask, subject)
        values = read(subject.record, ask.values)
        made.append(service.ask(ask.session, ask.caller, id_, Asking(values, ask.values.get("note", ""))).id)

    filled = tried(ask, do)
    return back(f"/operations/tasks/{made[0]}") if filled is None else page(ask, filled, 422)


def read(record: Any, given: Mapping[str, str]) -> dict[str, Any]:
    """The parameters as a form's texts say them; what cannot be read is left as it is, and refused with its name."""
    values: dict[str, Any] = {}
    for one in swe.fields(record):
        text = given.get(f"p-{one['name']}", "").strip()
        if not text:
            continue
        value: Any = text
        if one["type"] == "Boolean":
            value = {"true": True, "false": False}.get(text, text)
        elif one["type"] in ("Count", "Quantity"):
            try:
                number_ = float(text.replace(",", "."))
            except ValueError:
                number_ = float("nan")
            value = (int(number_) if number_ == int(number_) else number_) if abs(number_) < 1e15 else text
        values[one["name"]] = value
    return values


def panel(ask: Any, thing_id: int | None) -> Mapping[str, Any] | None:
    """`operations.tasking`: what a thing can be told by the reader, and what it was told last."""
    if thing_id is None or getattr(ask, "replay", False) or not guard.may_somewhere(ask.caller, GIVES):
        return None
    found = [
        one for one in store.subjects(ask.session, ask.caller, thing_id=thing_id)
        if guard.may(ask.caller, GIVES, one.agency_id)
    ]  # fmt: skip
    return {"forms": forms(ask, found), "thing_id": thing_id, "w": words, "open": flow.OPEN} if found else None


slots.fill("operations.tasking", panel)
routes = [get("/operations/tasks/new", page, GIVES), post("/operations/tasks", give, GIVES)]
