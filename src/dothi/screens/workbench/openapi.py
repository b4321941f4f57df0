"""What the workbench's script asks, as OpenAPI: free for others to use."""

from dothi.web.openapi import Json, content, operation, query

_SELECTION: Json = {
    "type": "object",
    "properties": {
        "collection": {"type": "string", "description": "Code of the dataset"},
        "filter": {"type": "string", "description": "CQL2 text"},
        "area": {"type": "object", "description": "GeoJSON Polygon or MultiPolygon"},
        "as_of": {"type": "string", "description": "A day of Vietnam or an instant: what was known then"},
        "datetime": {"type": "string", "description": "A day of Vietnam or an instant: what was in force then"},
    },
    "required": ["collection"],
    "additionalProperties": False,
}
_TOTALS: Json = {
    **_SELECTION,
    "properties": {**_SELECTION["properties"], "by": {"type": "string", "description": "A listed field to group by"}},
}
_POINTED: Json = {
    "type": "object",
    "properties": {
        "lon": {"type": "number", "minimum": -180, "maximum": 180},
        "lat": {"type": "number", "minimum": -85, "maximum": 85},
        "radius": {"type": "number", "exclusiveMinimum": 0, "maximum": 100000, "description": "Metres"},
        "layers": {"type": "array", "items": _SELECTION, "maxItems": 40},
    },
    "required": ["lon", "lat", "radius", "layers"],
    "additionalProperties": False,
}
_OBJECT: Json = {"type": "object"}

openapi: Json = {
    "tags": [{"name": "workbench", "description": "The planners' map"}],
    "paths": {
        "/map/totals": {
            "post": operation(
                "workbench", "How many records are inside an area, their sums, by ward and by kind",
                {"200": ("Totals", content(_OBJECT))}, body=content(_TOTALS),
            ),
        },
        "/map/identify": {
            "post": operation(
                "workbench", "The records near a place, of several layers",
                {"200": ("Records by layer", content(_OBJECT))}, body=content(_POINTED),
            ),
        },
        "/map/export": {
            "get": operation(
                "workbench", "The records of a selection as a file", {"200": ("The file", {"*/*": {}})},
                [
                    query("collection", "Code of the dataset", {"type": "string"}, required=True),
                    query("format", "geojson, csv, xlsx, gpkg and others", {"type": "string"}),
                    query("filter", "CQL2 text", {"type": "string"}),
                    query("area", "GeoJSON text", {"type": "string"}),
                    query("as_of", "What was known then", {"type": "string"}),
                    query("datetime", "What was in force then", {"type": "string"}),
                ],
            ),
        },
    },
}  # fmt: skip
