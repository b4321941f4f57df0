"""The statements that cut vector tiles: PostGIS makes the whole tile, SQLite finds what lies in it.

Every statement serves all tiles of a zoom; its values are `binds`. A tile is 4096 units wide, and so is its world of
boxes: a record's box in degrees says whether it can be seen at all before its geometry is read.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Float,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    table,
    true,
    union_all,
)
from sqlalchemy.sql.functions import FunctionElement

from dothi.db import session, words
from dothi.db.words import spell

EXTENT = 4096  # units of a tile's width
BUFFER = 64  # units around it, so that outlines do not show its edge
SMALL = 4  # units: half a pixel of a tile drawn 512 pixels wide; smaller shapes are counted, not drawn
CELL = 256  # units, 32 pixels: the grid on which what cannot be drawn one by one is counted
SIMPLE = 2  # units a simplified outline may be away from the true one, below EXACT
EXACT = 14  # zoom from which outlines are not simplified
COUNTED = "point_count"  # how many records a gathered point stands for
_MARGIN = (BUFFER + 1) / EXTENT  # of a tile's width: a unit more, for what is rounded into it
_SPHERE = 6378137.0  # metres, EPSG:3857
_GEOMETRY = " geometry"  # no attribute has this name
_LONG = 60  # bytes; PostgreSQL cuts names of columns at 63


class tile_text(FunctionElement[str]):
    """A member of a JSON column as a tile has it: texts as they are, arrays and objects as JSON text."""

    type, inherit_cache, name = Text(), True, "tile_text"


class tile_number(FunctionElement[float]):
    """A member of a JSON column, when it is a number."""

    type, inherit_cache, name = Double(), True, "tile_number"


class tile_truth(FunctionElement[bool]):
    """A member of a JSON column, when it is true or false."""

    type, inherit_cache, name = Boolean(), True, "tile_truth"


_MEMBER = "'$.\"' || {1} || '\"'"
_SPELLED = {
    tile_text: (f"json_extract({{0}}, {_MEMBER})", "({0} ->> {1})"),
    tile_number: (
        f"CASE WHEN json_type({{0}}, {_MEMBER}) IN ('integer', 'real') THEN json_extract({{0}}, {_MEMBER}) END",
        "CASE jsonb_typeof({0} -> {1}) WHEN 'number' THEN ({0} ->> {1})::double precision END",
    ),
    tile_truth: (
        f"CASE json_type({{0}}, {_MEMBER}) WHEN 'true' THEN 1 WHEN 'false' THEN 0 END",
        "CASE jsonb_typeof({0} -> {1}) WHEN 'boolean' THEN ({0} ->> {1})::boolean END",
    ),
}
for _word, (_sqlite, _postgresql) in _SPELLED.items():
    spell(_word, _sqlite, _postgresql)


_box = table(
    "record_box", *(column(n) for n in ("id", "west", "east", "south", "north", "first_dataset", "last_dataset"))
)


@dataclass(frozen=True)
class Layer:
    """What a tile is cut from.

    c, source, clauses: columns (id of a record, once; west, south, east, north; geometry in WGS 84), where they are
    from, and all that keeps rows apart from the tile. points: nothing but single points. dataset_id: the source is the
    table of records, under the name r, and boxes are found by index. most: features of a tile.
    """

    name: str
    c: Any
    source: Any
    clauses: tuple[ColumnElement[bool], ...]
    attributes: tuple[tuple[str, ColumnElement[Any]], ...]
    points: bool
    dataset_id: int | None
    most: int

    def select(self, *columns: Any) -> Select[Any]:
        """Some columns of all rows."""
        return select(*columns).select_from(self.source).where(*self.clauses)


def cuts() -> bool:
    """Whether the database in use makes tiles itself."""
    return session.engine().dialect.name == "postgresql"


def binds(z: int, x: int, y: int) -> dict[str, Any]:
    """The values of every statement here for one tile."""
    width = 2.0**z
    reach = _MARGIN
    return {
        "x": x,
        "y": y,
        "west": (x - reach) / width * 360 - 180,
        "east": (x + 1 + reach) / width * 360 - 180,
        "north": _latitude((y - reach) / width),
        "south": _latitude((y + 1 + reach) / width),
        "small": SMALL / EXTENT / width * 360,
        "scale": width * EXTENT,
        "left": float(x * EXTENT),
        "top": float(y * EXTENT),
    }


def _reach(z: int) -> float:
    """The margin in metres of the Web Mercator square."""
    return _MARGIN * 2 * math.pi * _SPHERE / 2.0**z


def _latitude(part: float) -> float:
    """Degrees north at a part of the way down the Web Mercator square."""
    return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * part))))


def _number(name: str) -> ColumnElement[float]:
    return bindparam(name, required=False, type_=Double())


def _exactly(number: float) -> ColumnElement[float]:
    """A constant that needs no cast beside doubles."""
    return literal_column(repr(float(number)), Double())


def _exact(layer: Layer) -> ColumnElement[bool]:
    """Whether a row's box meets the tile and its margin."""
    c = layer.c
    return and_(
        c.west <= _number("east"), c.east >= _number("west"), c.south <= _number("north"), c.north >= _number("south")
    )


