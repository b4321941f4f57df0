"""Requests for pages and single items as compiled statements, kept for the next time.

A page is one statement: the dataset's row, if the caller may see it, beside the page's features as one text. A
description that changed meanwhile shows in `described_at`, so that nothing goes out by an older schema.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from sqlalchemy import Select, Text, bindparam, func, literal_column, select

from dothi.datasets import reading
from dothi.datasets.reading import Asked, Virtual
from dothi.datasets.tables import Dataset
from dothi.datasets.views import View
from dothi.db import features as spelled
from dothi.db import hot, words
from dothi.doors.features import asked as asking
from dothi.doors.features.asked import Wanted
from dothi.identity import guard

BETWEEN = b",\n"  # of features: the databases write JSON without line breaks
_KEPT = 2048
_SHORT_PAGE = 1000  # rows
_SHORT_BOX = 4000  # records expected in a box
T = TypeVar("T")


class Kept(OrderedDict[Hashable, T]):
    """What was made lately, the oldest forgotten."""

    def keep(self, key: Hashable, value: T) -> T:
        """Remember one more."""
        self[key] = value
        if len(self) > _KEPT:
            self.popitem(last=False)
        return value


@dataclass(frozen=True, slots=True)
class Page:
    """A request for a page, ready to run. statement gives version, described_at, count, features, cursors, rows."""

    wanted: Wanted
    statement: hot.Statement
    count: hot.Statement | None
    binds: dict[str, Any]
    short: bool
    bare: bool  # nothing narrows the collection
    shape: Hashable
    links: dict[str, str] = field(default_factory=dict)  # those that are always the same, by base address, as JSON


@dataclass(frozen=True, slots=True)
class Item:
    """A request for single items of a collection. statement gives version, described_at, the feature, recorded_at."""

    wanted: Wanted
    statement: hot.Statement
    shape: Hashable


_pages: Kept[Page] = Kept()
_items: Kept[Item] = Kept()
_statements: Kept[tuple[hot.Statement, hot.Statement | None]] = Kept()
_gates: Kept[hot.Statement] = Kept()


def name_of(caller: guard.Caller, view: View) -> Hashable:
    """What the statements and answers of a view depend on besides the request."""
    many = view.count > reading.GATHERED
    sight = guard.sight(caller) if isinstance(view, Virtual) else guard.sight(caller, "data:read")
    return (view.code, view.id, view.described_at, view.hidden, many, sight)


def page(caller: guard.Caller, view: View, query: bytes) -> Page:
    """The prepared request of a query; all its faults are raised at once."""
    key = (hot.identity(), name_of(caller, view), query)
    found = _pages.get(key)
    return found if found is not None else _pages.keep(key, _page(caller, view, query))


def _page(caller: guard.Caller, view: View, query: bytes) -> Page:
    wanted = asking.items(view, query)
    asked = wanted.asked
    fields = asking.simple(view)
    texts = tuple(pair for pair in wanted.pairs if pair[0].startswith("filter") or pair[0] in fields)
    box, interval, after = asked.bbox, asked.interval, asked.after
    shape = (
        None if box is None else box[0] > box[2],
        asked.outline is None,
        None if interval is None else (interval[0] is None, interval[1] is None),
        asked.as_of is None,
        texts,
        asked.q,
        asked.sort,
        asked.properties,
        None if after is None else tuple(value is not None for value in after),
        asked.geometry,
        wanted.hits,
    )
    key = (hot.identity(), name_of(caller, view), shape)
    statements = _statements.get(key)
    if statements is None:
        features = None if wanted.hits else hot.compiled(_features(caller, view, asked))
        count = hot.compiled(_counted(caller, view, asked)) if wanted.hits else None
        made = features if features is not None else count
        assert made is not None  # noqa: S101 - one of the two always is
        statements = _statements.keep(key, (made, count))
    narrowed = box or interval or asked.where or asked.q or asked.as_of is not None
    slow = interval or asked.where or asked.q or asked.sort or asked.as_of is not None or isinstance(view, Virtual)
    short = not slow and not wanted.hits and (asked.limit or 0) <= _SHORT_PAGE and _expected(view, box) <= _SHORT_BOX
    return Page(wanted, *statements, reading.binds(asked), short, not narrowed, query)


def _expected(view: View, box: reading.Box | None) -> float:
    """About how many records a box holds, were they spread evenly."""
    if box is None or view.bbox is None:
        return 0
    west, south, east, north = view.bbox
    wide = max(0.0, min(box[2], east) - max(box[0], west)) if box[0] <= box[2] else east - west
    high = max(0.0, min(box[3], north) - max(box[1], south))
    return float(view.count) * (wide / ((east - west) or 1)) * (high / ((north - south) or 1))


def _features(caller: guard.Caller, view: View, asked: Asked) -> Select[Any]:
    rows = reading.page(view, replace(asked, limit=asked.limit or 0), checked=True).subquery("p")
    # as bytes: half a megabyte of text would be decoded only to be encoded again
    features = spelled.utf8_of(words.joined(rows.c.feature, _constant(BETWEEN.decode()))).label("features")
    # in the order of ids the greatest of them is the last row's cursor
    last = words.joined(rows.c.cursor, _constant("\n")) if asked.sort else words.text_of(func.max(rows.c.cursor))
    cursors = last.label("cursors")
    gathered: Any = select(features, cursors, func.count().label("number")).select_from(rows)
    if isinstance(view, Virtual):
        nothing: Any = literal_column("NULL")
        return select(nothing, nothing, nothing, *gathered.subquery("g").c)
    told, inner = Dataset.__table__.alias("d"), gathered.subquery("g")
    seen = guard.visible(caller, told.c, "data:read")
    columns = (told.c.version, told.c.described_at, told.c.count)
    return (
        select(*columns, *inner.c)
        .select_from(told.join(inner, literal_column("1") == literal_column("1")))
        .where(told.c.id == view.id, seen)
    )


def _counted(caller: guard.Caller, view: View, asked: Asked) -> Select[Any]:
    number = reading.count_of(view, asked, checked=True)
    if isinstance(view, Virtual):
        nothing: Any = literal_column("NULL")
        return select(nothing, nothing, number.scalar_subquery())
    told = Dataset.__table__.alias("d")
    seen = guard.visible(caller, told.c, "data:read")
    return select(told.c.version, told.c.described_at, number.scalar_subquery()).where(told.c.id == view.id, seen)


def item(caller: guard.Caller, view: View, query: bytes) -> Item:
    """The prepared request for one item; its key is bound as `key`."""
    key = (hot.identity(), name_of(caller, view), query)
    found = _items.get(key)
    if found is not None:
        return found
    wanted = asking.item(view, query)
    asked = wanted.asked
    rows = reading.rows(view, asked.as_of, checked=True)
    feature = reading.feature_text(rows, view, asked.properties, geometry=asked.geometry)
    sought = rows.c.key == bindparam("key", None, Text())
    statement: Select[Any]
    if isinstance(view, Virtual):
        nothing: Any = literal_column("NULL")
        statement = rows.select(nothing, nothing, feature, nothing)
    else:
        told = Dataset.__table__.alias("d")
        seen = guard.visible(caller, told.c, "data:read")
        statement = rows.select(rows.c.version, told.c.described_at, feature, rows.c.recorded_at)
        statement = statement.join(told, told.c.id == view.id).where(seen)
    return _items.keep(key, Item(wanted, hot.compiled(statement.where(sought)), query))


def gate(caller: guard.Caller, view: View) -> hot.Statement:
    """The statement that says version, described_at and count of a dataset the caller may see."""
    key = (hot.identity(), view.id, guard.sight(caller, "data:read"))
    found = _gates.get(key)
    if found is None:
        told = Dataset.__table__.alias("d")
        seen = guard.visible(caller, told.c, "data:read")
        query = select(told.c.version, told.c.described_at, told.c.count).where(told.c.id == view.id, seen)
        found = _gates.keep(key, hot.compiled(query))
    return found


def _constant(text: str) -> Any:
    return literal_column("'" + text + "'", Text())
