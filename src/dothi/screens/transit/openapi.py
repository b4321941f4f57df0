"""Public transport as OpenAPI."""

from dothi.web.openapi import JSON, Json, content, inside, operation, query

_ANY: Json = {"type": "object"}
_GEO = content({"type": "object", "properties": {"type": {"const": "FeatureCollection"}}}, "application/geo+json")
_ID = inside("id", "Key `feed:id` of a stop or line", {"type": "string", "pattern": "^[^/?#]{1,200}$"})
_FEED = inside("feed", "Code of a feed", {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]*$"})
_NEAR = query("near", "Position `latitude,longitude` to look around", {"type": "string", "maxLength": 60})


def _get(summary: str, kinds: Json, *parameters: Json) -> Json:
    return {"get": operation("transit", summary, {"200": ("What was asked for", kinds)}, parameters)}


openapi: Json = {
    "tags": [{"name": "transit", "description": "Public transport: lines, stops, departures, vehicles"}],
    "paths": {
        "/transit.json": _get(
            "Networks with their lines, stops by words or near a place", content(_ANY, JSON),
            query("q", "Words, with or without diacritics", {"type": "string", "maxLength": 100}), _NEAR,
        ),
        "/transit/stops.geojson": _get(
            "Stops", _GEO, query("bbox", "west,south,east,north in degrees", {"type": "string", "maxLength": 100})
        ),
        "/transit/lines.geojson": _get("Lines with the way they take", _GEO),
        "/transit/vehicles.geojson": _get(
            "Where the vehicles were last heard of", _GEO, query("line", "Key of a line", {"type": "string", "maxLength": 200})
        ),
        "/transit/stops/{id}.json": _get("The next departures of a stop", content(_ANY, JSON), _ID),
        "/transit/lines/{id}.json": _get(
            "A line: stops, vehicles, the timetable of a day, punctuality", content(_ANY, JSON), _ID,
            query("day", "Day, YYYY-MM-DD", {"type": "string", "format": "date"}),
        ),
        "/gtfs/{feed}.zip": _get(
            "The timetable that holds, as GTFS", content({"type": "string", "format": "binary"}, "application/zip"), _FEED
        ),
        "/gtfs/{feed}/vehicle-positions.pb": _get(
            "Vehicle positions, as GTFS-Realtime", content({"type": "string", "format": "binary"}, "application/x-protobuf"), _FEED
        ),
    },
}  # fmt: skip
