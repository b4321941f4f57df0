"""People, their roles, and the agencies they belong to."""

from collections.abc import Callable, Mapping

from starlette.responses import Response

from dothi.identity import guard, secret, service, store
from dothi.identity.tables import Person
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault
from dothi.kit.text import sort_key
from dothi.screens.admin.desk import Ask, agencies_of, get, post
from dothi.screens.admin.signing import ROLE_NAMES
from dothi.screens.desk import back
from dothi.web.forms import Filled
from dothi.web.paths import ID


def _people(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    search = ask.request.query_params.get("q", "")
    mine = agencies_of(ask.caller, "identity:read")
    found = [one for one in store.people(ask.session, search) if mine is None or one.agency_id in mine]
    held = store.grants_of_all(ask.session)
    return ask.page(
        "people", filled, status, people=sorted(found, key=lambda one: sort_key(one.name.split(" ")[-1])), search=search,
        held=held, role_names=ROLE_NAMES, agencies=store.agencies(ask.session),
        offices={one.id: one.name for one in store.agencies(ask.session)},
        writes=guard.may_somewhere(ask.caller, "identity:write"), shortest=secret.SHORTEST,
    )  # fmt: skip


def _add_person(ask: Ask) -> Response:
    said = ask.values
    try:
        with ask.session.begin_nested():
            made = service.create_person(
                ask.session, ask.caller, said.get("login", ""), said.get("name", ""),
                password=said.get("password") or None, agency=said.get("agency") or None,
                email=said.get("email") or None, phone=said.get("phone") or None,
            )  # fmt: skip
            if said.get("role"):
                kind, _, code = said.get("scope", "all").partition(":")
                service.grant(ask.session, ask.caller, made, said["role"], kind, code or None)
    except (BadInput, Conflict) as error:
        return _people(ask, Filled.wrong(_shown(said), error), error.status)
    return back(f"/admin/people/{made.id}")


def _person(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    person = _asked(ask)
    return ask.page(
        "person", filled, status, person=person, grants=store.grants(ask.session, person.id), role_names=ROLE_NAMES,
        agencies=store.agencies(ask.session), writes=guard.may_somewhere(ask.caller, "identity:write"),
        office=store.agency(ask.session, person.agency_id) if person.agency_id else None,
        browsers=store.sign_ins(ask.session, person.id, clock.now_micros()), shortest=secret.SHORTEST,
    )  # fmt: skip


def _asked(ask: Ask) -> Person:
    person = service.person_numbered(ask.session, ask.request.path_params["id"])
    guard.require(ask.caller, "identity:read", person.agency_id)
    return person


def _changing(change: Callable[[Ask, Person], object]) -> Callable[[Ask], Response]:
    """A view that changes a person and shows them again, with what was wrong under its field."""

    def view(ask: Ask) -> Response:
        person = _asked(ask)
        try:
            with ask.session.begin_nested():
                change(ask, person)
        except (BadInput, Conflict) as error:
            return _person(ask, Filled.wrong(_shown(ask.values), error), error.status)
        return back(f"/admin/people/{person.id}")

    return view


def _grant(ask: Ask, person: Person) -> None:
    kind, _, code = ask.values.get("scope", "all").partition(":")
    service.grant(ask.session, ask.caller, person, ask.values.get("role", ""), kind, code or None)


def _take(ask: Ask, person: Person) -> None:
    number = ask.values.get("grant", "")
    mine = {str(one.id): one.id for one in store.grants(ask.session, person.id)}
    if number not in mine:
        raise BadInput("this person holds no such role", [Fault("grant", repr(number))])
    service.take_away(ask.session, ask.caller, mine[number])


def _password(ask: Ask, person: Person) -> None:
    service.set_password(ask.session, ask.caller, person, ask.values.get("password", ""))


def _active(ask: Ask, person: Person) -> None:
    service.set_active(ask.session, ask.caller, person, ask.values.get("active") == "1")


def _sign_out(ask: Ask, person: Person) -> None:
    service.sign_out_everywhere(ask.session, ask.caller, person)


def _agencies(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    mine = agencies_of(ask.caller, "identity:read")
    found = [one for one in store.agencies(ask.session) if mine is None or one.id in mine]
    return ask.page(
        "agencies", filled, status, agencies=found, codes={one.id: one.code for one in found},
        writes=guard.may(ask.caller, "identity:write"),
    )  # fmt: skip


def _add_agency(ask: Ask) -> Response:
    said = ask.values
    try:
        with ask.session.begin_nested():
            service.create_agency(
                ask.session, ask.caller, said.get("code", ""), said.get("name", ""), name_en=said.get("name_en"),
                electronic_code=said.get("electronic_code"), parent=said.get("parent") or None,
            )  # fmt: skip
    except (BadInput, Conflict) as error:
        return _agencies(ask, Filled.wrong(said, error), error.status)
    return back("/admin/agencies")


def _shown(said: Mapping[str, str]) -> dict[str, str]:
    """What was written, to be shown again: never a password."""
    return {name: text for name, text in said.items() if name != "password"}


routes = [
    get("/admin/people", _people, "identity:read"),
    post("/admin/people", _add_person, "identity:write"),
    get(f"/admin/people/{ID}", _person, "identity:read"),
    post(f"/admin/people/{ID}/grant", _changing(_grant), "identity:write"),
    post(f"/admin/people/{ID}/take", _changing(_take), "identity:write"),
    post(f"/admin/people/{ID}/password", _changing(_password), "identity:write"),
    post(f"/admin/people/{ID}/active", _changing(_active), "identity:write"),
    post(f"/admin/people/{ID}/sign-out", _changing(_sign_out), "identity:write"),
    get("/admin/agencies", _agencies, "identity:read"),
    post("/admin/agencies", _add_agency, "identity:write"),
]
