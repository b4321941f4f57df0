"""Where the rows of an entity type come from: its tables, who may see them, and how they hang together, as SQLAlchemy.

An observation always comes with its datastream (`stream`): that carries the visibility, the kind and the default
FeatureOfInterest. A datastream always comes with its state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Select,
    bindparam,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.sql.expression import FromClause

from dothi.db import words
from dothi.doors.sensorthings import model
from dothi.doors.sensorthings.model import Entity, Link
from dothi.doors.sensorthings.paths import Key, Step
from dothi.identity import guard
from dothi.sensing import tables
from dothi.tasking import store as tasking

_KEPT = [column.name for column in tables.Observation.__table__.columns]


def bound(name: str, type_: Any = None) -> BindParameter[Any]:
    """A value given when the statement is run; a whole number unless said otherwise."""
    return bindparam(name, None, type_ or BigInteger())


@dataclass(frozen=True)
class View:
    """Who looks, and as of which moment (µs) of knowledge."""

    caller: guard.Caller
    as_of: bool = False  # the moment itself is the bound value `as_of`


@dataclass
class Source:
    """One entity type's rows in a query."""

    entity: Entity
    own: FromClause
    tables: list[FromClause]
    conditions: list[ColumnElement[bool]]
    stream: FromClause | None = None
    state: FromClause | None = None
    # spelled once, where the rows were picked; see `lifted`
    id_text: ColumnElement[Any] | None = None
    time_text: ColumnElement[Any] | None = None

    @property
    def c(self) -> Any:
        """The columns of the entity's own table."""
        return self.own.c

    @property
    def key(self) -> list[ColumnElement[Any]]:
        """The columns that name one entity, in the order collections have."""
        return [self.c.datastream_id, self.c.at] if self.entity.name == "Observation" else [self.c.id]


def of(entity: Entity, view: View) -> Source:
    """A fresh source of an entity type, with what keeps its invisible rows away."""
    if entity.name == "Observation":
        stream = tables.Datastream.__table__.alias()
        own = _known_then() if view.as_of else tables.Observation.__table__.alias()
        joined = own.c.datastream_id == stream.c.id
        return Source(entity, own, [stream, own], [joined, guard.visible(view.caller, stream.c)], stream=stream)
    own = entity.table.__table__.alias()
    source = Source(entity, own, [own], [])
    if entity.multi is not None:
        _with_state(source)
        source.conditions.append(guard.visible(view.caller, own.c))
    elif entity.name == "HistoricalLocation" or entity.name in model.TASKING:
        thing = tables.Thing.__table__.alias()
        seen = guard.visible(view.caller, thing.c)
        if not seen.compare(true()):
            of_thing = exists(_only([thing], [thing.c.id == own.c.thing_id, seen]))
            nobodys = own.c.thing_id.is_(None) if entity.name == "Actuator" else false()
            source.conditions.append(or_(of_thing, nobodys))
        if entity.name == "Task" and not tasking.readers(view.caller):
            source.conditions.append(false())
    elif "sharing" in own.c:
        source.conditions.append(guard.visible(view.caller, own.c))
    return source


def lifted(
    source: Source, query: Callable[[Sequence[ColumnElement[Any]]], Select[Any]], extra: Sequence[ColumnElement[Any]]
) -> tuple[Source, list[ColumnElement[Any]], FromClause]:
    """The observations a query picks, as a source of its own that has their ids and times spelled already.

    An id stands four times in an observation's JSON, and spelling it each time was half the cost of a page.
    `query` makes the select of some columns; its order holds for what is selected from it. `extra` columns come along.
    """
    stream = source.stream
    assert stream is not None  # noqa: S101 - observations always have one
    own = [source.c[name] for name in _KEPT if name != "feature_id"]
    feature = func.coalesce(source.c.feature_id, stream.c.feature_id).label("feature_id")
    id_text = words.glued(words.text_of(source.c.datastream_id), literal_column("'-'"), words.text_of(source.c.at))
    spelled = [id_text.label("id_text"), words.iso_text(source.c.at).label("time_text")]
    along = [column.label(f"along{place}") for place, column in enumerate(extra)]
    inner = query([*own, feature, stream.c.multi.label("multi"), *spelled, *along]).subquery()
    made = Source(source.entity, inner, [inner], [], stream=inner, id_text=inner.c.id_text, time_text=inner.c.time_text)
    return made, [inner.c[column.name] for column in along], inner


def _with_state(source: Source) -> None:
    state = tables.DatastreamState.__table__.alias()
    source.state = state
    source.tables.append(state)
    multi = source.c.multi if source.entity.multi else ~source.c.multi
    source.conditions += [state.c.datastream_id == source.c.id, multi]


def _known_then() -> FromClause:
    """The observations as they were known at the bound moment `as_of`."""
    moment = bound("as_of")
    now, old = tables.Observation.__table__, tables.ObservationSuperseded.__table__
    kept = select(*(now.c[name] for name in _KEPT)).where(now.c.received_at <= moment)
    gone = select(*(old.c[name] for name in _KEPT)).where(old.c.received_at <= moment, old.c.superseded_at > moment)
    return union_all(kept, gone).subquery()


def _only(froms: Sequence[FromClause], conditions: Sequence[ColumnElement[bool]], *columns: Any) -> Select[Any]:
    """A select over these tables only; every other table it names belongs to the query around it."""
    return select(*(columns or (literal(1),))).select_from(*froms).where(*conditions).correlate_except(*froms)


