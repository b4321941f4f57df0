"""How the pages of indicators are asked for: which of them, of which place, of which kind of period."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from dothi.indicators import service as indicators
from dothi.indicators import sets
from dothi.indicators.model import Declared
from dothi.indicators.periods import KINDS
from dothi.indicators.targets import PERMISSION
from dothi.indicators.values import Place, Value
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import fold
from dothi.places import cities
from dothi.screens import desk, words
from dothi.screens.desk import ANYBODY

_NAMES = ("q", "sector", "set", "light", "place", "kind")
LIGHTS = ("good", "near", "bad", "none", "missing")
ALL = "all"  # every city and commune
_LONGEST = 100


@dataclass
class Ask(desk.Ask):
    """One question to the pages of indicators."""

    def page(self, template: str, page: Any, status: int = 200, **more: Any) -> Response:
        """The answer as a page."""
        frame = {"page": page, "entries": ("indicators",), "city": self.city, "now": self.now, "language": self.language,
                 "simulated": page.simulated, "words": words}  # fmt: skip
        return self.shown(f"indicators/{template}.html", frame | more, status)


DESK = desk.Desk(Ask, desk.people, ANYBODY, PERMISSION)
get = DESK.get


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to. place: None for the city; given: the address's own words."""

    q: str
    sector: str
    set: str
    light: str
    place: str | None
    kind: str
    given: dict[str, str]

    def query(self, **more: str) -> str:
        """The address of the same, with something else about it; an empty text leaves it out."""
        return urlencode({name: value for name, value in (self.given | more).items() if value})

    def chosen(self, known: dict[str, Declared]) -> list[str]:
        """The indicators that are asked for, by what is declared of them."""
        asked = fold(self.q).split()
        return [
            code for code, one in known.items()
            if (not self.sector or one.sector == self.sector)
            and (not self.set or any(standard.set == self.set for standard in one.standards))
            and all(word in searched(one) for word in asked)
        ]  # fmt: skip

    def lit(self, value: Value) -> bool:
        """Whether a number shows the light that is asked for."""
        return not self.light or light(value) == self.light


def searched(one: Declared) -> str:
    """What a search looks through: titles, code and numbers of standards, without diacritics."""
    numbers = " ".join(standard.number for standard in one.standards)
    return fold(f"{one.title.vi} {one.title.en} {one.code} {numbers}")


def light(value: Value) -> str:
    """The light of a number, or why it has none: `none` for no target, `missing` for no number."""
    if value.number is None:
        return "missing"
    return value.light or "none"


def wanted(ask: Ask, known: dict[str, Declared], *, everywhere: bool = False) -> Wanted:
    """What the address asks for; everywhere: `place=all` may be asked too. Raises BadInput with every fault."""
    query, faults = ask.request.query_params, list[Fault]()
    given = {name: query[name].strip() for name in _NAMES if query.get(name, "").strip()}
    allowed: dict[str, list[str]] = {
        "sector": sorted({one.sector for one in known.values()}), "set": sorted(sets.sets()), "light": list(LIGHTS),
        "kind": list(KINDS), "place": [*([ALL] if everywhere else []), *(one.code for one in places(ask))],
    }  # fmt: skip
    for name, codes in allowed.items():
        if name in given and given[name] not in codes:
            faults.append(Fault(name, f"there is no {given[name][:40]!r}", ", ".join(codes[:60])))
    if len(given.get("q", "")) > _LONGEST or "\0" in given.get("q", ""):
        faults.append(Fault("q", "is no text to search by", f"at most {_LONGEST} characters"))
    if faults:
        raise BadInput("indicators cannot be asked for so", faults)
    return Wanted(
        given.get("q", ""), given.get("sector", ""), given.get("set", ""), given.get("light", ""), given.get("place"),
        given.get("kind", ""), given,
    )  # fmt: skip


def declared(ask: Ask) -> Declared:
    """The indicator the address names. Raises NotFound."""
    code = ask.request.path_params["code"]
    found = indicators.known(ask.session).get(code)
    if found is None:
        raise NotFound(f"there is no indicator {code[:80]!r}, or you may not see it")
    return found


def places(ask: Ask) -> list[Place]:
    """The cities, then the communes, that stand now: of the city the page is about, where there are several."""
    found = [*indicators.places(ask.session, "city"), *indicators.places(ask.session, "unit")]
    seen = cities.lens(ask.session)
    return found if seen is None else [one for one in found if one.code in (*seen.areas, *seen.units)]


def name(place: Place, language: str) -> str:
    """A place's name."""
    return (place.name_en if language == "en" else None) or place.name


def found(ask: Ask, asked: Wanted, known: dict[str, Declared]) -> list[Value]:
    """The newest numbers of what is asked for, of those the caller sees, in the order they are declared."""
    codes = asked.chosen(known)
    if not codes:
        return []
    kind: Any = asked.kind or None
    values = indicators.latest(ask.session, ask.caller, codes, place=asked.place, kind=kind, now=ask.now)
    return [one for one in values if asked.lit(one)]
