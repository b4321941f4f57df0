"""How a steward's page is asked for: who may, the form's token, one session, one transaction."""

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

from dothi.datasets import views
from dothi.datasets.views import View as Seen
from dothi.db import session as db
from dothi.doors.catalogue.asking import base_of
from dothi.identity import access, guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, NotAllowed, NotFound, NotSignedIn
from dothi.screens.portal.asking import city_name, map_setting
from dothi.web import errors, forms, i18n, shell
from dothi.web.forms import Filled

PERMISSIONS = ("data:describe", "data:approve", "data:write")
ROUTES: list[tuple[str, str, str]] = []  # method, path, who: what the tests and the guide read
WHO = "data:describe, data:write or data:approve, somewhere"


@dataclass
class Ask:
    """One question to a steward's page. values: the form's texts, the first of each name; form: all of it."""

    request: Request
    caller: Caller
    session: Session
    language: str
    say: i18n.Say
    form: FormData | None = None
    values: dict[str, str] = field(default_factory=dict)
    now: int = field(default_factory=clock.now_micros)

    @property
    def base(self) -> str:
        """The address others reach this server at."""
        return base_of(self.request)

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page; forms in it carry this browser's token."""
        answer = shell.page(
            self.request, f"steward/{template}.html",
            {
                "caller": self.caller, "form": filled or Filled(), "token": forms.token(self.request),
                "entries": ("catalogue",), "city": city_name(self.session, self.language), "map": map_setting(self.say),
                "simulated": False, "now": self.now, **context,
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


def kept(ask: Ask) -> Seen:
    """The dataset of the address, which the caller keeps or decides on; NotFound alike for all others."""
    found = views.view(ask.caller, ask.request.path_params["code"])
    if not (found.describes or found.approves or found.writes):
        raise NotFound(ask.say("Không có tập dữ liệu nào ở đây mà bạn quản lý."))
    return found


def get(path: str, view: View) -> Route:
    """A page to look at, in a session that only reads."""
    return _route("GET", path, view, writes=False, files=0)


def post(path: str, view: View) -> Route:
    """A form that changes something, in one transaction."""
    return _route("POST", path, view, writes=True, files=0)


def post_long(path: str, view: View, *, files: int = 0) -> Route:
    """A form, with a file perhaps, whose view makes its own transactions: no lock is held while it works."""
    return _route("POST", path, view, writes=False, files=files)


def _route(method: str, path: str, view: View, *, writes: bool, files: int) -> Route:
    ROUTES.append((method, f"/steward{path}", WHO))

    async def endpoint(request: Request) -> Response:
        if method == "GET":
            return await run_in_threadpool(answer, request, None)
        # who may not is told so before a large body is taken apart
        refused = await run_in_threadpool(allowed, request)
        if refused is not None:
            return refused
        async with request.form(max_files=files, max_fields=3000, max_part_size=1024 * 1024) as form:
            return await run_in_threadpool(answer, request, form)

    def allowed(request: Request) -> Response | None:
        try:
            _require(access.caller(request))
        except DothiError as error:
            return _said(request, error)
        return None

    def answer(request: Request, form: FormData | None) -> Response:
        language = i18n.language_of(request)
        try:
            caller = access.caller(request)
            _require(caller)
            if form is not None:
                forms.check(request, form)
            with db.writing() if writes else db.reading() as session:
                values = {} if form is None else forms.texts(form)
                return view(Ask(request, caller, session, language, i18n.speaker(language), form, values))
        except NotSignedIn as error:
            if errors.for_browser(request) and method == "GET":
                back = quote(request.url.path, safe="/")
                return RedirectResponse(f"/admin/sign-in?next={back}", 303)
            return _said(request, error)
        except DothiError as error:
            return _said(request, error)

    return Route(f"/steward{path}", endpoint, methods=[method], name=f"{method} /steward{path}")


def _require(caller: Caller) -> None:
    if any(guard.may_somewhere(caller, one) for one in PERMISSIONS):
        return
    if caller.kind == "anonymous":
        raise NotSignedIn("sign in to keep datasets")
    raise NotAllowed(f"{caller.name or caller.actor} keeps no datasets")


def back(to: str) -> Response:
    """After a form: look at this page."""
    return RedirectResponse(to, 303)


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error; what a form says of a place it has no field for goes into the message."""
    filled = Filled.wrong(ask.values, error)
    loose = [str(f) for f in error.faults if f.place.partition(".")[0] not in ask.values]
    if loose:
        filled.message = f"{error.message}: {'; '.join(loose[:6])}"
    return filled


def number(text: str, name: str) -> int:
    """A whole number of an address or a form. Raises BadInput."""
    if not text.isdecimal() or len(text) > 12:
        raise BadInput(f"{name} is no number: {text[:40]!r}")
    return int(text)


def _said(request: Request, error: DothiError) -> Response:
    return errors.answer(request, error.status, error.message, error.faults, errors.headers_of(error))
