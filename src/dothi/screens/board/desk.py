"""How the dispatcher's board is asked for."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.kit.errors import BadInput, Conflict, DothiError, NotAllowed, NotFound, PreconditionFailed
from dothi.screens import asking, desk
from dothi.screens.board import words
from dothi.web.forms import Filled

ASSIGNS = "cases:assign"
WRONG = (BadInput, Conflict, NotAllowed, NotFound, PreconditionFailed)  # what the board is shown again with


@dataclass
class Ask(desk.Ask):
    """One question to the board."""

    def given(self, name: str, longest: int = 60) -> str:
        """A text of the address, or of the form that was sent."""
        return (self.values.get(name) or self.request.query_params.get(name, ""))[:longest].strip().replace("\0", "")

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page."""
        frame = {
            "form": filled or Filled(), "entries": ("board",), "city": self.city, "now": self.now, "w": words,
            "language": self.language, "map": asking.map_setting(self.say),
        }  # fmt: skip
        return self.shown(f"board/{template}.html", frame | context, status)


_DESK = desk.Desk(
    Ask, desk.holders("sign in to see the dispatcher's board"), ASSIGNS, ASSIGNS, early=True, told=words.told
)
get, post, ROUTES = _DESK.get, _DESK.post, _DESK.routes


def wrong(ask: Ask, error: DothiError) -> Filled:
    """The board shown again with its error in the words of these pages."""
    return desk.wrong(ask, words.told(error, ask.say))
