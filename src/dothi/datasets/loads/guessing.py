"""Guesses for the mapping step: which column is which field, where positions are, what a new dataset would be."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from dothi.datasets.loads import crs as systems
from dothi.datasets.loads import values, words
from dothi.datasets.loads.found import Column, LayerFound
from dothi.datasets.loads.mapping import FieldOf, GeometryOf, Mapping
from dothi.datasets.schema import Field
from dothi.kit import units
from dothi.kit.text import fold

_WKT = re.compile(r"\s*(?:SRID=\d+;)?\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\s*(?:Z|M|ZM)?\s*\(", re.IGNORECASE)
_PAIR = re.compile(r"\s*\(?(-?\d+(?:\.\d+)?)\s*[,; ]\s*(-?\d+(?:\.\d+)?)\)?\s*")
_MULTI = ("Point", "LineString", "Polygon")


def guess(layer: LayerFound, fields: Sequence[Field] | None = None, *, table: bool | None = None) -> Mapping:
    """A mapping of a layer onto the fields of a dataset, or onto those `propose` would make (None).

    table: whether the format has no geometry of its own (None: no geometry was seen).
    """
    columns = [one.name for one in layer.columns]
    by_name = {one.name: one for one in layer.columns}
    geometry = None
    if not layer.geometry_types if table is None else table:
        geometry = places(layer)
    taken = set(geometry.columns) if geometry else set()
    if fields is None:
        found = _new_names(layer, taken)
    else:
        found = {}
        for field in fields:
            left = [name for name in columns if name not in found.values()]
            column = words.match([field.name, field.title, field.title_en or ""], left)
            if column is not None:
                found[field.name] = column
    made = {name: FieldOf(column=column, decimal=_mark(by_name.get(column))) for name, column in found.items()}
    ignore = [name for name in columns if name not in found.values() and name not in taken]
    font = layer.font if layer.font in ("tcvn3", "vni") else None
    system = "EPSG:4326" if geometry and (geometry.lon or geometry.position) else None
    return Mapping(geometry=geometry, fields=made, ignore=ignore, font=font, crs=system)


def _mark(column: Column | None) -> Any:
    return column.decimal if column is not None else "."


def places(layer: LayerFound) -> GeometryOf | None:
    """Where a table has positions, by its headers and what stands in the columns; None when nowhere."""
    meant: dict[str, list[Column]] = {}
    for one in layer.columns:
        what = words.meaning(one.name)
        if what is not None:
            meant.setdefault(what, []).append(one)
    if "lon" in meant and "lat" in meant:
        return GeometryOf(lon=meant["lon"][0].name, lat=meant["lat"][0].name)
    for one in [*meant.get("position", []), *layer.columns]:
        if one.sample and all(_WKT.match(text) for text in one.sample):
            return GeometryOf(wkt=one.name)
        if one.sample and all(text.lstrip().startswith("{") and '"coordinates"' in text for text in one.sample):
            return GeometryOf(geojson=one.name)
    for one in meant.get("position", []):
        pairs = [found for text in one.sample if (found := _PAIR.fullmatch(text))]
        if pairs and len(pairs) == len(one.sample):
            first = float(np.median([float(found[1]) for found in pairs]))
            return GeometryOf(position=one.name, order="lon,lat" if first > 90 else "lat,lon")
    if "x" in meant and "y" in meant:
        return _pair(meant["x"][0], meant["y"][0])
    return None


def _pair(x: Column, y: Column) -> GeometryOf | None:
    """Two columns called X and Y: which is east is told by their size, for cadastral tables call the northing X."""
    sizes = [_middle(x), _middle(y)]
    if sizes[0] is None or sizes[1] is None:
        return None
    first, second = sizes[0], sizes[1]
    if abs(first) <= 180 and abs(second) <= 180:
        lon, lat = (x, y) if first > second else (y, x)  # in Vietnam the longitude is always the larger
        return GeometryOf(lon=lon.name, lat=lat.name)
    # metres: Vietnam lies 0.9 to 2.6 million m north of the equator, eastings of its zones stay below 0.9
    east, north = (x, y) if first < second else (y, x)
    return GeometryOf(east=east.name, north=north.name)


def _middle(column: Column) -> float | None:
    made = []
    for text in column.sample:
        try:
            one = values.number(text, column.decimal)
        except ValueError:
            continue
        if one is not None:
            made.append(float(one))
    return float(np.median(made)) if made else None


def systems_of_pairs(layer: LayerFound, geometry: GeometryOf) -> list[systems.Proposal]:
    """Which systems eastings and northings of a table may be in, by where they would lie."""
    if not geometry.east or not geometry.north:
        return []
    by_name = {one.name: one for one in layer.columns}
    east, north = _middle(by_name[geometry.east]), _middle(by_name[geometry.north])
    if east is None or north is None:
        return []
    return systems.proposals(np.array([east]), np.array([north]))


def propose(layer: LayerFound, title: str, *, table: bool | None = None) -> dict[str, Any]:
    """A description of the dataset a layer would make: code, title, schema, geometry_type, key_field."""
    mapping = guess(layer, table=table)
    by_name = {one.name: one for one in layer.columns}
    properties: dict[str, Any] = {}
    named = False
    for name, one in mapping.fields.items():
        column = by_name[one.column or ""]
        made = _property(column)
        if words.meaning(column.name) == "name" and not named and made["type"] == "string":
            made["x-role"] = "name"
            named = True
        properties[name] = made
    key = _key(mapping, by_name)
    required = []
    if key is not None:
        properties[key]["x-role"] = "key"
        properties[key].pop("x-personal", None)
        required = [key]
    shapes = {one.removeprefix("Multi") for one in layer.geometry_types} - {"LinearRing"}
    if mapping.geometry is not None:
        shapes = {"Point"} if not (mapping.geometry.wkt or mapping.geometry.geojson) else {"Geometry"}
    kind = next(iter(shapes)) if len(shapes) == 1 else "Geometry" if shapes else None
    if kind in _MULTI and any(one.startswith("Multi") for one in layer.geometry_types):
        kind = f"Multi{kind}"
    schema = {"type": "object", "properties": properties, "required": required, "x-order": list(properties)}
    code = words.slug(f"x {title}")[2:].replace("_", "-")[:60].strip("-") or "dataset"
    return {"code": code, "title": title, "schema": schema, "geometry_type": kind, "key_field": key}


def _property(column: Column) -> dict[str, Any]:
    made: dict[str, Any] = {"type": column.kind, "title": column.name}
    if column.kind in ("date", "date-time"):
        made |= {"type": "string", "format": column.kind}
    if column.kind in ("number", "integer") and (unit := _unit(column.name)):
        made["x-unit"] = unit
    if words.meaning(column.name) in words.PERSONAL:
        made["x-personal"] = True
    return made


def _unit(header: str) -> str | None:
    """The UCUM unit a header names in brackets."""
    found = re.search(r"[(\[]\s*([^()\[\]]{1,12}?)\s*[)\]]", header)
    if found is None:
        return None
    said = {"m2": "m2", "m²": "m2", "ha": "har", "km2": "km2", "km²": "km2"}.get(found[1].lower())
    if said is not None:
        return said
    code = units.ucum(found[1])
    return code if units.known(code) else None


def _new_names(layer: LayerFound, taken: set[str]) -> dict[str, str]:
    """A field for every column that has anything in it; an empty column is left out."""
    made: dict[str, str] = {}
    for one in layer.columns:
        if one.name in taken or (one.filled == 0 and layer.looked_at):
            continue
        name = base = words.slug(one.name)
        if name == "geometry":
            name = base = "geometry_text"
        number = 2
        while name in made:
            name, number = f"{base}_{number}", number + 1
        made[name] = one.name
    return made


def _key(mapping: Mapping, columns: dict[str, Column]) -> str | None:
    """The field whose values are the records' own ids: whole, never twice, and called a code or number."""
    fit = [
        (name, column)
        for name, one in mapping.fields.items()
        if (column := columns[one.column or ""]).unique and column.kind in ("string", "integer") and column.width <= 200
    ]
    for meanings in (("code",), ("parcel",), ("number",)):
        for name, column in fit:
            if words.meaning(column.name) in meanings or (meanings == ("code",) and _coded(column.name)):
                return name
    return None


def _coded(header: str) -> bool:
    return re.match(r"(?:ma|id|code|so hieu)\b|.*(?:_id|code|\bma)$", fold(header)) is not None
