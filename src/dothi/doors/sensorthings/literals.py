"""The words of the query language: tokens and literals. Pure."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import shapely

from dothi.kit import clock
from dothi.kit.errors import BadInput, DothiError, Fault

LiteralKind = Literal["number", "text", "bool", "null", "instant", "span", "duration", "date", "clock", "geometry"]


@dataclass(frozen=True)
class Constant:
    """A literal: instants and durations in µs, a span as (start, end), a geometry as WKB."""

    kind: LiteralKind
    value: Any
    at: int = field(default=0, compare=False)


_DATE = r"\d{4}-\d\d-\d\d"


# a "+" of an offset that a client did not escape arrives as a space
_INSTANT = _DATE + r"[Tt]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:[Zz]|[+ -]\d\d:?\d\d)?"


_TOKEN = re.compile(
    r"(?P<space>\s+)"
    r"|(?P<geometry>(?:geography|geometry)'(?:[^']|'')*')"
    r"|(?P<duration>duration'[^']*')"
    r"|(?P<text>'(?:[^']|'')*')"
    rf"|(?P<span>{_INSTANT}/{_INSTANT})"
    rf"|(?P<instant>{_INSTANT})"
    rf"|(?P<date>{_DATE})(?![\w:])"
    r"|(?P<clock>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?![\w:])"
    r"|(?P<number>-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)(?![\w.])"
    r"|(?P<word>[@$]?[^\W\d][\w.@:-]*)"
    r"|(?P<mark>[()\[\],;/=*-])"
)


_DURATION = re.compile(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


@dataclass(frozen=True)
class Token:
    """A word of the query, and where it starts (counted from 1)."""

    kind: str
    text: str
    at: int


class Refused(Exception):
    """One fault of one option."""

    def __init__(self, at: int, message: str, allowed: str | None = None) -> None:
        self.at, self.message, self.allowed = at, message, allowed
        self.option = ""
        super().__init__(message)

    def said(self, option: str) -> BadInput:
        """The fault as the error a caller gets."""
        place = f"{option}, position {self.at}" if self.at else option
        return BadInput(f"{place}: {self.message}", [Fault(place, self.message, self.allowed)])


@contextmanager
def option(name: str) -> Iterator[None]:
    """What is refused inside is of this query option; the outermost one counts, since positions count from it."""
    try:
        yield
    except Refused as refused:
        refused.option = name
        raise


def tokens(text: str, most: int) -> list[Token]:
    """The words of a query option."""
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            what = "an unfinished text" if text[place] == "'" else f"found {text[place]!r}"
            allowed = "a name, a literal, a function or an operator; texts stand in single quotes"
            raise Refused(place + 1, what, allowed)
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), match.group(), place + 1))
            if len(found) > most:
                raise Refused(place + 1, "the expression is too long", f"at most {most} words")
        place = match.end()
    return found


def unquoted(text: str) -> str:
    """What stands between single quotes."""
    return text[1:-1].replace("''", "'")


def _instant(text: str, at: int) -> int:
    head, gap, offset = text.rpartition(" ")
    try:
        return clock.parse(f"{head}+{offset}" if gap else text)
    except DothiError as error:
        raise Refused(at, error.message, "for example 2026-11-21T07:30:00Z or 2026-11-21T14:30:00+07:00") from None


def duration(text: str) -> int | None:
    """Microseconds of an ISO 8601 duration of days, hours, minutes and seconds; None when it is not one."""
    found = _DURATION.fullmatch(text)
    if found is None or text[-1] in "PT" or any(len(part or "") > 12 for part in found.groups()):
        return None
    sign, days, hours, minutes, seconds = found.groups()
    total = (int(days or 0) * 24 + int(hours or 0)) * 3600 + int(minutes or 0) * 60
    micros = total * clock.SECOND + round(float(seconds or 0) * clock.SECOND)
    return None if micros > 2**61 else -micros if sign else micros


def constant(token: Token) -> Constant:
    """The literal a word is. Raises Refused."""
    at, text = token.at, token.text
    if token.kind == "number":
        whole = text.removeprefix("-").isdigit() and len(text) < 17
        value = int(text) if whole else float(text)
        if abs(value) > 1e300:
            raise Refused(at, f"{text} is too large", "numbers up to 1e300")
        return Constant("number", value, at)
    if token.kind == "text":
        if "\x00" in text:
            raise Refused(at, "the text holds a NUL character", "any other character")
        return Constant("text", unquoted(text), at)
    if token.kind == "instant":
        return Constant("instant", _instant(text, at), at)
    if token.kind == "span":
        start, _, end = text.partition("/")
        span = _instant(start, at), _instant(end, at)
        if span[1] < span[0]:
            raise Refused(at, "the interval ends before it starts", "start/end")
        return Constant("span", span, at)
    if token.kind == "duration":
        micros = duration(text[9:-1])
        if micros is None:
            raise Refused(at, f"{text} is not a duration", "for example duration'P1DT2H30M'")
        return Constant("duration", micros, at)
    if token.kind in {"date", "clock"}:
        return Constant("date" if token.kind == "date" else "clock", text, at)
    if token.kind == "geometry":
        return Constant("geometry", _wkb(unquoted(text[text.index("'") :]), at), at)
    found = f"found {text!r}" if text else "the text ends here"
    raise Refused(at, found, "a property, a literal, a function or '('")


def _wkb(text: str, at: int) -> bytes:
    allowed = "well-known text in longitude and latitude, for example geography'POINT (106.41 10.54)'"
    try:
        with np.errstate(all="ignore"):  # an overflow is infinite, and refused below
            geometry = shapely.from_wkt(text.upper().removeprefix("SRID=4326;"))
    except (shapely.errors.ShapelyError, ValueError):
        raise Refused(at, "the geometry cannot be read", allowed) from None
    if geometry.is_empty or not all(-1e6 < n < 1e6 for n in geometry.bounds):
        raise Refused(at, "the geometry is empty or off the globe", allowed)
    return bytes(shapely.to_wkb(shapely.force_2d(geometry), byte_order=1))
