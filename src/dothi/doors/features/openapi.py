"""The features interface in the description of the whole: in general here, each collection's own at `/ogc/api`."""

from dothi.doors.features import answers
from dothi.web.openapi import Json, content, inside, operation, query, ref

_TEXT: Json = {"type": "string"}
_CODE = inside("collectionId", "Code of the dataset", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"})
_KEY = inside("featureId", "Id of the item", {"type": "string", "minLength": 1})
_DOCUMENT: Json = {"type": "object", "properties": {"links": {"type": "array", "items": {"type": "object"}}}}
_FEATURE: Json = {
    "type": "object",
    "properties": {
        "type": {"const": "Feature"}, "id": _TEXT, "geometry": {"type": ["object", "null"]},
        "properties": {"type": ["object", "null"]},
    },
    "required": ["type", "geometry", "properties"],
}  # fmt: skip
_FEATURES: Json = {
    "type": "object",
    "properties": {
        "type": {"const": "FeatureCollection"}, "features": {"type": "array", "items": ref("Feature")},
        "numberReturned": {"type": "integer"}, "numberMatched": {"type": "integer"},
    },
    "required": ["type", "features"],
}  # fmt: skip
_MATCH: Json = {
    "name": "If-Match", "in": "header", "required": False, "description": "ETag of the item as it was read", "schema": _TEXT,
}  # fmt: skip


def _get(summary: str, schema: Json, *parameters: Json, kind: str = "application/json") -> Json:
    return operation("features", summary, {"200": ("Found", content(schema, kind))}, parameters)


def _write(summary: str, status: str, *parameters: Json, kind: str | None = None) -> Json:
    body = None if kind is None else content(ref("Feature") if kind == answers.GEOJSON else {"type": "object"}, kind)
    return operation("features", summary, {status: ("Done", None)}, parameters, body, keyed=True)


def _schema(what: str) -> Json:
    return {"get": _get(f"The {what} of a collection", {"type": "object"}, _CODE, kind=answers.SCHEMA)}


openapi: Json = {
    "tags": [{"name": "features", "description": "OGC API Features parts 1 to 5; each collection in detail: /ogc/api"}],
    "paths": {
        "/ogc": {"get": _get("Landing page", _DOCUMENT)},
        "/ogc/conformance": {"get": _get("Conformance classes", {"type": "object"})},
        "/ogc/api": {"get": _get("OpenAPI 3.0 of every collection", {"type": "object"}, kind=answers.OPENAPI)},
        "/ogc/collections": {"get": _get("Collections", _DOCUMENT, query("q", "Words of a title", _TEXT))},
        "/ogc/collections/{collectionId}": {"get": _get("A collection", _DOCUMENT, _CODE)},
        "/ogc/collections/{collectionId}/schema": _schema("schema"),
        "/ogc/collections/{collectionId}/queryables": _schema("queryables"),
        "/ogc/collections/{collectionId}/sortables": _schema("sortables"),
        "/ogc/collections/{collectionId}/items": {
            "get": _get(
                "Items, a page at a time", ref("FeatureCollection"), _CODE,
                query("limit", "Most items of a page", {"type": "integer", "minimum": 0}),
                query("bbox", "west,south,east,north", _TEXT), query("datetime", "Instant or interval", _TEXT),
                query("filter", "CQL2", _TEXT), query("sortby", "Names, - for descending", _TEXT),
                query("q", "Words, with or without diacritics", _TEXT), kind=answers.GEOJSON,
            ),
            "post": _write("Add an item", "201", _CODE, kind=answers.GEOJSON),
        },
        "/ogc/collections/{collectionId}/items/{featureId}": {
            "get": _get("An item", ref("Feature"), _CODE, _KEY, kind=answers.GEOJSON),
            "put": _write("Replace an item, or add it under this id", "204", _CODE, _KEY, _MATCH, kind=answers.GEOJSON),
            "patch": _write("Change what is named of an item", "204", _CODE, _KEY, _MATCH, kind=answers.PATCH),
            "delete": _write("Delete an item", "204", _CODE, _KEY, _MATCH),
        },
    },
    "components": {"schemas": {"Feature": _FEATURE, "FeatureCollection": _FEATURES}},
}  # fmt: skip
