"""What this door adds to the landing page, the conformance declaration and the OpenAPI 3.0 document of /ogc."""

from typing import Any

from dothi.datasets import tiling
from dothi.doors.tiles import documents
from dothi.doors.tiles.answers import JSON, MVT, STYLE
from dothi.doors.tiles.asked import LANGUAGES, MATRIX_SET

Json = dict[str, Any]
_TILES = ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "datetime", "oas30")
_SETS = (
    "tilematrixset", "tilematrixsetlimits", "tilesetmetadata",
    "json-tilematrixset", "json-tilematrixsetlimits", "json-tilesetmetadata",
)  # fmt: skip
CLASSES = (
    *(f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{one}" for one in _TILES),
    *(f"http://www.opengis.net/spec/tms/2.0/conf/{one}" for one in _SETS),
    *(f"http://www.opengis.net/spec/ogcapi-styles-1/0.0/conf/{one}" for one in ("core", "mapbox-style")),
)
LINKS = (*documents.LINKS, *documents.COLLECTION_LINKS)

_TEXT: Json = {"type": "string"}
_OBJECT: Json = {"type": "object"}


def _path(name: str, schema: Json, about: str) -> Json:
    return {"name": name, "in": "path", "required": True, "description": about, "schema": schema}


def _query(name: str, schema: Json, about: str, **more: Any) -> Json:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema} | more


_CODE = _path("collectionId", _TEXT, "Code of the collection")
_SET = _path("tileMatrixSetId", {"type": "string", "enum": [MATRIX_SET]}, "Tile matrix set")
_ZOOM = _path("tileMatrix", {"type": "integer", "minimum": 0, "maximum": tiling.LAST_ZOOM}, "Zoom")
_ROW = _path("tileRow", {"type": "integer", "minimum": 0}, "Row, from the north")
_COLUMN = _path("tileCol", {"type": "integer", "minimum": 0}, "Column, from the west")
_JSON = _query("f", {"type": "string", "enum": ["json"]}, "The form of the answer")
_LIST: Json = {"type": "array", "items": _TEXT}
NARROWING: list[Json] = [
    _query("properties", _LIST, "Attributes beside the key and the name", style="form", explode=False),
    _query("filter", _TEXT, "CQL2"),
    _query("filter-lang", {"type": "string", "enum": list(LANGUAGES)}, "The language of filter"),
    _query("filter-crs", _TEXT, "Coordinate reference system of the geometries in filter"),
    _query("datetime", _TEXT, "Valid at an instant or within an interval: start/end, ../end, start/.."),
    _query("as-of", _TEXT, "As it stood at an instant"),
]
_FACE: list[Json] = [
    _query("face", {"type": "string", "enum": ["light", "dark"]}, "Light or dark ground"),
    _query("lang", {"type": "string", "enum": ["vi", "en"]}, "Language of the legend"),
]


def _get(name: str, summary: str, *parameters: Json, kind: str = JSON, schema: Json | None = None) -> Json:
    responses: Json = {
        "200": {"description": summary, "content": {kind: {"schema": schema or _OBJECT}}},
        "304": {"description": "The caller holds it already"},
        "4XX": {"$ref": "#/components/responses/Problem"},
        "5XX": {"$ref": "#/components/responses/Problem"},
    }
    if kind == MVT:
        responses["204"] = {"description": "Nothing is in this tile"}
    made: Json = {"tags": ["tiles"], "operationId": name, "summary": summary, "responses": responses}
    return {"get": made | ({"parameters": list(parameters)} if parameters else {})}


_ONE = f"/collections/{{collectionId}}/tiles/{MATRIX_SET}"
PATHS: Json = {
    "/tileMatrixSets": _get("getTileMatrixSetsList", "Tile matrix sets", _JSON),
    "/tileMatrixSets/{tileMatrixSetId}": _get("getTileMatrixSet", "A tile matrix set", _SET, _JSON),
    "/collections/{collectionId}/tiles": _get(
        "collection.vector.getTileSetsList", "Tilesets of a collection", _CODE, _JSON
    ),
    "/collections/{collectionId}/tiles/{tileMatrixSetId}": _get(
        "collection.vector.getTileSet", "Metadata of a tileset", _CODE, _SET, _JSON, *NARROWING
    ),
    f"{_ONE}/tilejson.json": _get("collection.vector.getTileJson", "TileJSON 3.0.0", _CODE, *NARROWING),
    "/collections/{collectionId}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}": _get(
        "collection.vector.getTile", "A vector tile", _CODE, _SET, _ZOOM, _ROW, _COLUMN,
        _query("f", {"type": "string", "enum": ["mvt"]}, "The form of the tile"), *NARROWING,
        kind=MVT, schema={"type": "string", "format": "binary"},
    ),
    "/collections/{collectionId}/styles": _get("getStyles", "Styles of a collection", _CODE, _JSON),
    "/collections/{collectionId}/styles/default": _get(
        "getStyle", "MapLibre style of a collection", _CODE, *_FACE, kind=STYLE
    ),
    "/collections/{collectionId}/styles/default/legend": _get("getLegend", "Legend of a collection", _CODE, *_FACE),
}  # fmt: skip
