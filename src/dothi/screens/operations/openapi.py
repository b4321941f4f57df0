"""What the operations page's script asks for, as OpenAPI: free for others to use with a key that holds alarms:read."""

from dothi.screens.operations import time_openapi
from dothi.web.openapi import Json, content, inside, operation, query

_INSTANT: Json = {"type": "string", "format": "date-time"}
_OBJECT: Json = {"type": "object"}
_CLOCKS = [
    query("at", "What was: the moment shown; now when not given", _INSTANT),
    query("known", "What was known: only values received by then; the same as `at` when not given", _INSTANT),
]
_FILTERS = [
    query("severity", "critical, major, minor, warning; several with commas", {"type": "string"}),
    query("state", "Which alarms", {"type": "string", "enum": ["", "unacknowledged", "acknowledged", "cleared", "shelved"]}),
    query("sector", "Code of a sector", {"type": "string"}),
    query("unit", "Code of a ward or commune", {"type": "string"}),
    query("agency", "Id of an agency", {"type": "string"}),
    query("assignee", "me, none, or the id of a person", {"type": "string"}),
    query("near", "1: only those about to pass their time to be acknowledged", {"type": "string", "enum": ["", "1"]}),
    query("q", "Words of number, title or place, with or without diacritics", {"type": "string"}),
    query("ids", "Exactly these alarms, with commas", {"type": "string"}),
]  # fmt: skip
_PAGE: Json = {"text/html": {"schema": {"type": "string"}}}
_EITHER: Json = {**_PAGE, **content(_OBJECT)}
_FORM: Json = {
    "type": "object",
    "properties": {
        "ids": {"type": "string", "description": "Ids of alarms, with commas"},
        "versions": {"type": "string", "description": "id:version of each as it was looked at: 12:3,14:1"},
        "comment": {"type": "string"},
        "person": {"type": "string", "description": "assign: me, the id of a person, or nothing for nobody"},
        "minutes": {"type": "string", "description": "shelve: how long; 0 to ring again"},
        "_token": {"type": "string", "description": "The page's token"},
    },
    "required": ["ids", "_token"],
}

openapi: Json = {
    "tags": [{"name": "operations", "description": "The operations centre; every address asks for alarms:read"}],
    "paths": {
        "/operations": {
            "get": operation("operations", "The duty officer's page", {"200": ("The page", _PAGE)}, [*_CLOCKS, *_FILTERS], keyed=True)
        },
        "/operations/queue": {
            "get": operation(
                "operations", "The alarm queue: columns as JSON, or a fragment of the page",
                {"200": ("The queue, worst first", _EITHER)}, [*_CLOCKS, *_FILTERS], keyed=True,
            )
        },
        "/operations/alarms/{number}": {
            "get": operation(
                "operations", "One alarm: what, where, why, what was done", {"200": ("The page or the panel", _PAGE)},
                [inside("number", "Number of the alarm: CB-26-00012", {"type": "string"}), query("part", "1: only the panel", {"type": "string"}), *_CLOCKS],
                keyed=True,
            )
        },
        "/operations/alarms/{verb}": {
            "post": operation(
                "operations", "Do something with alarms; the first hand wins",
                {"200": ("The alarms as they stand now", content(_OBJECT)), "303": ("Without script: back to the page", None)},
                [inside("verb", "What", {"type": "string", "enum": ["acknowledge", "unacknowledge", "assign", "comment", "clear", "shelve"]})],
                {"application/x-www-form-urlencoded": {"schema": _FORM}}, keyed=True,
            )
        },
        "/operations/things/{id}": {
            "get": operation(
                "operations", "One thing: what it measures and its alarms", {"200": ("The page or the panel", _PAGE)},
                [inside("id", "Id of the thing", {"type": "integer", "minimum": 0, "maximum": 999_999_999}), query("part", "1: only the panel", {"type": "string"}), *_CLOCKS],
                keyed=True,
            )
        },
        "/operations/map.json": {
            "get": operation(
                "operations", "Everything on the map: things, alarms, warnings, cameras", {"200": ("The map", content(_OBJECT))},
                [query("ids", "Only these things, with commas", {"type": "string"}), *_CLOCKS], keyed=True,
            )
        },
        "/operations/series/{id}": {
            "get": operation(
                "operations", "A datastream's last hours as they were known", {"200": ("Times (ms) and values", content(_OBJECT))},
                [
                    inside("id", "Id of the datastream", {"type": "integer", "minimum": 0, "maximum": 999_999_999}),
                    query("hours", "How far back, 1 to 744", {"type": "integer", "minimum": 1, "maximum": 744}), *_CLOCKS,
                ],
                keyed=True,
            )
        },
        "/operations/figures": {
            "get": operation("operations", "The headline figures with target, trend and age", {"200": ("The figures", _EITHER)}, _CLOCKS, keyed=True)
        },
        "/operations/near": {
            "get": operation(
                "operations", "What is nearest to a point: ward, sensors, open alarms, the city's objects",
                {"200": ("What was found, nearest first", _EITHER)},
                [
                    query("lon", "Longitude", {"type": "number"}, required=True),
                    query("lat", "Latitude", {"type": "number"}, required=True), *_CLOCKS,
                ],
                keyed=True,
            )
        },
    },
}  # fmt: skip
openapi["paths"] |= time_openapi.paths
