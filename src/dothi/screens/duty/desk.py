"""How a page of the duty room is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.kit.errors import BadInput, Conflict, DothiError, PreconditionFailed
from dothi.screens import desk
from dothi.screens.duty import words
from dothi.web.forms import Filled

SEES = "alarms:read"
WRONG = (BadInput, Conflict, PreconditionFailed)  # what a form is shown again with


@dataclass
class Ask(desk.Ask):
    """One question to a page of the duty room."""

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page."""
        frame = {
            "form": filled or Filled(), "entries": ("duty",), "city": self.city, "now": self.now, "w": words,
            "simulated": False,
        }  # fmt: skip
        return self.shown(f"duty/{template}.html", frame | context, status)


admit = desk.holders("sign in to see the duty room")
_DESK = desk.Desk(Ask, admit, SEES, SEES, told=words.told)
get, post, ROUTES = _DESK.get, _DESK.post, _DESK.routes


def tried(ask: Ask, verb: Callable[[], Any]) -> Filled | None:
    """Do what a form asks; None when it is done, else the form to show again."""
    return desk.tried(ask, verb, WRONG, wrong)


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error in the words of these pages."""
    return desk.wrong(ask, words.told(error, ask.say))


def safe(path: str | None, otherwise: str) -> str:
    """An address of this server's operations pages, or the other one."""
    return path if path and path.startswith("/operations") and path.isprintable() and "\\" not in path else otherwise
