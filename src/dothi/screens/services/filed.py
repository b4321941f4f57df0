"""`/services/dossiers/{number}`: a dossier for its applicant, by the link they have or a code sent to their telephone."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import segno
from sqlalchemy.orm import Session
from starlette.responses import FileResponse, Response

from dothi.cases import contacts, dossiers, files, payments, reading, throttling, timers
from dothi.cases import flow as flows
from dothi.cases.papers import named
from dothi.cases.tables import CaseFile, Payment
from dothi.db import session as db
from dothi.kit.errors import (
    BadInput,
    Conflict,
    DothiError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    PreconditionFailed,
    TooLarge,
)
from dothi.screens.desk import back
from dothi.screens.services import words
from dothi.screens.services.desk import DOSSIER, Ask, prepared
from dothi.web.forms import Filled

_ERRORS = (BadInput, Conflict, flows.CannotStep, NotAllowed, NotSignedIn, PreconditionFailed)


@dataclass
class Page:
    """The context of `services/dossier.html`."""

    mine: dossiers.Mine
    stages: list[tuple[str, str]]
    timeline: list[dossiers.Happened]
    why: timers.Why | None
    payments: list[Payment]
    payable: bool
    titles: dict[str, str]
    applicant: contacts.Masked
    filed: bool
    message: str
    asked: str


@dataclass
class Prove:
    """The context of `services/prove.html`. sent: a code may be on its way."""

    number: str
    sent: bool
    message: str = ""


@dataclass
class Receipt:
    """The context of `services/receipt.html`. qr: the address of the dossier, as a drawing."""

    mine: dossiers.Mine
    masked: contacts.Masked
    titles: dict[str, str]
    qr: str
    url: str


def find(ask: Ask) -> Response:
    """`GET /services/dossiers`: look a dossier up."""
    number = ask.request.query_params.get("number", "").strip().upper()[:60]
    if number and dossiers.NUMBER.fullmatch(number):
        return back(f"/services/dossiers/{number}")
    wrong = ask.say("Mã hồ sơ có dạng H53.15-261121-0007, ghi trên giấy tiếp nhận.") if number else ""
    return ask.page("prove", Prove(number, sent=False, message=wrong))


def page(ask: Ask) -> Response:
    """`GET /services/dossiers/{number}`."""
    number = _number(ask)
    given = ask.request.query_params.get("t")
    if given:
        answer = back(_base(number) + ("?filed" if "filed" in ask.request.query_params else ""))
        return ask.keep(answer, DOSSIER, given[:200], _base(number))
    return _page(ask, ask.session)


def _page(ask: Ask, session: Session, message: str = "") -> Response:
    number = _number(ask)
    try:
        mine = dossiers.mine(session, ask.caller, number, _token(ask))
    except NotFound:
        return ask.page("prove", Prove(number, sent=False))
    case = mine.case
    happened = dossiers.timeline(session, case, ask.language)
    asked = next((one.text for one in reversed(happened) if one.kind == "state" and not one.mine), "")
    here = payments.provider()
    shown = Page(
        mine, words.stages(case.state, ask.say), happened, dossiers.why(session, case, ask.language),
        payments.of(session, case), here is not None and case.state == payments.STATE and mine.row.fee > mine.row.paid,
        words.paper_titles(mine.procedure, ask.language), contacts.masked_of(session, case),
        "filed" in ask.request.query_params, message, asked,
    )  # fmt: skip
    return ask.page("dossier", shown, Filled(ask.values), 422 if message else 200, simulated=case.simulated or None)


def prove(ask: Ask) -> Response:
    """`POST /services/dossiers/{number}/prove`: a telephone is said, or the code it got. Whether it is right shows late."""
    number = _number(ask)
    code = ask.values.get("code", "")
    if code:
        token = dossiers.proven(ask.session, number, code[:20])
        if token is not None:
            return ask.keep(back(_base(number)), DOSSIER, token, _base(number))
        wrong = ask.say("Mã chưa đúng hoặc đã hết hạn. Thử lại hoặc xin mã khác.")
        return ask.page("prove", Prove(number, sent=True, message=wrong), status=422)
    throttling.code(ask.request.client.host if ask.request.client else None)
    # three codes an hour; who has no such dossier must not learn that there is one
    with contextlib.suppress(throttling.TooOften):
        dossiers.prove(ask.session, number, ask.values.get("phone", "")[:40], None)
    return ask.page("prove", Prove(number, sent=True))


def act(verb: Callable[[Ask, Session, str, str | None], object]) -> Callable[[Ask], Response]:
    """A form of the dossier's page: what is wrong is said on the page, and nothing was done."""

    def view(ask: Ask) -> Response:
        number = _number(ask)
        try:
            with db.writing() as session:
                verb(ask, session, number, _token(ask))
        except _ERRORS as error:
            with db.reading() as session:
                return _page(ask, session, said(ask, error))
        return back(_base(number))

    return view


