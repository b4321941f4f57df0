"""Forms from JSON Schema, for the subset the packs use, and their checks in the reader's language. No database.

A schema is an object of strings (date, e-mail, pattern), numbers, integers, booleans, choices (`oneOf` of const and
title, `enum`) and lists of choices; `allOf` of if/then says what is needed when. Beside JSON Schema's own words: `x-en`
the English of a title, `x-section` a heading from here on, `x-unit`, `x-message` what is said when a value does not fit,
`x-personal` personal data.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Literal

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from dothi.datasets import checking
from dothi.kit.text import nfc
from dothi.web.i18n import Say, speaker

Kind = Literal["text", "long", "number", "date", "email", "tel", "choice", "choices", "yes"]
_WIDE = 150  # letters from which a text has the whole width
LONG = 250  # letters from which a text has a larger field
MOST = 4000  # letters of one answer, whatever the schema says
_AUTOCOMPLETE = {"name": "name", "phone": "tel", "email": "email", "home": "street-address", "born": "bday"}
_formats = FormatChecker(formats=["date", "email"])


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to choose."""

    value: str
    title: str


@dataclass(frozen=True, slots=True)
class When:
    """A condition on another field: one of these values, or at least a number."""

    field: str
    values: tuple[str, ...] = ()
    least: float | None = None

    @property
    def data(self) -> str:
        """As the page's script reads it."""
        return json.dumps({"field": self.field, "in": list(self.values), "min": self.least}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A question as a form shows it. when: needed only if; said: that condition in words."""

    name: str
    kind: Kind
    title: str
    needed: bool
    unit: str = ""
    message: str = ""
    choices: tuple[Choice, ...] = ()
    longest: int = MOST
    personal: bool = False
    autocomplete: str = "off"
    when: When | None = None
    said: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under a heading."""

    title: str
    fields: list[Field] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is read again. personal: shown masked unless somebody may see it."""

    name: str
    title: str
    text: str
    personal: bool
    section: str


def sections(schema: Mapping[str, Any], language: str) -> list[Section]:
    """The form a schema is, heading by heading."""
    needed, conditions = set(schema.get("required", [])), _conditions(schema)
    found: list[Section] = []
    for name, one in _properties(schema).items():
        if one.get("x-section") or not found:
            found.append(Section(_words(one.get("x-section"), language)))
        when = conditions.get(name)
        said = _said(schema, when, language) if when else ""
        found[-1].fields.append(
            Field(
                name, kind_of(name, one), _title(one, name, language), name in needed, str(one.get("x-unit", "")),
                _words(one.get("x-message"), language), tuple(_choices(one, language)),
                min(int(one.get("maxLength", MOST)), MOST), bool(one.get("x-personal")), _AUTOCOMPLETE.get(name, "off"),
                when, said, int(one.get("maxLength", 0)) >= _WIDE,
            )
        )  # fmt: skip
    return found


def kind_of(name: str, one: Mapping[str, Any]) -> Kind:
    """How a field is asked for."""
    if one.get("type") == "boolean":
        return "yes"
    if one.get("type") == "array":
        return "choices"
    if "oneOf" in one or "enum" in one:
        return "choice"
    if one.get("type") in ("number", "integer"):
        return "number"
    if one.get("format") in ("date", "email"):
        return "date" if one["format"] == "date" else "email"
    if name == "phone" or name.endswith("_phone"):
        return "tel"
    return "long" if int(one.get("maxLength", 0)) >= LONG else "text"


# ---- what somebody wrote ----


def read(schema: Mapping[str, Any], given: Iterable[tuple[str, Any]], language: str = "vi") -> dict[str, Any]:
    """Answers as JSON of what a form sent; what is no number stays as it was written, for `faults` to say so."""
    texts: dict[str, list[str]] = {}
    for name, value in given:
        if isinstance(value, str):
            texts.setdefault(name, []).append(nfc(value.replace("\0", "").strip())[:MOST])
    values: dict[str, Any] = {}
    for name, one in _properties(schema).items():
        said = [text for text in texts.get(name, []) if text]
        kind = kind_of(name, one)
        if kind == "choices":
            if said:
                values[name] = list(dict.fromkeys(said))
        elif not said:
            continue
        elif kind == "yes":
            values[name] = True
        elif kind == "number":
            values[name] = _number(said[0], whole=one.get("type") == "integer", language=language)
        elif kind == "date":
            values[name] = _date(said[0])
        elif kind == "tel":
            values[name] = re.sub(r"[\s.\-()]", "", said[0])
        else:
            values[name] = said[0] if kind == "long" else " ".join(said[0].split())
    return values


def _number(text: str, *, whole: bool, language: str) -> Any:
    """1.234,5 in Vietnamese, 1,234.5 in English; either reads a lone mark that can only be a decimal one."""
    point, group = (",", ".") if language == "vi" else (".", ",")
    plain = re.sub(r"[\s\u00a0\u202f]", "", text).replace("−", "-")
    if re.fullmatch(rf"-?\d{{1,3}}(\{group}\d{{3}})+(\{point}\d+)?", plain):
        plain = plain.replace(group, "")
    plain = plain.replace(",", ".")
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,9})?", plain):
        return text
    value = float(plain)
    return int(value) if value.is_integer() and (whole or "." not in plain) else value


def _date(text: str) -> str:
    found = re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text)
    return f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}" if found else text


def written(value: Any, language: str) -> str:
    """A value as its field shows it again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, int | float):
        return str(value).replace(".", ",") if language == "vi" and isinstance(value, float) else str(value)
    return str(value)


