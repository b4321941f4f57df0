"""One action on many cases: each in its own transaction, and each says whether it worked."""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session
from starlette.responses import Response

from dothi.cases import reading, templates
from dothi.cases.tables import ReplyTemplate
from dothi.db import session as db
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens.casework import acting, forms, rail, subject, words
from dothi.screens.casework.desk import WRONG, Ask, safe, wrong
from dothi.screens.casework.forms import Field, Form, Option
from dothi.screens.casework.rail import Rail
from dothi.web.forms import Filled

MOST = 200
DOES = ("assign", "transfer", "comment", "take")


@dataclass(frozen=True, slots=True)
class Picked:
    """A case that was marked, in the version seen then; known: it is to be seen."""

    number: str
    version: int | None
    title: str
    office: int | None
    known: bool
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one case."""

    number: str
    title: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Bulk:
    """The form of many cases, or what became of each."""

    do: str
    picked: list[Picked]
    form: Form | None
    results: list[Result]
    next: str
    rail: Rail


def ask_(ask: Ask) -> Response:
    """`GET /desk/bulk`: `?do=`, `?case=number:version` as often as wanted."""
    query = ask.request.query_params
    return _page(ask, query.get("do", ""), query.getlist("case"), safe(query.get("next"), "/desk"))


def do(ask: Ask) -> Response:
    """`POST /desk/bulk`."""
    code, next_, marked = ask.values.get("do", ""), safe(ask.values.get("next"), "/desk"), ask.all("case")
    picked = _picked(ask, marked)
    faults = []
    if not picked:
        faults.append(Fault("case", "is missing"))
    if code not in DOES:
        faults.append(Fault("do", repr(code)[:40], ", ".join(DOES)))
    if code in ("comment", "transfer") and not ask.values.get("text"):
        faults.append(Fault("text", "is missing"))
    if code == "transfer" and not ask.values.get("reason"):
        faults.append(Fault("reason", "is missing"))
    if code == "assign" and not (whole(ask.values.get("handler")) or whole(ask.values.get("crew"))):
        faults.append(Fault("handler", "is missing"))
    if faults:
        return _page(ask, code, marked, next_, wrong(ask, BadInput("nothing was changed", faults)), 400)
    results = [_one(ask, code, one) for one in picked]
    made = Bulk(code, picked, None, results, next_, rail.rail(ask))
    return _shown(ask, made, Filled(), 200)


def _one(ask: Ask, code: str, one: Picked) -> Result:
    """Do it to one case; what fails leaves the others alone."""
    values = dict(ask.values)
    wanted = acting.Wanted(code, one.number, one.version, values)
    try:
        with db.writing() as session:
            if code == "comment":
                found = _filled(session, ask, one.number, values.get("text", ""))
                wanted = acting.Wanted(code, one.number, one.version, {**values, "text": found})
            acting.do(session, ask.caller, wanted)
    except (*WRONG, NotFound) as error:
        said = words.told(error, ask.say)
        why = "; ".join(dict.fromkeys(fault.message for fault in said.faults)) or said.message
        if error.status == 412:
            why = _changed(ask, one) or said.message
        return Result(one.number, one.title, ok=False, text=why)
    return Result(one.number, one.title, ok=True, text=ask.say("xong"))


def _changed(ask: Ask, one: Picked) -> str:
    try:
        with db.reading() as session:
            other = Ask(ask.request, session, ask.caller, ask.language, ask.say, ask.now)
            return subject.changed_by(other, one.number, one.version)
    except DothiError:
        return ""


def _filled(session: Session, ask: Ask, name: str, text: str) -> str:
    """A text with the slots of a template filled from the case it goes to."""
    found = reading.case(session, ask.caller, name)
    return templates.filled(session, ReplyTemplate(title="", text=text, public=True), found)


def _page(
    ask: Ask, code: str, marked: list[str], next_: str, filled: Filled | None = None, status: int = 200
) -> Response:
    picked = _picked(ask, marked)
    made = Bulk(code, picked, _form(ask, code, picked) if picked else None, [], next_, rail.rail(ask))
    return _shown(ask, made, filled or Filled(), status)


def _shown(ask: Ask, made: Bulk, filled: Filled, status: int) -> Response:
    simulated = any(one.simulated for one in made.picked)
    return ask.page("_bulk" if ask.part else "bulk", filled, status, page=made, rail=made.rail, simulated=simulated)


def _picked(ask: Ask, marked: list[str]) -> list[Picked]:
    """The cases that were marked and are to be seen."""
    found: dict[str, Picked] = {}
    for one in marked[:MOST]:
        name, _, version = one.partition(":")
        try:
            case = subject.held(ask, name[:60])
        except NotFound:
            continue
        found[case.number] = Picked(
            case.number, whole(version), case.title, case.agency_id, known=True, simulated=case.simulated
        )
    return list(found.values())


def _form(ask: Ask, code: str, picked: list[Picked]) -> Form | None:
    if code not in DOES:
        return None
    first = subject.held(ask, picked[0].number)
    made = forms.form(ask, first, code, "/desk")
    if made is None:
        return None
    # what the first one has now is not what all of them are to have
    fields = [replace(one, value="") for one in made.fields if not (code == "assign" and one.name == "office")]
    if code == "assign" and len({one.office for one in picked}) > 1:
        fields.insert(
            0,
            Field(
                "note", "mixed", ask.say("Các việc thuộc nhiều đơn vị: chỉ việc của đơn vị người nhận mới giao được.")
            ),
        )
    own = [Option(one.text, one.title) for one in templates.list_(ask.session, ask.caller)] if code == "comment" else []
    return Form(made.code, made.name, made.submit, fields, made.hints, own, files=False)
