"""Records as everybody reads them: pages of finished GeoJSON, lists, counts, single records.

Every statement is made on `rows` (see `selecting`), so that nobody reads what they may not see.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, bindparam, func, literal_column, select, union_all
from sqlalchemy.orm import Session

from dothi.datasets import ordering
from dothi.datasets.cql2 import queried
from dothi.datasets.selecting import (
    CANONICAL,
    PLACE,
    Asked,
    Box,
    Rows,
    Virtual,
    binds,
    box_wkb,
    clauses,
    column,
    queryables,
    rows,
    timed,
    wheres,
)
from dothi.datasets.views import View
from dothi.db import features as spelled
from dothi.db import session as db
from dothi.db import words
from dothi.kit.errors import BadInput, Fault

__all__ = [
    "CANONICAL", "GATHERED", "PLACE", "Asked", "Box", "Listing", "Rows", "Virtual", "binds", "box_wkb", "clauses", "column",
    "count", "count_of", "feature_text", "listing", "one", "page", "properties_text", "queryables", "read", "rows", "terms",
    "timed", "wheres",
]  # fmt: skip
# records of a box are gathered by index and then sorted; above this many, reading in order finds enough sooner
GATHERED = 20_000
_BATCH = 2000
_NEEDED = ("id", "key", "geojson", "unit_code")  # for features, with what `_holding` says


def constant(text: str) -> ColumnElement[Any]:
    """A text that is part of the statement."""
    return literal_column("'" + text.replace("'", "''") + "'", Text())


def properties_text(rows_: Rows, view: View, properties: Sequence[str] | None = None) -> ColumnElement[str]:
    """The properties a caller may see as JSON text, made by the database; `properties`: only these.

    Without `properties` the stored object goes out, all that is hidden taken from it.
    """
    pieces = _properties(rows_, view, properties)
    return pieces[0] if len(pieces) == 1 else words.written(*pieces)


def _properties(rows_: Rows, view: View, properties: Sequence[str] | None) -> list[ColumnElement[str]]:
    """The properties as texts one after another."""
    names = [one.name for one in view.fields]
    place = None if isinstance(view, Virtual) or PLACE in names else words.json_quote(rows_.c.unit_code)
    if properties is None:
        if "said" in rows_.c and not view.hidden:
            said = rows_.c.said
            if place is None:
                return [said]
            return [constant(f'{{"{PLACE}":'), place, spelled.json_comma(said), spelled.json_rest(said)]
        whole, hidden = rows_.c.properties, map(constant, view.hidden)
        if place is None:
            return [words.json_raw(spelled.json_without(whole, *hidden) if view.hidden else whole)]
        led = (whole, constant(f'"{PLACE}":'), place)
        return [spelled.json_led_without(*led, *hidden) if view.hidden else spelled.json_led(*led)]
    wanted = [name for name in names if name in properties]
    pieces: list[Any] = []
    if place is not None and PLACE in properties:
        pieces += [constant(f'{{"{PLACE}":'), place]
    for name in wanted:
        label = json.dumps(name, ensure_ascii=False)
        pieces.append(constant(("," if pieces else "{") + f"{label}:"))
        pieces.append(spelled.json_member(rows_.c.properties, constant(name)))
    pieces.append(constant("}" if pieces else "{}"))
    return [spelled.beside(*pieces)]


def feature_text(
    rows_: Rows, view: View, properties: Sequence[str] | None = None, *, geometry: bool = True
) -> ColumnElement[str]:
    """A whole GeoJSON feature as text, made by the database, without what is hidden from the caller."""
    shape = func.coalesce(rows_.c.geojson, constant("null")) if geometry else constant("null")
    return words.written(
        constant('{"type":"Feature","id":'),
        words.json_quote(rows_.c.key),
        constant(',"geometry":'),
        shape,
        constant(',"properties":'),
        *_properties(rows_, view, properties),
        constant("}"),
    )


def terms(rows_: Rows, view: View, asked: Asked) -> list[ordering.Term]:
    """What a page is sorted by: what is asked for, then the id, so that the order is total."""
    made: list[ordering.Term] = []
    faults: list[Fault] = []
    kinds = queryables(view)
    sortable = [name for name, kind in kinds.items() if kind not in ("array", "object", "geometry")]
    for name, descending in asked.sort:
        if name not in sortable:
            faults.append(Fault("sortby", f"cannot sort by {name[:80]!r}", ", ".join(sortable)))
            continue
        one = ordering.term(*column(rows_, view, name), descending=descending)
        if one is not None:
            made.append(one)
    if faults:
        raise BadInput("; ".join(str(fault) for fault in faults), faults)
    turn = spelled.in_turn(rows_.c.id) if rows_.indexed else rows_.c.id
    return [*made, ordering.Term(turn, "whole", nullable=False)]


Choose = Callable[[Rows], Sequence[ColumnElement[Any]]]


def page(view: View, asked: Asked, choose: Choose | None = None, *, checked: bool = False) -> Select[Any]:
    """One page in order: what is chosen of each row (its `feature` text unless said otherwise), then its `cursor`.

    One row more than the limit is read: its cursor is where the next page begins.
    """

    def chosen(some: Rows) -> Sequence[ColumnElement[Any]]:
        if choose is not None:
            return choose(some)
        return [feature_text(some, view, asked.properties, geometry=asked.geometry).label("feature")]

    own = rows(view, asked.as_of, checked=checked)
    if not (own.indexed and _by_place(view, asked)):
        return _ordered(own, view, asked, chosen, clauses(own, view, asked))
    needed = (*_NEEDED, *_holding(view, asked)) if choose is None else CANONICAL
    near = own.select(*(own.c[name] for name in needed)).where(*clauses(own, view, asked))
    many = view.count > GATHERED
    cte = (near.limit(GATHERED + 1) if many else near).cte("near").prefix_with("MATERIALIZED")
    gathered = Rows(cte.c, cte, (), dataset_id=own.dataset_id)
    if not many:
        return _ordered(gathered, view, asked, chosen, [])
    # counted once, though asked three times
    counted = select(func.count().label("number")).select_from(cte).cte("counted").prefix_with("MATERIALIZED")
    found = select(counted.c.number).scalar_subquery()
    few = _ordered(gathered, view, asked, chosen, [found <= GATHERED]).subquery()
    walking = _ordered(own, view, asked, chosen, [*clauses(own, view, asked, walking=True), found > GATHERED])
    if asked.limit is not None:
        walking = walking.limit(spelled.only_if(_limit(asked.limit), found > GATHERED))
    walked = walking.subquery()
    both = union_all(select(*few.c), select(*walked.c)).subquery()
    return select(*both.c)


def _holding(view: View, asked: Asked) -> tuple[str, ...]:
    """The columns that features and their order take properties from: their text where all of them are shown."""
    if asked.properties is not None or view.hidden:
        return ("properties",)
    return ("said", "properties") if asked.sort else ("said",)


def _by_place(view: View, asked: Asked) -> bool:
    if asked.bbox is not None:
        return True
    return view.geometry_type is not None and any("geometry" in queried(where) for where in wheres(asked))


def _ordered(
    rows_: Rows, view: View, asked: Asked, choose: Choose, conditions: Sequence[ColumnElement[bool]]
) -> Select[Any]:
    by = terms(rows_, view, asked)
    query = rows_.select(*choose(rows_), ordering.cursor(by).label("cursor")).where(*conditions)
    if asked.after is not None:
        ordering.check(asked.after, by)
        query = query.where(ordering.beginning(by, asked.after))
    query = query.order_by(*ordering.order(by))
    return query if asked.limit is None else query.limit(_limit(asked.limit))


def _limit(asked: int) -> ColumnElement[int]:
    return bindparam("limit", asked + 1, BigInteger())


@dataclass(frozen=True, slots=True)
class Listing:
    """Some records, and the cursor of the page after them."""

    records: list[dict[str, Any]]
    after: tuple[Any, ...] | None


def listing(view: View, asked: Asked, session: Session | None = None, *, wkb: bool = False) -> Listing:
    """A page of records as `read` gives them; the limit is needed."""
    limit = _BATCH if asked.limit is None else asked.limit

    query = page(view, replace(asked, limit=limit), lambda some: _columns(some, view, asked, wkb=wkb))
    with _session(session) as mine:
        found = mine.execute(query).mappings().all()
    records = [_record(row, view, asked) for row in found[:limit]]
    after = ordering.values(found[limit]["cursor"]) if len(found) > limit else None
    return Listing(records, after)


def _record(row: Mapping[Any, Any], view: View, asked: Asked) -> dict[str, Any]:
    order = {one.name: place for place, one in enumerate(view.fields)}
    properties = json.loads(row["properties"])
    shown = frozenset(properties)
    if PLACE not in order:
        properties.pop(PLACE, None)
    made = {name: value for name, value in row.items() if name not in ("properties", "cursor")}
    made["properties"] = dict(sorted(properties.items(), key=lambda pair: order.get(pair[0], len(order))))
    made["shown"] = shown
    for name, seen in zip(("valid_from", "valid_until"), timed(view), strict=True):
        if not seen:
            made[name] = None
    if not asked.geometry:
        made["geojson"] = made["geometry"] = None
    return made


def read(view: View, asked: Asked, session: Session | None = None, *, wkb: bool = False) -> Iterator[dict[str, Any]]:
    """Records one after another, read in batches; all that are asked for when there is no limit.

    Each has id, key, properties (visible ones, in the schema's order), geojson (text), west, south, east, north,
    unit_code, valid_from, valid_until, version, recorded_at, recorded_by, shown (names of the properties asked for,
    the place's among them); wkb: and geometry.
    """
    left, asking = asked.limit, asked
    with _session(session) as mine:
        while left is None or left > 0:
            size = _BATCH if left is None else min(_BATCH, left)
            found = listing(view, replace(asking, limit=size), mine, wkb=wkb)
            yield from found.records
            if found.after is None:
                return
            asking = replace(asking, after=found.after)
            left = None if left is None else left - size


def count_of(view: View, asked: Asked, *, checked: bool = False) -> Select[Any]:
    """How many records there are of what is asked for."""
    own = rows(view, asked.as_of, checked=checked)
    return own.select(func.count()).where(*clauses(own, view, asked))


def count(view: View, asked: Asked, session: Session | None = None) -> int:
    """How many records there are of what is asked for; the number kept with the dataset where nothing is."""
    narrowed = (asked.bbox, asked.interval, asked.as_of, asked.where, asked.unit, asked.city, asked.q or None)
    if not any(one is not None for one in narrowed) and not isinstance(view, Virtual):
        return int(view.count)
    with _session(session) as mine:
        return int(mine.scalar(count_of(view, asked)) or 0)


def one(
    view: View,
    key: str,
    as_of: int | None = None,
    session: Session | None = None,
    *,
    asked: Asked | None = None,
    wkb: bool = False,
) -> dict[str, Any] | None:
    """The record with a key, as `read` gives it; None where there is none."""
    asked = Asked() if asked is None else asked
    own = rows(view, as_of)
    with _session(session) as mine:
        query = own.select(*_columns(own, view, asked, wkb=wkb)).where(own.c.key == key)
        row = mine.execute(query).mappings().first()
    return None if row is None else _record(row, view, asked)


def _columns(some: Rows, view: View, asked: Asked, *, wkb: bool) -> list[ColumnElement[Any]]:
    text = properties_text(some, view, asked.properties).label("properties")
    plain = [some.c[name] for name in CANONICAL if name not in ("properties", "geometry", "folded")]
    return [text, *plain, *([some.c.geometry] if wkb and asked.geometry else [])]


def _session(session: Session | None) -> AbstractContextManager[Session]:
    return db.reading() if session is None else nullcontext(session)
