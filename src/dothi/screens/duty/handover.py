"""Shift handover: the shift's figures, what stays open, two signatures, and the report as an office prints it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.duty import shifts, store
from dothi.duty.shifts import OnDuty
from dothi.duty.tables import Shift
from dothi.identity import store as identity
from dothi.kit import clock
from dothi.kit.errors import NotFound, PreconditionFailed
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.duty import words
from dothi.screens.duty.desk import Ask, get, post, tried
from dothi.warnings import service as warnings
from dothi.web.forms import Filled

USUAL = 8 * clock.HOUR  # what is shown to somebody who is not on duty
STANDS, LEADS = "duty:stand", "duty:lead"


@dataclass(frozen=True, slots=True)
class Room:
    """The handover page. signed: shifts of others that wait to be taken."""

    mine: Shift | None
    on: list[OnDuty]
    signed: list[OnDuty]
    report: Mapping[str, Any]
    past: list[Shift]
    names: Mapping[int, str]
    older: int | None


@dataclass(frozen=True, slots=True)
class Letter:
    """The head of the printed report: the office above, the office, the city and the day."""

    above: str
    office: str
    city: str
    day: str
    number: str


def room(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /operations/handover`; `?before=` earlier shifts."""
    on, mine = shifts.current(ask.session, ask.caller), shifts.mine(ask.session, ask.caller)
    since = mine.began_at if mine is not None else ask.now - USUAL
    found = shifts.report(ask.session, ask.caller, since, ask.now, warnings=in_force(ask))
    past = shifts.past(ask.session, ask.caller, whole(ask.request.query_params.get("before", "")), 21)
    people = {one.person_id for one in past} | {one.taken_by for one in past}
    page = Room(
        mine, on, [one for one in on if one.shift.handed_at is not None and one.person.id != ask.caller.id], found,
        past[:20], store.names(ask.session, sorted(id_ for id_ in people if id_ is not None)),
        past[19].began_at if len(past) > 20 else None,
    )  # fmt: skip
    return ask.page(
        "handover", filled, status, page=page, report=found, stands=ask.may(STANDS), leads=ask.may(LEADS),
        by=ask.caller.id, **_modes(found),
    )  # fmt: skip


def sheet(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /operations/handover/{id}`: a shift's report as it was signed (or, of one still running, as it stands)."""
    held = shifts.shift(ask.session, ask.caller, _id(ask))
    people = [id_ for id_ in (held.person_id, held.taken_by, held.ended_by) if id_ is not None]
    found = held.report or shifts.report(
        ask.session, ask.caller, held.began_at, held.ended_at or ask.now, warnings=in_force(ask)
    )
    can = ask.may(STANDS, held.agency_id) if held.agency_id is not None else STANDS in ask.caller.everywhere
    leads = ask.may(LEADS, held.agency_id) if held.agency_id is not None else LEADS in ask.caller.everywhere
    return ask.page(
        "sheet", filled, status, shift=held, report=found, names=store.names(ask.session, people), letter=letter(ask, held),
        takes=can and held.handed_at is not None and held.ended_at is None and held.person_id != ask.caller.id,
        ends=leads and held.ended_at is None and held.person_id != ask.caller.id, **_modes(found),
    )  # fmt: skip


def begin(ask: Ask) -> Response:
    """`POST /operations/handover/begin`: go on duty; post `duty` or `chief`."""
    filled = tried(ask, lambda: shifts.begin(ask.session, ask.caller, ask.values.get("post", "duty")))
    return back("/operations/handover") if filled is None else room(ask, filled, 409)


def sign(ask: Ask) -> Response:
    """`POST /operations/handover/sign`: the one who leaves signs, with a note."""
    filled = tried(
        ask, lambda: shifts.hand(ask.session, ask.caller, ask.values.get("note", ""), warnings=in_force(ask))
    )
    if filled is not None:
        return room(ask, filled, 409)
    held = shifts.mine(ask.session, ask.caller)
    return back(f"/operations/handover/{held.id}" if held is not None else "/operations/handover")


def take(ask: Ask) -> Response:
    """`POST /operations/handover/{id}/take`: the one who comes signs for the report as it was read (digest)."""
    id_ = _id(ask)
    filled = tried(ask, lambda: shifts.take(ask.session, ask.caller, id_, ask.values.get("digest", "")))
    return back(f"/operations/handover/{id_}") if filled is None else sheet(ask, filled, PreconditionFailed.status)


def end(ask: Ask) -> Response:
    """`POST /operations/handover/{id}/end`: a chief ends a shift nobody takes over, for a reason."""
    id_ = _id(ask)
    filled = tried(
        ask, lambda: shifts.end(ask.session, ask.caller, id_, ask.values.get("reason", ""), warnings=in_force(ask))
    )
    return back(f"/operations/handover/{id_}") if filled is None else sheet(ask, filled, 400)


def in_force(ask: Ask) -> list[dict[str, Any]]:
    """The warnings to the public in force now, as the report keeps them."""
    return [
        {
            "identifier": one.identifier, "headline": one.info(ask.language).get("headline") or one.identifier, "expires_at": one.expires_at,
            "exercise": one.status != "Actual",
        }
        for one in warnings.current(ask.session, ask.caller, own=True)
    ]  # fmt: skip


def letter(ask: Ask, held: Shift) -> Letter:
    """Whose report it is: the desk's agency, or that of the officer; its number and day."""
    person = identity.person(ask.session, held.person_id)
    agency_id = held.agency_id or (person.agency_id if person is not None else None)
    agency = identity.agency(ask.session, agency_id) if agency_id is not None else None
    above = (
        identity.agency(ask.session, agency.parent_id) if agency is not None and agency.parent_id is not None else None
    )
    city = ask.city
    return Letter(
        (above.name if above is not None else (agency.name if agency is not None else "")).upper(),
        (agency.name if above is not None and agency is not None else ask.say("Trung tâm điều hành")).upper(),
        city, words.long_day(held.handed_at or held.ended_at or ask.now, ask.say), f"{held.id:02}/BB-BGC",
    )  # fmt: skip


def _id(ask: Ask) -> int:
    found = whole(ask.request.path_params["id"])
    if found is None:
        raise NotFound(ask.say("Không có ca nào như vậy."))
    return found


def _modes(report: Mapping[str, Any]) -> dict[str, bool]:
    return {"simulated": bool(report.get("simulated"))}


routes = [
    get("/operations/handover", room), get("/operations/handover/{id}", sheet),
    post("/operations/handover/begin", begin, STANDS), post("/operations/handover/sign", sign, STANDS),
    post("/operations/handover/{id}/take", take, STANDS), post("/operations/handover/{id}/end", end, LEADS),
]  # fmt: skip