def _inside(layer: Layer) -> ColumnElement[bool]:
    """The same by SQLite's index of boxes."""
    if layer.dataset_id is None:
        return _exact(layer)
    dataset = literal(layer.dataset_id, BigInteger())
    b = _box.c
    found = select(b.id).where(
        and_(b.first_dataset <= dataset, b.last_dataset >= dataset),
        and_(b.west <= _number("east"), b.east >= _number("west")),
        and_(b.south <= _number("north"), b.north >= _number("south")),
    )
    return and_(layer.c.id.in_(found), _exact(layer))  # the tree's boxes are rounded outwards


def _mercator(layer: Layer) -> ColumnElement[Any]:
    if layer.dataset_id is not None:
        return literal_column("r.mercator")
    return func.ST_Transform(layer.c.geometry, 3857)


def _is_point(c: Any) -> ColumnElement[bool]:
    return and_(c.east <= c.west, c.north <= c.south)


def _is_small(c: Any) -> ColumnElement[bool]:
    """Whether a row's box, not that of a point, is too small to be drawn."""
    tall = _number("small") * func.cos(func.radians(c.south))
    return and_(c.east - c.west < _number("small"), c.north - c.south < tall, or_(c.east > c.west, c.north > c.south))


# --- PostgreSQL: what is the same for every tile of a statement is written into it; each value bound is sent and read


def _envelope(z: int) -> ColumnElement[Any]:
    column, row = (bindparam(name, required=False, type_=Integer()) for name in ("x", "y"))
    return func.ST_TileEnvelope(literal_column(str(z)), column, row)


def _around(layer: Layer, z: int) -> ColumnElement[bool]:
    """Whether a row's box meets the tile and its margin, by PostgreSQL's index where there is one."""
    if layer.dataset_id is None:
        return _exact(layer)
    expanded = func.ST_Expand(_envelope(z), literal_column(repr(_reach(z))))
    return _mercator(layer).op("&&")(select(expanded).scalar_subquery())


def tile(layer: Layer, z: int) -> Select[Any]:
    """PostgreSQL's tile with all that is in it: its bytes, the number of rows, and how many of them are too small.

    Where there are more than layer.most rows, or small ones, the bytes are of no use and `gathered` is to be asked.
    """
    most: ColumnElement[int] = literal_column(str(layer.most + 1))
    if layer.points:
        shape = _drawn(_mercator(layer), layer, z).label(_GEOMETRY)
        feature = (
            layer.select(shape, *_named(layer.attributes)).where(_around(layer, z)).limit(most).subquery("feature")
        )
        none: ColumnElement[int] = literal_column("0").label("small")
        return select(_as_mvt("feature", layer.name), func.count().label("number"), none).select_from(feature)
    found = (
        layer.select(
            _mercator(layer).label(_GEOMETRY),
            _is_small(layer.c).label(" small"),
            *(value.label(f" {number}") for number, (_, value) in enumerate(layer.attributes)),
        )
        .where(_around(layer, z))
        .limit(most)
        .subquery("found")
    )
    values = [(name, found.c[f" {number}"]) for number, (name, _) in enumerate(layer.attributes)]
    shape = _drawn(found.c[_GEOMETRY], layer, z).label(_GEOMETRY)
    one = select(shape, *_named(values)).correlate(found).lateral("feature")
    small = func.count().filter(found.c[" small"]).label("small")
    counted = func.count().label("number")
    return select(_as_mvt("feature", layer.name), counted, small).select_from(found.join(one, true()))


def _as_mvt(row: str, name: str) -> ColumnElement[Any]:
    quoted = name.replace("'", "''")
    return func.ST_AsMVT(
        literal_column(row),
        literal_column(f"'{quoted}'"),
        literal_column(str(EXTENT)),
        literal_column(f"'{_GEOMETRY}'"),
    )


def _drawn(geometry: ColumnElement[Any], layer: Layer, z: int) -> ColumnElement[Any]:
    if not layer.points and z < EXACT:
        unit = 2 * math.pi * _SPHERE / 2.0**z / EXTENT
        geometry = func.ST_Simplify(geometry, literal_column(repr(SIMPLE * unit)), literal_column("true"))
    bounds = select(_envelope(z).op("::")(literal_column("box2d"))).scalar_subquery()
    return func.ST_AsMVTGeom(
        geometry, bounds, literal_column(str(EXTENT)), literal_column(str(BUFFER)), literal_column("true")
    )


