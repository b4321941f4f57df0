"""$filter and $orderby as SQLAlchemy expressions.

Values carry their kind, so that a comparison that cannot mean anything is refused with its place. A property inside
JSON, and `result`, take the kind of what they are compared with. Missing values compare as OData says: `ne` holds for
them, every other comparison does not, and `not` of such a comparison does. Times are compared as intervals: an instant is an interval of no length.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Integer,
    LargeBinary,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    true,
)

from dothi.db import words
from dothi.doors.sensorthings import model
from dothi.doors.sensorthings.grammar import COMPARISONS, Call, Constant, Expression, Path, Refused
from dothi.doors.sensorthings.sources import Scope, Source, View, bound, foreign
from dothi.kit import clock
from dothi.kit.errors import DothiError

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


@dataclass
class Value:
    """A typed SQL value.

    kind: number, text, bool, span (an instant is a span without `end`), duration, geometry, date, clock, null,
    json (a column and keys, of a kind yet unknown), result, or id (an observation's).
    """

    kind: str
    sql: Any = None
    at: int = 0
    end: Any = None  # of a span; may be NULL or None
    keys: tuple[Any, ...] = ()
    constant: Any = None
    number: Any = None  # of a result


def condition(expression: Expression, source: Source, view: View) -> ColumnElement[bool]:
    """What a row must fulfil. Raises grammar.Refused."""
    operands = expression.operands if isinstance(expression, Call) and expression.name == "and" else (expression,)
    scope = Scope(source, view)
    shared, apart = [], []
    for operand in operands:
        if isinstance(operand, Call) and operand.name == "or":
            apart.append(or_(*(condition(one, source, view) for one in operand.operands)))
        elif isinstance(operand, Call) and operand.name == "not":
            apart.append(_not(condition(operand.operands[0], source, view)))
        elif isinstance(operand, Call) and operand.name == "and":
            apart.append(condition(operand, source, view))
        else:
            shared.append(_truth(_value(operand, scope)))
    if shared:
        apart.insert(0, scope.wrap(and_(true(), *shared)))
    return and_(true(), *apart)


def _not(condition_: ColumnElement[bool]) -> ColumnElement[bool]:
    """What is not known to hold does not hold."""
    return not_(func.coalesce(condition_, false()))


@dataclass(frozen=True)
class Term:
    """One sort term; `kind` (whole, number, text, bool) says how its value travels in a cursor."""

    sql: ColumnElement[Any]
    kind: str
    descending: bool = False
    nullable: bool = False


def ordering(expression: Expression, descending: bool, source: Source, view: View) -> list[Term]:
    """What to sort by. Raises grammar.Refused.

    Inside JSON, and for `result`, numbers come before texts.
    """
    scope = Scope(source, view)
    for names in _chains(expression, source):
        _refuse_many(names, source, expression)
    value = _value(expression, scope)
    plain = isinstance(expression, Path) and not scope.tables
    terms: list[tuple[ColumnElement[Any], str]]
    if value.kind in {"json", "result"}:
        terms = [(_number(value), "number"), (words.bytewise(_text(value)), "text")]
        plain = False
    elif value.kind in {"text", "date", "clock"}:
        terms = [(words.bytewise(value.sql), "text")]
        plain = plain and not getattr(value.sql, "nullable", True)
    elif value.kind in {"number", "span", "duration"}:
        whole = value.kind != "number" or isinstance(value.sql.type, Integer)
        terms = [(value.sql, "whole" if whole else "number")]
        plain = plain and not getattr(value.sql, "nullable", True)
    elif value.kind == "bool":
        terms = [(value.sql, "bool")]
    elif value.kind == "id":
        return [Term(value.sql, "whole", descending), Term(value.end, "whole", descending)]
    else:
        raise Refused(expression.at, f"cannot sort by {value.kind}", "a property with an order")
    return [Term(scope.one(sql), kind, descending, not plain) for sql, kind in terms]


def _chains(expression: Expression, source: Source) -> list[tuple[str, ...]]:
    if isinstance(expression, Path):
        return [_links(expression, source.entity)[0]]
    if isinstance(expression, Call):
        return [chain for operand in expression.operands for chain in _chains(operand, source)]
    return []


def _refuse_many(names: tuple[str, ...], source: Source, expression: Expression) -> None:
    entity = source.entity
    for name in names:
        link = entity.link[name]
        if link.many:
            raise Refused(expression.at, f"{name} leads to many entities", "a path to one entity")
        entity = model.BY_NAME[link.target]


def _links(path: Path, entity: model.Entity) -> tuple[tuple[str, ...], model.Entity, tuple[str | int, ...]]:
    """The navigation properties a path goes over, where it arrives, and what is left of it."""
    names: list[str] = []
    steps = path.steps
    while len(names) < len(steps) and steps[len(names)] in entity.link:
        name = str(steps[len(names)])
        names.append(name)
        entity = model.BY_NAME[entity.link[name].target]
    return tuple(names), entity, steps[len(names) :]


def _path(path: Path, scope: Scope) -> Value:
    names, entity, rest = _links(path, scope.root.entity)
    if not rest:
        raise Refused(path.at, f"{path} is an entity, not a property", _allowed(entity))
    name, inside = str(rest[0]), rest[1:]
    if name in {"id", "@iot.id"} and not inside:
        if names and entity.name != "Observation":
            link = scope.reach(names[:-1]).entity.link[names[-1]]
            if not link.many and entity.multi is None:
                return Value("number", foreign(scope.reach(names[:-1]), link), path.at)
        source = scope.reach(names)
        if entity.name == "Observation":
            return Value("id", source.c.datastream_id, path.at, end=source.c.at)
        return Value("number", source.c.id, path.at)
    known = entity.property.get(name)
    if known is None:
        raise Refused(path.at, f"{entity.name} has no {name!r}", _allowed(entity))
    source = scope.reach(names)
    return property_value(known, source, inside, path.at)


def _allowed(entity: model.Entity) -> str:
    return ", ".join(["id", *entity.property, *(f"{name}/…" for name in entity.link)])


def property_value(known: model.Property, source: Source, inside: tuple[str | int, ...] = (), at: int = 0) -> Value:
    """The value of a property, or of what stands inside it."""
    columns = source.state.c if known.derived and source.state is not None else source.c
    column = columns[known.column]
    if inside and known.kind not in {"json", "result"}:
        raise Refused(at, f"{known.name} has nothing inside it", known.name)
    keys: tuple[Any, ...] = tuple(
        literal_column(str(key)) if isinstance(key, int) else literal(key, Text()) for key in inside
    )
    if known.geometry and not inside:
        return Value("geometry", source.c[known.geometry], at)
    if known.name == "observedArea" and not inside:
        return Value("geometry", words.geojson_geometry(words.json_raw(column)), at)
    if known.kind == "json":
        return Value("json", column, at, keys=keys)
    if known.kind == "result":
        if keys:
            return Value("json", source.c.result_json, at, keys=keys)
        return Value("result", source.c.result_json, at, number=column)
    if known.kind == "span":
        return Value("span", column, at, end=columns[str(known.until)])
    if known.kind == "instant":
        sql = func.coalesce(column, source.c.at) if known.name == "resultTime" else column
        return Value("span", sql, at)
    return Value("text", column, at)


# --- values


def _value(expression: Expression, scope: Scope) -> Value:
    if isinstance(expression, Constant):
        return _constant(expression)
    if isinstance(expression, Path):
        return _path(expression, scope)
    name, at = expression.name, expression.at
    if name in {"and", "or", "not"}:
        parts = [_truth(_value(operand, scope)) for operand in expression.operands]
        joined = _not(parts[0]) if name == "not" else (and_ if name == "and" else or_)(*parts)
        return Value("bool", joined, at)
    operands = [_value(operand, scope) for operand in expression.operands]
    if name in COMPARISONS:
        return Value("bool", compare(name, operands[0], operands[1], at), at)
    if name in _ARITHMETIC or name == "neg":
        return _arithmetic(name, operands, at)
    if name in _INTERVALS:
        return Value("bool", _interval(name, *map(_span, operands)), at)
    if name in _GEO_RELATIONS:
        a, b = map(_geometry, operands)
        return Value("bool", cast_truth(_GEO_RELATIONS[name](a, b)), at)
    return _FUNCTIONS[name](name, operands, at)


def cast_truth(sql: Any) -> ColumnElement[bool]:
    """A function's yes or no, which SQLite gives as 1 or 0."""
    sql.type = Boolean()
    return sql  # type: ignore[no-any-return]


def _constant(constant: Constant) -> Value:
    kind, value, at = constant.kind, constant.value, constant.at
    if kind == "number":
        number = _whole(value) if isinstance(value, int) else literal(value, Double())
        return Value("number", number, at, constant=value)
    if kind == "span":
        return Value("span", _whole(value[0]), at, end=_whole(value[1]), constant=value)
    if kind == "instant":
        return Value("span", _whole(value), at, constant=value)
    if kind == "duration":
        return Value("duration", _whole(value), at, constant=value)
    if kind == "bool":
        return Value("bool", true() if value else false(), at, constant=value)
    if kind == "geometry":
        return Value("geometry", words.from_wkb(literal(value, LargeBinary())), at, constant=value)
    if kind == "null":
        return Value("null", None, at)
    return Value(kind, literal(value, Text()), at, constant=value)


def _whole(value: int) -> ColumnElement[Any]:
    return literal(value, BigInteger())


def _truth(value: Value) -> ColumnElement[bool]:
    if value.kind == "bool":
        return value.sql  # type: ignore[no-any-return]
    if value.kind in {"json", "result"}:
        return words.json_truth(value.sql, *value.keys)
    raise Refused(
        value.at, f"a {value.kind} is neither true nor false", "a comparison, or a function that answers yes or no"
    )


def _number(value: Value) -> ColumnElement[Any]:
    if value.kind == "number":
        return value.sql  # type: ignore[no-any-return]
    if value.kind == "json":
        return words.json_double(value.sql, *value.keys)
    if value.kind == "result":
        return value.number  # type: ignore[no-any-return]
    raise Refused(value.at, f"found a {value.kind}", "a number")


def _float(value: Value) -> ColumnElement[Any]:
    return cast(_number(value), Double())


def _text(value: Value) -> ColumnElement[Any]:
    if value.kind in {"text", "date", "clock"}:
        return value.sql  # type: ignore[no-any-return]
    if value.kind in {"json", "result"}:
        return words.json_string(value.sql, *value.keys)
    if value.kind == "id":
        return words.glued(words.text_of(value.sql), literal_column("'-'"), words.text_of(value.end))
    if value.kind == "number":
        return words.text_of(value.sql)
    raise Refused(value.at, f"found a {value.kind}", "a text")


def _span(value: Value) -> Value:
    if value.kind == "span":
        return value
    if value.kind in {"text", "date"} and isinstance(value.constant, str):
        text = value.constant if value.kind == "text" else f"{value.constant}T00:00:00Z"
        try:
            start, end = clock.parse_span(text)
        except DothiError as error:
            raise Refused(value.at, error.message, "an instant, for example 2026-11-21T07:30:00Z") from None
        return Value("span", _whole(start), value.at, end=None if end is None else _whole(end), constant=start)
    raise Refused(value.at, f"found a {value.kind}", "an instant or interval, for example 2026-11-21T07:30:00Z")


def _geometry(value: Value) -> Any:
    if value.kind == "geometry":
        return value.sql
    if value.kind == "json":
        return words.geojson_geometry(
            words.json_part(value.sql, *value.keys) if value.keys else words.json_raw(value.sql)
        )
    raise Refused(value.at, f"found a {value.kind}", "a geometry, for example geography'POINT (106.41 10.54)'")


def _end(value: Value) -> Any:
    return value.sql if value.end is None else func.coalesce(value.end, value.sql)


# --- comparisons

_OPERATORS: dict[str, Callable[[Any, Any], ColumnElement[bool]]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a.is_distinct_from(b),
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}


def compare(operator: str, a: Value, b: Value, at: int) -> ColumnElement[bool]:
    """One comparison; the kinds must fit each other."""
    say = _OPERATORS[operator]
    kinds = {a.kind, b.kind}
    if "null" in kinds:
        other = b if a.kind == "null" else a
        missing = true() if other.kind == "null" else not_(_present(other))
        return missing if operator == "eq" else not_(missing) if operator == "ne" else false()
    if "id" in kinds:
        return _compare_id(operator, a, b, at)
    if kinds & {"span"}:
        if kinds <= {"span", "text", "date"}:
            return _compare_spans(operator, _span(a), _span(b))
        if kinds <= {"span", "json"}:
            return say(words.bytewise(_moment_text(a)), words.bytewise(_moment_text(b)))
    elif "geometry" in kinds:
        if kinds <= {"geometry", "json"} and operator in {"eq", "ne"}:
            same = cast_truth(words.st_equals(_geometry(a), _geometry(b)))
            return same if operator == "eq" else not_(func.coalesce(same, false()))
    elif "duration" in kinds:
        if kinds == {"duration"}:
            return say(a.sql, b.sql)
    elif kinds & {"bool"}:
        if kinds <= {"bool", "json", "result"}:
            return say(_truth(a), _truth(b))
    elif kinds & {"text", "date", "clock"}:
        if kinds <= {"text", "date", "clock", "json", "result"}:
            return say(words.bytewise(_text(a)), words.bytewise(_text(b)))
    elif kinds <= {"number", "json", "result"}:
        if "number" not in kinds and operator in {"eq", "ne"}:
            return say(_any_text(a), _any_text(b))
        return say(_number(a), _number(b))
    raise Refused(at, f"cannot compare a {a.kind} with a {b.kind}", "two values of one kind")


def _present(value: Value) -> ColumnElement[bool]:
    if value.kind == "json":
        return words.json_there(value.sql, *value.keys)
    if value.kind == "result":
        return or_(value.number.is_not(None), value.sql != "null")
    return value.sql.is_not(None)  # type: ignore[no-any-return]


def _any_text(value: Value) -> Any:
    if value.kind == "result":
        return func.coalesce(value.sql, words.json_number(value.number))
    return words.json_part(value.sql, *value.keys)


def _moment_text(value: Value) -> Any:
    return words.iso_text(value.sql) if value.kind == "span" else _text(value)


def _compare_id(operator: str, a: Value, b: Value, at: int) -> ColumnElement[bool]:
    own, other = (a, b) if a.kind == "id" else (b, a)
    if operator not in {"eq", "ne"} or not isinstance(other.constant, str):
        raise Refused(at, "the id of an Observation is a name", "id eq '12-1763710000000000'")
    key = model.observation_key(other.constant)
    if key is None:
        return false() if operator == "eq" else true()
    same = and_(own.sql == _whole(key[0]), own.end == _whole(key[1]))
    return same if operator == "eq" else not_(same)


def _compare_spans(operator: str, a: Value, b: Value) -> ColumnElement[bool]:
    if operator == "eq":
        return and_(a.sql == b.sql, _end(a) == _end(b)) if a.end is not None or b.end is not None else a.sql == b.sql
    if operator == "ne":
        return or_(a.sql.is_distinct_from(b.sql), _end(a).is_distinct_from(_end(b)))
    if operator in {"gt", "ge"}:
        a, b, operator = b, a, "lt" if operator == "gt" else "le"
    if operator == "lt":  # a ends before b starts; the plain comparison of the starts is for the index
        touching = and_(a.sql < b.sql, _end(a) <= b.sql)
        return touching if a.end is not None or b.end is not None else a.sql < b.sql
    return and_(a.sql <= b.sql, _end(a) <= _end(b)) if a.end is not None else a.sql <= _end(b)


def _interval(name: str, a: Value, b: Value) -> ColumnElement[bool]:
    """The interval relations of ISO 8601 spans, as FROST-Server and OGC 18-088 users know them."""
    if name == "before":
        return and_(a.sql < b.sql, _end(a) <= b.sql)
    if name == "after":
        return and_(a.sql >= _end(b), a.sql > b.sql)
    if name == "meets":
        return or_(_end(a) == b.sql, a.sql == _end(b))
    if name == "during":
        return and_(a.sql >= b.sql, _end(a) <= _end(b))
    if name == "overlaps":
        return and_(a.sql <= _end(b), _end(a) >= b.sql)
    return a.sql == b.sql if name == "starts" else _end(a) == _end(b)  # type: ignore[no-any-return]


# --- arithmetic and functions


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
    numbers = [_float(operand) for operand in operands]
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
    texts = [_text(operand) for operand in operands]
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
    text = _text(operands[0])
    start = _count(operands[1])
    if len(operands) == 2:
        return Value("text", func.substr(text, start + 1, type_=Text()), at)
    return Value("text", func.substr(text, start + 1, _count(operands[2]), type_=Text()), at)


def _count(value: Value) -> ColumnElement[Any]:
    """A place in a text: whole, from 0 to a million, so that both databases agree."""
    number = _number(value)
    whole = words.floored(cast(number, Double()))
    return cast(case((number < 0, 0), (number > 1_000_000, 1_000_000), else_=whole), Integer())


def _moment_part(name: str, operands: list[Value], at: int) -> Value:
    moment = _span(operands[0]).sql
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
    return Value("span", _whole(_MIN if name == "mindatetime" else _MAX), at)


def _rounding(name: str, operands: list[Value], at: int) -> Value:
    number = _float(operands[0])
    if name == "round":
        return Value("number", words.rounded(number), at)
    return Value("number", words.floored(number) if name == "floor" else -words.floored(-number), at)


def _measure(name: str, operands: list[Value], at: int) -> Value:
    shapes = [_geometry(operand) for operand in operands]
    return Value("number", words.st_distance(*shapes) if name == "geo.distance" else words.st_length(*shapes), at)


def _relate(_: str, operands: list[Value], at: int) -> Value:
    pattern = operands[2].constant
    if not isinstance(pattern, str) or len(pattern) != 9 or set(pattern.upper()) - set("TF*012"):
        raise Refused(operands[2].at, "not a DE-9IM pattern", "nine of T F * 0 1 2 in quotes")
    a, b = _geometry(operands[0]), _geometry(operands[1])
    return Value("bool", cast_truth(words.st_relate(a, b, literal(pattern.upper(), Text()))), at)


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
