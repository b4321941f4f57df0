"""How a page of the public services is asked for: by anybody, in forms that work without script."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.cases import files
from dothi.cases.files import Prepared
from dothi.screens import desk
from dothi.screens.services import words
from dothi.sensing import glance
from dothi.web import forms
from dothi.web.forms import Filled

HANDLES = "cases:handle"
MOST_FILES = 12  # of one form
DRAFT, DOSSIER = "dothi_draft", "dothi_dossier"  # cookies of a draft's and a dossier's token
MONTH = 30 * 24 * 3600  # seconds


@dataclass
class Ask(desk.Ask):
    """One question to the public services."""

    @property
    def address(self) -> str | None:
        """Who sends, to be counted; None for somebody signed in."""
        return self.request.client.host if self.caller.kind == "anonymous" and self.request.client else None

    def page(
        self,
        template: str,
        page: Any,
        filled: Filled | None = None,
        status: int = 200,
        *,
        simulated: bool | None = None,
    ) -> Response:
        """The answer as a page."""
        shown = glance.any_simulated(self.session, self.caller) if simulated is None else simulated
        frame = {
            "page": page, "form": filled or Filled(), "entries": ("services",), "city": self.city, "now": self.now,
            "w": words, "language": self.language, "simulated": shown, "say": self.say,
        }  # fmt: skip
        return self.shown(f"services/{template}.html", frame, status)

    def uploads(self, start: str) -> list[tuple[str, Any]]:
        """The files a form brought whose fields begin so: (rest of the field's name, upload); empty fields are none."""
        found = []
        for name, one in self.form.multi_items() if self.form is not None else ():
            if name.startswith(start) and not isinstance(one, str) and one.filename:
                found.append((name.removeprefix(start), one))
        return found

    def keep(self, answer: Response, cookie: str, value: str, path: str) -> Response:
        """The answer with a token its browser brings back to these addresses alone; what can be none of ours is not kept."""
        if value.isascii():
            answer.set_cookie(
                cookie,
                value,
                max_age=MONTH,
                path=path,
                httponly=True,
                samesite="lax",
                secure=forms.secure(self.request),
            )
        return answer


def prepared(upload: Any) -> Prepared:
    """An upload, looked through."""
    return files.prepare(str(upload.filename or ""), upload.file)


_DESK = desk.Desk(Ask, desk.people, desk.ANYBODY, desk.ANYBODY, fields=400, size=128 * 1024)
get, post, post_reading = _DESK.get, _DESK.post, _DESK.post_reading
