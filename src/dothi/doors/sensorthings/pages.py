"""Pages: order, cursors, and the rows of a page gathered into one text per field.

The values of a field stand between ROW marks, the fields of one parent between FIELD marks: control characters that
JSON text never holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Select,
    Text,
    and_,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
)

from dothi.db import words
from dothi.doors.sensorthings import filters, render, sources
from dothi.doors.sensorthings.filters import Term
from dothi.doors.sensorthings.grammar import Options
from dothi.doors.sensorthings.literals import option
from dothi.doors.sensorthings.sources import Place, Source, View, bound
from dothi.identity import guard
from dothi.sensing import tables

ROW, FIELD = "\x02", "\x03"


WINDOW = 4  # datastreams looked at first for a page of all observations


_ROW_MARK = literal_column(f"'{ROW}'", Text())


@dataclass(frozen=True)
class Fields:
    """Which field of a row is what; -1: not there."""

    body: int = 0
    cursor: int = -1
    id: int = -1
    geometry: int = -1
    links: tuple[int, ...] = ()  # the foreign key of each to-one expansion, in the order of `Level.children`


Choose = Callable[[Source], tuple[list[ColumnElement[Any]], Fields]]


def page(
    columns: Sequence[ColumnElement[Any]],
    froms: Sequence[Any],
    conditions: Sequence[ColumnElement[bool]],
    terms: Sequence[Term],
    *,
    skipping: bool,
) -> Select[Any]:
    """Some columns of the rows of one page, in order."""
    query = rows_of(columns, froms, conditions).order_by(*_order(terms)).limit(bound("limit"))
    return query.offset(bound("skip")) if skipping else query


def gathered(
    source: Source,
    choose: Choose,
    query: Callable[[Sequence[ColumnElement[Any]]], Select[Any]],
    terms: Sequence[Term],
) -> tuple[Select[Any], Fields]:
    """One row with one text per field: the body, what `choose` wants besides, and the cursor last."""
    cursor = _cursor_text(terms)
    if source.stream is not None:
        made, (mark,), inner = sources.lifted(source, query, [cursor])
        wanted, fields = choose(made)
        wanted = [*wanted, mark]
    else:
        wanted, fields = choose(source)
        labelled = [column.label(f"f{place}") for place, column in enumerate([*wanted, cursor])]
        inner = query(labelled).subquery()
        wanted = [inner.c[column.name] for column in labelled]
    fields = replace(fields, cursor=len(wanted) - 1)
    texts = [words.joined(_text(column, place), _ROW_MARK) for place, column in enumerate(wanted)]
    query_: Any = select(*texts).select_from(inner)
    return query_, fields


def _text(column: ColumnElement[Any], place: int) -> ColumnElement[Any]:
    """A field as text; NULL as nothing, so that every row has a place. Bodies and cursors never are NULL."""
    text = column if isinstance(column.type, Text) else words.text_of(column)
    return text if place == 0 else func.coalesce(text, render.NOTHING)


def rows_of(columns: Sequence[Any], froms: Sequence[Any], conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Some columns of the rows that fulfil all conditions."""
    return select(*columns).select_from(*froms).where(*conditions)


def terms_of(options: Options, place: Place, view: View) -> list[Term]:
    """What a collection is sorted by: what is asked for, then the key, so that the order is total."""
    terms: list[Term] = []
    with option("$orderby"):
        for expression, descending in options.orderby:
            terms += filters.ordering(expression, descending, place.source, view)
    if place.order is not None and not terms:
        terms.append(Term(place.order, "whole"))
    keys = place.source.key[1:] if place.fixed else place.source.key
    for key in keys:
        if not any(term.sql is key for term in terms):
            terms.append(Term(key, "whole"))
    return terms


def _order(terms: Sequence[Term]) -> list[Any]:
    order = []
    for term in terms:
        one = term.sql.desc() if term.descending else term.sql.asc()
        # missing values last, first when descending: what PostgreSQL's indexes do
        order.append((one.nulls_first() if term.descending else one.nulls_last()) if term.nullable else one)
    return order


def _cursor_text(terms: Sequence[Term]) -> ColumnElement[Any]:
    """The values of a row's sort terms as a JSON array; of one whole number just that."""
    if len(terms) == 1 and terms[0].kind == "whole" and not terms[0].nullable:
        return words.text_of(terms[0].sql)
    pieces: list[Any] = []
    for term in terms:
        pieces.append("," if pieces else "[")
        if term.kind == "text":
            pieces.append(words.json_quote(term.sql))
        elif term.kind == "number":
            pieces.append(words.json_number(term.sql))
        elif term.kind == "bool":
            pieces.append(case((term.sql, "true"), (~term.sql, "false"), else_="null"))
        else:
            text = words.text_of(term.sql)
            pieces.append(func.coalesce(text, "null") if term.nullable else text)
    return render.glue([*pieces, "]"])


_TYPES = {"whole": BigInteger, "number": Double, "text": Text, "bool": Boolean}


