"""The JSON encoding of CQL2 (OGC 21-065r2 clause 8.3 and its JSON Schema): JSON in, tree out. Pure.

The spellings of earlier drafts that clients still send are read too: {"casei": …}, {"accenti": …},
{"function": {"name", "args"}}, and an operator's name in any case.
"""

import json
from typing import Any, NoReturn

from dothi.datasets.cql2 import scalars, shapes
from dothi.datasets.cql2.crs import Projection
from dothi.datasets.cql2.tree import (
    BY_NAME,
    Call,
    Expression,
    Interval,
    Items,
    Literal,
    Property,
    Room,
    check_count,
    joined,
    refused,
)
from dothi.kit.text import nfc

_NODES = (
    '{"op", "args"}, {"property"}, {"date"}, {"timestamp"}, {"interval"}, {"bbox"}, a geometry, an array or a value'
)


def parse(given: Any, crs: Projection | None, room: Room) -> Expression:
    """The expression of a JSON text, or of JSON that is read already. Raises BadInput with the path to the fault."""
    if isinstance(given, str | bytes):
        try:
            given = json.loads(given, parse_constant=_no_constant, parse_int=_whole)
        except RecursionError:
            raise refused("", "the filter is nested too deeply", f"at most {room.depth} levels") from None
        except json.JSONDecodeError as error:
            raise refused(error.pos + 1, f"not JSON: {error.msg}", "a CQL2 JSON expression") from None
        except ValueError as error:
            raise refused("", f"not JSON: {str(error)[:120]}", "a CQL2 JSON expression") from None
    return _Reader(crs, room).node(given, "", 0)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _whole(written: str) -> int:
    if len(written) > scalars.LONGEST_NUMBER:
        raise ValueError("a number of too many digits")
    return int(written)


class _Reader:
    def __init__(self, crs: Projection | None, room: Room) -> None:
        self.crs, self.room = crs, room

    def node(self, value: Any, at: str, depth: int) -> Expression:
        self.room.take(at, depth)
        if isinstance(value, bool):
            return Literal("boolean", value, at)
        if isinstance(value, str):
            return scalars.text(value, at)
        if isinstance(value, int | float):
            return scalars.numeric(value, at)
        if isinstance(value, list):
            return Items(tuple(self._nodes(value, at, depth + 1)), at)
        if isinstance(value, dict):
            return self._object(value, at, depth)
        raise refused(at, f"found {json.dumps(value)[:60]}", _NODES)

    def _nodes(self, values: list[Any], at: str, depth: int) -> list[Expression]:
        return [self.node(value, f"{at}[{place}]", depth) for place, value in enumerate(values)]

    def _object(self, value: dict[str, Any], at: str, depth: int) -> Expression:
        if "op" in value:
            return self._call(value.get("op"), value.get("args"), at, depth)
        if "property" in value:
            return Property(nfc(self._string(value, "property", at)), at)
        if "date" in value:
            return scalars.day(self._string(value, "date", at), at)
        if "timestamp" in value:
            return scalars.instant(self._string(value, "timestamp", at), at)
        if "interval" in value:
            ends = value["interval"]
            if not isinstance(ends, list) or len(ends) != 2:
                raise refused(_in(at, "interval"), "an interval of other than two ends", "[start, end]")
            start, end = (
                self._end(part, f"{_in(at, 'interval')}[{place}]", depth + 1) for place, part in enumerate(ends)
            )
            return Interval(start, end, at)
        if "type" in value:
            return shapes.geometry(value, self.crs, at)
        if "bbox" in value:
            numbers = value["bbox"]
            if not isinstance(numbers, list) or not all(type(one) in {int, float} for one in numbers):
                raise refused(_in(at, "bbox"), "not an array of numbers", "4 numbers, or 6 with heights")
            where = _in(at, "bbox")
            return shapes.box([float(scalars.numeric(one, where).value) for one in numbers], self.crs, at)
        for draft in ("casei", "accenti"):
            if draft in value:
                return Call(draft, (self.node(value[draft], _in(at, draft), depth + 1),), at)
        inner = value.get("function")
        if isinstance(inner, dict):
            return self._call(inner.get("name"), inner.get("args", []), _in(at, "function"), depth)
        raise refused(at, f"found an object of {', '.join(map(repr, list(value)[:5])) or 'nothing'}"[:120], _NODES)

    def _call(self, name: Any, args: Any, at: str, depth: int) -> Expression:
        if not isinstance(name, str):
            raise refused(_in(at, "op"), "not the name of an operator or function", "a text")
        if not isinstance(args, list):
            raise refused(_in(at, "args"), "no operands", "an array")
        op = BY_NAME.get(name.lower(), name.lower())
        check_count(op, len(args), at)
        made = self._nodes(args, _in(at, "args"), depth + 1)
        if op in {"and", "or"}:
            return joined(op, made, at)
        if op == "in" and not (isinstance(made[1], Items) and made[1].items):
            raise refused(f"{_in(at, 'args')}[1]", "no list to look in", "an array of one value or more")
        return Call(op, tuple(made), at)

    def _end(self, value: Any, at: str, depth: int) -> Expression | None:
        if value == "..":
            return None
        if isinstance(value, str):
            return scalars.moment(value, at)
        made = self.node(value, at, depth)
        if not isinstance(made, Property | Call) and not (
            isinstance(made, Literal) and made.kind in {"date", "instant"}
        ):
            raise refused(at, "not an end of an interval", 'an instant, "..", a property or a function')
        return made

    def _string(self, value: dict[str, Any], key: str, at: str) -> str:
        found = value[key]
        if not isinstance(found, str):
            raise refused(_in(at, key), f"found {json.dumps(found)[:60]}", "a text")
        if not found.isprintable():
            raise refused(_in(at, key), "characters that are not text", "a text")
        return found


def _in(at: str, key: str) -> str:
    return f"{at}.{key}" if at else key
