"""Fields of a record's JSON properties as typed SQL values, alike on both databases."""

from typing import Any

from sqlalchemy import ColumnElement, Text, literal

from dothi.db import values, words

KINDS = ("string", "number", "integer", "boolean", "date", "date-time", "array", "object", "geometry")


def typed(properties: Any, name: str, kind: str) -> ColumnElement[Any]:
    """The value of a field of a JSON column; NULL where it is absent, null, or not of its kind.

    string: text; number: double; integer: 64 bits; boolean; date: ISO text, so that it sorts; date-time: microseconds
    since 1970 UTC; array: JSON text (SQLite) or JSONB; object: only whether it is there.
    """
    key = literal(name, Text())
    if kind == "date":
        return values.day_text(words.json_string(properties, key))
    if kind == "date-time":
        return values.instant_in(words.json_string(properties, key))
    made: ColumnElement[Any] = _WORDS[kind](properties, key)
    return made


_WORDS: dict[str, Any] = {
    "string": words.json_string,
    "number": words.json_double,
    "integer": values.json_whole,
    "boolean": words.json_truth,
    "array": values.json_items,
    "object": values.json_known,
}
