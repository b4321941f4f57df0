"""Which records: one selectable whatever the collection is, its typed columns, and what is asked for as conditions.

Whatever reads records goes through `rows`: it keeps to the dataset, and the same statement asks whether the dataset is
still shared as the view says, so that nobody reads what they may not see.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from dothi.datasets.cql2 import condition, queried, typed
from dothi.datasets.tables import Dataset, Record, RecordVersion
from dothi.datasets.views import View
from dothi.db import features as spelled
from dothi.db import words
from dothi.kit import text as kit_text
from dothi.kit.errors import BadInput, Fault
from dothi.places.cities import Lens

Box = tuple[float, float, float, float]  # west, south, east, north in degrees; west > east across the antimeridian
PLACE = "placeCode"  # the commune the server found a record in, as a property
CANONICAL = (
    "id", "key", "geometry", "geojson", "properties", "west", "south", "east", "north", "unit_code", "folded",
    "valid_from", "valid_until", "version", "recorded_at", "recorded_by",
)  # fmt: skip
# records of a box are gathered by index and then sorted; above this many, reading in order finds enough sooner


@dataclass(frozen=True, slots=True)
class Rows:
    """A selectable of the canonical columns, `rows.c.key` and so on; take it by `rows.select(...)`.

    clauses: what keeps it to the collection and to what the caller may see; `select` puts them in.
    plain: columns that hold a field's value as it is, where the properties are put together from columns.
    """

    c: Any
    source: Any
    clauses: tuple[ColumnElement[bool], ...]
    indexed: bool = False  # boxes are found by index
    boxes: bool = True  # the columns of the box are filled
    dataset_id: int | None = None
    plain: Mapping[str, ColumnElement[Any]] = field(default_factory=dict)

    def select(self, *columns: Any) -> Select[Any]:
        """Some columns of the rows."""
        return select(*columns).select_from(self.source).where(*self.clauses)


@dataclass(frozen=True, slots=True, kw_only=True)
class Virtual(View):
    """A view of something else than a dataset that is read like one.

    rows_at: its rows as of a moment (µs; None: now), only those the caller may see; historic: whether it knows moments.
    """

    rows_at: Callable[[int | None], Rows]
    historic: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants of a collection.

    outline: well-known binary of what the box stands for, where that is less than the box; interval: instants in µs,
    both included, None for open; as_of: µs; where: a parsed CQL2 expression, or several that must all hold; q: words of
    text; unit: code of a commune; city: what lies there; sort: (field, descending); properties: names to keep; after: values of a cursor.
    """

    bbox: Box | None = None
    outline: bytes | None = None
    interval: tuple[int | None, int | None] | None = None
    as_of: int | None = None
    where: Any = None
    q: str | None = None
    unit: str | None = None
    city: Lens | None = None
    sort: tuple[tuple[str, bool], ...] = ()
    properties: tuple[str, ...] | None = None
    limit: int | None = None
    after: tuple[Any, ...] | None = None
    geometry: bool = True


def rows(view: View, as_of: int | None = None, *, checked: bool = False) -> Rows:
    """The records of a dataset, as they stand or stood.

    as_of: µs; bound as `as_of`. checked: the statement around it asks for access itself.
    """
    if isinstance(view, Virtual):
        return view.rows_at(as_of)
    may = () if checked else (_still(view),)
    if as_of is None:
        now = Record.__table__.alias("r")
        return Rows(now.c, now, (now.c.dataset_id == view.id, *may), indexed=True, dataset_id=view.id)
    moment = bindparam("as_of", as_of, BigInteger())
    new, old = Record.__table__.alias("n"), RecordVersion.__table__.alias("o")
    both = union_all(
        select(*(new.c[name] for name in CANONICAL)).where(new.c.dataset_id == view.id, new.c.recorded_at <= moment),
        select(*(old.c[name] if name != "id" else old.c.record_id.label("id") for name in CANONICAL)).where(
            old.c.dataset_id == view.id, old.c.recorded_at <= moment, old.c.superseded_at > moment
        ),
    ).subquery("r")
    return Rows(both.c, both, may, dataset_id=view.id)


