"""SWE Common DataRecords as JSON (OGC 17-079r1 clause 8.2): what a task may be told, and whether it is told rightly.

Components taken: Boolean, Count, Quantity, Category, Text; constraints AllowedValues (`value`, `interval`) and
AllowedTokens (`value`, `pattern`). Pure: no session, every fault at once.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from dothi.kit.errors import Fault

KINDS = ("Boolean", "Count", "Quantity", "Category", "Text")
_CONSTRAINT = {
    "Count": "AllowedValues",
    "Quantity": "AllowedValues",
    "Category": "AllowedTokens",
    "Text": "AllowedTokens",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_LONGEST = 2000  # characters of a text
_MOST = 50  # fields of a record


def fields(record: Any) -> list[dict[str, Any]]:
    """The fields of a DataRecord that was found sound."""
    return list(record.get("field", [])) if isinstance(record, dict) else []


def wrong(record: Any, place: str = "taskingParameters") -> list[Fault]:
    """What keeps a value from being a DataRecord this server can check tasks against."""
    if not isinstance(record, dict) or record.get("type") != "DataRecord":
        return [Fault(place, "is no DataRecord", '{"type": "DataRecord", "field": […]}')]
    given = record.get("field")
    if not isinstance(given, list) or not given or len(given) > _MOST:
        return [Fault(f"{place}.field", "must be a list of fields", f"1 to {_MOST} fields")]
    faults: list[Fault] = []
    names: set[str] = set()
    for i, one in enumerate(given):
        here = f"{place}.field[{i}]"
        if not isinstance(one, dict):
            faults.append(Fault(here, "is no object", '{"name": …, "type": …}'))
            continue
        name = one.get("name")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            faults.append(
                Fault(f"{here}.name", f"{_shown(name)} is no name", "a letter, then letters, digits, - and _")
            )
        elif name in names:
            faults.append(Fault(f"{here}.name", f'"{name}" is given twice'))
        else:
            names.add(name)
        if one.get("type") not in KINDS:
            faults.append(Fault(f"{here}.type", f"{_shown(one.get('type'))} is not taken", ", ".join(KINDS)))
        elif one.get("constraint") is not None:
            faults += _constraint(one, here)
    return faults


def _constraint(one: Mapping[str, Any], here: str) -> list[Fault]:
    said, wanted, at = one["constraint"], _CONSTRAINT.get(one["type"]), f"{here}.constraint"
    if wanted is None:
        return [Fault(at, "a Boolean has no constraint")]
    if not isinstance(said, dict) or said.get("type") != wanted:
        return [Fault(f"{at}.type", f"a {one['type']} is held by {wanted}", wanted)]
    faults = []
    values, spans, pattern = said.get("value"), said.get("interval"), said.get("pattern")
    good = _is_number if wanted == "AllowedValues" else lambda value: isinstance(value, str)
    if values is not None and not (isinstance(values, list) and values and all(good(value) for value in values)):
        faults.append(Fault(f"{at}.value", "must list the values", "numbers" if wanted == "AllowedValues" else "texts"))
    if spans is not None and not (
        isinstance(spans, list) and spans and all(_is_span(span) for span in spans) and wanted == "AllowedValues"
    ):
        faults.append(Fault(f"{at}.interval", "must list pairs", "[[0, 100]]"))
    if pattern is not None:
        try:
            re.compile(pattern)
        except (re.error, TypeError) as error:
            faults.append(Fault(f"{at}.pattern", f"cannot be read: {error}", "a regular expression"))
    return faults


def check(record: Any, given: Any, place: str = "taskingParameters") -> tuple[dict[str, Any], list[Fault]]:
    """The parameters as they will be sent, with defaults filled in, and every fault found."""
    if not isinstance(given, dict):
        return {}, [Fault(place, "must be an object of parameters", ", ".join(one["name"] for one in fields(record)))]
    known = {one["name"]: one for one in fields(record)}
    faults = [
        Fault(f"{place}.{str(name)[:80]}", "no such parameter", ", ".join(known)) for name in given if name not in known
    ]
    made: dict[str, Any] = {}
    for name, one in known.items():
        if given.get(name) is None:
            if one.get("value") is not None:
                made[name] = one["value"]
            elif not one.get("optional"):
                faults.append(Fault(f"{place}.{name}", "is missing", allowed(one)))
            continue
        if not fits(one, given[name]):
            faults.append(Fault(f"{place}.{name}", f"found {_shown(given[name])}", allowed(one)))
        else:
            made[name] = given[name]
    return made, faults


def fits(one: Mapping[str, Any], value: Any) -> bool:
    """Whether a value is one its field allows."""
    kind, held = one["type"], one.get("constraint") or {}
    if kind == "Boolean":
        return isinstance(value, bool)
    if kind in {"Count", "Quantity"}:
        if not _is_number(value) or (kind == "Count" and value != int(value)):
            return False
        if not held:
            return True
        spans = held.get("interval") or ()
        return bool(value in (held.get("value") or ()) or any(low <= value <= high for low, high in spans))
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        return False
    tokens, pattern = held.get("value"), held.get("pattern")
    if tokens is None and pattern is None:
        return bool(kind == "Text")
    return bool(value in (tokens or ()) or (pattern is not None and re.fullmatch(pattern, value) is not None))


def allowed(one: Mapping[str, Any]) -> str:
    """What a field takes, in words."""
    kind, held, unit = one["type"], one.get("constraint") or {}, (one.get("uom") or {}).get("code", "")
    if kind == "Boolean":
        return "true, false"
    said = [f"{value:g}" if _is_number(value) else str(value) for value in held.get("value") or ()]
    said += [f"{low:g} to {high:g}" for low, high in held.get("interval") or ()]
    if held.get("pattern"):
        said.append(f"a text like {held['pattern']}")
    what = {"Count": "a whole number", "Quantity": "a number", "Category": "a word", "Text": "a text"}[kind]
    return (
        (f"{what}: " if kind in {"Count", "Quantity"} and said else "")
        + (", ".join(said) or what)
        + (f" {unit}" if unit else "")
    )


def numbers(values: Mapping[str, Any]) -> dict[str, float]:
    """The parameters a formula can read: numbers, and truths as 1 and 0; `-` in a name is `_`."""
    return {
        name.replace("-", "_"): float(value) for name, value in values.items() if isinstance(value, bool | int | float)
    }


def said(record: Any, values: Mapping[str, Any], language: str = "vi") -> str:
    """The parameters in words: `Độ sáng 60 %, Chế độ tự động`."""
    parts = []
    for one in fields(record):
        value = values.get(one["name"])
        if value is None:
            continue
        label = name_of(one, language)
        if one["type"] == "Boolean":
            shown = {True: ("có", "yes"), False: ("không", "no")}[bool(value)][language == "en"]
        elif one["type"] == "Category":
            shown = token(one, value, language)
        elif isinstance(value, int | float):
            shown = f"{value:g}".replace(".", "." if language == "en" else ",")
            shown += f" {(one.get('uom') or {}).get('code', '')}".rstrip()
        else:
            shown = f"“{value}”"
        parts.append(f"{label} {shown}")
    return ", ".join(parts)


def name_of(one: Mapping[str, Any], language: str) -> str:
    """What people call a field."""
    return str((one.get("label_en") if language == "en" else None) or one.get("label") or one["name"])


def token(one: Mapping[str, Any], value: Any, language: str) -> str:
    """What people call one of a Category's tokens."""
    called = (one.get("tokens") or {}).get(value) or {}
    return str(called.get(language) or called.get("vi") or value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_span(value: Any) -> bool:
    pair = isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_number, value))
    return pair and bool(value[0] <= value[1])


def _shown(value: Any) -> str:
    return repr(value)[:80]
