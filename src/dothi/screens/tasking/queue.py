"""The queue of tasks, and one task with everything that happened to it."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.identity import called, guard
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.tasking import giving, words
from dothi.screens.tasking.desk import Ask, get, post, tried
from dothi.sensing.sectors import sectors
from dothi.tasking import flow, service, store
from dothi.tasking.declared import Kind
from dothi.tasking.store import Subject
from dothi.tasking.tables import Task
from dothi.web.forms import Filled
from dothi.web.paths import ID

_STATES = {
    "open": flow.OPEN, "pending": (flow.PENDING,), "bad": (flow.FAILED, flow.REFUSED, flow.TIMED_OUT),
    "done": (flow.DONE,), "all": (),
}  # fmt: skip
_SIZE = 60


@dataclass(frozen=True, slots=True)
class Line:
    """A task as the queue shows it. read: what was read back, in words."""

    task: Task
    subject: Subject
    asked: str
    by: str
    decided: str
    read: str
    wanted: str


@dataclass(frozen=True, slots=True)
class Board:
    """The page. before: the id from which older ones begin."""

    lines: list[Line]
    state: str
    counts: dict[str, int]
    thing: Subject | None
    before: int | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to a task."""

    at: int
    kind: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One task. verbs: what the reader may do with it."""

    line: Line
    agency: str
    kind: str
    steps: list[Step]
    verbs: list[str]
    own: bool
    confirm: str


def board(ask: Ask) -> Response:
    """`GET /operations/tasks`: `?state=`, `?thing=`, `?before=`."""
    query = ask.request.query_params
    state = query.get("state", "open")
    state = state if state in _STATES else "open"
    thing_id, before = whole(query.get("thing", "")), whole(query.get("before", ""))
    wanted = store.Wanted(_STATES[state], thing_id, before=before, limit=_SIZE + 1)
    found = store.tasks(ask.session, ask.caller, wanted)
    lines = told(ask, found[:_SIZE])
    about = store.subjects(ask.session, ask.caller, thing_id=thing_id)[:1] if thing_id is not None else []
    counted = store.counts(ask.session, ask.caller, ask.now - clock.DAY)
    counts = {name: sum(counted.get(one, 0) for one in states) for name, states in _STATES.items() if states}
    more = found[_SIZE - 1].id if len(found) > _SIZE else None
    page = Board(lines, state, counts, about[0] if about else None, more)
    return ask.page("tasks", page=page, may=ask.may("tasks:give"), simulated=any(one.task.simulated for one in lines))


def told(ask: Ask, tasks: list[Task]) -> list[Line]:
    """Tasks with names and words."""
    subjects = store.names(ask.session, {one.capability_id for one in tasks}) if tasks else {}
    actors = {one.asked_by for one in tasks} | {one.decided_by for one in tasks if one.decided_by}
    names = store.people(ask.session, actors)
    return [
        Line(
            one, subjects[one.capability_id],
            words.parameters(subjects[one.capability_id].record, one.tasking_parameters, ask.language),
            who(ask, one.asked_by, names), who(ask, one.decided_by, names) if one.decided_by else "",
            _read(ask, one, service.kind_of(subjects[one.capability_id])),
            _wanted(ask, service.kind_of(subjects[one.capability_id])),
        )
        for one in tasks
    ]  # fmt: skip


def who(ask: Ask, actor: str, names: dict[str, str]) -> str:
    """Who did something, in words."""
    if actor in names:
        return names[actor]
    kind = actor.partition(":")[0]
    called = {
        "schedule": ask.say("Lịch đóng cắt"), "key": ask.say("Hệ thống kết nối"), "dothi": ask.say("Hệ thống"),
    }  # fmt: skip
    return called.get(kind, ask.say("Hệ thống"))


def _wanted(ask: Ask, kind: Kind | None) -> str:
    """Which property is read back."""
    known = (
        sectors().properties.get(kind.read_back.property) if kind is not None and kind.read_back is not None else None
    )
    return known.name.of(ask.language) if known is not None else ""


def _read(ask: Ask, one: Task, kind: Kind | None) -> str:
    if one.read_at is None or one.read_value is None or kind is None or kind.read_back is None:
        return ""
    known = sectors().properties.get(kind.read_back.property)
    text = f"{one.read_value:.{known.decimals if known else 2}f}"
    text = text if ask.language == "en" else text.replace(".", ",")
    return f"{text} {known.unit.symbol}" if known else text


def sheet(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /operations/tasks/{id}`."""
    found, subject = service.find(ask.session, ask.caller, ask.request.path_params["id"], lock=False)
    (line,) = told(ask, [found])
    said = journal.read(
        ask.session, 0, 100, sees=guard.sees_entries(ask.caller), kinds=("tasking.task.",), subject=f"task:{found.id}"
    )
    names = store.people(ask.session, {str(one["actor"]) for one in said})
    steps = [_step(ask, one, names, found) for one in said]
    kind = service.kind_of(subject)
    agencies = store.agencies(ask.session, [subject.agency_id]) if subject.agency_id else {}
    page = Sheet(
        line, called.agency(ask.session, agencies.get(subject.agency_id or 0, "–"), ask.language), (kind.title.of(ask.language) if kind else subject.name), steps,
        verbs(ask, found, subject), ask.caller.actor == found.asked_by,
        kind.confirm.of(ask.language) if kind is not None and kind.confirm else "",
    )  # fmt: skip
    return ask.page("task", filled, status, page=page, simulated=found.simulated)


def _step(ask: Ask, one: dict[str, Any], names: dict[str, str], found: Task) -> Step:
    kind, data = str(one["kind"]).rpartition(".")[2], one.get("data") or {}
    text = ""
    if kind == "asked":
        text = str(data.get("note") or "")
    elif data.get("reason"):
        text = words.reason(found.reason, ask.language) if kind == found.state else str(data["reason"])
    elif data.get("message"):
        text = str(data["message"])
    return Step(int(one["at"]), kind, who(ask, str(one["actor"]), names), text)


def verbs(ask: Ask, found: Task, subject: Subject) -> list[str]:
    """What the reader may do with a task."""
    made = []
    person = ask.caller.kind == "person"
    if found.state == flow.PENDING and person and ask.may("tasks:approve", subject.agency_id):
        made += [] if ask.caller.actor == found.asked_by else ["approve", "refuse"]
    if found.state in flow.OPEN and (ask.caller.actor == found.asked_by or ask.may("tasks:give", subject.agency_id)):
        made.append("cancel")
    return made


def act(ask: Ask) -> Response:
    """`POST /operations/tasks/{id}/{verb}`: confirmed by the thing's name."""
    id_, verb = ask.request.path_params["id"], ask.request.path_params["verb"]
    if verb not in words.VERBS:
        raise NotFound("there is no such action")
    reason = ask.values.get("reason", "")

    def do() -> None:
        _, subject = service.find(ask.session, ask.caller, id_)
        giving.confirmed(ask, subject)
        if verb == "approve":
            service.approve(ask.session, ask.caller, id_)
        elif verb == "refuse":
            if not reason.strip():
                raise BadInput(ask.say("Ghi lý do từ chối."), [Fault("reason", ask.say("chưa nhập"))])
            service.refuse(ask.session, ask.caller, id_, reason)
        else:
            service.cancel(ask.session, ask.caller, id_, reason)

    filled = tried(ask, do)
    return back(f"/operations/tasks/{id_}") if filled is None else sheet(ask, filled, 409)


routes = [
    get("/operations/tasks", board),
    get(f"/operations/tasks/{ID}", sheet),
    post(f"/operations/tasks/{ID}/{{verb}}", act, "alarms:read"),
]
