"""The schema of a dataset: JSON Schema 2020-12 of a record's properties, read once into fields and quick checks.

Beside the standard's keywords: `title-en`, `description-en`, `x-unit` (UCUM), `x-personal`, `x-open`, `x-role`,
`x-reference`, `x-model`, and on the whole `x-order`, because a JSON column forgets the order of keys, and `x-model`, the
published data model it follows.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dothi.datasets import checking, keywords
from dothi.kit.errors import Fault

KINDS = ("string", "number", "integer", "boolean", "date", "date-time", "array", "object")
ROLES = ("key", "name", "valid-from", "valid-until")
MOST_FIELDS = 500
LONGEST = 256 * 1024  # characters of the whole schema as JSON
_WHOLE = {
    "$schema", "$id", "$comment", "type", "title", "title-en", "description", "description-en", "properties", "required",
    "additionalProperties", "examples",
}  # fmt: skip
_NOT_TRIMMED = ("properties", "required", "x-order", "examples", "$comment")
_NAME_LENGTH = 100
_MODEL = re.compile(r"[A-Z][A-Za-z0-9]{1,79}\Z")
_ADDRESS = re.compile(r"https://[\w.~:/?#@!$&'()*+,;=%-]{1,400}\Z", re.ASCII)
_RESERVED = ("geometry",)


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a dataset's records.

    kind: one of KINDS. unit: UCUM. values: what an enumeration allows, labels and labels_en what each is called (None
    where nothing is said). role: one of ROLES. reference: code of the dataset whose key the value must be.
    personal: masked for everybody but who says what for; open: False keeps it inside the owning agency.
    nullable: null is a value of its own; otherwise a null is as good as nothing. model: what it is called in the model
    the dataset follows.
    """

    name: str
    kind: str = "string"
    title: str = ""
    title_en: str | None = None
    description: str | None = None
    unit: str | None = None
    values: tuple[Any, ...] | None = None
    personal: bool = False
    open: bool = True
    role: str | None = None
    reference: str | None = None
    required: bool = False
    labels: tuple[str | None, ...] | None = None
    labels_en: tuple[str | None, ...] | None = None
    description_en: str | None = None
    nullable: bool = False
    model: str | None = None

    def called(self, language: str) -> str:
        """The title in a language, else the name."""
        return (self.title_en if language == "en" else None) or self.title or self.name

    def named(self, value: Any) -> str | None:
        """What a value of an enumeration is called."""
        if self.values is None or self.labels is None or value not in self.values:
            return None
        return self.labels[self.values.index(value)]


class Checker:
    """Holds the properties of records against a schema, compiled once."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.fields = fields(schema)
        properties = schema["properties"]
        self._checks = {one.name: checking.compiled(properties[one.name]) for one in self.fields}
        self._required = tuple(one.name for one in self.fields if one.required)
        self._nullable = frozenset(one.name for one in self.fields if one.nullable)
        self._allowed = ", ".join(self._checks)

    def clean(self, properties: object) -> tuple[dict[str, Any], list[Fault]]:
        """The properties as they are kept, and every fault (at `properties.<name>`).

        Nothing is turned into another type. Texts become NFC; instants (`date-time`) become UTC, so that their texts
        sort by time; a whole number written 3.0 is 3; a null where the schema allows none is left out.
        """
        if not isinstance(properties, dict):
            return {}, [Fault("properties", "is no JSON object", "an object")]
        kept: dict[str, Any] = {}
        faults: list[Fault] = []
        checks = self._checks
        for name, value in properties.items():
            check = checks.get(name)
            if check is None:
                faults.append(Fault(f"properties.{name}"[:200], "is not in the schema", self._allowed or "nothing"))
            elif value is None:
                if name in self._nullable:
                    kept[name] = None
            else:
                try:
                    kept[name] = check(value)
                except checking.Unfit as unfit:
                    faults += unfit.faults(f"properties.{name}")
        if len(kept) < len(checks):
            wrong = {fault.place for fault in faults}
            for name in self._required:
                if name not in kept and not any(place.startswith(f"properties.{name}") for place in wrong):
                    faults.append(Fault(f"properties.{name}", "is missing"))
        return kept, faults


def fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a schema that has no faults, in its `x-order`."""
    properties = schema.get("properties") or {}
    required = set(schema.get("required") or ())
    return tuple(_field(name, properties[name], name in required) for name in order(schema))


def order(schema: Mapping[str, Any]) -> list[str]:
    """The names of the fields in order: those in `x-order`, then the others as they come."""
    properties = schema.get("properties") or {}
    said = [name for name in dict.fromkeys(schema.get("x-order") or ()) if name in properties]
    return said + [name for name in properties if name not in said]


def model(schema: Mapping[str, Any]) -> tuple[str, str] | None:
    """The published data model a schema follows: its type and the address of its own schema."""
    said = schema.get("x-model")
    if not isinstance(said, dict):
        return None
    name, url = said.get("name"), said.get("url")
    fits = isinstance(name, str) and _MODEL.match(name) and isinstance(url, str) and _ADDRESS.match(url)
    return (str(name), str(url)) if fits else None


