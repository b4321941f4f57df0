"""What the pages of the reports are drawn from, as OpenAPI: free for others to use."""

from dothi.web.openapi import Json, content, inside, operation, query

_DAY: Json = {"type": "string", "format": "date"}
_FILTERS = [
    query("ward", "Code of a ward", {"type": "string"}),
    query("category", "Code of a category", {"type": "string"}),
    query("state", "new, open or done; or a state of the flow", {"type": "string"}),
    query("q", "Words of number, title or address; accents or not", {"type": "string", "maxLength": 100}),
    query("since", "First day of opening, Vietnam time", _DAY),
    query("until", "Last day of opening, Vietnam time", _DAY),
]
_REPORTS: Json = {
    "type": "object",
    "properties": {
        "type": {"const": "FeatureCollection"},
        "features": {"type": "array", "items": {"type": "object"}},
        "more": {"type": "boolean", "description": "Whether older ones were left out"},
    },
    "required": ["type", "features", "more"],
}

openapi: Json = {
    "tags": [{"name": "reports", "description": "What citizens report: public ones only, nobody named"}],
    "paths": {
        "/reports.geojson": {
            "get": operation(
                "reports", "The newest public reports that have a place",
                {"200": ("Reports", content(_REPORTS, "application/geo+json"))},
                [*_FILTERS, query("bbox", "west,south,east,north in degrees", {"type": "string"})],
            )
        },
        "/reports.atom": {
            "get": operation(
                "reports", "New reports, or what happens with one of them, as Atom (RFC 4287)",
                {"200": ("The feed", content({"type": "string"}, "application/atom+xml"))},
                [*_FILTERS, query("case", "Number of one report", {"type": "string", "maxLength": 40})],
            )
        },
        "/cases/{number}/files/{id}/{which}": {
            "get": operation(
                "reports", "A photo of a report",
                {"200": ("The photo", content({"type": "string", "contentEncoding": "binary"}, "image/jpeg"))},
                [
                    inside("number", "Number of the report", {"type": "string", "maxLength": 60}),
                    inside("id", "Id of the file", {"type": "integer", "minimum": 0, "maximum": 999_999_999}),
                    inside("which", "public, thumb, or original for who sees the inside", {"type": "string", "enum": ["public", "thumb", "original"]}),
                ],
            )
        },
    },
}  # fmt: skip
