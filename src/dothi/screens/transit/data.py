"""Public transport for programs and maps: GeoJSON, a map style, GTFS and GTFS-Realtime handed on."""

import json as jsons
from typing import Any

from starlette.responses import JSONResponse, Response

from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.screens.transit import asking, front
from dothi.screens.transit.asking import Ask, Network
from dothi.transit import exporting, heard_store, mirror, service, store
from dothi.transit.following import OLD

_GEOJSON = "application/geo+json"
_FEW = 1500  # stops a map of everything still shows


def index(ask: Ask) -> Response:
    """`GET /transit.json`: the networks with their lines; with `q` or `near` the stops found."""
    q, near = ask.request.query_params.get("q", "").replace("\0", " ").strip()[:100], asking.near_of(ask)
    nets = asking.networks(ask)
    body = {
        "made": clock.iso(ask.now), "notes": [one.text for one in asking.notes(ask, nets)],
        "feeds": [
            {
                "code": net.feed.code, "title": net.feed.title, "simulated": net.simulated, "calendar": net.state,
                "shift_days": net.version.shift, "version": net.version.number, "source": dict(asking.source(ask, net)),
                "gtfs": f"{ask.base}/gtfs/{net.feed.code}.zip",
                "vehicle_positions": f"{ask.base}/gtfs/{net.feed.code}/vehicle-positions.pb" if net.feed.heard_at else None,
                "lines": [
                    {"id": mirror.key(net.feed.code, one.route_id), "name": one.short, "long_name": one.long, "operator": one.agency,
                     "kind": mirror.kind(one.kind), "colour": f"#{one.colour}" if one.colour else None}
                    for one in store.lines(ask.session, net.version.id) if front.matches(one, q)
                ],
            }
            for net in nets
        ],
        "stops": [
            {"id": one.href.removeprefix("/transit/stops/"), "name": one.name, "metres": one.metres, "lines": [b.key for b in one.lines]}
            for one in front.found_stops(ask, nets, q, near, front.FOUND)
        ],
    }  # fmt: skip
    return JSONResponse(body, headers={"cache-control": "no-cache"})


def _collection(ask: Ask, features: list[dict[str, Any]], fresh: bool = False) -> Response:
    body = {"type": "FeatureCollection", "made": clock.iso(ask.now), "features": features}
    text = jsons.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type=_GEOJSON, headers={"cache-control": "no-store" if fresh else "no-cache"})


def stops(ask: Ask) -> Response:
    """`GET /transit/stops.geojson`, within `bbox` if asked."""
    given = ask.request.query_params.get("bbox", "").strip()
    box = geo.box(given) if given else None
    if given and box is None:
        raise BadInput("this is no box", [Fault("bbox", repr(given[:60]), "west,south,east,north in degrees")])
    return _collection(ask, [one for net in asking.networks(ask) for one in _stops(ask, net, box)])


def _stops(
    ask: Ask, net: Network, box: tuple[float, float, float, float] | None = None, only: set[int] | None = None
) -> list[dict[str, Any]]:
    rows = store.stops(ask.session, net.version.id, box=box)
    named = {one.number: one.short or one.long for one in store.lines(ask.session, net.version.id)}
    of = store.lines_of_stops(ask.session, net.version.id)
    return [
        {
            "type": "Feature", "id": mirror.key(net.feed.code, one.stop_id),
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": {
                "kind": "stop", "key": mirror.key(net.feed.code, one.stop_id), "name": one.name,
                "lines": ", ".join(named[n] for n in of.get(one.number, [])), "simulated": net.simulated,
                "page": f"/transit/stops/{mirror.key(net.feed.code, one.stop_id)}",
            },
        }
        for one in rows if one.lat is not None and (only is None or one.number in only)
    ]  # fmt: skip


def lines(ask: Ask) -> Response:
    """`GET /transit/lines.geojson`."""
    return _collection(ask, [one for net in asking.networks(ask) for one in _lines(ask, net)])


def _lines(ask: Ask, net: Network, only: set[int] | None = None) -> list[dict[str, Any]]:
    drawn = mirror.ways(ask.session, net.version.id)
    return [
        {
            "type": "Feature", "id": mirror.key(net.feed.code, one.route_id),
            "geometry": {"type": "MultiLineString", "coordinates": drawn[one.number]},
            "properties": {
                "kind": "line", "key": mirror.key(net.feed.code, one.route_id), "name": one.short or one.long, "long_name": one.long,
                "colour": f"#{one.colour or '1D4A86'}", "simulated": net.simulated,
                "page": f"/transit/lines/{mirror.key(net.feed.code, one.route_id)}",
            },
        }
        for one in store.lines(ask.session, net.version.id) if one.number in drawn and (only is None or one.number in only)
    ]  # fmt: skip


def vehicles(ask: Ask) -> Response:
    """`GET /transit/vehicles.geojson`, of one `line` if asked: where they were last heard of."""
    wanted = ask.request.query_params.get("line", "").strip()
    nets, route = asking.networks(ask), None
    if wanted:
        net, route = asking.network(ask, wanted)
        nets = [net]
    return _collection(ask, [one for net in nets for one in _vehicles(ask, net, route)], fresh=True)


