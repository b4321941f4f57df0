"""Formulas over named inputs: a few operators and functions, compiled once, never anything else of Python."""

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dothi.kit.errors import BadInput, Fault


def _mean(*values: float) -> float:
    return sum(values) / len(values)


FUNCTIONS: dict[str, tuple[Callable[..., float], int, int]] = {  # with how many values they take
    "abs": (abs, 1, 1), "min": (min, 2, 20), "max": (max, 2, 20), "mean": (_mean, 1, 20), "sqrt": (math.sqrt, 1, 1),
    "exp": (math.exp, 1, 1), "log": (math.log, 1, 1), "log10": (math.log10, 1, 1), "round": (round, 1, 1),
    "floor": (math.floor, 1, 1), "ceil": (math.ceil, 1, 1),
}  # fmt: skip
ALLOWED = "numbers, names, + - * / %, ** with a whole number up to 4, < <= > >= == !=, and, or, not, " + ", ".join(
    FUNCTIONS
)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Mod)
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that has been read. truth: it is true or false; otherwise it is a number.

    level: it only adds, subtracts, rounds or chooses, so that its number is in the unit its inputs share.
    """

    text: str
    names: tuple[str, ...]
    truth: bool
    code: Any
    columns: frozenset[str] = frozenset()
    level: bool = False

    def __call__(self, values: Mapping[str, float]) -> float | bool | None:
        """Its result; None where arithmetic has none (division by zero, the root of a negative number)."""
        try:
            made = eval(self.code, _GLOBALS, values)  # noqa: S307 - only what `parse` let through
        except (ArithmeticError, ValueError):
            return None
        if self.truth:
            return bool(made)
        return float(made) if math.isfinite(made) else None

    def each(self, columns: Mapping[str, Any]) -> Any:
        """Its result for every row of some numpy columns at once; what has no result is NaN, and nothing is true of NaN."""
        import numpy as np

        with np.errstate(all="ignore"):
            given = {
                name + _OWN if name in self.columns & FUNCTIONS.keys() else name: one for name, one in columns.items()
            }
            made = eval(_many(self.text, self.columns), _many_globals(), given)  # noqa: S307 - only what `parse` let through
        size = len(next(iter(columns.values()))) if columns else 0
        return np.broadcast_to(np.asarray(made, bool if self.truth else float), (size,))


class _Columns(ast.NodeTransformer):
    """The same formula for columns: `and`, `or`, `not` and chained comparisons are no operators of arrays."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        self.generic_visit(node)
        return _call("_all" if isinstance(node.op, ast.And) else "_any", node.values)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        self.generic_visit(node)
        return _call("_not", [node.operand]) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        sides = [node.left, *node.comparators]
        pairs: list[ast.expr] = [
            ast.Compare(left, [op], [right]) for left, op, right in zip(sides[:-1], node.ops, sides[1:], strict=True)
        ]
        return pairs[0] if len(pairs) == 1 else _call("_all", pairs)


def _call(name: str, given: list[ast.expr]) -> ast.expr:
    return ast.Call(ast.Name(name, ast.Load()), given, [])


@lru_cache(maxsize=2048)
def _many(text: str, columns: frozenset[str]) -> Any:
    tree = _Named(columns).visit(ast.parse(text.strip(), mode="eval"))
    _kind(tree.body, {}, 0)  # numbers become floats, as in the plain formula
    return compile(ast.fix_missing_locations(_Columns().visit(tree)), "formula", "eval")


