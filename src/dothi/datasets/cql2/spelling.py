"""An expression written out again, as CQL2 JSON or CQL2 text: for saved filters, links and cache keys. Pure."""

import re
from typing import Any

from dothi.datasets.cql2.from_text import NAME, UNSAFE_NAMES
from dothi.datasets.cql2.tree import (
    ARITHMETIC,
    COMPARISONS,
    Call,
    Expression,
    Interval,
    Items,
    Literal,
    Property,
    Shape,
    refused,
)
from dothi.kit import clock

_CONTROL = {"\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
_NAME = re.compile(NAME)


def to_json(node: Expression) -> Any:
    """The expression as JSON that `json.dumps` writes."""
    if isinstance(node, Literal):
        if node.kind == "date":
            return {"date": node.value}
        return {"timestamp": _instant(node)} if node.kind == "instant" else node.value
    if isinstance(node, Property):
        return {"property": node.name}
    if isinstance(node, Shape):
        return node.written
    if isinstance(node, Items):
        return [to_json(item) for item in node.items]
    if isinstance(node, Interval):
        ends = (node.start, node.end)
        return {"interval": [_bare(end) if isinstance(end, Literal | None) else to_json(end) for end in ends]}
    return {"op": node.op, "args": [to_json(arg) for arg in node.args]}


def to_text(node: Expression) -> str:
    """The expression as text. Raises BadInput for a property whose name the text encoding cannot say."""
    if isinstance(node, Literal):
        return _literal(node)
    if isinstance(node, Property):
        if '"' in node.name:
            raise refused(node.at, f'the text encoding has no way to say the name {node.name!r}: it holds a "', "JSON")
        plain = _NAME.fullmatch(node.name) and node.name.upper() not in UNSAFE_NAMES
        return node.name if plain else f'"{node.name}"'
    if isinstance(node, Shape):
        return _shape(node.written)
    if isinstance(node, Items):
        return f"({', '.join(map(_operand, node.items))})"
    if isinstance(node, Interval):
        return f"INTERVAL({', '.join(_end(end) for end in (node.start, node.end))})"
    return _call(node)


def _call(node: Call) -> str:
    op, args = node.op, node.args
    if op in {"and", "or"}:
        return f" {op.upper()} ".join(map(_operand, args))
    if op == "not":
        return f"NOT {_operand(args[0])}"
    if op in COMPARISONS or op in ARITHMETIC or op == "like":
        return f"{_operand(args[0])} {op.upper()} {_operand(args[1])}"
    if op == "between":
        return f"{_operand(args[0])} BETWEEN {_operand(args[1])} AND {_operand(args[2])}"
    if op == "in":
        return f"{_operand(args[0])} IN {to_text(args[1])}"
    if op == "isNull":
        return f"{_operand(args[0])} IS NULL"
    return f"{op.upper()}({', '.join(map(to_text, args))})"


def _operand(node: Expression) -> str:
    infix = isinstance(node, Call) and (
        node.op in {"and", "or", "not", "like", "between", "in", "isNull", *COMPARISONS, *ARITHMETIC}
    )
    return f"({to_text(node)})" if infix else to_text(node)


def _literal(node: Literal) -> str:
    if node.kind == "text":
        return "'" + "".join(_CONTROL.get(c, "''" if c == "'" else c) for c in node.value) + "'"
    if node.kind == "boolean":
        return "TRUE" if node.value else "FALSE"
    if node.kind == "number":
        return str(node.value) if isinstance(node.value, int) else repr(node.value)
    return f"DATE('{node.value}')" if node.kind == "date" else f"TIMESTAMP('{_instant(node)}')"


def _instant(node: Literal) -> str:
    return node.written or clock.iso(node.value)


def _bare(end: Literal | None) -> str:
    if end is None:
        return ".."
    return str(end.value) if end.kind == "date" else _instant(end)


def _end(end: Expression | None) -> str:
    return f"'{_bare(end)}'" if isinstance(end, Literal | None) else to_text(end)


def _shape(written: dict[str, Any]) -> str:
    if "bbox" in written:
        return f"BBOX({', '.join(map(repr, written['bbox']))})"
    kind = written["type"].upper()
    if kind == "GEOMETRYCOLLECTION":
        return f"{kind}({', '.join(map(_shape, written['geometries']))})"
    coordinates = written["coordinates"]
    if kind == "POINT":
        return f"{kind}({_positions(coordinates)})"
    if kind == "MULTIPOINT":
        return f"{kind}({', '.join(f'({_positions(one)})' for one in coordinates)})"
    return f"{kind}{_positions(coordinates)}"


def _positions(value: Any) -> str:
    if isinstance(value[0], list):
        return f"({', '.join(map(_positions, value))})"
    return " ".join(map(repr, value))
