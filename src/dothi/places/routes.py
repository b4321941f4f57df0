"""Places over HTTP: units, their history, search, locate, and the built-in base map; all of it is public."""

import json
import math
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dothi.db import session as db
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.places import atlas as atlases
from dothi.places import geojson, names, service
from dothi.places.atlas import Atlas, Row
from dothi.places.describe import day
from dothi.places.search import Hit
from dothi.places.service import Change

MOST = 1000


class _Asked:
    """The query of a request, read with every fault kept until `check`."""

    def __init__(self, request: Request, *known: str) -> None:
        self.given = request.query_params
        self.faults = [
            Fault(name, "not known here", ", ".join(known)) for name in dict.fromkeys(self.given) if name not in known
        ]

    def number(self, name: str, low: float, high: float, default: float | None = None) -> float | None:
        text = self.given.get(name)
        if text is None:
            return default
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            self.faults.append(Fault(name, repr(text[:80]), f"a number from {low:g} to {high:g}"))
            return default
        return value

    def needed(self, name: str, low: float, high: float) -> float:
        if name not in self.given:
            self.faults.append(Fault(name, "missing", f"a number from {low:g} to {high:g}"))
        return self.number(name, low, high, 0.0) or 0.0

    def limit(self, default: int) -> int:
        return int(self.number("limit", 1, MOST, default) or default)

    def at(self) -> int:
        text = self.given.get("at")
        if text is None:
            return clock.now_micros()
        try:
            return day(text)
        except BadInput as error:
            self.faults.append(Fault("at", f"{text[:80]!r}", error.faults[0].allowed))
            return 0

    def level(self, default: str | None) -> str | None:
        text = self.given.get("level", default)
        if text is not None and text not in names.LEVELS:
            self.faults.append(Fault("level", repr(text[:80]), ", ".join(names.LEVELS)))
        return text

    def box(self) -> tuple[float, float, float, float] | None:
        text = self.given.get("bbox")
        if text is None:
            return None
        try:
            west, south, east, north = (float(part) for part in text.split(","))
        except ValueError:
            west = south = east = north = math.nan
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            self.faults.append(Fault("bbox", repr(text[:80]), "west,south,east,north in degrees"))
            return None
        return west, south, east, north

    def simplify(self) -> float:
        metres = self.number("simplify", 0, 100_000)
        zoom = self.number("zoom", 0, 24)
        if metres is not None:
            return metres
        return 0.0 if zoom is None else geojson.zoom_tolerance(zoom)

    def check(self) -> None:
        if self.faults:
            raise BadInput("the query does not say what it must", self.faults)


def _answer(request: Request, body: bytes, kind: str = "application/json", etag: str | None = None) -> Response:
    headers = {"Cache-Control": "public, max-age=60", "Access-Control-Allow-Origin": "*"}
    if etag is not None:
        headers["ETag"] = etag
        if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]:
            return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=kind)


def _json(request: Request, value: Any) -> Response:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return _answer(request, body, "application/json; charset=utf-8")


def units(request: Request) -> Response:
    """Units by level, name, province, box and time; without outlines."""
    asked = _Asked(request, "level", "q", "at", "bbox", "parent", "limit", "former")
    level, at, box, limit = asked.level(None), asked.at(), asked.box(), asked.limit(100)
    asked.check()
    text, parent = asked.given.get("q"), asked.given.get("parent")
    with db.reading() as session:
        atlas = atlases.current(session)
        if text:
            hits = service.search(session, text, at, limit=10**6, former="former" in asked.given)
            rows = [row for hit in hits if (row := _row(atlas, hit)) is not None]
        else:
            rows = [row for row in atlas.rows if row.valid(at)]
        rows = [row for row in rows if level in (None, row.level) and parent in (None, row.parent_code)]
        if box is not None:
            west, south, east, north = box
            rows = [
                row for row in rows
                if row.lon is not None and row.lat is not None and west <= row.lon <= east and south <= row.lat <= north
            ]  # fmt: skip
        value = [geojson.properties(atlas, row, at if row.valid(at) else None) for row in rows[:limit]]
    return _json(request, {"count": len(rows), "units": value})


def _row(atlas: Atlas, hit: Hit) -> Row | None:
    found = (
        row for row in atlas.by_code.get(hit.code, []) if row.valid_from == hit.valid_from and row.level == hit.level
    )
    return next(found, None) if hit.type == "unit" else None


