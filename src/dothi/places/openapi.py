"""`/places` as OpenAPI."""

from dothi.places import names
from dothi.web.openapi import Json, content, inside, operation, query, ref

_GEOJSON = "application/geo+json"
_TEXT: Json = {"type": "string", "maxLength": 200}
_LEVEL: Json = {"type": "string", "enum": list(names.LEVELS)}
_AT = query(
    "at", "The day or instant that is meant; now when not given", {"type": "string", "examples": ["2025-06-30"]}
)
_FORMER = query("former", "Names and units that are no more as well", {"type": "string"})
_LIMIT = query("limit", "Most results", {"type": "integer", "minimum": 1, "maximum": 1000})
_BOX = query("bbox", "west,south,east,north in degrees", {"type": "string", "examples": ["106.3,10.4,106.5,10.6"]})
_PARENT = query("parent", "Code of the unit they lie in", _TEXT)
_SIMPLIFY = (
    query("simplify", "Tolerance in metres", {"type": "number", "minimum": 0, "maximum": 100_000}),
    query("zoom", "The tolerance that suits a map's zoom", {"type": "number", "minimum": 0, "maximum": 24}),
)
_UNIT: Json = {
    "type": "object",
    "description": "An administrative unit as it is or was",
    "properties": {"code": {"type": "string"}, "level": {"type": ["string", "null"]}, "fullName": {"type": ["string", "null"]}},
    "required": ["code"],
}  # fmt: skip
_COLLECTION: Json = {
    "type": "object",
    "properties": {
        "type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["type", "features"],
}  # fmt: skip
_UNITS: Json = {
    "type": "object",
    "properties": {"count": {"type": "integer"}, "units": {"type": "array", "items": ref("Unit")}},
    "required": ["count", "units"],
}
_FOUND: Json = {
    "type": "object",
    "properties": {"results": {"type": "array", "items": {"type": "object"}}},
    "required": ["results"],
}
_LOCATED: Json = {
    "type": "object",
    "properties": {level: {"anyOf": [ref("Unit"), {"type": "null"}]} for level in ("commune", "province")},
}


def _get(summary: str, schema: Json, *parameters: Json, kind: str = "application/json", cached: bool = False) -> Json:
    answers: dict[str, tuple[str, Json | None]] = {"200": ("Found", content(schema, kind))}
    if cached:
        answers["304"] = ("Unchanged since the ETag sent", None)
    return {"get": operation("places", summary, answers, parameters)}


openapi: Json = {
    "tags": [{"name": "places", "description": "Administrative units through time, search, locate, the base map"}],
    "paths": {
        "/places/units": _get(
            "Units by level, name, parent, box and time", _UNITS,
            query("level", "Level", _LEVEL), query("q", "Part of a name, with or without diacritics", _TEXT),
            _AT, _BOX, _PARENT, _LIMIT, _FORMER,
        ),
        "/places/units.geojson": _get(
            "Outlines of a level", _COLLECTION, query("level", "Level", _LEVEL), _PARENT, _AT, *_SIMPLIFY,
            kind=_GEOJSON, cached=True,
        ),
        "/places/units/{code}": _get(
            "A unit with what its code ever meant, what it was made of and what it became", ref("Unit"),
            inside("code", "Official code", {"type": "string", "pattern": "^[0-9]{2,5}$"}), _AT,
        ),
        "/places/search": _get(
            "Units and areas by name", _FOUND,
            query("q", "Part of a name, with or without diacritics", {**_TEXT, "minLength": 1}, required=True),
            _AT, _LIMIT, _FORMER,
        ),
        "/places/locate": _get(
            "The units a point lies in", _LOCATED,
            query("lon", "Degrees east", {"type": "number", "minimum": -180, "maximum": 180}, required=True),
            query("lat", "Degrees north", {"type": "number", "minimum": -90, "maximum": 90}, required=True), _AT,
        ),
        "/places/base.geojson": _get(
            "The built-in base map", _COLLECTION, query("area", "Code of an area", _TEXT), _AT, *_SIMPLIFY,
            kind=_GEOJSON, cached=True,
        ),
    },
    "components": {"schemas": {"Unit": _UNIT}},
}  # fmt: skip
