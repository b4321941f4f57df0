"""What the pages ask of the database themselves: which communes a dataset reaches, and other portals' datasets."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, literal_column, not_, or_, select
from sqlalchemy.orm import Session

from dothi.datasets import reading
from dothi.datasets.describe import is_web
from dothi.datasets.schema import Field
from dothi.datasets.tables import Dataset, Harvest, HarvestedDataset, Record
from dothi.datasets.views import View
from dothi.db import words
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.kit import clock
from dothi.kit.text import fold
from dothi.places.cities import Lens
from dothi.screens import words as common
from dothi.screens.catalogue.finding import Listed, searched
from dothi.screens.catalogue.labels import licence as licence_name

_LOCK = threading.Lock()
_KEPT = 5000
_Held = tuple[int, int, int]
_places: OrderedDict[_Held, frozenset[str]] = OrderedDict()  # communes of a dataset (number, when made) at a version


def places_of(session: Session, seen: Sequence[View]) -> dict[int, frozenset[str]]:
    """The communes each dataset has records in, by dataset id; asked again only of datasets that changed."""
    found: dict[int, frozenset[str]] = {}
    for one in seen:
        if not one.count:
            continue
        key = (one.id, one.created_at, one.version)
        held = _places.get(key)
        if held is None:
            query = select(Record.unit_code).where(Record.dataset_id == one.id, Record.unit_code.is_not(None))
            held = frozenset(code for code in session.scalars(query.distinct()) if code)
            with _LOCK:
                _places[key] = held
                while len(_places) > _KEPT:
                    _places.popitem(last=False)
        found[one.id] = held
    return found


def counts_in(session: Session, seen: Sequence[View], city: Lens) -> dict[int, int]:
    """How many records of each dataset lie in a city, or nowhere, by dataset id."""
    ids = [one.id for one in seen if one.count]
    here = city.clause(Record.unit_code, Record.west, Record.south, Record.east, Record.north)
    query = select(Record.dataset_id, func.count()).where(Record.dataset_id.in_(ids), here)
    return {id_: int(count) for id_, count in session.execute(query.group_by(Record.dataset_id))}


def harvested(session: Session, caller: Caller) -> list[Listed]:
    """The datasets of other portals, as open as they are there, without those that repeat one of ours the caller sees."""
    unseen = select(Dataset.id).where(
        Dataset.code == HarvestedDataset.same_as, not_(guard.visible(caller, Dataset, permission="data:read"))
    )
    query = (
        select(HarvestedDataset, Harvest.title, Harvest.url)
        .join(Harvest, Harvest.id == HarvestedDataset.harvest_id)
        .where(Harvest.active, or_(HarvestedDataset.same_as.is_(None), unseen.exists()))
        .order_by(HarvestedDataset.id)
    )
    return [_harvested(one, portal) for one, portal, _ in session.execute(query)]


def _harvested(one: HarvestedDataset, portal: str) -> Listed:
    meta = one.metadata_
    name = _publisher(meta)
    formats = tuple(dict.fromkeys(str(d.get("format") or "").lower() for d in _list(meta, "distributions") if d))
    return Listed(
        one.code, f"/catalogue/{one.code}", one.title, one.description, None, name or portal, "open",
        _text(meta, "licence"), tuple(str(t) for t in _list(meta, "themes")), tuple(f for f in formats if f),
        frozenset(), None, one.modified_at, None, False, portal,
        searched(one.code, one.title, one.description, name, portal, fold(one.folded or "")),
    )  # fmt: skip


def _list(meta: dict[str, object], name: str) -> list[dict[str, object]]:
    found = meta.get(name)
    return found if isinstance(found, list) else []


def _text(meta: dict[str, object], name: str) -> str | None:
    found = meta.get(name)
    return found if isinstance(found, str) else None


TOP = 6
_VIETNAM = 7 * clock.HOUR
_MONTHLY = 3  # years a histogram of days may span before it counts years


@dataclass(frozen=True, slots=True)
class Spread:
    """How a field's values are spread. width: of a bin of numbers; None: bins are years or months, as text."""

    filled: int
    empty: int
    low: Any = None
    high: Any = None
    mean: float | None = None
    distinct: int | None = None
    top: Sequence[tuple[Any, int]] = ()
    bins: Sequence[tuple[Any, int]] = ()
    width: float | None = None


