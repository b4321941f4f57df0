"""The slow twin: a CQL2 tree evaluated record by record in plain Python. None stands for unknown."""

import json
import math
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely

from dothi.datasets.cql2.tree import Call, Interval, Items, Literal, Property, Shape
from dothi.db import spatial
from tests.cql2.ground import QUERYABLES

LOW, HIGH = object(), object()


def holds(node: Any, properties: dict[str, Any], geometry: Any) -> bool:
    return _value(node, properties, geometry) is True


def _field(name: str, properties: dict[str, Any]) -> Any:
    value, kind = properties.get(name), QUERYABLES[name]
    if kind == "string":
        return value if isinstance(value, str) else None
    if kind in {"number", "integer"}:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        if kind == "integer":
            return int(value) if value == int(value) and abs(value) < 10**18 else None
        return float(value)
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "array":
        return value if isinstance(value, list) else None
    if kind == "object":
        return value
    if not isinstance(value, str):
        return None
    try:
        return _date(value) if kind == "date" else _instant(value)
    except ValueError:
        return None


class Day(str):
    """A date, told apart from a text."""

    __slots__ = ()


class Moment(int):
    """An instant in microseconds, told apart from a number."""


def _date(text: str) -> Day:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError(text)
    return Day(datetime.strptime(text, "%Y-%m-%d").date().isoformat())


def _instant(text: str) -> Moment:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", text):
        raise ValueError(text)
    when = datetime.fromisoformat(text.upper())
    return Moment((when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def _day(value: Any) -> Any:
    if not isinstance(value, Moment):
        return value
    return Day((datetime(1970, 1, 1) + timedelta(microseconds=int(value), hours=7)).date().isoformat())


def _value(node: Any, properties: dict[str, Any], geometry: Any) -> Any:
    def inner(one: Any) -> Any:
        return _value(one, properties, geometry)

    if isinstance(node, Literal):
        return {"date": Day, "instant": Moment}.get(node.kind, lambda value: value)(node.value)
    if isinstance(node, Property):
        return geometry if node.name == "geometry" else _field(node.name, properties)
    if isinstance(node, Shape):
        return node.geometry
    if isinstance(node, Items):
        return [inner(item) for item in node.items]
    if isinstance(node, Interval):
        return (LOW if node.start is None else inner(node.start), HIGH if node.end is None else inner(node.end))
    assert isinstance(node, Call)
    args = [inner(arg) for arg in node.args]
    op = node.op
    if op == "and":
        return False if False in args else None if None in args else True
    if op == "or":
        return True if True in args else None if None in args else False
    if op == "isNull":
        return args[0] is None
    if op == "in":
        each = [_compare("=", args[0], item) for item in args[1]]
        return True if True in each else None if None in each else False
    if op == "between":
        ends = [_compare(">=", args[0], args[1]), _compare("<=", args[0], args[2])]
        return False if False in ends else None if None in ends else True
    if op.startswith("t_"):
        return _time(op, *(arg if isinstance(arg, tuple) else (arg, arg) for arg in args))
    if None in args:
        return None
    if op == "not":
        return not args[0]
    if op in {"=", "<>", "<", ">", "<=", ">="}:
        return _compare(op, *args)
    if op == "like":
        return _like(*args)
    if op == "casei":
        return args[0].casefold()
    if op == "accenti":
        bare = "".join(c for c in unicodedata.normalize("NFD", args[0]) if not unicodedata.combining(c))
        return unicodedata.normalize("NFC", bare.replace("đ", "d").replace("Đ", "D"))
    if op.startswith("s_"):
        return bool(getattr(shapely, op[2:])(*map(spatial.whole, args)))
    if op.startswith("a_"):
        a, b = ({json.dumps(float(x) if type(x) is int else x) for x in arg} for arg in args)
        return {"a_contains": a >= b, "a_containedBy": a <= b, "a_equals": a == b, "a_overlaps": bool(a & b)}[op]
    if op in {"+", "-", "*", "/", "%", "div", "^"}:
        return _reckon(op, *map(float, args))
    simple = {"lower": str.lower, "upper": str.upper, "length": len, "abs": abs, "floor": math.floor, "ceil": math.ceil}
    if op in simple:
        return simple[op](args[0])
    if op == "round":
        return math.floor(args[0] + 0.5)
    place = {"year": slice(0, 4), "month": slice(5, 7), "day": slice(8, 10)}[op]
    return int(_day(args[0])[place])


def _compare(op: str, a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    if isinstance(a, Day) or isinstance(b, Day):
        a, b = _day(a), _day(b)
    return {"=": a == b, "<>": a != b, "<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[op]


def _like(text: str, pattern: str) -> bool:
    made, at = "", 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 1
            made += re.escape(pattern[at])
        else:
            made += {"%": ".*", "_": "."}.get(pattern[at], re.escape(pattern[at]))
        at += 1
    return re.fullmatch(made, text, re.DOTALL) is not None


def _before(a: Any, b: Any) -> Any:
    """Whether one end lies before another."""
    if a is None or b is None:
        return None
    if a is b or b is LOW or a is HIGH:
        return False
    return a is LOW or b is HIGH or a < b


def _same(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a is b or (not {a, b} & {LOW, HIGH} and a == b)


def _every(*parts: Any) -> Any:
    return False if False in parts else None if None in parts else True


def _time(op: str, first: tuple[Any, Any], second: tuple[Any, Any]) -> Any:
    ends = (*first, *second)
    # an unknown end still has its kind; in the twin's expressions a day is never unknown beside known instants
    if any(isinstance(end, Day) for end in ends):
        ends = tuple(_day(end) for end in ends)
    a, b, c, d = ends
    apart = [_before(b, c), _before(d, a)]
    disjoint = True if True in apart else None if None in apart else False
    return {
        "t_after": _before(d, a),
        "t_before": _before(b, c),
        "t_disjoint": disjoint,
        "t_intersects": None if disjoint is None else not disjoint,
        "t_equals": _every(_same(a, c), _same(b, d)),
        "t_contains": _every(_before(a, c), _before(d, b)),
        "t_during": _every(_before(c, a), _before(b, d)),
        "t_finishedBy": _every(_before(a, c), _same(b, d)),
        "t_finishes": _every(_before(c, a), _same(b, d)),
        "t_meets": _same(b, c),
        "t_metBy": _same(a, d),
        "t_overlappedBy": _every(_before(c, a), _before(a, d), _before(d, b)),
        "t_overlaps": _every(_before(a, c), _before(c, b), _before(b, d)),
        "t_startedBy": _every(_same(a, c), _before(d, b)),
        "t_starts": _every(_same(a, c), _before(b, d)),
    }[op]


def _reckon(op: str, a: float, b: float) -> float | None:
    if any(x and not 1e-150 <= abs(x) <= 1e150 for x in (a, b)):
        return None
    try:
        made = {
            "+": lambda: a + b,
            "-": lambda: a - b,
            "*": lambda: a * b,
            "/": lambda: a / b,
            "div": lambda: float(int(a / b)),
            "%": lambda: a - b * int(a / b),
            "^": lambda: a**b,
        }[op]()
    except (ZeroDivisionError, OverflowError):
        return None
    if isinstance(made, complex):
        return None
    if op != "^" or a == 0 or b == 0:
        return made
    return made if abs(b) < 1e6 and abs(b * math.log10(abs(a))) < 150 else None
