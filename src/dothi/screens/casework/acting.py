"""What people do with a case at the desk: one form, one verb of the room; what fails keeps what was typed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile
from starlette.responses import Response

from dothi.cases import contacts, files, reading, sight
from dothi.cases import service as cases
from dothi.cases.contacts import Contact
from dothi.cases.files import Prepared
from dothi.cases.tables import Case
from dothi.cases.types import types
from dothi.db import session as db
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound, NotSignedIn, PreconditionFailed
from dothi.kit.text import whole
from dothi.screens.casework import forms, rail, store, subject, words
from dothi.screens.casework.desk import WRONG, Ask, safe, wrong
from dothi.screens.desk import back
from dothi.web.forms import Filled

_KINDS = {"after": "after", "result": "result", "file": ""}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A form as it came: what, of which case, in which version seen, the texts, the files looked through."""

    act: str
    name: str
    version: int | None
    values: Mapping[str, str]
    files: list[tuple[str, Prepared]] = field(default_factory=list)

    def get(self, key: str) -> str:
        """A text of the form."""
        return self.values.get(key, "")

    def id(self, key: str) -> int | None:
        """The number a choice stands for."""
        return whole(self.values.get(key))


def show(ask: Ask) -> Response:
    """`GET /desk/cases/{number}`: the page; `&part=1` the panel alone, `&act=` with a form open."""
    made = subject.sheet(ask, _name(ask), next_=safe(ask.given("next", 400), ""))
    return _page(ask, made)


def print_(ask: Ask) -> Response:
    """`GET /desk/cases/{number}/print`: on paper."""
    made = subject.sheet(ask, _name(ask))
    return ask.page("print", sheet=made, simulated=made.case.simulated, exercise=made.case.exercise)


def act(ask: Ask) -> Response:
    """`POST /desk/cases/{number}/act`: `act` says what; the rest is its form's."""
    name, code = _name(ask), ask.values.get("act", "")
    next_ = safe(ask.values.get("next"), f"/desk/cases/{name}")
    if ask.values.get("search"):  # a search within the form: nothing is done yet, nothing typed is lost
        made = subject.sheet(ask, name, act=code, next_=next_, filled=Filled(ask.values))
        return _page(ask, made)
    try:
        wanted = Wanted(code, name, whole(ask.values.get("version")), ask.values, _prepared(ask))
        with db.writing() as session:
            do(session, ask.caller, wanted)
    except (NotFound, NotSignedIn):
        raise
    except DothiError as error:
        return _again(ask, name, code, next_, error)
    try:
        said = ask.say("Đã lưu: {what}.", what=_called(ask, name, code))
        if ask.part:
            return _page(ask, subject.sheet(ask, name, act="", next_=next_, notice=said))
    except NotFound:  # it went to another office
        return ask.page("_gone", name=name, next=next_) if ask.part else back(f"/desk?sent={name}")
    return back(next_ if "case=" in next_ or next_.startswith("/desk/cases/") else _beside(next_, name))


def contact(ask: Ask) -> Response:
    """`POST /desk/cases/{number}/contact`: who reported, for a purpose; the journal says who asked and why."""
    name = _name(ask)
    next_ = safe(ask.values.get("next"), f"/desk/cases/{name}")
    try:
        with db.writing() as session:
            found = _inside(session, ask.caller, name)
            revealed: Contact = contacts.read(session, ask.caller, found, ask.values.get("purpose", ""))
    except (*WRONG, NotFound) as error:
        if isinstance(error, NotFound) and error.message != "this case has no contact":
            raise
        return _again(ask, name, "contact", next_, error)
    return _page(ask, subject.sheet(ask, name, act="", next_=next_, revealed=revealed))


def do(session: Session, caller: Caller, wanted: Wanted) -> None:
    """Do what a form asks, in the caller's transaction. Raises what the room says."""
    _inside(session, caller, wanted.name)
    code = wanted.act
    if code.startswith(forms.STEP):
        _step(session, caller, wanted, code[len(forms.STEP) :])
        return
    verb = _VERBS.get(code)
    if verb is None:
        raise BadInput("there is no such action", [Fault("act", repr(code)[:60], ", ".join(_VERBS))])
    verb(session, caller, wanted)


