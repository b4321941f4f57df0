"""The built-in base map of a city: its own sketches of river, roads and wards, until official layers replace them."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.journal import service as journal
from dothi.kit import geo
from dothi.kit.errors import BadInput, Fault
from dothi.places import official, readers, store
from dothi.places.describe import Options, day
from dothi.places.importing import Report, import_units
from dothi.places.tables import Feature

REFORM = day("2025-07-01")
_OWN = frozenset({"kind", "name", "approximate", "source"})


def load_base(session: Session, path: Path, area_code: str, caller: guard.Caller = guard.SYSTEM) -> int:
    """Put a city's base map in place of the one it had; how many features it has, 0 when nothing changed.

    path: a GeoJSON file whose features have `kind` (river, canal, road …), or the city's folder: its base.geojson,
    and wards.geojson as sketches of wards, which never replace official boundaries.
    """
    guard.require(caller, "places:write")
    if path.is_dir():
        if (path / "wards.geojson").exists():
            load_wards(session, path / "wards.geojson", caller)
        path = path / "base.geojson"
    rows, faults = [], []
    for raw in readers.read(path).rows:
        try:
            rows.append(_row(raw, area_code))
        except BadInput as error:
            faults.extend(error.faults)
    if faults:
        raise BadInput(f"{path.name}: {len(faults)} features cannot be drawn", faults)
    held = [_values(feature) for feature in store.features(session, area_code)]
    if held == rows:
        return 0
    store.replace_features(session, area_code, rows)
    store.touch(session)
    journal.append(
        session, "places.base.loaded", actor=caller.actor, subject=f"area:{area_code}", visibility="open",
        data={"features": len(rows)},
    )  # fmt: skip
    return len(rows)


def load_wards(session: Session, path: Path, caller: guard.Caller = guard.SYSTEM, valid_from: int = REFORM) -> Report:
    """Take in a city's ward sketches (features with code, name, parent): approximate, whatever the file says."""
    official.ensure(session, caller)
    rows = readers.read(path).rows
    source = next((str(row.values["source"]) for row in rows if row.values.get("source")), path.name)
    return import_units(session, caller, rows, Options(valid_from, source=source, approximate=True))


def base_features(session: Session, area_code: str | None = None) -> list[dict[str, Any]]:
    """The base map as GeoJSON features, of one area or of all, in drawing order."""
    return [
        {
            "type": "Feature",
            "geometry": geo.to_geojson(geo.from_wkb(feature.geometry)),
            "properties": {
                "kind": feature.kind,
                "name": feature.name,
                "area": feature.area_code,
                "approximate": feature.approximate,
                "source": feature.source,
                **(feature.properties or {}),
            },
        }
        for feature in store.features(session, area_code)
    ]


def outline() -> dict[str, Any]:
    """Our own coarse outline of Vietnam with Hoàng Sa and Trường Sa, for the inset of city maps."""
    text = resources.files("dothi.places").joinpath("official/vietnam.geojson").read_text("utf-8")
    return dict(json.loads(text))


def _row(raw: readers.Raw, area_code: str) -> dict[str, Any]:
    kind = raw.values.get("kind")
    if not isinstance(kind, str) or not kind:
        raise BadInput("no kind", [Fault(raw.place, "no kind", "river, canal, road, expressway, bridge, label …")])
    return {
        "area_code": area_code,
        "kind": kind,
        "name": raw.values.get("name"),
        "geometry": geo.wkb(geo.from_geojson(raw.geometry, raw.place)),
        "approximate": bool(raw.values.get("approximate", True)),
        "source": raw.values.get("source"),
        "properties": {k: v for k, v in raw.values.items() if k not in _OWN and v is not None} or None,
    }


def _values(feature: Feature) -> dict[str, Any]:
    return {
        name: getattr(feature, name)
        for name in ("area_code", "kind", "name", "geometry", "approximate", "source", "properties")
    }
