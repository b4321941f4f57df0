"""What every part of the operations page needs of a request: who asks, the two clocks, the slots others fill."""

from dataclasses import dataclass
from typing import Any, Self

import msgspec
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.screens import desk
from dothi.screens.asking import map_setting
from dothi.sensing import picture, state
from dothi.sensing.state import ThingState
from dothi.web import slots
from dothi.web.i18n import marked

SEES = "alarms:read"
HANDLES = "alarms:handle"
# the pages of the centre: address, name, icon, who may
ROOMS = (
    ("/operations", marked("Bàn trực"), "activity", SEES),
    ("/operations/handover", marked("Ca trực và bàn giao"), "arrow-left-right", SEES),
    ("/operations/orders", marked("Chỉ đạo"), "flag", SEES),
    ("/desk", marked("Bàn làm việc"), "list-checks", "cases:read"),
    ("/operations/warnings", marked("Cảnh báo phát đi"), "megaphone", SEES),
    ("/operations/rules", marked("Quy tắc cảnh báo"), "sliders-horizontal", SEES),
    ("/operations/cameras", marked("Camera"), "camera", SEES),
    ("/operations/tasks", marked("Lệnh điều khiển"), "sliders-horizontal", SEES),
    ("/operations/views", marked("Góc nhìn đã lưu"), "bookmark", SEES),
    ("/operations/leader", marked("Trang lãnh đạo"), "eye", SEES),
    ("/sectors", marked("Thành phố trả lời"), "circle-help", SEES),
    ("/indicators", marked("Chỉ tiêu"), "activity", SEES),
)


@dataclass
class Ask(desk.Ask):
    """A question to the operations page.

    at: what was (µs UTC, phenomenon time); known: what was received by then. Both are `now` unless something past is asked.
    """

    at: int = 0
    known: int = 0
    _states: list[ThingState] | None = None

    @classmethod
    def of(cls, request: Request, session: Session, caller: Caller) -> Self:
        """The question with its two clocks; a moment to come counts as now."""
        ask = super().of(request, session, caller)
        query, faults = request.query_params, list[Fault]()
        at, known = _instant(query.get("at"), "at", faults), _instant(query.get("known"), "known", faults)
        if faults:
            raise BadInput("the moment cannot be read", faults)
        ask.at = ask.now if at is None else min(at, ask.now)
        ask.known = ask.at if known is None else min(known, ask.now)
        return ask

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

    @property
    def part(self) -> bool:
        """Whether only the fragment is wanted, to be put into a page that is already there."""
        return self.request.query_params.get("part") == "1"

    def page(
        self, template: str, page: Any, entries: tuple[str, ...] = ("operations",), status: int = 200, **more: Any
    ) -> Response:
        """A page or a fragment with everything the frame around it reads."""
        context = {
            "page": page, "entries": entries, "city": self.city, "map": map_setting(self.say), "slots": slots.of,
            "rooms": ROOMS,
        }  # fmt: skip
        return self.shown(template, context | more, status)


admit = desk.holders("sign in to see the operations centre")
_DESK = desk.Desk(Ask, admit, SEES, HANDLES)
get, post = _DESK.get, _DESK.post


def _instant(text: str | None, place: str, faults: list[Fault]) -> int | None:
    if not text:
        return None
    try:
        return clock.parse(text)
    except BadInput as error:
        faults.append(Fault(place, f"{text[:80]!r} is no instant", error.faults[0].allowed))
        return None


def wants_json(request: Request) -> bool:
    """Whether a program asks, rather than a person's browser for a page."""
    return "json" in request.headers.get("accept", "")


def json(body: Any, kind: str = "application/json") -> Response:
    """Data, never kept by anybody between."""
    return Response(msgspec.json.encode(body), media_type=kind, headers={"cache-control": "no-store"})
