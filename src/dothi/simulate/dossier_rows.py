"""A year of simulated dossiers as rows: what the verbs would have written one by one (a test compares).

They live as case_rows has cases live; what is here is what a dossier has beyond a case: papers, its row, fees, a signed
result, approval by a second person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dothi.cases import dossier_keeping, news, numbering, verbs
from dothi.cases.tables import Case, Dossier, Payment
from dothi.cases.types import answers, types
from dothi.identity import guard, secret
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.simulate import case_rows, dossier_life
from dothi.simulate.case_rows import Made, Play, Stock, become, enter, hang, settle, tell
from dothi.simulate.case_staff import Company
from dothi.simulate.dossier_life import Act, Standing
from dothi.simulate.dossier_words import Filing

TYPE, SANDBOX = dossier_keeping.TYPE, "sandbox"
ASKED_BEFORE = 3 * 60 * clock.SECOND  # a fee is asked for at the provider's so long before it is paid
TAKEN_ON = ("process", "forward")  # the steps with which somebody of the office has it
_STEPS = {"pay-desk": "pay"}
_RESULTS = {"grant": "granted", "refuse": "refused"}


@dataclass
class Filed(Made):
    """A dossier as it comes about."""

    row: Dossier = field(default_factory=Dossier)
    payments: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Dossiers(Stock):
    """Dossiers that live together up to an instant.

    paper: the columns of a drawn file by what it is (paper or result); sign: the signature of a result for an office.
    decides: the office that decides, by service and commune; none: the desk.
    """

    paper: Callable[[str], dict[str, Any]] = lambda _: {}
    sign: Callable[[str], Mapping[str, Any] | None] = lambda _: None
    decides: Callable[[str, str | None], int | None] = lambda *_: None


def standing(case: Case, row: Dossier, key: str, decides: int | None) -> Standing:
    """What the next step is decided by."""
    return Standing(
        key, case.category or "", case.state, case.version, case.updated_at, case.due_at, bool(row.online),
        decides is not None and decides != case.agency_id, row.paid < row.fee, bool(row.supplements),
        case.pending_id is not None, row.apology_until is not None, case.rating is not None, row.appealed_at is not None,
    )  # fmt: skip


def by(company: Company, case: Case, act: Act) -> Caller:
    """Who does a step."""
    if act.by == "applicant":
        return guard.SYSTEM if act.do in ("receive", "pay") else guard.ANONYMOUS
    staff = company.staff[case.agency_id or 0]
    return (staff.manager or staff.officer) if act.by == "manager" else staff.officer


def step_of(do: str) -> str:
    """The step of the flow a deed is."""
    return _STEPS.get(do, do)


def _born(session: Session, stock: Stock, filing: Filing) -> Made:
    assert isinstance(stock, Dossiers)  # noqa: S101 - the play is this stock's own
    type_, of, at = types().type(TYPE), types().procedures[filing.procedure], filing.at
    officer = None if filing.online else stock.company.staff[filing.desk.office].officer
    caller = officer or guard.ANONYMOUS
    fields, _, _ = answers(of, filing.fields)
    values: dict[str, Any] = {
        "type": TYPE, "category": of.code, "sector": None, "state": type_.start,
        "phase": types().state(TYPE, type_.start).phase, "priority": "normal", "title": of.title.vi, "text": "",
        "fields": fields, "channel": "web" if filing.online else "desk", "lon": None, "lat": None, "address": "",
        "unit": filing.desk.unit, "agency_id": filing.desk.office, "receiving_id": filing.desk.office, "handler_id": None,
        "crew_id": None, "public": False, "hidden": None, "simulated": True, "exercise": False, "subject": None,
        "opened_at": at, "due_at": None, "resolved_at": None, "closed_at": None, "updated_at": at, "reopened": 0,
        "rating": None, "satisfied": None, "met": None, "pending_id": None, "followers": 0, "merged_into": None,
        "person_id": None, "secret": secret.digest(stock.token(filing.key)), "key": filing.key, "version": 1,
    }  # fmt: skip
    series, said = numbering.series(session, type_, values, at)
    values["number"] = said(stock.number(series))
    values["folded"] = verbs.searched(values["number"], values["title"], "")
    made = Filed(Case(**values), filing)
    made.row = dossier_keeping.begun(made.case)
    for name in ("accepted_at", "promised_at", "result", "appealed_at", "apology_until"):
        setattr(made.row, name, None)
    made.row.digitised = filing.online
    stock.made[filing.key] = made
    case_rows.clocked(stock, made, at, news.actor(caller))
    actor = news.REPORTER if officer is None else news.actor(officer)
    enter(made, at, actor, caller.agency_id, "opened", public=True, state=made.case.state)
    told = {
        "channel": made.case.channel, "unit": made.case.unit, "office": made.case.agency_id, "priority": made.case.priority,
    }  # fmt: skip
    tell(stock, made, at, "opened", actor, shown=False, data=told)
    for code in filing.papers:
        _file(stock, made, "paper", code, at, news.REPORTER)
    return made


def _file(stock: "Dossiers", made: Made, kind: str, paper: str | None, at: int, actor: str) -> dict[str, Any]:
    file = {**stock.paper(kind), "kind": kind, "paper": paper, "public": False, "at": at, "actor": actor}
    hang(stock, made, file)
    return file


def _next(stock: Stock, made: Made) -> Act | None:
    assert isinstance(stock, Dossiers)  # noqa: S101
    assert isinstance(made, Filed)  # noqa: S101
    case = made.case
    one = standing(case, made.row, made.birth.key, stock.decides(case.category or "", case.unit))
    return dossier_life.next_act(stock.cal, one)


def _do(stock: Stock, made: Made, act: Act) -> None:
    assert isinstance(stock, Dossiers)  # noqa: S101
    assert isinstance(made, Filed)  # noqa: S101
    case, row, at, caller = made.case, made.row, act.at, by(stock.company, made.case, act)
    applicant = caller is guard.ANONYMOUS
    actor = news.REPORTER if applicant else news.actor(caller)
    agency = None if applicant else caller.agency_id or case.agency_id

    def settled(kind: str, before: str, **more: Any) -> None:
        settle(stock, made, at, before, kind, actor, agency, caller, **{"public": False, **more})

    match act.do:
        case "rate":
            case.rating = act.rating
            settled("rated", case.state, public=True, data={"rating": act.rating})
            if act.text:
                enter(made, at, news.REPORTER, None, "comment", text=act.text)
        case "apologise":
            row.apology, row.apology_until = act.text, act.until
            settled("apology", case.state, public=True, text=act.text, data={"until": act.until})
        case "approve" | "return":
            _approved(stock, made, act, settled)
        case "pay":
            _paid(stock, made, act)
            _stepped(stock, made, act, settled)
        case "grant" | "refuse" | "stop":
            if act.do != "stop":
                _result(stock, made, at, actor)
            data = {"reason": act.reason} if act.reason else {}
            settled("pending", case.state, text=act.text, step=act.do, data=data, journal="asked")
            made.pending, case.pending_id = made.entries[-1], 0  # the entry's id is known when it is written
        case "receive":
            _stepped(stock, made, Act(at, "hand-over", "office"), settled)
        case _:
            _stepped(stock, made, act, settled)


def _stepped(
    stock: "Dossiers", made: Filed, act: Act, settled: Callable[..., None], more: Mapping[str, Any] | None = None
) -> None:  # fmt: skip
    """Take a step of the flow, and keep the dossier's row as dossier_keeping does."""
    case, row, at, code = made.case, made.row, act.at, step_of(act.do)
    step = types().step(TYPE, code)
    assert step is not None  # noqa: S101 - the flow is the dossier's own
    data: dict[str, Any] = {"reason": act.reason} if act.reason else {}
    if code == "forward":
        data["office"] = case.agency_id = stock.decides(case.category or "", case.unit)
    if code in TAKEN_ON:
        data["handler"] = case.handler_id = stock.company.staff[case.agency_id or 0].officer.id
    data |= more or {}
    before, applicant = case.state, act.by == "applicant" and act.do != "pay"
    if step.to:
        become(made, step.to, at)
        if case.state != before:
            case.pending_id = made.pending = None
    settled("state", before, text="" if applicant else act.text, step=code, data=data, reason=act.reason)
    if applicant and act.text:
        enter(made, at, news.REPORTER, None, "comment", text=act.text, step=code)
    if code == "ask":
        row.supplements = 1
    if code == "pay" and row.paid < row.fee:
        row.paid = row.fee
    if case.state == "accepted" and row.accepted_at is None:
        row.accepted_at, row.promised_at = at, case.due_at
    if code in _RESULTS:
        row.result, row.electronic_result = _RESULTS[code], True
    if code == "appeal":
        row.appealed_at = at


