"""How a page of tasks is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.kit.errors import BadInput, Conflict, DothiError, NotAllowed
from dothi.screens import desk
from dothi.screens.tasking import words
from dothi.web.forms import Filled

SEES, GIVES = "alarms:read", "tasks:give"
WRONG = (BadInput, Conflict, NotAllowed)  # what a form is shown again with


@dataclass
class Ask(desk.Ask):
    """One question to a page of tasks."""

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page."""
        frame = {
            "form": filled or Filled(), "entries": ("duty",), "city": self.city, "now": self.now, "w": words,
            "simulated": False,
        }  # fmt: skip
        return self.shown(f"tasking/{template}.html", frame | context, status)


admit = desk.holders("sign in to see what machines are told")
_DESK = desk.Desk(Ask, admit, SEES, GIVES, told=words.told)
get, post, ROUTES = _DESK.get, _DESK.post, _DESK.routes


def tried(ask: Ask, verb: Callable[[], Any]) -> Filled | None:
    """Do what a form asks; None when it is done, else the form to show again."""
    return desk.tried(ask, verb, WRONG, wrong)


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error in the words of these pages."""
    return desk.wrong(ask, words.told(error, ask.say, ask.language))
