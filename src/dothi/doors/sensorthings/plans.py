"""A request as statements: one for the page, one for each expanded navigation property, compiled once and kept.

Values that change from request to request (ids, limits, cursors, the moment) are bound by name, so that a plan
serves every request of its shape. The rows of a page, or of one parent's expanded entities, come as one text per
field, the rows' values between ROW marks, the texts of one parent between FIELD marks: control characters that JSON
text never holds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

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

from dothi.db import hot, words
from dothi.doors.sensorthings import cursors, filters, grammar, model, render, sources
from dothi.doors.sensorthings.filters import Term
from dothi.doors.sensorthings.grammar import Expand, Options, Path, Refused
from dothi.doors.sensorthings.model import Entity, Link
from dothi.doors.sensorthings.paths import Resource
from dothi.doors.sensorthings.sources import Place, Source, View, bound
from dothi.identity import guard
from dothi.sensing import tables

ROW, FIELD = "\x02", "\x03"
WINDOW = 4  # datastreams looked at first for a page of all observations

_ROW_MARK = literal_column(f"'{ROW}'", Text())

Shape = Literal["entity", "ref", "array", "geojson"]


@dataclass(frozen=True)
class Fields:
    """Which field of a row is what; -1: not there."""

    body: int = 0
    cursor: int = -1
    id: int = -1
    geometry: int = -1
    links: tuple[int, ...] = ()  # the foreign key of each to-one expansion, in the order of `Level.children`


@dataclass
class Level:
    """One expanded navigation property."""

    link: Link
    entity: Entity
    options: Options
    statement: hot.Statement
    fields: Fields
    above: Entity
    counted: bool  # the row has the number of all entities after the text
    children: tuple["Level", ...] = ()


@dataclass
class Plan:
    """Everything a request of one shape needs."""

    resource: Resource
    options: Options
    fields: Fields
    children: tuple[Level, ...] = ()
    statement: hot.Statement = field(init=False)
    count: hot.Statement | None = None
    parent: hot.Statement | None = None  # finds the parent of a collection, to tell an empty one from none
    windowed: bool = False
    short: bool = False
    terms: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()  # of an array
    jump: tuple[hot.Statement, hot.Statement] | None = None


def plan(
    resource: Resource, options: Options, view: View, shape: Shape, cursor: tuple[bool, ...] | None, *, skipping: bool
) -> Plan:
    """The plan of a request.

    cursor: for each sort term whether the cursor's value is there (not null); None: no cursor.
    Raises grammar.Refused for names the entity types do not have.
    """
    entity = resource.entity
    collection = not resource.single
    windowed = (
        collection
        and len(resource.steps) == 1
        and entity.name == "Observation"
        and options.filter is None
        and not options.orderby
        and not view.as_of
    )
    place = sources.place(resource.steps, view)
    names = [expand.name for expand in options.expand]
    with grammar.option("$select"):
        chosen = render.selected(entity, options.select, names)
        columns = _columns(entity, options) if shape == "array" else ()
    with grammar.option("$expand"):
        links = [_link(entity, expand) for expand in options.expand]
        children = tuple(_level(entity, expand, view) for expand in options.expand)
    terms = _terms(options, place, view)
    kind = _kind(resource)

    def fields(source: Source) -> tuple[list[ColumnElement[Any]], Fields]:
        if shape == "array":
            wanted: list[ColumnElement[Any]] = [render.array(source, view, columns)]
        elif shape == "ref":
            wanted = [render.glue(['{"@iot.selfLink":"', *render.address(source), '"'])]
        else:
            wanted = [render.body(source, view, chosen, names, kind=kind)]
        found: dict[str, int] = {}
        if shape == "array" and entity.name == "Observation":
            found["id"] = len(wanted)
            wanted.append(render.series(source))
        elif any(link.many for link in links):
            found["id"] = len(wanted)
            wanted.append(source.c.id)
        if shape == "geojson":
            found["geometry"] = len(wanted)
            wanted.append(render.geometry(source, view))
        places = _foreign(source, links, wanted)
        return wanted, Fields(**found, links=places)

    conditions = list(place.conditions)
    if options.filter is not None:
        with grammar.option("$filter"):
            conditions.append(filters.condition(options.filter, place.source, view))
    made = Plan(resource, options, Fields(), children, columns=columns)
    made.terms = ("whole", "whole") if windowed else tuple(term.kind for term in terms)
    if collection and options.count:
        made.count = hot.compiled(_count(resource, place, conditions, options, view))
    if collection and len(resource.steps) > 1:
        above = sources.place(resource.steps[:-1], view)
        made.parent = hot.compiled(_select([literal_column("1")], above.tables, above.conditions).limit(1))
    if not collection:
        wanted, made.fields = fields(place.source)
        made.statement = hot.compiled(_select(wanted, place.tables, conditions))
        made.short = True
        return made
    if windowed:
        made.windowed = made.short = True
        query, made.fields = _windowed(place, fields, terms, view)
        made.statement = hot.compiled(query)
        made.jump = hot.compiled(_windows_before(view)), hot.compiled(_offset_in_datastream())
        return made
    if cursor is not None:
        if len(cursor) != len(terms):
            raise cursors.bad()
        conditions.append(_after(terms, cursor))
    query, made.fields = _gathered(
        place.source, fields, lambda some: _page(some, place.tables, conditions, terms, skipping=skipping), terms
    )
    made.statement = hot.compiled(query)
    by_key = place.fixed or len(place.tables) == 1 or entity.multi is not None
    made.short = options.filter is None and not skipping and by_key and not options.orderby and not view.as_of
    if place.fixed and len(terms) == 1 and not view.as_of and not skipping and options.filter is None:
        made.short = True
    return made


Choose = Callable[[Source], tuple[list[ColumnElement[Any]], Fields]]


def _foreign(source: Source, links: Sequence[Link], wanted: list[ColumnElement[Any]]) -> tuple[int, ...]:
    places = []
    for link in links:
        places.append(-1 if link.many else len(wanted))
        if not link.many:
            wanted.append(sources.foreign(source, link))
    return tuple(places)


def _page(
    columns: Sequence[ColumnElement[Any]],
    froms: Sequence[Any],
    conditions: Sequence[ColumnElement[bool]],
    terms: Sequence[Term],
    *,
    skipping: bool,
) -> Select[Any]:
    query = _select(columns, froms, conditions).order_by(*_order(terms)).limit(bound("limit"))
    return query.offset(bound("skip")) if skipping else query


def _gathered(
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
    gathered: Select[Any] = select(*texts).select_from(inner)
    return gathered, fields


def _text(column: ColumnElement[Any], place: int) -> ColumnElement[Any]:
    """A field as text; NULL as nothing, so that every row has a place. Bodies and cursors never are NULL."""
    text = column if isinstance(column.type, Text) else words.text_of(column)
    return text if place == 0 else func.coalesce(text, render.NOTHING)


def _select(columns: Sequence[Any], froms: Sequence[Any], conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    return select(*columns).select_from(*froms).where(*conditions)


def _link(entity: Entity, expand: Expand) -> Link:
    link = entity.link.get(expand.name)
    if link is None:
        raise Refused(expand.at, f"{entity.name} has no navigation property {expand.name!r}", ", ".join(entity.link))
    return link


def _kind(resource: Resource) -> bool | None:
    """Whether the observations of a path are a MultiDatastream's; None when the path does not say."""
    steps = resource.steps
    return steps[-2].entity.multi if resource.entity.name == "Observation" and len(steps) > 1 else None


