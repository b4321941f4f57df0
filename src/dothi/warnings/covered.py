"""The wards a warning names or touches."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault
from dothi.places import atlas as atlases
from dothi.places import geojson as outlines
from dothi.places import service as places
from dothi.places.atlas import Row
from dothi.warnings import areas

MOST_WARDS = 130


def names(session: Session, codes: Sequence[str]) -> dict[str, dict[str, str]]:
    """What wards are called, by code and language; those nobody knows are left out."""
    atlas, now = atlases.current(session), clock.now_micros()
    found = {code: row for code in codes if (row := atlas.bearing(code, now)) is not None}
    return {code: _names(row) for code, row in found.items()}


def wards(session: Session, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Wards as areas: unit, names, geometry. Raises BadInput for a code that is none, or has no outline."""
    wanted = list(dict.fromkeys(codes))
    if len(wanted) > MOST_WARDS:
        raise BadInput("too many wards", [Fault("units", f"{len(wanted)} wards", f"at most {MOST_WARDS}")])
    atlas, now = atlases.current(session), clock.now_micros()
    shapes = {
        one["id"]: one["geometry"]
        for one in outlines.unit_features(session, atlas, "commune", now, 0, codes=set(wanted))
    } if wanted else {}  # fmt: skip
    if missing := [code for code in wanted if code not in shapes]:
        raise BadInput(
            "these wards have no outline",
            [Fault("units", f"no outline of {code[:20]!r}", "codes of wards") for code in missing],
        )
    made = []
    for code in wanted:
        row = atlas.bearing(code, now)
        assert row is not None  # noqa: S101 - it has an outline now
        shape = areas.covering(areas.polygonal(geo.from_geojson(shapes[code])))
        made.append({"unit": code, "names": _names(row), "geometry": geo.to_geojson(shape)})
    return made


def units(session: Session, shapes: Iterable[BaseGeometry], named: Sequence[str] = ()) -> list[str]:
    """Codes of the wards some areas cover a part of, the named ones among them."""
    found = set(named)
    made = [one for one in shapes if not one.is_empty]
    if made:
        level = atlases.current(session).level(session, "commune")
        if level.rows:
            now = clock.now_micros()
            which, rows = level.tree.query(np.array(made, dtype=object), predicate="intersects")
            for i, j in zip(which.tolist(), rows.tolist(), strict=True):
                # neighbours share a border with what is warned of, and simplified outlines overlap by metres
                if level.rows[j].valid(now) and level.rows[j].code not in found:
                    common = shapely.intersection(made[i], level.shapes[j]).area
                    if common > 0.002 * min(made[i].area, level.shapes[j].area):
                        found.add(level.rows[j].code)
    return sorted(found)


def choices(session: Session) -> list[dict[str, str]]:
    """The wards to choose from: those of the city's areas, else every one that has an outline; by name."""
    atlas, now = atlases.current(session), clock.now_micros()
    codes = {code for one in places.area_rows(session, kind="pilot-city") for code in one.units}
    level = atlas.level(session, "commune")
    rows = [row for row in level.rows if row.valid(now) and (not codes or row.code in codes)]
    found = [{"code": row.code, **_names(row)} for row in rows[:MOST_WARDS]]
    return sorted(found, key=lambda one: one["vi"])


def _names(row: Row) -> dict[str, str]:
    return {"vi": row.full_name, "en": row.full_name_en or row.full_name}
