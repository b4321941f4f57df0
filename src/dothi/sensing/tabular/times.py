"""Times as files write them: formats, local wall clock, epochs, spreadsheet serials; slow and exact, then by columns."""

import ast
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dothi.kit import clock
from dothi.sensing.tabular.cells import EMPTY, NEVER, OK, REFUSED, Cells, Parsed, by_distinct
from dothi.sensing.tabular.numbers import MISSING

_ISO = (
    r"(?P<y>[0-9]{4})-(?P<mo>[0-9]{1,2})-(?P<d>[0-9]{1,2})"
    r"(?:[Tt ](?P<h>[0-9]{1,2}):(?P<mi>[0-9]{2})(?::(?P<s>[0-9]{2})(?:[.,](?P<f>[0-9]{1,9}))?)?)?"
    r"\s?(?P<z>[Zz]|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?"
)
_TOKENS = {
    "yyyy": "(?P<y>[0-9]{4})", "yy": "(?P<y>[0-9]{2})", "MM": "(?P<mo>[0-9]{1,2})", "M": "(?P<mo>[0-9]{1,2})",
    "dd": "(?P<d>[0-9]{1,2})", "d": "(?P<d>[0-9]{1,2})", "HH": "(?P<h>[0-9]{1,2})", "H": "(?P<h>[0-9]{1,2})",
    "hh": "(?P<h>[0-9]{1,2})", "h": "(?P<h>[0-9]{1,2})", "mm": "(?P<mi>[0-9]{2})", "m": "(?P<mi>[0-9]{1,2})",
    "ss": "(?P<s>[0-9]{2})", "fff": "(?P<f>[0-9]{1,9})", "a": "(?P<p>AM|PM|am|pm|SA|CH|sa|ch)",
    "Z": "(?P<z>[Zz]|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})",
}  # fmt: skip
_TOKEN = re.compile("'[^']*'|yyyy|yy|MM|M|dd|d|HH|H|hh|h|mm|m|ss|fff|a|Z")
EPOCHS = {"epoch": 1_000_000, "epoch-ms": 1_000, "epoch-us": 1}
NAMED = ("iso", "excel", *EPOCHS)
# a serial counts days from here, so that 1 March 1900 and later are right (1900 was no leap year, Excel thinks it was)
_SERIAL_START = clock.micros(datetime(1899, 12, 30, tzinfo=UTC))
_EARLIEST, _LATEST = clock.micros(datetime(1900, 1, 1, tzinfo=UTC)), clock.micros(datetime(2200, 1, 1, tzinfo=UTC))
_PARTS = ("y", "mo", "d", "h", "mi", "s", "f", "z", "p")


@dataclass(frozen=True)
class Time:
    """How times are read. formats: tried in order; zone: what a time without an offset means (None refuses it)."""

    formats: tuple[str, ...] = ("iso",)
    zone: ZoneInfo | None = None


def check(format_: str) -> None:
    """Refuse with ValueError a format that is neither named nor made of tokens down to the day."""
    if format_ in NAMED:
        return
    found = re.findall(r"\?P<(\w+)>", pattern(format_))
    if not {"y", "mo", "d"} <= set(found) or len(set(found)) < len(found):
        raise ValueError(f"{', '.join(NAMED)}, or tokens once each: dd/MM/yyyy HH:mm:ss, HH'h'mm dd-MM-yy")


@lru_cache(maxsize=64)
def pattern(format_: str) -> str:
    """The regular expression of a format, Python's and RE2's alike."""
    if format_ == "iso":
        return _ISO
    parts, start = [], 0
    for token in _TOKEN.finditer(format_):
        parts += [
            re.escape(format_[start : token.start()]),
            re.escape(token[0][1:-1]) if token[0][0] == "'" else _TOKENS[token[0]],
        ]
        start = token.end()
    return "".join([*parts, re.escape(format_[start:])]).replace(r"\ ", r"\s+")


def parse(text: str, how: Time) -> int | None:
    """Microseconds since 1970 UTC of one cell's text; None when it is empty; ValueError says why not."""
    said = text.strip().strip("\"'").strip()
    if said.casefold() in MISSING:
        return None
    if said.startswith("{"):
        said = _in_dict(said)
    fault = "not a time as " + " or ".join(how.formats)
    for format_ in how.formats:
        if format_ in NAMED and format_ != "iso":
            if re.fullmatch(r"-?\d+(?:[.,]\d+)?", said):
                return _within(_counted(float(said.replace(",", ".")), format_, how))
            continue
        found = re.fullmatch(pattern(format_), said)
        if found is None:
            continue
        try:
            return _within(_assembled(found, how))
        except ValueError as error:
            fault = str(error)
    raise ValueError(fault)