def _vehicles(ask: Ask, net: Network, route: str | None) -> list[dict[str, Any]]:
    named = {one.route_id: one for one in store.lines(ask.session, net.version.id)}
    made = []
    for one in heard_store.vehicles(ask.session, net.feed.id, since=ask.now - OLD, route_id=route):
        line = named.get(one.route_id)
        made.append({
            "type": "Feature", "id": f"{net.feed.code}:{one.vehicle}",
            "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
            "properties": {
                "kind": "vehicle", "name": one.label, "line": (line.short or line.long) if line else "", "bearing": one.bearing,
                "colour": f"#{line.colour}" if line is not None and line.colour else "#1D4A86", "at": clock.iso(one.at),
                "simulated": net.simulated,
                "page": f"/transit/lines/{mirror.key(net.feed.code, one.route_id)}" if line else "",
            },
        })  # fmt: skip
    return made


def style(ask: Ask) -> Response:
    """`GET /transit/style.json`: lines, stops and vehicles ready for a map; of one `line` or around one `stop`."""
    line, stop = (ask.request.query_params.get(name, "").strip() for name in ("line", "stop"))
    nets, only, calling = asking.networks(ask), None, None
    dark = ask.request.query_params.get("face") == "dark"
    if line or stop:
        net, id_ = asking.network(ask, line or stop)
        nets = [net]
        if line:
            found = store.line(ask.session, net.version.id, id_)
            only = {found.number} if found is not None else set()
            of = store.lines_of_stops(ask.session, net.version.id)
            calling = {number for number, some in of.items() if only & set(some)}
        else:
            here = store.stop(ask.session, net.version.id, id_)
            numbers = (
                [one.number for one in store.platforms(ask.session, net.version.id, here.number)]
                if here is not None
                else []
            )
            only = {n for some in store.lines_of_stops(ask.session, net.version.id, numbers).values() for n in some}
    ways = [one for net in nets for one in _lines(ask, net, only)]
    points = [one for net in nets for one in _stops(ask, net, None, calling)]
    if len(points) > _FEW and not (line or stop):
        points = []
    buses = [one for net in nets for one in _vehicles(ask, net, asking.network(ask, line)[1] if line else None)]
    body = {
        "version": 8, "sources": {name: {"type": "geojson", "data": {"type": "FeatureCollection", "features": some}}
                                  for name, some in (("lines", ways), ("stops", points), ("vehicles", buses))},
        "layers": _layers(dark, stop),
    }  # fmt: skip
    return JSONResponse(body, headers={"cache-control": "no-store"})


def _layers(dark: bool, stop: str) -> list[dict[str, Any]]:
    paper, ink = ("#14191c", "#e9edee") if dark else ("#ffffff", "#14191b")

    def grows(*pairs: float) -> list[Any]:
        return ["interpolate", ["linear"], ["zoom"], *pairs]

    return [
        {"id": "case", "type": "line", "source": "lines", "layout": {"line-cap": "round", "line-join": "round"},
         "paint": {"line-color": paper, "line-width": grows(10, 3, 15, 8)}},
        {"id": "line", "type": "line", "source": "lines", "layout": {"line-cap": "round", "line-join": "round"},
         "paint": {"line-color": ["get", "colour"], "line-width": grows(10, 1.6, 15, 5), **({"line-opacity": 0.9} if dark else {})}},
        {"id": "stop", "type": "circle", "source": "stops", "minzoom": 11.5,
         "paint": {"circle-color": ["case", ["==", ["get", "key"], stop], ink, paper], "circle-stroke-color": ink,
                   "circle-radius": ["interpolate", ["linear"], ["zoom"], 11.5, 1.6, 14, 3.4, 16, 6], "circle-stroke-width": 1.6}},
        {"id": "vehicle", "type": "circle", "source": "vehicles",
         "paint": {"circle-color": ["get", "colour"], "circle-radius": grows(10, 5, 15, 9), "circle-stroke-color": paper,
                   "circle-stroke-width": 2.5}},
    ]  # fmt: skip


def gtfs(ask: Ask) -> Response:
    """`GET /gtfs/{feed}.zip`: the timetable that holds, as GTFS."""
    feed = service.seen(ask.session, ask.caller, ask.request.path_params["feed"][:80])
    version = store.version(ask.session, feed.version_id) if feed.version_id is not None else None
    if version is None:
        raise NotFound(f"{feed.code} has no timetable yet")
    headers = {"content-disposition": f'attachment; filename="{feed.code}.zip"', "cache-control": "no-cache"}
    return Response(exporting.gtfs(ask.session, feed, version), media_type="application/zip", headers=headers)


def positions(ask: Ask) -> Response:
    """`GET /gtfs/{feed}/vehicle-positions.pb`: GTFS-Realtime, a FeedMessage."""
    feed = service.seen(ask.session, ask.caller, ask.request.path_params["feed"][:80])
    body = exporting.positions(ask.session, feed, ask.now)
    return Response(body, media_type="application/x-protobuf", headers={"cache-control": "no-store"})
