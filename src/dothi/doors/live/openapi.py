"""`/live` as OpenAPI."""

from dothi.web.openapi import Json, content, operation, query

_IDS: Json = {"type": "string", "pattern": r"^[0-9]{1,18}(,[0-9]{1,18})*$", "examples": ["1,2"]}
_BOX: Json = {"type": "string", "examples": ["106.3,10.4,106.5,10.6"]}
_LAST: Json = {
    "name": "Last-Event-ID", "in": "header", "required": False, "schema": {"type": "string"},
    "description": "Where a broken stream goes on; a browser's EventSource sends it by itself",
}  # fmt: skip

openapi: Json = {
    "tags": [{"name": "live", "description": "Observations and journal entries as they come (server-sent events)"}],
    "paths": {
        "/live": {
            "get": operation(
                "live",
                "Observations and journal entries the caller may see, as they come",
                {"200": ("An endless stream of events", content({"type": "string"}, "text/event-stream"))},
                [
                    query("kind", "`observation`, or the beginning of a journal kind; several with commas", {"type": "string"}),
                    query("thing", "Ids of things, with commas", _IDS),
                    query("datastream", "Ids of datastreams, with commas", _IDS),
                    query("bbox", "west,south,east,north in degrees", _BOX),
                    query("lastEventId", "The same as the header, for clients that cannot send one", {"type": "string"}),
                    _LAST,
                ],
            )
        }
    },
}  # fmt: skip
