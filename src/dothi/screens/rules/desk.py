"""How a page of the rules is asked for: who may, the form's token, one session, one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dothi.db import session as db
from dothi.identity import access, guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, DothiError, NotAllowed, NotSignedIn
from dothi.screens.portal.asking import city_name
from dothi.screens.rules import words
from dothi.web import errors, forms, i18n, shell
from dothi.web.forms import Filled

READS, WRITES, HANDLES = "alarms:read", "rules:write", "alarms:handle"
ROUTES: list[tuple[str, str, str]] = []  # method, path, permission: what the tests and the guide read
WRONG = (BadInput, Conflict)  # what a form is shown again with


@dataclass
class Ask:
    """One question to a page of the rules. values: the form's texts; form: all of it; now: µs UTC."""

    request: Request
    caller: Caller
    session: Session
    language: str
    say: i18n.Say
    form: FormData | None = None
    values: dict[str, str] = field(default_factory=dict)
    now: int = field(default_factory=clock.now_micros)

    def may(self, permission: str, agency_id: int | None = None) -> bool:
        """Whether the caller holds a permission in that agency, or everywhere when it is nobody's."""
        return guard.may(self.caller, permission, agency_id)

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page; forms in it carry this browser's token."""
        answer = shell.page(
            self.request, f"rules/{template}.html",
            {
                "caller": self.caller, "ask": self, "form": filled or Filled(), "token": forms.token(self.request),
                "entries": ("rules",), "city": city_name(self.session, self.language), "now": self.now, "w": words,
                "simulated": False, **context,
            },
            status,
        )  # fmt: skip
        answer.headers["cache-control"] = "no-store"
        forms.keep(self.request, answer)
        return answer

    def all(self, name: str) -> list[str]:
        """Every text a form gives under one name."""
        return [str(one) for one in self.form.getlist(name)] if self.form is not None else []


View = Callable[[Ask], Response]


def get(path: str, view: View, permission: str = READS) -> Route:
    """A page to look at, in a session that only reads."""
    return _route("GET", path, view, permission)


def post(path: str, view: View, permission: str = WRITES) -> Route:
    """A form that changes something, in one transaction."""
    return _route("POST", path, view, permission)


def _route(method: str, path: str, view: View, permission: str) -> Route:
    ROUTES.append((method, path, permission))

    async def endpoint(request: Request) -> Response:
        form = None if method == "GET" else await request.form(max_files=0, max_fields=200, max_part_size=256 * 1024)
        return await run_in_threadpool(answer, request, form)

    def answer(request: Request, form: FormData | None) -> Response:
        language = i18n.language_of(request)
        try:
            caller = access.caller(request)
            _require(caller, permission)
            if form is not None:
                forms.check(request, form)
            with db.reading() if method == "GET" else db.writing() as session:
                values = {} if form is None else forms.texts(form)
                return view(Ask(request, caller, session, language, i18n.speaker(language), form, values))
        except NotSignedIn as error:
            if errors.for_browser(request) and method == "GET":
                back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="/")
                return RedirectResponse(f"/admin/sign-in?next={back}", 303)
            return _said(request, error)
        except DothiError as error:
            return _said(request, error)

    return Route(path, endpoint, methods=[method], name=f"{method} {path}")


def _require(caller: Caller, permission: str) -> None:
    if guard.may_somewhere(caller, permission):
        return
    if caller.kind == "anonymous":
        raise NotSignedIn("sign in to see the rules")
    raise NotAllowed(f"{caller.name or caller.actor} does not hold {permission}")


def back(to: str) -> Response:
    """After a form: look at this page."""
    return RedirectResponse(to, 303)


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error; what it says of a place the form has no field for goes into the message."""
    filled = Filled.wrong(ask.values, error)
    loose = [str(one) for one in error.faults if one.place.partition(".")[0] not in ask.values]
    if loose:
        filled.message = f"{error.message}: {'; '.join(loose[:8])}"
    return filled


def _said(request: Request, error: DothiError) -> Response:
    return errors.answer(request, error.status, error.message, error.faults, errors.headers_of(error))
