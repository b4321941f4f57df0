"""What of the cameras a program may ask for, and where the rules' pages are, as OpenAPI."""

from dothi.web.openapi import Json, content, inside, operation, query

_TEXT: Json = {"type": "string"}
_PAGE: Json = {"text/html": {"schema": _TEXT}}
_CAMERA: Json = {
    "type": "object",
    "properties": {
        "code": _TEXT, "name": _TEXT, "lon": {"type": ["number", "null"]}, "lat": {"type": ["number", "null"]},
        "direction": {"type": ["integer", "null"], "description": "Degrees clockwise from north"},
        "privacy": {"type": "string", "enum": ["public", "restricted", "sensitive"]}, "agency": _TEXT, "retention": _TEXT,
        "kind": {"type": "string", "enum": ["hls", "mjpeg", "still"]}, "simulated": {"type": "boolean"},
        "metres": {"type": ["integer", "null"], "description": "From the place asked for"}, "url": _TEXT,
    },
}  # fmt: skip
_CAMERAS: Json = {"type": "object", "properties": {"cameras": {"type": "array", "items": _CAMERA}}}
_CODE = inside("code", "Code of the rule", _TEXT)

openapi: Json = {
    "tags": [
        {"name": "cameras", "description": "Cameras the caller may look through; alarms:read, and what the privacy class asks for"},
        {"name": "rules", "description": "Alarm rules; reading asks for alarms:read"},
    ],
    "paths": {
        "/operations/cameras": {
            "get": operation(
                "cameras", "The cameras the caller may look through; never the address of a stream",
                {"200": ("The cameras, or their page", {**content(_CAMERAS), **_PAGE})},
                [query("near", "lon,lat: those within 3 km, the nearest first", _TEXT)], keyed=True,
            )
        },
        "/operations/rules": {
            "get": operation(
                "rules", "The rules in words", {"200": ("The page", _PAGE)},
                [query("q", "Words of code, title or what is watched", _TEXT),
                 query("status", "on, off or draft", {"type": "string", "enum": ["", "on", "off", "draft"]})], keyed=True,
            )
        },
        "/operations/rules/{code}": {
            "get": operation("rules", "One rule: in words, its definition, versions and alarms", {"200": ("The page", _PAGE)}, [_CODE], keyed=True)
        },
        "/operations/rules/{code}/trial": {
            "get": operation(
                "rules", "What the rule would have raised in the last days", {"200": ("The page", _PAGE)},
                [_CODE, query("days", "How many days", {"type": "string", "enum": ["1", "7", "14", "30"]}),
                 query("events", "Known events, one a line: begin; end; code of the thing; title", _TEXT)], keyed=True,
            )
        },
        "/operations/maintenance": {
            "get": operation("rules", "Maintenance windows that run or are to come", {"200": ("The page", _PAGE)}, [], keyed=True)
        },
    },
}  # fmt: skip
