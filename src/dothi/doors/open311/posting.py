"""POST requests: a report of another program, opened once however often it is sent; and the tokens of reports."""

import hashlib
import hmac
import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import shapely
from sqlalchemy.orm import Session

from dothi.cases import codes, contacts, contacts_store, files, redaction, throttling
from dothi.cases import service as cases
from dothi.cases import store as cases_store
from dothi.cases.contacts import Contact
from dothi.cases.declared import Category
from dothi.cases.service import New
from dothi.cases.tables import Case
from dothi.cases.types import types
from dothi.config import settings
from dothi.datasets import reading as records
from dothi.datasets import views
from dothi.db import session as db
from dothi.doors.open311 import asked, catalogue, represent
from dothi.doors.open311.formats import NO_KEY
from dothi.identity import access, guard, secret
from dothi.identity.guard import ANONYMOUS, Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotFound, NotSignedIn
from dothi.places import service as places
from dothi.web import forms, i18n

AGAIN = 10 * 60 * clock.SECOND  # the same from the same sender within it is the same report
LONGEST_LINK = 2000
NEEDS = "cases:handle"
_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,80})\](?:\[\d{0,3}\])?")
_KEY = re.compile(r"[\x21-\x7e]{8,255}")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{43}")
# whom a sender is known by where no Idempotency-Key says which report it is
_SENDER = ("device_id", "account_id", "email", "phone")
# what makes two reports the same, beside their attributes
_SAME = (
    "service_code", "description", "lat", "long", "address_string", "address_id", "first_name", "last_name", "phone", "email",
    "device_id", "account_id", "media_url",
)  # fmt: skip
UPLOADS = 60  # reports with pictures an hour from one anonymous address: painting takes time
_uploads = throttling.Window()
_UNTOLD = redaction.Needles(None, None)


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as it was sent."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sent:
    """A POST as it came. values: the first of each name; lists: the attributes; address: of the sender, for counting."""

    values: dict[str, str]
    attributes: dict[str, list[str]]
    uploads: Sequence[Upload]
    key: str | None
    address: str
    language: str


def sent(
    pairs: Sequence[tuple[str, str]], uploads: Sequence[Upload], key: str | None, address: str, language: str
) -> Sent:
    """The fields of a form, attributes apart. Raises BadInput for a zero character."""
    values: dict[str, str] = {}
    attributes: dict[str, list[str]] = {}
    faults = [Fault(name[:80], "holds a zero character", "text") for name, value in pairs if "\0" in name + value]
    if key is not None and not _KEY.fullmatch(key):
        faults.append(Fault("key", "is none", "8 to 255 visible letters, as a UUID has"))
    if faults:
        raise BadInput("the form cannot be read", faults)
    for name, value in pairs:
        if found := _ATTRIBUTE.fullmatch(name):
            attributes.setdefault(found[1], []).append(value.strip())
        else:
            values.setdefault(name, value.strip())
    return Sent(values, attributes, uploads, key, address, language)


def caller_of(offered: str, known: Caller) -> Caller:
    """Who reports: the api_key, else the key or login of the headers, else nobody, where that is allowed.

    Raises NotSignedIn for a key that is not good, NotAllowed for one without cases:handle.
    """
    caller = known
    if offered:
        found = access.by_key(offered)
        if found is None:
            raise NotSignedIn("the api_key is not known, ran out or was revoked", [Fault(NO_KEY, "is not known")])
        caller = found
    if caller.kind == "anonymous":
        if not settings().open311_anonymous:
            raise NotSignedIn("this city takes reports with an api_key only", [Fault(NO_KEY, "is missing")])
        return caller
    if not guard.may_somewhere(caller, NEEDS):
        raise NotAllowed(f"this needs a key with the scope {NEEDS}", [Fault(NO_KEY, f"does not hold {NEEDS}")])
    return caller


