"""Dossiers (hồ sơ): filed from a draft, asked after by their applicant, answered with a result that is signed.

The flow is the type's (`cases.yaml`, the ten national states); what is here is what a dossier has beyond a case. Personal
answers live in the contact's papers alone; a dossier is never public.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.cases import (
    calendar,
    clock,
    codes,
    contacts,
    files,
    forms,
    news,
    offices,
    own,
    papers,
    reading,
    redaction,
    sight,
    signing,
    store,
    timers,
    verbs,
    verbs_flow,
    verbs_open,
    verbs_people,
)
from dothi.cases import files_store as kept
from dothi.cases.contacts import Contact
from dothi.cases.declared import Procedure
from dothi.cases.dossier_keeping import NUMBER, TYPE
from dothi.cases.files import Prepared
from dothi.cases.signing import Signature
from dothi.cases.tables import Case, CaseContact, CaseEntry, CaseFile, Dossier, OfficeRule
from dothi.cases.types import types
from dothi.identity import called, guard
from dothi.identity import store as identity
from dothi.identity.guard import SYSTEM, Caller
from dothi.identity.tables import Agency
from dothi.kit.errors import BadInput, Conflict, Fault, NotAllowed, NotFound
from dothi.kit.text import fold
from dothi.places import service as places
from dothi.web.i18n import Say, speaker

__all__ = ["NUMBER", "TYPE"]
LONGEST = 2000
# which answer of a form reaches the applicant; what a form calls otherwise stays among its papers
_CONTACT = {"name": "name", "phone": "phone", "email": "email", "identity": "identity_number", "home": "home"}
_APOLOGIES = 100


# ---- the catalogue ----


def catalogue(language: str, *, text: str = "", field: str = "", level: str = "") -> list[Procedure]:
    """The services that fit a search: words with or without diacritics, a field, a level."""
    words = fold(text).split()
    found = []
    for one in types().procedures.values():
        said = " ".join((one.title.vi, one.title.en or "", one.summary.vi, one.summary.en or "", one.field.vi,
                         one.field.en or "", one.national or "", *one.basis))  # fmt: skip
        folded = fold(said)
        if all(word in folded for word in words) and field in ("", one.field.vi) and level in ("", one.level):
            found.append(one)
    return sorted(found, key=lambda one: one.title.of(language))


def procedure(code: str) -> Procedure:
    """A service by its code. Raises NotFound."""
    found = types().procedures.get(code)
    if found is None:
        raise NotFound("there is no such public service")
    return found


def desks(session: Session, of: Procedure) -> list[Agency]:
    """The one-stop desks a service is filed at: the rules of receiving, else every office of its level by its code.

    A rule of type `dossier` with a unit names the desk of a commune; without one, the province's.
    """
    rules = session.scalars(select(OfficeRule).where(OfficeRule.type == TYPE, OfficeRule.category.is_(None)))
    wanted = [one.agency_id for one in rules if (one.unit is not None) == (of.level == "commune")]
    every = identity.agencies(session)
    if wanted:
        return [one for one in every if one.id in wanted]
    if of.level == "province":
        centres = [one for one in every if one.code.startswith("tt-hcc")]
        return centres or [one for one in every if one.parent_id is None][:1]
    communes = [one for one in every if one.code.startswith(("p-", "x-", "dk-"))]  # phường, xã, đặc khu
    return communes or [one for one in every if one.parent_id is None][:1]


def resolving(session: Session, case: Case) -> int | None:
    """The office that decides on a dossier: by the rule of its service; None: the desk that took it in."""
    return deciding(session, case.category or "", case.unit)


def deciding(session: Session, procedure: str, unit: str | None) -> int | None:
    """The office that decides on dossiers of a service and a commune; None: the desk that takes them in."""
    rules = session.execute(
        select(OfficeRule.unit, OfficeRule.agency_id).where(OfficeRule.type == TYPE, OfficeRule.category == procedure)
    ).all()
    best = max((one for one in rules if one[0] in (None, unit)), key=lambda one: one[0] is not None, default=None)
    return int(best[1]) if best is not None else None


def offices_of(session: Session) -> set[int]:
    """The offices that take dossiers in or decide on them."""
    rules = select(OfficeRule.agency_id).where(OfficeRule.type == TYPE)
    taking = {one.id for of in types().procedures.values() for one in desks(session, of)}
    return taking | set(session.scalars(rules))


def expected(session: Session, of: Procedure, now: int) -> int:
    """When a result would be due if the dossier were accepted now."""
    unit, amount = clock.of(of.days)
    return clock.add(calendar.load(session), now, unit, amount)


# ---- filing ----


@dataclass(frozen=True, slots=True)
class Filed:
    """A dossier that was filed, and the token of its applicant's link."""

    case: Case
    token: str
    new: bool = True


