"""The conditions a reader puts on a table, as the address holds them (`f=field:op:value`) and as CQL2 says them. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from dothi.datasets.schema import Field
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.web.i18n import Say

OPERATORS = ("has", "is", "not", "min", "max", "empty", "full")
_NUMBERS = ("number", "integer")
_TIMES = ("date", "date-time")
_BY_KIND = {
    "string": ("has", "is", "not", "empty", "full"), "number": ("is", "min", "max", "empty", "full"),
    "integer": ("is", "min", "max", "empty", "full"), "boolean": ("is", "empty", "full"),
    "date": ("is", "min", "max", "empty", "full"), "date-time": ("min", "max", "empty", "full"),
    "array": ("empty", "full"), "object": ("empty", "full"),
}  # fmt: skip
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,12})?")
_WORDS = frozenset(
    ["and", "or", "not", "like", "between", "in", "is", "null", "true", "false", "date", "timestamp", "interval", "div"]
)
MOST = 12  # conditions of one table


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a field the caller sees."""

    field: Field
    operator: str
    value: str

    @property
    def text(self) -> str:
        """As the address holds it."""
        return f"{self.field.name}:{self.operator}:{self.value}"


def operators(kind: str) -> tuple[str, ...]:
    """The operators a kind of field has."""
    return _BY_KIND.get(kind, ())


def conditions(texts: Iterable[str], fields: Sequence[Field]) -> list[Condition]:
    """The conditions of an address. Raises BadInput naming every one that cannot be understood, and what can."""
    known = {one.name: one for one in fields}
    made: list[Condition] = []
    faults: list[Fault] = []
    for text in dict.fromkeys(texts):
        found = _parsed(text, known)
        if found is None:
            faults.append(Fault("f", f"{text[:80]!r} names no field shown here", "field:operator:value"))
            continue
        name, operator, value = found
        field = known[name]
        if operator not in operators(field.kind):
            faults.append(Fault("f", f"{operator!r} does not go with {name!r}", ", ".join(operators(field.kind))))
        elif operator in ("empty", "full"):
            made.append(Condition(field, operator, ""))
        elif (wrong := _wrong(field.kind, value)) is not None:
            faults.append(Fault("f", f"{name}: {value[:80]!r} is no {field.kind}", wrong))
        else:
            made.append(Condition(field, operator, value))
    if len(made) > MOST:
        faults.append(Fault("f", f"{len(made)} conditions", f"at most {MOST}"))
    if faults:
        raise BadInput("the table cannot be filtered so", faults)
    return made


def cql(made: Sequence[Condition]) -> str:
    """The conditions as one CQL2 text expression; empty for none."""
    return " AND ".join(_cql(one) for one in made)


def said(one: Condition, say: Say) -> str:
    """A condition in words."""
    title = one.field.title or one.field.name
    match one.operator:
        case "has":
            return say("{field} có “{value}”", field=title, value=one.value)
        case "is":
            return f"{title} = {one.value}"
        case "not":
            return f"{title} ≠ {one.value}"
        case "min":
            return f"{title} ≥ {one.value}"
        case "max":
            return f"{title} ≤ {one.value}"
        case "empty":
            return say("{field} để trống", field=title)
    return say("{field} có giá trị", field=title)


def operator_words(say: Say) -> dict[str, str]:
    """Operators as the choices of a list."""
    return {
        "has": say("có chữ"), "is": say("bằng"), "not": say("khác"), "min": say("từ"), "max": say("đến"),
        "empty": say("để trống"), "full": say("có giá trị"),
    }  # fmt: skip


def quoted(name: str) -> str:
    """A field's name as CQL2 text wants it."""
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in _WORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def _parsed(text: str, known: dict[str, Field]) -> tuple[str, str, str] | None:
    # a field's name may hold colons itself
    for operator in OPERATORS:
        name, colon, value = text.partition(f":{operator}:")
        if colon and name in known:
            return name, operator, value.strip()
        if text.endswith(f":{operator}") and text[: -len(operator) - 1] in known:
            return text[: -len(operator) - 1], operator, ""
    return None


def _wrong(kind: str, value: str) -> str | None:
    if not value:
        return "a value"
    if kind in _NUMBERS:
        return None if _NUMBER.fullmatch(_plain_number(value)) else "a number such as 12.5"
    if kind == "boolean":
        return None if value in ("true", "false") else "true, false"
    if kind in _TIMES:
        try:
            if kind == "date" or len(value) == 10:
                date.fromisoformat(value)
            else:
                clock.parse(value, clock.VIETNAM)
        except (ValueError, BadInput):
            return "a day such as 2026-11-21"
    return None


def _plain_number(value: str) -> str:
    """1.234,5 and 1234,5 as people write them in Vietnam, 1234.5 as it is."""
    if "," in value:
        return value.replace(".", "").replace(",", ".").replace("\u2212", "-")
    return value.replace("\u2212", "-")


def _cql(one: Condition) -> str:
    name, value = quoted(one.field.name), one.value
    if one.operator == "empty":
        return f"{name} IS NULL"
    if one.operator == "full":
        return f"{name} IS NOT NULL"
    if one.operator == "has":
        pattern = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"ACCENTI(CASEI({name})) LIKE ACCENTI(CASEI({_text(f'%{pattern}%')}))"
    sign = {"is": "=", "not": "<>", "min": ">=", "max": "<="}[one.operator]
    return f"{name} {sign} {_literal(one.field.kind, value, end=one.operator == 'max')}"


def _literal(kind: str, value: str, *, end: bool) -> str:
    if kind in _NUMBERS:
        return _plain_number(value)
    if kind == "boolean":
        return value.upper()
    if kind == "date":
        return f"DATE('{value}')"
    if kind == "date-time":
        whole = len(value) == 10
        at = clock.parse(f"{value}T{'23:59:59' if end and whole else '00:00:00'}" if whole else value, clock.VIETNAM)
        return f"TIMESTAMP('{clock.iso(at)}')"
    return _text(value)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