def post(given: Sent, known: Caller) -> dict[str, Any]:
    """Open what was sent; the answer's one object. Files are looked through before anything is locked."""
    caller = caller_of(given.values.get("api_key", ""), known)
    category = _category(given.values.get("service_code", ""))
    wanted = _wanted(given, category)
    token, twins = _tokens(given, caller)
    if given.uploads and caller.kind == "anonymous" and given.address:
        _uploads.take(throttling.network(given.address), UPLOADS)
    ready = [files.prepare(one.name, one.content) for one in given.uploads]
    with db.writing() as session:
        now = clock.now_micros()
        for other in twins:  # the same was sent some minutes ago
            found = cases_store.by_key(session, _key_of(other))
            if found is not None and (other == token or found.opened_at > now - AGAIN):
                return _answer(session, found, other, given.language)
        throttling.report(session, given.address if caller.kind == "anonymous" else None, wanted.contact)
        made = cases.open_(session, caller, replace(wanted, key=_key_of(token), token=token))
        if made.new:
            for one in ready:
                files.keep(session, caller, made.case, "before", one.name, one, public=True)
            if link := given.values.get("media_url"):  # a link is never followed by the server, nor shown to the public
                cases.comment(session, caller, made.case.number, f"media_url: {link}", token=token)
            _send_code(session, made.case, given.address)
        return _answer(session, made.case, token, given.language)


def by_token(session: Session, token: str, language: str) -> dict[str, Any]:
    """The request of a token; none yet while its sender has not confirmed it. Raises NotFound."""
    return _answer(session, _case_of(session, token), token, language, told=True)


def confirm(token: str, code: str, language: str) -> dict[str, Any]:
    """Confirm a report by the code its sender was sent; the answer of its token. Raises BadInput, NotFound."""
    with db.writing() as session:
        found = _case_of(session, token)
        done = cases.confirm(session, ANONYMOUS, found.number, code, token=token)
        answer = _answer(session, done.case, token, language, told=True) if done.right else None
        left = done.left
    if answer is None:  # said once the try is counted
        allowed = f"{left} tries are left" if left else "no code is waiting for an answer; report again"
        raise BadInput("the code is not the one that was sent", [Fault("code", "is not right", allowed)])
    return answer


def _wanted(given: Sent, category: Category) -> New:
    """The case that was sent. Raises BadInput with every fault."""
    faults: list[Fault] = []
    values = given.values
    lat, lon = asked.degrees(values, "lat", 90, faults), asked.degrees(values, "long", 180, faults)
    if (lat is None) != (lon is None) and not faults:
        faults.append(Fault("lat", "one of lat and long is missing", "both, or neither"))
    if len(values.get("description", "")) > represent.LONGEST:
        faults.append(Fault("text", f"{len(values['description'])} letters", f"at most {represent.LONGEST}"))
    subject = unit = None
    address = values.get("address_string", "")
    if named := values.get("address_id", ""):
        at = _addressed(named, faults)
        subject, unit = at.subject, at.unit
        lon, lat = (lon, lat) if lon is not None else (at.lon, at.lat)
        address = address or at.name
    elif not address and lon is None and category.place == "needed" and not faults:
        faults.append(Fault("place", "is missing", "lat and long, address_string or address_id"))
    if values.get("media_url"):
        faults += _link_faults(values["media_url"])
    answers: dict[str, Any] = {}
    contact: Contact | None = None
    try:
        answers = catalogue.answers(category, given.attributes)
    except BadInput as error:
        faults += error.faults
    try:
        contact = _contact(values, given.language)
    except BadInput as error:
        faults += error.faults
    if faults:
        raise BadInput("this request cannot be taken", faults)
    hidden = redaction.Needles.of(contact) if contact else _UNTOLD
    return New(
        category.type, category.code, text=hidden.gone_from(values.get("description", "")), fields=answers, lon=lon, lat=lat,
        address=hidden.gone_from(address), channel="open311", contact=contact, subject=subject, unit=unit, confirmed=True,
    )  # fmt: skip


def _category(code: str) -> Category:
    if not code:
        raise BadInput("service_code was not given", [Fault("service_code", "is missing", "a code of services")])
    return catalogue.category(code)


def _contact(values: dict[str, str], language: str) -> Contact | None:
    # as names are written here: the family name first
    name = " ".join(filter(None, (values.get("last_name"), values.get("first_name"))))
    made = Contact(name or None, values.get("phone") or None, values.get("email") or None, language=language)
    return contacts.checked(made) if made else None