def faults(of: Procedure, values: Mapping[str, Any], language: str) -> dict[str, str]:
    """What is wrong with the answers, field by field: the schema's, and a contact nobody could be reached by."""
    found, say = forms.faults(of.form, values, language), speaker(language)
    said = {"name": say("Ghi họ và tên bằng chữ."), "phone": say("Số điện thoại này không gọi được."),
            "email": say("Địa chỉ thư này không gửi được.")}  # fmt: skip
    given = [str(values.get(name) or "") or None for name in ("name", "phone", "email")]
    for fault in contacts.check(*given):
        if fault.place in of.form.get("properties", {}):
            found.setdefault(fault.place, said[fault.place])
    return found


def key_of(draft: str) -> str:
    """The key of the dossier a draft becomes. draft: the hash of its token."""
    return f"dossier:{draft}"


def already(session: Session, draft: str) -> Filed | None:
    """The dossier a draft was filed as: a second click comes to the first one's dossier."""
    found = store.by_key(session, key_of(draft))
    return Filed(found, own.token(found) or "", new=False) if found is not None else None


def file_(
    session: Session,
    caller: Caller,
    of: Procedure,
    values: Mapping[str, Any],
    attached: Sequence[tuple[str, Prepared]],
    *,
    office: int | str | None,
    draft: str,
    language: str = "vi",
    at_desk: bool = False,
) -> Filed:
    """File a dossier, once however often a draft is sent. attached: (paper, file).

    at_desk: an officer types what somebody brought on paper. Raises BadInput with every fault.
    """
    wrong = [Fault(name, said) for name, said in faults(of, values, language).items()]
    has = {paper for paper, _ in attached}
    if not at_desk:
        wrong += [Fault(f"paper-{one.code}", "is missing", one.title.vi) for one in papers.missing(of, has)]
    to = next((one for one in desks(session, of) if office in (one.id, one.code)), None)
    if to is None:
        wrong.append(Fault("office", "is missing", ", ".join(one.code for one in desks(session, of))))
    if at_desk and (to is None or not guard.may(caller, "cases:handle", to.id)):
        raise NotAllowed("only that desk's own people file for somebody who came")
    verbs.refuse(wrong, "this dossier cannot be filed yet")
    key = key_of(draft)
    personal = {name: values[name] for name in forms.personal_names(of.form) if name in values}
    reached: dict[str, Any] = {ours: str(personal[theirs]) for theirs, ours in _CONTACT.items() if personal.get(theirs)}
    new = verbs_open.New(
        type=TYPE, category=of.code, title=of.title.vi, fields=dict(values), channel="desk" if at_desk else "web",
        contact=Contact(**reached, language=language), public=False, key=key,
        office=to.id if to else None, receiving=to.id if to else None, unit=unit_of(session, to),
    )  # fmt: skip
    opened = verbs_open.open_(session, caller, new)
    case, token = opened.case, opened.token or own.token(opened.case) or ""
    if not opened.new:
        return Filed(case, token, new=False)
    for paper, ready in attached:
        made = files.keep(session, caller, case, "paper", ready.name, ready, public=False)
        made.paper = paper
    row = extra(session, case)
    row.digitised = not at_desk and not papers.missing(of, has)
    session.flush()
    return Filed(case, token)


def unit_of(session: Session, office: Agency | None) -> str | None:
    """The commune of a desk, where its name says it: UBND phường Tân An."""
    if office is None:
        return None
    rule = session.scalar(
        select(OfficeRule.unit).where(
            OfficeRule.type == TYPE, OfficeRule.agency_id == office.id, OfficeRule.unit.is_not(None)
        )
    )
    if rule is not None:
        return rule
    name = fold(office.name).removeprefix("ubnd ")
    hit = next(iter(places.search(session, name, limit=1)), None)
    code = getattr(hit, "code", None)
    return str(code) if hit is not None and fold(str(getattr(hit, "full_name", ""))) == name else None