def foreign(source: Source, link: Link) -> ColumnElement[Any]:
    """The key of the one entity a to-one navigation property leads to."""
    if link.name == "FeatureOfInterest" and source.stream is not None:
        return func.coalesce(source.c.feature_id, source.stream.c.feature_id)
    return source.c[link.column]  # type: ignore[no-any-return]


def below(link: Link, parent: Any, target: Source) -> tuple[list[FromClause], list[ColumnElement[bool]], Any]:
    """What ties a to-many link's targets to the key of their parent: extra tables, conditions, an order or None."""
    if link.pairs is not None:
        pair = link.pairs.table.__table__.alias()
        ties = [pair.c[link.pairs.own] == parent, pair.c[link.pairs.target] == target.c.id]
        return [pair], ties, pair.c[link.pairs.order] if link.pairs.order else None
    if target.stream is not None:
        if link.back == "feature_id":
            return [], [func.coalesce(target.c.feature_id, target.stream.c.feature_id) == parent], None
        return [], [target.c.datastream_id == parent, target.stream.c.id == parent], None
    return [], [target.c[link.back] == parent], None


def is_key(source: Source, values: Sequence[ColumnElement[Any]]) -> list[ColumnElement[bool]]:
    """The conditions that pick one entity."""
    conditions = [column == value for column, value in zip(source.key, values, strict=True)]
    if source.stream is not None:
        conditions.append(source.stream.c.id == values[0])
    return conditions


def key_values(place: int, key: Key) -> list[ColumnElement[Any]]:
    """The bound values of the key at a place of the path: named, so that one statement serves every id."""
    names = [f"k{place}"] if isinstance(key, int) else [f"k{place}", f"t{place}"]
    return [bound(name) for name in names]


def key_binds(steps: Sequence[Step]) -> Mapping[str, int]:
    """What `key_values` are bound to."""
    binds: dict[str, int] = {}
    for place, step in enumerate(steps):
        if isinstance(step.key, tuple):
            binds[f"k{place}"], binds[f"t{place}"] = step.key
        elif step.key is not None:
            binds[f"k{place}"] = step.key
    return binds


@dataclass
class Place:
    """The last step of a path as SQL.

    parent: the key of the entity the step hangs on; fixed: all rows belong to that one datastream.
    """

    source: Source
    tables: list[FromClause] = field(default_factory=list)
    conditions: list[ColumnElement[bool]] = field(default_factory=list)
    order: Any = None
    parent: Any = None
    fixed: bool = False


def place(steps: Sequence[Step], view: View) -> Place:
    """The rows a path names. Each step must see its parent, all the way up."""
    last = steps[-1]
    source = of(last.entity, view)
    found = Place(source, list(source.tables), list(source.conditions))
    if last.link is not None:
        above = place(steps[:-1], view)
        if last.link.many:
            key, guards = _parent(steps[:-1], above)
            extra, ties, found.order = below(last.link, key, source)
            found.tables += extra
            found.conditions += [*guards, *ties]
            found.parent = key
            found.fixed = last.entity.name == "Observation" and last.link.back == "datastream_id"
        else:
            one = _only(above.tables, above.conditions, foreign(above.source, last.link)).scalar_subquery()
            found.conditions.append(source.c.id == one)
    if last.key is not None:
        found.conditions += is_key(source, key_values(len(steps) - 1, last.key))
    return found


def _parent(steps: Sequence[Step], above: Place) -> tuple[Any, list[ColumnElement[bool]]]:
    """The key of a parent that has to-many links, and the conditions under which it is there to be seen."""
    if steps[-1].key is not None:
        return key_values(len(steps) - 1, steps[-1].key)[0], [exists(_only(above.tables, above.conditions))]
    return _only(above.tables, above.conditions, above.source.c.id).scalar_subquery(), []


class Scope:
    """The entities one condition talks about: the row itself, and what it reaches over navigation properties.

    Conditions joined by `and` share a scope, so that they speak of the same target; `or` and `not` open new ones.
    """

    def __init__(self, root: Source, view: View) -> None:
        self.root, self.view = root, view
        self.reached: dict[tuple[str, ...], Source] = {(): root}
        self.tables: list[FromClause] = []
        self.conditions: list[ColumnElement[bool]] = []

    def reach(self, names: tuple[str, ...]) -> Source:
        """The source a chain of navigation properties leads to."""
        if names in self.reached:
            return self.reached[names]
        here = self.reach(names[:-1])
        link = here.entity.link[names[-1]]
        target = self._step(here, link)
        self.reached[names] = target
        return target

    def _step(self, here: Source, link: Link) -> Source:
        entity = model.BY_NAME[link.target]
        if here.stream is not None and entity.multi is not None:
            # an observation's datastream is part of the query already, and is seen
            target = Source(entity, here.stream, [], [])
            _with_state(target)
        else:
            target = of(entity, self.view)
            if link.many:
                extra, ties, _ = below(link, here.c.id, target)
                self.tables += extra
                self.conditions += ties
            else:
                self.conditions.append(target.c.id == foreign(here, link))
        self.tables += target.tables
        self.conditions += target.conditions
        return target

    def wrap(self, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """The condition, true when there are such targets."""
        if not self.tables:
            return condition
        return exists(_only(self.tables, [*self.conditions, condition]))

    def one(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """A value of the one target, as seen from the row itself."""
        if not self.tables:
            return value
        return _only(self.tables, self.conditions, value).scalar_subquery()