def _columns(entity: Entity, options: Options) -> tuple[str, ...]:
    names = []
    for path in options.select:
        name = "id" if str(path) in render.IDS else str(path)
        if name != "id" and name not in entity.property:
            raise Refused(path.at, f"{entity.name} has no {name!r}", ", ".join(["id", *entity.property]))
        names.append(name)
    return tuple(names) or ("id", *entity.property)


# --- order and cursors


def _terms(options: Options, place: Place, view: View) -> list[Term]:
    terms: list[Term] = []
    with grammar.option("$orderby"):
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


def _after(terms: Sequence[Term], there: tuple[bool, ...]) -> ColumnElement[bool]:
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


# --- counting


def _count(
    resource: Resource, place: Place, conditions: Sequence[ColumnElement[bool]], options: Options, view: View
) -> Select[Any]:
    plain = options.filter is None and not view.as_of and resource.entity.name == "Observation"
    if plain and (place.fixed or len(resource.steps) == 1):
        state = tables.DatastreamState.__table__.alias()
        of = model.BY_NAME["Datastream"].table.__table__.alias()
        total = func.coalesce(func.sum(state.c.count), 0)
        seen = guard.visible(view.caller, of.c)
        ties = [state.c.datastream_id == of.c.id, seen]
        if place.fixed:
            ties.append(of.c.id == place.parent)
        return _select([words.text_of(total)], [of, state], ties)
    return _select([words.text_of(func.count())], place.tables, conditions)


# --- all observations, without walking over what is skipped


def _windowed(place: Place, choose: Choose, terms: Sequence[Term], view: View) -> tuple[Select[Any], Fields]:
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
    near = _select([stream.c.id, count], [stream, state], ties).order_by(stream.c.id).limit(bound("window")).subquery()
    before = (func.sum(near.c["count"]).over(order_by=near.c.id) - near.c["count"]).label("before")
    window = select(near.c.id, before).subquery()
    own = place.source.own
    picked = [
        stream.c.id == window.c.id,
        own.c.datastream_id == window.c.id,
        own.c.at > case((window.c.id == after, moment), else_=literal_column(str(-(2**62)))),
    ]
    query, fields = _gathered(
        place.source,
        choose,
        lambda some: _select(some, place.tables, picked).order_by(own.c.at).limit(limit).correlate(window),
        terms[1:],
    )
    return _each(query, window, [window.c.before < limit], window.c.id).order_by(window.c.id), fields