# ---- reading ----


@dataclass(frozen=True, slots=True)
class Mine:
    """A dossier as its applicant reads it."""

    case: Case
    row: Dossier
    procedure: Procedure | None
    state: Any
    receiving: str
    office: str
    papers: list[CaseFile]
    results: list[tuple[CaseFile, Mapping[str, Any] | None]]
    steps: list[str]


def mine(session: Session, caller: Caller, number: str, token: str | None) -> Mine:
    """One's own dossier: by being signed in as then, or with the token of one's link. NotFound alike for any other."""
    case = reading.reporter_case(session, caller, number, token)
    if case.type != TYPE:
        raise sight.not_found()
    return whole(
        session, case, [one.code for one in reading.steps(session, caller, case, token) if "reporter" in one.who]
    )


def whole(session: Session, case: Case, steps: list[str] | None = None) -> Mine:
    """A dossier with its row, its papers and its result."""
    names = store.agency_names(session, {case.agency_id, case.receiving_id})
    rows = kept.files(session, case.id)
    signed = signatures(session, case)
    return Mine(
        case, extra(session, case), types().procedures.get(case.category or ""), types().state(TYPE, case.state),
        names.get(case.receiving_id or 0, ""), names.get(case.agency_id or 0, ""),
        [one for one in rows if one.kind in ("paper", "other")],
        [(one, signed.get(one.id)) for one in rows if one.kind == "result"], steps or [],
    )  # fmt: skip


def extra(session: Session, case: Case) -> Dossier:
    """The row of what a dossier has beyond a case."""
    found = session.get(Dossier, case.id)
    if found is None:
        raise sight.not_found()
    return found


def signatures(session: Session, case: Case) -> dict[int, Mapping[str, Any]]:
    """What was signed, by file: subject, test, content (base64 of the detached CMS)."""
    query = select(CaseEntry.data).where(CaseEntry.case_id == case.id, CaseEntry.kind == "signed")
    return {int(one["file"]): one for one in session.scalars(query) if one}


def prove(session: Session, number: str, phone: str, address: str | None) -> codes.Sent | None:
    """Send a code to the applicant of a dossier, if this is their telephone; None, told to nobody, where it is not."""
    found = store.case(session, number, Case.type == TYPE)
    contact = session.get(CaseContact, found.id) if found is not None else None
    if found is None or contact is None or not contact.phone or contacts.phone_of(phone) != contact.phone:
        return None
    if contacts.way(contact) is None or found.secret is None:
        return None
    return codes.send(session, found, address)


def proven(session: Session, number: str, code: str) -> str | None:
    """The token of an applicant's link for the right code. A wrong one is an answer: commit either way."""
    found = store.case(session, number, Case.type == TYPE)
    if found is None:
        return None
    return own.token(found) if codes.answer(session, found, code).right else None


# ---- what an applicant does ----


def supply(
    session: Session, caller: Caller, number: str, token: str | None, text: str, attached: Sequence[tuple[str, Prepared]]
) -> Case:  # fmt: skip
    """Hand in what was asked for: files of papers, a word, or both; the clock goes on."""
    held = verbs.hold(session, caller, number, token=token)
    verbs.need(held, "reporter")
    if not attached and not verbs.said(text):
        raise BadInput("nothing was handed in", [Fault("files", "is missing", "a file, or what there is to say")])
    for paper, ready in attached:
        made = files.keep(session, caller, held.case, "paper", ready.name, ready, public=False)
        made.paper = paper or None
    session.flush()
    return verbs_flow.step(session, caller, held.case.id, "supply", text=text, token=token)


def withdraw(session: Session, caller: Caller, number: str, token: str | None, text: str) -> Case:
    """Take a dossier back."""
    return verbs_flow.step(session, caller, number, "withdraw", text=text, token=token)


