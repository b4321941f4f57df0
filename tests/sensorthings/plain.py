"""The slow plain twin of $filter: an entity's JSON and a parsed expression in, true, false or None out."""

import math
from datetime import UTC, datetime

import shapely
from shapely.geometry import shape

from dothi.doors.sensorthings.grammar import Constant, Path
from dothi.kit import clock

_EXACT = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}


class Span(tuple):
    """Start and end in µs."""

    __slots__ = ()


def keeps(expression, entity, now=0):
    """Whether a filter keeps an entity; every to-one navigation property is in line in its JSON."""
    return value(expression, entity, now) is True


def value(node, entity, now):
    if isinstance(node, Constant):
        if node.kind == "instant":
            return Span((node.value, node.value))
        if node.kind == "span":
            return Span(node.value)
        if node.kind == "geometry":
            return shapely.from_wkb(node.value)
        return node.value
    if isinstance(node, Path):
        return _property(node.steps, entity)
    name = node.name
    operands = [value(operand, entity, now) for operand in node.operands]
    if name == "and":
        return False if False in operands else None if None in operands else all(o is True for o in operands)
    if name == "or":
        return True if True in operands else None if None in operands else False
    if name == "not":
        return operands[0] is not True
    if name in _EXACT:
        return _compare(name, *operands)
    if name in {"now", "mindatetime", "maxdatetime"}:
        at = {
            "now": now,
            "mindatetime": clock.parse("0001-01-01T00:00:00Z"),
            "maxdatetime": clock.parse("9999-12-31T23:59:59.999999Z"),
        }[name]
        return Span((at, at))
    if None in operands:
        return None
    return _call(name, operands)


def _property(steps, entity):
    steps = ["@iot.id" if step == "id" else step for step in steps]
    here = entity
    for place, step in enumerate(steps):
        if isinstance(here, dict):
            here = here.get(step)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
        else:
            return None
        if place == len(steps) - 1 and step in {"phenomenonTime", "resultTime", "validTime", "time"} and here:
            start, end = clock.parse_span(here)
            return Span((start, start if end is None else end))
        if place == len(steps) - 1 and step in {"location", "feature"} and here:
            return shape(here)
    return here


def _compare(op, a, b):
    if a is None and b is None:
        return op == "eq"
    if a is None or b is None:
        return op == "ne"
    if isinstance(a, Span) and isinstance(b, str):
        b = Span(t if t is not None else clock.parse_span(b)[0] for t in clock.parse_span(b))
    if isinstance(a, Span):
        if op in {"eq", "ne"}:
            return _EXACT[op](tuple(a), tuple(b))
        if op in {"gt", "ge"}:
            a, b = b, a
        if op in {"lt", "gt"}:
            return a[0] < b[0] and a[1] <= b[0]
        return a[0] <= b[0] and a[1] <= b[1]
    kinds = [bool if isinstance(v, bool) else float if isinstance(v, int | float) else type(v) for v in (a, b)]
    if kinds[0] is not kinds[1]:
        return op == "ne"
    if op in {"eq", "ne"} or not isinstance(a, dict | list):
        return _EXACT[op](a, b)
    return None


def _call(name, o):
    numbers = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b if b else None,
        "mod": lambda a, b: math.fmod(a, b) if b else None,
    }
    if name in numbers:
        if isinstance(o[0], Span) and isinstance(o[1], Span):
            return o[0][0] - o[1][0]
        if isinstance(o[0], Span):
            return Span((numbers[name](o[0][0], o[1]),) * 2)
        return numbers[name](*o) if all(isinstance(v, int | float) and not isinstance(v, bool) for v in o) else None
    texts = {
        "substringof": lambda a, b: a in b,
        "contains": lambda a, b: b in a,
        "startswith": str.startswith,
        "endswith": str.endswith,
        "indexof": str.find,
        "concat": lambda a, b: a + b,
        "length": len,
        "tolower": str.lower,
        "toupper": str.upper,
        "trim": lambda a: a.strip(" "),
    }
    if name in texts:
        return texts[name](*o) if all(isinstance(v, str) for v in o) else None
    if name == "substring":
        return o[0][int(o[1]) :] if len(o) == 2 else o[0][int(o[1]) :][: int(o[2])]
    if name in {"round", "floor", "ceiling"}:
        if isinstance(o[0], bool) or not isinstance(o[0], int | float):
            return None
        half = math.copysign(math.floor(abs(o[0]) + 0.5), o[0])
        return {"round": half, "floor": math.floor(o[0]), "ceiling": math.ceil(o[0])}[name]
    if name == "neg":
        return -o[0] if isinstance(o[0], int | float) and not isinstance(o[0], bool) else None
    if name.startswith(("geo.", "st_")):
        word = name.removeprefix("geo.").removeprefix("st_")
        if word == "relate":
            return bool(shapely.relate_pattern(*o))
        found = getattr(shapely, word)(*o)
        return found.item() if hasattr(found, "item") else found
    if name in {"before", "after", "meets", "during", "overlaps", "starts", "finishes"}:
        (a, z), (b, y) = o
        return {
            "before": a < b and z <= b,
            "after": a >= y and a > b,
            "meets": z == b or a == y,
            "during": a >= b and z <= y,
            "overlaps": a <= y and z >= b,
            "starts": a == b,
            "finishes": z == y,
        }[name]
    when = datetime.fromtimestamp(o[0][0] // 1_000_000, UTC)
    if name == "date":
        return f"{when:%Y-%m-%d}"
    if name == "time":
        return f"{when:%H:%M:%S}"
    if name == "totaloffsetminutes":
        return 0
    if name == "fractionalseconds":
        return o[0][0] % 1_000_000 / 1e6
    return getattr(when, name)
