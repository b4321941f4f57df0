"""How a page of notifications is asked for: who may, the form's token, one session, one transaction."""

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
from dothi.web import errors, forms, i18n, shell
from dothi.web.forms import Filled

ANYBODY = "anybody"
SIGNED_IN = "signed in"
LEADS = "duty:lead"
ROUTES: list[tuple[str, str, str]] = []  # method, path, who: what the tests read
WRONG = (BadInput, Conflict)  # what a form is shown again with


@dataclass
class Ask:
    """One question to a page of notifications. values: the form's texts, the first of each name; form: all of it."""

    request: Request
    caller: Caller
    session: Session
    language: str
    say: i18n.Say
    form: FormData | None = None
    values: dict[str, str] = field(default_factory=dict)
    now: int = field(default_factory=clock.now_micros)

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page; forms in it carry this browser's token."""
        answer = shell.page(
            self.request, f"notify/{template}.html",
            {
                "caller": self.caller, "form": filled or Filled(), "token": forms.token(self.request), "entries": ("notify",),
                "city": city_name(self.session, self.language), "simulated": False, "now": self.now, "when": when, **context,
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


def allowed(caller: Caller, who: str) -> bool:
    """Whether a caller may ask for a page open to `who`: anybody, signed in, or holders of a permission somewhere."""
    if who == ANYBODY:
        return True
    return caller.kind == "person" and (who == SIGNED_IN or guard.may_somewhere(caller, who))


def get(path: str, who: str, view: View) -> Route:
    """A page to look at, in a session that only reads."""
    return _route("GET", path, who, view)


def post(path: str, who: str, view: View, *, token: bool = True) -> Route:
    """A form that changes something, in one transaction. token=False: the address itself is the proof."""
    return _route("POST", path, who, view, token=token)


def _route(method: str, path: str, who: str, view: View, *, token: bool = True) -> Route:
    ROUTES.append((method, path, who))

    async def endpoint(request: Request) -> Response:
        form = None if method == "GET" else await request.form(max_files=0, max_fields=400, max_part_size=64 * 1024)
        return await run_in_threadpool(answer, request, form)

    def answer(request: Request, form: FormData | None) -> Response:
        language = i18n.language_of(request)
        try:
            caller = access.caller(request)
            if not allowed(caller, who):
                _refuse(caller, who)
            if form is not None and token:
                forms.check(request, form)
            with db.writing() if method == "POST" else db.reading() as session:
                values = {} if form is None else forms.texts(form)
                return view(Ask(request, caller, session, language, i18n.speaker(language), form, values))
        except NotSignedIn as error:
            if errors.for_browser(request) and method == "GET":
                return RedirectResponse(f"/admin/sign-in?next={quote(request.url.path, safe='/')}", 303)
            return _said(request, error)
        except DothiError as error:
            return _said(request, error)

    return Route(path, endpoint, methods=[method], name=f"{method} {path}")


def back(to: str) -> Response:
    """After a form: look at this page."""
    return RedirectResponse(to, 303)


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error; what has no field of its own goes into the message."""
    filled = Filled.wrong(ask.values, error)
    loose = [str(f) for f in error.faults if f.place.partition(".")[0] not in ask.values]
    if loose:
        filled.message = f"{error.message}: {'; '.join(loose[:6])}"
    return filled


def when(micros: int | None) -> str:
    """17:42 21/11/2026 in Vietnam's time; a dash for never."""
    return "–" if micros is None else f"{clock.moment(micros).astimezone(clock.VIETNAM):%H:%M %d/%m/%Y}"


def _refuse(caller: Caller, who: str) -> None:
    if caller.kind != "person":
        raise NotSignedIn("sign in to see this page")
    raise NotAllowed(f"{caller.name} does not hold {who}")


def _said(request: Request, error: DothiError) -> Response:
    return errors.answer(request, error.status, error.message, error.faults, errors.headers_of(error))
