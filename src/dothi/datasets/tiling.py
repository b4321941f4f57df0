"""Vector tiles of a collection: what is asked of them, at which version they stand, made once and kept while they hold.

Every request asks the database anew whether the caller may see the dataset, by which description, and at which version
it stands; requests that wait at the same time ask together. Where the dataset has not changed since the kept tile was
found good, it is good still; where it has, `stamps` says whether it changed there. What is kept is never older than
the last write before the request, whichever process wrote.
"""

import asyncio
import gzip
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, select

from dothi import __version__
from dothi.config import settings
from dothi.datasets import cql2, cutting, reading, stamps, styles
from dothi.datasets.reading import Asked, Virtual
from dothi.datasets.tables import Dataset
from dothi.datasets.views import View
from dothi.db import hot
from dothi.db import tiling as spelled
from dothi.identity import guard
from dothi.kit.errors import BadInput, Fault

LAST_ZOOM = 24  # of the tile matrix set served
BEST_ZOOM = 16  # a unit is 15 cm wide there; clients enlarge its tiles
_KEPT = 1024  # plans
_EACH = 200  # bytes a kept tile costs besides its body


class Stale(Exception):
    """The description changed, or the caller sees the dataset no more: look again."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile: its body (empty where there is nothing, or the caller holds it), packed with gzip or not, and its tag."""

    body: bytes
    packed: bool
    etag: str
    held: bool = False


@dataclass
class Plan:
    """How the tiles of one request are made, for every address.

    names: attributes, in order, with their kinds. public: everybody would get the same. signature: what the tiles
    depend on besides version and address.
    """

    view: View
    asked: Asked
    names: tuple[tuple[str, str], ...]
    layer: spelled.Layer
    public: bool
    signature: str
    binds: dict[str, Any]
    gate: Select[Any]
    statements: dict[tuple[str, int], hot.Statement] = field(default_factory=dict)
    asking: asyncio.Task[int] | None = None
    waiting: asyncio.Task[int] | None = None


@dataclass(slots=True)
class _Kept:
    version: int  # of the dataset when the tile last changed
    checked: int  # of the dataset when that was last seen to be so
    plain: bytes | None
    packed: bytes | None
    crowded: bool

    @property
    def size(self) -> int:
        return _EACH + len(self.plain or b"") + len(self.packed or b"")


_plans: OrderedDict[Any, Plan] = OrderedDict()
_tiles: OrderedDict[Any, _Kept] = OrderedDict()
_size = 0
_making: dict[Any, asyncio.Task[_Kept]] = {}


def known(caller: guard.Caller, view: View, query: bytes) -> Plan | None:
    """The plan kept for a request, if there is one."""
    return _plans.get(_name(caller, view, query))


def plan(caller: guard.Caller, view: View, asked: Asked, query: bytes) -> Plan:
    """The plan of a request for tiles; `query` is the text `asked` was read from.

    Raises BadInput for a property or filter that is none, NotFound never: a view is one the caller may see.
    """
    made = _plan(caller, view, asked, query)
    _plans[_name(caller, view, query)] = made
    if len(_plans) > _KEPT:
        _plans.popitem(last=False)
    return made


def _name(caller: guard.Caller, view: View, query: bytes) -> Any:
    sight = guard.sight(caller) if isinstance(view, Virtual) else guard.sight(caller, "data:read")
    return hot.identity(), view.code, view.id, view.described_at, view.hidden, sight, query


def attributes(view: View, wanted: Sequence[str] | None) -> tuple[tuple[str, str], ...]:
    """The attributes of tiles and their kinds: the key and the name, then what is asked for or else what is styled."""
    fields = {one.name: one for one in view.fields}
    if wanted is not None:
        faults = [Fault("properties", f"no property {n[:80]!r}", ", ".join(fields)) for n in wanted if n not in fields]
        if faults:
            raise BadInput("; ".join(str(fault) for fault in faults), faults)
    chosen = dict.fromkeys(one.name for one in view.fields if one.role == "name")
    chosen |= dict.fromkeys(styles.used(view) if wanted is None else wanted)
    own = key_name(view)
    return ((own, "string"), *((name, fields[name].kind) for name in chosen if name != own))


def key_name(view: View) -> str:
    """The attribute that holds a record's key: `key`, or `_key` where the dataset has a field `key` of its own."""
    return "_key" if any(one.name == "key" and one.name != view.key_field for one in view.fields) else "key"