def spread(
    session: Session, view: View, field: Field, bins: Callable[..., tuple[float, float]] | None
) -> Spread:  # fmt: skip
    """The spread of one field the view shows. bins: (low, high, whole=) to start and width of round bins; None: no bins."""
    rows = reading.rows(view)
    value, kind = reading.column(rows, view, field.name)
    if kind in ("number", "integer") and bins is not None:
        query = rows.select(func.count(), func.count(value), func.min(value), func.max(value), func.avg(value))
        all_, filled, low, high, mean = session.execute(query).one()
        if not filled:
            return Spread(0, all_)
        start, width = bins(low, high, whole=kind == "integer")
        place = words.floored((value - start) / width)
        counted = session.execute(rows.select(place, func.count()).where(value.is_not(None)).group_by(place))
        found = {int(at): n for at, n in counted}
        made = [(start + i * width, found.get(i, 0)) for i in range(max(found) + 1)]
        return Spread(filled, all_ - filled, low, high, float(mean), bins=made, width=width)
    if kind in ("date", "date-time"):
        query = rows.select(func.count(), func.count(value), func.min(value), func.max(value))
        all_, filled, low, high = session.execute(query).one()
        if not filled:
            return Spread(0, all_)
        if kind == "date-time":  # kept as microseconds: counted by the day it is in Vietnam
            low, high = (clock.iso(at) for at in (low, high))
            value = words.instant_text(value + _VIETNAM, literal_column("'%Y-%m-%d'"), literal_column("'YYYY-MM-DD'"))
        long = 4 if int(high[:4]) - int(low[:4]) > _MONTHLY else 7
        part = func.substr(value, 1, long)
        counted = session.execute(rows.select(part, func.count()).where(value.is_not(None)).group_by(part))
        days = {str(text): int(n) for text, n in counted}
        return Spread(filled, all_ - filled, low, high, bins=_between(days, long))
    all_, filled, distinct = session.execute(
        rows.select(func.count(), func.count(value), func.count(value.distinct()))
    ).one()
    top = session.execute(
        rows.select(value, func.count().label("n"))
        .where(value.is_not(None)).group_by(value).order_by(func.count().desc(), value).limit(TOP)
    ).all()  # fmt: skip
    pairs = [(bool(v) if kind == "boolean" else v, n) for v, n in top]
    return Spread(filled, all_ - filled, distinct=distinct, top=pairs)


def _between(found: dict[str, int], long: int) -> list[tuple[str, int]]:
    """Years or months with the empty ones between them."""
    if not found or len(found) > 200:
        return sorted(found.items())
    first, last = min(found), max(found)
    if long == 4:
        return [(f"{y:04d}", found.get(f"{y:04d}", 0)) for y in range(int(first), int(last) + 1)]
    start, end = (int(text[:4]) * 12 + int(text[5:7]) - 1 for text in (first, last))
    names = [f"{m // 12:04d}-{m % 12 + 1:02d}" for m in range(start, end + 1)]
    return [(name, found.get(name, 0)) for name in names]


def usual_size(session: Session, view: View) -> tuple[float, float]:
    """Bytes of a record's geometry and of its properties as JSON, the mean of some hundred records."""
    rows = reading.rows(view)
    some = (
        rows.select(
            func.length(func.coalesce(rows.c.geojson, "")).label("shape"),
            func.length(reading.properties_text(rows, view)).label("text"),
        )
        .limit(300)
        .subquery()
    )
    shape, text = session.execute(select(func.avg(some.c.shape), func.avg(some.c.text))).one()
    return float(shape or 0), float(text or 0)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A dataset another portal keeps, as its page shows it. files: name, format, address."""

    code: str
    title: str
    description: str
    portal: str
    publisher: str
    licence: str
    landing: str
    files: Sequence[tuple[str, str, str]]
    seen: str


def foreign(session: Session, code: str) -> Foreign | None:
    """The harvested dataset of a code; None for none, or one whose portal is no longer harvested."""
    row = session.execute(
        select(HarvestedDataset, Harvest.title)
        .join(Harvest, Harvest.id == HarvestedDataset.harvest_id)
        .where(HarvestedDataset.code == code, Harvest.active)
    ).first()
    if row is None:
        return None
    one, portal = row
    meta = one.metadata_
    landing = next((u for name in ("landing", "url", "page") if is_web(u := meta.get(name))), "")
    files = []
    for each in _list(meta, "distributions"):
        address = next((u for name in ("download", "url", "access") if is_web(u := each.get(name))), None)
        if address:
            form = str(each.get("format") or "")
            files.append((str(each.get("title") or form or address), form.upper(), str(address)))
    return Foreign(
        one.code, one.title, one.description, portal, _publisher(meta), licence_name(_text(meta, "licence")),
        str(landing), files, common.day(one.seen_at),
    )  # fmt: skip


def _publisher(meta: dict[str, Any]) -> str:
    publisher = meta.get("publisher")
    return str(publisher.get("name") or "") if isinstance(publisher, dict) else str(publisher or "")
