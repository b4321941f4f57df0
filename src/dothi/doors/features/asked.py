"""The query of a request for items, read: every fault at once, every unknown name refused."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import unquote_plus

import msgspec

from dothi.config import settings
from dothi.datasets import ordering, reading
from dothi.datasets.cql2 import parse
from dothi.datasets.reading import Asked
from dothi.datasets.views import View
from dothi.doors.features import crs
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.web import i18n

ITEMS = (
    "f", "limit", "bbox", "bbox-crs", "datetime", "crs", "filter", "filter-lang", "filter-crs", "properties", "sortby",
    "q", "skipGeometry", "resultType", "as-of", "cursor", "lang",
)  # fmt: skip
ITEM = ("f", "crs", "as-of", "properties", "skipGeometry", "lang")
LANGUAGES = ("cql2-text", "cql2-json")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_NO_BOX: tuple[reading.Box | None, bytes | None] = (None, None)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request for items. pairs: the query as it was, for links; hits: only how many there are."""

    asked: Asked
    f: str | None
    crs: str
    hits: bool
    pairs: tuple[tuple[str, str], ...]


def pairs_of(query: bytes) -> list[tuple[str, str]]:
    """Names and values of a query."""
    made = []
    for one in query.decode("latin-1").split("&"):
        name, _, text = one.partition("=")
        if one:
            made.append((unquote_plus(name), unquote_plus(text)))
    return made


def once(pairs: Sequence[tuple[str, str]], names: Sequence[str], faults: list[Fault]) -> dict[str, str]:
    """The values by name; a name that is unknown or given twice is a fault, and so is a language nobody speaks here."""
    given: dict[str, str] = {}
    for name, text in pairs:
        if name not in names:
            faults.append(Fault(name[:80], "no such parameter", ", ".join(names)))
        elif name in given:
            faults.append(Fault(name, "given twice", "once"))
        else:
            given[name] = text
            if "\0" in text:
                faults.append(Fault(name, "a zero character", "text"))
    if given.get("lang", i18n.LANGUAGES[0]) not in i18n.LANGUAGES:
        faults.append(Fault("lang", f"{given['lang'][:20]!r} is no language of this server", ", ".join(i18n.LANGUAGES)))
    return given


def raised(faults: list[Fault]) -> None:
    """Refuse a request that has faults, naming them all."""
    if faults:
        raise BadInput("; ".join(str(fault) for fault in faults), faults)


def simple(view: View) -> dict[str, str]:
    """The queryables that are also parameters of their own, and their kinds."""
    kinds = reading.queryables(view)
    return {
        name: kind for name, kind in kinds.items()
        if kind not in ("geometry", "array", "object") and name not in ITEMS and name != "id"
    }  # fmt: skip


def items(view: View, query: bytes) -> Wanted:
    """A request for the items of a collection."""
    faults: list[Fault] = []
    pairs = pairs_of(query)
    fields = simple(view)
    given = once(pairs, [*ITEMS, *fields], faults)
    asked = Asked(limit=settings().default_top)

    def look(name: str, read: Callable[[str], T], otherwise: T) -> T:
        if name not in given:
            return otherwise
        try:
            return read(given[name])
        except DothiError as error:
            faults.extend(error.faults or [Fault(name, error.message)])
            return otherwise

    limit = look("limit", _limit, asked.limit)
    out = look("crs", lambda text: crs.uri_of(text, "crs"), crs.CRS84)
    box_crs = look("bbox-crs", lambda text: crs.uri_of(text, "bbox-crs"), crs.CRS84)
    filter_crs = look("filter-crs", lambda text: crs.uri_of(text, "filter-crs"), crs.CRS84)
    box, outline = look("bbox", lambda text: _box(text, box_crs), _NO_BOX)
    asked = replace(
        asked,
        limit=limit,
        bbox=box,
        outline=outline,
        interval=look("datetime", _interval, None),
        as_of=look("as-of", lambda text: _as_of(view, text), None),
        q=look("q", lambda text: text, None),
        sort=look("sortby", _sort, ()),
        properties=look("properties", lambda text: _properties(view, text), None),
        after=look("cursor", ordering.read, None),
        geometry=not look("skipGeometry", lambda text: _truth("skipGeometry", text), otherwise=False),
    )
    hits = look("resultType", _result, otherwise=False) or limit == 0
    language = look("filter-lang", _language, LANGUAGES[0])
    where: list[Any] = []
    if "filter" in given:
        found = look("filter", lambda text: parse(text, lang=language, crs=filter_crs), None)
        where += [] if found is None else [found]
    for name, kind in fields.items():
        if name in given:
            found = look(name, lambda text, name=name, kind=kind: _equal(name, kind, text), None)  # type: ignore[misc]
            where += [] if found is None else [found]
    if view.geometry_type is None and "bbox" in given:
        faults.append(Fault("bbox", "these records have no place", None))
    raised(faults)
    if where:
        asked = replace(asked, where=tuple(where))
    return Wanted(asked, given.get("f"), out, hits, tuple(pairs))


def item(view: View, query: bytes) -> Wanted:
    """A request for one item."""
    faults: list[Fault] = []
    pairs = pairs_of(query)
    given = once(pairs, ITEM, faults)
    out, as_of, properties, geometry = crs.CRS84, None, None, True
    for name, text in given.items():
        try:
            if name == "crs":
                out = crs.uri_of(text, "crs")
            elif name == "as-of":
                as_of = _as_of(view, text)
            elif name == "properties":
                properties = _properties(view, text)
            elif name == "skipGeometry":
                geometry = not _truth(name, text)
        except DothiError as error:
            faults.extend(error.faults)
    raised(faults)
    asked = Asked(as_of=as_of, properties=properties, geometry=geometry)
    return Wanted(asked, given.get("f"), out, hits=False, pairs=tuple(pairs))