def supply(ask: Ask) -> Response:
    """`POST …/supply`: additions that were asked for."""
    number = _number(ask)
    try:
        mine = dossiers.mine(ask.session, ask.caller, number, _token(ask))
        ready = []
        for code, one in ask.uploads("paper-"):
            paper = named(mine.procedure, code).code if mine.procedure and code else ""
            ready.append((paper, prepared(one)))
        with db.writing() as session:
            dossiers.supply(session, ask.caller, number, _token(ask), ask.values.get("text", ""), ready)
    except (*_ERRORS, TooLarge) as error:
        with db.reading() as session:
            return _page(ask, session, said(ask, error))
    return back(_base(number))


def _withdraw(ask: Ask, session: Session, number: str, token: str | None) -> None:
    dossiers.withdraw(session, ask.caller, number, token, ask.values.get("text", ""))


def _appeal(ask: Ask, session: Session, number: str, token: str | None) -> None:
    dossiers.appeal(session, ask.caller, number, token, ask.values.get("text", ""))


def _receive(ask: Ask, session: Session, number: str, token: str | None) -> None:
    dossiers.receive(session, ask.caller, number, token)


def _rate(ask: Ask, session: Session, number: str, token: str | None) -> None:
    given = ask.values.get("rating", "")
    if given not in tuple("12345"):
        raise BadInput(ask.say("Chọn một mức từ 1 đến 5."))
    dossiers.rate(session, ask.caller, number, token, int(given), ask.values.get("text", ""))


withdraw, appeal, receive, rate = act(_withdraw), act(_appeal), act(_receive), act(_rate)


def receipt(ask: Ask) -> Response:
    """`GET …/receipt`: giấy tiếp nhận hồ sơ và hẹn trả kết quả, for its applicant and for the desk; to print."""
    mine, _ = _seen(ask)
    url = f"{ask.base}{_base(mine.case.number)}"
    qr = segno.make(url, error="m").svg_inline(scale=3, border=0, omitsize=True)
    masked = contacts.masked_of(ask.session, mine.case)
    titles = words.paper_titles(mine.procedure, ask.language)
    page = Receipt(mine, masked, titles, qr, url)
    return ask.page("receipt", page, simulated=mine.case.simulated or None)


def file_(ask: Ask) -> Response:
    """`GET …/files/{id}`: a paper of one's own, the result once it was handed over; every file for the office."""
    mine, own = _seen(ask)
    made = _file(ask, mine, own=own)
    found = files.served(ask.session, ask.caller, made.id, "original", _token(ask))
    return FileResponse(found.path, media_type=found.media_type, headers=dict(found.headers))


def signature(ask: Ask) -> Response:
    """`GET …/files/{id}/signature`: the detached CMS signature of a result."""
    mine, own = _seen(ask)
    made = _file(ask, mine, own=own)
    found = dossiers.signatures(ask.session, mine.case).get(made.id)
    if found is None:
        raise NotFound("this file is not signed")
    name = f"{mine.case.number}-{made.id}.p7s"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }
    return Response(dossiers.signature_of(found), media_type="application/pkcs7-signature", headers=headers)


def _file(ask: Ask, mine: dossiers.Mine, *, own: bool) -> CaseFile:
    id_ = ask.request.path_params["id"]
    every = [*mine.papers, *(one for one, _ in mine.results)]
    found = next((one for one in every if one.id == id_), None)
    if found is None or (own and found.kind == "result" and mine.case.state != "handed-over"):
        raise NotFound("there is no such file")
    return found


def _seen(ask: Ask) -> tuple[dossiers.Mine, bool]:
    """A dossier for its applicant, or for somebody of its office; whether it is the applicant."""
    number = _number(ask)
    try:
        return dossiers.mine(ask.session, ask.caller, number, _token(ask)), True
    except NotFound:
        case = reading.case(ask.session, ask.caller, number)
        if case.type != dossiers.TYPE or not reading.inside(ask.session, ask.caller, case):
            raise
        return dossiers.whole(ask.session, case), False


def said(ask: Ask, error: DothiError) -> str:
    """An error in the words of these pages."""
    places = {one.place for one in error.faults}
    if error.status == 413:
        return ask.say("Tệp quá lớn. Chụp lại ở cỡ nhỏ hơn hoặc nén tệp PDF.")
    if "text" in places:
        return ask.say("Cần ghi lý do hoặc nội dung, nhiều nhất 4.000 chữ.")
    if "files" in places:
        return ask.say("Cần chọn tệp hoặc ghi nội dung bổ sung.")
    if "file" in places:
        return ask.say("Chỉ nhận ảnh JPEG, PNG, WebP hoặc tệp PDF.")
    if isinstance(error, BadInput):
        return error.message
    return ask.say("Không làm được lúc này: hồ sơ vừa chuyển trạng thái, hoặc đã hết thời hạn.")


def _number(ask: Ask) -> str:
    return str(ask.request.path_params["number"]).replace("\0", "").strip().upper()[:60]


def _base(number: str) -> str:
    return f"/services/dossiers/{number}"


def _token(ask: Ask) -> str | None:
    return ask.request.cookies.get(DOSSIER)
