"""How a page of the rules is asked for."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.identity import guard
from dothi.kit.errors import BadInput, Conflict, DothiError
from dothi.screens import desk
from dothi.screens import words as common
from dothi.screens.rules import words
from dothi.web.forms import Filled

READS, WRITES, HANDLES = "alarms:read", "rules:write", "alarms:handle"
WRONG = (BadInput, Conflict)  # what a form is shown again with


@dataclass
class Ask(desk.Ask):
    """One question to a page of the rules."""

    def may(self, permission: str, agency_id: int | None = None) -> bool:
        """Whether the caller holds a permission in that agency, or everywhere when it is nobody's."""
        return guard.may(self.caller, permission, agency_id)

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page."""
        frame = {
            "form": filled or Filled(), "entries": ("rules",), "city": self.city, "now": self.now, "w": words,
            "simulated": False, "when": common.moment,
        }  # fmt: skip
        return self.shown(f"rules/{template}.html", frame | context, status)


_DESK = desk.Desk(Ask, desk.holders("sign in to see the rules"), READS, WRITES, size=256 * 1024)
get, post = _DESK.get, _DESK.post


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error: the YAML of a rule can be wrong in many places."""
    return desk.wrong(ask, error, 8)
