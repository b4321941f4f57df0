"""Words on geometries: the relations of OGC 06-103r4 clause 6.1.15, as CQL2 asks them.

PostgreSQL answers with PostGIS, through its index where one operand is a record's geometry. On SQLite GEOS answers
through shapely; a constant second operand is kept ready between rows, so put the constant there.

A collection is taken as the union of its parts: PostGIS 3.3 refuses parts that overlap, and a refusal would be one
for the whole page.
"""

from collections.abc import Callable
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Boolean
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def whole(geometry: BaseGeometry) -> BaseGeometry:
    """A collection as the union of its parts; any other geometry as it is."""
    return shapely.unary_union(geometry) if geometry.geom_type == "GeometryCollection" else geometry


def _relation(name: str) -> type[FunctionElement[Any]]:
    body = {"type": Boolean(), "inherit_cache": True, "name": f"s_{name}", "__doc__": f"{name} of two geometries."}
    word = type(f"s_{name}", (FunctionElement,), body)

    def on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
        return f"dothi_s_{name}({', '.join(compiler.process(clause, **kw) for clause in element.clauses)})"

    def on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
        a, b = (compiler.process(clause, **kw) for clause in element.clauses)
        if name == "disjoint":
            return f"(NOT {_spelled('intersects', a, b)})"
        return _spelled(name, a, b)

    compiles(word, "sqlite")(on_sqlite)
    compiles(word, "postgresql")(on_postgresql)
    return word


def _spelled(name: str, a: str, b: str) -> str:
    union = "CASE geometrytype({0}) WHEN 'GEOMETRYCOLLECTION' THEN ST_UnaryUnion({0}) ELSE {0} END"
    return (
        f"({a} && {b} AND CASE WHEN 'GEOMETRYCOLLECTION' IN (geometrytype({a}), geometrytype({b}))"
        f" THEN ST_{name}({union.format(a)}, {union.format(b)}) ELSE ST_{name}({a}, {b}) END)"
    )


# each with what it is when its operands change places
_CONVERSE = {
    "contains": "within",
    "crosses": "crosses",
    "disjoint": "disjoint",
    "equals": "equals",
    "intersects": "intersects",
    "overlaps": "overlaps",
    "touches": "touches",
    "within": "contains",
}
_words = {name: _relation(name) for name in _CONVERSE}
_READY = 4  # constants kept ready per relation and connection


def relation(name: str, first: Any, second: Any, *, swapped: bool = False) -> FunctionElement[bool]:
    """The relation between two geometries; `swapped` asks the same question with the operands the other way round."""
    return _words[_CONVERSE[name]](second, first) if swapped else _words[name](first, second)


def functions() -> list[tuple[str, int, Callable[..., Any]]]:
    """SQLite's relations for one connection, each remembering its latest second operands."""
    return [(f"dothi_s_{name}", 2, _answer(getattr(shapely, _CONVERSE[name]))) for name in _CONVERSE]


def _answer(converse: Callable[[Any, Any], Any]) -> Callable[[bytes | None, bytes | None], bool | None]:
    ready: list[tuple[bytes, BaseGeometry]] = []

    def answer(a: bytes | None, b: bytes | None) -> bool | None:
        if a is None or b is None:
            return None
        try:
            for held, geometry in ready:
                if held == b:
                    shapely.prepare(geometry)
                    return bool(converse(geometry, whole(shapely.from_wkb(a))))
            geometry = whole(shapely.from_wkb(b))
            ready.insert(0, (b, geometry))
            del ready[_READY:]
            return bool(converse(geometry, whole(shapely.from_wkb(a))))
        except ShapelyError:
            return None

    return answer