def after(terms: Sequence[Term], there: tuple[bool, ...]) -> ColumnElement[bool]:
    """What comes after the cursor, whose values are bound as c0, c1 and so on."""
    values = [bound(f"c{place}", _TYPES[term.kind]()) for place, term in enumerate(terms)]
    plain = all(not term.nullable and not term.descending for term in terms)
    if plain and len(terms) > 1 and all(there):
        return tuple_(*(term.sql for term in terms)) > tuple_(*values)
    choices = []
    same: list[ColumnElement[bool]] = []
    for term, value, is_there in zip(terms, values, there, strict=True):
        choices.append(and_(true(), *same, _beyond(term, value, is_there)))
        same.append(term.sql == value if is_there else term.sql.is_(None))
    first = terms[0]
    # the first term alone once more, plainly, so that an index can begin there
    if there[0] and not first.nullable:
        edge = first.sql <= values[0] if first.descending else first.sql >= values[0]
        return and_(edge, or_(*choices))
    return or_(*choices)


def _beyond(term: Term, value: Any, is_there: bool) -> ColumnElement[bool]:
    if term.descending:
        return term.sql < value if is_there else term.sql.is_not(None)
    if not is_there:
        return false()
    return or_(term.sql > value, term.sql.is_(None)) if term.nullable else term.sql > value


def windowed(place: Place, choose: Choose, terms: Sequence[Term], view: View) -> tuple[Select[Any], Fields]:
    """The first rows of each of as many datastreams as the page needs, by their exact counters.

    Bound: window (datastreams looked at), limit, and the cursor c0 (datastream), c1 (µs): rows after it.
    Gives the datastream and the text of its rows' fields, whose cursors lack the datastream.
    """
    limit = bound("limit")
    after, moment = bound("c0"), bound("c1")
    state, stream = tables.DatastreamState.__table__.alias(), place.source.stream
    assert stream is not None  # noqa: S101 - observations always have one
    seen = guard.visible(view.caller, stream.c)
    ties = [state.c.datastream_id == stream.c.id, seen, state.c.count > 0, stream.c.id >= after]
    count = case((stream.c.id == after, 0), else_=state.c.count).label("count")
    near = rows_of([stream.c.id, count], [stream, state], ties).order_by(stream.c.id).limit(bound("window")).subquery()
    before = (func.sum(near.c["count"]).over(order_by=near.c.id) - near.c["count"]).label("before")
    window = select(near.c.id, before).subquery()
    own = place.source.own
    picked = [
        stream.c.id == window.c.id,
        own.c.datastream_id == window.c.id,
        own.c.at > case((window.c.id == after, moment), else_=literal_column(str(-(2**62)))),
    ]
    query, fields = gathered(
        place.source,
        choose,
        lambda some: rows_of(some, place.tables, picked).order_by(own.c.at).limit(limit).correlate(window),
        terms[1:],
    )
    return each(query, window, [window.c.before < limit], window.c.id).order_by(window.c.id), fields


def each(
    query: Select[Any], parents: Any, conditions: Sequence[ColumnElement[bool]] = (), *columns: Any
) -> Select[Any]:
    """The fields of `_gathered`, which gives one row, for each of some parents, as one text with FIELD marks."""
    texts = list(query.selected_columns)
    pieces: list[Any] = []
    for place, text in enumerate(texts):
        pieces += [FIELD, text] if place else [text]
    one = query.with_only_columns(render.glue(pieces), maintain_column_froms=True).scalar_subquery()
    return select(*columns, one).select_from(parents).where(*conditions)


def windows_before(view: View) -> Select[Any]:
    """The datastream in which the `skip`-th observation lies, and how many come before that datastream."""
    stream, state = tables.Datastream.__table__.alias(), tables.DatastreamState.__table__.alias()
    seen = guard.visible(view.caller, stream.c)
    upto = func.sum(state.c.count).over(order_by=stream.c.id)
    windows = rows_of(
        [stream.c.id, state.c.count, upto.label("upto")],
        [stream, state],
        [state.c.datastream_id == stream.c.id, seen, state.c.count > 0],
    ).subquery()
    before = words.text_of(windows.c.upto - windows.c["count"])
    skip = bound("skip")
    return select(windows.c.id, before).where(windows.c.upto > skip).order_by(windows.c.id).limit(1)


def edge(view: View, *, newest: bool) -> Select[Any]:
    """The time of the newest or oldest observation a caller may see."""
    stream, state = tables.Datastream.__table__.alias(), tables.DatastreamState.__table__.alias()
    at = func.max(state.c.last_at) if newest else func.min(state.c.first_at)
    seen = guard.visible(view.caller, stream.c)
    return rows_of([at], [stream, state], [state.c.datastream_id == stream.c.id, seen])


def within_stretch(source: Source) -> list[ColumnElement[bool]]:
    """The observations from `low` to `high`, both bound, said so that each datastream's are looked up by key."""
    low, high = bound("low"), bound("high")
    state = tables.DatastreamState.__table__.alias()
    busy = select(state.c.datastream_id).where(state.c.last_at >= low, state.c.first_at <= high)
    return [source.c.at >= low, source.c.at <= high, source.c.datastream_id.in_(busy)]


def offset_in_datastream() -> Select[Any]:
    """The time of the `skip`-th observation of a datastream."""
    own = tables.Observation.__table__
    return select(own.c.at).where(own.c.datastream_id == bound("k0")).order_by(own.c.at).limit(1).offset(bound("skip"))