@lru_cache(maxsize=1)
def _many_globals() -> dict[str, Any]:
    import numpy as np

    def over(call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given: call(np.stack(np.broadcast_arrays(*given)), axis=0)

    return {
        "__builtins__": {}, "abs": np.abs, "min": over(np.min), "max": over(np.max), "mean": over(np.mean),
        "sqrt": np.sqrt, "exp": np.exp, "log": np.log, "log10": np.log10, "round": np.round, "floor": np.floor,
        "ceil": np.ceil, "_all": over(np.all), "_any": over(np.any), "_not": np.logical_not,
    }  # fmt: skip


_GLOBALS: dict[str, Any] = {"__builtins__": {}, **{name: one[0] for name, one in FUNCTIONS.items()}}


@lru_cache(maxsize=2048)
def parse(text: str, columns: frozenset[str] = frozenset()) -> Formula:
    """Read a formula. Raises BadInput that says what in it is not allowed, and where.

    columns: names that stand for values though functions are called so too: `mean > 45` beside `max(a, b)`.
    """
    if len(text) > LONGEST:
        raise _bad(f"the formula is longer than {LONGEST} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _bad(f"{text!r} is no formula") from None
    names: dict[str, None] = {}
    tree = _Named(columns).visit(tree)
    truth = _kind(tree.body, names, 0)
    told = tuple(name.removesuffix(_OWN) for name in names)
    return Formula(text, told, truth, compile(tree, "formula", "eval"), columns, _level(tree.body))


_OWN = "__"  # ends the name of a value that a function is called like


class _Named(ast.NodeTransformer):
    """Values that functions are called like get a name of their own; the functions keep theirs."""

    def __init__(self, columns: frozenset[str]) -> None:
        self.columns = columns & FUNCTIONS.keys()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.copy_location(ast.Name(node.id + _OWN, ast.Load()), node) if node.id in self.columns else node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(part) for part in node.args]
        return node


def _kind(node: ast.expr, names: dict[str, None], depth: int) -> bool:
    """Whether a part is true or false (True) or a number (False); its names are added to `names`."""
    if depth > 40:
        raise _bad("the formula is nested too deeply")

    def number(part: ast.expr) -> None:
        if _kind(part, names, depth + 1):
            raise _bad(f'"{ast.unparse(part)}" is true or false where a number is needed')

    def truth(part: ast.expr) -> None:
        if not _kind(part, names, depth + 1):
            raise _bad(f'"{ast.unparse(part)}" is a number where something true or false is needed')

    match node:
        case ast.Constant(value=value) if isinstance(value, int | float) and not isinstance(value, bool):
            if not math.isfinite(value) or abs(value) > 1e15:
                raise _bad(f"{ast.unparse(node)} is too large a number")
            node.value = float(value)  # whole numbers would grow without end
            return False
        case ast.Name(id=name):
            if name in FUNCTIONS:
                raise _bad(f'"{name}" is a function; write {name}(…)')
            names[name] = None
            return False
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() as power)) if 0 <= power <= 4:
            number(left)
            return False
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, _ARITHMETIC):
            number(left)
            number(right)
            return False
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=part):
            number(part)
            return False
        case ast.UnaryOp(op=ast.Not(), operand=part):
            truth(part)
            return True
        case ast.BoolOp(values=parts):
            for part in parts:
                truth(part)
            return True
        case ast.Compare(left=left, ops=ops, comparators=others) if all(isinstance(o, _COMPARISONS) for o in ops):
            for part in (left, *others):
                number(part)
            return True
        case ast.Call(func=ast.Name(id=name), args=given, keywords=[]) if name in FUNCTIONS:
            _, least, most = FUNCTIONS[name]
            if not least <= len(given) <= most:
                raise _bad(f"{name} takes {least if least == most else f'{least} to {most}'} values")
            for part in given:
                number(part)
            return False
    raise _bad(f'"{ast.unparse(node)}" is not allowed in a formula')


def _level(node: ast.expr) -> bool:
    match node:
        case ast.Constant() | ast.Name():
            return True
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=part):
            return _level(part)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
            return _level(left) and _level(right)
        case ast.Call(func=ast.Name(id="abs" | "min" | "max" | "mean" | "round" | "floor" | "ceil"), args=given):
            return all(_level(part) for part in given)
    return False


def _bad(message: str) -> BadInput:
    return BadInput(message, [Fault("formula", message, ALLOWED)])