def appeal(session: Session, caller: Caller, number: str, token: str | None, text: str) -> Case:
    """Ask for a decision to be looked at again: once, within the days the law gives."""
    held = verbs.hold(session, caller, number, token=token)
    row = extra(session, held.case)
    if row.appealed_at is not None:
        raise Conflict("the decision on this dossier is being looked at again already")
    case = verbs_flow.step(session, caller, number, "appeal", text=text, token=token)
    row.appealed_at = held.now
    return case


def receive(session: Session, caller: Caller, number: str, token: str | None) -> Case:
    """Take the result electronically: that hands it over."""
    held = verbs.hold(session, caller, number, token=token)
    verbs.need(held, "reporter")
    if not any(one.kind == "result" for one in kept.files(session, held.case.id)):
        raise Conflict("the result of this dossier is no file; it is handed over at the desk")
    if held.case.state == "done":
        return verbs_flow.step(session, SYSTEM, held.case.id, "hand-over")
    return held.case


def rate(session: Session, caller: Caller, number: str, token: str | None, rating: int, text: str) -> Case:
    """Say how one was served, from 1 to 5."""
    return verbs_people.rate(session, caller, number, fixed=None, rating=rating, text=text, token=token)


# ---- what an office does beside the flow ----


def result(session: Session, caller: Caller, number: str, ready: Prepared) -> CaseFile:
    """Hang the result on a dossier, signed where this installation has a signer. The applicant has it once it is done."""
    held = verbs.hold(session, caller, number)
    verbs.need(held, "handle")
    case = held.case
    if case.type != TYPE or case.phase in ("done", "closed"):
        raise Conflict(f"the dossier is {case.state}: its result is not changed any more")
    made = files.keep(session, caller, case, "result", ready.name, ready, public=False)
    by = signing.signer()
    if by is not None:
        office = identity.agency(session, case.agency_id) if case.agency_id is not None else None
        signed = by.sign(ready.content, office.code if office else "")
        store.add_entry(
            session, case_id=case.id, at=held.now, actor=held.actor, agency_id=case.agency_id, kind="signed", public=False,
            text="", state=None, step=None, data={"file": made.id, **signed_of(signed)},
        )  # fmt: skip
        news.tell(session, case, "signed", actor=held.actor, shown=False, data={"file": made.id, "test": signed.test})
    session.flush()
    return made


def apologise(session: Session, caller: Caller, number: str, text: str, until: int) -> Dossier:
    """Apologise for a result that is late: with the reason and one new date, published. Contact data are taken out."""
    held = verbs.hold(session, caller, number)
    verbs.need(held, "handle", "approve")
    case, row, text = held.case, extra(session, held.case), verbs.said(text)
    wrong = verbs.spoken(text, longest=LONGEST)
    if until <= held.now:
        wrong.append(Fault("until", "has passed", "a moment to come"))
    if row.apology_until is not None:
        raise Conflict("an apology names one new date, and one was made already")
    due = case.due_at if case.due_at is not None else row.promised_at
    if due is None or case.closed_at is not None:
        raise Conflict("no deadline of this dossier runs")
    verbs.refuse(wrong, "the apology cannot be published so")
    contact = session.get(CaseContact, case.id)
    row.apology = redaction.Needles.of(contact).gone_from(text) if contact is not None else text
    row.apology_until = until
    verbs.settle(held, "apology", text=row.apology, public=True, data={"until": until}, journal="apology")
    return row


def set_fee(session: Session, caller: Caller, number: str, amount: int) -> Dossier:
    """Say what a dossier costs, where it is another amount than the service's usual one."""
    held = verbs.hold(session, caller, number)
    verbs.need(held, "handle")
    row = extra(session, held.case)
    if not 0 <= amount <= 1_000_000_000:
        raise BadInput("no such fee", [Fault("fee", str(amount), "0 to 1000000000 VND")])
    if held.case.phase in ("done", "closed") or amount < row.paid:
        raise Conflict("this fee is not changed any more")
    before, row.fee = row.fee, amount
    verbs.settle(held, "fee", data={"before": before, "after": amount}, changed=False)
    return row


@dataclass(frozen=True, slots=True)
class Apology:
    """An apology as everybody reads it."""

    number: str
    procedure: str
    office: str
    text: str
    promised_at: int | None
    until: int
    simulated: bool


