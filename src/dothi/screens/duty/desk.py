"""How a page of the duty room is asked for: who may, the form's token, one session, one transaction."""

from collections.abc import Callable, Mapping
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
from dothi.kit.errors import BadInput, Conflict, DothiError, NotAllowed, NotSignedIn, PreconditionFailed
from dothi.screens.duty import words
from dothi.screens.portal.asking import city_name
from dothi.web import errors, forms, i18n, shell
from dothi.web.forms import Filled

SEES = "alarms:read"
ROUTES: list[tuple[str, str, str]] = []  # method, path, permission: what the tests and the guide read
WRONG = (BadInput, Conflict, PreconditionFailed)  # what a form is shown again with


@dataclass
class Ask:
    """One question to a page of the duty room. values: the form's texts; form: all of it."""

    request: Request
    caller: Caller
    session: Session
    language: str
    say: i18n.Say
    form: FormData | None = None
    values: dict[str, str] = field(default_factory=dict)
    now: int = field(default_factory=clock.now_micros)

    def may(self, permission: str, agency_id: int | None = None) -> bool:
        """Whether the caller holds a permission in that agency, or anywhere when none is given."""
        if agency_id is None:
            return guard.may_somewhere(self.caller, permission)
        return guard.may(self.caller, permission, agency_id)

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page; forms in it carry this browser's token."""
        answer = shell.page(
            self.request, f"duty/{template}.html",
            {
                "caller": self.caller, "ask": self, "form": filled or Filled(), "token": forms.token(self.request),
                "entries": ("duty",), "city": city_name(self.session, self.language), "now": self.now, "w": words,
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


def get(path: str, view: View, permission: str = SEES) -> Route:
    """A page to look at, in a session that only reads."""
    return _route("GET", path, view, permission)


def post(path: str, view: View, permission: str = SEES) -> Route:
    """A form that changes something, in one transaction."""
    return _route("POST", path, view, permission)


def _route(method: str, path: str, view: View, permission: str) -> Route:
    ROUTES.append((method, path, permission))

    async def endpoint(request: Request) -> Response:
        form = None if method == "GET" else await request.form(max_files=0, max_fields=200, max_part_size=64 * 1024)
        return await run_in_threadpool(answer, request, form)

    def answer(request: Request, form: FormData | None) -> Response:
        language = i18n.language_of(request)
        say = i18n.speaker(language)
        try:
            caller = access.caller(request)
            require(caller, permission)
            if form is not None:
                forms.check(request, form)
            with db.reading() if method == "GET" else db.writing() as session:
                values = {} if form is None else forms.texts(form)
                return view(Ask(request, caller, session, language, say, form, values))
        except NotSignedIn as error:
            if errors.for_browser(request) and method == "GET":
                back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="/")
                return RedirectResponse(f"/admin/sign-in?next={back}", 303)
            return said(request, error)
        except DothiError as error:
            return said(request, words.told(error, say) if errors.for_browser(request) else error)

    return Route(path, endpoint, methods=[method], name=f"{method} {path}")


def require(caller: Caller, permission: str) -> None:
    """Refuse who does not hold the permission anywhere."""
    if guard.may_somewhere(caller, permission):
        return
    if caller.kind == "anonymous":
        raise NotSignedIn("sign in to see the duty room")
    raise NotAllowed(f"{caller.name or caller.actor} does not hold {permission}")


def tried(ask: Ask, verb: Callable[[], Any]) -> Filled | None:
    """Do what a form asks; None when it is done, else the form to show again. What failed left nothing behind."""
    try:
        with ask.session.begin_nested():
            verb()
    except WRONG as error:
        return wrong(ask, error)
    return None


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error; what it says of a place there is no field for goes into the message."""
    told = words.told(error, ask.say)
    filled = Filled.wrong(ask.values, told)
    loose = [str(one) for one in told.faults if one.place.partition(".")[0] not in ask.values]
    if loose:
        filled.message = f"{told.message}: {'; '.join(loose[:6])}"
    return filled


def back(to: str) -> Response:
    """After a form: look at this page."""
    return RedirectResponse(to, 303)


def safe(path: str | None, otherwise: str) -> str:
    """An address of this server's operations pages, or the other one."""
    return path if path and path.startswith("/operations") and path.isprintable() and "\\" not in path else otherwise


def number(text: str) -> int | None:
    """A whole number of an address or a form; None for none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else None


def said(request: Request, error: DothiError) -> Response:
    """An error as its caller reads it."""
    return errors.answer(request, error.status, error.message, error.faults, errors.headers_of(error))


Values = Mapping[str, str]
