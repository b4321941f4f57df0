"""The body of a write: read within bounds, JSON, a feature or a change of one."""

import asyncio
import json
from typing import Any

from shapely.geometry import shape
from starlette.requests import Request

from dothi.config import settings
from dothi.datasets import reading
from dothi.datasets.views import View
from dothi.doors.features import answers, crs
from dothi.kit import geo
from dothi.kit.errors import BadInput, DothiError, Fault, TooLarge
from dothi.web import bodies

_FEATURE = ("application/geo+json", "application/json", "application/vnd.ogc.fg+json", "application/fg+json")
_CHANGE = (answers.PATCH, *_FEATURE)


class TooSlow(DothiError):
    """The body did not arrive in time."""

    status = 408


async def body(request: Request, *, change: bool = False) -> Any:
    """The JSON of a body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    kinds = _CHANGE if change else _FEATURE
    if kind and kind not in kinds:
        message = f"{kind[:80]} is not taken here"
        raise answers.WrongKind(message, [Fault("Content-Type", message, ", ".join(kinds))])
    if bodies.packed(encoding := request.headers.get("content-encoding", "")):
        message = f"a body in {encoding[:40]!r} is not taken"
        raise answers.WrongKind(message, [Fault("Content-Encoding", message, "the body as it is, not packed")])
    raw = await _bytes(request)
    try:
        return json.loads(raw, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _bad("body", f"{error.msg} at line {error.lineno} column {error.colno}") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as error:
        raise _bad("body", str(error)[:120]) from None


async def _bytes(request: Request) -> bytes:
    limit, pause = settings().max_body, settings().body_seconds
    patience, chunks, size = bodies.Patience(pause), list[bytes](), 0
    if (length := request.headers.get("content-length", "")).isdigit() and int(length) > limit:
        raise _too_large(limit)
    while True:
        try:
            async with asyncio.timeout(patience.seconds(size)):
                message = await request.receive()
        except TimeoutError:
            raise TooSlow(f"the body came too slowly, or not at all for {pause:g} s") from None
        if message["type"] == "http.disconnect":
            raise TooSlow("the caller went away before the body was whole")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            raise _too_large(limit)
        if not message.get("more_body", False):
            return b"".join(chunks)


def feature(given: Any, view: View, uri: str) -> dict[str, Any]:
    """A whole feature as the datasets take it: its geometry in CRS84, only properties that are the owner's."""
    if not isinstance(given, dict) or given.get("type") != "Feature":
        raise _bad("type", "no GeoJSON feature", "Feature")
    faults = []
    if "geometry" not in given and "place" not in given:
        faults.append(Fault("geometry", "is missing", "a geometry, or null"))
    if not isinstance(given.get("properties", {}), dict | None):
        faults.append(Fault("properties", "no object", "an object"))
    if faults:
        raise BadInput("; ".join(str(fault) for fault in faults), faults)
    properties = _own(given.get("properties") or {}, view)
    where = given.get("place") if given.get("place") is not None else given.get("geometry")
    made = {"geometry": _geometry(where, uri), "properties": properties}
    return made if given.get("id") is None else made | {"id": given["id"]}


def change(given: Any, view: View, uri: str) -> dict[str, Any]:
    """A change of a feature (RFC 7396): what is named is set, what is null is taken away."""
    if not isinstance(given, dict):
        raise _bad("body", "no JSON object", "an object with geometry, properties or both")
    faults = [
        Fault(str(name)[:80], "no member of a feature", "geometry, properties")
        for name in given
        if name not in ("type", "id", "geometry", "properties", "links", "bbox", "place", "time")
    ]
    properties = given.get("properties", {})
    if not isinstance(properties, dict | None):
        faults.append(Fault("properties", "no object", "an object"))
    if faults:
        raise BadInput("; ".join(str(fault) for fault in faults), faults)
    made: dict[str, Any] = {}
    if "geometry" in given:
        made["geometry"] = _geometry(given["geometry"], uri)
    if properties:
        made["properties"] = _own(properties, view)
    return made


def system(request: Request) -> str:
    """The coordinate reference system a body says it is in."""
    said = request.headers.get("content-crs")
    return crs.CRS84 if said is None else crs.uri_of(said.strip().strip("<>"), "Content-Crs")


def _own(properties: dict[str, Any], view: View) -> dict[str, Any]:
    names = {one.name for one in view.fields}
    return {name: value for name, value in properties.items() if name != reading.PLACE or name in names}


def _geometry(given: Any, uri: str) -> Any:
    if given is None or uri == crs.CRS84:
        return given
    return geo.to_geojson(crs.taken(_plain(given), uri, "geometry"))


def _plain(given: Any) -> Any:
    """The shape of a GeoJSON geometry whose numbers are not degrees."""
    if not isinstance(given, dict) or given.get("type") not in geo.TYPES:
        raise _bad("geometry", "no GeoJSON geometry", ", ".join(geo.TYPES))
    try:
        return shape(given)
    except Exception as error:
        raise _bad("geometry", f"broken: {str(error)[:120]}", "coordinates as RFC 7946 says") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _bad(place: str, message: str, allowed: str = "JSON in UTF-8") -> BadInput:
    return BadInput(f"{place}: {message}", [Fault(place, message, allowed)])


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit} bytes", [Fault("body", "too large", f"up to {limit} bytes")])