def parse_cells(cells: Cells, how: Time) -> Parsed:
    """Every cell's instant; the same as `parse` of each text, by columns."""
    if cells.text is None:
        parsed = Parsed(np.full(cells.length, NEVER, np.int64), np.full(cells.length, EMPTY, np.uint8))
    else:
        parsed = by_distinct(cells, lambda texts: _parse_texts(texts, how))
        if parsed.value.dtype != np.int64:
            parsed.value = np.full(cells.length, NEVER, np.int64)
    if cells.instant is not None:
        _settle(parsed, cells.instant != NEVER, cells.instant, zoned=cells.zoned, how=how)
    if cells.number is not None:
        _settle_numbers(parsed, cells.number, how)
    return parsed


def _settle(parsed: Parsed, given: Any, instants: Any, *, zoned: bool, how: Time) -> None:
    if not given.any():
        return
    if not zoned and how.zone is None:
        for place in np.flatnonzero(given):
            parsed.reasons[int(place)] = "the time zone is missing; set `zone:`"
        parsed.state[given] = REFUSED
        return
    utc = instants if zoned else instants - offsets(np.where(given, instants, 0), how.zone)
    parsed.value = np.where(given, utc, parsed.value)
    parsed.state = np.where(given, OK, parsed.state).astype(np.uint8)
    _bound(parsed, given)


def _settle_numbers(parsed: Parsed, numbers: Any, how: Time) -> None:
    given = ~np.isnan(numbers)
    for place in np.flatnonzero(given) if given.any() else ():
        format_ = next((f for f in how.formats if f in NAMED and f != "iso"), None)
        try:
            parsed.value[place] = _within(_counted(float(numbers[place]), format_, how))
            parsed.state[place] = OK
        except ValueError as error:
            parsed.state[place] = REFUSED
            parsed.reasons[int(place)] = str(error)


def _bound(parsed: Parsed, given: Any) -> None:
    for place in np.flatnonzero(given & ((parsed.value < _EARLIEST) | (parsed.value >= _LATEST))):
        parsed.state[place] = REFUSED
        parsed.reasons[int(place)] = "a year before 1900 or after 2199"


