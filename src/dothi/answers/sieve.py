"""Conditions as packs write them: CQL2 text, with days that move along; and its plain twin for values at hand. Pure."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import Any

from dothi.datasets import cql2
from dothi.datasets.cql2.tree import ARITHMETIC, COMPARISONS, Call, Expression, Items, Literal, Property
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

# what may stand in a where over newest values, and of which kind
OF_VALUES: dict[str, str] = {
    "value": "number", "state": "string", "word": "string", "name": "string", "age": "number", "unit": "string",
    "simulated": "boolean",
}  # fmt: skip
_MOVING = re.compile(r"\{\s*(today|now)\s*(?:([+-])\s*(\d{1,4})\s*([hdw]))?\s*\}")
_STEP = {"h": clock.HOUR, "d": clock.DAY, "w": 7 * clock.DAY}
_KNOWN = {"and", "or", "not", "like", "between", "in", "isNull", "casei", "accenti", *COMPARISONS, *ARITHMETIC}


def parsed(where: str, at: int) -> Expression:
    """The condition as of a moment (µs): `{today}`, `{today-30d}`, `{now+2h}` become its days and instants.

    Raises BadInput naming the character.
    """
    return _parsed(moved(where, at))


def moved(where: str, at: int) -> str:
    """The condition with the days and instants that hold at a moment."""
    return _MOVING.sub(lambda found: _moved(found, at), where)


@lru_cache(maxsize=512)
def _parsed(text: str) -> Expression:
    return cql2.parse(text)


def _moved(found: re.Match[str], at: int) -> str:
    word, sign, count, step = found.groups()
    shift = (1 if sign == "+" else -1) * int(count) * _STEP[step] if count else 0
    if word == "now":
        return f"TIMESTAMP('{clock.iso(at + shift)}')"
    day = clock.local_day(at) + timedelta(microseconds=shift)
    return f"DATE('{day.isoformat()}')"


def plain(expression: Expression) -> None:
    """Raise BadInput where a condition over newest values asks for what only records can answer."""
    for node in _nodes(expression):
        if isinstance(node, Call) and node.op not in _KNOWN:
            message = f"{node.op} cannot be asked of values"
            raise BadInput(message, [Fault(f"filter, character {node.at}", message, ", ".join(sorted(_KNOWN)))])


def _nodes(expression: Expression) -> list[Expression]:
    from dothi.datasets.cql2.tree import walk

    return list(walk(expression))


def holds(expression: Expression, row: Mapping[str, Any]) -> bool:
    """Whether a row fulfils a condition; unknown (a value that is missing) is not fulfilled, as in SQL."""
    return _value(expression, row) is True


def _value(node: Expression, row: Mapping[str, Any]) -> Any:
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Property):
        return row.get(node.name)
    if isinstance(node, Items):
        return [_value(one, row) for one in node.items]
    if isinstance(node, Call):
        return _called(node, row)
    return None


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "=": lambda a, b: a == b, "<>": lambda a, b: a != b, "<": lambda a, b: a < b, ">": lambda a, b: a > b,
    "<=": lambda a, b: a <= b, ">=": lambda a, b: a >= b, "+": lambda a, b: a + b, "-": lambda a, b: a - b,
    "*": lambda a, b: a * b, "/": lambda a, b: a / b if b else None, "%": lambda a, b: a % b if b else None,
    "div": lambda a, b: int(a / b) if b else None, "^": lambda a, b: a**b,
}  # fmt: skip


def _called(node: Call, row: Mapping[str, Any]) -> Any:
    if node.op in ("and", "or"):
        return _joined(node, row)
    found = [_value(one, row) for one in node.args]
    if node.op == "isNull":
        return found[0] is None
    if node.op == "in":
        return None if found[0] is None else found[0] in found[1]
    if any(one is None for one in found):
        return None
    if node.op in ("casei", "accenti"):
        from dothi.kit.text import fold

        return fold(str(found[0])) if node.op == "accenti" else str(found[0]).casefold()
    if node.op == "not":
        return not found[0]
    if node.op == "between":
        return found[1] <= found[0] <= found[2]
    if node.op == "like":
        return _like(str(found[0]), str(found[1]))
    if node.op in _COMPARE:
        try:
            return _COMPARE[node.op](found[0], found[1])
        except TypeError:
            return None
    return None


def _joined(node: Call, row: Mapping[str, Any]) -> bool | None:
    """Three-valued: false and unknown is false, true or unknown is true."""
    found = [_value(one, row) for one in node.args]
    decides = node.op == "or"
    if any(one is decides for one in found):
        return decides
    return None if any(one is None for one in found) else not decides


def _like(text: str, pattern: str) -> bool:
    made = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c) for c in pattern)
    return re.fullmatch(made, text, re.DOTALL) is not None