def ordered(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as it is kept: its type said and the order of its fields written down."""
    return {"type": "object", **schema, "properties": dict(schema.get("properties") or {}), "x-order": order(schema)}


def trimmed(schema: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The schema with some of its fields only, in this order."""
    properties = schema.get("properties") or {}
    made = {key: value for key, value in schema.items() if key not in _NOT_TRIMMED}
    made["properties"] = {name: properties[name] for name in names}
    made["required"] = [name for name in schema.get("required") or () if name in made["properties"]]
    made["x-order"] = list(names)
    return made


def checker(schema: Mapping[str, Any]) -> Checker:
    """The checks of a schema that has no faults; the same schema is compiled once."""
    return _checker(json.dumps(schema, ensure_ascii=False))


@lru_cache(maxsize=128)
def _checker(text: str) -> Checker:
    return Checker(json.loads(text))


def faults(schema: object) -> list[Fault]:
    """Why a schema cannot be kept, every reason at its place (`schema.properties.height.type`); none: it can."""
    if not isinstance(schema, dict):
        return [Fault("schema", "is no JSON object", "a JSON Schema of type object")]
    if len(json.dumps(schema, ensure_ascii=False, default=str)) > LONGEST:
        return [Fault("schema", "is too long", f"{LONGEST} characters")]
    return list(_faults(schema))


def _faults(schema: dict[str, Any]) -> Iterator[Fault]:
    if schema.get("type", "object") != "object":
        yield Fault("schema.type", f"{schema['type']!r}", "object")
    for key in schema:
        if key not in _WHOLE and not str(key).startswith("x-"):
            yield Fault(f"schema.{key}", "is not a keyword that is known here", ", ".join(sorted(_WHOLE)))
    if schema.get("additionalProperties", False) is not False:
        yield Fault("schema.additionalProperties", "a record has what its schema names and no more", "false")
    if "x-model" in schema and model(schema) is None:
        yield Fault("schema.x-model", "names no model", '{"name": its type, "url": https address of its schema}')
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        yield Fault("schema.properties", "is no JSON object", "an object of fields by name")
        return
    if len(properties) > MOST_FIELDS:
        yield Fault("schema.properties", f"{len(properties)} fields", f"{MOST_FIELDS}")
    yield from _names("required", schema, properties)
    yield from _names("x-order", schema, properties)
    roles: dict[str, str] = {}
    for name, one in properties.items():
        place = f"schema.properties.{name}"
        if (said := _misnamed(name)) is not None:
            yield Fault(
                place, said, "1 to 100 letters, digits, spaces and signs other than quotes, brackets and backslash"
            )
        if not isinstance(one, dict):
            yield Fault(place, "is no JSON object", 'for example {"type": "string"}')
            continue
        found = list(keywords.faults(one, place, extended=True))
        yield from found
        if not found:
            yield from _role(name, one, place, roles)


def _names(key: str, schema: Mapping[str, Any], properties: Mapping[str, Any]) -> Iterator[Fault]:
    said = schema.get(key, [])
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        yield Fault(f"schema.{key}", "is no list of names", "names of fields")
        return
    for i, name in enumerate(said):
        if name not in properties:
            yield Fault(f"schema.{key}.{i}", f"no field {name!r}", ", ".join(properties))


def _misnamed(name: object) -> str | None:
    if not isinstance(name, str) or not name.strip() or len(name) > _NAME_LENGTH or name != name.strip():
        return "is no name of a field"
    if name in _RESERVED:
        return "is what the shape of a record is called"
    if any(sign in "\"'\\[]{}" or not sign.isprintable() for sign in name):
        return "is no name of a field"
    return None


def _role(name: str, one: dict[str, Any], place: str, roles: dict[str, str]) -> Iterator[Fault]:
    role = one.get("x-role")
    if role is None:
        return
    field = _field(name, one, required=False)
    if role in roles:
        yield Fault(f"{place}.x-role", f"{roles[role]!r} is the {role} already", "one field for each role")
    roles.setdefault(role, name)
    if role == "key" and field.kind not in ("string", "integer"):
        yield Fault(f"{place}.x-role", f"a {field.kind} is no key", "a string or an integer")
    if role.startswith("valid-") and field.kind not in ("date", "date-time"):
        yield Fault(f"{place}.x-role", f"a {field.kind} is no moment", "format date or date-time")
    if role != "name" and (field.personal or not field.open):
        yield Fault(f"{place}.x-role", f"a {role} is seen by everybody who sees the record", "a field that is open")


def _field(name: str, one: Mapping[str, Any], required: bool) -> Field:
    type_ = one.get("type", "string")
    types = type_ if isinstance(type_, list) else [type_]
    kind = next((str(t) for t in types if t != "null"), "string")
    if kind == "string" and one.get("format") in ("date", "date-time"):
        kind = str(one["format"])
    values, labels, labels_en = _enumeration(one)
    reference = one.get("x-reference") or (one.get("items") or {}).get("x-reference")
    return Field(
        name, kind, str(one.get("title") or name), one.get("title-en"), one.get("description"), one.get("x-unit"),
        values, bool(one.get("x-personal", False)), one.get("x-open", True) is not False, one.get("x-role"),
        reference["dataset"] if reference else None, required, labels, labels_en, one.get("description-en"),
        "null" in types, one.get("x-model"),
    )  # fmt: skip


def _enumeration(
    one: Mapping[str, Any],
) -> tuple[tuple[Any, ...] | None, tuple[str | None, ...] | None, tuple[str | None, ...] | None]:
    if "oneOf" in one:
        choices = [choice for choice in one["oneOf"] if choice.get("const") is not None]
        return (
            tuple(choice["const"] for choice in choices),
            tuple(choice.get("title") for choice in choices),
            tuple(choice.get("title-en") for choice in choices),
        )
    if "enum" in one:
        return tuple(value for value in one["enum"] if value is not None), None, None
    if "const" in one:
        return (one["const"],), None, None
    return None, None, None
