"""`/cap` as OpenAPI."""

from dothi.warnings.model import CONTENT_TYPE
from dothi.web.openapi import Json, content, inside, operation, query

_TEXT: Json = {"type": "string"}
_NOT_CHANGED = ("Not changed since the ETag that was sent", None)
_CURRENT: Json = {
    "type": "object",
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "type": {"const": "Feature"},
                    "id": _TEXT,
                    "geometry": {"type": ["object", "null"]},
                    "properties": {"type": "object"},
                },
                "required": ["type", "geometry", "properties"],
            },
        },
    },
    "required": ["type", "features"],
}

_CITY = query("city", "Code of one of several cities: what touches it, or names no place", _TEXT)

openapi: Json = {
    "tags": [{"name": "warnings", "description": "Warnings to the public: CAP 1.2, signed (XMLDSig)"}],
    "paths": {
        "/cap/atom.xml": {
            "get": operation(
                "warnings", "The messages of 90 days as an Atom feed, the newest first",
                {"200": ("The feed", content(_TEXT, "application/atom+xml")), "304": _NOT_CHANGED},
                [
                    query("status", "Real warnings, or exercises, or tests", {"type": "string", "enum": ["Actual", "Exercise", "Test"]}),
                    query("lang", "Language of titles", {"type": "string", "enum": ["vi", "en"]}),
                    _CITY,
                ],
            )
        },
        "/cap/{identifier}.xml": {
            "get": operation(
                "warnings", "One CAP message as it was signed",
                {"200": ("The message", content(_TEXT, CONTENT_TYPE)), "304": _NOT_CHANGED},
                [inside("identifier", "CAP identifier", _TEXT)],
            )
        },
        "/cap/certificate.pem": {
            "get": operation(
                "warnings", "The certificate our messages are signed with",
                {"200": ("The certificate", content(_TEXT, "application/x-pem-file")), "304": _NOT_CHANGED},
            )
        },
        "/cap/current.geojson": {
            "get": operation(
                "warnings", "Warnings in force now, ours and those followed, the gravest first",
                {"200": ("The warnings with their areas", content(_CURRENT, "application/geo+json")), "304": _NOT_CHANGED},
                [query("bbox", "west,south,east,north in degrees", _TEXT), _CITY],
            )
        },
    },
}  # fmt: skip
