"""Cells of files as values of a schema: numbers and days the way Vietnamese offices write them.

Every function raises ValueError with the reason; a reason that begins with "repaired: " comes with a value.
"""

import ast
import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from dothi.kit import clock
from dothi.kit.text import fold, nfc

EMPTY = frozenset({"", "null", "none", "nan", "n/a", "#n/a", "-", "--", "<null>"})
_TRUE = frozenset({"true", "t", "yes", "y", "1", "x", "co", "dung", "✓", "✔", "on"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "khong", "sai", "off"})
_DAY = re.compile(
    r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})(?:[T\s,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?"
)
_ISO_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?Z?)?")
_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_UNIT = re.compile(r"^([+-]?[\d.,\s\u00a0]*\d)\s*([^\d\s.,][^\d]*[²³23]?)$")
_SAFE = 2**53


class Repaired(ValueError):
    """A value that could be read after all; the argument is the value, then what was done."""


def converter(
    kind: str, *, decimal: str = ".", allowed: Sequence[tuple[Any, str]] | None = None
) -> Callable[[Any], Any]:
    """How cells become values of a kind (as schema.Field.kind); None stays None, an empty text becomes None.

    decimal: the mark of decimals in texts. allowed: the only values there may be, with their titles.
    """
    plain: dict[str, Callable[[Any], Any]] = {
        "string": text, "boolean": truth, "date": day, "date-time": instant, "array": listed, "object": table,
        "number": lambda value: number(value, decimal), "integer": lambda value: whole(value, decimal),
    }  # fmt: skip
    convert = plain.get(kind, text)
    return convert if not allowed else _one_of(convert, allowed)


def _one_of(convert: Callable[[Any], Any], allowed: Sequence[tuple[Any, str]]) -> Callable[[Any], Any]:
    exact = {const for const, _ in allowed}
    loose = {fold(str(const)): const for const, _ in reversed(allowed)}
    loose |= {fold(title): const for const, title in reversed(allowed) if title and fold(title) not in loose}
    named = ", ".join(str(const) for const, _ in allowed)

    def chosen(value: Any) -> Any:
        try:
            made = convert(value)
        except Repaired as error:
            made = error.args[0]
        except ValueError:
            made = text(value)
        if made is None or made in exact:
            return made
        found = loose.get(fold(str(made)))
        if found is None:
            raise ValueError(f"not one of {named}"[:300])
        raise Repaired(found, f"taken as {found}")

    return chosen


def empty(value: Any) -> bool:
    """Whether a cell says nothing."""
    return value is None or (isinstance(value, str) and value.strip().casefold() in EMPTY)


def text(value: Any) -> str | None:
    """A text, composed (NFC), without spaces around; numbers and days as people write them."""
    if value is None:
        return None
    if isinstance(value, str):
        said = nfc(value.replace("\x00", "")).strip()
        return said or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value.is_integer() and abs(value) < _SAFE else repr(value)
    if isinstance(value, datetime):
        return day(value) if value.time() == time(0) and value.tzinfo is None else instant(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        raise ValueError("bytes, not text")  # noqa: TRY004 - every reason is a ValueError
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def number(value: Any, decimal: str = ".") -> float | int | None:
    """A number. Texts may group thousands, use a decimal comma where that is the column's mark, or end in a unit."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            raise ValueError("not a finite number")
        return _tidy(float(value))
    if not isinstance(value, str):
        if value is None:
            return None
        raise ValueError("not a number")
    if empty(value):
        return None
    said = value.strip()
    if decimal == "." and _PLAIN.fullmatch(said):
        return _finite(said)
    return _written(said, decimal)


def _written(said: str, decimal: str) -> float | int:
    unit = _UNIT.match(said)
    bare = re.sub(r"[\s\u00a0]", "", unit[1] if unit else said)
    group = "." if decimal == "," else ","
    if re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(group)}\d{{3}})+(?:{re.escape(decimal)}\d+)?", bare):
        bare = bare.replace(group, "")
    bare = bare.replace(decimal, ".") if decimal == "," else bare
    if not _PLAIN.fullmatch(bare):
        raise ValueError(f"not a number (decimal mark {decimal!r})")
    made = _finite(bare)
    if unit:
        raise Repaired(made, f"the unit {unit[2].strip()!r} was taken off")
    return made


def _finite(said: str) -> float | int:
    if re.fullmatch(r"[+-]?\d{1,18}", said):
        return int(said)
    made = float(said)
    if not math.isfinite(made):
        raise ValueError("not a finite number")
    return _tidy(made)


def _tidy(value: float) -> float | int:
    return int(value) if value.is_integer() and abs(value) < _SAFE else value


def whole(value: Any, decimal: str = ".") -> int | None:
    """A whole number."""
    try:
        made, note = number(value, decimal), None
    except Repaired as error:
        made, note = error.args[0], error.args[1]
    if made is None:
        return None
    if isinstance(made, float):
        if not made.is_integer():
            raise ValueError("not a whole number")
        made = int(made)
    if not -(2**63) <= made < 2**63:
        raise ValueError("a whole number of more than 64 bits")
    if note:
        raise Repaired(made, note)
    return made


def truth(value: Any) -> bool | None:
    """Yes or no, in Vietnamese, English or signs."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float) and value in (0, 1):
        return bool(value)
    said = fold(str(value))
    if said in _TRUE:
        return True
    if said in _FALSE:
        return False
    if said in EMPTY:
        return None
    raise ValueError("neither yes nor no")


def day(value: Any) -> str | None:
    """A day as YYYY-MM-DD; 21/11/2026, 21.11.2026, 20261121 and a workbook's own days are read."""
    if value is None or isinstance(value, datetime):
        return None if value is None else value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float | int) and not isinstance(value, bool):
        value = str(int(value)) if float(value).is_integer() else str(value)
    said = str(value).strip()
    if empty(said):
        return None
    said = _within_dict(said)
    if found := _ISO_DAY.fullmatch(said):
        return _date(found[1], found[2], found[3])
    if (found := _DAY.fullmatch(said)) and found[4] is None:
        return _date(found[3], found[2], found[1])
    if found := re.fullmatch(r"((?:19|20)\d\d)(\d\d)(\d\d)", said):
        return _date(found[1], found[2], found[3])
    try:
        at = clock.parse(said, clock.VIETNAM)
    except Exception:
        raise ValueError("not a day, such as 2026-11-21 or 21/11/2026") from None
    return clock.local_day(at).isoformat()


