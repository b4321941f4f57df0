"""Escalation ladders: who is told next while nobody acknowledges. For those who hold duty:lead."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.identity import guard
from dothi.identity import store as identity
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole
from dothi.notify import ladders, service, store, wording
from dothi.notify.ladders import Rung
from dothi.notify.tables import Ladder
from dothi.notify.targets import CHANNELS
from dothi.screens.asking import sector_names
from dothi.screens.desk import back, wrong
from dothi.screens.notify.desk import LEADS, WRONG, Ask, get, post
from dothi.screens.notify.mine import severities
from dothi.web.forms import Filled
from dothi.web.i18n import marked
from dothi.web.paths import ID

HERE = "/operations/ladders"
ROWS = ladders.MOST_RUNGS
EMPTY = 2  # rungs offered beyond those that are there
ROLES = {
    "duty-officer": marked("Trực ban"),
    "dispatcher": marked("Điều phối viên"),
    "duty-chief": marked("Trưởng ca trực"),
    "officer": marked("Chuyên viên"),
    "leader": marked("Lãnh đạo"),
    "administrator": marked("Quản trị hệ thống"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A rung as the page shows it; people, reached: how many it means, and how many of them have an address."""

    minutes: int
    who: str
    channels: tuple[str, ...]
    people: int
    reached: int


def overview(ask: Ask) -> Response:
    """`GET /operations/ladders`."""
    offices = {one.id: one.name for one in identity.agencies(ask.session)}
    found = ladders.mine(ask.session, ask.caller)
    return ask.page(
        "ladders", found=[(one, _steps(ask, one)) for one in found], offices=offices, sectors=sector_names(ask.language),
        severities=wording.SEVERITY_NAMES, names=wording.CHANNEL_NAMES,
        mine={one.id for one in found if guard.may(ask.caller, LEADS, one.agency_id)},
        said=ask.request.query_params.get("said", ""),
    )  # fmt: skip


def new(ask: Ask) -> Response:
    """`GET /operations/ladders/new`."""
    values = {"severity": "major", "active": "1", "rung0_after": "5", "rung0_who": "role:duty-chief"}
    return _form(ask, None, Filled(values))


def edit(ask: Ask) -> Response:
    """`GET /operations/ladders/{id}`."""
    one = ladders.of(ask.session, ask.caller, ask.request.path_params["id"])
    values = {
        "code": one.code, "title": one.title, "severity": one.severity, "sector": one.sector or "",
        "agency": str(one.agency_id or ""), "active": "1" if one.active else "",
    }  # fmt: skip
    for place, rung in enumerate(ladders.rungs(one)):
        values[f"rung{place}_after"] = str(rung.after_minutes)
        values[f"rung{place}_who"] = f"person:{rung.person}" if rung.person is not None else f"role:{rung.role}"
        values |= {f"rung{place}_{channel}": "1" for channel in rung.channels}
    return _form(ask, one.id, Filled(values))


def put(ask: Ask) -> Response:
    """`POST /operations/ladders` and `/operations/ladders/{id}`."""
    id_: int | None = ask.request.path_params.get("id")
    said = ask.values
    try:
        with ask.session.begin_nested():
            ladders.put(
                ask.session, ask.caller, code=said.get("code", ""), title=said.get("title", ""),
                severity=said.get("severity", ""), rungs_=_given(said), sector=said.get("sector") or None,
                agency_id=_agency(said.get("agency", "")), active=said.get("active") == "1", id_=id_,
            )  # fmt: skip
    except WRONG as error:
        return _form(ask, id_, wrong(ask, error), error.status)
    return back(f"{HERE}?said=kept")


def remove(ask: Ask) -> Response:
    """`POST /operations/ladders/{id}/remove`."""
    ladders.remove(ask.session, ask.caller, ask.request.path_params["id"])
    return back(f"{HERE}?said=removed")


def _form(ask: Ask, id_: int | None, filled: Filled, status: int = 200) -> Response:
    everywhere = LEADS in ask.caller.everywhere
    offices = [one for one in identity.agencies(ask.session) if guard.may(ask.caller, LEADS, one.id)]
    people = [
        one
        for one in identity.people(ask.session)
        if one.active and (everywhere or one.agency_id in {o.id for o in offices})
    ]
    return ask.page(
        "ladder", filled, status, id=id_, offices=offices, everywhere=everywhere, people=people, roles=ROLES, rows=range(_rows(filled)),
        severities=severities(never=False), sectors=list(sector_names(ask.language).items()),
        channels=[(one, wording.CHANNEL_NAMES[one]) for one in CHANNELS],
    )  # fmt: skip


def _rows(filled: Filled) -> int:
    """How many rungs the form offers."""
    used = [place for place in range(ROWS) if filled.values.get(f"rung{place}_who")]
    return min(ROWS, max(used, default=0) + 1 + EMPTY)


def _given(said: Mapping[str, str]) -> list[Rung]:
    found, faults = [], []
    for place in range(ROWS):
        who, after = said.get(f"rung{place}_who", ""), said.get(f"rung{place}_after", "")
        if not who:
            continue
        kind, _, name = who.partition(":")
        minutes = whole(after, 6)
        if minutes is None:
            faults.append(Fault(f"rung{place}_after", f"{after[:20]!r}", "minutes"))
            continue
        person = whole(name, 9) if kind == "person" else None
        channels = tuple(one for one in CHANNELS if said.get(f"rung{place}_{one}"))
        found.append(Rung(minutes, name if kind == "role" else None, person, channels))
    if faults:
        raise BadInput("this ladder cannot be kept", faults)
    return sorted(found, key=lambda one: one.after_minutes)


def _agency(text: str) -> int | None:
    return whole(text, 9)


def _steps(ask: Ask, ladder: Ladder) -> list[Step]:
    made = []
    for rung in ladders.rungs(ladder):
        meant = service.people_of(ask.session, rung.to(ladder.agency_id))
        reached = {
            one.person_id
            for one in store.reachable(ask.session, meant)
            if not rung.channels or one.channel in rung.channels
        }
        made.append(Step(rung.after_minutes, _who(ask, rung), rung.channels, len(meant), len(reached)))
    return made


def _who(ask: Ask, rung: Rung) -> str:
    if rung.person is not None:
        person: Any = identity.person(ask.session, rung.person)
        return person.name if person is not None else "–"
    return ask.say(ROLES[rung.role]) if rung.role in ROLES else str(rung.role)


routes = [
    get(HERE, overview, LEADS),
    get(f"{HERE}/new", new, LEADS),
    get(f"{HERE}/{ID}", edit, LEADS),
    post(HERE, put, LEADS),
    post(f"{HERE}/{ID}", put, LEADS),
    post(f"{HERE}/{ID}/remove", remove, LEADS),
]
