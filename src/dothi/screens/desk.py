"""How pages with forms are asked for: who may, the form's token, one session, one transaction.

Each part of the city's pages keeps one `Desk` and its own `Ask`; its routes are made by the desk's get and post.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
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
from dothi.kit.errors import DothiError, NotAllowed, NotSignedIn
from dothi.screens import asking
from dothi.web import errors, forms, i18n, shell
from dothi.web.forms import Filled

ANYBODY = "anybody"
SIGNED_IN = "signed in"


@dataclass
class Ask(asking.Ask):
    """One question to a desk. values: the form's texts, the first of each name; form: all of it."""

    form: FormData | None = None
    values: dict[str, str] = field(default_factory=dict)

    def may(self, permission: str, agency_id: int | None = None) -> bool:
        """Whether the caller holds a permission: in that agency, or anywhere when none is given."""
        if agency_id is None:
            return guard.may_somewhere(self.caller, permission)
        return guard.may(self.caller, permission, agency_id)

    def all(self, name: str) -> list[str]:
        """Every text a form gives under one name."""
        return [str(one) for one in self.form.getlist(name)] if self.form is not None else []

    def shown(self, template: str, context: dict[str, Any], status: int = 200) -> Response:
        """The answer as a page nobody keeps; forms in it carry this browser's token."""
        frame = {"ask": self, "caller": self.caller, "token": forms.token(self.request)}
        answer = shell.page(self.request, template, frame | context, status)
        answer.headers["cache-control"] = "no-store"
        forms.keep(self.request, answer)
        return answer


A = TypeVar("A", bound=Ask)
Begin = Callable[[], AbstractContextManager[Session]]


@dataclass
class Desk(Generic[A]):
    """The pages of one part.

    ask: its questions; admit: raises unless a caller may ask for what is open to `who`; reads, writes: who may look and
    who may send forms where a route says nothing else; fields, size: the most fields of a form, the most bytes of one;
    early: who may not is told so before a large body is taken apart; query: whoever signs in first comes back to the
    address with its query; told: an error in the words of these pages; routes: method, path, who, which the tests read.
    """

    ask: type[A]
    admit: Callable[[Caller, str], None]
    reads: str
    writes: str
    fields: int = 200
    size: int = 64 * 1024
    early: bool = False
    query: bool = True
    told: Callable[[DothiError, i18n.Say], DothiError] = lambda error, _say: error
    routes: list[tuple[str, str, str]] = field(default_factory=list)

    def get(self, path: str, view: Callable[[A], Response], who: str = "") -> Route:
        """A page or data to look at, in a session that only reads."""
        who = who or self.reads

        async def endpoint(request: Request) -> Response:
            return await run_in_threadpool(self._answer, request, view, who)

        return self._route("GET", path, endpoint, who)

    def post(self, path: str, view: Callable[[A], Response], who: str = "", *, token: bool = True) -> Route:
        """A form that changes something, in one transaction. token=False: the address itself is the proof."""
        return self._post(path, view, who, db.writing, token=token)

    def post_reading(self, path: str, view: Callable[[A], Response], who: str = "", *, files: int = 0) -> Route:
        """A form, with files perhaps, whose view makes its own transactions: no lock is held while it works."""
        return self._post(path, view, who, db.reading, files=files)

    def _post(
        self, path: str, view: Callable[[A], Response], who: str, begin: Begin, *, token: bool = True, files: int = 0
    ) -> Route:
        who = who or self.writes

        async def endpoint(request: Request) -> Response:
            refused = await run_in_threadpool(self._refused, request, who) if self.early else None
            if refused is not None:
                return refused
            async with request.form(max_files=files, max_fields=self.fields, max_part_size=self.size) as form:
                return await run_in_threadpool(self._answer, request, view, who, form, begin, token=token)

        return self._route("POST", path, endpoint, who)

    def _route(self, method: str, path: str, endpoint: Any, who: str) -> Route:
        self.routes.append((method, path, who))
        return Route(path, endpoint, methods=[method], name=f"{method} {path}")

    def _refused(self, request: Request, who: str) -> Response | None:
        try:
            self.admit(access.caller(request), who)
        except DothiError as error:
            return errors.said(request, error)
        return None

    def _answer(
        self, request: Request, view: Callable[[A], Response], who: str, form: FormData | None = None,
        begin: Begin = db.reading, *, token: bool = True,
    ) -> Response:  # fmt: skip
        browser = errors.for_browser(request)
        try:
            caller = access.caller(request)
            self.admit(caller, who)
            if form is not None and token:
                forms.check(request, form)
            with begin() as session:
                ask = self.ask.of(request, session, caller)
                if form is not None:
                    ask.form, ask.values = form, forms.texts(form)
                    if begin is db.reading:  # what the view reads after a transaction of its own is not from before it
                        session.rollback()
                return asking.remember_city(request, view(ask))
        except NotSignedIn as error:
            if browser and form is None:
                here = request.url.path + (f"?{request.url.query}" if self.query and request.url.query else "")
                return RedirectResponse(f"/admin/sign-in?next={quote(here, safe='/')}", 303)
            return errors.said(request, error)
        except DothiError as error:
            say = i18n.speaker(i18n.language_of(request))
            return errors.said(request, self.told(error, say) if browser else error)


def allowed(caller: Caller, who: str) -> bool:
    """Whether a caller may ask for a page open to `who`: anybody, signed in, or people with a permission somewhere."""
    if who == ANYBODY:
        return True
    return caller.kind == "person" and (who == SIGNED_IN or guard.may_somewhere(caller, who))


def people(caller: Caller, who: str) -> None:
    """Admit who is `allowed`: people, and no keys."""
    if allowed(caller, who):
        return
    if caller.kind != "person":
        raise NotSignedIn("sign in to see this page")
    raise NotAllowed(f"{caller.name} does not hold {who}")


def holders(sign_in: str) -> Callable[[Caller, str], None]:
    """Admit who holds the permission anywhere, people and keys. sign_in: what a stranger is told."""

    def admit(caller: Caller, who: str) -> None:
        if guard.may_somewhere(caller, who):
            return
        if caller.kind == "anonymous":
            raise NotSignedIn(sign_in)
        raise NotAllowed(f"{caller.name or caller.actor} does not hold {who}")

    return admit


def wrong(ask: Ask, error: DothiError, most: int = 6) -> Filled:
    """A form shown again with its error; what it says of a place the form has no field for goes into the message."""
    filled = Filled.wrong(ask.values, error)
    loose = [str(one) for one in error.faults if one.place.partition(".")[0] not in ask.values]
    if loose:
        filled.message = f"{error.message}: {'; '.join(loose[:most])}"
    return filled


def tried(
    ask: A, verb: Callable[[], Any], caught: tuple[type[DothiError], ...], wrong: Callable[[A, DothiError], Filled]
) -> Filled | None:
    """Do what a form asks; None when it is done, else the form to show again. What failed left nothing behind."""
    try:
        with ask.session.begin_nested():
            verb()
    except caught as error:
        return wrong(ask, error)
    return None


def back(to: str) -> Response:
    """After a form: look at this page."""
    return RedirectResponse(to, 303)
