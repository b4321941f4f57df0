"""How a page of the reports is asked for; what a reporter's browser keeps to know its own reports again."""

import hashlib
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from dothi.cases import lists, reading, store, within
from dothi.cases.lists import Public
from dothi.cases.tables import Case
from dothi.identity import access
from dothi.kit.errors import NotFound
from dothi.screens import desk, words
from dothi.screens.asking import map_setting
from dothi.screens.desk import ANYBODY
from dothi.web import forms, shell
from dothi.web.forms import Filled

MODERATES = "cases:moderate"
TYPE = "report"
FIELDS, LONGEST, PHOTOS = 80, 32 * 1024, 8
_TOKENS, _BROWSER = "dothi_reports", "dothi_browser"
_KEPT = 40  # own reports a browser knows again: some 2.5 kB of cookie
_NUMBER = re.compile(r"[A-Z]{2,4}-\d{2}-\d{6,9}")
_TOKEN = re.compile(r"[0-9A-Za-z_-]{32,200}")


@dataclass
class Ask(desk.Ask):
    """One question to a page of the reports."""

    def page(
        self,
        template: str,
        page: Any,
        filled: Filled | None = None,
        status: int = 200,
        *,
        entries: tuple[str, ...] = (),
        simulated: bool = False,
    ) -> Response:
        """The answer as a page."""
        frame = {
            "page": page, "form": filled or Filled(), "entries": ("reports", *entries), "city": self.city,
            "simulated": simulated, "now": self.now, "language": self.language, "map": map_setting(self.say),
            "words": words,
        }  # fmt: skip
        return self.shown(f"reports/{template}.html", frame, status)

    @property
    def number(self) -> str:
        """The number of the report in the address. Raises NotFound for what can be none."""
        said = str(self.request.path_params["number"]).strip().upper()
        if not _NUMBER.fullmatch(said):
            raise unknown()
        return said

    @property
    def wants_json(self) -> bool:
        """Whether a script asks, not a page."""
        return "application/json" in self.request.headers.get("accept", "")

    @property
    def address(self) -> str | None:
        """Where an anonymous question comes from, for counting only; None: of somebody signed in."""
        return access.address(self.request) if self.caller.kind == "anonymous" else None

    @property
    def who(self) -> str:
        """How whoever asks follows: as a person, or by a name their browser keeps, of which we know the hash alone."""
        if self.caller.kind == "person":
            return f"person:{self.caller.id}"
        return f"browser:{hashlib.sha256(_browser(self.request).encode()).hexdigest()}"

    @property
    def follows(self) -> str | None:
        """`who`, where it can follow anything yet."""
        return self.who if self.caller.kind == "person" or _BROWSER in self.request.cookies else None

    def token(self, number: str) -> str | None:
        """The token of the reporter's own link, where this browser has it."""
        return _own(self.request).get(number)


def unknown() -> NotFound:
    """What is answered alike for a report that is not there and one that is not to be seen."""
    return NotFound("there is no such report to be seen")


@dataclass
class Seen:
    """A report as somebody sees it: what everybody reads, the row behind it, whether they reported or moderate it."""

    public: Public
    case: Case
    token: str | None
    mine: bool
    moderates: bool
    open: bool


def seen(ask: Ask, session: Session | None = None) -> Seen:
    """The report of the address as its asker may see it: as everybody, as its reporter, or as who moderates it."""
    session = session or ask.session
    number, token = ask.number, ask.token(ask.number)
    own = False
    with suppress(NotFound):
        reading.reporter_case(session, ask.caller, number, token)
        own = True
    try:
        public: Public | None = reading.public_case(session, number)
    except NotFound:
        public = None
    open_ = public is not None
    case = store.case(session, number, Case.id > 0)
    if case is None or case.type != TYPE:
        raise unknown()
    moderates = within.held(ask.caller, MODERATES, case)  # of no office yet: by whoever moderates everywhere
    if public is None:
        if not own and not (moderates and within.held(ask.caller, "cases:read", case)):
            raise unknown()
        row = session.execute(select(*lists.PUBLIC).where(Case.id == case.id)).one()
        public = lists.publics(session, [row])[0]
    return Seen(public, case, token if own else None, own, moderates, open_)


def _own(request: Request) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in request.cookies.get(_TOKENS, "")[:4000].split("~"):
        number, _, token = one.partition(":")
        if _NUMBER.fullmatch(number) and _TOKEN.fullmatch(token):
            found.setdefault(number, token)
    return found


def own_numbers(request: Request) -> list[str]:
    """The reports this browser sent, newest first."""
    return list(_own(request))


def keep_token(request: Request, answer: Response, number: str, token: str | None) -> None:
    """Have this browser know its own report again; None: forget it."""
    rest = [(one, of) for one, of in _own(request).items() if one != number]
    kept = ([(number, token)] if token else []) + rest
    text = "~".join(f"{one}:{of}" for one, of in kept[:_KEPT])
    answer.set_cookie(
        _TOKENS, text, max_age=shell.YEAR, httponly=True, samesite="lax", secure=forms.secure(request), path="/"
    )


def keep_browser(request: Request, answer: Response) -> None:
    """Give the browser the name it follows by, if it has none."""
    if _BROWSER not in request.cookies:
        answer.set_cookie(
            _BROWSER, _browser(request), max_age=shell.YEAR, httponly=True, samesite="lax",
            secure=forms.secure(request), path="/",
        )  # fmt: skip


def _browser(request: Request) -> str:
    held = request.cookies.get(_BROWSER)
    if held:
        return held[:200]
    if not hasattr(request.state, "browser_name"):
        request.state.browser_name = secrets.token_urlsafe(24)
    return str(request.state.browser_name)


View = Callable[[Ask], Response]
DESK = desk.Desk(Ask, desk.people, ANYBODY, ANYBODY, fields=FIELDS, size=LONGEST)
get, post, post_reading = DESK.get, DESK.post, DESK.post_reading
