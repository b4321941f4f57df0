"""What one caller sees of a dataset: its description, the fields they may read, and what they may do with it.

Kept in the process for at most a second per what a caller may see, and dropped at once by news of this process; the
records themselves are never kept, and whoever reads them asks again whether the dataset is still shared alike.
"""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import anyio.to_thread
from sqlalchemy import select
from sqlalchemy.orm import Session

from dothi.datasets import schema as schemas
from dothi.datasets.news import DatasetChanged
from dothi.datasets.schema import Field
from dothi.datasets.tables import Dataset
from dothi.db import session as db
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import bus
from dothi.kit.errors import NotFound
from dothi.kit.text import fold, sort_key

FORMER = "_former"  # under Dataset.properties: fields the schema once had, with `personal` and `open` as they were
SECONDS = 1.0
_KEPT = 4000
_PERMISSIONS = ("data:read", "data:write", "data:describe", "data:approve")


@dataclass(frozen=True, slots=True)
class View:
    """A dataset as one caller sees it. Times in µs UTC; bbox west, south, east, north in degrees.

    fields: those the caller may see; hidden: the names that are absent for them; schema: of the visible fields only.
    writes, describes, approves: what the caller may do. restricted: whether they see fields with `x-open: false`.
    """

    id: int
    code: str
    title: str
    title_en: str | None = None
    description: str = ""
    description_en: str | None = None
    agency_id: int | None = None
    sharing: str = "restricted"
    status: str = "draft"
    geometry_type: str | None = None
    crs: str | None = None
    key_field: str | None = None
    licence: str | None = None
    frequency: str | None = None
    contact: dict[str, Any] | None = None
    keywords: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    sector: str | None = None
    source: str | None = None
    source_url: str | None = None
    quality: str | None = None
    style: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    simulated: bool = False
    created_at: int = 0
    described_at: int = 0
    changed_at: int | None = None
    count: int = 0
    version: int = 0
    bbox: tuple[float, float, float, float] | None = None
    valid_from: int | None = None
    valid_until: int | None = None
    fields: tuple[Field, ...] = ()
    hidden: tuple[str, ...] = ()
    writes: bool = False
    describes: bool = False
    approves: bool = False
    restricted: bool = False
    schema: dict[str, Any] = field(default_factory=dict)
    folded: str = ""

    def called(self, language: str) -> str:
        """The title in a language."""
        return (self.title_en if language == "en" else None) or self.title

    def field(self, name: str) -> Field | None:
        """The visible field of a name."""
        return next((one for one in self.fields if one.name == name), None)


Key = tuple[Any, ...]
_lock = threading.Lock()
_views: OrderedDict[Key, tuple[float, View | None]] = OrderedDict()
_lists: OrderedDict[Key, tuple[float, tuple[View, ...]]] = OrderedDict()
_turn = 0  # of forgetting: what was read before it is not kept after it


def view(caller: Caller, code: str) -> View:
    """A dataset by its code, as the caller sees it; NotFound, worded alike, where there is none they may see."""
    key = _key(caller, code)
    found, known = _kept(_views, key)
    if not found:
        turn = _turn
        with db.reading() as session:
            known = read(session, caller, code)
        _keep(_views, key, known, turn)
    return _or_not(known, code)


async def aview(caller: Caller, code: str) -> View:
    """The same without holding up the event loop."""
    found, known = _kept(_views, _key(caller, code))
    if found:
        return _or_not(known, code)
    return await anyio.to_thread.run_sync(view, caller, code)


def views(caller: Caller, q: str | None = None, **facets: Any) -> list[View]:
    """The datasets the caller sees, in title order.

    q: words that must all occur, with or without diacritics. facets: equal to an attribute of View (a collection: one
    of them); `themes`/`theme` and `keywords`/`keyword` hold when the dataset has one of them.
    """
    key = _key(caller, None)
    found, known = _kept(_lists, key)
    if not found or known is None:
        turn = _turn
        with db.reading() as session:
            known = tuple(read_all(session, caller))
        _keep(_lists, key, known, turn)
    words = fold(q).split() if q else []
    wanted = {name: value for name, value in facets.items() if value is not None}
    return [
        one
        for one in known
        if all(word in one.folded for word in words)
        and all(_matches(one, name, value) for name, value in wanted.items())
    ]


def read(session: Session, caller: Caller, code: str) -> View | None:
    """The view as the session's transaction sees it, past what is kept; None where there is none they may see."""
    query = select(Dataset).where(Dataset.code == code, guard.visible(caller, Dataset, permission="data:read"))
    found = None if "\0" in code else session.scalars(query).first()
    return None if found is None else made(found, caller)


