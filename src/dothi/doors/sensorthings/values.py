"""Typed SQL values of $filter and $orderby, what each can be taken as, and how two compare."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    LargeBinary,
    Text,
    and_,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    true,
)

from dothi.db import words
from dothi.doors.sensorthings import model
from dothi.doors.sensorthings.literals import Constant, Refused
from dothi.kit import clock
from dothi.kit.errors import DothiError


@dataclass
class Value:
    """A typed SQL value.

    kind: number, text, bool, span (an instant is a span without `end`), duration, geometry, date, clock, null,
    json (a column and keys, of a kind yet unknown), result, or id (an observation's).
    """

    kind: str
    sql: Any = None
    at: int = 0
    end: Any = None  # of a span; may be NULL or None
    keys: tuple[Any, ...] = ()
    constant: Any = None
    number: Any = None  # of a result


def cast_truth(sql: Any) -> ColumnElement[bool]:
    """A function's yes or no, which SQLite gives as 1 or 0."""
    sql.type = Boolean()
    return sql  # type: ignore[no-any-return]


def constant(constant: Constant) -> Value:
    """The value of a literal."""
    kind, value, at = constant.kind, constant.value, constant.at
    if kind == "number":
        number = whole(value) if isinstance(value, int) else literal(value, Double())
        return Value("number", number, at, constant=value)
    if kind == "span":
        return Value("span", whole(value[0]), at, end=whole(value[1]), constant=value)
    if kind == "instant":
        return Value("span", whole(value), at, constant=value)
    if kind == "duration":
        return Value("duration", whole(value), at, constant=value)
    if kind == "bool":
        return Value("bool", true() if value else false(), at, constant=value)
    if kind == "geometry":
        return Value("geometry", words.from_wkb(literal(value, LargeBinary())), at, constant=value)
    if kind == "null":
        return Value("null", None, at)
    return Value(kind, literal(value, Text()), at, constant=value)


def whole(value: int) -> ColumnElement[Any]:
    """A bound whole number."""
    return literal(value, BigInteger())


def truth(value: Value) -> ColumnElement[bool]:
    """The value as a condition. Raises Refused."""
    if value.kind == "bool":
        return value.sql  # type: ignore[no-any-return]
    if value.kind in {"json", "result"}:
        return words.json_truth(value.sql, *value.keys)
    raise Refused(
        value.at, f"a {value.kind} is neither true nor false", "a comparison, or a function that answers yes or no"
    )


def number(value: Value) -> ColumnElement[Any]:
    """The value as a number. Raises Refused."""
    if value.kind == "number":
        return value.sql  # type: ignore[no-any-return]
    if value.kind == "json":
        return words.json_double(value.sql, *value.keys)
    if value.kind == "result":
        return value.number  # type: ignore[no-any-return]
    raise Refused(value.at, f"found a {value.kind}", "a number")


def real(value: Value) -> ColumnElement[Any]:
    """The value as a double, so that division keeps its fractions."""
    return cast(number(value), Double())


def text(value: Value) -> ColumnElement[Any]:
    """The value as a text. Raises Refused."""
    if value.kind in {"text", "date", "clock"}:
        return value.sql  # type: ignore[no-any-return]
    if value.kind in {"json", "result"}:
        return words.json_string(value.sql, *value.keys)
    if value.kind == "id":
        return words.glued(words.text_of(value.sql), literal_column("'-'"), words.text_of(value.end))
    if value.kind == "number":
        return words.text_of(value.sql)
    raise Refused(value.at, f"found a {value.kind}", "a text")


def span(value: Value) -> Value:
    """The value as an instant or interval; a text is read as one. Raises Refused."""
    if value.kind == "span":
        return value
    if value.kind in {"text", "date"} and isinstance(value.constant, str):
        text = value.constant if value.kind == "text" else f"{value.constant}T00:00:00Z"
        try:
            start, end = clock.parse_span(text)
        except DothiError as error:
            raise Refused(value.at, error.message, "an instant, for example 2026-11-21T07:30:00Z") from None
        return Value("span", whole(start), value.at, end=None if end is None else whole(end), constant=start)
    raise Refused(value.at, f"found a {value.kind}", "an instant or interval, for example 2026-11-21T07:30:00Z")


def geometry(value: Value) -> Any:
    """The value as a geometry. Raises Refused."""
    if value.kind == "geometry":
        return value.sql
    if value.kind == "json":
        return words.geojson_geometry(
            words.json_part(value.sql, *value.keys) if value.keys else words.json_raw(value.sql)
        )
    raise Refused(value.at, f"found a {value.kind}", "a geometry, for example geography'POINT (106.41 10.54)'")


def end(value: Value) -> Any:
    """The end of an interval; of an instant the instant."""
    return value.sql if value.end is None else func.coalesce(value.end, value.sql)


_OPERATORS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a.is_distinct_from(b),
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}


