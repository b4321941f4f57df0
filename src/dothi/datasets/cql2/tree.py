"""What both encodings of CQL2 (OGC 21-065r2) are read into: a small tree whose nodes know where they stood. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry.base import BaseGeometry

from dothi.kit.errors import BadInput, Fault

COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")
ARITHMETIC = ("+", "-", "*", "/", "%", "div", "^")
SPATIAL = (
    "s_contains",
    "s_crosses",
    "s_disjoint",
    "s_equals",
    "s_intersects",
    "s_overlaps",
    "s_touches",
    "s_within",
)
TEMPORAL = (
    "t_after",
    "t_before",
    "t_contains",
    "t_disjoint",
    "t_during",
    "t_equals",
    "t_finishedBy",
    "t_finishes",
    "t_intersects",
    "t_meets",
    "t_metBy",
    "t_overlappedBy",
    "t_overlaps",
    "t_startedBy",
    "t_starts",
)
ARRAYS = ("a_containedBy", "a_contains", "a_equals", "a_overlaps")

# operators with their fewest and most operands; any other name is a function
OPERANDS: dict[str, tuple[int, int | None]] = {
    "and": (2, None),
    "or": (2, None),
    "not": (1, 1),
    "like": (2, 2),
    "between": (3, 3),
    "in": (2, 2),
    "isNull": (1, 1),
    "casei": (1, 1),
    "accenti": (1, 1),
    **dict.fromkeys((*COMPARISONS, *ARITHMETIC, *SPATIAL, *TEMPORAL, *ARRAYS), (2, 2)),
}
BY_NAME = {name.lower(): name for name in OPERANDS}

Place = int | str  # a character of the text, counted from 1, or a path in the JSON


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, truth, date (ISO text) or instant (microseconds since 1970 UTC).

    kind: text, number, boolean, date, instant. written: as it came, where that says more than the value.
    """

    kind: str
    value: Any
    at: Place = field(default=0, compare=False)
    written: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """A geometry in WGS 84; `written` is its GeoJSON, or its bbox, in the system it was written in."""

    geometry: BaseGeometry = field(compare=False)
    written: dict[str, Any]
    at: Place = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time, closed at both ends; None stands for '..'."""

    start: "Expression | None"
    end: "Expression | None"
    at: Place = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Items:
    """An array, or the list of IN."""

    items: tuple["Expression", ...]
    at: Place = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Property:
    """A queryable by its name."""

    name: str
    at: Place = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function with its operands; `and` and `or` take any number."""

    op: str
    args: tuple["Expression", ...]
    at: Place = field(default=0, compare=False)


Expression = Literal | Shape | Interval | Items | Property | Call


@dataclass(slots=True)
class Room:
    """How much an expression may still hold: nesting and parts; coordinates are not counted."""

    depth: int
    parts: int

    def enter(self, at: Place, depth: int) -> None:
        """Raises BadInput where nesting is too deep."""
        if depth > self.depth:
            raise refused(at, "the filter is nested too deeply", f"at most {self.depth} levels")

    def take(self, at: Place, depth: int) -> None:
        """Count one part at a depth. Raises BadInput when there is no room for it."""
        self.enter(at, depth)
        self.parts -= 1
        if self.parts < 0:
            raise refused(at, "the filter has too many parts", "fewer operators and values; a list or a drawn area")


def refused(at: Place, message: str, allowed: str | None = None) -> BadInput:
    """The error that names the place in the filter."""
    place = f"filter, character {at}" if isinstance(at, int) else f"filter{at and ': '}{at}"
    return BadInput(f"{place}: {message}", [Fault(place, message, allowed)])


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it."""
    waiting: list[Expression | None] = [expression]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        yield node
        if isinstance(node, Call):
            waiting.extend(reversed(node.args))
        elif isinstance(node, Items):
            waiting.extend(reversed(node.items))
        elif isinstance(node, Interval):
            waiting.extend((node.end, node.start))


def queried(expression: Expression) -> set[str]:
    """The names of the queryables an expression asks about."""
    return {node.name for node in walk(expression) if isinstance(node, Property)}


def joined(op: str, parts: list[Expression], at: Place) -> Expression:
    """Operands of `and` or `or` as one node; nested ones of the same kind are taken in."""
    flat: list[Expression] = []
    for part in parts:
        flat.extend(part.args if isinstance(part, Call) and part.op == op else (part,))
    return flat[0] if len(flat) == 1 else Call(op, tuple(flat), at)


def check_count(op: str, count: int, at: Place) -> None:
    """Refuse an operator with too few or too many operands."""
    if op in OPERANDS:
        fewest, most = OPERANDS[op]
        if count < fewest or (most is not None and count > most):
            wanted = str(fewest) if most == fewest else f"{fewest} or more"
            raise refused(at, f"{op} has {count} operand{'' if count == 1 else 's'}", wanted)