# ---- what is wrong with it ----


def faults(schema: Mapping[str, Any], values: Mapping[str, Any], language: str) -> dict[str, str]:
    """What is wrong, field by field, in words; empty when the answers fit."""
    say = speaker(language)
    properties = _properties(schema)
    found: dict[str, str] = {}
    for error in _validator(json.dumps(schema, sort_keys=True)).iter_errors(dict(values)):
        if error.validator == "required":
            for name in error.validator_value:
                if isinstance(error.instance, Mapping) and name not in error.instance:
                    found.setdefault(name, _missing(properties.get(name, {}), language, say))
        elif error.path:
            name = str(error.path[0])
            found.setdefault(name, _unfit(properties.get(name, {}), error, language, say))
    return {name: found[name] for name in properties if name in found}


def _missing(one: Mapping[str, Any], language: str, say: Say) -> str:
    if one.get("x-message"):
        return _words(one["x-message"], language)
    if one.get("type") == "array" or "oneOf" in one or "enum" in one:
        return say("Cần chọn một mục.")
    return say("Cần đánh dấu ô này.") if one.get("type") == "boolean" else say("Chỗ này cần điền.")


def _unfit(one: Mapping[str, Any], error: ValidationError, language: str, say: Say) -> str:
    if one.get("x-message"):
        return _words(one["x-message"], language)
    limit: Any = error.validator_value
    match error.validator:
        case "minLength":
            return say("Ngắn quá, cần ít nhất {n} chữ.", n=limit)
        case "maxLength":
            return say("Dài quá, nhiều nhất {n} chữ.", n=limit)
        case "minimum":
            return say("Từ {n} trở lên.", n=_figure(limit, language))
        case "exclusiveMinimum":
            return say("Phải lớn hơn {n}.", n=_figure(limit, language))
        case "maximum":
            return say("Nhiều nhất {n}.", n=_figure(limit, language))
        case "type":
            return say("Chỗ này là một số.") if one.get("type") in ("number", "integer") else say("Chưa đúng dạng.")
        case "oneOf" | "enum":
            return say("Cần chọn một mục trong danh sách.")
        case "minItems":
            return say("Cần chọn một mục.")
        case "format" if one.get("format") == "date":
            return say("Ngày chưa đúng, ví dụ 21/11/1980.")
        case _:
            return say("Chưa đúng dạng.")


@lru_cache(maxsize=64)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema), format_checker=_formats)


