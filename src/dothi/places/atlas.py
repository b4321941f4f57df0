"""The atlas: every unit of every time held in memory, so that a point or a typed name is found in microseconds.

It is made from the database on first use, and again when the stamp of places has changed since.
"""

import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from dothi.places import names, store

FOREVER = 2**62


@dataclass(frozen=True, slots=True)
class Row:
    """A unit without its geometry; instants in µs UTC, valid_to exclusive."""

    id: int
    code: str
    level: str
    kind: str
    name: str
    full_name: str
    full_name_en: str | None
    parent_code: str | None
    valid_from: int
    valid_to: int | None
    area_km2: float | None
    population: int | None
    lon: float | None
    lat: float | None
    approximate: bool
    source: str | None
    key: str  # names.key(name)
    full_key: str
    accents: str  # names.accent_key(name)
    full_accents: str

    def valid(self, at: int) -> bool:
        """Whether the unit stands at an instant."""
        return self.valid_from <= at and (self.valid_to is None or at < self.valid_to)


@dataclass(frozen=True, slots=True)
class AreaRow:
    """A named area without its geometry."""

    code: str
    kind: str
    name: str
    name_en: str | None
    units: tuple[str, ...]
    drawn: bool
    properties: dict[str, Any]
    valid_from: int | None
    valid_to: int | None
    approximate: bool
    key: str
    accents: str

    def valid(self, at: int) -> bool:
        """Whether the area stands at an instant."""
        return (self.valid_from is None or self.valid_from <= at) and (self.valid_to is None or at < self.valid_to)


@dataclass
class Level:
    """The geometry of one level's units, of all times, under one tree."""

    rows: list[Row]
    shapes: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    ends: np.ndarray[Any, Any]
    rank: np.ndarray[Any, Any]  # lowest wins where outlines overlap: official before sketch, then the smaller
    tree: shapely.STRtree


@dataclass
class Atlas:
    """Units by code, areas, and one tree per level, as they stood when the stamp had this value."""

    stamp: int | None
    rows: list[Row]
    areas: list[AreaRow]
    by_id: dict[int, Row] = field(default_factory=dict)
    by_code: dict[str, list[Row]] = field(default_factory=dict)
    breaks: list[int] = field(default_factory=list)
    levels: dict[str, Level] = field(default_factory=dict)
    making: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for row in self.rows:
            self.by_id[row.id] = row
            self.by_code.setdefault(row.code, []).append(row)
        instants = {row.valid_from for row in self.rows} | {
            row.valid_to for row in self.rows if row.valid_to is not None
        }
        for area in self.areas:
            instants |= {instant for instant in (area.valid_from, area.valid_to) if instant is not None}
        self.breaks = sorted(instants)

    def epoch(self, at: int) -> int:
        """The stretch of time an instant lies in, between two days on which anything changed."""
        return bisect_right(self.breaks, at)

    def bearing(self, code: str | None, at: int, level: str | None = None) -> Row | None:
        """The unit that bears a code at an instant."""
        for row in reversed(self.by_code.get(code, []) if code else []):
            if row.valid(at) and level in (None, row.level):
                return row
        return None

    def province(self, row: Row, at: int | None = None) -> Row | None:
        """The province a unit lies in, at an instant; None: as it last stood, or stands now."""
        when = at if at is not None else row.valid_from if row.valid_to is None else row.valid_to - 1
        seen: Row | None = row
        for _ in range(3):
            if seen is None or seen.level == "province":
                break
            seen = self.bearing(seen.parent_code, when)
        return seen if seen is not None and seen.level == "province" else None

    def level(self, session: Session, name: str) -> Level:
        """The tree of a level, made on first use."""
        with self.making:
            if name not in self.levels:
                self.levels[name] = self._make(session, name)
            return self.levels[name]

    def _make(self, session: Session, name: str) -> Level:
        found = [(self.by_id[r.id], r.geometry) for r in store.shapes(session, name) if r.id in self.by_id]
        shapes = shapely.from_wkb([wkb for _, wkb in found])
        shapely.prepare(shapes)
        rows = [row for row, _ in found]
        order = sorted(range(len(rows)), key=lambda i: (rows[i].approximate, shapes[i].area, rows[i].code))
        rank = np.empty(len(rows), np.int64)
        rank[order] = np.arange(len(rows))
        return Level(
            rows,
            shapes,
            np.array([row.valid_from for row in rows], np.int64),
            np.array([FOREVER if row.valid_to is None else row.valid_to for row in rows], np.int64),
            rank,
            shapely.STRtree(shapes),
        )


def locate(level: Level, lons: Sequence[float], lats: Sequence[float], at: int) -> list[Row | None]:
    """The unit each point lies in at an instant; a point on a border belongs to one of its units, always the same."""
    answer: list[Row | None] = [None] * len(lons)
    if not level.rows or not answer:
        return answer
    points = shapely.points(np.asarray(lons, float), np.asarray(lats, float))
    point, shape = level.tree.query(points, predicate="intersects")
    standing = (level.starts[shape] <= at) & (at < level.ends[shape])
    point, shape = point[standing], shape[standing]
    best: dict[int, int] = {}
    for p, s in zip(point.tolist(), shape.tolist(), strict=True):
        if p not in best or level.rank[s] < level.rank[best[p]]:
            best[p] = s
    for p, s in best.items():
        answer[p] = level.rows[s]
    return answer


_kept: dict[int, Atlas] = {}
_lock = threading.Lock()


def current(session: Session) -> Atlas:
    """The atlas as the session's transaction sees places now."""
    value = store.stamp(session)
    if value is not None:
        with _lock:
            kept = _kept.get(value)
        if kept is not None:
            return kept
    made = _read(session, value)
    if value is not None:
        with _lock:
            # a writer not yet committed and the readers beside it see different stamps: keep both
            while len(_kept) >= 2:
                del _kept[next(iter(_kept))]
            _kept[value] = made
    return made


def forget() -> None:
    """Drop what is held in memory."""
    with _lock:
        _kept.clear()


def _read(session: Session, value: int | None) -> Atlas:
    rows = [
        Row(
            **found._mapping,  # noqa: SLF001 - SQLAlchemy's public name for it
            key=names.key(found.name),
            full_key=names.key(found.full_name),
            accents=names.accent_key(found.name),
            full_accents=names.accent_key(found.full_name),
        )
        for found in store.slim_units(session)
    ]
    areas = [
        AreaRow(
            area.code,
            area.kind,
            area.name,
            area.name_en,
            tuple(str(unit) for unit in area.units or ()),
            area.geometry is not None,
            area.properties or {},
            area.valid_from,
            area.valid_to,
            area.approximate,
            names.key(area.name),
            names.accent_key(area.name),
        )
        for area in store.areas(session, shapes_too=True)
    ]
    return Atlas(value, rows, areas)