def _inside(session: Session, caller: Caller, name: str) -> Case:
    found = reading.case(session, caller, name)
    if not reading.inside(session, caller, found):
        raise sight.not_found()
    return found


def _step(session: Session, caller: Caller, wanted: Wanted, code: str) -> None:
    found = reading.case(session, caller, wanted.name)
    for kind, file in wanted.files:
        _keep(session, caller, wanted, kind, file, public=found.public and wanted.get("public") == "1")
    declared = types().step(found.type, code)
    asks = bool(declared and declared.public and found.public)
    cases.step(
        session, caller, wanted.name, code, text=wanted.get("text"), reason=wanted.get("reason") or None,
        office=wanted.id("office"), handler=wanted.id("handler"), crew=wanted.id("crew"),
        duplicate_of=wanted.get("duplicate_of") or None, public=wanted.get("public") == "1" if asks else None,
        version=wanted.version,
    )  # fmt: skip


def _keep(session: Session, caller: Caller, wanted: Wanted, kind: str, file: Prepared, *, public: bool) -> None:
    """Hang a file on the case; the version seen must still be the case's."""
    found = reading.case(session, caller, wanted.name)
    if wanted.version is not None and wanted.version != found.version:
        raise PreconditionFailed(
            "somebody else changed this case", [Fault("version", str(wanted.version), str(found.version))]
        )
    files.keep(session, caller, found, kind, file.name, file, public)


def _assign(session: Session, caller: Caller, wanted: Wanted) -> None:
    cases.assign(
        session, caller, wanted.name, handler=wanted.id("handler"), crew=wanted.id("crew"), office=wanted.id("office"),
        text=wanted.get("text"), version=wanted.version,
    )  # fmt: skip


def _comment(session: Session, caller: Caller, wanted: Wanted) -> None:
    cases.comment(session, caller, wanted.name, wanted.get("text"), public=wanted.get("public") == "1")


def _transfer(session: Session, caller: Caller, wanted: Wanted) -> None:
    cases.transfer(
        session, caller, wanted.name, wanted.id("office"), reason=wanted.get("reason"), text=wanted.get("text"),
        version=wanted.version,
    )  # fmt: skip


def _extend(session: Session, caller: Caller, wanted: Wanted) -> None:
    amount = wanted.id("amount")
    if amount is None:
        raise BadInput("the deadline cannot be extended", [Fault("amount", "is missing", "a whole number")])
    found = reading.case(session, caller, wanted.name)
    amount *= 1 if _in_days(session, found.id) else 60
    cases.extend(
        session,
        caller,
        wanted.name,
        amount,
        reason=wanted.get("reason"),
        text=wanted.get("text"),
        version=wanted.version,
    )


def _in_days(session: Session, case_id: int) -> bool:
    found = [one for one in store.timers(session, case_id) if one.ended_at is None]
    return not found or found[0].unit == "working-days"


def _place(session: Session, caller: Caller, wanted: Wanted) -> None:
    at = wanted.get("place").replace(",", " ").split()
    lon = lat = None
    if at:
        try:
            lon, lat = (float(one) for one in at)
        except ValueError:
            raise BadInput("there is no such place", [Fault("place", "is no point")]) from None
    cases.replace_(
        session, caller, wanted.name, lon=lon, lat=lat, address=wanted.get("address"), version=wanted.version
    )


def _link(session: Session, caller: Caller, wanted: Wanted) -> None:
    to = wanted.get("to").strip()
    if ":" not in to:
        to = f"case:{reading.case(session, caller, to).id}"
    cases.link(session, caller, wanted.name, wanted.get("kind"), to)


def _attach(session: Session, caller: Caller, wanted: Wanted) -> None:
    found = reading.case(session, caller, wanted.name)
    if not wanted.files:
        raise BadInput("there is no file", [Fault("file", "is missing", "a picture or a PDF")])
    names = []
    for _, file in wanted.files:
        _keep(
            session,
            caller,
            wanted,
            wanted.get("kind") or "other",
            file,
            public=found.public and wanted.get("public") == "1",
        )
        names.append(file.name)
    cases.comment(session, caller, wanted.name, ", ".join(names))


