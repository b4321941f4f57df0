"""What is nearest to a point: the ward it lies in, sensors, open alarms, and the city's own objects."""

import math
from typing import Any

import shapely
from starlette.responses import Response

from dothi.datasets import reading, views
from dothi.datasets.selecting import Asked
from dothi.kit import geo
from dothi.kit.errors import BadInput, Fault
from dothi.places import service as places
from dothi.screens import words
from dothi.screens.asking import state_words
from dothi.screens.operations import queue
from dothi.screens.operations.asking import Ask, json, wants_json

SENSORS, ALARMS, ASSETS = 8, 5, 8
REACH = 3_000.0  # metres within which the city's objects are looked for
_DEGREE = 111_195.0  # metres of a degree of latitude


def near(ask: Ask) -> Response:
    """`GET /operations/near?lon=&lat=`: JSON, or the fragment."""
    lon, lat = place(ask)
    found = around(ask, lon, lat)
    if wants_json(ask.request):
        return json(found)
    return ask.page("operations/near.html", found, simulated=False)


def place(ask: Ask) -> tuple[float, float]:
    """The point asked about, in degrees."""
    query, faults, found = ask.request.query_params, list[Fault](), []
    for name, most in (("lon", 180.0), ("lat", 85.0)):
        try:
            value = float(query.get(name, ""))
        except ValueError:
            value = math.nan
        if not -most <= value <= most:
            faults.append(
                Fault(name, f"{query.get(name, '')[:40]!r} is no position", f"degrees, -{most:g} to {most:g}")
            )
        found.append(value)
    if faults:
        raise BadInput("the point cannot be read", faults)
    return found[0], found[1]


def around(ask: Ask, lon: float, lat: float) -> dict[str, Any]:
    """Everything near a point, nearest first, with distances in metres."""
    called = state_words(ask.say)
    sensors = [
        {
            "id": one.thing_id, "name": one.name, "state": one.state, "word": one.word or called[one.state],
            "value": f"{one.text}{words.NBSP}{one.unit}" if one.text and one.unit else one.text,
            "metres": round(metres), "lon": one.lon, "lat": one.lat,
        }
        for metres, one in nearest(ask.states, lon, lat, SENSORS)
    ]  # fmt: skip
    lines = queue.found(ask, queue.Filters())
    alarms = [
        {
            "number": one.number, "title": queue.title(one, ask.language), "severity": one.severity, "metres": round(metres),
            "value": queue.value(one, ask.language), "acknowledged": one.acknowledged, "lon": one.lon, "lat": one.lat,
        }
        for metres, one in nearest(lines, lon, lat, ALARMS)
    ]  # fmt: skip
    unit = places.locate(ask.session, lon, lat, ask.at)
    return {
        "lon": lon, "lat": lat, "unit": None if unit is None else {"code": unit.code, "name": unit.full_name},
        "sensors": sensors, "alarms": alarms, "assets": assets(ask, lon, lat),
    }  # fmt: skip


def nearest(found: Any, lon: float, lat: float, limit: int) -> list[tuple[float, Any]]:
    """The nearest of anything with lon and lat, with its distance in metres (flat earth: right within a province)."""
    narrow = math.cos(math.radians(lat))
    measured = [
        (math.hypot((one.lon - lon) * narrow, one.lat - lat) * _DEGREE, one)
        for one in found if one.lon is not None and one.lat is not None
    ]  # fmt: skip
    measured.sort(key=lambda pair: pair[0])
    return measured[:limit]


def assets(ask: Ask, lon: float, lat: float) -> list[dict[str, Any]]:
    """The nearest objects of the datasets the caller may see: pumps, shelters, hospitals."""
    wide, high = REACH / (_DEGREE * math.cos(math.radians(lat))), REACH / _DEGREE
    spot = shapely.affinity.translate(
        shapely.affinity.scale(shapely.Point(0, 0).buffer(1, 8), wide, high, origin=(0, 0)), lon, lat
    )
    made: list[tuple[float, dict[str, Any]]] = []
    for view in views.views(ask.caller):
        if view.geometry_type not in ("Point", "MultiPoint"):
            continue
        asked = Asked(limit=60, bbox=spot.bounds, outline=geo.wkb(spot))
        for row in reading.listing(view, asked, ask.session).records:
            if row["west"] is None:
                continue
            at = ((row["west"] + row["east"]) / 2, (row["south"] + row["north"]) / 2)
            metres = math.hypot((at[0] - lon) * math.cos(math.radians(lat)), at[1] - lat) * _DEGREE
            name = next((row["properties"].get(f.name) for f in view.fields if f.role == "name"), None)
            made.append((metres, {
                "name": str(name or row["key"]), "kind": view.called(ask.language), "metres": round(metres), "lon": at[0], "lat": at[1],
                "href": f"/ogc/collections/{view.code}/items/{row['key']}?f=html",
            }))  # fmt: skip
    made.sort(key=lambda pair: pair[0])
    return [one for _, one in made[:ASSETS]]
