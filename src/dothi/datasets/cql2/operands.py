"""Typed SQL values of a filter, and how two of them come to be compared. Pure: nothing asks a database.

Where dates and timestamps meet, the timestamps are taken to their day in Vietnam. A text beside a time is read as one.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Double, Text, cast, literal, literal_column
from sqlalchemy.types import TypeEngine

from dothi.datasets.cql2 import scalars
from dothi.datasets.cql2.tree import Literal, Place, refused
from dothi.db import values
from dothi.kit.clock import DAY, HOUR, moment

# kinds of Field, as this package names them
KINDS = {
    "string": "text",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "date": "date",
    "date-time": "instant",
    "array": "array",
    "object": "object",
    "geometry": "geometry",
}
TIMES = ("date", "instant")
_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(),
    "date": Text(),
    "instant": BigInteger(),
}
_NAMES = {"instant": "timestamp"}
_FIRST, _LAST = -62135596800000000, 253402300799999999


@dataclass(frozen=True, slots=True)
class Value:
    """A SQL value: its kind, where it stands in the filter, and the constant it is, if it is one."""

    kind: str
    sql: ColumnElement[Any]
    at: Place
    constant: Any = None
    fixed: bool = False


def constant(node: Literal) -> Value:
    """The value of a literal."""
    return Value(node.kind, bound(node.kind, node.value), node.at, node.value, fixed=True)


def bound(kind: str, value: Any) -> ColumnElement[Any]:
    """A constant as a bound value of its kind."""
    if kind == "boolean":
        return literal_column("true" if value else "false", Boolean())
    if kind == "number" and isinstance(value, int):
        return literal(value, BigInteger())
    if kind == "number":  # the hot lane sends it as text: without a cast it would take the kind of what it meets
        return cast(literal(value, Double()), Double())
    return literal(value, _TYPES[kind])


def agreed(first: Value, second: Value, at: Place) -> tuple[Value, Value]:
    """Two values as one kind, so that they can be compared. Raises BadInput where they cannot."""
    if first.kind in TIMES and second.kind == "text" and second.fixed:
        second = constant(scalars.moment(second.constant, second.at))
    elif second.kind in TIMES and first.kind == "text" and first.fixed:
        first = constant(scalars.moment(first.constant, first.at))
    if {first.kind, second.kind} == set(TIMES):
        return as_date(first), as_date(second)
    if first.kind != second.kind:
        raise refused(at, f"{named(first.kind)} beside {named(second.kind)}", "two values of one kind")
    return first, second


def as_date(value: Value) -> Value:
    """The day in Vietnam of an instant; a date stays."""
    if value.kind == "date":
        return value
    if not value.fixed:
        return replace(value, kind="date", sql=values.day_of(value.sql))
    local = value.constant + 7 * HOUR
    day = moment(local).date().isoformat() if _FIRST <= local <= _LAST else _beyond(local)
    return Value("date", bound("date", day), value.at, day, fixed=True)


def _beyond(local: int) -> str:
    return "9999-12-31" if local > DAY else "0000-12-31"


def expect(value: Value, *kinds: str) -> Value:
    """The value, if it is of one of the kinds."""
    if value.kind not in kinds:
        raise refused(value.at, f"found {named(value.kind)}", " or ".join(map(named, kinds)))
    return value


def named(kind: str) -> str:
    """What a kind is called in a message, with its article."""
    called = _NAMES.get(kind, kind)
    return f"{'an' if called[0] in 'aeiou' else 'a'} {called}"
