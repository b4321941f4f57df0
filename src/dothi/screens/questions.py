"""What a category asks beside where and what: its JSON Schema as fields of a form, a form's answers as its values, calls.

The citizens' sheet and the desk that takes calls ask alike. Forms of public services are richer: `cases.forms`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dothi.cases.declared import Category
from dothi.cases.types import questions_of

PREFIX = "q-"
LONGEST = 500
_FEW = 6  # options shown all at once; more are folded into a list


@dataclass(frozen=True, slots=True)
class Question:
    """A question as a field. kind: some (all options shown), list, yesno, number, text, long."""

    name: str
    label: str
    kind: Literal["some", "list", "yesno", "number", "text", "long"]
    needed: bool
    options: tuple[tuple[str, str], ...] = ()
    most: int = LONGEST
    low: float | None = None
    high: float | None = None
    personal: bool = False

    @property
    def field(self) -> str:
        """The name of the form's field."""
        return PREFIX + self.name


@dataclass(frozen=True, slots=True)
class Call:
    """An emergency that is no report but a call."""

    title: str
    number: str
    name: str


def calls(category: Category, language: str) -> tuple[Call, ...]:
    """Who is called instead, when it is an emergency."""
    return tuple(
        Call(one.title.of(language), one.hotline.number, one.hotline.name.of(language)) for one in category.emergency
    )


def of(category: Category | None, language: str) -> list[Question]:
    """The questions of a category, in the order of its pack."""
    needed = questions_of(category).get("required", [])
    return [_one(name, one, name in needed, language) for name, one in _asked(category).items()]


def given(category: Category | None, values: Mapping[str, str]) -> dict[str, Any]:
    """What a form answers, as values of the schema; what cannot be one stays a text, for the schema to refuse."""
    found: dict[str, Any] = {}
    for name, schema in _asked(category).items():
        said = values.get(PREFIX + name, "")
        if said:
            found[name] = _value(schema, said[:4000])
    return found


def told(category: Category | None, fields: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """Questions and answers in words; those that are personal are left out."""
    rows = []
    for name, schema in _asked(category).items():
        if name in fields and not schema.get("x-personal"):
            rows.append((_title(schema, name, language), _said(schema, fields[name], language)))
    return rows


def _asked(category: Category | None) -> dict[str, Any]:
    found: dict[str, Any] = questions_of(category).get("properties") or {}
    return found


def _one(name: str, schema: Mapping[str, Any], needed: bool, language: str) -> Question:
    label = _title(schema, name, language)
    options = _options(schema, language)
    personal = bool(schema.get("x-personal"))
    if options:
        return Question(name, label, "some" if len(options) <= _FEW else "list", needed, options, personal=personal)
    kind = schema.get("type")
    if kind == "boolean":
        return Question(name, label, "yesno", needed, personal=personal)
    if kind in ("integer", "number"):
        low, high = schema.get("minimum"), schema.get("maximum")
        return Question(name, label, "number", needed, low=low, high=high, personal=personal)
    most = int(schema.get("maxLength", LONGEST))
    return Question(name, label, "long" if most > 200 else "text", needed, most=most, personal=personal)


def _title(schema: Mapping[str, Any], name: str, language: str) -> str:
    return str((language == "en" and schema.get("x-en")) or schema.get("title") or name)


def _options(schema: Mapping[str, Any], language: str) -> tuple[tuple[str, str], ...]:
    if "oneOf" in schema:
        return tuple((str(one.get("const")), _title(one, str(one.get("const")), language)) for one in schema["oneOf"])
    return tuple((str(one), str(one)) for one in schema.get("enum", ()))


def _value(schema: Mapping[str, Any], said: str) -> Any:
    consts = [one.get("const") for one in schema.get("oneOf", ())] or list(schema.get("enum", ()))
    for one in consts:
        if str(one) == said:
            return one
    kind = schema.get("type")
    try:
        if kind == "integer":
            return int(said)
        if kind == "number":
            return float(said.replace(",", "."))
    except ValueError:
        return said
    if kind == "boolean":
        return {"true": True, "false": False}.get(said, said)
    return said


def _said(schema: Mapping[str, Any], value: Any, language: str) -> str:
    if isinstance(value, bool):
        return {True: ("Có", "Yes"), False: ("Không", "No")}[value][language == "en"]
    return dict(_options(schema, language)).get(str(value), str(value))