def _plan(caller: guard.Caller, view: View, asked: Asked, query: bytes) -> Plan:
    rows = reading.rows(view, asked.as_of, checked=True)
    names = attributes(view, asked.properties)
    clauses = (*rows.clauses, *reading.clauses(rows, view, asked))
    columns = [(names[0][0], rows.c.key)]
    columns += [(name, _value(rows, name, kind)) for name, kind in names[1:]]
    points = view.geometry_type == "Point"
    dataset_id = rows.dataset_id if rows.indexed else None
    layer = spelled.Layer(
        view.code, rows.c, rows.source, clauses, tuple(columns), points, dataset_id, settings().tile_features
    )
    used = {name for name, _ in names[1:]}.union(*(cql2.queried(where) for where in reading.wheres(asked)))
    plain = {one.name for one in view.fields if one.open and not one.personal}
    shared = {"geometry", "id", reading.PLACE}
    public = view.sharing == "open" and view.status == "published" and used <= plain | shared
    told = Dataset.__table__.alias("d")
    gate = select(told.c.version).where(
        told.c.id == literal_column(str(view.id)),
        told.c.described_at == literal_column(str(view.described_at)),
        guard.visible(caller, told.c, "data:read"),
    )
    narrowing = [part for part in query.split(b"&") if part.startswith((b"filter", b"datetime", b"as-of"))]
    about = (__version__, view.code, view.created_at, view.described_at, names, narrowing, settings().tile_features)
    signature = hashlib.blake2b(repr(about).encode(), digest_size=9).hexdigest()
    public = public and not isinstance(view, Virtual)
    return Plan(view, asked, names, layer, public, signature, reading.binds(asked), gate)


def _value(rows: reading.Rows, name: str, kind: str) -> ColumnElement[Any]:
    if name in rows.plain:
        return rows.plain[name]
    key = reading.constant(name)
    if kind in ("number", "integer"):
        return spelled.tile_number(rows.c.properties, key)
    if kind == "boolean":
        return spelled.tile_truth(rows.c.properties, key)
    return spelled.tile_text(rows.c.properties, key)


