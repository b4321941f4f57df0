"""A record's values as readers see them: numbers, days, lists and links, never a bare JSON. Pure."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dothi.datasets.schema import Field
from dothi.kit import clock
from dothi.kit.errors import BadInput
from dothi.screens import words

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in words. numeric: stands right; nil: nothing was said; href: where it leads."""

    text: str
    numeric: bool = False
    nil: bool = False
    href: str = ""


def cell(field: Field, value: Any, language: str, yes: str, no: str, longest: int = _LONGEST) -> Cell:
    """A field's value; yes and no: the words of true and false."""
    numeric = field.kind in ("number", "integer")
    if value is None or value in ("", []):
        return Cell("–", numeric, nil=True)
    if isinstance(value, bool):
        return Cell(yes if value else no)
    if field.values is not None and not isinstance(value, list | dict) and value in field.values:
        return Cell(named(field, value, language))
    if numeric and isinstance(value, int | float):
        return Cell(figure(value, field, language), numeric=True)
    if field.kind == "date" and isinstance(value, str):
        return Cell(_day(value))
    if field.kind == "date-time" and isinstance(value, str):
        return Cell(_moment(value))
    if isinstance(value, list):
        value = ", ".join(str(one) if not isinstance(one, dict | list) else _json(one) for one in value)
    elif isinstance(value, dict):
        value = _json(value)
    text = str(value)
    href = text if text.startswith(("https://", "http://")) and not any(c.isspace() for c in text) else ""
    return Cell(text if len(text) <= longest else text[: longest - 1] + "…", href=href)


def named(field: Field, value: Any, language: str = "vi") -> str:
    """The label a value has in the schema, or the value."""
    if field.values is None or value not in field.values:
        return str(value)
    place = field.values.index(value)
    for labels in (field.labels_en, field.labels) if language == "en" else (field.labels,):
        if labels is not None and labels[place]:
            return str(labels[place])
    return str(value)


def figure(value: float, field: Field, language: str) -> str:
    """A number as it is read: with a unit thousands are grouped, without one it may be a year or a code."""
    if field.unit:
        return words.number(value, 0 if float(value).is_integer() else min(_digits(value), 6), language)
    text = f"{value:.12g}" if isinstance(value, float) else str(value)
    if "e" in text:
        return text
    return (text.replace(".", ",") if language == "vi" else text).replace("-", "\u2212")


def _digits(value: float) -> int:
    return len(f"{value:.10f}".rstrip("0").partition(".")[2])


def _day(value: str) -> str:
    try:
        return f"{datetime.fromisoformat(value):%d/%m/%Y}"
    except ValueError:
        return value


def _moment(value: str) -> str:
    try:
        at = clock.parse(value)
    except BadInput:
        return value
    return f"{words.hour(at)} {words.day(at)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