def _still(view: View) -> ColumnElement[bool]:
    """Whether the dataset is shared as it was when the view was made: a caller who saw it then may see it now."""
    told = Dataset.__table__.alias("d")
    agency = told.c.agency_id.is_(None) if view.agency_id is None else told.c.agency_id == view.agency_id
    same = [told.c.id == view.id, told.c.sharing == view.sharing, told.c.status == view.status, agency]
    return select(literal_column("1")).select_from(told).where(*same).exists()


def queryables(view: View) -> dict[str, str]:
    """What may stand in a filter, and of which kind: the visible fields, `geometry`, `id` and `placeCode`."""
    kinds = {one.name: one.kind for one in view.fields}
    if view.geometry_type is not None:
        kinds.setdefault("geometry", "geometry")
    kinds.setdefault("id", "string")
    if not isinstance(view, Virtual):
        kinds.setdefault(PLACE, "string")
    return kinds


def column(rows_: Rows, view: View, name: str) -> tuple[ColumnElement[Any], str]:
    """The typed value of a field, and its kind (as Field.kind, or "geometry").

    Dates are ISO 8601 text, date-times µs since 1970 UTC, arrays and objects JSON (`cql2.typed`). Raises BadInput naming
    the queryables for anything else, fields hidden from the caller included.
    """
    kinds = queryables(view)
    kind = kinds.get(name)
    if kind is None:
        message = f"no property {name[:80]!r}"
        raise BadInput(message, [Fault("property", message, ", ".join(kinds))])
    fields = {one.name for one in view.fields}
    if name in rows_.plain:
        return rows_.plain[name], kind
    if name not in fields:
        own = {"geometry": rows_.c.geometry, "id": rows_.c.key, PLACE: rows_.c.unit_code}
        return own[name], kind
    return typed(rows_.c.properties, name, kind), kind


def clauses(rows_: Rows, view: View, asked: Asked, *, walking: bool = False) -> list[ColumnElement[bool]]:
    """What is asked for, as conditions; walking: without the index of boxes."""
    made: list[ColumnElement[bool]] = []
    if asked.bbox is not None:
        made += _in_box(rows_, view, asked.bbox, walking=walking)
        if asked.outline is not None:
            shape = bindparam("outline", asked.outline, LargeBinary())
            made.append(words.st_intersects(rows_.c.geometry, words.from_wkb(shape)))
    if asked.interval is not None:
        start, end = asked.interval
        begins, ends = timed(view)
        if start is not None and ends:
            until = rows_.c.valid_until
            # what has begun and ended at one instant still was then
            made.append(or_(until.is_(None), until > bindparam("start", start, BigInteger())))
        if end is not None and begins:
            since = rows_.c.valid_from
            made.append(or_(since.is_(None), since <= bindparam("end", end, BigInteger())))
    if asked.unit is not None:
        made.append(rows_.c.unit_code == bindparam("unit", asked.unit, Text()))
    elif asked.city is not None:
        box = (rows_.c.west, rows_.c.south, rows_.c.east, rows_.c.north) if rows_.boxes else ()
        made.append(asked.city.clause(rows_.c.unit_code, *box))
    for word in kit_text.fold(asked.q or "").split():
        made.append(rows_.c.folded.contains(word, autoescape=True))

    def near(name: str, box: Box) -> ColumnElement[bool] | None:
        if not rows_.indexed or walking or name != "geometry":
            return None
        return spelled.boxed(literal(rows_.dataset_id, BigInteger()), rows_.c.id, rows_.c.geometry, *map(_degrees, box))

    own = {"id", "geometry", PLACE} - {one.name for one in view.fields}
    for where in wheres(asked):
        one = condition(where, lambda name: column(rows_, view, name), near)
        made.append(spelled.unguessed(one.self_group()) if rows_.indexed and not queried(where) & own else one)
    return made


