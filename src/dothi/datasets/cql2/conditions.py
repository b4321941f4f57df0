"""A CQL2 expression as a SQLAlchemy condition that holds for the same records on both databases.

Unknown stays unknown: a comparison with NULL is NULL, as 21-065r2 clause 6.2 and SQL say. Every fault is told at once.
"""

import json
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import ColumnElement, Text, and_, literal, not_, or_

from dothi.datasets.cql2 import functions, operands, patterns, times
from dothi.datasets.cql2.operands import KINDS, Value, agreed, expect
from dothi.datasets.cql2.tree import (
    ARITHMETIC,
    ARRAYS,
    COMPARISONS,
    SPATIAL,
    TEMPORAL,
    Call,
    Expression,
    Interval,
    Items,
    Literal,
    Place,
    Property,
    Shape,
    refused,
)
from dothi.db import spatial, values, words
from dothi.db.types import Geometry
from dothi.kit import geo
from dothi.kit.errors import BadInput, Fault

Column = Callable[[str], tuple[ColumnElement[Any], str]]
Box = tuple[float, float, float, float]
Near = Callable[[str, Box], ColumnElement[bool] | None]

_ARITHMETIC = {
    "+": values.plus,
    "-": values.minus,
    "*": values.times,
    "/": values.over,
    "%": values.left_over,
    "div": values.whole_over,
    "^": values.power,
}
_FEW = 20  # a longer list of constants is bound as one value: a thousand take 50 ms to spell
_ORDERED = ("text", "number", "date", "instant", "boolean")


def condition(expression: Expression, column: Column, near: Near | None = None) -> ColumnElement[bool]:
    """What a record must fulfil.

    column: the SQL and the kind (of Field, or geometry) of a queryable; raises BadInput for any other name. A
    date is ISO text, a date-time microseconds since 1970 UTC, an array JSON: as `typed` gives them.
    near: a condition on an index that holds for every record whose geometry of this name meets the box (west, south,
    east, north); None where there is none. It is asked of conditions that must hold, where it may only help.
    Raises BadInput with every fault: unknown names, kinds that do not go together.
    """
    return _Compiler(column, near).truth(expression, needed=True)


class _Compiler:
    def __init__(self, column: Column, near: Near | None) -> None:
        self.column, self.near = column, near

    # --- conditions

    def truth(self, node: Expression, *, needed: bool = False) -> ColumnElement[bool]:
        """A condition. needed: the record is wanted only where it holds, so that a coarser one may stand beside it."""
        if isinstance(node, Call):
            if node.op in {"and", "or"}:
                return (and_ if node.op == "and" else or_)(*self._all(node.args, needed=needed))
            if node.op == "not":
                return not_(self.truth(node.args[0]))
            if needed and node.op in SPATIAL:
                return self._spatial(node, needed=True)
        return expect(self.value(node), "boolean").sql

    def _all(self, nodes: tuple[Expression, ...], *, needed: bool) -> list[ColumnElement[bool]]:
        made: list[ColumnElement[bool]] = []
        faults: list[Fault] = []
        message = ""
        for node in nodes:
            try:
                made.append(self.truth(node, needed=needed))
            except BadInput as error:
                message = message or error.message
                faults.extend(error.faults)
        if faults:
            raise BadInput(message, faults)
        return made

    # --- values

    def value(self, node: Expression) -> Value:
        if isinstance(node, Literal):
            return operands.constant(node)
        if isinstance(node, Property):
            return self._property(node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Items):
            return self._items(node)
        if isinstance(node, Shape):
            return Value(
                "geometry", literal(geo.wkb(spatial.whole(node.geometry)), Geometry()), node.at, node, fixed=True
            )
        return Value("interval", literal(None), node.at)

    def _property(self, node: Property) -> Value:
        try:
            sql, kind = self.column(node.name)
        except BadInput as error:
            fault = error.faults[0] if error.faults else Fault("", error.message)
            raise refused(node.at, fault.message, fault.allowed) from None
        return Value(KINDS.get(kind, kind), sql, node.at)

    def _call(self, node: Call) -> Value:
        op, at = node.op, node.at
        if op in {"and", "or", "not"}:
            return Value("boolean", self.truth(node), at)
        if op in COMPARISONS:
            first, second = (self._scalar(arg) for arg in node.args)
            return Value("boolean", _compared(op, *agreed(first, second, at)), at)
        if op in ARITHMETIC:
            first, second = (expect(self.value(arg), "number") for arg in node.args)
            return Value("number", _ARITHMETIC[op](first.sql, second.sql), at)
        if op in {"casei", "accenti"}:
            return _folded(op, expect(self.value(node.args[0]), "text"), at)
        if op in SPATIAL:
            return Value("boolean", self._spatial(node), at)
        if op in TEMPORAL:
            first_, second_ = (self._stretch(arg) for arg in node.args)
            return Value("boolean", times.relation(op, first_, second_), at)
        if op in ARRAYS:
            a, b = (self._array(arg) for arg in node.args)
            return Value("boolean", _SETS[op](a.sql, b.sql), at)
        if op in _PREDICATES:
            return Value("boolean", _PREDICATES[op](self, node), at)
        return functions.call(op, [self.value(arg) for arg in node.args], at)

    def _scalar(self, node: Expression) -> Value:
        return expect(self.value(node), *_ORDERED)

    # --- predicates

    def _like(self, node: Call) -> ColumnElement[bool]:
        text = expect(self.value(node.args[0]), "text")
        pattern = expect(self.value(node.args[1]), "text")
        if not pattern.fixed:
            raise refused(pattern.at, "a pattern that is no text", "a text, perhaps in CASEI or ACCENTI")
        glob, like = patterns.spelled(pattern.constant, pattern.at)
        return values.like(text.sql, literal(glob, Text()), literal(like, Text()))

    def _between(self, node: Call) -> ColumnElement[bool]:
        what, low, high = (self._scalar(arg) for arg in node.args)
        return and_(
            _compared(">=", *agreed(what, low, node.at)),
            _compared("<=", *agreed(what, high, node.at)),
        )

    def _in(self, node: Call) -> ColumnElement[bool]:
        what, listed = self._scalar(node.args[0]), node.args[1]
        if not isinstance(listed, Items):
            raise refused(listed.at, "IN without a list", "values in parentheses")
        groups: dict[str, tuple[Value, list[Value]]] = {}
        for item in listed.items:
            first, second = agreed(what, self._scalar(item), node.at)
            groups.setdefault(first.kind, (first, []))[1].append(second)
        return or_(*(_among(first, parts) for first, parts in groups.values()))

    def _is_null(self, node: Call) -> ColumnElement[bool]:
        (arg,) = node.args
        if isinstance(arg, Interval):
            stretch = self._stretch(arg)
            known = [end.sql.is_not(None) for end in (stretch.start, stretch.end) if end is not None]
            return not_(and_(literal(value=True), *known))
        return self.value(arg).sql.is_(None)

    # --- space

    def _spatial(self, node: Call, *, needed: bool = False) -> ColumnElement[bool]:
        name = node.op.removeprefix("s_")
        first, second = (expect(self.value(arg), "geometry") for arg in node.args)
        swapped = first.fixed and not second.fixed  # the constant second, where SQLite keeps it ready
        exact = spatial.relation(name, first.sql, second.sql, swapped=swapped)
        what, literal_ = (node.args[1], first) if swapped else (node.args[0], second)
        if needed and name != "disjoint" and self.near is not None and literal_.fixed and isinstance(what, Property):
            coarse = self.near(what.name, literal_.constant.geometry.bounds)
            if coarse is not None:
                return and_(coarse, exact)
        return exact

    # --- time

    def _stretch(self, node: Expression) -> times.Stretch:
        if isinstance(node, Interval):
            start, end = (None if part is None else self._time(part) for part in (node.start, node.end))
            return times.stretch(start, end, node.at)
        value = self._time(node)
        return times.Stretch(value, value, node.at, single=True)

    def _time(self, node: Expression) -> Value:
        return expect(self.value(node), "date", "instant")

    # --- arrays

    def _array(self, node: Expression) -> Value:
        return expect(self.value(node), "array")

    def _items(self, node: Items) -> Value:
        plain = _plain(node)
        if plain is not None:
            text = json.dumps(plain, ensure_ascii=False)
            return Value("array", words.json_raw(literal(text, Text())), node.at, plain, fixed=True)
        parts = [self._item(item) for item in node.items]
        return Value("array", values.json_list(*parts), node.at)

    def _item(self, node: Expression) -> ColumnElement[Any]:
        plain = _plain(node)
        if plain is not None:
            return words.json_raw(literal(json.dumps(plain, ensure_ascii=False), Text()))
        value = expect(self.value(node), "text", "number", "boolean", "date", "array")
        if value.kind == "array":
            return value.sql
        return (values.json_of_truth if value.kind == "boolean" else values.json_of)(value.sql)