def one_unit(request: Request) -> Response:
    """A unit with what its code ever meant, what it was made of, and what it became."""
    asked = _Asked(request, "at")
    at = asked.at()
    asked.check()
    code = request.path_params["code"]
    with db.reading() as session:
        atlas = atlases.current(session)
        versions = atlas.by_code.get(code, [])
        if not versions and ("\x00" in code or not service.successors(session, code)):
            raise NotFound(f"no administrative unit ever bore the code {code[:40]!r}")
        row = atlas.bearing(code, at)
        when = at if row is not None else (versions[-1].valid_to or at) - 1 if versions else None
        value = {
            **(geojson.properties(atlas, row, at) if row else {"code": code, "level": None}),
            "standing": row is not None,
            "history": [geojson.properties(atlas, version) for version in versions],
            "predecessors": [_change(atlas, c, c.old_code, c.old) for c in service.predecessors(session, code, when)],
            "successors": [_change(atlas, c, c.new_code, c.new) for c in service.successors(session, code, when)],
        }
    return _json(request, value)


def _change(atlas: Atlas, change: Change, code: str, row: Row | None) -> dict[str, Any]:
    province = atlas.province(row) if row else None
    return {
        "code": code, "fullName": row.full_name if row else None, "province": province.full_name if province else None,
        "on": clock.iso(change.on), "extent": change.extent, "weight": change.weight, "basis": change.basis,
    }  # fmt: skip


def units_geojson(request: Request) -> Response:
    """Outlines of a level, whole or of one province, with a tolerance in metres or for a zoom."""
    asked = _Asked(request, "level", "parent", "at", "simplify", "zoom")
    level, at, simplify = asked.level("commune"), asked.at(), asked.simplify()
    asked.check()
    with db.reading() as session:
        text = geojson.units(session, level or "commune", asked.given.get("parent"), at, simplify)
    return _answer(request, text.body, "application/geo+json", text.etag)


def search(request: Request) -> Response:
    """Units and areas by name, with or without diacritics."""
    asked = _Asked(request, "q", "at", "limit", "former")
    at, limit = asked.at(), asked.limit(20)
    if not asked.given.get("q", "").strip():
        asked.faults.append(Fault("q", "missing", "part of a name"))
    asked.check()
    with db.reading() as session:
        hits = service.search(session, asked.given["q"][:200], at, limit, former="former" in asked.given)
    value = [
        {
            "type": hit.type,
            "code": hit.code,
            "level": hit.level,
            "kind": hit.kind,
            "name": hit.name,
            "fullName": hit.full_name,
            "label": hit.label,
            "province": hit.province,
            "provinceCode": hit.province_code,
            "lon": hit.lon,
            "lat": hit.lat,
            "exact": hit.exact,
            "validTo": None if hit.valid_to is None else clock.iso(hit.valid_to),
        }
        for hit in hits
    ]
    return _json(request, {"results": value})


def locate(request: Request) -> Response:
    """The units a point lies in, level by level; a level without an answer is null."""
    asked = _Asked(request, "lon", "lat", "at")
    lon, lat, at = asked.needed("lon", -180, 180), asked.needed("lat", -90, 90), asked.at()
    asked.check()
    with db.reading() as session:
        atlas = atlases.current(session)
        value: dict[str, Any] = {}
        for level in ("commune", "province"):
            row = service.locate_many(session, [lon], [lat], at, level)[0]
            if row is None and level == "province" and value["commune"]:
                row = atlas.bearing(value["commune"]["provinceCode"], at)
            value[level] = geojson.properties(atlas, row, at) if row else None
    return _json(request, value)


def base_map(request: Request) -> Response:
    """The built-in base map: river, roads, wards of the city, and the outline of Vietnam (`inset`)."""
    asked = _Asked(request, "area", "at", "simplify", "zoom")
    at, simplify = asked.at(), asked.simplify()
    asked.check()
    with db.reading() as session:
        text = geojson.base_map(session, asked.given.get("area"), at, simplify)
    return _answer(request, text.body, "application/geo+json", text.etag)


routes: list[BaseRoute] = [
    Route("/units", units, methods=["GET"]),
    Route("/units.geojson", units_geojson, methods=["GET"]),
    Route("/units/{code}", one_unit, methods=["GET"]),
    Route("/search", search, methods=["GET"]),
    Route("/locate", locate, methods=["GET"]),
    Route("/base.geojson", base_map, methods=["GET"]),
]
