"""Schedules: which there are, what each will do in the next 24 hours, and the form that sets one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.tasking.desk import GIVES, Ask, get, post, tried
from dothi.tasking import schedules, store, swe
from dothi.tasking.declared import Kind, kinds
from dothi.tasking.schedules import Ahead
from dothi.tasking.tables import TaskSchedule
from dothi.web.forms import Filled

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{1,60}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A schedule with what it will do. ahead: (step, what it sets in words)."""

    held: TaskSchedule
    kind: str
    ahead: list[tuple[Ahead, str]]
    things: int
    by: str
    values: dict[str, str]
    may: bool


@dataclass(frozen=True, slots=True)
class Page:
    """The page. kinds: those a schedule can switch, (code, title, programmes as text)."""

    shown: list[Shown]
    kinds: list[tuple[str, str, list[tuple[str, str, str]]]]


def page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /operations/tasks/schedules`."""
    held = schedules.listed(ask.session, ask.caller)
    names = store.people(ask.session, {one.set_by for one in held})
    shown = [_shown(ask, one, names) for one in held]
    able = [
        (
            one.code, one.title.of(ask.language),
            [(made.code, made.title.of(ask.language), lines([s.model_dump() for s in made.steps])) for made in one.schedules],
        )
        for one in kinds().values() if one.schedulable
    ]  # fmt: skip
    return ask.page("schedules", filled, status, page=Page(shown, able), may=ask.may(GIVES))


def _shown(ask: Ask, held: TaskSchedule, names: Mapping[str, str]) -> Shown:
    kind = kinds().get(held.kind)
    ahead = schedules.preview(ask.session, held, ask.now) if held.enabled and kind is not None else []
    said = [(one, swe.said(kind.record(), one.set, ask.language) if kind else "") for one in ahead]
    own = {
        "title": held.title, "things": "\n".join(held.things), "steps": lines(held.steps),
        "exceptions": "\n".join(f"{day}: {'; '.join(lines(steps).splitlines()) or '-'}" for day, steps in sorted(held.exceptions.items())),
    }  # fmt: skip
    reached = len(schedules.targets(ask.session, held.kind, held.things)) if kind is not None else 0
    title = kind.title.of(ask.language) if kind is not None else held.kind
    may = ask.may(GIVES, held.agency_id)
    return Shown(held, title, said, reached, names.get(held.set_by, ask.say("Hệ thống")), own, may)


def lines(steps: Any) -> str:
    """Steps as a person writes them: `sunset+10m level=100`, one a line."""
    return "\n".join(
        f"{one['at']} " + " ".join(f"{name}={_plain(value)}" for name, value in one["set"].items()) for one in steps
    )


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def parsed(kind: Kind, text: str, place: str, faults: list[Fault]) -> list[dict[str, Any]]:
    """Steps read from lines; what cannot be read is named with its line."""
    types = {one.name: one.type for one in kind.parameters}
    made = []
    for number, line in enumerate(filter(None, (part.strip() for part in re.split(r"[\n;]", text))), 1):
        moment, *pairs = line.split()
        given: dict[str, Any] = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                faults.append(Fault(place, f"{number}: {pair[:40]!r}", "sunset+10m level=100"))
            given[name] = _value(types.get(name, "Text"), value)
        made.append({"at": moment, "set": given})
    return made


def _value(kind: str, text: str) -> Any:
    if kind == "Boolean":
        return {"true": True, "false": False}.get(text, text)
    if kind in ("Count", "Quantity"):
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text
    return text


def save(ask: Ask) -> Response:
    """`POST /operations/tasks/schedules`: make one or change it, `do=off|on|drop` for the small things."""
    filled = tried(ask, lambda: _save(ask))
    return back("/operations/tasks/schedules") if filled is None else page(ask, filled, 422)


def _save(ask: Ask) -> None:
    given = ask.values
    code, do = given.get("code", "").strip(), given.get("do", "set")
    if not _CODE.fullmatch(code):
        raise BadInput(
            ask.say("Mã lịch chưa đúng."), [Fault("code", ask.say("chữ thường, số và dấu gạch"), "den-duong-trung-tam")]
        )
    held = next((one for one in schedules.listed(ask.session, ask.caller) if one.code == code), None)
    if do == "drop":
        schedules.drop(ask.session, ask.caller, code)
        return
    if do in ("on", "off"):
        if held is None:
            raise NotFound(ask.say("Không còn lịch này."))
        schedules.put(ask.session, ask.caller, _as_it_is(held, enabled=do == "on"))
        return
    kind = kinds().get(given.get("kind", ""))
    if kind is None:
        raise BadInput(ask.say("Chọn loại thiết bị."), [Fault("kind", ask.say("chưa chọn"))])
    faults: list[Fault] = []
    steps = parsed(kind, given.get("steps", ""), "steps", faults)
    days: dict[str, Any] = {}
    for line in filter(None, (part.strip() for part in given.get("exceptions", "").splitlines())):
        day, _, rest = line.partition(":")
        days[day.strip()] = [] if rest.strip() in ("", "-") else parsed(kind, rest, "exceptions", faults)
    if faults:
        raise BadInput("the schedule cannot be kept", faults)
    things = [part for part in re.split(r"[\s,;]+", given.get("things", "")) if part]
    version = whole(given.get("version"))
    agency = held.agency_id if held is not None else ask.caller.agency_id
    schedules.put(ask.session, ask.caller, schedules.Wanted(
        code, given.get("title", ""), kind.code, things, steps, days, held.enabled if held is not None else True, agency,
    ), version)  # fmt: skip


def _as_it_is(held: TaskSchedule, *, enabled: bool) -> schedules.Wanted:
    return schedules.Wanted(
        held.code, held.title, held.kind, held.things, held.steps, held.exceptions, enabled, held.agency_id
    )


routes = [get("/operations/tasks/schedules", page), post("/operations/tasks/schedules", save, GIVES)]
