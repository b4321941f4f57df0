"""The checks of one value against the JSON Schema of its field, as functions made once."""

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import nfc

Check = Callable[[Any], Any]  # gives the value as it is kept, or raises Unfit

LONGEST_TEXT = 100_000  # characters
_MOST = 1 << 63
DEEPEST = 6
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_EMAIL = re.compile(r"[^\s@<>\"]+@[^\s@<>\".]+(\.[^\s@<>\".]+)+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Unfit(Exception):
    """A value does not fit: what is wrong, what is allowed, and where inside the value."""

    def __init__(self, message: str, allowed: str | None = None, place: str = "") -> None:
        super().__init__(message)
        self.found = [(place, message, allowed)]

    def faults(self, place: str) -> list[Fault]:
        """As faults below a place."""
        return [Fault(place + inside, message, allowed) for inside, message, allowed in self.found]


def compiled(schema: Mapping[str, Any]) -> Check:
    """The check of a field whose schema has no faults. It is not asked about null."""
    types = _types(schema)
    made = {
        "string": _string, "number": _number, "integer": _integer, "boolean": _boolean, "array": _array,
        "object": _object,
    }[types[0]](schema)  # fmt: skip
    values = values_of(schema)
    if values is None:
        return made
    names = ", ".join(shown(value) for value in values[:30]) + (" …" if len(values) > 30 else "")
    known = {_same(value) for value in values}

    def among(value: Any) -> Any:
        value = made(value)
        if _same(value) not in known:
            raise Unfit(f"{shown(value)} is not one of its values", names)
        return value

    return among


def _types(schema: Mapping[str, Any]) -> list[str]:
    said = schema.get("type")
    if said is None:
        values = values_of(schema) or ()
        return ["string" if all(isinstance(value, str) for value in values) else "number"]
    return [one for one in (said if isinstance(said, list) else [said]) if one != "null"]


def values_of(schema: Mapping[str, Any]) -> list[Any] | None:
    """The values an enumeration allows, None where there is none."""
    if "oneOf" in schema:
        return [one["const"] for one in schema["oneOf"] if one.get("const") is not None]
    if "enum" in schema:
        return [value for value in schema["enum"] if value is not None]
    return [schema["const"]] if "const" in schema else None


def _same(value: Any) -> Any:
    # 1 and true are one key of a set, and two values of JSON
    return (type(value) is bool, nfc(value) if isinstance(value, str) else value) if not isinstance(value, list | dict) \
        else json.dumps(value, sort_keys=True)  # fmt: skip


def shown(value: Any) -> str:
    """A value as faults tell it: JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"


def _string(schema: Mapping[str, Any]) -> Check:
    least, most = schema.get("minLength", 0), min(schema.get("maxLength", LONGEST_TEXT), LONGEST_TEXT)
    pattern = re.compile(schema["pattern"]) if "pattern" in schema else None
    form = {"date": _date, "date-time": _instant, "uri": _uri, "email": _email}.get(str(schema.get("format")))

    bounded = least > 0 or pattern is not None or form is not None

    def check(given: Any) -> str:
        if type(given) is not str:
            raise Unfit(f"{shown(given)} is no text", "a string")
        value: str = given
        if not value.isascii():
            value = nfc(value)
            try:
                value.encode()
            except UnicodeEncodeError:
                raise Unfit("has half a character", "Unicode text") from None
        if "\0" in value:
            raise Unfit("has a zero character", "printable text")
        if len(value) > most:
            raise Unfit(f"{len(value)} characters are too many", f"{most}")
        if not bounded:
            return value
        if len(value) < least:
            raise Unfit(f"{shown(value)} is too short", f"at least {least} characters")
        if pattern is not None and pattern.search(value) is None:
            raise Unfit(f"{shown(value)} has another form", f"the pattern {pattern.pattern}")
        return form(value) if form else value

    return check


def _date(value: str) -> str:
    if _DATE.fullmatch(value):
        try:
            date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return value
    raise Unfit(f"{shown(value)} is no date", "a day of the calendar as 2026-11-21")


def _instant(value: str) -> str:
    try:
        return clock.iso(clock.parse(value))
    except BadInput as error:
        fault = error.faults[0]
        raise Unfit(fault.message, fault.allowed) from None


def _uri(value: str) -> str:
    if not _URI.fullmatch(value):
        raise Unfit(f"{shown(value)} is no URI", "for example https://example.org/")
    return value


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise Unfit(f"{shown(value)} is no e-mail address", "name@office.gov.vn")
    return value


def _bounded(schema: Mapping[str, Any]) -> Callable[[float], None] | None:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below, step = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum"), schema.get("multipleOf")
    if all(one is None for one in (low, high, above, below, step)):
        return None

    def check(value: float) -> None:
        if low is not None and value < low:
            raise Unfit(f"{value:g} is too small", f"{low:g} or more")
        if high is not None and value > high:
            raise Unfit(f"{value:g} is too large", f"{high:g} or less")
        if above is not None and value <= above:
            raise Unfit(f"{value:g} is too small", f"more than {above:g}")
        if below is not None and value >= below:
            raise Unfit(f"{value:g} is too large", f"less than {below:g}")
        if step is not None and not math.isclose(value / step, round(value / step), abs_tol=1e-9):
            raise Unfit(f"{value:g} is between steps", f"multiples of {step:g}")

    return check


def _number(schema: Mapping[str, Any]) -> Check:
    bounded = _bounded(schema)

    def check(value: Any) -> Any:
        kind = type(value)
        if kind is not float and kind is not int:
            raise Unfit(f"{shown(value)} is no number", "a number")
        if kind is float and not math.isfinite(value):
            raise Unfit(f"{value} is no number of JSON", "a finite number")
        if kind is int and not -_MOST <= value < _MOST:
            raise Unfit("is too large a whole number", "64 bits")
        if bounded is not None:
            bounded(value)
        return value

    return check


def _integer(schema: Mapping[str, Any]) -> Check:
    bounded = _bounded(schema)

    def check(value: Any) -> int:
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int:
            raise Unfit(f"{shown(value)} is no whole number", "an integer")
        if not -_MOST <= value < _MOST:
            raise Unfit("is too large a whole number", "64 bits")
        if bounded is not None:
            bounded(value)
        return value

    return check


def _boolean(_: Mapping[str, Any]) -> Check:
    def check(value: Any) -> bool:
        if type(value) is not bool:
            raise Unfit(f"{shown(value)} is neither true nor false", "true, false")
        return value

    return check


def _array(schema: Mapping[str, Any]) -> Check:
    items = compiled(schema["items"]) if schema.get("items") else _any
    nullable = "null" in listed(schema.get("items", {}).get("type"))
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    unique = schema.get("uniqueItems", False)

    def check(value: Any) -> list[Any]:
        if type(value) is not list:
            raise Unfit(f"{shown(value)} is no list", "an array")
        if len(value) < least or (most is not None and len(value) > most):
            raise Unfit(f"has {len(value)} items", f"{least} to {most if most is not None else 'any number'}")
        kept = [None if one is None and nullable else _inside(items, one, f".{i}") for i, one in enumerate(value)]
        if unique and len({json.dumps(one, sort_keys=True) for one in kept}) < len(kept):
            raise Unfit("has an item twice", "items that differ")
        return kept

    return check


def _object(schema: Mapping[str, Any]) -> Check:
    if not isinstance(schema.get("properties"), dict):
        return _any_object
    checks = {name: compiled(one) for name, one in schema["properties"].items()}
    nullable = {name for name, one in schema["properties"].items() if "null" in listed(one.get("type"))}
    required = list(schema.get("required") or ())

    def check(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Unfit(f"{shown(value)} is no object", "an object")
        kept: dict[str, Any] = {}
        for name, one in value.items():
            if name not in checks:
                raise Unfit("is not in the schema", ", ".join(checks), f".{name}")
            if one is not None:
                kept[name] = _inside(checks[name], one, f".{name}")
            elif name in nullable:
                kept[name] = None
        for name in required:
            if name not in kept:
                raise Unfit("is missing", None, f".{name}")
        return kept

    return check


def _inside(check: Check, value: Any, place: str) -> Any:
    try:
        return check(value)
    except Unfit as unfit:
        unfit.found = [(place + inside, message, allowed) for inside, message, allowed in unfit.found]
        raise


def _any(value: Any, depth: int = 0) -> Any:
    """Any JSON that both databases keep."""
    if depth > DEEPEST:
        raise Unfit("is nested too deeply", f"{DEEPEST} levels")
    if isinstance(value, str):
        return _PLAIN(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return _NUMBER(value)
    if isinstance(value, list):
        return [_any(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {_PLAIN(name): _any(one, depth + 1) for name, one in value.items()}
    raise Unfit(f"{shown(value)} is no JSON")


def _any_object(value: Any) -> Any:
    if type(value) is not dict:
        raise Unfit(f"{shown(value)} is no object", "an object")
    return _any(value)


_PLAIN, _NUMBER = _string({}), _number({})


def listed(value: Any) -> list[Any]:
    """A value as a list of one, a list as it is."""
    return value if isinstance(value, list) else [value]
