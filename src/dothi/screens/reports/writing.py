"""`/reports/new`: a report on one sheet, looked through, sent once however often it is sent.

Without script: the sheet, then a page that asks the category's questions, offers reports close by and shows the
hotlines, then sent. With script the sheet holds all that and is sent at once, now or when there is a network again.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import Session
from starlette.responses import Response

from dothi.cases import codes, contacts, files, joining, service, shelf, store, throttling
from dothi.cases.contacts import Contact
from dothi.cases.service import New, Opened
from dothi.db import session as db
from dothi.kit.errors import BadInput, Conflict
from dothi.places import service as places
from dothi.screens import wards
from dothi.screens.desk import ANYBODY, back
from dothi.screens.reports import choices, sheet
from dothi.screens.reports.asking import PHOTOS, TYPE, Ask, get, keep_token, post_reading
from dothi.screens.reports.choices import Choice
from dothi.screens.reports.sheet import CARRIED, LONGEST_TEXT, Photo, Sheet
from dothi.sensing import glance
from dothi.web import forms, shell
from dothi.web.forms import Filled

HERE = "/reports/new"
UPLOADS = 60  # sheets with photos an hour from one address
_uploads = throttling.Window()
_STATIC = Path(shell.__file__).parent / "static"


@dataclass
class Writing:
    """The context of `reports/new.html`. first: tiles before all others; chosen: the category, where one is."""

    choices: list[Choice]
    groups: list[tuple[str, list[Choice]]]
    first: list[Choice]
    chosen: Choice | None
    wards: list[tuple[str, str]]
    bounds: list[float] | None
    photos: list[Photo]
    most_photos: int
    most_text: int
    codes: bool
    known: bool


@dataclass
class Looking:
    """The context of `reports/look.html`: what will be sent, what is still asked, what is close by."""

    choice: Choice
    ward: str
    near: list[joining.Near]
    photos: list[Photo]
    offered: tuple[float, float] | None
    carried: list[tuple[str, str]]
    moderated: bool
    contact: contacts.Masked | None = None
    faults: list[str] = field(default_factory=list)


def new(ask: Ask) -> Response:
    """`GET /reports/new`; ?category=, ?ward= and ?address= fill it in."""
    asked = ask.request.query_params
    values = {name: asked[name][:200] for name in ("category", "ward", "address", "lon", "lat") if asked.get(name)}
    return _sheet(ask, sheet.fresh(values))


def written(ask: Ask) -> Response:
    """`POST /reports/new`: looked through first, unless it says `do=send`."""
    send = ask.values.get("do") == "send"
    if ask.address and ask.form is not None and any(getattr(one, "filename", "") for one in ask.form.getlist("photo")):
        _uploads.take(throttling.network(ask.address), UPLOADS)
    read = sheet.read(
        ask.session, ask.form, ask.values, ask.say, ask.now, signed_in=ask.caller.kind == "person", asked=send
    )
    if ask.values.get("do") == "edit":
        read.faults.clear()
        return _sheet(ask, read)
    if read.category is None or any(not place.startswith("q-") for place in read.faults):
        return _refused(ask, read) if ask.wants_json else _sheet(ask, read, 400)
    if not send or read.faults:
        return _refused(ask, read) if ask.wants_json and send else _look(ask, read)
    try:
        made = _open(ask, read)
    except BadInput as error:
        for one in error.faults:
            read.fault(one.place, one.message)
        return _refused(ask, read) if ask.wants_json else _sheet(ask, read, 400)
    return _sent(ask, made, read)


@dataclass(frozen=True, slots=True)
class Made:
    """What became of sending: token None for a report somebody else sent with this key."""

    number: str
    token: str | None
    new: bool


def _open(ask: Ask, read: Sheet) -> Made:
    """Open the report in one transaction; its photos are painted before, while nothing is locked."""
    ready = [one.ready or files.prepare(one.name, shelf.path(one.sha256).read_bytes()) for one in read.photos]
    contact = read.contact
    if contact is not None:
        contact = Contact(contact.name, contact.phone, contact.email, language=ask.language)
    address = read.without(ask.values.get("address", ""))
    if read.values.get("nameless"):
        contact = None
    with db.writing() as session:
        if store.by_key(session, read.key) is None:
            throttling.report(session, ask.address, contact)
        made = service.open_(
            session, ask.caller,
            New(
                TYPE, read.category.code if read.category else None, text=read.without(ask.values.get("text", "")),
                fields=read.fields, lon=read.lon, lat=read.lat, address=address, contact=contact,
                public=not read.values.get("private"), key=read.key, token=read.secret,
                unit=None if read.lon is not None else ask.values.get("ward") or None,
            ),
        )  # fmt: skip
        if made.new:
            for one in ready:
                files.keep(session, ask.caller, made.case, "before", one.name, one, public=True)
            _code(ask, session, made)
        return Made(made.case.number, made.token, made.new)


def _code(ask: Ask, session: Session, made: Opened) -> None:
    """Send the one-time code where the report waits for one and there is a way to send it."""
    if made.case.phase != "new" or ask.caller.kind == "person":
        return
    try:
        codes.send(session, made.case, ask.address)
    except (Conflict, throttling.TooOften):
        return  # the receipt says what happens instead


def _sent(ask: Ask, made: Made, read: Sheet) -> Response:
    number = made.number
    to = f"/reports/{number}/receipt" if made.token else f"/reports/{number}"
    if ask.wants_json:
        body = {"number": number, "url": to, "new": made.new, "key": read.key}
        answer: Response = Response(json.dumps(body), 201 if made.new else 200, media_type="application/json")
        answer.headers["cache-control"] = "no-store"
    else:
        answer = back(to)
    if made.token:
        keep_token(ask.request, answer, number, made.token)
    return answer


def _refused(ask: Ask, read: Sheet) -> Response:
    faults = [{"place": one.place, "message": one.message} for rows in read.faults.values() for one in rows]
    body = {"title": ask.say("Chưa gửi được"), "status": 400, "faults": faults}
    headers = {"cache-control": "no-store"}
    return Response(json.dumps(body, ensure_ascii=False), 400, headers, media_type="application/problem+json")


def _sheet(ask: Ask, read: Sheet, status: int = 200) -> Response:
    found = choices.choices(ask.session, TYPE, ask.language, ask.now)
    values = {**read.values, "key": read.key, "secret": read.secret}
    filled = Filled(values, read.faults, ask.say("Chưa gửi được: xem các chỗ đánh dấu.") if read.faults else "")
    if "address" in read.faults:
        filled.faults.setdefault("place", [])
    named = wards.wards(ask.session, ask.language, ask.now)
    page = Writing(
        found, choices.grouped(found), choices.first(ask.session, found, ask.now),
        next((one for one in found if one.code == values.get("category")), None), named, wards.bounds(ask.session, ask.now), read.photos,
        PHOTOS, LONGEST_TEXT, _codes(), ask.caller.kind == "person",
    )  # fmt: skip
    simulated = glance.any_simulated(ask.session, ask.caller)
    return ask.page("new", page, filled, status, entries=("reports-new",), simulated=simulated)


def _look(ask: Ask, read: Sheet) -> Response:
    """The page before sending: everything as it will be sent, the questions, reports close by, hotlines."""
    assert read.category is not None  # noqa: S101 - `written` has looked
    choice = choices.choice(ask.session, read.category.code, ask.language, ask.now)
    assert choice is not None  # noqa: S101 - of the same category
    lon, lat = read.lon, read.lat
    offered = next((one.place for one in read.photos if one.place), None) if lon is None else None
    near = []
    if lon is not None and lat is not None:
        near = joining.near(ask.session, choice.code, lon, lat)
    code = ask.values.get("ward") or None
    if lon is not None and lat is not None:
        code = places.locate_code(ask.session, lon, lat)
    values = {**read.values, "key": read.key, "secret": read.secret}
    asked_before = any(place.startswith("q-") for place in read.faults) and ask.values.get("do") == "send"
    page = Looking(
        choice, dict(wards.wards(ask.session, ask.language, ask.now)).get(code or "", ""), near, read.photos, offered,
        [(name, values[name]) for name in CARRIED if values.get(name)], _moderated(ask, read.contact),
        contacts.masked(read.contact) if read.contact else None,
    )  # fmt: skip
    filled = Filled(values, read.faults if asked_before else {})
    simulated = glance.any_simulated(ask.session, ask.caller)
    return ask.page("look", page, filled, 400 if asked_before else 200, simulated=simulated)


def _moderated(ask: Ask, contact: Contact | None) -> bool:
    """Whether a report waits for somebody of the city to look at it, because no code can be sent."""
    if ask.caller.kind == "person":
        return False
    return contact is None or contacts.way(contact) is None


def _codes() -> bool:
    """Whether this installation can send one-time codes at all."""
    return contacts.way(Contact(phone="+84900000000", email="a@example.vn")) is not None


def token(ask: Ask) -> Response:
    """`GET /reports/token`: a fresh token for a sheet that was filled while there was no network."""
    answer = Response(json.dumps({"token": forms.token(ask.request)}), media_type="application/json")
    answer.headers["cache-control"] = "no-store"
    forms.keep(ask.request, answer)
    return answer


def near(ask: Ask) -> Response:
    """`GET /reports/near?category=…&lon=…&lat=…`: open reports close by and the ward, as a piece of the sheet."""
    asked = ask.request.query_params
    lon, lat = sheet.number(asked.get("lon", "")), sheet.number(asked.get("lat", ""))
    choice = choices.choice(ask.session, asked.get("category", "")[:60], ask.language, ask.now)
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadInput("lon and lat say no place")
    found = joining.near(ask.session, choice.code, lon, lat) if choice else []
    code = places.locate_code(ask.session, lon, lat)
    named = dict(wards.wards(ask.session, ask.language, ask.now))
    outside = wards.outside(ask.session, lon, lat, ask.now)
    answer = ask.page("_near", {"near": found, "ward": named.get(code or "", ""), "outside": outside})
    answer.headers["x-ward"] = code or ""
    return answer


def worker(_: Ask) -> Response:
    """`GET /reports/worker.js`: keeps the sheet openable without a network, and sends what waits."""
    text = (_STATIC / "reports-worker.js").read_text("utf-8")
    return Response(text, media_type="text/javascript", headers={"cache-control": "no-cache"})


def forget() -> None:
    """Forget what this process counted."""
    _uploads.forget()


routes = [
    get(HERE, new, ANYBODY),
    post_reading(HERE, written, ANYBODY, files=PHOTOS + 4),
    get("/reports/token", token, ANYBODY),
    get("/reports/near", near, ANYBODY),
    get("/reports/worker.js", worker, ANYBODY),
]
