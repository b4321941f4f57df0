"""Collections made of other tables than records: what their views and fields have in common."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, case, literal_column

from dothi.datasets.reading import Virtual
from dothi.datasets.schema import Field
from dothi.db import features as spelled
from dothi.db import words
from dothi.kit import text


def field(name: str, kind: Any, title: str, title_en: str, *, unit: str | None = None, required: bool = False) -> Field:
    """A field that everybody who sees the collection sees."""
    return Field(name, kind, title, title_en, unit=unit, required=required)


def view(**given: Any) -> Virtual:
    """A view whose description is what is given, and which everybody may see."""
    folded = text.fold(" ".join(str(given.get(name) or "") for name in ("code", "title", "title_en", "description")))
    plain: dict[str, Any] = {"id": 0, "sharing": "open", "status": "published", "folded": folded}
    return Virtual(**(plain | given))


def members(fields: Sequence[Field], columns: Mapping[str, ColumnElement[Any]]) -> ColumnElement[str]:
    """The properties as JSON text, in the order of the fields; null where a column has nothing."""
    pieces: list[Any] = []
    for one in fields:
        label = json.dumps(one.name, ensure_ascii=False).replace("'", "''")
        pieces.append(literal_column(f"'{',' if pieces else '{'}{label}:'", Text()))
        pieces.append(_value(one.kind, columns[one.name]))
    return spelled.beside(*pieces, literal_column("'}'", Text()))


def _value(kind: str, column: ColumnElement[Any]) -> ColumnElement[Any]:
    if kind in ("object", "array"):
        return words.json_body(column)
    if kind == "boolean":
        return case((column, "true"), (~column, "false"), else_="null")
    if kind == "number":
        return words.json_number(column)
    if kind == "integer":
        return case((column.is_(None), "null"), else_=words.text_of(column))
    return words.json_quote(column)