def _named(values: Sequence[tuple[str, ColumnElement[Any]]]) -> list[ColumnElement[Any]]:
    """The attributes as columns; those with names too long for a column in one JSON object, which a tile spreads out."""
    short = [value.label(name) for name, value in values if len(name.encode()) <= _LONG]
    long = [part for name, value in values if len(name.encode()) > _LONG for part in (literal(name, Text()), value)]
    return [*short, func.jsonb_build_object(*long).label(" more")] if long else list(short)


def gathered(layer: Layer, z: int) -> Select[Any]:
    """PostgreSQL's tile where not everything is drawn: its bytes, and the number of rows they speak for.

    The largest shapes stand for themselves; points (when too many), small shapes and the rest are counted on a grid, a
    point_count in each cell; a cell that holds one record has its attributes.
    """
    c = layer.c
    north = func.radians((c.south + c.north) * _exactly(0.5))
    share = _exactly(0.5) - func.ln(func.tan(_exactly(math.pi / 4) + north * _exactly(0.5))) * _exactly(0.5 / math.pi)
    found = (
        layer.select(
            c.id,
            ((c.west + c.east + _exactly(360)) * _exactly(1 / 720) * _number("scale") - _number("left")).label(
                "across"
            ),
            (share * _number("scale") - _number("top")).label("down"),
            _is_point(c).label("point"),
            _is_small(c).label("small"),
            func.greatest(c.east - c.west, c.north - c.south).label("size"),
        )
        .where(_around(layer, z))
        .cte("found")
    )
    f = found.c
    end = _exactly(EXTENT)
    own = and_(f.across >= _exactly(0), f.across < end, f.down >= _exactly(0), f.down < end)
    within = [func.least(func.greatest(side, _exactly(0)), _exactly(EXTENT - 1)) for side in (f.across, f.down)]
    few = select(func.count() <= literal_column(str(layer.most))).where(f.point, own).scalar_subquery()
    largest = (
        select(f.id).where(~f.point, ~f.small).order_by(f.size.desc(), f.id).limit(literal_column(str(layer.most)))
    ).cte("largest")
    drawn = case((f.point, few), else_=f.id.in_(select(largest.c.id)))
    cells = (
        select(
            func.count().label("number"),
            func.min(f.id).label("first"),
            func.bool_and(f.point).label("point"),
            *(func.round(func.avg(side)).label(name) for name, side in zip(("across", "down"), within, strict=True)),
        )
        .where(~drawn, or_(~f.point, own))
        .group_by(*(cast(func.floor(side * _exactly(1 / CELL)), Integer) for side in within))
        .cte("cells")
    )
    nothing = [(name, cast(null(), _type(value))) for name, value in layer.attributes]
    shapes = (
        layer.select(_drawn(_mercator(layer), layer, z).label(_GEOMETRY), *_named(layer.attributes), _count(null()))
        .join(found, f.id == c.id)
        .where(drawn)
    )
    singles = (
        layer.select(
            func.ST_Point(cells.c.across, cells.c.down).label(_GEOMETRY),
            *_named(layer.attributes),
            _count(case((~cells.c.point, 1))),
        )
        .join(cells, cells.c.first == c.id)
        .where(cells.c.number == 1)
    )
    groups = select(
        func.ST_Point(cells.c.across, cells.c.down).label(_GEOMETRY), *_named(nothing), _count(cells.c.number)
    ).where(cells.c.number > 1)
    features = union_all(shapes, singles, groups).subquery("features")
    total = select(func.count()).where(or_(~f.point, own)).scalar_subquery()
    return select(_as_mvt("features", layer.name), total).select_from(features)


def _type(value: ColumnElement[Any]) -> Any:
    kind = value.type
    return kind if isinstance(kind, Boolean | Double | Float | BigInteger) else Text()


def _count(value: Any) -> ColumnElement[Any]:
    return cast(value, Integer).label(COUNTED)


# --- SQLite


def rows(layer: Layer) -> Select[Any]:
    """SQLite's rows of a tile: id, west, south, east, north, geometry, then the attributes; one more than layer.most."""
    return _details(layer).where(_inside(layer)).limit(literal_column(str(layer.most + 1)))


def boxes(layer: Layer) -> Select[Any]:
    """SQLite's boxes of a tile, all of them: id, west, south, east, north."""
    c = layer.c
    return layer.select(c.id, c.west, c.south, c.east, c.north).where(_inside(layer))


def chosen(layer: Layer) -> Select[Any]:
    """SQLite's rows, as `rows`, of the ids given as the JSON array `ids`."""
    wanted = words.integers(bindparam("ids", required=False, type_=Text())).table_valued(column("value", BigInteger()))
    return _details(layer).where(layer.c.id.in_(select(wanted.c.value)))


def _details(layer: Layer) -> Select[Any]:
    c = layer.c
    geometry = null() if layer.points else words.as_wkb(c.geometry)
    return layer.select(c.id, c.west, c.south, c.east, c.north, geometry, *(value for _, value in layer.attributes))
