"""What every part of the operations page needs of a request: who asks, the two clocks, the slots others fill."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dothi.db import session as db
from dothi.identity import access, guard
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault, NotAllowed, NotSignedIn
from dothi.screens.portal.asking import Ask as PortalAsk
from dothi.screens.portal.asking import city_name, map_setting
from dothi.sensing import picture, state
from dothi.sensing.state import ThingState
from dothi.web import errors, forms, i18n, shell, slots
from dothi.web.i18n import marked

SEES = "alarms:read"
HANDLES = "alarms:handle"
# the pages of the centre: address, name, icon, who may
ROOMS = (
    ("/operations", marked("Bàn trực"), "activity", SEES),
    ("/operations/handover", marked("Ca trực và bàn giao"), "arrow-left-right", SEES),
    ("/operations/orders", marked("Chỉ đạo"), "flag", SEES),
    ("/operations/warnings", marked("Cảnh báo phát đi"), "megaphone", SEES),
    ("/operations/rules", marked("Quy tắc cảnh báo"), "sliders-horizontal", SEES),
    ("/operations/cameras", marked("Camera"), "camera", SEES),
    ("/operations/views", marked("Góc nhìn đã lưu"), "bookmark", SEES),
    ("/operations/leader", marked("Trang lãnh đạo"), "eye", SEES),
)


@dataclass
class Ask(PortalAsk):
    """A question to the operations page.

    at: what was (µs UTC, phenomenon time); known: what was received by then. Both are `now` unless something past is asked.
    """

    at: int = 0
    known: int = 0
    values: Mapping[str, str] = field(default_factory=dict)
    _states: list[ThingState] | None = None

    @property
    def states(self) -> list[ThingState]:
        """Every thing the caller may see in its state of the moment shown; asked for once."""
        if self._states is None:
            if self.replay:
                self._states = picture.picture(self.session, self.caller, self.at, self.known, language=self.language)
            else:
                self._states = state.states(self.session, self.caller, language=self.language, at=self.now)
        return self._states

    @property
    def replay(self) -> bool:
        """Whether something past is shown; nothing can be done then."""
        return self.at < self.now or self.known < self.now

    def may(self, permission: str, agency_id: int | None = None) -> bool:
        """Whether the caller holds a permission: in that agency, or anywhere when none is given."""
        if agency_id is None:
            return guard.may_somewhere(self.caller, permission)
        return guard.may(self.caller, permission, agency_id)

    @property
    def part(self) -> bool:
        """Whether only the fragment is wanted, to be put into a page that is already there."""
        return self.request.query_params.get("part") == "1"

    def page(
        self, template: str, page: Any, entries: tuple[str, ...] = ("operations",), status: int = 200, **more: Any
    ) -> Response:
        """A page or a fragment with everything the frame around it reads."""
        context = {
            "page": page, "entries": entries, "city": city_name(self.session, self.language), "ask": self,
            "map": map_setting(self.say), "caller": self.caller, "slots": slots.of, "token": forms.token(self.request),
            "rooms": ROOMS, **more,
        }  # fmt: skip
        answer = shell.page(self.request, template, context, status)
        answer.headers["cache-control"] = "no-store"
        forms.keep(self.request, answer)
        return answer


View = Callable[[Ask], Response]


def get(path: str, view: View, permission: str = SEES) -> Route:
    """A page or data to look at, in a session that only reads."""
    return _route("GET", path, view, permission)


def post(path: str, view: View, permission: str = HANDLES) -> Route:
    """A form that does something, in one transaction; refused while something past is shown."""
    return _route("POST", path, view, permission)


def post_reading(path: str, view: View, permission: str = SEES) -> Route:
    """A form whose view makes its own short transaction, or none."""
    return _route("POST", path, view, permission, writes=False)


def _route(method: str, path: str, view: View, permission: str, *, writes: bool | None = None) -> Route:
    writes = method == "POST" if writes is None else writes

    async def endpoint(request: Request) -> Response:
        form = None if method == "GET" else await request.form(max_files=0, max_fields=200, max_part_size=64 * 1024)
        return await run_in_threadpool(answer, request, form)

    def answer(request: Request, form: Any) -> Response:
        try:
            caller = access.caller(request)
            if not guard.may_somewhere(caller, permission):
                refuse(caller, permission)
            if form is not None:
                forms.check(request, form)
            with db.writing() if writes else db.reading() as session:
                ask = asked(request, session, caller)
                if form is not None:
                    ask.values = forms.texts(form)
                return view(ask)
        except NotSignedIn as error:
            if errors.for_browser(request) and method == "GET":
                back = quote(request.url.path + (f"?{request.url.query}" if request.url.query else ""), safe="/")
                return RedirectResponse(f"/admin/sign-in?next={back}", 303)
            return said(request, error)
        except DothiError as error:
            return said(request, error)

    return Route(path, endpoint, methods=[method], name=f"{method} {path}")


def asked(request: Request, session: Any, caller: guard.Caller) -> Ask:
    """The question with its two clocks; a moment to come counts as now."""
    language = i18n.language_of(request)
    now = clock.now_micros()
    query, faults = request.query_params, list[Fault]()
    at, known = _instant(query.get("at"), "at", faults), _instant(query.get("known"), "known", faults)
    if faults:
        raise BadInput("the moment cannot be read", faults)
    at = now if at is None else min(at, now)
    known = at if known is None else min(known, now)
    return Ask(request, session, caller, language, i18n.speaker(language), now, at, known)


def _instant(text: str | None, place: str, faults: list[Fault]) -> int | None:
    if not text:
        return None
    try:
        return clock.parse(text)
    except BadInput as error:
        faults.append(Fault(place, f"{text[:80]!r} is no instant", error.faults[0].allowed))
        return None


def refuse(caller: guard.Caller, permission: str) -> None:
    """Refuse, saying what is missing."""
    if caller.kind == "anonymous":
        raise NotSignedIn("sign in to see the operations centre")
    raise NotAllowed(f"{caller.name or caller.actor} does not hold {permission}")


def said(request: Request, error: DothiError) -> Response:
    """An error as its caller reads it."""
    return errors.answer(request, error.status, error.message, error.faults, errors.headers_of(error))


def wants_json(request: Request) -> bool:
    """Whether a program asks, rather than a person's browser for a page."""
    return "json" in request.headers.get("accept", "")


def json(body: Any, kind: str = "application/json") -> Response:
    """Data, never kept by anybody between."""
    import msgspec

    return Response(msgspec.json.encode(body), media_type=kind, headers={"cache-control": "no-store"})


def html(text: str) -> Markup:
    """Markup made by our own templates."""
    return Markup(text)  # noqa: S704 - rendered with autoescape
