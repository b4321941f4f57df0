"""Units as GeoJSON text, made once for each stretch of time and each detail, and kept until places change."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from sqlalchemy.orm import Session

from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.places import atlas as atlases
from dothi.places import base, store
from dothi.places.atlas import Atlas, Row

_MOST = 64
_DEGREE = 111_320  # metres of one degree of latitude


@dataclass(frozen=True)
class Text:
    """A body ready to send, and the tag that names it."""

    body: bytes
    etag: str


_kept: OrderedDict[tuple[object, ...], Text] = OrderedDict()
_lock = threading.Lock()


def forget() -> None:
    """Drop every text held."""
    with _lock:
        _kept.clear()


def kept(key: tuple[object, ...], make: Callable[[], bytes]) -> Text:
    """The text under a key, made if it is not there."""
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    body = make()
    text = Text(body, '"' + hashlib.sha256(body).hexdigest()[:24] + '"')
    with _lock:
        _kept[key] = text
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return text


def zoom_tolerance(zoom: float) -> float:
    """Metres of half a pixel of a 512-pixel tile at the equator: detail finer than that is not seen."""
    return 40_075_017 / 512 / 2**zoom / 2


def units(session: Session, level: str, parent: str | None, at: int, simplify: float) -> Text:
    """The units of a level that stand at an instant, as a FeatureCollection. simplify: tolerance in metres."""
    atlas = atlases.current(session)
    key = ("units", atlas.stamp, level, parent, atlas.epoch(at), round(simplify, 3))
    if atlas.stamp is None:
        forget()
    return kept(key, lambda: _collection(unit_features(session, atlas, level, at, simplify, parent=parent)))


def base_map(session: Session, area_code: str | None, at: int, simplify: float) -> Text:
    """The base features of an area (or all), the wards of its units, and the outline of Vietnam for the inset."""
    atlas = atlases.current(session)
    key = ("base", atlas.stamp, area_code, atlas.epoch(at), round(simplify, 3))
    if atlas.stamp is None:
        forget()

    def make() -> bytes:
        areas = [a for a in atlas.areas if a.valid(at) and a.units and area_code in (None, a.code)]
        codes = {code for area in areas for code in area.units}
        wards = unit_features(session, atlas, "commune", at, simplify, codes=codes) if codes else []
        for ward in wards:
            ward["properties"]["kind"] = "ward"
        drawn = [f for f in base.base_features(session) if area_code in (None, f["properties"]["area"])]
        if area_code is not None and not areas and not drawn:
            raise NotFound(f"no area with a base map has the code {area_code[:40]!r}")
        inset = [{**f, "properties": {**f["properties"], "inset": True}} for f in base.outline()["features"]]
        return _collection([*wards, *drawn, *inset])

    return kept(key, make)


def unit_features(
    session: Session, atlas: Atlas, level: str, at: int, simplify: float, *,
    parent: str | None = None, codes: set[str] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Units with an outline as GeoJSON features; borders between neighbours stay shared when simplified."""
    rows = [
        row for row in atlas.rows
        if row.level == level and row.valid(at) and parent in (None, row.parent_code) and (codes is None or row.code in codes)
    ]  # fmt: skip
    shapes = store.shapes_of(session, [row.id for row in rows])
    rows = [row for row in rows if row.id in shapes]
    outlines = shapely.from_wkb([shapes[row.id] for row in rows])
    if simplify > 0 and rows:
        outlines = _simplified(outlines, simplify)
    return [
        {"type": "Feature", "id": row.code, "geometry": _geometry(outline), "properties": properties(atlas, row, at)}
        for row, outline in zip(rows, outlines, strict=True)
    ]


def _simplified(outlines: Any, metres: float) -> Any:
    # outlines simplified one by one by their publisher no longer meet; they cannot be kept together, only small
    together = bool(shapely.coverage_is_valid(outlines))
    simplify = shapely.coverage_simplify if together else shapely.simplify
    simple = simplify(outlines, metres / _DEGREE)
    # a unit smaller than the tolerance would vanish, and a point in it show nothing
    return np.where(shapely.is_empty(simple), outlines, simple)


def _geometry(outline: Any) -> dict[str, Any]:
    rounded = shapely.transform(outline, lambda xy: np.round(xy, 6))  # 0.1 m
    return dict(shapely.geometry.mapping(rounded))


def properties(atlas: Atlas, row: Row, at: int | None = None) -> dict[str, Any]:
    """What interfaces say of a unit."""
    province = atlas.province(row, at)
    return {
        "code": row.code,
        "level": row.level,
        "kind": row.kind,
        "name": row.name,
        "fullName": row.full_name,
        "fullNameEn": row.full_name_en,
        "parent": row.parent_code,
        "province": province.full_name if province else None,
        "provinceCode": province.code if province else None,
        "areaKm2": row.area_km2,
        "population": row.population,
        "lon": row.lon,
        "lat": row.lat,
        "approximate": row.approximate,
        "source": row.source,
        "validFrom": clock.iso(row.valid_from),
        "validTo": None if row.valid_to is None else clock.iso(row.valid_to),
    }


def _collection(features: Iterable[dict[str, Any]]) -> bytes:
    collection = {"type": "FeatureCollection", "features": list(features)}
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":")).encode()