def _date(year: str, month: str, day_: str) -> str:
    try:
        return date(int(year), int(month), int(day_)).isoformat()
    except ValueError:
        raise ValueError("no such day") from None


def instant(value: Any) -> str | None:
    """An instant as ISO 8601 in UTC; without a zone it is Vietnam's time."""
    if value is None:
        return None
    if isinstance(value, datetime):
        at = value if value.tzinfo else value.replace(tzinfo=clock.VIETNAM)
        return clock.iso(clock.micros(at))
    if isinstance(value, date):
        return instant(datetime(value.year, value.month, value.day))  # noqa: DTZ001 - wall clock
    said = str(value).strip()
    if empty(said):
        return None
    said = _within_dict(said)
    if found := _DAY.fullmatch(said):
        hour, minute, second = (int(found[place] or 0) for place in (4, 5, 6))
        try:
            at = datetime(int(found[3]), int(found[2]), int(found[1]), hour, minute, second, tzinfo=clock.VIETNAM)
        except ValueError:
            raise ValueError("no such time") from None
        return clock.iso(clock.micros(at))
    if found := _ISO_DAY.fullmatch(said):
        said = f"{_date(found[1], found[2], found[3])}T00:00" + ("Z" if said.endswith("Z") else "")
    try:
        return clock.iso(clock.parse(said, clock.VIETNAM))
    except Exception:
        raise ValueError("not a time, such as 2026-11-21T07:30:00+07:00 or 21/11/2026 07:30") from None


def _within_dict(said: str) -> str:
    """The value of a date written as a JSON or Python dictionary with @value."""
    if not said.startswith("{"):
        return said
    try:
        held = ast.literal_eval(said)
        return str(held["@value"] if "@value" in held else held["value"]).strip()
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        raise ValueError("a dictionary without @value") from None


def listed(value: Any) -> list[Any] | None:
    """A list: one already, or JSON, or texts between semicolons."""
    if value is None or isinstance(value, list):
        return value
    said = str(value).strip()
    if empty(said):
        return None
    if said.startswith("["):
        made = _json(said)
        if isinstance(made, list):
            return made
        raise ValueError("not a JSON array")
    return [part.strip() for part in said.split(";") if part.strip()]


def table(value: Any) -> dict[str, Any] | None:
    """An object: one already, or its JSON text."""
    if value is None or isinstance(value, dict):
        return value
    if empty(value):
        return None
    made = _json(str(value))
    if isinstance(made, dict):
        return made
    raise ValueError("not a JSON object")


def _json(said: str) -> Any:
    try:
        return json.loads(said, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError("not JSON") from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


# --- which kind a column is ------------------------------------------------------------------------------------


def kind_of(values: list[Any]) -> tuple[str, str]:
    """The narrowest kind that reads every value that is not empty, and the decimal mark of its texts."""
    given = [value for value in values if not empty(value)]
    if not given:
        return "string", "."
    sorts = {type(value) for value in given}
    if sorts <= {bool}:
        return "boolean", "."
    if sorts <= {int}:
        return "integer", "."
    if sorts <= {int, float, Decimal}:
        fine = [float(value) for value in given if math.isfinite(value)]
        return ("integer" if all(value.is_integer() and abs(value) < _SAFE for value in fine) else "number"), "."
    if sorts <= {datetime}:
        midnight = all(value.time() == time(0) and value.tzinfo is None for value in given)
        return ("date" if midnight else "date-time"), "."
    if sorts <= {date}:
        return "date", "."
    if sorts <= {list}:
        return "array", "."
    if sorts <= {dict}:
        return "object", "."
    if sorts & {time, timedelta, bytes, list, dict}:
        return "string", "."
    return _kind_of_texts(given[:2000])


def _kind_of_texts(given: list[Any]) -> tuple[str, str]:
    texts = [value for value in given if isinstance(value, str)]
    if all(re.fullmatch(r"(?i)true|false|có|không|đúng|sai", value.strip()) for value in texts):
        return "boolean", "."
    # a code such as 00123 or a telephone number is a text, whatever its characters
    coded = any(re.fullmatch(r"0\d+", value.strip()) for value in texts)
    for decimal in (".", ",") if not coded else ():
        for kind in ("integer", "number"):
            if all(_reads(kind, value, decimal) for value in given):
                return kind, decimal
    for kind in ("date", "date-time"):
        if all(_reads(kind, value, ".") for value in given):
            return kind, "."
    return "string", "."


def _reads(kind: str, value: Any, decimal: str) -> bool:
    if kind == "date" and isinstance(value, str):
        said = value.strip()
        if not (_ISO_DAY.fullmatch(said) or ((found := _DAY.fullmatch(said)) and found[4] is None)):
            return False
    if kind == "date-time" and not isinstance(value, str | datetime | date):
        return False
    try:
        converter(kind, decimal=decimal)(value)
    except Repaired:
        return False
    except ValueError:
        return False
    return True
