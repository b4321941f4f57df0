"""How a page of the warnings desk is asked for."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.screens import desk
from dothi.screens.warnings import words
from dothi.sensing import glance
from dothi.web.forms import Filled

SEES = "alarms:read"
LONGEST = 512 * 1024  # of one field: a drawn outline


@dataclass
class Ask(desk.Ask):
    """One question to the desk."""

    def page(
        self, template: str, page: Any, filled: Filled | None = None, status: int = 200, entries: tuple[str, ...] = ()
    ) -> Response:
        """The answer as a page."""
        frame = {
            "page": page, "form": filled or Filled(), "entries": entries, "city": self.city, "now": self.now, "w": words,
            "language": self.language, "simulated": glance.any_simulated(self.session, self.caller),
        }  # fmt: skip
        return self.shown(f"warnings/{template}.html", frame, status)


_DESK = desk.Desk(Ask, desk.holders("sign in to see this page"), SEES, SEES, fields=400, size=LONGEST)
get, post = _DESK.get, _DESK.post
