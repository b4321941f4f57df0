"""Temporal functions of CQL2 (21-065r2 clause 7.8, after OWL-Time) on stretches closed at both ends. Pure.

An instant is a stretch that ends where it starts; ten of the functions are for intervals only, and refuse one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from dothi.datasets.cql2.operands import TIMES, Value, as_date, bound
from dothi.datasets.cql2.tree import Place, refused

# what '..' stands for: before and after everything a column holds
_ENDS = {"date": ("0000-00-00", "9999-99-99"), "instant": (-(2**63) + 1, 2**63 - 1)}
_BOTH = ("t_after", "t_before", "t_disjoint", "t_equals", "t_intersects")


@dataclass(frozen=True, slots=True)
class Stretch:
    """Two ends as written; None is open. `single`: it is an instant."""

    start: Value | None
    end: Value | None
    at: Place
    single: bool = False


_Sql = ColumnElement[Any]


def _related(op: str, a: _Sql, b: _Sql, c: _Sql, d: _Sql) -> ColumnElement[bool]:
    """The relation of a…b to c…d."""
    relations: dict[str, Callable[[], ColumnElement[bool]]] = {
        "t_after": lambda: a > d,
        "t_before": lambda: b < c,
        "t_disjoint": lambda: or_(b < c, a > d),
        "t_equals": lambda: and_(a == c, b == d),
        "t_intersects": lambda: and_(b >= c, a <= d),
        "t_contains": lambda: and_(a < c, b > d),
        "t_during": lambda: and_(a > c, b < d),
        "t_finishedBy": lambda: and_(a < c, b == d),
        "t_finishes": lambda: and_(a > c, b == d),
        "t_meets": lambda: b == c,
        "t_metBy": lambda: a == d,
        "t_overlappedBy": lambda: and_(a > c, a < d, b > d),
        "t_overlaps": lambda: and_(a < c, b > c, b < d),
        "t_startedBy": lambda: and_(a == c, b > d),
        "t_starts": lambda: and_(a == c, b < d),
    }
    return relations[op]()


def relation(op: str, first: Stretch, second: Stretch) -> ColumnElement[bool]:
    """The condition a temporal function is. Raises BadInput for an instant where only intervals mean something."""
    if op not in _BOTH:
        for stretch in (first, second):
            if stretch.single:
                wanted = f"INTERVAL(…), or one of {', '.join(name.upper() for name in _BOTH)}"
                raise refused(stretch.at, f"{op.upper()} of an instant", wanted)
    ends = [end for end in (first.start, first.end, second.start, second.end) if end is not None]
    kind = "date" if any(end.kind == "date" for end in ends) else "instant"
    if kind == "date":
        first, second = _days(first), _days(second)
    a, b = _ends(first, kind)
    c, d = _ends(second, kind)
    return _related(op, a, b, c, d)


def stretch(start: Value | None, end: Value | None, at: Place) -> Stretch:
    """An interval. Raises BadInput where its ends are no times, or it ends before it starts."""
    for one in (start, end):
        if one is not None and one.kind not in TIMES:
            raise refused(one.at, f"an interval that ends at a {one.kind}", "a date, a timestamp or '..'")
    if start is not None and end is not None and start.fixed and end.fixed:
        low, high = (start, end) if start.kind == end.kind else (as_date(start), as_date(end))
        if low.constant > high.constant:
            raise refused(at, "the interval ends before it starts", "the earlier end first")
    return Stretch(start, end, at)


def _days(one: Stretch) -> Stretch:
    start, end = (None if value is None else as_date(value) for value in (one.start, one.end))
    return Stretch(start, end, one.at, one.single)


def _ends(one: Stretch, kind: str) -> tuple[_Sql, _Sql]:
    first, last = _ENDS[kind]
    return (
        bound(kind, first) if one.start is None else one.start.sql,
        bound(kind, last) if one.end is None else one.end.sql,
    )
