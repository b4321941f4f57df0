"""Scalar literals as both encodings write them: texts, numbers, dates, instants. Pure."""

import math
import re
from datetime import date

from dothi.datasets.cql2.tree import Literal, Place, refused
from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.kit.text import nfc

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
# what a database would not keep or compare; 21-065r2 Annex B rule character
_UNFIT = re.compile("[\x00-\x06\ud800-\udfff]")
LONGEST_NUMBER = 400


def text(value: str, at: Place) -> Literal:
    """A text, in Unicode NFC as every stored text is."""
    if found := _UNFIT.search(value):
        raise refused(at, f"a text holds the character U+{ord(found[0]):04X}", "characters of Unicode text")
    return Literal("text", nfc(value), at)


def number(written: str, at: Place) -> Literal:
    """A number: whole where it is written so and fits 64 bits, else a double."""
    if len(written) > LONGEST_NUMBER:
        raise refused(at, "a number of too many digits", f"at most {LONGEST_NUMBER} characters")
    return numeric(int(written) if written.lstrip("+-").isdigit() else float(written), at)


def numeric(value: float, at: Place) -> Literal:
    """A number that is already one."""
    if isinstance(value, int) and -(2**63) < value < 2**63:
        return Literal("number", value, at)
    try:
        value = float(value)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise refused(at, "a number beyond what a double holds", "a finite number")
    return Literal("number", value, at)


def day(written: str, at: Place) -> Literal:
    """A date of RFC 3339 (full-date)."""
    try:
        known = _DATE.fullmatch(written) is not None and date.fromisoformat(written)
    except ValueError:
        known = False
    if not known:
        raise refused(at, f"not a date: {written[:60]!r}", "for example 2026-11-21")
    return Literal("date", written, at)


def instant(written: str, at: Place) -> Literal:
    """An instant of RFC 3339 (date-time); an offset other than Z is understood too."""
    try:
        return Literal("instant", clock.parse(written), at, written)
    except BadInput:
        raise refused(at, f"not a timestamp: {written[:60]!r}", "for example 2026-11-21T07:30:00Z") from None


def moment(written: str, at: Place) -> Literal:
    """A date or an instant, as an end of an interval or a text compared with a time."""
    return day(written, at) if _DATE.fullmatch(written) else instant(written, at)