def _each(
    query: Select[Any], parents: Any, conditions: Sequence[ColumnElement[bool]] = (), *columns: Any
) -> Select[Any]:
    """The fields of `_gathered`, which gives one row, for each of some parents, as one text with FIELD marks."""
    texts = list(query.selected_columns)
    pieces: list[Any] = []
    for place, text in enumerate(texts):
        pieces += [FIELD, text] if place else [text]
    one = query.with_only_columns(render.glue(pieces), maintain_column_froms=True).scalar_subquery()
    return select(*columns, one).select_from(parents).where(*conditions)


def _windows_before(view: View) -> Select[Any]:
    """The datastream in which the `skip`-th observation lies, and how many come before that datastream."""
    stream, state = tables.Datastream.__table__.alias(), tables.DatastreamState.__table__.alias()
    seen = guard.visible(view.caller, stream.c)
    upto = func.sum(state.c.count).over(order_by=stream.c.id)
    windows = _select(
        [stream.c.id, state.c.count, upto.label("upto")],
        [stream, state],
        [state.c.datastream_id == stream.c.id, seen, state.c.count > 0],
    ).subquery()
    before = words.text_of(windows.c.upto - windows.c["count"])
    skip = bound("skip")
    return select(windows.c.id, before).where(windows.c.upto > skip).order_by(windows.c.id).limit(1)


def _offset_in_datastream() -> Select[Any]:
    own = tables.Observation.__table__
    return select(own.c.at).where(own.c.datastream_id == bound("k0")).order_by(own.c.at).limit(1).offset(bound("skip"))


# --- expansion


def _level(entity: Entity, expand: Expand, view: View) -> Level:
    """One set-based statement for an expanded navigation property of any number of parents."""
    link = _link(entity, expand)
    target = model.BY_NAME[link.target]
    options = expand.options
    names = [inner.name for inner in options.expand]
    source = sources.of(target, view)
    chosen = render.selected(target, options.select, names)
    kind = entity.multi if target.name == "Observation" else None
    links = [_link(target, inner) for inner in options.expand]

    def fields(of: Source) -> tuple[list[ColumnElement[Any]], Fields]:
        wanted: list[ColumnElement[Any]] = [render.body(of, view, chosen, names, kind=kind)]
        at = -1
        if any(one.many for one in links):
            at = len(wanted)
            wanted.append(of.c.id)
        places = _foreign(of, links, wanted)
        return wanted, Fields(id=at, links=places)

    asked = words.integers(bound("ids", Text())).table_valued("value", name="asked")
    place = Place(source, list(source.tables), list(source.conditions))
    if link.many:
        extra, ties, place.order = sources.below(link, asked.c.value, source)
        place.tables += extra
        place.conditions += ties
        place.fixed = target.name == "Observation" and link.back == "datastream_id"
    if options.filter is not None:
        with grammar.option("$filter"):
            place.conditions.append(filters.condition(options.filter, source, view))
    children = tuple(_level(target, inner, view) for inner in options.expand)
    terms = _terms(options, place, view)
    counted = False
    if link.many:
        query, found, counted = _many(asked, place, fields, terms, options, view)
    else:
        wanted, found = fields(source)
        query = _select(
            [asked.c.value, *wanted], [asked, *place.tables], [*place.conditions, source.c.id == asked.c.value]
        )
    return Level(link, target, options, hot.compiled(query), found, entity, counted, children)


def _many(
    asked: Any, place: Place, choose: Choose, terms: Sequence[Term], options: Options, view: View
) -> tuple[Select[Any], Fields, bool]:
    froms = place.tables
    plain = place.fixed and options.filter is None and not view.as_of
    conditions = [*place.conditions, *(_latest(asked, place, options) if plain else [])]
    query, fields = _gathered(
        place.source,
        choose,
        lambda some: _page(some, froms, conditions, terms, skipping=bool(options.skip)).correlate_except(*froms),
        terms,
    )
    totals = []
    if plain:
        state = tables.DatastreamState.__table__.alias()
        total = select(state.c.count).where(state.c.datastream_id == asked.c.value).correlate_except(state)
        totals.append(total.scalar_subquery())
    elif options.count:
        total = _select([func.count()], froms, place.conditions).correlate_except(*froms)
        totals.append(total.scalar_subquery())
    return _each(query, asked, (), asked.c.value, *totals), fields, bool(totals)


def _latest(asked: Any, place: Place, options: Options) -> list[ColumnElement[bool]]:
    """The one latest observation is where the datastream's state says: a look-up, whatever the months stored."""
    by_time = len(options.orderby) == 1 and options.orderby[0] == (Path(("phenomenonTime",)), True)
    if not by_time or options.top != 1 or options.skip:
        return []
    state = tables.DatastreamState.__table__.alias()
    last = select(state.c.last_at).where(state.c.datastream_id == asked.c.value).correlate_except(state)
    return [place.source.c.at == last.scalar_subquery()]
