"""Open a case, once however often it is sent, and confirm it."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session

from dothi.cases import codes, contacts, flow, news, numbering, offices, sight, store, tally, timers, verbs
from dothi.cases.contacts import Contact
from dothi.cases.declared import Category, Priority, Type
from dothi.cases.tables import Case
from dothi.cases.types import Subject, answers, types
from dothi.db.wire import Said
from dothi.identity import guard, secret
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotSignedIn
from dothi.places import service as places

LONGEST_TITLE, LONGEST_ADDRESS = 200, 300
CHANNELS = ("web", "phone", "desk", "open311", "alarm", "field", "import")
_KEY = re.compile(r"[0-9A-Za-z_:.-]{8,100}")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{32,200}")
_SUBJECT = re.compile(r"[a-z]+:\S{1,180}")


@dataclass(frozen=True, slots=True)
class New:
    """A case to be opened.

    key: a name of the sender's own (a UUID), so that the same sent again is the same case; token: a secret of the
    sender's own for their link (made where there is none), so that a phone which lost the answer has it all the same.
    public: the reporter agrees that it is shown; confirmed: None leaves it to the type (a stranger answers a code).
    """

    type: str
    category: str | None = None
    title: str = ""
    text: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    channel: str = "web"
    contact: Contact | None = None
    public: bool = True
    priority: Priority | None = None
    subject: str | None = None
    key: str | None = None
    files: tuple[Any, ...] = ()  # kept by whoever opens, with `files.keep`, once the case stands
    opened_at: int | None = None
    simulated: bool | None = None
    exercise: bool = False
    token: str | None = None
    confirmed: bool | None = None
    office: int | str | None = None
    receiving: int | str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """A case and the token of its reporter's link; None: it stood already, and the sender has not shown its secret."""

    case: Case
    token: str | None
    new: bool = True


def open_(session: Session, caller: Caller, new: New) -> Opened:
    """Open a case. The same key again, by anybody, gives the same case; its token only to who brings it."""
    if new.key is not None:
        if not _KEY.fullmatch(new.key):
            raise BadInput("the key is none", [Fault("key", "is no key", "8 to 100 letters and digits, as a UUID has")])
        store.key_turn(session, new.key)
        found = store.by_key(session, new.key)
        if found is not None:
            return _again(found, new)
    known = types()
    type_ = known.type(new.type)
    subject = known.subject(type_.code, new.category) if new.category else None
    _may_open(caller, type_)
    values, personal = _values(session, caller, type_, subject, new)
    now = values["opened_at"]
    token = new.token or secret.new_token()
    values["secret"] = secret.digest(token)
    series, said = numbering.series(session, type_, values, now)
    draft = Case(**values)
    begun = timers.opening(session, draft, type_, subject, now)
    values["due_at"] = draft.due_at
    count = numbering.take(session, series)
    values["number"] = said(count)
    values["folded"] = verbs.searched(values["number"], values["title"], values["address"])
    made = store.add(session, values)
    if made is None:  # another one with the same key was first, and stands by now
        numbering.give_back(session, series, count)
        found = store.by_key(session, new.key or "")
        if found is None:
            raise Conflict("the same report is being sent twice; send it again")
        return _again(found, new)
    _begin(session, caller, made, timers.writing(made, begun))
    contact = new.contact
    if personal:
        contact = replace(contact or Contact(), papers={**((contact.papers if contact else None) or {}), **personal})
    if contact:
        contacts.put(session, caller, made, contact, token=token)
    news.moved(session, made, None, None, made.opened_at)  # with who reported: they are told
    return Opened(made, token)