def offsets(local: Any, zone: ZoneInfo | None) -> Any:
    """UTC offsets in µs of local wall clock instants (µs as if UTC); the earlier one when a clock is set back."""
    if zone is None:
        raise ValueError("the time zone is missing")
    quarter = 15 * 60 * 1_000_000  # clocks are changed on quarters of an hour
    steps, where = np.unique(local // quarter, return_inverse=True)
    found = [_offset(int(step) * quarter, zone) for step in steps]
    return np.array(found, np.int64)[where.reshape(local.shape)]


@lru_cache(maxsize=100_000)
def _offset(local: int, zone: ZoneInfo) -> int:
    wall = clock.moment(local).replace(tzinfo=zone)
    return (wall.utcoffset() or timedelta(0)) // timedelta(microseconds=1)


def _counted(number: float, format_: str | None, how: Time) -> int:
    if format_ is None:
        raise ValueError("a number, where the mapping expects " + " or ".join(how.formats))
    if not np.isfinite(number) or abs(number) > 1e17:
        raise ValueError("a year before 1900 or after 2199")
    if format_ in EPOCHS:
        return round(number * EPOCHS[format_])
    if not 1 <= number < 200_000:
        raise ValueError("not a spreadsheet date serial")
    # a serial is a binary fraction of a day: whole milliseconds are what it can mean
    local = _SERIAL_START + round(number * 86_400_000) * 1000
    return _utc(local, how)


def _utc(local: int, how: Time) -> int:
    if how.zone is None:
        raise ValueError("the time zone is missing; set `zone:`")
    quarter = 15 * 60 * 1_000_000
    return local - _offset(local // quarter * quarter, how.zone)


def _assembled(found: re.Match[str], how: Time) -> int:
    part = found.groupdict()
    year = int(part["y"])
    if len(part["y"]) == 2:
        year += 2000 if year < 70 else 1900
    hour, minute, second = (int(part.get(name) or 0) for name in ("h", "mi", "s"))
    if part.get("p"):
        if not 1 <= hour <= 12:
            raise ValueError("an hour past 12 with AM or PM")
        hour = hour % 12 + (12 if part["p"].lower() in {"pm", "ch"} else 0)
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        raise ValueError("no such time of day")
    day = datetime(year, int(part["mo"]), int(part["d"]), tzinfo=UTC)  # ValueError: no such day
    fraction = int((part.get("f") or "0").ljust(6, "0")[:6])
    local = clock.micros(day) + ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction
    zone = part.get("z")
    return _utc(local, how) if not zone else local - _shift(zone)


@lru_cache(maxsize=512)
def _shift(text: str) -> int:
    if text in "Zz":
        return 0
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 14 or minutes > 59:
        raise ValueError(f"no such offset from UTC: {text}")
    return (-1 if text[0] == "-" else 1) * (hours * 60 + minutes) * 60 * 1_000_000


def _within(at: int) -> int:
    if not _EARLIEST <= at < _LATEST:
        raise ValueError("a year before 1900 or after 2199")
    return at


def _in_dict(text: str) -> str:
    """The `@value` of a date written as a JSON or Python dictionary."""
    try:
        value = ast.literal_eval(text)
        return str(value["@value"] if "@value" in value else value["value"]).strip()
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise ValueError("a dictionary without @value") from None


def _parse_texts(texts: Any, how: Time) -> Parsed:
    count = len(texts)
    value, state = np.full(count, NEVER, np.int64), np.full(count, REFUSED, np.uint8)
    todo = np.ones(count, bool)
    if count > 64:
        bare = pc.utf8_trim_whitespace(texts)
        for format_ in how.formats[:1]:  # a later format may only have what earlier ones refused: left to `parse`
            if format_ not in NAMED or format_ == "iso":
                _by_columns(bare, format_, how, value, state, todo)
    reasons: dict[int, str] = {}
    for place in np.flatnonzero(todo):
        try:
            at = parse(texts[int(place)].as_py(), how)
        except ValueError as error:
            message = str(error)
            reasons[int(place)] = "no such day" if "day" in message and "month" in message else message
            continue
        state[place] = EMPTY if at is None else OK
        value[place] = NEVER if at is None else at
    return Parsed(value, state, reasons)


def _by_columns(bare: Any, format_: str, how: Time, value: Any, state: Any, todo: Any) -> None:
    """Settle the texts of a format that are surely right; anything doubtful is left for `parse`."""
    split = pc.extract_regex(bare, f"^{pattern(format_)}$")
    where = np.flatnonzero(pc.is_valid(split).to_numpy(zero_copy_only=False))
    names = [f.name for f in split.type]
    if not len(where) or "p" in names:
        return
    some = split.take(pa.array(where))
    texts = {name: pc.struct_field(some, place) for place, name in enumerate(names)}

    def number(name: str) -> Any:
        if name not in texts:
            return np.zeros(len(where), np.int64)
        filled = pc.if_else(pc.equal(pc.utf8_length(texts[name]), 0), "0", texts[name])
        return filled.cast(pa.int64()).to_numpy(zero_copy_only=False)

    year, month, day, hour, minute, second = (number(name) for name in ("y", "mo", "d", "h", "mi", "s"))
    if "yyyy" not in format_ and format_ != "iso":
        year = year + np.where(year < 70, 2000, 1900)
    sure = (year >= 1901) & (year < 2199) & (month >= 1) & (month <= 12) & (day >= 1)
    sure &= (hour <= 23) & (minute <= 59) & (second <= 59)
    months = (np.where(sure, year, 1970) - 1970) * 12 + np.where(sure, month, 1) - 1
    start = months.astype("M8[M]").astype("M8[D]").astype(np.int64)
    sure &= day <= (months + 1).astype("M8[M]").astype("M8[D]").astype(np.int64) - start
    local = (start + day - 1) * clock.DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000
    if "f" in texts:
        padded = pc.utf8_slice_codeunits(pc.utf8_rpad(texts["f"], 6, "0"), 0, 6)
        local = local + padded.cast(pa.int64()).to_numpy(zero_copy_only=False)
    shift = np.zeros(len(where), np.int64)
    bare_time = np.ones(len(where), bool)
    if "z" in texts:
        coded = texts["z"].dictionary_encode()
        index = coded.indices.to_numpy(zero_copy_only=False)
        shifts, empty = [], []
        for text in coded.dictionary.to_pylist():
            empty.append(not text)
            try:
                shifts.append(_shift(text) if text else 0)
            except ValueError:
                shifts.append(NEVER)
        shift, bare_time = np.array(shifts, np.int64)[index], np.array(empty, bool)[index]
        sure &= shift != NEVER
    if bare_time.any():
        if how.zone is None:
            sure &= ~bare_time
        else:
            shift = np.where(bare_time, offsets(np.where(sure, local, 0), how.zone), shift)
    at = local - np.where(sure, shift, 0)
    value[where[sure]] = at[sure]
    state[where[sure]] = OK
    todo[where[sure]] = False
