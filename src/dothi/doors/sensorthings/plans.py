"""A request as statements: one for the page, one for each expanded navigation property, compiled once and kept.

Values that change from request to request (ids, limits, cursors, the moment) are bound by name, so that a plan
serves every request of its shape. The rows of a page, or of one parent's expanded entities, come as one text per
field, the rows' values between ROW marks, the texts of one parent between FIELD marks: control characters that JSON
text never holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    func,
    literal_column,
    select,
)

from dothi.db import hot, words
from dothi.doors.sensorthings import cursors, filters, model, pages, render, sources
from dothi.doors.sensorthings.filters import Term
from dothi.doors.sensorthings.grammar import Expand, Options, Path
from dothi.doors.sensorthings.literals import Refused, option
from dothi.doors.sensorthings.model import Entity, Link
from dothi.doors.sensorthings.paths import Resource
from dothi.doors.sensorthings.sources import Place, Source, View, bound
from dothi.identity import guard
from dothi.sensing import tables

Shape = Literal["entity", "ref", "array", "geojson"]


@dataclass
class Level:
    """One expanded navigation property."""

    link: Link
    entity: Entity
    options: Options
    statement: hot.Statement
    fields: pages.Fields
    above: Entity
    counted: bool  # the row has the number of all entities after the text
    children: tuple["Level", ...] = ()


@dataclass
class Plan:
    """Everything a request of one shape needs."""

    resource: Resource
    options: Options
    fields: pages.Fields
    children: tuple[Level, ...] = ()
    statement: hot.Statement = field(init=False)
    count: hot.Statement | None = None
    parent: hot.Statement | None = None  # finds the parent of a collection, to tell an empty one from none
    windowed: bool = False
    short: bool = False
    terms: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()  # of an array
    jump: tuple[hot.Statement, hot.Statement] | None = None
    # of many datastreams by time: finds where time begins, so that a page looks at a stretch of time, not at everything
    edge: hot.Statement | None = None
    newest_first: bool = False

    @cached_property
    def timeless(self) -> bool:
        """Whether the answer depends on nothing but what the database holds."""
        asked = [self.statement, self.count, self.parent, self.edge, *_statements(self.children)]
        return not any("now" in one.names for one in asked if one is not None)


def _statements(levels: Sequence[Level]) -> list[hot.Statement]:
    return [one for level in levels for one in (level.statement, *_statements(level.children))]


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
    with option("$select"):
        chosen = render.selected(entity, options.select, names)
        columns = _columns(entity, options) if shape == "array" else ()
    with option("$expand"):
        links = [_link(entity, expand) for expand in options.expand]
        children = tuple(_level(entity, expand, view) for expand in options.expand)
    terms = pages.terms_of(options, place, view)
    kind = _kind(resource)

    def fields(source: Source) -> tuple[list[ColumnElement[Any]], pages.Fields]:
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
        return wanted, pages.Fields(**found, links=places)

    conditions = list(place.conditions)
    if options.filter is not None:
        with option("$filter"):
            conditions.append(filters.condition(options.filter, place.source, view))
    made = Plan(resource, options, pages.Fields(), children, columns=columns)
    made.terms = ("whole", "whole") if windowed else tuple(term.kind for term in terms)
    if collection and options.count:
        made.count = hot.compiled(_count(resource, place, conditions, options, view))
    if collection and len(resource.steps) > 1:
        above = sources.place(resource.steps[:-1], view)
        made.parent = hot.compiled(pages.rows_of([literal_column("1")], above.tables, above.conditions).limit(1))
    if not collection:
        wanted, made.fields = fields(place.source)
        made.statement = hot.compiled(pages.rows_of(wanted, place.tables, conditions))
        made.short = True
        return made
    if windowed:
        made.windowed = made.short = True
        query, made.fields = pages.windowed(place, fields, terms, view)
        made.statement = hot.compiled(query)
        made.jump = hot.compiled(pages.windows_before(view)), hot.compiled(pages.offset_in_datastream())
        return made
    if cursor is not None:
        if len(cursor) != len(terms):
            raise cursors.bad()
        conditions.append(pages.after(terms, cursor))
    if _by_time(resource, place, options, view) and not skipping:
        conditions += pages.within_stretch(place.source)
        made.newest_first = options.orderby[0][1]
        made.edge = hot.compiled(pages.edge(view, newest=made.newest_first))
    query, made.fields = pages.gathered(
        place.source, fields, lambda some: pages.page(some, place.tables, conditions, terms, skipping=skipping), terms
    )
    made.statement = hot.compiled(query)
    by_key = place.fixed or len(place.tables) == 1 or entity.multi is not None
    made.short = options.filter is None and not skipping and by_key and not options.orderby and not view.as_of
    if place.fixed and len(terms) == 1 and not view.as_of and not skipping and options.filter is None:
        made.short = True
    return made


def _foreign(source: Source, links: Sequence[Link], wanted: list[ColumnElement[Any]]) -> tuple[int, ...]:
    places = []
    for link in links:
        places.append(-1 if link.many else len(wanted))
        if not link.many:
            wanted.append(sources.foreign(source, link))
    return tuple(places)


def _link(entity: Entity, expand: Expand) -> Link:
    link = entity.link.get(expand.name)
    if link is None:
        raise Refused(expand.at, f"{entity.name} has no navigation property {expand.name!r}", ", ".join(entity.link))
    return link


def _by_time(resource: Resource, place: Place, options: Options, view: View) -> bool:
    """Whether a collection is the observations of many datastreams by time."""
    many = resource.entity.name == "Observation" and not place.fixed and not view.as_of
    return many and bool(options.orderby) and options.orderby[0][0] == Path(("phenomenonTime",))


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
        return pages.rows_of([words.text_of(total)], [of, state], ties)
    return pages.rows_of([words.text_of(func.count())], place.tables, conditions)


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

    def fields(of: Source) -> tuple[list[ColumnElement[Any]], pages.Fields]:
        wanted: list[ColumnElement[Any]] = [render.body(of, view, chosen, names, kind=kind)]
        at = -1
        if any(one.many for one in links):
            at = len(wanted)
            wanted.append(of.c.id)
        places = _foreign(of, links, wanted)
        return wanted, pages.Fields(id=at, links=places)

    asked = words.integers(bound("ids", Text())).table_valued("value", name="asked")
    place = Place(source, list(source.tables), list(source.conditions))
    if link.many:
        extra, ties, place.order = sources.below(link, asked.c.value, source)
        place.tables += extra
        place.conditions += ties
        place.fixed = target.name == "Observation" and link.back == "datastream_id"
    if options.filter is not None:
        with option("$filter"):
            place.conditions.append(filters.condition(options.filter, source, view))
    children = tuple(_level(target, inner, view) for inner in options.expand)
    terms = pages.terms_of(options, place, view)
    counted = False
    if link.many:
        query, found, counted = _many(asked, place, fields, terms, options, view)
    else:
        wanted, found = fields(source)
        query = pages.rows_of(
            [asked.c.value, *wanted], [asked, *place.tables], [*place.conditions, source.c.id == asked.c.value]
        )
    return Level(link, target, options, hot.compiled(query), found, entity, counted, children)


def _many(
    asked: Any, place: Place, choose: pages.Choose, terms: Sequence[Term], options: Options, view: View
) -> tuple[Select[Any], pages.Fields, bool]:
    froms = place.tables
    plain = place.fixed and options.filter is None and not view.as_of
    conditions = [*place.conditions, *(_latest(asked, place, options) if plain else [])]
    query, fields = pages.gathered(
        place.source,
        choose,
        lambda some: pages.page(some, froms, conditions, terms, skipping=bool(options.skip)).correlate_except(*froms),
        terms,
    )
    totals = []
    if plain:
        state = tables.DatastreamState.__table__.alias()
        total = select(state.c.count).where(state.c.datastream_id == asked.c.value).correlate_except(state)
        totals.append(total.scalar_subquery())
    elif options.count:
        total = pages.rows_of([func.count()], froms, place.conditions).correlate_except(*froms)
        totals.append(total.scalar_subquery())
    return pages.each(query, asked, (), asked.c.value, *totals), fields, bool(totals)


def _latest(asked: Any, place: Place, options: Options) -> list[ColumnElement[bool]]:
    """The one latest observation is where the datastream's state says: a look-up, whatever the months stored."""
    by_time = len(options.orderby) == 1 and options.orderby[0] == (Path(("phenomenonTime",)), True)
    if not by_time or options.top != 1 or options.skip:
        return []
    state = tables.DatastreamState.__table__.alias()
    last = select(state.c.last_at).where(state.c.datastream_id == asked.c.value).correlate_except(state)
    return [place.source.c.at == last.scalar_subquery()]
