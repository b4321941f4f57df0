"""The order of a page of records, and the cursor that says where the next page begins.

A cursor holds the sort values of the first record of the next page, so that it stays good when records before it come
or go. Missing values stand last, first in descending order: what PostgreSQL's indexes do.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Double, Text, and_, bindparam, case, func, literal_column, or_

from dothi.db import words
from dothi.kit.errors import BadInput, Fault
from dothi.web.sealed import opened, sealed

_TYPES: dict[str, Any] = {"text": Text(), "number": Double(), "whole": BigInteger()}


@dataclass(frozen=True, slots=True)
class Term:
    """One thing the records are sorted by."""

    sql: ColumnElement[Any]
    kind: Literal["text", "number", "whole"]
    descending: bool = False
    nullable: bool = True


def term(column: ColumnElement[Any], kind: str, *, descending: bool = False) -> Term | None:
    """The term of a record's field; None where its kind has no order."""
    if kind in ("string", "date"):
        return Term(words.bytewise(column), "text", descending)
    if kind in ("integer", "date-time"):
        return Term(column, "whole", descending)
    if kind == "number":
        return Term(column, "number", descending)
    if kind == "boolean":
        return Term(case((column, 1), (~column, 0)), "whole", descending)
    return None


def order(terms: Sequence[Term]) -> list[Any]:
    """What stands behind ORDER BY."""
    made: list[Any] = []
    for one in terms:
        way = one.sql.desc() if one.descending else one.sql.asc()
        made.append((way.nulls_first() if one.descending else way.nulls_last()) if one.nullable else way)
    return made


def cursor(terms: Sequence[Term]) -> ColumnElement[Any]:
    """The sort values of a row as a JSON array, made by the database; of one whole number just that."""
    if len(terms) == 1 and terms[0].kind == "whole" and not terms[0].nullable:
        return terms[0].sql
    pieces: list[Any] = []
    for one in terms:
        pieces.append(literal_column("','" if pieces else "'['", Text()))
        if one.kind == "text":
            pieces.append(words.json_quote(one.sql))
        elif one.kind == "number":
            pieces.append(words.json_number(one.sql))
        else:
            pieces.append(func.coalesce(words.text_of(one.sql), "null") if one.nullable else words.text_of(one.sql))
    return words.glued(*pieces, literal_column("']'", Text()))


def values(cursor_: int | str) -> tuple[Any, ...]:
    """The sort values a row's cursor holds."""
    return (cursor_,) if isinstance(cursor_, int) else tuple(json.loads(cursor_))


def beginning(terms: Sequence[Term], values: Sequence[Any]) -> ColumnElement[bool]:
    """The rows from the cursor on, whose values are bound as c0, c1 and so on."""
    bound = [
        bindparam(f"c{place}", value, _TYPES[one.kind])
        for place, (one, value) in enumerate(zip(terms, values, strict=True))
    ]
    there = [value is not None for value in values]
    choices: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for place, (one, value, is_there) in enumerate(zip(terms, bound, there, strict=True)):
        last = place == len(terms) - 1
        beyond = _beyond(one, value, is_there=is_there, or_same=last)
        if beyond is not None:
            choices.append(and_(*same, beyond))
        same.append(one.sql == value if is_there else one.sql.is_(None))
    return or_(*choices)


def _beyond(one: Term, value: Any, *, is_there: bool, or_same: bool) -> ColumnElement[bool] | None:
    if one.descending:
        if not is_there:
            return one.sql.is_not(None)
        less: ColumnElement[bool] = one.sql <= value if or_same else one.sql < value
        return less
    if not is_there:
        return None
    more: ColumnElement[bool] = one.sql >= value if or_same else one.sql > value
    return or_(more, one.sql.is_(None)) if one.nullable else more


def written(values: str) -> str:
    """A cursor's JSON text as a caller carries it: sealed, for the numbers of records count those of all datasets."""
    return sealed("cursor", values)


def read(text: str) -> tuple[Any, ...]:
    """The values of a cursor a caller brought back; BadInput when it is none of ours."""
    found = opened("cursor", text)
    values = None if found is None else json.loads(found)
    if not isinstance(values, list) or not values or not all(_plain(value) for value in values):
        raise _strange()
    return tuple(values)


def check(values: Sequence[Any], terms: Sequence[Term]) -> None:
    """Refuse a cursor made for another order."""
    if len(values) != len(terms):
        raise _strange()
    for value, one in zip(values, terms, strict=True):
        kinds = {"text": str, "number": (int, float), "whole": int}[one.kind]
        if (value is None and not one.nullable) or (value is not None and not isinstance(value, kinds)):  # type: ignore[arg-type]
            raise _strange()
        if one.kind == "whole" and value is not None and abs(value) >= 2**63:
            raise _strange()


def _plain(value: Any) -> bool:
    return value is None or (isinstance(value, str) and "\0" not in value) or type(value) in (int, float)


def _strange() -> BadInput:
    message = "not a cursor of this collection and order"
    return BadInput(f"cursor: {message}", [Fault("cursor", message, "what a next link holds; leave it out to begin")])