async def tile(plan: Plan, z: int, x: int, y: int, *, packed: bool, known: str | None = None) -> Tile:
    """The tile as it stands.

    packed: whether the caller takes gzip. known: the If-None-Match the caller sent. Raises Stale where the dataset is
    described otherwise by now, or is not one the caller may see.
    """
    if isinstance(plan.view, Virtual):  # nobody stamps these
        body, _ = await _make(plan, z, x, y, crowded=False)
        return _told(f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"', known, body)
    key = (hot.identity(), plan.signature, z, x, y)
    kept = _tiles.get(key)
    stands: int | None = None
    if kept is not None:
        if await _asked(plan) == kept.checked:
            stands = kept.version
        else:
            checked, stands = await _version(plan, z, x, y)
            if stands == kept.version:
                kept.checked = checked
    elif known is not None:
        _, stands = await _version(plan, z, x, y)
    if stands is not None and _holds(known, etag := f'W/"{plan.signature}-{stands}"'):
        return Tile(b"", packed=False, etag=etag, held=True)
    if kept is None or kept.version != stands:
        kept = await _once(plan, key, crowded=kept is not None and kept.crowded)
    elif key in _tiles:
        _tiles.move_to_end(key)
    etag = f'W/"{plan.signature}-{kept.version}"'
    if _holds(known, etag):
        return Tile(b"", packed=False, etag=etag, held=True)
    ready = kept.packed if packed else kept.plain
    body = _converted(key, kept, packed=packed) if ready is None else ready
    return Tile(body, packed=packed and bool(body), etag=etag)


def _told(etag: str, known: str | None, body: bytes) -> Tile:
    held = _holds(known, etag)
    return Tile(b"" if held else body, packed=False, etag=etag, held=held)


async def _asked(plan: Plan) -> int:
    """The version of the dataset, asked after now: together with whoever waits for the question before to be answered."""
    if not spelled.cuts():
        return await _gate(plan)
    if plan.asking is None or plan.asking.done() or plan.asking.get_loop() is not asyncio.get_running_loop():
        plan.asking, plan.waiting = asyncio.create_task(_gate(plan)), None
        return await asyncio.shield(plan.asking)
    if plan.waiting is None:
        plan.waiting = asyncio.create_task(_next(plan, plan.asking))
    return await asyncio.shield(plan.waiting)


async def _next(plan: Plan, before: asyncio.Task[int]) -> int:
    await asyncio.wait([before])
    plan.asking, plan.waiting = plan.waiting, None
    return await _gate(plan)


async def _gate(plan: Plan) -> int:
    statement = plan.statements.get(("gate", 0))
    if statement is None:
        statement = plan.statements["gate", 0] = hot.compiled(plan.gate)
    return int((await _rows(statement, {}))[0])


async def _version(plan: Plan, z: int, x: int, y: int) -> tuple[int, int]:
    """The version of the dataset, and the one at which the tile last changed."""
    statement = plan.statements.get(("version", z))
    if statement is None:
        query = plan.gate.add_columns(stamps.of_tile(plan.view.id, z).scalar_subquery())
        statement = plan.statements["version", z] = hot.compiled(query)
    row = await _rows(statement, {"x": x, "y": y})
    return int(row[0]), int(row[1])


async def _rows(statement: hot.Statement, binds: dict[str, Any]) -> Sequence[Any]:
    found = await hot.fetch(statement, binds, short=True)
    if not found:
        raise Stale
    return found[0]


def _holds(known: str | None, etag: str) -> bool:
    return known is not None and (
        known == etag or known.strip() == "*" or etag in (one.strip() for one in known.split(","))
    )


async def _once(plan: Plan, key: Any, *, crowded: bool) -> _Kept:
    """Make a tile; who asks for the same one meanwhile waits for it, if it turns out new enough."""
    own = (*key, id(asyncio.get_running_loop()))
    task = _making.get(own)
    if task is not None:
        _, stands = await _version(plan, *key[2:])
        kept = await asyncio.shield(task)
        if kept.version >= stands:
            return kept
    task = _making[own] = asyncio.create_task(_kept(plan, key, crowded=crowded))
    task.add_done_callback(lambda done: _making.pop(own, None) if _making.get(own) is done else None)
    return await asyncio.shield(task)


async def _kept(plan: Plan, key: Any, *, crowded: bool) -> _Kept:
    z, x, y = key[2:]
    if spelled.cuts() and not crowded:
        binds = plan.binds | spelled.binds(z, x, y)
        found = await hot.fetch(_statement(plan, "first", z), binds, short=plan.asked.as_of is None)
        if not found:
            raise Stale
        checked, version, body, number, small = found[0]
        was = number > plan.layer.most or bool(small)
        if was:
            body, _ = await _make(plan, z, x, y, crowded=True)
    else:
        checked, version = await _version(plan, z, x, y)
        body, was = await _make(plan, z, x, y, crowded=crowded)
    body = bytes(body or b"")
    kept = _Kept(int(version), int(checked), body, None if body else b"", was)
    before = _tiles.get(key)
    if before is None or before.version <= kept.version:
        _keep(key, kept)
    return kept


def _keep(key: Any, kept: _Kept) -> None:
    global _size
    before = _tiles.pop(key, None)
    _size += kept.size - (before.size if before is not None else 0)
    _tiles[key] = kept
    _shrink()


def _shrink() -> None:
    global _size
    most = settings().tile_cache
    while _size > most and _tiles:
        _size -= _tiles.popitem(last=False)[1].size


def _converted(key: Any, kept: _Kept, *, packed: bool) -> bytes:
    """The body in the other form; only the one that was asked for last is kept."""
    global _size
    before = kept.size
    if packed:
        body = kept.packed = gzip.compress(kept.plain or b"", 1, mtime=0)
        kept.plain = None
    else:
        body = kept.plain = gzip.decompress(kept.packed or b"")
        kept.packed = None
    if _tiles.get(key) is kept:
        _size += kept.size - before
        _shrink()
    return body


async def _make(plan: Plan, z: int, x: int, y: int, *, crowded: bool) -> tuple[bytes, bool]:
    """The bytes of a tile, and whether it holds more than can be drawn one by one."""
    binds = plan.binds | spelled.binds(z, x, y)
    if not spelled.cuts():
        return await _cut(plan, (z, x, y), binds)
    if not crowded:
        body, number, small = (await hot.fetch(_statement(plan, "tile", z), binds))[0]
        if number <= plan.layer.most and not small:
            return bytes(body or b""), False
    body = (await hot.fetch(_statement(plan, "gathered", z), binds))[0][0]
    return bytes(body or b""), True


async def _cut(plan: Plan, tile: tuple[int, int, int], binds: dict[str, Any]) -> tuple[bytes, bool]:
    z = tile[0]
    rows = await hot.fetch(_statement(plan, "rows", z), binds)
    if not await asyncio.to_thread(cutting.crowded, rows, plan.layer.most, *tile):
        return await asyncio.to_thread(cutting.cut, plan.layer.name, rows, plan.names, tile), False
    boxes = await hot.fetch(_statement(plan, "boxes", z), binds)
    choice = await asyncio.to_thread(cutting.choose, boxes, plan.layer.most, *tile)
    ids = json.dumps(choice.drawn.tolist() + choice.alone.tolist())
    rows = await hot.fetch(_statement(plan, "chosen", z), binds | {"ids": ids})
    return await asyncio.to_thread(cutting.cut, plan.layer.name, rows, plan.names, tile, choice), True


def _statement(plan: Plan, kind: str, z: int) -> hot.Statement:
    found = plan.statements.get((kind, z))
    if found is None:
        layer = plan.layer
        query: dict[str, Callable[[], Select[Any]]] = {
            "first": lambda: _first(plan, z),
            "tile": lambda: spelled.tile(layer, z),
            "gathered": lambda: spelled.gathered(layer, z),
            "rows": lambda: spelled.rows(layer),
            "boxes": lambda: spelled.boxes(layer),
            "chosen": lambda: spelled.chosen(layer),
        }
        found = plan.statements[kind, z] = hot.compiled(query[kind]())
    return found


def _first(plan: Plan, z: int) -> Select[Any]:
    """Version of the dataset, version of the tile, and the tile: of one moment."""
    cut = spelled.tile(plan.layer, z).subquery("cut")
    query = plan.gate.add_columns(stamps.of_tile(plan.view.id, z).scalar_subquery(), *cut.c)
    return query.select_from(cut)


def forget() -> None:
    """Drop every plan and tile kept."""
    global _size
    _plans.clear()
    _tiles.clear()
    _making.clear()
    _size = 0
