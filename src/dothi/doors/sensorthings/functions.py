"""The functions and arithmetic of $filter and $orderby on typed SQL values."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Integer,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
)

from dothi.db import words
from dothi.doors.sensorthings import values
from dothi.doors.sensorthings.literals import Refused
from dothi.doors.sensorthings.sources import bound
from dothi.doors.sensorthings.values import Value
from dothi.kit import clock

_MIN, _MAX = clock.parse("0001-01-01T00:00:00Z"), clock.parse("9999-12-31T23:59:59.999999Z")


_ARITHMETIC = {"add", "sub", "mul", "div", "mod"}


_PARTS = {"year": ("%Y", "YYYY"), "month": ("%m", "MM"), "day": ("%d", "DD"), "hour": ("%H", "HH24")}


_PARTS |= {"minute": ("%M", "MI"), "second": ("%S", "SS")}


_INTERVALS = {"before", "after", "meets", "during", "overlaps", "starts", "finishes"}


_GEO_RELATIONS = {
    "geo.intersects": words.st_intersects,
    "st_equals": words.st_equals,
    "st_disjoint": words.st_disjoint,
    "st_touches": words.st_touches,
    "st_within": words.st_within,
    "st_overlaps": words.st_overlaps,
    "st_crosses": words.st_crosses,
    "st_intersects": words.st_intersects,
    "st_contains": words.st_contains,
}


def _arithmetic(name: str, operands: list[Value], at: int) -> Value:
    kinds = [operand.kind for operand in operands]
    if name in {"add", "sub"} and kinds == ["span", "duration"]:
        sign = 1 if name == "add" else -1
        moved = operands[0].sql + operands[1].sql * sign
        return Value("span", moved, at)
    if name == "add" and kinds == ["duration", "span"]:
        return _arithmetic("add", operands[::-1], at)
    if name == "sub" and kinds == ["span", "span"]:
        return Value("duration", operands[0].sql - operands[1].sql, at)
    if name in {"add", "sub"} and kinds == ["duration", "duration"]:
        a, b = operands
        return Value("duration", a.sql + b.sql if name == "add" else a.sql - b.sql, at)
    if name == "mul" and set(kinds) == {"duration", "number"}:
        length, times = operands if kinds[0] == "duration" else operands[::-1]
        return Value("duration", cast(length.sql * times.sql, BigInteger()), at)
    numbers = [values.real(operand) for operand in operands]
    return Value("number", _CALCULATIONS[name](*numbers), at)


_CALCULATIONS: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / func.nullif(b, literal(0.0, Double())),
    "mod": words.remainder,
}


def _string(name: str, operands: list[Value], at: int) -> Value:
    texts = [values.text(operand) for operand in operands]
    a, b = texts[0], texts[-1]
    if name == "substringof":
        return Value("bool", words.position_of(b, a) > 0, at)
    if name == "contains":
        return Value("bool", words.position_of(a, b) > 0, at)
    if name == "startswith":
        return Value("bool", func.substr(a, 1, func.length(b)) == b, at)
    if name == "endswith":
        fits = func.length(a) >= func.length(b)
        return Value("bool", and_(fits, func.substr(a, func.length(a) - func.length(b) + 1) == b), at)
    if name == "indexof":
        return Value("number", words.position_of(a, b) - 1, at)
    if name == "concat":
        return Value("text", words.glued(a, b), at)
    if name == "length":
        return Value("number", func.length(a, type_=BigInteger()), at)
    word = {"tolower": words.lower_text, "toupper": words.upper_text}.get(name)
    return Value("text", word(a) if word else func.trim(a, type_=Text()), at)


def _substring(_: str, operands: list[Value], at: int) -> Value:
    text = values.text(operands[0])
    start = _count(operands[1])
    if len(operands) == 2:
        return Value("text", func.substr(text, start + 1, type_=Text()), at)
    return Value("text", func.substr(text, start + 1, _count(operands[2]), type_=Text()), at)


def _count(value: Value) -> ColumnElement[Any]:
    """A place in a text: whole, from 0 to a million, so that both databases agree."""
    number = values.number(value)
    whole = words.floored(cast(number, Double()))
    return cast(case((number < 0, 0), (number > 1_000_000, 1_000_000), else_=whole), Integer())


def _moment_part(name: str, operands: list[Value], at: int) -> Value:
    moment = values.span(operands[0]).sql
    if name in _PARTS:
        forms: list[Any] = [literal_column(f"'{form}'") for form in _PARTS[name]]
        return Value("number", cast(words.instant_text(moment, *forms), BigInteger()), at)
    if name == "totaloffsetminutes":  # instants are kept in UTC
        return Value("number", case((moment.is_not(None), 0)), at)
    fraction = moment - cast(words.floored(cast(moment, Double()) / 1e6), BigInteger()) * clock.SECOND
    if name == "fractionalseconds":
        return Value("number", cast(fraction, Double()) / 1e6, at)
    if name == "date":
        return Value(
            "date", words.instant_text(moment, literal_column("'%Y-%m-%d'"), literal_column("'YYYY-MM-DD'")), at
        )
    return Value("clock", words.instant_text(moment, literal_column("'%H:%M:%S'"), literal_column("'HH24:MI:SS'")), at)


def _moment(name: str, _: list[Value], at: int) -> Value:
    if name == "now":
        return Value("span", bound("now"), at)
    return Value("span", values.whole(_MIN if name == "mindatetime" else _MAX), at)


def _rounding(name: str, operands: list[Value], at: int) -> Value:
    number = values.real(operands[0])
    if name == "round":
        return Value("number", words.rounded(number), at)
    return Value("number", words.floored(number) if name == "floor" else -words.floored(-number), at)


def _measure(name: str, operands: list[Value], at: int) -> Value:
    shapes = [values.geometry(operand) for operand in operands]
    return Value("number", words.st_distance(*shapes) if name == "geo.distance" else words.st_length(*shapes), at)


def _relate(_: str, operands: list[Value], at: int) -> Value:
    pattern = operands[2].constant
    if not isinstance(pattern, str) or len(pattern) != 9 or set(pattern.upper()) - set("TF*012"):
        raise Refused(operands[2].at, "not a DE-9IM pattern", "nine of T F * 0 1 2 in quotes")
    a, b = values.geometry(operands[0]), values.geometry(operands[1])
    return Value("bool", values.cast_truth(words.st_relate(a, b, literal(pattern.upper(), Text()))), at)


_FUNCTIONS: dict[str, Callable[[str, list[Value], int], Value]] = {
    **dict.fromkeys(("substringof", "contains", "startswith", "endswith", "indexof", "concat"), _string),
    **dict.fromkeys(("length", "tolower", "toupper", "trim"), _string),
    "substring": _substring,
    **dict.fromkeys((*_PARTS, "totaloffsetminutes", "fractionalseconds", "date", "time"), _moment_part),
    **dict.fromkeys(("now", "mindatetime", "maxdatetime"), _moment),
    **dict.fromkeys(("round", "floor", "ceiling"), _rounding),
    **dict.fromkeys(("geo.distance", "geo.length"), _measure),
    "st_relate": _relate,
}


def call(name: str, operands: list[Value], at: int) -> Value:
    """What a function or an arithmetic operator makes of its operands. Raises Refused."""
    if name in _ARITHMETIC or name == "neg":
        return _arithmetic(name, operands, at)
    if name in _INTERVALS:
        return Value("bool", values.interval(name, *map(values.span, operands)), at)
    if name in _GEO_RELATIONS:
        a, b = map(values.geometry, operands)
        return Value("bool", values.cast_truth(_GEO_RELATIONS[name](a, b)), at)
    return _FUNCTIONS[name](name, operands, at)
