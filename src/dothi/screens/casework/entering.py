"""A case entered for somebody who calls 1022 or stands at the counter: what, where, who; near ones joined instead."""

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from dothi.cases import contacts, reading
from dothi.cases import service as cases
from dothi.cases.contacts import Contact
from dothi.cases.joining import Near
from dothi.cases.service import New
from dothi.cases.types import types
from dothi.db import session as db
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.kit.text import fold, whole
from dothi.places import service as places
from dothi.screens import questions
from dothi.screens.casework import rail, store, words
from dothi.screens.casework.desk import WRONG, Ask, safe, wrong
from dothi.screens.casework.rail import Rail
from dothi.screens.desk import back
from dothi.screens.questions import Call, Question
from dothi.web.forms import Filled, secret


@dataclass(frozen=True, slots=True)
class Group:
    """Categories that stand together; words: what each is also found by, folded."""

    name: str
    categories: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """The page. near: reports close by of the same category; places: what a search for a place found."""

    groups: list[Group]
    category: str
    category_name: str
    questions: list[Question]
    calls: tuple[Call, ...]
    near: list[Near]
    looked: bool
    places: list[tuple[str, str]]
    offices: list[tuple[int, str]]
    key: str
    rail: Rail
    made: str


def page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /desk/new`: `?category=`, `?place=lon lat`, `?find=`; `&part=near` what is close by, alone."""
    values = _values(ask, filled)
    category = values.get("category", "")
    about = types().named(category)
    at = _point(values.get("place", ""))
    near = reading.near(ask.session, category, *at) if about is not None and at is not None else []
    find = values.get("find", "")
    found = [
        (f"{one.lon} {one.lat}", one.label)
        for one in (places.search(ask.session, find, limit=6) if find else [])
        if one.lon is not None and one.lat is not None
    ]
    made = Entry(
        _groups(ask.language), category, about.title.of(ask.language) if about else "",
        questions.of(about, ask.language), questions.calls(about, ask.language) if about else (), near, about is not None and at is not None, found,
        [(one.id, one.name) for one in store.agencies(ask.session)], values.get("key") or str(uuid.uuid4()),
        rail.rail(ask, "/desk/new"), ask.given("made", 60),
    )  # fmt: skip
    part = ask.given("part")
    template = {"near": "_near", "questions": "_questions"}.get(part, "new")
    return ask.page(template, filled or Filled(values), status, page=made, rail=made.rail)


def create(ask: Ask) -> Response:
    """`POST /desk/new`: opens it; a search or another category only shows the form again, with everything typed."""
    values = ask.values
    if values.get("look"):
        return page(ask, Filled(values))
    try:
        new = _new(values)
        with db.writing() as session:
            made = cases.on_behalf(session, ask.caller, new).case
            if values.get("note"):
                cases.comment(session, ask.caller, made.id, values["note"])
            number = made.number
    except WRONG as error:
        return page(ask, wrong(ask, _placed(error)), error.status)
    return back(f"/desk/new?made={number}")


def join(ask: Ask) -> Response:
    """`POST /desk/new/join`: the caller met what was reported already; counted once by their telephone number."""
    name = ask.values.get("number", "")[:60]
    phone = contacts.phone_of(ask.values.get("phone", "")) or str(uuid.uuid4())
    who = f"browser:{hashlib.sha256(secret() + phone.encode()).hexdigest()}"
    try:
        with db.writing() as session:
            found = cases.join(session, ask.caller, name, who)
            number = found.number
    except WRONG as error:
        return page(ask, wrong(ask, error), error.status)
    return back(safe(ask.values.get("next"), f"/desk/new?made={number}"))


def _new(values: Mapping[str, str]) -> New:
    at = _point(values.get("place", ""))
    if values.get("place") and at is None:
        raise BadInput("this case cannot be opened", [Fault("place", "is no point")])
    category = values.get("category", "")
    faults = []
    if not category:
        faults.append(Fault("category", "is missing"))
    if not values.get("text") and not values.get("title"):
        faults.append(Fault("text", "is missing"))
    if faults:
        raise BadInput("this case cannot be opened", faults)
    who = Contact(values.get("name") or None, values.get("phone") or None, values.get("email") or None)
    faults = contacts.check(who.name, who.phone, who.email)
    if faults:
        raise BadInput("this contact cannot be kept", faults)
    about = types().category(category)
    return New(
        type=about.type, category=category, title=values.get("title", ""), text=values.get("text", ""),
        fields=questions.given(about, values), lon=at[0] if at else None, lat=at[1] if at else None,
        address=values.get("address", ""), channel="desk" if values.get("channel") == "desk" else "phone",
        contact=who or None, public=values.get("public") == "1", key=values.get("key") or None,
        priority="urgent" if values.get("urgent") == "1" else None, office=whole(values.get("office")),
    )  # fmt: skip


def _placed(error: DothiError) -> DothiError:
    """Faults of questions stand under their fields."""
    error.faults = [
        Fault(f"{questions.PREFIX}{one.place[7:]}", one.message, one.allowed)
        if one.place.startswith("fields.")
        else one
        for one in error.faults
    ]
    return error


def _groups(language: str) -> list[Group]:
    made: dict[str, list[tuple[str, str, str]]] = {}
    for type_ in types().by_code.values():
        if not type_.reported:
            continue
        for one in types().categories(type_.code):
            group = one.group.of(language) if one.group else words.type_(type_.code, language)
            title = one.title.of(language)
            made.setdefault(group, []).append((one.code, title, fold(" ".join([title, *one.words]))))
    return [Group(name, found) for name, found in made.items()]


def _values(ask: Ask, filled: Filled | None) -> dict[str, str]:
    if filled is not None:
        return dict(filled.values)
    return {key: value[:400].replace("\0", "") for key, value in ask.request.query_params.items()}


def _point(text: str) -> tuple[float, float] | None:
    parts = text.replace(",", " ").split()
    try:
        lon, lat = (float(one) for one in parts)
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


__all__ = ["create", "join", "page"]
