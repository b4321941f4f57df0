"""Faults of the JSON Schema of one field: keywords that are not known here, limits and values that make no sense."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dothi.datasets.checking import DEEPEST, Unfit, compiled, listed, shown, values_of
from dothi.kit.errors import Fault

FORMATS = ("date", "date-time", "uri", "email")
TYPES = ("string", "number", "integer", "boolean", "array", "object")
_TEXT = ("title", "title-en", "description", "description-en", "$comment", "x-unit")
_ANY = {"examples", "default", "deprecated", "readOnly", "writeOnly"}
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_SIZES = ("minLength", "maxLength", "minItems", "maxItems")
_OF = {
    "string": {"format", "minLength", "maxLength", "pattern"},
    "number": set(_BOUNDS),
    "integer": set(_BOUNDS),
    "boolean": set(),
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
    "object": {"properties", "required", "additionalProperties"},
}
_EVERY = {"type", "enum", "const", "oneOf", *_TEXT, *_ANY}
_ATTRIBUTE = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,79}$")
_ROLES = ("key", "name", "valid-from", "valid-until")


def faults(schema: Mapping[str, Any], place: str, *, extended: bool = False, depth: int = 0) -> Iterator[Fault]:
    """Why the schema of one field cannot be kept. extended: it may say what dothi adds (`x-personal` …)."""
    said = listed(schema.get("type", [])) if "type" in schema else []
    known = [one for one in said if one in TYPES]
    if [one for one in said if one not in (*TYPES, "null")] or len(known) != (1 if "type" in schema else 0):
        yield Fault(
            f"{place}.type", f"{shown(schema.get('type'))}", f"one of {', '.join(TYPES)}, or [one of them, null]"
        )
        return
    if not known and not any(key in schema for key in ("enum", "oneOf", "const")):
        yield Fault(f"{place}.type", "is missing", ", ".join(TYPES))
        return
    kind = known[0] if known else "string"
    allowed = _EVERY | _OF[kind]
    for key in schema:
        if key not in allowed and not str(key).startswith("x-"):
            yield Fault(f"{place}.{key}", f"says nothing of a {kind} here", ", ".join(sorted(allowed)))
    for key in _TEXT:
        if key in schema and not isinstance(schema[key], str):
            yield Fault(f"{place}.{key}", "is no text", "a string")
    if extended:
        yield from _extensions(schema, place)
    else:
        for key in ("x-personal", "x-open", "x-role", "x-model"):
            if key in schema:
                yield Fault(f"{place}.{key}", "is said of a whole field, not of a part of it", "at the field itself")
    yield from _limits(schema, place, allowed)
    yield from _choices(schema, place, kind)
    if depth >= DEEPEST:
        yield Fault(place, "is nested too deeply", f"{DEEPEST} levels")
    else:
        yield from _nested(schema, place, kind, depth)


def _extensions(schema: Mapping[str, Any], place: str) -> Iterator[Fault]:
    for key in ("x-personal", "x-open"):
        if key in schema and not isinstance(schema[key], bool):
            yield Fault(f"{place}.{key}", f"{shown(schema[key])}", "true, false")
    if "x-role" in schema and schema["x-role"] not in _ROLES:
        yield Fault(f"{place}.x-role", f"{shown(schema['x-role'])}", ", ".join(_ROLES))
    if "x-model" in schema and not (isinstance(schema["x-model"], str) and _ATTRIBUTE.match(schema["x-model"])):
        yield Fault(
            f"{place}.x-model", f"{shown(schema['x-model'])}", "an attribute of the model, as in totalSpotNumber"
        )
    for where, one in ((place, schema), (f"{place}.items", schema.get("items"))):
        if isinstance(one, dict) and "x-reference" in one:
            reference = one["x-reference"]
            if (
                not isinstance(reference, dict)
                or set(reference) != {"dataset"}
                or not isinstance(reference["dataset"], str)
            ):
                yield Fault(f"{where}.x-reference", f"{shown(reference)}", '{"dataset": code}')
            elif (
                one.get("type") not in ("string", "integer", ["string", "null"], ["integer", "null"]) and where == place
            ):
                yield Fault(f"{where}.x-reference", "a key is a text or a whole number", "type string or integer")


def _limits(schema: Mapping[str, Any], place: str, allowed: set[str]) -> Iterator[Fault]:
    for key in _BOUNDS:
        value = schema.get(key, 1)
        if key in allowed and (type(value) not in (int, float) or not math.isfinite(value)):
            yield Fault(f"{place}.{key}", f"{shown(value)}", "a number")
        elif key == "multipleOf" and key in allowed and value <= 0:
            yield Fault(f"{place}.{key}", f"{shown(value)}", "a number above 0")
    for key in _SIZES:
        value = schema.get(key, 0)
        if key in allowed and (type(value) is not int or value < 0):
            yield Fault(f"{place}.{key}", f"{shown(value)}", "a whole number from 0")
    if "format" in schema and schema["format"] not in FORMATS and "format" in allowed:
        yield Fault(f"{place}.format", f"{shown(schema['format'])}", ", ".join(FORMATS))
    if "uniqueItems" in schema and not isinstance(schema["uniqueItems"], bool):
        yield Fault(f"{place}.uniqueItems", f"{shown(schema['uniqueItems'])}", "true, false")
    if "pattern" in schema and "pattern" in allowed:
        try:
            re.compile(schema["pattern"])
        except (re.error, TypeError, RecursionError, OverflowError) as error:
            yield Fault(f"{place}.pattern", f"is no regular expression: {error}", "a regular expression")


def _choices(schema: Mapping[str, Any], place: str, kind: str) -> Iterator[Fault]:
    if sum(key in schema for key in ("enum", "oneOf", "const")) > 1:
        yield Fault(place, "says its values twice", "one of enum, oneOf, const")
        return
    if "enum" in schema and (not isinstance(schema["enum"], list) or not schema["enum"]):
        yield Fault(f"{place}.enum", "is no list of values", "at least one value")
        return
    if "oneOf" in schema:
        choices = schema["oneOf"]
        if (
            not isinstance(choices, list)
            or not choices
            or not all(isinstance(o, dict) and "const" in o for o in choices)
        ):
            yield Fault(f"{place}.oneOf", "is no list of values", '[{"const": value, "title": its name}, …]')
            return
        for i, one in enumerate(choices):
            for key in set(one) - {"const", "title", "title-en", "description", "description-en"}:
                yield Fault(f"{place}.oneOf.{i}.{key}", "is not known here", "const, title, title-en, description")
            for key in ("title", "title-en"):
                if key in one and not isinstance(one[key], str):
                    yield Fault(f"{place}.oneOf.{i}.{key}", "is no text", "a string")
    if "type" in schema and (values := values_of(schema)) is not None:
        plain = compiled({"type": kind})
        for value in values:
            try:
                plain(value)
            except Unfit as unfit:
                yield from unfit.faults(f"{place}.{'oneOf' if 'oneOf' in schema else 'enum'}")


def _nested(schema: Mapping[str, Any], place: str, kind: str, depth: int) -> Iterator[Fault]:
    if kind == "array" and "items" in schema:
        if not isinstance(schema["items"], dict):
            yield Fault(f"{place}.items", "is no JSON object", "the schema of an item")
        elif schema["items"]:
            yield from faults(schema["items"], f"{place}.items", depth=depth + 1)
    if kind == "object" and "properties" in schema:
        inside = schema["properties"]
        if not isinstance(inside, dict) or not all(isinstance(one, dict) for one in inside.values()):
            yield Fault(f"{place}.properties", "is no JSON object", "schemas by name")
            return
        for name, one in inside.items():
            yield from faults(one, f"{place}.properties.{name}", depth=depth + 1)
        required = schema.get("required", [])
        if not isinstance(required, list) or any(name not in inside for name in required):
            yield Fault(f"{place}.required", "names what is not there", ", ".join(inside))
        if schema.get("additionalProperties", False) is not False:
            yield Fault(f"{place}.additionalProperties", "an object has what its schema names and no more", "false")
