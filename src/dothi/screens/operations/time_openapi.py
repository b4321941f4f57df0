"""The time machine, the wall and the leader's page as OpenAPI."""

from dothi.web.openapi import Json, content, operation, query

_INSTANT: Json = {"type": "string", "format": "date-time"}
_OBJECT: Json = {"type": "object"}
_PAGE: Json = {"text/html": {"schema": {"type": "string"}}}
_CLOCKS = [
    query("at", "What was: the moment shown; now when not given", _INSTANT),
    query("known", "What was known: only values received by then; the same as `at` when not given", _INSTANT),
]
_COUNTS = [
    query("since", "Begin", _INSTANT), query("until", "End, exclusive", _INSTANT),
    query("step", "Width of a step in seconds", {"type": "integer", "default": 1800}),
]  # fmt: skip


def _data(summary: str, found: str, asked: list[Json]) -> Json:
    return {"get": operation("operations", summary, {"200": (found, content(_OBJECT))}, asked, keyed=True)}


paths: Json = {
    "/operations/replay/counts.json": _data("Alarms raised per step of time, by severity", "Times in ms", _COUNTS),
    "/operations/replay/now.json": _data("How many alarms stand now that a past moment knows nothing of", "new, critical", _CLOCKS),
    "/operations/replay/known.json": _data("How much of a moment was known", "things, known, later", _CLOCKS),
    "/operations/leader": {"get": operation("operations", "The leader's page", {"200": ("The page", _PAGE)}, [*_CLOCKS], keyed=True)},
    "/operations/wall": {"get": operation("operations", "The frame of a wall, without data", {"200": ("The page", _PAGE)})},
    "/operations/wall/open": {
        "post": operation("operations", "Hand over a wall's token (the body, as text) for its cookie", {"204": ("The cookie", None)})
    },
    "/operations/wall/now.json": _data("What a wall shows; with the wall's cookie, or alarms:read", "Times in ms", []),
    "/operations/wall/map.json": _data("What stands on a wall's map; with the wall's cookie, or alarms:read", "The map", []),
    "/operations/wall/live": {
        "get": operation(
            "operations", "The live stream as a wall sees it; with the wall's cookie, or alarms:read",
            {"200": ("Server-Sent Events, as /live", {"text/event-stream": {"schema": {"type": "string"}}})},
            [query("kind", "alerts, warnings, duty", {"type": "string"})],
        )
    },
}  # fmt: skip
