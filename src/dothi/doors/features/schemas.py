"""Schemas as JSON Schema (OGC API Features part 5): what items have, what they may be filtered and sorted by."""

from typing import Any

from dothi.datasets import reading
from dothi.datasets.reading import Virtual
from dothi.datasets.schema import Field
from dothi.datasets.views import View

_TYPES = {"date": "string", "date-time": "string"}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def returned(view: View, where: str) -> dict[str, Any]:
    """What an item's properties are, in the dataset's order."""
    properties = _place(view, read_only=True)
    for place, one in enumerate(view.fields, start=1):
        properties[one.name] = {**member(one), "x-ogc-propertySeq": place}
    if view.geometry_type is not None:
        properties = {"geometry": _geometry(view), **properties}
    made = _document(view, where, properties)
    if required := [one.name for one in view.fields if one.required]:
        made["required"] = required
    return made


def queryables(view: View, where: str) -> dict[str, Any]:
    """What may stand in a filter."""
    properties = _place(view, read_only=False)
    for one in view.fields:
        properties[one.name] = member(one)
    names = set(properties)
    if "id" not in names:
        properties["id"] = {"title": "id", "type": "string"}
    if view.geometry_type is not None and "geometry" not in names:
        properties = {"geometry": _geometry(view), **properties}
    return _document(view, where, properties)


def sortables(view: View, where: str) -> dict[str, Any]:
    """What items may be sorted by."""
    found = queryables(view, where)
    kinds = reading.queryables(view)
    kept = ("geometry", "array", "object")
    found["properties"] = {name: one for name, one in found["properties"].items() if kinds[name] not in kept}
    return found


def member(one: Field) -> dict[str, Any]:
    """A field as JSON Schema."""
    made: dict[str, Any] = {"title": one.title or one.name, "type": _TYPES.get(one.kind, one.kind)}
    if one.kind in _TYPES:
        made["format"] = one.kind
    if one.title_en:
        made["title-en"] = one.title_en
    if one.description:
        made["description"] = one.description
    if one.unit:
        made["x-ogc-unit"] = one.unit
        made["x-ogc-unitLang"] = "UCUM"
    if one.values:
        made["enum"] = list(one.values)
        if one.labels:
            made["oneOf"] = [
                {"const": value, **({"title": label} if label else {})}
                for value, label in zip(one.values, one.labels, strict=True)
            ]
    if one.role == "valid-from":
        made["x-ogc-role"] = "primary-interval-start"
    elif one.role == "valid-until":
        made["x-ogc-role"] = "primary-interval-end"
    elif one.role == "key":
        made["x-ogc-role"] = "id"
    return made


def _place(view: View, *, read_only: bool) -> dict[str, Any]:
    if isinstance(view, Virtual) or any(one.name == reading.PLACE for one in view.fields):
        return {}
    about = "Mã xã, phường nơi có bản ghi, do máy chủ xác định"
    made: dict[str, Any] = {
        "title": "Mã xã, phường",
        "title-en": "Commune code",
        "description": about,
        "type": "string",
    }
    return {reading.PLACE: made | ({"readOnly": True} if read_only else {})}


def _geometry(view: View) -> dict[str, Any]:
    kind = (view.geometry_type or "Geometry").lower()
    name = {"geometry": "geometry-any", "geometrycollection": "geometry-geometrycollection"}.get(
        kind, f"geometry-{kind}"
    )
    return {"title": "geometry", "x-ogc-role": "primary-geometry", "format": name}


def _document(view: View, where: str, properties: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"$schema": _DIALECT, "$id": where, "type": "object", "title": view.title}
    if view.description:
        made["description"] = view.description
    return {**made, "properties": properties, "additionalProperties": False}
