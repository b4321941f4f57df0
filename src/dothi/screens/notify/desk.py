"""How a page of notifications is asked for."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.kit.errors import BadInput, Conflict
from dothi.screens import desk, words
from dothi.screens.desk import people
from dothi.web.forms import Filled

LEADS = "duty:lead"
WRONG = (BadInput, Conflict)  # what a form is shown again with


@dataclass
class Ask(desk.Ask):
    """One question to a page of notifications."""

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page."""
        frame = {
            "form": filled or Filled(), "entries": ("notify",), "city": self.city, "simulated": False, "now": self.now,
            "when": words.moment,
        }  # fmt: skip
        return self.shown(f"notify/{template}.html", frame | context, status)


_DESK = desk.Desk(Ask, people, LEADS, LEADS, fields=400, query=False)
get, post, ROUTES = _DESK.get, _DESK.post, _DESK.routes
