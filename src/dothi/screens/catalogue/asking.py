"""What every catalogue page needs of a request: who asks, in which language, one instant, one reading session."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from dothi.db import session as db
from dothi.doors.catalogue.asking import base_of
from dothi.identity import access, guard
from dothi.kit import clock
from dothi.screens.portal.asking import city_name, map_setting
from dothi.web import forms, i18n, shell


@dataclass
class Ask:
    """A request as the catalogue's pages see it. now: µs UTC, one instant for the whole page."""

    request: Request
    session: Session
    caller: guard.Caller
    language: str
    say: i18n.Say
    now: int = field(default_factory=clock.now_micros)

    @property
    def base(self) -> str:
        """The address others reach this server at, without a slash at its end."""
        return base_of(self.request)

    def page(
        self, template: str, page: Any, *, simulated: bool = False, entries: tuple[str, ...] = ("catalogue",),
        status: int = 200,
    ) -> Response:  # fmt: skip
        """The page around what it shows; its forms carry this browser's token."""
        context = {
            "page": page, "entries": entries, "city": city_name(self.session, self.language),
            "map": map_setting(self.say), "simulated": simulated, "caller": self.caller,
            "token": forms.token(self.request),
        }  # fmt: skip
        answer = shell.page(self.request, f"catalogue/{template}.html", context, status)
        if self.caller.kind != "anonymous":
            answer.headers["cache-control"] = "no-store"
        forms.keep(self.request, answer)
        return answer


def asked(view: Callable[[Ask], Response]) -> Callable[[Request], Response]:
    """A view as a Starlette endpoint."""

    def endpoint(request: Request) -> Response:
        language = i18n.language_of(request)
        with db.reading() as session:
            return view(Ask(request, session, access.caller(request), language, i18n.speaker(language)))

    endpoint.__name__ = view.__name__
    endpoint.__doc__ = view.__doc__
    return endpoint
