"""How a steward's page is asked for."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.datasets import views
from dothi.datasets.views import View
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, NotAllowed, NotFound, NotSignedIn
from dothi.kit.text import whole
from dothi.screens import desk
from dothi.screens.asking import map_setting
from dothi.web.forms import Filled

PERMISSIONS = ("data:describe", "data:approve", "data:write")
WHO = "data:describe, data:write or data:approve, somewhere"


@dataclass
class Ask(desk.Ask):
    """One question to a steward's page."""

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page."""
        frame = {
            "form": filled or Filled(), "entries": ("catalogue",), "city": self.city, "map": map_setting(self.say),
            "simulated": False, "now": self.now,
        }  # fmt: skip
        return self.shown(f"steward/{template}.html", frame | context, status)


def _admit(caller: Caller, _who: str) -> None:
    if any(guard.may_somewhere(caller, one) for one in PERMISSIONS):
        return
    if caller.kind == "anonymous":
        raise NotSignedIn("sign in to keep datasets")
    raise NotAllowed(f"{caller.name or caller.actor} keeps no datasets")


_DESK = desk.Desk(Ask, _admit, WHO, WHO, fields=3000, size=1024 * 1024, early=True, query=False)
get, post, post_long, ROUTES = _DESK.get, _DESK.post, _DESK.post_reading, _DESK.routes


def kept(ask: Ask) -> View:
    """The dataset of the address, which the caller keeps or decides on; NotFound alike for all others."""
    found = views.view(ask.caller, ask.request.path_params["code"])
    if not (found.describes or found.approves or found.writes):
        raise NotFound(ask.say("Không có tập dữ liệu nào ở đây mà bạn quản lý."))
    return found


def number(text: str, name: str) -> int:
    """A whole number of an address or a form. Raises BadInput."""
    if (found := whole(text, 12)) is None:
        raise BadInput(f"{name} is no number: {text[:40]!r}")
    return found
