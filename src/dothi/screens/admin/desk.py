"""How an administration page is asked for: who may, the form's token, one session, one transaction."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dothi.config import settings
from dothi.db import session as db
from dothi.identity import access, guard
from dothi.identity.guard import Caller
from dothi.identity.tables import Agency
from dothi.kit import clock
from dothi.kit.errors import DothiError, NotAllowed, NotSignedIn
from dothi.web import errors, forms, shell
from dothi.web.forms import Filled
from dothi.web.i18n import marked

ANYBODY = "anybody"
SIGNED_IN = "signed in"
# address, label, permission
PAGES = (
    ("/admin", marked("Tổng quan"), SIGNED_IN),
    ("/operations", marked("Trung tâm điều hành"), "alarms:read"),
    ("/steward", marked("Quản lý dữ liệu"), "data:write"),
    ("/admin/people", marked("Người dùng"), "identity:read"),
    ("/admin/agencies", marked("Cơ quan"), "identity:read"),
    ("/admin/keys", marked("Khóa"), "identity:read"),
    ("/admin/journal", marked("Sổ nhật ký"), "journal:read"),
    ("/admin/letters", marked("Tin bị từ chối"), "admin"),
    ("/admin/system", marked("Hệ thống"), "admin"),
    ("/me/notifications", marked("Nhận tin của tôi"), SIGNED_IN),
)


@dataclass
class Ask:
    """One question to an administration page."""

    request: Request
    caller: Caller
    session: Session
    values: Mapping[str, str] = field(default_factory=dict)

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page of the administration."""
        seen = [(href, label) for href, label, who in PAGES if allowed(self.caller, who)]
        answer = shell.page(
            self.request, f"admin/{template}.html",
            {
                "caller": self.caller, "pages": seen, "form": filled or Filled(), "token": forms.token(self.request),
                "entries": [], "when": when, "offices_of": offices_of, "roles_of": roles_of, **context,
            },
            status,
        )  # fmt: skip
        answer.headers["cache-control"] = "no-store"
        forms.keep(self.request, answer)
        return answer


View = Callable[[Ask], Response]
ROUTES: list[tuple[str, str, str]] = []  # method, path, who: what the tests and the guide read


def allowed(caller: Caller, who: str) -> bool:
    """Whether a caller may ask for a page open to `who`: anybody, signed in, or holders of a permission."""
    if who == ANYBODY:
        return True
    return caller.kind == "person" and (who == SIGNED_IN or guard.may_somewhere(caller, who))


def get(path: str, who: str, view: View) -> Route:
    """A page to look at, in a session that only reads."""
    return _route("GET", path, who, view)


def post(path: str, who: str, view: View) -> Route:
    """A form that changes something, in one transaction; afterwards the browser is sent to a page to look at."""
    return _route("POST", path, who, view)


def post_reading(path: str, who: str, view: View) -> Route:
    """A form whose view makes its own short transactions: no lock is held while it thinks."""
    return _route("POST", path, who, view, writes=False)


def _route(method: str, path: str, who: str, view: View, *, writes: bool | None = None) -> Route:
    writes = method == "POST" if writes is None else writes
    ROUTES.append((method, f"/admin{path}", who))

    async def endpoint(request: Request) -> Response:
        form = None if method == "GET" else await request.form(max_files=0, max_fields=100, max_part_size=64 * 1024)
        return await run_in_threadpool(answer, request, form)

    def answer(request: Request, form: Any) -> Response:
        try:
            caller = access.caller(request)
            if not allowed(caller, who):
                _refuse(caller, who)
            if form is not None:
                forms.check(request, form)
            with db.writing() if writes else db.reading() as session:
                return view(Ask(request, caller, session, {} if form is None else forms.texts(form)))
        except NotSignedIn as error:
            if errors.for_browser(request) and method == "GET":
                back = quote(request.url.path, safe="/")
                return RedirectResponse(f"/admin/sign-in?next={back}", 303)
            return _said(request, error)
        except DothiError as error:
            return _said(request, error)

    return Route(f"/admin{path}", endpoint, methods=[method], name=f"{method} /admin{path}")


def back(to: str) -> Response:
    """After a form: look at this page."""
    return RedirectResponse(to, 303)


def when(micros: int | None) -> str:
    """17:42 21/11/2026 in Vietnam's time; a dash for never."""
    return "–" if micros is None else f"{clock.moment(micros).astimezone(clock.VIETNAM):%H:%M %d/%m/%Y}"


def offices_of(agencies: Iterable[Agency]) -> list[tuple[str, str]]:
    """Agencies as the choices of a list."""
    return [(one.code, one.name) for one in agencies]


def roles_of(say: Callable[[str], str], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Roles as the choices of a list, in the reader's language."""
    return [(role, say(name)) for role, name in names.items()]


def agencies_of(caller: Caller, permission: str) -> set[int] | None:
    """The agencies a caller holds a permission in; None: everywhere."""
    if permission in caller.everywhere:
        return None
    return {agency for held, agency in caller.within if held == permission}


def is_demo() -> bool:
    """Whether one click signs in as any role."""
    return settings().demo


def _refuse(caller: Caller, who: str) -> None:
    if caller.kind != "person":
        raise NotSignedIn("sign in to see this page")
    raise NotAllowed(f"{caller.name} does not hold {who}")


def _said(request: Request, error: DothiError) -> Response:
    return errors.answer(request, error.status, error.message, error.faults, errors.headers_of(error))