def apologies(session: Session, language: str, limit: int = _APOLOGIES) -> list[Apology]:
    """The apologies that were published, the newest date first."""
    rows = session.execute(
        select(Case.number, Case.category, Case.agency_id, Case.simulated, Dossier.apology, Dossier.promised_at,
               Dossier.apology_until)
        .join(Dossier, Dossier.case_id == Case.id).where(Dossier.apology_until.is_not(None))
        .order_by(Dossier.apology_until.desc(), Case.id).limit(limit)
    ).all()  # fmt: skip
    names = called.agencies(session, {one.agency_id for one in rows}, language)
    known = types().procedures
    return [
        Apology(
            one.number, known[one.category].title.of(language) if one.category in known else str(one.category),
            names.get(one.agency_id, ""), one.apology, one.promised_at, int(one.apology_until or 0), one.simulated,
        )
        for one in rows
    ]  # fmt: skip


def why(session: Session, case: Case, language: str) -> timers.Why | None:
    """How the due moment of the result came about."""
    return timers.why(session, case, language)


def office_of(session: Session, case: Case) -> Agency | None:
    """The office a dossier goes to next: the one that decides, by the rules."""
    to = resolving(session, case)
    return offices.office(session, to) if to is not None else None


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a dossier, as its applicant reads it. kind: of the entry; state: it came to, in words."""

    at: int
    kind: str
    title: str
    text: str
    office: str
    mine: bool
    data: Mapping[str, Any]


_TOLD = ("opened", "state", "assigned", "transferred", "payment", "apology", "signed", "due", "comment", "calendar")


def timeline(session: Session, case: Case, language: str) -> list[Happened]:
    """What happened, oldest first: what an office wrote is read by the applicant where the step is told to them."""
    say = speaker(language)
    rows = store.entries(session, case.id, [CaseEntry.kind.in_(_TOLD)])
    ids = {one.agency_id for one in rows} | {(one.data or {}).get("office") for one in rows}
    names = called.agencies(session, ids, language)
    found = []
    for one in rows:
        step = types().step(TYPE, one.step or "") if one.step else None
        mine_ = one.actor == news.REPORTER
        told = step is not None and "tell-reporter" in step.effects
        if one.kind == "comment" and not (mine_ or one.public):
            continue
        title = _title(say, one, language, names)
        if title is None:
            continue
        text = one.text if mine_ or told or one.public else ""
        found.append(
            Happened(one.at, one.kind, title, text, names.get(one.agency_id or 0, ""), mine_, dict(one.data or {}))
        )
    return found


def _title(say: Say, one: CaseEntry, language: str, names: Mapping[int, str]) -> str | None:
    data = one.data or {}
    if one.step == "pay" and one.actor == news.ENGINE:
        return None  # the payment's own line has said so
    if one.step == "supply" and one.actor == news.REPORTER and one.state:
        return say("Anh chị đã bổ sung giấy tờ")
    if one.state:
        return types().state(TYPE, one.state).title.of(language)
    match one.kind:
        case "payment":
            said = {"paid": say("Đã nộp phí"), "failed": say("Nộp phí không thành"), "returned": say("Đã hoàn phí")}
            return said.get(str(data.get("result")))
        case "apology":
            return say("Thư xin lỗi và hẹn lại ngày trả")
        case "signed":
            return say("Kết quả đã được ký số")
        case "due":
            return say("Gia hạn giải quyết")
        case "calendar":
            return say("Hạn đổi theo lịch nghỉ")
        case "comment":
            return say("Anh chị nhắn") if one.actor == news.REPORTER else say("Cơ quan nhắn")
        case "state" if one.step == "appeal":
            return say("Anh chị đề nghị xem xét lại")
        case "state" | "assigned" | "transferred" if data.get("office"):
            return say("Chuyển cơ quan giải quyết: {office}", office=names.get(data["office"], ""))
        case _:
            return None


def signed_of(signed: Signature) -> dict[str, Any]:
    """What an entry keeps of a signature."""
    return {"subject": signed.subject, "test": signed.test, "content": base64.b64encode(signed.content).decode()}


def signature_of(signed: Mapping[str, Any]) -> bytes:
    """The bytes of a signature as `signatures` gives it."""
    return base64.b64decode(signed["content"])
