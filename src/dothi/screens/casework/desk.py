"""How a page of the agency desk is asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from starlette.responses import Response

from dothi.cases import calendar
from dothi.cases.calendar import Calendar
from dothi.kit.errors import BadInput, Conflict, DothiError, NotAllowed, PreconditionFailed, TooLarge
from dothi.places import service as places
from dothi.screens import desk
from dothi.screens.casework import words
from dothi.web import slots
from dothi.web.forms import Filled

SEES = "cases:read"
WRONG = (BadInput, Conflict, NotAllowed, PreconditionFailed, TooLarge)  # what a form is shown again with
MOST_FILES = 4  # photos in one form


@dataclass
class Ask(desk.Ask):
    """One question to the desk."""

    wards: dict[str, str] = field(default_factory=dict)

    @cached_property
    def cal(self) -> Calendar:
        """The working calendar, asked for once a page."""
        return calendar.load(self.session)

    def ward(self, code: str | None) -> str:
        """The full name of a ward; each is asked for once a page."""
        if code is not None and code not in self.wards:
            self.name_wards([code])
        return self.wards[code] if code is not None else ""

    def name_wards(self, codes: Iterable[str | None]) -> None:
        """Learn the names of all the wards a page is about to say."""
        wanted = {code for code in codes if code is not None} - self.wards.keys()
        self.wards |= dict.fromkeys(wanted, "")
        for unit in places.units(self.session, wanted):
            self.wards[unit.code] = (unit.full_name_en if self.language == "en" else None) or unit.full_name

    @property
    def part(self) -> bool:
        """Whether a script asks for a part of the page, which it puts into the one it stands on."""
        return (self.values.get("part") or self.request.query_params.get("part")) == "1"

    def given(self, name: str, longest: int = 200) -> str:
        """A text of the address, without what surrounds it."""
        return self.request.query_params.get(name, "")[:longest].strip().replace("\0", "")

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page, or as a part of one."""
        frame = {
            "form": filled or Filled(), "entries": ("casework", "services"), "slots": slots.of, "city": self.city, "now": self.now, "w": words,
            "language": self.language, "simulated": False,
        }  # fmt: skip
        return self.shown(f"casework/{template}.html", frame | context, status)


_DESK = desk.Desk(
    Ask, desk.holders("sign in to see the desk"), SEES, SEES, fields=1200, size=256 * 1024, early=True, told=words.told
)
get, post_reading, ROUTES = _DESK.get, _DESK.post_reading, _DESK.routes


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error in the words of these pages."""
    told = words.told(error, ask.say)
    filled = Filled.wrong(ask.values, told)
    loose = [one.message for one in told.faults if one.place.partition(".")[0] not in ask.values]
    filled.message = " ".join([told.message, *loose[:6]])
    return filled


def safe(path: str | None, otherwise: str) -> str:
    """An address of this server's desk, or the other one."""
    return path if path and path.startswith("/desk") and path.isprintable() and "\\" not in path else otherwise