def _approved(stock: "Dossiers", made: Filed, act: Act, settled: Callable[..., None]) -> None:
    case, entry = made.case, made.pending
    assert entry is not None  # noqa: S101 - something waits
    case.pending_id = made.pending = None
    if act.do == "return":
        settled("returned", case.state, text=act.text, step=entry["step"], data={"asked_by": entry["actor"]})
        return
    reason = (entry["data"] or {}).get("reason")
    taken = Act(act.at, entry["step"], "manager", entry["text"], reason)
    _stepped(stock, made, taken, settled, {"asked_by": entry["actor"]})


def _result(stock: "Dossiers", made: Filed, at: int, actor: str) -> None:
    case = made.case
    file = _file(stock, made, "result", None, at, actor)
    signed = stock.sign("result")
    if signed is not None:
        enter(made, at, actor, case.agency_id, "signed", data={"file": file, **signed})
        tell(stock, made, at, "signed", actor, shown=False, data={"file": file, "test": signed["test"]})


def _paid(stock: "Dossiers", made: Filed, act: Act) -> None:
    row, at = made.row, act.at
    reference = reference_of(stock.token, made.birth.key)
    amount = row.fee - row.paid
    made.payments.append(
        {"provider": SANDBOX, "reference": reference, "amount": amount, "state": "paid", "simulated": True,
         "at": at - ASKED_BEFORE, "paid_at": at}
    )  # fmt: skip
    data = {"payment": reference, "amount": amount, "result": "paid", "provider": SANDBOX, "simulated": True}
    enter(made, at, news.ENGINE, None, "payment", data=data)
    tell(stock, made, at, "payment", news.ENGINE, shown=False, data=data)
    row.paid += amount


def reference_of(token: Callable[[str], str], key: str) -> str:
    """The reference of a simulated payment: nobody can tell it who does not have this installation's key file."""
    return secret.digest(f"pay:{token(key)}")[:24]


PLAY = Play(_born, _do, _next)


def put(session: Session, stock: Dossiers) -> dict[str, int]:
    """Write everything but the counts of cases; the id of each case by its key."""
    ids = case_rows.put(session, stock)
    filed = [(one, ids[one.birth.key]) for one in stock.made.values() if isinstance(one, Filed)]
    names = [one.name for one in Dossier.__table__.columns if one.name != "case_id"]
    rows = [{name: getattr(one.row, name) for name in names} | {"case_id": id_} for one, id_ in filed]
    paid = [{**row, "case_id": id_} for one, id_ in filed for row in one.payments]
    for table, every in ((Dossier, rows), (Payment, paid)):
        if every:
            session.execute(insert(table.__table__), every)  # type: ignore[arg-type]
    return ids
