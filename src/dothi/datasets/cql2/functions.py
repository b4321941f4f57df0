"""The functions a filter may call beyond the standard's own, with what `/functions` says of them.

A function takes values of the kinds it names and answers one kind; NULL in, NULL out.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, cast, func

from dothi.datasets.cql2.operands import Value, as_date, bound, named
from dothi.datasets.cql2.tree import Place, refused
from dothi.db import values
from dothi.kit import clock

_SQL = ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Function:
    """A function: what it is for, the kinds its arguments may have, the kind it answers, and how."""

    description: str
    takes: tuple[tuple[str, ...], ...]
    returns: str
    answer: Callable[..., Value | _SQL]


def _part(start: int, length: int) -> Callable[[Value], _SQL]:
    return lambda day: cast(func.substr(as_date(day).sql, start, length), Integer)


def _now(at: Place) -> Value:
    now = clock.now_micros()
    return Value("instant", bound("instant", now), at, now, fixed=True)


_TEXT, _NUMBER, _TIME = (("text",),), (("number",),), (("date", "instant"),)
FUNCTIONS: dict[str, Function] = {
    "lower": Function("The text in small letters", _TEXT, "text", lambda a: values.lowered(a.sql)),
    "upper": Function("The text in capital letters", _TEXT, "text", lambda a: values.raised(a.sql)),
    "length": Function(
        "How many characters a text has", _TEXT, "number", lambda a: cast(func.length(a.sql), BigInteger)
    ),
    "abs": Function("The number without its sign", _NUMBER, "number", lambda a: func.abs(a.sql)),
    "floor": Function("The largest whole number not above", _NUMBER, "number", lambda a: values.floor(a.sql)),
    "ceil": Function("The smallest whole number not below", _NUMBER, "number", lambda a: -values.floor(-a.sql)),
    "round": Function("The nearest whole number, halves up", _NUMBER, "number", lambda a: values.half_up(a.sql)),
    "year": Function("The year of a date, or of an instant in Vietnam", _TIME, "number", _part(1, 4)),
    "month": Function("The month of a date, 1 to 12", _TIME, "number", _part(6, 2)),
    "day": Function("The day of the month of a date, 1 to 31", _TIME, "number", _part(9, 2)),
    "now": Function("The present instant", (), "instant", _now),
    "today": Function("The present day in Vietnam", (), "date", lambda at: as_date(_now(at))),
}


def call(op: str, args: list[Value], at: Place) -> Value:
    """The value of a function. Raises BadInput for an unknown one and for arguments it does not take."""
    function = FUNCTIONS.get(op)
    if function is None:
        raise refused(at, f"no function {op[:60]!r}", ", ".join(FUNCTIONS))
    if len(args) != len(function.takes):
        raise refused(at, f"{op} has {len(args)} arguments", str(len(function.takes)))
    for arg, kinds in zip(args, function.takes, strict=True):
        if arg.kind not in kinds:
            raise refused(arg.at, f"{op} of {named(arg.kind)}", " or ".join(map(named, kinds)))
    made = function.answer(*args) if args else function.answer(at)
    return made if isinstance(made, Value) else Value(function.returns, made, at)


_JSON_KINDS = {"text": "string", "number": "number", "date": "datetime", "instant": "datetime"}


def described() -> list[dict[str, Any]]:
    """The functions as the resource /functions lists them (OGC 19-079r2 clause 9)."""
    return [
        {
            "name": name_,
            "description": function.description,
            "arguments": [{"type": sorted({_JSON_KINDS[kind] for kind in kinds})} for kinds in function.takes],
            "returns": [_JSON_KINDS[function.returns]],
        }
        for name_, function in FUNCTIONS.items()
    ]
