"""How a page of the crews is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session
from starlette.responses import Response

from dothi.db import session as db
from dothi.kit.errors import BadInput, Conflict, DothiError, NotAllowed, PreconditionFailed, TooLarge
from dothi.screens import desk
from dothi.screens.field import words
from dothi.web.forms import Filled

WORKS = "cases:work"
WRONG = (BadInput, Conflict, NotAllowed, PreconditionFailed, TooLarge)  # what a form is shown again with
MOST_FILES = 6


@dataclass
class Ask(desk.Ask):
    """One question to a page of the crews."""

    def page(self, template: str, filled: Filled | None = None, status: int = 200, **context: Any) -> Response:
        """The answer as a page."""
        frame = {
            "form": filled or Filled(), "entries": ("field",), "city": self.city, "now": self.now, "w": words,
            "language": self.language,
        }  # fmt: skip
        return self.shown(f"field/{template}.html", frame | context, status)


_DESK = desk.Desk(Ask, desk.people, WORKS, WORKS, early=True, told=words.told)
get, post, ROUTES = _DESK.get, _DESK.post, _DESK.routes


def post_files(path: str, view: Callable[[Ask], Response]) -> Any:
    """A form with photos, whose view makes its own transaction once they are looked through."""
    return _DESK.post_reading(path, view, files=MOST_FILES)


def done(ask: Ask, verb: Callable[[Session], Any]) -> Filled | None:
    """Do what a form asks in one transaction; None when it is done, else the form to show again."""
    try:
        with db.writing() as session:
            verb(session)
    except WRONG as error:
        return wrong(ask, error)
    return None


def wrong(ask: Ask, error: DothiError) -> Filled:
    """A form shown again with its error in the words of these pages."""
    return desk.wrong(ask, words.told(error, ask.say))
