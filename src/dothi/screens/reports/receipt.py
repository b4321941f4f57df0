"""`/reports/{number}/receipt`: the tracking number with its QR, and the one-time code that makes the report count."""

from dataclasses import dataclass

import segno
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from dothi.cases import codes, contacts, contacts_store, service, throttling
from dothi.cases.tables import CaseContact
from dothi.cases.types import types
from dothi.identity import called
from dothi.kit.errors import Conflict, Fault, NotFound
from dothi.screens.desk import ANYBODY, back
from dothi.screens.reports import choices, saying
from dothi.screens.reports.asking import Ask, Seen, get, post, seen, unknown
from dothi.web.forms import Filled


@dataclass
class Receipt:
    """The context of `reports/receipt.html`. waits: confirmed | code | none (nothing can be sent) | look (looked at)."""

    number: str
    title: str
    icon: str
    place: str
    at: str
    state: str
    due: str
    link: str
    private: str
    qr: Markup
    waits: str
    masked: contacts.Masked
    minutes: int
    said: str
    office: str


def receipt(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /reports/{number}/receipt`: of who reported alone."""
    found = seen(ask)
    if not found.mine:
        return RedirectResponse(f"/reports/{ask.number}", 303)
    case, token = found.case, found.token
    link = f"{ask.base}/reports/{case.number}"
    private = f"{link}?t={token}" if token else link
    contact = ask.session.get(CaseContact, case.id)
    page = Receipt(
        case.number, case.title, choices.icons().get(case.category or "", choices.PLAIN_ICON), saying.place(ask, found.public),
        saying.moment(case.opened_at, ask.language), saying.state(ask, found.public),
        saying.moment(case.due_at, ask.language) if case.due_at else "", link, private, qr(private), _waits(ask, found, contact),
        contacts.masked(contact), codes.LASTS // (60 * 1_000_000), ask.request.query_params.get("said", "")[:20],
        called.agency(ask.session, found.public.office, ask.language),
    )  # fmt: skip
    answer = ask.page("receipt", page, filled, status, simulated=case.simulated)
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


def _waits(ask: Ask, found: Seen, contact: CaseContact | None) -> str:
    if found.case.state not in types().unconfirmed:
        return "confirmed"
    if contact is None or contacts.way(contact) is None:
        return "look"
    return "code" if contacts_store.live_code(ask.session, found.case.id, ask.now) else "none"


def confirm(ask: Ask) -> Response:
    """`POST /reports/{number}/confirm`: the code; a wrong one is counted, so the transaction is committed."""
    number = ask.number
    token = ask.token(number)
    if token is None and ask.caller.kind != "person":
        raise unknown()
    try:
        done = service.confirm(ask.session, ask.caller, number, ask.values.get("code", "")[:20], token=token)
    except NotFound:
        raise unknown() from None
    if done.right:
        return back(f"/reports/{number}/receipt?said=confirmed")
    if done.left:
        text = ask.say("Mã chưa đúng. Còn {n} lần thử.", n=done.left)
    else:
        text = ask.say("Mã này không dùng được nữa. Xin mã mới.")
    return receipt(ask, Filled({}, {"code": [Fault("code", text)]}), 400)


def again(ask: Ask) -> Response:
    """`POST /reports/{number}/code`: another code."""
    found = seen(ask)
    if not found.mine:
        raise unknown()
    if found.case.state not in types().unconfirmed:
        return back(f"/reports/{ask.number}/receipt")
    try:
        codes.send(ask.session, found.case, ask.address)
    except throttling.TooOften as error:
        minutes = max(1, round(error.retry_after / 60))
        text = ask.say("Đã gửi nhiều mã. Thử lại sau {n} phút.", n=minutes)
        return receipt(ask, Filled({}, {"code": [Fault("code", text)]}), 429)
    except Conflict:
        return back(f"/reports/{ask.number}/receipt")
    return back(f"/reports/{ask.number}/receipt?said=code")


def qr(text: str) -> Markup:
    """A QR code as a drawing of the page, dark on its own light ground in either theme."""
    made = segno.make(text, error="m", micro=False)
    drawn = made.svg_inline(scale=4, border=2, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    return Markup(drawn)  # noqa: S704 - drawn here, holds no text


routes = [
    get("/reports/{number}/receipt", receipt, ANYBODY),
    post("/reports/{number}/confirm", confirm, ANYBODY),
    post("/reports/{number}/code", again, ANYBODY),
]
