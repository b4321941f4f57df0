"""What the portal's scripts ask for, as OpenAPI: free for others to use."""

from dothi.web.openapi import Json, content, inside, operation, query

_INSTANT: Json = {"type": "string", "format": "date-time"}
_THINGS: Json = {
    "type": "object",
    "properties": {
        "type": {"const": "FeatureCollection"},
        "kinds": {
            "type": "array", "items": {"type": "object"},
            "description": "What streams share; a stream's `k` counts into it from 0",
        },
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"type": {"const": "Feature"}, "geometry": {"type": ["object", "null"]}, "properties": {"type": "object"}},
                "required": ["type", "geometry", "properties"],
            },
        },
    },
    "required": ["type", "features"],
}  # fmt: skip
_SERIES: Json = {
    "type": "object",
    "properties": {
        "step": {"type": "integer", "description": "Milliseconds between means; 0: the observations themselves"},
        "at": {"type": "array", "items": {"type": "integer"}, "description": "Milliseconds since 1970 UTC"},
        "value": {"type": "array", "items": {"type": ["number", "null"]}},
    },
    "required": ["step", "at", "value"],
}

openapi: Json = {
    "tags": [{"name": "portal", "description": "What the public pages are drawn from"}],
    "paths": {
        "/portal/things.geojson": {
            "get": operation(
                "portal", "Things on the map with their states, values and limits",
                {"200": ("Things the caller may see", content(_THINGS, "application/geo+json"))},
                [
                    query("ids", "Ids of things, with commas", {"type": "string", "pattern": r"^[0-9]{1,9}(,[0-9]{1,9})*$"}),
                    query("bbox", "west,south,east,north in degrees", {"type": "string"}),
                ],
            )
        },
        "/portal/series/{id}": {
            "get": operation(
                "portal", "A datastream's values through time",
                {"200": ("Times and values", content(_SERIES))},
                [
                    inside("id", "Id of the datastream", {"type": "integer", "minimum": 0, "maximum": 999_999_999}),
                    query("from", "Beginning; a day before the end when not given", _INSTANT),
                    query("to", "End; now when not given", _INSTANT),
                ],
            )
        },
        "/portal/map.svg": {
            "get": operation(
                "portal", "The map as a picture",
                {"200": ("The picture", content({"type": "string"}, "image/svg+xml"))},
                [query("theme", "Colours", {"type": "string", "enum": ["light", "dark"]})],
            )
        },
    },
}  # fmt: skip
