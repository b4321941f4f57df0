"""How a sector's page is asked for: of which ward, at which moment, from where, in which words."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from dothi.answers.asking import Asking, Position
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.places import cities
from dothi.screens import asking, wards, words
from dothi.screens.asking import map_setting
from dothi.web import shell

_LONGEST = 100


@dataclass
class Ask(asking.Ask):
    """One question to the sectors' pages."""

    def page(self, template: str, page: Any, *, simulated: bool) -> Response:
        """The answer as a page."""
        context = {
            "page": page, "entries": ("sectors",), "city": self.city, "map": map_setting(self.say), "simulated": simulated,
            "caller": self.caller, "words": words, "now": self.now, "sector_names": asking.sector_names(self.language),
        }  # fmt: skip
        answer = shell.page(self.request, f"sectors/{template}.html", context)
        if self.caller.kind != "anonymous":
            answer.headers["cache-control"] = "no-store"
        return answer

    @cached_property
    def on(self) -> Collection[str] | None:
        """The sectors the running city has switched on; None: no city says which."""
        return cities.sectors(self.session)

    @cached_property
    def wards(self) -> dict[str, str]:
        """The wards of the city, code to name."""
        return dict(wards.wards(self.session, self.language, self.now))


@dataclass(frozen=True)
class Wanted:
    """What the address asks for. given: its own words, for addresses of the same."""

    place: str | None
    at: int | None
    near: Position | None
    q: str
    given: dict[str, str]

    def address(self, path: str, **more: str) -> str:
        """An address that asks for the same, with something else about it; an empty text leaves it out."""
        kept = {name: value for name, value in (self.given | more).items() if value}
        return f"{path}?{urlencode(kept)}" if kept else path

    def asking(self, ask: Ask, sector: str) -> Asking:
        """The same, as the answers are asked."""
        return Asking(
            ask.session,
            ask.caller,
            ask.language,
            sector,
            ask.now,
            at=self.at,
            place=self.place,
            near=self.near,
            q=self.q,
        )


def wanted(ask: Ask) -> Wanted:
    """What the address asks for. Raises BadInput with every fault."""
    query = ask.request.query_params
    given = {name: query[name].strip() for name in ("place", "at", "near", "q") if query.get(name, "").strip()}
    faults: list[Fault] = []
    if "place" in given and given["place"] not in ask.wards:
        shown = ", ".join(f"{code} ({name})" for code, name in list(ask.wards.items())[:40])
        faults.append(Fault("place", f"there is no ward {given['place'][:40]!r} here", shown))
    at = _instant(given.get("at"), ask.now, faults)
    near = _position(given.get("near"), faults)
    if len(given.get("q", "")) > _LONGEST or "\0" in given.get("q", ""):
        faults.append(Fault("q", "is no text to search by", f"at most {_LONGEST} characters"))
    if faults:
        raise BadInput("this cannot be asked so", faults)
    return Wanted(given.get("place"), at, near, given.get("q", ""), given)


def _instant(text: str | None, now: int, faults: list[Fault]) -> int | None:
    if text is None:
        return None
    try:
        at = clock.parse(text, clock.VIETNAM)
    except BadInput as error:
        faults.append(Fault("at", f"{text[:40]!r} is no instant", error.faults[0].allowed or "2026-11-21T17:00"))
        return None
    if at > now:
        faults.append(Fault("at", f"{text[:40]!r} is still to come", "an instant before now"))
        return None
    return at


def _position(text: str | None, faults: list[Fault]) -> Position | None:
    if text is None:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        faults.append(Fault("near", f"{text[:40]!r} is no place", "longitude,latitude in degrees: 106.41,10.53"))
        return None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        faults.append(
            Fault("near", f"{text[:40]!r} is not on the earth", "longitude,latitude in degrees: 106.41,10.53")
        )
        return None
    return lon, lat