@_formats.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value) and date.fromisoformat(value))


@_formats.checks("email", raises=checking.Unfit)
def _is_email(value: object) -> bool:
    return not isinstance(value, str) or bool(checking.compiled({"type": "string", "format": "email"})(value))


# ---- what stands in it, for reading ----


def answers(schema: Mapping[str, Any], values: Mapping[str, Any], language: str) -> list[Answer]:
    """What was answered, in the form's order and words."""
    found, section = [], ""
    for name, one in _properties(schema).items():
        if one.get("x-section"):
            section = _words(one["x-section"], language)
        if name in values:
            text = _read_again(one, values[name], language)
            found.append(Answer(name, _title(one, name, language), text, bool(one.get("x-personal")), section))
    return found


def personal_names(schema: Mapping[str, Any]) -> list[str]:
    """The fields that are personal data."""
    return [name for name, one in _properties(schema).items() if one.get("x-personal")]


def _read_again(one: Mapping[str, Any], value: Any, language: str) -> str:
    if isinstance(value, bool):
        return speaker(language)("Có") if value else speaker(language)("Không")
    titles = {choice.value: choice.title for choice in _choices(one, language)}
    if isinstance(value, list):
        return "; ".join(titles.get(str(item), str(item)) for item in value)
    if isinstance(value, int | float):
        unit = one.get("x-unit")
        return f"{_figure(value, language)}\u00a0{unit}" if unit else _plain(value, language)
    if one.get("format") == "date" and re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        year, month, day = str(value).split("-")
        return f"{day}/{month}/{year}"
    return titles.get(str(value), str(value))


def _figure(value: float, language: str) -> str:
    text = f"{value:,.10g}" if isinstance(value, float) and not float(value).is_integer() else f"{int(value):,}"
    return text if language == "en" else text.translate({ord(","): ".", ord("."): ","})


def _plain(value: float, language: str) -> str:
    """A number that is a name (of a parcel, a map sheet) or a small count: without marks between thousands."""
    return _figure(value, language) if isinstance(value, float) else str(value)


def _said(schema: Mapping[str, Any], when: When, language: str) -> str:
    say, one = speaker(language), _properties(schema).get(when.field, {})
    title = _title(one, when.field, language).rstrip("?: ")
    if when.least is not None:
        return say("Cần khi “{field}” từ {n} trở lên.", field=title, n=_figure(when.least, language))
    titles = {choice.value: choice.title for choice in _choices(one, language)}
    values = ", ".join(titles.get(value, value) for value in when.values)
    return say("Cần khi “{field}” là: {values}.", field=title, values=values)


def _conditions(schema: Mapping[str, Any]) -> dict[str, When]:
    """What is needed when: of each `if` with one field in it."""
    found: dict[str, When] = {}
    rules: Sequence[Mapping[str, Any]] = [*schema.get("allOf", []), *([schema] if "if" in schema else [])]
    for rule in rules:
        properties = _properties(rule.get("if", {}))
        if len(properties) != 1:
            continue
        (name, test), *_ = properties.items()
        values = [test["const"]] if "const" in test else test.get("enum", [])
        when = When(name, tuple(str(one) for one in values), test.get("minimum"))
        found.update(dict.fromkeys(rule.get("then", {}).get("required", []), when))
    return found


def _choices(one: Mapping[str, Any], language: str) -> list[Choice]:
    source = one.get("items", {}) if one.get("type") == "array" else one
    if "oneOf" in source:
        return [Choice(str(c["const"]), _title(c, str(c["const"]), language)) for c in source["oneOf"]]
    return [Choice(str(value), str(value)) for value in source.get("enum", [])]


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema.get("properties", {})
    return found


def _title(one: Mapping[str, Any], name: str, language: str) -> str:
    return str((one.get("x-en") if language == "en" else None) or one.get("title") or name)


def _words(said: Any, language: str) -> str:
    if isinstance(said, Mapping):
        return str(said.get(language) or said.get("vi") or "")
    return str(said or "")
