"""A request as the public pages see it."""

from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.screens import asking
from dothi.screens.asking import map_setting
from dothi.sensing import glance
from dothi.web import shell


@dataclass
class Ask(asking.Ask):
    """One question to a public page."""

    def page(self, template: str, page: Any, entries: tuple[str, ...] = ()) -> Response:
        """The page around what it shows."""
        context = {
            "page": page, "entries": entries, "city": self.city, "map": map_setting(self.say),
            "simulated": glance.any_simulated(self.session, self.caller), "caller": self.caller,
        }  # fmt: skip
        return shell.page(self.request, template, context)
