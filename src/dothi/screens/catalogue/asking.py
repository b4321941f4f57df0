"""A request as the catalogue's pages see it."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.screens import asking
from dothi.screens.asking import map_setting
from dothi.web import forms, shell


@dataclass
class Ask(asking.Ask):
    """One question to the catalogue."""

    def page(
        self, template: str, page: Any, *, simulated: bool = False, entries: tuple[str, ...] = ("catalogue",),
        status: int = 200,
    ) -> Response:  # fmt: skip
        """The page around what it shows; its forms carry this browser's token."""
        context = {
            "page": page, "entries": entries, "city": self.city, "map": map_setting(self.say), "simulated": simulated,
            "caller": self.caller, "token": forms.token(self.request),
        }  # fmt: skip
        answer = shell.page(self.request, f"catalogue/{template}.html", context, status)
        if self.caller.kind != "anonymous":
            answer.headers["cache-control"] = "no-store"
        forms.keep(self.request, answer)
        return answer
