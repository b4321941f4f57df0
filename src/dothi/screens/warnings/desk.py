"""How a page of the warnings desk is asked for: who may, the form's token, one session, one transaction."""

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
from dothi.kit.errors import DothiError, NotAllowed, NotSignedIn
from dothi.screens.warnings import words
from dothi.screens.warnings.public import city_name
from dothi.sensing import glance
from dothi.web import errors, forms, i18n, shell
from dothi.web.forms import Filled

SEES = "alarms:read"
LONGEST = 512 * 1024  # of one field: a drawn outline


@dataclass
class Ask:
    """One question to the desk. values: the form's texts; form: all of it."""

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

    def all(self, name: str) -> list[str]:
        """Every text a form gives under one name."""
        return [str(one) for one in self.form.getlist(name)] if self.form is not None else []

    def page(
        self, template: str, page: Any, filled: Filled | None = None, status: int = 200, entries: tuple[str, ...] = ()
    ) -> Response:
        """The answer as a page; forms in it carry this browser's token."""
        answer = shell.page(
            self.request, f"warnings/{template}.html",
            {
                "caller": self.caller, "ask": self, "page": page, "form": filled or Filled(), "entries": entries,
                "token": forms.token(self.request), "city": city_name(self.session, self.language), "now": self.now,
                "w": words, "language": self.language,
                "simulated": glance.any_simulated(self.session, self.caller),
            },
            status,
        )  # fmt: skip
        answer.headers["cache-control"] = "no-store"
        forms.keep(self.request, answer)
        return answer


View = Callable[[Ask], Response]


def get(path: str, view: View, permission: str = SEES) -> Route:
    """A page to look at, in a session that only reads."""
    return _route("GET", path, view, permission)


def post(path: str, view: View, permission: str) -> Route:
    """A form that changes something, in one transaction."""
    return _route("POST", path, view, permission)


def back(to: str) -> Response:
    """After a form: look at this page."""
    return RedirectResponse(to, 303)


def _route(method: str, path: str, view: View, permission: str) -> Route:
    async def endpoint(request: Request) -> Response:
        form = None if method == "GET" else await request.form(max_files=0, max_fields=400, max_part_size=LONGEST)
        return await run_in_threadpool(answer, request, form)

    def answer(request: Request, form: FormData | None) -> Response:
        try:
            caller = access.caller(request)
            if not guard.may_somewhere(caller, permission):
                _refuse(caller, permission)
            if form is not None:
                forms.check(request, form)
            language = i18n.language_of(request)
            with db.writing() if method == "POST" else db.reading() as session:
                ask = Ask(request, caller, session, language, i18n.speaker(language), form)
                if form is not None:
                    ask.values = forms.texts(form)
                return view(ask)
        except NotSignedIn as error:
            if errors.for_browser(request) and method == "GET":
                to = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return RedirectResponse(f"/admin/sign-in?next={quote(to, safe='/')}", 303)
            return _said(request, error)
        except DothiError as error:
            return _said(request, error)

    return Route(path, endpoint, methods=[method], name=f"{method} {path}")


def _refuse(caller: Caller, permission: str) -> None:
    if caller.kind == "anonymous":
        raise NotSignedIn("sign in to see this page")
    raise NotAllowed(f"{caller.name or caller.actor} does not hold {permission}")


def _said(request: Request, error: DothiError) -> Response:
    return errors.answer(request, error.status, error.message, error.faults, errors.headers_of(error))