def only_f(query: bytes, *others: str) -> dict[str, str]:
    """The query of a document, which has a form, a language, and little else."""
    faults: list[Fault] = []
    given = once(pairs_of(query), ("f", "lang", *others), faults)
    raised(faults)
    return given


def _bad(place: str, message: str, allowed: str) -> BadInput:
    return BadInput(f"{place}: {message}", [Fault(place, message, allowed)])


def _limit(text: str) -> int:
    most = settings().max_top
    if not re.fullmatch(r"[0-9]{1,12}", text, re.ASCII):
        raise _bad("limit", f"{text[:40]!r} is no count", f"0 to {most}; 0: only how many there are")
    return min(int(text), most)


def _box(text: str, uri: str) -> tuple[reading.Box | None, bytes | None]:
    allowed = "west,south,east,north, in the axes of bbox-crs"
    try:
        numbers = [float(one) for one in text.split(",")]
    except ValueError:
        raise _bad("bbox", f"{text[:80]!r} is no box", allowed) from None
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise _bad("bbox", f"{text[:80]!r} is no box", f"{allowed}; four or six numbers")
    (west, south, east, north), outline = crs.outline(numbers, uri)
    if south > north or not (south >= -90 and north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        raise _bad("bbox", f"{text[:80]!r} is no box on the globe", allowed)
    return (west, south, east, north), outline


def _interval(text: str) -> tuple[int | None, int | None]:
    start, slash, end = text.partition("/")
    if not slash:
        first, last = _moment(start)
        return first, last
    opens, closes = start in ("", ".."), end in ("", "..")
    if opens and closes:
        raise _bad("datetime", f"{text[:80]!r} has neither beginning nor end", "an instant at one side at least")
    since = None if opens else _moment(start)[0]
    until = None if closes else _moment(end)[1]
    if since is not None and until is not None and until < since:
        raise _bad("datetime", f"{text[:80]!r} ends before it begins", "the earlier instant first")
    return since, until


def _moment(text: str) -> tuple[int, int]:
    """The first and last microsecond of an instant, or of a day in Vietnam."""
    try:
        if _DATE.fullmatch(text):
            first = clock.parse(f"{text}T00:00:00", clock.VIETNAM)
            return first, first + clock.DAY - 1
        at = clock.parse(_plus(text))
    except BadInput as error:
        raise _bad("datetime", error.faults[0].message, "2026-11-21T07:30:00Z, start/end, ../end or start/..") from None
    return at, at


def _plus(text: str) -> str:
    """An instant whose + came as a blank, as it does when nobody wrote %2B."""
    head, blank, offset = text.rpartition(" ")
    return f"{head}+{offset}" if blank and "T" in head.upper() else text


def _as_of(view: View, text: str) -> int:
    if isinstance(view, reading.Virtual) and not view.historic:
        raise _bad("as-of", "no history of this collection is kept", "other collections")
    try:
        return clock.parse(_plus(text))
    except BadInput as error:
        raise _bad("as-of", error.faults[0].message, "an instant such as 2026-11-21T07:30:00Z") from None


def _sort(text: str) -> tuple[tuple[str, bool], ...]:
    made: list[tuple[str, bool]] = []
    for one in text.split(","):
        name = one.strip()  # a + that nobody escaped is a blank
        descending = name.startswith("-")
        name = name[1:] if name[:1] in ("+", "-") else name
        if not name or any(name == known for known, _ in made):
            raise _bad("sortby", f"found {one[:80]!r}", "names of sortables, each once, - before one for descending")
        made.append((name, descending))
    return tuple(made)


def _properties(view: View, text: str) -> tuple[str, ...]:
    names = [one for one in text.split(",") if one]
    known = [one.name for one in view.fields]
    if not isinstance(view, reading.Virtual) and reading.PLACE not in known:
        known.append(reading.PLACE)
    faults = [
        Fault("properties", f"no property {name[:80]!r}", ", ".join(known)) for name in names if name not in known
    ]
    raised(faults)
    return tuple(names)


def _truth(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise _bad(name, f"found {text[:40]!r}", "true, false")
    return text == "true"


def _result(text: str) -> bool:
    if text not in ("hits", "results"):
        raise _bad("resultType", f"found {text[:40]!r}", "hits, results")
    return text == "hits"


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise _bad("filter-lang", f"found {text[:40]!r}", ", ".join(LANGUAGES))
    return text


def _equal(name: str, kind: str, text: str) -> Any:
    """The expression that a property has a value."""
    value: Any = text
    if kind in ("number", "integer"):
        try:
            value = float(text)
        except ValueError:
            raise _bad(name, f"{text[:40]!r} is no number", "a number") from None
        if not math.isfinite(value):
            raise _bad(name, f"{text[:40]!r} is no number", "a number")
        value = int(value) if value.is_integer() and abs(value) < 2**53 else value
    elif kind == "boolean":
        value = _truth(name, text)
    elif kind == "date":
        value = {"date": text}
    elif kind == "date-time":
        value = {"timestamp": _plus(text)}
    body = {"op": "=", "args": [{"property": name}, value]}
    try:
        return parse(msgspec.json.encode(body).decode(), lang="cql2-json")
    except BadInput as error:
        raise _bad(name, error.faults[0].message if error.faults else error.message, f"a {kind}") from None
