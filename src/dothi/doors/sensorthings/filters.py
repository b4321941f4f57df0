"""$filter and $orderby as SQLAlchemy expressions.

Values carry their kind, so that a comparison that cannot mean anything is refused with its place. A property inside
JSON, and `result`, take the kind of what they are compared with. Missing values compare as OData says: `ne` holds for
them, every other comparison does not, and `not` of such a comparison does. Times are compared as intervals: an instant is an interval of no length.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    False_,
    Integer,
    Text,
    True_,
    and_,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    true,
)

from dothi.db import words
from dothi.doors.sensorthings import functions, model, values
from dothi.doors.sensorthings.grammar import COMPARISONS, Call, Expression, Path
from dothi.doors.sensorthings.literals import Constant, Refused
from dothi.doors.sensorthings.sources import Scope, Source, View, foreign
from dothi.doors.sensorthings.values import Value


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
            shared.append(values.truth(_value(operand, scope)))
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
        terms = [(values.number(value), "number"), (words.bytewise(values.text(value)), "text")]
        plain = False
    elif value.kind in {"text", "date", "clock"}:
        terms = [(words.bytewise(value.sql), "text")]
        plain = plain and not getattr(value.sql, "nullable", True)
    elif value.kind in {"number", "span", "duration"}:
        whole = value.kind != "number" or isinstance(value.sql.type, Integer)
        terms = [(value.sql, "whole" if whole else "number")]
        plain = plain and not getattr(value.sql, "nullable", True)
    elif value.kind == "bool":
        # what is the same of all sorts nothing, and databases read a bare constant as the number of a column
        terms = [] if isinstance(value.sql, True_ | False_) else [(value.sql, "bool")]
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


def _value(expression: Expression, scope: Scope) -> Value:
    if isinstance(expression, Constant):
        return values.constant(expression)
    if isinstance(expression, Path):
        return _path(expression, scope)
    name, at = expression.name, expression.at
    if name in {"and", "or", "not"}:
        parts = [values.truth(_value(operand, scope)) for operand in expression.operands]
        joined = _not(parts[0]) if name == "not" else (and_ if name == "and" else or_)(*parts)
        return Value("bool", joined, at)
    operands = [_value(operand, scope) for operand in expression.operands]
    if name in COMPARISONS:
        return Value("bool", values.compare(name, operands[0], operands[1], at), at)
    return functions.call(name, operands, at)