def _plain(node: Expression) -> Any:
    """The JSON of a literal, or of an array of nothing but literals; None of anything else."""
    if isinstance(node, Literal):
        return node.value if node.written is None else node.written
    if isinstance(node, Shape):
        return node.written
    if isinstance(node, Items):
        parts = [_plain(item) for item in node.items]
        return None if any(part is None for part in parts) else parts
    if isinstance(node, Interval):
        ends = [".." if end is None else _plain(end) for end in (node.start, node.end)]
        return None if None in ends else {"interval": ends}
    return None


def _among(what: Value, parts: list[Value]) -> ColumnElement[bool]:
    if len(parts) <= _FEW or what.kind not in {"text", "number"} or not all(part.fixed for part in parts):
        return what.sql.in_([part.sql for part in parts])
    constants = [part.constant for part in parts]
    word: Any = values.among_texts
    if what.kind == "number":
        word = values.among_whole if all(isinstance(one, int) for one in constants) else values.among_numbers
    return cast("ColumnElement[bool]", word(what.sql, literal(json.dumps(constants, ensure_ascii=False), Text())))


def _compared(op: str, first: Value, second: Value) -> ColumnElement[bool]:
    a, b = first.sql, second.sql
    if op == "=":
        return a == b
    if op == "<>":
        return a != b
    if first.kind == "text":
        a, b = words.bytewise(a), words.bytewise(b)
    if op == "<":
        return a < b
    if op == ">":
        return a > b
    return a <= b if op == "<=" else a >= b


def _folded(op: str, value: Value, at: Place) -> Value:
    word, fold = (values.caseless, values.casefold) if op == "casei" else (values.accentless, values.unaccent)
    if value.fixed:
        plain = fold(value.constant)
        return Value("text", operands.bound("text", plain), at, plain, fixed=True)
    return Value("text", word(value.sql), at)


_PREDICATES: dict[str, Callable[[_Compiler, Call], ColumnElement[bool]]] = {
    "like": _Compiler._like,  # noqa: SLF001 - its own
    "between": _Compiler._between,  # noqa: SLF001
    "in": _Compiler._in,  # noqa: SLF001
    "isNull": _Compiler._is_null,  # noqa: SLF001
}
_SETS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "a_contains": values.set_contains,
    "a_containedBy": lambda a, b: values.set_contains(b, a),
    "a_equals": values.set_equals,
    "a_overlaps": values.set_overlaps,
}
