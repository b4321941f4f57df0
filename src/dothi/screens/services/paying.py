"""Pay a fee: to the provider and back; the sandbox's own page, which says that it takes no money."""

from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dothi.cases import payments
from dothi.cases.tables import Case, Payment
from dothi.db import session as db
from dothi.kit.errors import Conflict, DothiError, NotFound
from dothi.screens.desk import back
from dothi.screens.services import filed
from dothi.screens.services.desk import DOSSIER, Ask
from dothi.web import errors


@dataclass
class Sandbox:
    """The context of `services/sandbox.html`."""

    payment: Payment
    number: str


@dataclass
class Away:
    """The context of `services/away.html`: the page of a provider elsewhere."""

    url: str
    number: str


def pay(ask: Ask) -> Response:
    """`POST /services/dossiers/{number}/pay`: on to the provider."""
    number = str(ask.request.path_params["number"]).replace("\0", "")[:60]
    try:
        with db.writing() as session:
            made = payments.ask(session, ask.caller, number, token=ask.request.cookies.get(DOSSIER))
            reference, amount, code = made.reference, made.amount, made.provider
    except Conflict as error:
        with db.reading() as session:
            return filed._page(ask, session, filed.said(ask, error))  # noqa: SLF001 - the dossier's own page
    here = payments.provider(code)
    if here is None:
        raise NotFound("no such provider takes fees here")
    home = f"{ask.base}/services/dossiers/{number}"
    url = here.begin(reference, amount, number, home)
    # a form may not lead to another site (CSP), a link may
    return back(url) if url.startswith("/") else ask.page("away", Away(url, number))


def sandbox(ask: Ask) -> Response:
    """`GET /services/pay/{reference}`: the sandbox's page."""
    payment, case = _of_sandbox(ask)
    return ask.page("sandbox", Sandbox(payment, case.number), simulated=True)


def choose(ask: Ask) -> Response:
    """`POST /services/pay/{reference}`: whoever tries it says what the bank would; the call is made as a real one is."""
    payment, case = _of_sandbox(ask)
    paid = ask.values.get("result") == "paid"
    here = payments.Sandbox()
    headers, body = here.said(payment.reference, payment.amount, paid=paid)
    number = case.number
    with db.writing() as session:
        payments.told(session, here.code, headers, body)
    return back(f"/services/dossiers/{number}")


def _of_sandbox(ask: Ask) -> tuple[Payment, Case]:
    if payments.provider(payments.Sandbox.code) is None:
        raise NotFound("there is no sandbox here")
    payment, case = payments.one(ask.session, str(ask.request.path_params["reference"]).replace("\0", "")[:80])
    if payment.provider != payments.Sandbox.code:
        raise NotFound("there is no such payment")
    return payment, case


async def _callback(request: Request) -> Response:
    """`POST /services/payments/{provider}`: a provider says what became of a payment; the same again changes nothing."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > payments.LARGEST:
            return JSONResponse({"error": "the call is too large"}, 413)

    def count() -> dict[str, object]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        with db.writing() as session:
            one = payments.told(session, str(request.path_params["provider"]), headers, body)
            return {"reference": one.reference, "state": one.state}

    try:
        return JSONResponse(await run_in_threadpool(count))
    except DothiError as error:
        return errors.said(request, error)


callback = Route(
    "/services/payments/{provider}", _callback, methods=["POST"], name="POST /services/payments/{provider}"
)