def compare(operator: str, a: Value, b: Value, at: int) -> ColumnElement[bool]:
    """One comparison; the kinds must fit each other."""
    say = _OPERATORS[operator]
    kinds = {a.kind, b.kind}
    if "null" in kinds:
        other = b if a.kind == "null" else a
        missing = true() if other.kind == "null" else not_(_present(other))
        return missing if operator == "eq" else not_(missing) if operator == "ne" else false()
    if "id" in kinds:
        return _compare_id(operator, a, b, at)
    if kinds & {"span"}:
        if kinds <= {"span", "text", "date"}:
            return _compare_spans(operator, span(a), span(b))
        if kinds <= {"span", "json"}:
            return say(words.bytewise(_moment_text(a)), words.bytewise(_moment_text(b)))
    elif "geometry" in kinds:
        if kinds <= {"geometry", "json"} and operator in {"eq", "ne"}:
            same = cast_truth(words.st_equals(geometry(a), geometry(b)))
            return same if operator == "eq" else not_(func.coalesce(same, false()))
    elif "duration" in kinds:
        if kinds == {"duration"}:
            return say(a.sql, b.sql)
    elif kinds & {"bool"}:
        if kinds <= {"bool", "json", "result"}:
            return say(truth(a), truth(b))
    elif kinds & {"text", "date", "clock"}:
        if kinds <= {"text", "date", "clock", "json", "result"}:
            return say(words.bytewise(text(a)), words.bytewise(text(b)))
    elif kinds <= {"number", "json", "result"}:
        if "number" not in kinds and operator in {"eq", "ne"}:
            return say(_any_text(a), _any_text(b))
        return say(number(a), number(b))
    raise Refused(at, f"cannot compare a {a.kind} with a {b.kind}", "two values of one kind")


def _present(value: Value) -> ColumnElement[bool]:
    if value.kind == "json":
        return words.json_there(value.sql, *value.keys)
    if value.kind == "result":
        return or_(value.number.is_not(None), value.sql != "null")
    return value.sql.is_not(None)  # type: ignore[no-any-return]


def _any_text(value: Value) -> Any:
    if value.kind == "result":
        return func.coalesce(value.sql, words.json_number(value.number))
    return words.json_part(value.sql, *value.keys)


def _moment_text(value: Value) -> Any:
    return words.iso_text(value.sql) if value.kind == "span" else text(value)


def _compare_id(operator: str, a: Value, b: Value, at: int) -> ColumnElement[bool]:
    own, other = (a, b) if a.kind == "id" else (b, a)
    if operator not in {"eq", "ne"} or not isinstance(other.constant, str):
        raise Refused(at, "the id of an Observation is a name", "id eq '12-1763710000000000'")
    key = model.observation_key(other.constant)
    if key is None:
        return false() if operator == "eq" else true()
    same = and_(own.sql == whole(key[0]), own.end == whole(key[1]))
    return same if operator == "eq" else not_(same)


def _compare_spans(operator: str, a: Value, b: Value) -> ColumnElement[bool]:
    if operator == "eq":
        return and_(a.sql == b.sql, end(a) == end(b)) if a.end is not None or b.end is not None else a.sql == b.sql
    if operator == "ne":
        return or_(a.sql.is_distinct_from(b.sql), end(a).is_distinct_from(end(b)))
    if operator in {"gt", "ge"}:
        a, b, operator = b, a, "lt" if operator == "gt" else "le"
    if operator == "lt":  # a ends before b starts; the plain comparison of the starts is for the index
        touching = and_(a.sql < b.sql, end(a) <= b.sql)
        return touching if a.end is not None or b.end is not None else a.sql < b.sql
    return and_(a.sql <= b.sql, end(a) <= end(b)) if a.end is not None else a.sql <= end(b)


def interval(name: str, a: Value, b: Value) -> ColumnElement[bool]:
    """The interval relations of ISO 8601 spans, as FROST-Server and OGC 18-088 users know them."""
    if name == "before":
        return and_(a.sql < b.sql, end(a) <= b.sql)
    if name == "after":
        return and_(a.sql >= end(b), a.sql > b.sql)
    if name == "meets":
        return or_(end(a) == b.sql, a.sql == end(b))
    if name == "during":
        return and_(a.sql >= b.sql, end(a) <= end(b))
    if name == "overlaps":
        return and_(a.sql <= end(b), end(a) >= b.sql)
    return a.sql == b.sql if name == "starts" else end(a) == end(b)  # type: ignore[no-any-return]
