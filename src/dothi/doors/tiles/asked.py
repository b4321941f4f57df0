"""The address and the query of a request for tiles, read: every fault at once, every unknown name refused."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import unquote_plus

from dothi.datasets import tiling
from dothi.datasets.cql2 import parse
from dothi.datasets.reading import Asked, Virtual
from dothi.datasets.views import View
from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound

NARROWING = ("properties", "filter", "filter-lang", "filter-crs", "datetime", "as-of")
LANGUAGES = ("cql2-text", "cql2-json")
MATRIX_SET = "WebMercatorQuad"
_TILE = re.compile(r"([0-9]{1,2})/([0-9]{1,8})/([0-9]{1,8})(?:\.(?:mvt|pbf))?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MVT = ("mvt", "pbf", "application/vnd.mapbox-vector-tile", "application/x-protobuf")
T = TypeVar("T")


def address(text: str) -> tuple[int, int, int]:
    """Zoom, column and row of `zoom/row/column`, the order of OGC API Tiles.

    Raises NotFound for a tile that the matrix set does not have.
    """
    found = _TILE.fullmatch(text)
    if found is None:
        raise NotFound("no such tile", [Fault("tile", f"found {text[:60]!r}", "zoom/row/column, whole numbers")])
    z, y, x = int(found[1]), int(found[2]), int(found[3])
    if z > tiling.LAST_ZOOM or x >> z or y >> z:
        allowed = f"zoom 0 to {tiling.LAST_ZOOM}, row and column below 2 to the power of the zoom"
        raise NotFound(f"{MATRIX_SET} has no tile {text[:60]}", [Fault("tile", "outside the matrix set", allowed)])
    return z, x, y


def pairs_of(query: bytes) -> list[tuple[str, str]]:
    """Names and values of a query."""
    made = []
    for one in query.decode("latin-1").split("&"):
        name, _, text = one.partition("=")
        if one:
            made.append((unquote_plus(name), unquote_plus(text)))
    return made


def once(query: bytes, names: Sequence[str], faults: list[Fault]) -> dict[str, str]:
    """The values by name; a name that is unknown or given twice is a fault."""
    given: dict[str, str] = {}
    for name, text in pairs_of(query):
        if name not in names:
            faults.append(Fault(name[:80], "no such parameter", ", ".join(names)))
        elif name in given:
            faults.append(Fault(name, "given twice", "once"))
        else:
            given[name] = text
            if "\0" in text:
                faults.append(Fault(name, "a zero character", "text"))
    return given


def raised(faults: list[Fault]) -> None:
    """Refuse a request that has faults, naming them all."""
    if faults:
        raise BadInput("; ".join(str(fault) for fault in faults), faults)


def only(query: bytes, *names: str) -> dict[str, str]:
    """The query of a document that has few parameters."""
    faults: list[Fault] = []
    given = once(query, names, faults)
    if given.get("f", "json") not in ("json", "application/json", "mbs", "tilejson"):
        faults.append(Fault("f", f"found {given['f'][:40]!r}", "json"))
    raised(faults)
    return given


def tiles(view: View, query: bytes, *, document: bool = False) -> Asked:
    """What a request wants of a tile, or (document) of a description of tiles."""
    faults: list[Fault] = []
    given = once(query, ("f", *NARROWING), faults)

    def look(name: str, read: Callable[[str], T]) -> T | None:
        if name not in given:
            return None
        try:
            return read(given[name])
        except DothiError as error:
            faults.extend(error.faults or [Fault(name, error.message)])
            return None

    if not document and given.get("f", "mvt") not in _MVT:
        faults.append(Fault("f", f"found {given['f'][:40]!r}", "mvt"))
    if document and given.get("f", "json") not in ("json", "application/json", "tilejson"):
        faults.append(Fault("f", f"found {given['f'][:40]!r}", "json"))
    language = given.get("filter-lang", LANGUAGES[0])
    if language not in LANGUAGES:
        faults.append(Fault("filter-lang", f"found {language[:40]!r}", ", ".join(LANGUAGES)))
        language = LANGUAGES[0]
    where = look("filter", lambda text: parse(text, lang=language, crs=given.get("filter-crs")))
    interval = look("datetime", _interval)
    as_of = look("as-of", lambda text: _as_of(view, text))
    properties = look("properties", lambda text: _properties(view, text))
    raised(faults)
    return Asked(where=where, interval=interval, as_of=as_of, properties=properties)


def again(query: bytes) -> str:
    """What a query narrows, as the beginning of the next one: `&filter=…`, or nothing."""
    kept = [one for one in query.decode("latin-1").split("&") if unquote_plus(one.partition("=")[0]) in NARROWING]
    return "".join(f"&{one}" for one in kept)


def _bad(place: str, message: str, allowed: str) -> BadInput:
    return BadInput(f"{place}: {message}", [Fault(place, message, allowed)])


def _properties(view: View, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(one for one in text.split(",") if one))
    tiling.attributes(view, names)
    return names


def _interval(text: str) -> tuple[int | None, int | None]:
    start, slash, end = text.partition("/")
    if not slash:
        return _moment(start)
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
    if isinstance(view, Virtual):
        raise _bad("as-of", "no history of this collection is kept", "datasets only")
    try:
        return clock.parse(_plus(text))
    except BadInput as error:
        raise _bad("as-of", error.faults[0].message, "an instant such as 2026-11-21T07:30:00Z") from None