def on_behalf(session: Session, caller: Caller, new: New) -> Opened:
    """Open a case for somebody who called or came: by an officer, confirmed, by telephone unless the desk is said."""
    if not guard.may_somewhere(caller, "cases:handle"):
        guard.require(caller, "cases:handle")
    channel = new.channel if new.channel in ("phone", "desk") else "phone"
    return open_(session, caller, replace(new, channel=channel, confirmed=True))


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What became of confirming: right is also said of a case that counts already; left: tries of the code left."""

    case: Case
    right: bool
    left: int = 0


def confirm(
    session: Session, caller: Caller, name: int | str, code: str | None = None, *, token: str | None = None,
    version: int | None = None,
) -> Confirmed:  # fmt: skip
    """Count a case from now on: its reporter answered the code that was sent; or an officer knows it is meant.

    A wrong code is an answer, not an error: the transaction is committed, or the try would not be counted.
    """
    held = verbs.hold(session, caller, name, token=token, version=version)
    step = flow.system_step(held.type, held.state) if held.type.confirm and held.state == held.type.start else None
    if step is None:
        return Confirmed(held.case, right=True)
    if not held.sides & {"handle", "assign", "moderate", "system"}:
        verbs.need(held, "reporter")
        answer = codes.answer(session, held.case, code or "")
        if not answer.right:
            return Confirmed(held.case, right=False, left=answer.left)
        if answer.address_id is not None:
            store.follow(session, held.case.id, f"address:{answer.address_id}", held.now)
    verbs.become(held, step.to or held.state)
    if "publish" in step.effects:
        held.case.public = held.category is None or held.category.public
    verbs.settle(held, "confirmed", public=True, step=step.code)
    return Confirmed(held.case, right=True)


def _again(found: Case, new: New) -> Opened:
    knows = new.token is not None and found.secret is not None and secret.same(found.secret, new.token)
    return Opened(found, new.token if knows else None, new=False)


def _may_open(caller: Caller, type_: Type) -> None:
    if type_.reported or any(guard.may_somewhere(caller, one) for one in ("cases:handle", "cases:assign")):
        return
    if caller.kind == "anonymous":
        raise NotSignedIn(f"a {type_.code} is opened by an office")
    raise NotAllowed(f"a {type_.code} is opened by an office")


def _values(
    session: Session, caller: Caller, type_: Type, subject: Subject | None, new: New
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of a new case, and the answers that are personal data. Raises BadInput with every fault."""
    officer = any(guard.may_somewhere(caller, one) for one in ("cases:handle", "cases:assign"))
    now = news.now() if new.opened_at is None or not officer else new.opened_at
    title, text, address = verbs.said(new.title), verbs.said(new.text), verbs.said(new.address)
    category = subject if isinstance(subject, Category) else None
    title = title or (subject.title.vi if subject else "")
    faults = verbs.spoken(title, "title", longest=LONGEST_TITLE)
    faults += verbs.spoken(text, "text", needed=False)
    faults += verbs.spoken(address, "address", needed=False, longest=LONGEST_ADDRESS)
    faults += _place(category, new, address) + _shape(type_, new)
    fields, personal, wrong = answers(subject, new.fields) if subject else (new.fields, {}, [])
    verbs.refuse(faults + wrong, "this case cannot be opened")
    unit = new.unit
    if unit is None and new.lon is not None and new.lat is not None:
        unit = places.locate_code(session, new.lon, new.lat)
    chosen = officer or type_.code == "dossier"  # whoever files a dossier says at which one-stop desk
    if new.office is not None and chosen:
        office = verbs.office_id(session, new.office)
    else:
        office = offices.office_for(session, type_.code, category, unit)
    confirmed = new.confirmed if officer and new.confirmed is not None else caller.kind != "anonymous"
    state, _ = flow.opening(type_, confirmed=confirmed)
    return {
        "type": type_.code, "category": subject.code if subject else None, "state": state,
        "sector": types().sectors.get(category.code) if category else None,
        "phase": types().state(type_.code, state).phase, "title": title, "text": text, "fields": fields,
        "priority": (new.priority if officer else None) or (category.priority if category else "normal"),
        "channel": new.channel, "lon": new.lon, "lat": new.lat, "address": address, "unit": unit, "agency_id": office,
        "receiving_id": verbs.office_id(session, new.receiving) if chosen and new.receiving is not None else None,
        "public": new.public and type_.reported and (category is None or category.public),
        "simulated": bool(new.simulated) and officer, "exercise": new.exercise and officer, "subject": new.subject,
        "opened_at": now, "updated_at": now, "reopened": 0, "followers": 0, "version": 1, "key": new.key,
        "person_id": caller.id if caller.kind == "person" and not _for_another(new) else None,
        "handler_id": None, "crew_id": None, "hidden": None, "due_at": None, "resolved_at": None, "closed_at": None,
        "rating": None, "satisfied": None, "met": None, "pending_id": None, "merged_into": None,
    }, personal  # fmt: skip


def _for_another(new: New) -> bool:
    return new.channel in ("phone", "desk", "import", "alarm", "open311")


def _place(category: Category | None, new: New, address: str) -> list[Fault]:
    if new.lon is None and new.lat is None:
        if category is not None and category.place == "needed" and not address:
            return [Fault("place", "is missing", "a point on the map, or an address")]
        return []
    if new.lon is None or new.lat is None or not (-180 <= new.lon <= 180 and -90 <= new.lat <= 90):
        return [Fault("place", "is no point", "lon -180 to 180 and lat -90 to 90, in degrees")]
    return []


def _shape(type_: Type, new: New) -> list[Fault]:
    faults = []
    if new.category is None and type_.reported:
        faults.append(Fault("category", "is missing", "what it is about"))
    if new.channel not in CHANNELS:
        faults.append(Fault("channel", f"{new.channel!r}"[:60], ", ".join(CHANNELS)))
    if new.token is not None and not _TOKEN.fullmatch(new.token):
        faults.append(Fault("token", "is no secret", "32 to 200 letters and digits made by chance"))
    if new.subject is not None and not _SUBJECT.fullmatch(new.subject):
        faults.append(Fault("subject", f"{new.subject!r}"[:60], "alarm:12, thing:4, record:dataset/key"))
    return faults


def _begin(session: Session, caller: Caller, case: Case, more: list[Said]) -> None:
    """The timers, the first entry, the counts and the journal of a case that was just added."""
    reported = sight.is_reporter(caller, case) or caller.kind == "anonymous"
    shown = tally.shown(case)
    actor = news.REPORTER if reported else news.actor(caller)
    store.settle(
        session, more, case_id=case.id, at=case.opened_at, actor=actor, kind="opened", public=True, state=case.state,
        text="", agency_id=None if reported else caller.agency_id, step=None, data=None,
    )  # fmt: skip
    tally.changed(session, None, tally.key(case))
    news.tell(
        session, case, "opened", actor=actor, shown=shown,
        data={"channel": case.channel, "unit": case.unit, "office": case.agency_id, "priority": case.priority},
    )  # fmt: skip