@dataclass(frozen=True, slots=True)
class _At:
    subject: str | None = None
    unit: str | None = None
    lon: float | None = None
    lat: float | None = None
    name: str = ""


def _addressed(name: str, faults: list[Fault]) -> _At:
    """What an address_id stands for: dataset/key of an open record, or the code of a ward."""
    dataset, slash, key = name[:200].partition("/")
    try:
        if slash:
            view = views.view(ANONYMOUS, dataset)
            record = records.one(view, key)
            if record is not None and re.fullmatch(r"\S{1,100}", key):
                point = _middle(record["geojson"])
                return _At(f"record:{dataset}/{key}", None, *point, name=f"{view.title} {key}")
        else:
            with db.reading() as session:
                unit = places.unit(session, name[:20], level="commune")
            if unit is not None:
                return _At(unit=unit.code, name=unit.full_name)
    except NotFound:
        pass
    faults.append(Fault("address_id", f"{name[:80]!r} is not known", "dataset/key of an open record, or a ward's code"))
    return _At()


def _middle(geojson: str | None) -> tuple[float | None, float | None]:
    if not geojson:
        return None, None
    middle = shapely.from_geojson(geojson).representative_point()
    return (None, None) if middle.is_empty else (round(middle.x, 7), round(middle.y, 7))


def _link_faults(link: str) -> list[Fault]:
    try:
        parts = urlsplit(link)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if good and len(link) <= LONGEST_LINK and link.isprintable() and " " not in link:
        return []
    return [Fault("media_url", "is no link", f"http:// or https://, at most {LONGEST_LINK} letters")]


def _tokens(given: Sent, caller: Caller) -> tuple[str, list[str]]:
    """The token of what was sent, and those the same would have had until now.

    It is made of all that was sent and the installation's secret: who sends the same again gets the same token, and
    nobody else can make it. Where the sender is not known by anything every report is another one.
    """
    values = given.values
    same = {name: values[name] for name in _SAME if values.get(name)} | {"attributes": given.attributes}
    if given.key:
        token = _made(caller, same, f"key:{given.key}")
        return token, [token]
    if not any(values.get(name) for name in _SENDER):
        return secret.new_token(), []
    turn = clock.now_micros() // AGAIN
    now, before = (_made(caller, same, f"turn:{one}") for one in (turn, turn - 1))
    return now, [now, before]


def _made(caller: Caller, same: dict[str, Any], which: str) -> str:
    text = json.dumps([caller.actor, which, same], sort_keys=True)
    made = hmac.new(hmac.digest(forms.secret(), b"open311.token", hashlib.sha256), text.encode(), hashlib.sha256)
    return urlsafe_b64encode(made.digest()).rstrip(b"=").decode()


def _key_of(token: str) -> str:
    return f"open311:{secret.digest(token)}"


def _case_of(session: Session, token: str) -> Case:
    found = cases_store.by_key(session, _key_of(token)) if _TOKEN.fullmatch(token) else None
    if found is None or found.secret is None or not secret.same(found.secret, token):
        raise NotFound("no such token", [Fault("token_id", f"{token[:60]!r} was not found")])
    return found


def _send_code(session: Session, case: Case, address: str) -> None:
    """Send the one-time code of a report that waits for one; where none can be sent somebody of the city looks at it."""
    if case.state in types().unconfirmed:
        try:
            codes.send(session, case, address)
        except (Conflict, throttling.TooOften):
            return


def _answer(session: Session, case: Case, token: str, language: str, *, told: bool = False) -> dict[str, Any]:
    """A number once the report counts, its token until then. told: the answer about a token, which always says it."""
    waits = case.state in types().unconfirmed
    say = i18n.speaker(language)
    answer: dict[str, Any] = {} if waits else {"service_request_id": case.number}
    if waits or told:
        answer["token"] = token
    if waits and contacts_store.live_code(session, case.id, clock.now_micros()) is not None:
        answer["service_notice"] = say("Mã xác nhận đã được gửi tới bạn; phản ánh được tính khi bạn nhập mã.")
    elif waits:
        answer["service_notice"] = say("Phản ánh được tính khi có người của thành phố xem qua.")
    else:
        answer["service_notice"] = represent.notice(case, language)
    if not told:
        answer["account_id"] = None
    return answer