def read_all(session: Session, caller: Caller) -> list[View]:
    """Every view the caller sees, in title order."""
    query = select(Dataset).where(guard.visible(caller, Dataset, permission="data:read"))
    return sorted(
        (made(one, caller) for one in session.scalars(query)), key=lambda one: (sort_key(one.title), one.code)
    )


def made(one: Dataset, caller: Caller, *, personal: bool = False) -> View:
    """The view of a dataset a caller may see. personal: with the fields that are otherwise masked."""
    reads = _holds(caller, "data:read", one)
    seen: list[Field] = []
    hidden: list[str] = []
    for each in schemas.fields(one.schema):
        if (each.personal and not personal) or not (each.open or reads):
            hidden.append(each.name)
        else:
            seen.append(each)
    extra = dict(one.properties or {})
    hidden += extra.pop(FORMER, {})  # earlier versions may still hold them
    sides = (one.west, one.south, one.east, one.north)
    return View(
        id=one.id, code=one.code, title=one.title, title_en=one.title_en, description=one.description,
        description_en=one.description_en, agency_id=one.agency_id, sharing=one.sharing, status=one.status,
        geometry_type=one.geometry_type, crs=one.crs, key_field=one.key_field, licence=one.licence,
        frequency=one.frequency, contact=one.contact, keywords=tuple(map(str, one.keywords or ())),
        themes=tuple(map(str, one.themes or ())), sector=one.sector, source=one.source, source_url=one.source_url,
        quality=one.quality, style=_style(one.style, hidden), properties=extra or None, simulated=one.simulated,
        created_at=one.created_at, described_at=one.described_at, changed_at=one.changed_at, count=one.count,
        version=one.version, bbox=None if None in sides else sides,  # type: ignore[arg-type]
        valid_from=one.valid_from, valid_until=one.valid_until, fields=tuple(seen), hidden=tuple(hidden),
        writes=_holds(caller, "data:write", one), describes=_holds(caller, "data:describe", one),
        approves=_holds(caller, "data:approve", one), restricted=reads,
        schema=schemas.trimmed(one.schema, [each.name for each in seen]), folded=one.folded,
    )  # fmt: skip


def forget(_: object = None, __: DatasetChanged | None = None) -> None:
    """Keep nothing."""
    global _turn
    with _lock:
        _turn += 1
        _views.clear()
        _lists.clear()


bus.hears(DatasetChanged)(forget)


def _holds(caller: Caller, permission: str, one: Dataset) -> bool:
    return guard.may(caller, permission, one.agency_id, one.code)


def _style(style: dict[str, Any] | None, hidden: Iterable[str]) -> dict[str, Any] | None:
    """A style that reads a hidden field would tell its name."""
    text = json.dumps(style, ensure_ascii=False) if style else ""
    return None if any(json.dumps(name, ensure_ascii=False) in text for name in hidden) else style


def _matches(one: View, name: str, value: Any) -> bool:
    wanted = set(value) if isinstance(value, list | tuple | set | frozenset) else {value}
    if name in ("theme", "themes", "keyword", "keywords"):
        return not wanted.isdisjoint(one.themes if name.startswith("theme") else one.keywords)
    return getattr(one, name) in wanted


def _or_not(known: View | None, code: str) -> View:
    if known is None:
        raise NotFound(f"there is no dataset {code[:80]!r}, or you may not see it")
    return known


def _key(caller: Caller, code: str | None) -> Key:
    return id(db.engine()), code, _sights(caller)


@lru_cache(maxsize=1024)
def _sights(caller: Caller) -> tuple[object, ...]:
    return tuple(_sight(caller, one) for one in _PERMISSIONS)


def _sight(caller: Caller, permission: str) -> object:
    """Where the caller holds a permission; callers who hold it alike see alike."""
    if permission in caller.everywhere:
        return True
    return (
        frozenset(agency for held, agency in caller.within if held == permission),
        frozenset(code for held, code in caller.datasets if held == permission),
    )


def _kept(kept: OrderedDict[Key, tuple[float, Any]], key: Key) -> tuple[bool, Any]:
    found = kept.get(key)
    if found is None or found[0] < time.monotonic():
        return False, None
    return True, found[1]


def _keep(kept: OrderedDict[Key, tuple[float, Any]], key: Key, known: Any, turn: int) -> None:
    with _lock:
        if turn != _turn:
            return
        kept[key] = (time.monotonic() + SECONDS, known)
        kept.move_to_end(key)
        while len(kept) > _KEPT:
            kept.popitem(last=False)