_VERBS: dict[str, Callable[[Session, Caller, Wanted], Any]] = {
    "assign": _assign, "comment": _comment, "transfer": _transfer, "extend": _extend, "place": _place, "link": _link,
    "attach": _attach,
    "take": lambda s, by, on: cases.take_over(s, by, on.name, version=on.version),
    "co-handle": lambda s, by, on: cases.co_handle(s, by, on.name, on.id("office") or "", text=on.get("text"), version=on.version),
    "co-done": lambda s, by, on: cases.co_done(s, by, on.name, text=on.get("text")),
    "suspend": lambda s, by, on: cases.suspend(s, by, on.name, reason=on.get("reason"), text=on.get("text"), version=on.version),
    "resume": lambda s, by, on: cases.resume(s, by, on.name, text=on.get("text"), version=on.version),
    "priority": lambda s, by, on: cases.priority_(s, by, on.name, on.get("priority"), text=on.get("text"), version=on.version),  # type: ignore[arg-type]
    "category": lambda s, by, on: cases.recategorise(s, by, on.name, on.get("category"), version=on.version),
    "merge": lambda s, by, on: cases.merge(s, by, on.name, on.get("duplicate_of"), text=on.get("text"), version=on.version),
    "hide": lambda s, by, on: cases.hide(s, by, on.name, on.get("reason"), version=on.version),
    "show": lambda s, by, on: cases.show(s, by, on.name, version=on.version),
    "reword": lambda s, by, on: cases.reword(s, by, on.name, title=on.get("title"), text=on.get("text"), version=on.version),
    "approve": lambda s, by, on: cases.approve(s, by, on.name, ok=True, text=on.get("text"), version=on.version),
    "return": lambda s, by, on: cases.approve(s, by, on.name, ok=False, text=on.get("text"), version=on.version),
    "follow": lambda s, by, on: cases.follow(s, by, on.name),
    "unfollow": lambda s, by, on: cases.unfollow(s, by, on.name),
}  # fmt: skip


def _prepared(ask: Ask) -> list[tuple[str, Prepared]]:
    """The files of a form, looked through before anything is written."""
    found: list[tuple[str, Prepared]] = []
    for name, kind in _KINDS.items():
        given = ask.form.getlist(name) if ask.form is not None else []
        some = [one for one in given if isinstance(one, UploadFile) and one.filename]
        found += [(kind or "other", files.prepare(one.filename or "", one.file)) for one in some]
    return found


def _again(ask: Ask, name: str, code: str, next_: str, error: DothiError) -> Response:
    """The page with the form as it was sent and what is wrong; after somebody else's change, who and when."""
    said = ""
    if isinstance(error, PreconditionFailed) or (error.status == 409 and ask.values.get("version")):
        said = subject.changed_by(ask, name, whole(ask.values.get("version")))
    made = subject.sheet(ask, name, act=code, next_=next_, filled=wrong(ask, error), conflict=said)
    return _page(ask, made, error.status)


def _page(ask: Ask, made: subject.Sheet, status: int = 200) -> Response:
    template = "_panel" if ask.part else "case"
    around = None if ask.part else rail.rail(ask)
    return ask.page(
        template, made.filled, status, sheet=made, simulated=made.case.simulated, exercise=made.case.exercise,
        alone=not ask.part,
        rail=around,
    )  # fmt: skip


def _called(ask: Ask, name: str, code: str) -> str:
    found = subject.held(ask, name)
    step = types().step(found.type, code[len(forms.STEP) :]) if code.startswith(forms.STEP) else None
    title = step.title.of(ask.language) if step is not None else ask.say(words.VERBS.get(code, code))
    return title[:1].lower() + title[1:]


def _beside(next_: str, name: str) -> str:
    """The inbox one came from, with the case still chosen."""
    return f"{next_}{'&' if '?' in next_ else '?'}case={name}"


def _name(ask: Ask) -> str:
    return str(ask.request.path_params["number"])[:60].upper()
