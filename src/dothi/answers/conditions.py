"""A pack's condition in the words of the dataset it is about: `free > 0 and level = 'primary'` is `Chỗ trống > 0 và Cấp học là Tiểu học`."""

from dothi.answers import reading, sieve
from dothi.answers.asking import Asking
from dothi.datasets.cql2.tree import Call, Expression, Items, Literal, Property
from dothi.datasets.schema import Field
from dothi.datasets.views import View

_SIGNS = {"<": "<", ">": ">", "<=": "≤", ">=": "≥"}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}


def said(where: str, view: View, ask: Asking) -> str:
    """The condition in words, as of the moment asked of; as it is written where there are none for it."""
    return _said(sieve.parsed(where, ask.moment), view, ask) or sieve.moved(where, ask.moment)


def _said(node: Expression, view: View, ask: Asking) -> str:
    if not isinstance(node, Call):
        field = view.field(node.name) if isinstance(node, Property) else None
        return field.called(ask.language) if field is not None else ""
    if node.op in ("and", "or"):
        parts = [_said(one, view, ask) for one in node.args]
        if not all(parts):
            return ""
        if node.op == "or":
            return "(" + ask.say(" hoặc ").join(parts) + ")"
        return ask.say(" và ").join(parts)
    if node.op == "not":
        if (
            isinstance(node.args[0], Call)
            and node.args[0].op == "isNull"
            and (of := _said(node.args[0].args[0], view, ask))
        ):
            return ask.say("đã có {title}", title=of)
        inner = _said(node.args[0], view, ask)
        return ask.say("không phải ({what})", what=inner) if inner else ""
    return _compared(node.op, node.args, view, ask)


def _compared(op: str, args: tuple[Expression, ...], view: View, ask: Asking) -> str:
    """A field against a value, a list of values, or nothing."""
    if op in _MIRRORED and isinstance(args[0], Literal):
        op, args = _MIRRORED[op], args[::-1]
    field = view.field(args[0].name) if isinstance(args[0], Property) else None
    if field is None:
        return ""
    title = field.called(ask.language)
    if op == "isNull":
        return ask.say("chưa có {title}", title=title)
    given = args[1].items if op == "in" and isinstance(args[1], Items) else args[1:]
    values = [_value(one, field, ask) for one in given]
    if not all(values):
        return ""
    if op in _SIGNS:
        return f"{title} {_SIGNS[op]} {values[0]}"
    if op in ("=", "in"):
        return ask.say("{title} là {values}", title=title, values=ask.say(" hoặc ").join(values))
    if op == "<>":
        return ask.say("{title} khác {values}", title=title, values=values[0])
    if op == "between":
        return ask.say("{title} từ {low} đến {high}", title=title, low=values[0], high=values[1])
    return ""


def _value(node: Expression, field: Field, ask: Asking) -> str:
    if not isinstance(node, Literal):
        return ""
    if node.kind == "instant":
        return ask.moment_words(node.value)
    if node.kind == "date":
        return reading.moment(str(node.value), "date")
    return reading.text_of(field, node.value, ask)
