"""Tiles and styles in the OpenAPI of the whole."""

from dothi.doors.tiles import conformance
from dothi.web.openapi import Json, content, operation


def _described(path: str, given: Json) -> Json:
    one = given["get"]
    (kind, media), *_ = one["responses"]["200"]["content"].items()
    answers: dict[str, tuple[str, Json | None]] = {"200": (one["summary"], content(media["schema"], kind))}
    answers |= {"304": ("The caller holds it already", None)}
    if "204" in one["responses"]:
        answers["204"] = ("Nothing is in this tile", None)
    return {
        "get": operation(
            "tiles" if "style" not in path else "styles", one["summary"], answers, one.get("parameters", [])
        )
    }


openapi: Json = {
    "tags": [
        {"name": "tiles", "description": "OGC API Tiles: collections as vector tiles"},
        {"name": "styles", "description": "How collections are drawn: MapLibre styles and legends"},
    ],
    "paths": {f"/ogc{path}": _described(path, one) for path, one in conformance.PATHS.items()},
}