def _bound(name: str, degrees: float) -> ColumnElement[Any]:
    return bindparam(name, degrees, Double())


def _degrees(value: float) -> ColumnElement[Any]:
    return literal(float(value), Double())


def timed(view: View) -> tuple[bool, bool]:
    """Whether the caller may know since when and until when records are valid: what is hidden says nothing here either."""
    if isinstance(view, Virtual):
        return True, True
    roles = {one.role for one in view.fields}
    return "valid-from" in roles, "valid-until" in roles


def wheres(asked: Asked) -> tuple[Any, ...]:
    """The expressions that must all hold."""
    if asked.where is None:
        return ()
    return asked.where if isinstance(asked.where, tuple) else (asked.where,)


def _in_box(rows_: Rows, view: View, box: Box, *, walking: bool) -> list[ColumnElement[bool]]:
    west, south, east, north = box
    if west > east:
        halves = [(west, 180.0, ("west", "half")), (-180.0, east, ("half_", "east"))]
        parts = [_one_box(rows_, view, (w, south, e, north), names, walking=walking) for w, e, names in halves]
        return [or_(*(and_(*part) for part in parts))]
    return _one_box(rows_, view, box, ("west", "east"), walking=walking)


def _one_box(rows_: Rows, view: View, box: Box, names: tuple[str, str], *, walking: bool) -> list[ColumnElement[bool]]:
    c = rows_.c
    sides = zip((names[0], "south", names[1], "north"), box, strict=True)
    west, south, east, north = (_bound(name, value) for name, value in sides)
    made: list[ColumnElement[bool]] = []
    shape = bindparam(f"box_{names[0]}", box_wkb(box), LargeBinary())
    if not rows_.boxes:
        return [words.st_intersects(c.geometry, words.from_wkb(shape))]
    if rows_.indexed and not walking:
        which = literal(rows_.dataset_id, BigInteger())
        made.append(spelled.boxed(which, c.id, c.geometry, west, south, east, north))
    made += [c.west <= east, c.east >= west, c.south <= north, c.north >= south]
    if view.geometry_type != "Point":
        within = and_(c.west >= west, c.east <= east, c.south >= south, c.north <= north)
        made.append(or_(within, words.st_intersects(c.geometry, words.from_wkb(shape))))
    return made


def box_wkb(box: Box) -> bytes:
    """A box as well-known binary; a box without extent as what it is."""
    shape = shapely.box(*box)
    if box[0] == box[2] or box[1] == box[3]:
        shape = shapely.LineString([box[:2], box[2:]]) if box[:2] != box[2:] else shapely.Point(box[:2])
    return bytes(shapely.to_wkb(shape, byte_order=1))


def binds(asked: Asked) -> dict[str, Any]:
    """The values bound by name in `page`, so that one statement serves every request of its shape."""
    given: dict[str, Any] = {}
    if asked.limit is not None:
        given["limit"] = asked.limit + 1
    if asked.bbox is not None:
        west, south, east, north = asked.bbox
        given |= {"west": west, "south": south, "east": east, "north": north}
        if west > east:
            given |= {"half": 180.0, "half_": -180.0}
            given |= {
                "box_west": box_wkb((west, south, 180.0, north)),
                "box_half_": box_wkb((-180.0, south, east, north)),
            }
        else:
            given["box_west"] = box_wkb(asked.bbox)
        if asked.outline is not None:
            given["outline"] = asked.outline
    if asked.interval is not None:
        given |= {"start": asked.interval[0], "end": asked.interval[1]}
    for name, value in (("unit", asked.unit), ("as_of", asked.as_of)):
        if value is not None:
            given[name] = value
    for place, value in enumerate(asked.after or ()):
        given[f"c{place}"] = value
    return given
