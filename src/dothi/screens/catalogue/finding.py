"""Searching the catalogue: which datasets fit what was asked, and how many would fit each choice. Values only, no session."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlencode

from dothi.kit import clock, text
from dothi.kit.text import whole

PAGE = 20
FACETS = ("theme", "agency", "place", "format", "fresh", "licence", "sharing", "portal")
SORTS = ("fit", "updated", "title", "count")
# the choices of freshness: changed within so many days; each holds those before it
FRESH = {"day": 1, "week": 7, "month": 31, "year": 366}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A dataset as the catalogue lists it: our own, or one another portal keeps (portal names it then).

    agency: a code; changed_at: µs UTC of its newest change; text: all one may search by, folded.
    """

    code: str
    href: str
    title: str
    description: str
    agency: str | None
    agency_name: str
    sharing: str
    licence: str | None
    themes: tuple[str, ...]
    formats: tuple[str, ...]
    places: frozenset[str]
    geometry: str | None
    changed_at: int | None
    count: int | None
    simulated: bool
    portal: str | None
    text: str
    status: str = "published"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for. chosen: facet to its chosen values."""

    q: str
    chosen: Mapping[str, tuple[str, ...]]
    sort: str
    page: int

    def address(self, page: int = 1) -> str:
        """The address of this search, of its first page unless said."""
        pairs = [("q", self.q)] if self.q else []
        for facet in FACETS:
            pairs += [(facet, value) for value in self.chosen.get(facet, ())]
        if self.sort != default_sort(self.q):
            pairs.append(("sort", self.sort))
        if page > 1:
            pairs.append(("page", str(page)))
        return "/catalogue" + (f"?{urlencode(pairs)}" if pairs else "")

    def toggled(self, facet: str, value: str) -> str:
        """The address with a value of a facet chosen, or no longer."""
        now = self.chosen.get(facet, ())
        chosen = tuple(v for v in now if v != value) if value in now else (*now, value)
        return replace(self, chosen={**self.chosen, facet: chosen}).address()


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet. count: datasets it would show beside what is chosen in the other facets."""

    value: str
    label: str
    count: int
    chosen: bool
    href: str


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what fits. total: of all pages."""

    rows: Sequence[Listed]
    total: int
    pages: int
    facets: Mapping[str, Sequence[Choice]]


def default_sort(q: str) -> str:
    """What comes first when nobody says: what fits best, or without words what changed last."""
    return "fit" if q else "updated"


def wanted(pairs: Iterable[tuple[str, str]]) -> Wanted:
    """What the query of an address asks for; what it does not know it leaves aside."""
    chosen: dict[str, tuple[str, ...]] = {}
    q, sort, page = "", "", 1
    for name, given in pairs:
        value = given.strip()[:_LONGEST].replace("\0", "")
        if name in FACETS and value:
            chosen[name] = tuple(dict.fromkeys((*chosen.get(name, ()), value)))
        elif name == "q":
            q = value
        elif name == "sort" and value in SORTS:
            sort = value
        elif name == "page":
            page = whole(value, 5) or 1
    return Wanted(q, chosen, sort or default_sort(q), page)


def found(all_: Sequence[Listed], asked: Wanted, now: int, label: Callable[[str, str], str]) -> Found:
    """The datasets that fit, and the counts of every facet.

    all_: only what the caller may see, so that no count tells more. label: (facet, value) to its word.
    """
    words = text.fold(asked.q).split()
    fit = [one for one in all_ if all(word in one.text for word in words)]
    tests = {facet: set(values) for facet, values in asked.chosen.items()}
    kept = [one for one in fit if all(_values(one, facet, now) & chosen for facet, chosen in tests.items())]
    facets = {
        facet: _choices(
            facet, (one for one in fit if all(_values(one, f, now) & c for f, c in tests.items() if f != facet)),
            asked, now, label,
        )
        for facet in FACETS
    }  # fmt: skip
    kept.sort(key=_order(asked.sort, words))
    pages = max(1, -(-len(kept) // PAGE))
    start = (min(asked.page, pages) - 1) * PAGE
    return Found(kept[start : start + PAGE], len(kept), pages, facets)


def freshness(changed_at: int | None, now: int) -> frozenset[str]:
    """The choices of freshness a change counts for; a dataset that never held anything is `never`."""
    if changed_at is None:
        return frozenset({"never"})
    days = (now - changed_at) / clock.DAY
    within = frozenset(name for name, most in FRESH.items() if days <= most)
    return within or frozenset({"older"})


@lru_cache(maxsize=8192)
def searched(*parts: str | None) -> str:
    """The text a search looks through; folding it is most of what a search costs, so it is kept."""
    return text.fold(" \n ".join(part for part in parts if part))


def _values(one: Listed, facet: str, now: int) -> frozenset[str]:
    match facet:
        case "theme":
            return frozenset(one.themes)
        case "place":
            return one.places
        case "format":
            return frozenset(one.formats)
        case "fresh":
            return freshness(one.changed_at, now)
        case "portal":
            return frozenset({one.portal or "here"})
        case _:
            value = getattr(one, facet)
            return frozenset({value}) if value else frozenset()


def _choices(
    facet: str, fitting: Iterable[Listed], asked: Wanted, now: int, label: Callable[[str, str], str]
) -> list[Choice]:
    counts = Counter(value for one in fitting for value in _values(one, facet, now))
    chosen = asked.chosen.get(facet, ())
    for value in chosen:
        counts.setdefault(value, 0)
    made = [
        Choice(value, label(facet, value), count, value in chosen, asked.toggled(facet, value))
        for value, count in counts.items()
    ]
    if facet == "fresh":
        order = [*FRESH, "older", "never"]
        return sorted(made, key=lambda one: order.index(one.value) if one.value in order else 99)
    if facet == "sharing":
        return sorted(made, key=lambda one: ("open", "shared", "restricted", one.value).index(one.value))
    return sorted(made, key=lambda one: (-one.count, text.sort_key(one.label)))


def _order(sort: str, words: Sequence[str]) -> Callable[[Listed], tuple[object, ...]]:
    def title(one: Listed) -> tuple[object, ...]:
        return text.sort_key(one.title)

    def fit(one: Listed) -> tuple[object, ...]:
        folded = text.fold(one.title)
        return (-sum(word in folded for word in words), not folded.startswith(" ".join(words)), *title(one))

    if sort == "fit":
        return fit
    if sort == "updated":
        return lambda one: (-(one.changed_at or 0), *title(one))
    if sort == "count":
        return lambda one: (-(one.count or 0), *title(one))
    return title


def without(asked: Wanted, facet: str) -> str:
    """The address with nothing chosen in a facet."""
    return replace(asked, chosen={f: v for f, v in asked.chosen.items() if f != facet}).address()
