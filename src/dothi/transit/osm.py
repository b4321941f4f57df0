"""Lines and stops out of OpenStreetMap (Overpass JSON, tagging scheme Public Transport version 2): where, not when."""

import hashlib
import json
from typing import Any

from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import fold, nfc
from dothi.transit import values
from dothi.transit.faults import Findings
from dothi.transit.model import Call, Days, Timetable
from dothi.transit.parsing import ZONE

_ROUTES = {"bus": 3, "trolleybus": 11, "tram": 0, "subway": 1, "train": 2, "ferry": 4, "share_taxi": 3}
_SERVICE = "osm"


def parse(name: str, body: bytes) -> Timetable:
    """The timetable of an Overpass answer with `out body` (nodes, ways, route relations); no times are known."""
    try:
        elements = json.loads(body)["elements"]
        kinds = [one["type"] for one in elements]
    except (ValueError, KeyError, TypeError) as error:
        message = f"is no Overpass JSON: {str(error)[:80]}"
        raise BadInput(f"{name} {message}", [Fault(name, message, 'JSON with "elements"')]) from None
    findings = Findings()
    made = Timetable(name, hashlib.sha256(body).hexdigest(), ZONE, findings)
    nodes: dict[int, Any] = {}
    for one, kind in zip(elements, kinds, strict=True):
        if kind == "node" and (one["id"] not in nodes or one.get("tags")):  # a node may come again as a bare skeleton
            nodes[one["id"]] = one
    ways = {one["id"]: one for one, kind in zip(elements, kinds, strict=True) if kind == "way"}
    routes = [one for one, kind in zip(elements, kinds, strict=True) if kind == "relation"]
    called = {
        m.get("ref") for one in routes for m in one.get("members", ()) if m.get("type") == "node" and _calls(m)
    }  # fmt: skip
    numbers: dict[int, int] = {}
    read = accepted = 0
    for id_, node in nodes.items():
        tags = node.get("tags") or {}
        if not (id_ in called or tags.get("highway") == "bus_stop" or tags.get("public_transport") == "platform"):
            continue
        read += 1
        where = values.position(str(node.get("lat")), str(node.get("lon")))
        if where is None:
            findings.note("bad-position", "node", id_, "lat,lon", f"{node.get('lat')},{node.get('lon')}", "degrees")
            continue
        title = tags.get("name") or ""
        if not title:
            findings.note("name-missing", "node", id_, "name", "", "the stop's name; its number is shown")
        accepted += 1
        numbers[id_] = len(made.stops)
        title = nfc(title or f"OSM {id_}")
        made.stops.append({
            "number": numbers[id_], "stop_id": str(id_), "code": str(tags.get("ref", ""))[:40], "name": title,
            "folded": fold(f"{title} {id_}"), "lat": where[0], "lon": where[1], "kind": 0, "parent": None,
            "wheelchair": {"yes": 1, "no": 2}.get(tags.get("wheelchair", ""), 0), "platform": "",
        })  # fmt: skip
    findings.count("node", read, accepted)
    _lines(made, routes, ways, nodes, numbers)
    made.services[_SERVICE] = Days()
    findings.note("no-days", "relation")
    findings.note("no-times", "relation", 0, "", "", "OpenStreetMap holds no timetable")
    return made


def _calls(member: dict[str, Any]) -> bool:
    return str(member.get("role", "")).startswith(("platform", "stop"))


def _lines(
    made: Timetable, routes: list[dict[str, Any]], ways: dict[int, Any], nodes: dict[int, Any], numbers: dict[int, int]
) -> None:
    note, accepted, calls = made.findings.note, 0, 0
    for one in routes:
        tags = one.get("tags") or {}
        kind = _ROUTES.get(tags.get("route", ""))
        if kind is None:
            note("bad-choice", "relation", one["id"], "route", tags.get("route", ""), ", ".join(_ROUTES))
            continue
        accepted += 1
        number, operator = len(made.lines), nfc(str(tags.get("operator") or tags.get("network") or ""))
        if operator and operator not in [agency["name"] for agency in made.agencies]:
            made.agencies.append({"id": "", "name": operator, "url": "", "phone": ""})
        short, long = nfc(str(tags.get("ref", ""))), nfc(str(tags.get("name", "")))
        made.lines.append({
            "number": number, "route_id": str(one["id"]), "agency": operator, "short": short or str(one["id"]), "long": long,
            "folded": fold(f"{short} {long}"), "kind": kind, "colour": values.colour(str(tags.get("colour", ""))) or "",
            "ink": "", "url": str(tags.get("website", ""))[:300], "rank": number,
        })  # fmt: skip
        members = one.get("members", ())
        way = _chain([ways[m["ref"]]["nodes"] for m in members if m.get("type") == "way" and m.get("ref") in ways])
        points = [[nodes[n]["lon"], nodes[n]["lat"]] for n in way if n in nodes]
        shape = str(one["id"]) if len(points) > 1 else ""
        if shape:
            made.shapes[shape] = points
        stops = [m["ref"] for m in members if m.get("type") == "node" and _calls(m)]
        for ref in stops:
            if ref not in numbers:
                note("no-such", "relation", one["id"], "member", ref, "a node of the same file")
        held = [numbers[ref] for ref in stops if ref in numbers]
        calls += len(held)
        made.trips.append({
            "number": number, "trip_id": str(one["id"]), "line": number, "service": _SERVICE, "headsign": nfc(str(tags.get("to", ""))),
            "direction": 0, "block": "", "shape": shape, "wheelchair": 0, "first": None, "last": None, "stops": len(held),
            "frequencies": None,
        })  # fmt: skip
        made.calls += [Call(number, i, stop, None, None, "", 0, 0, False) for i, stop in enumerate(held, start=1)]
    made.findings.count("relation", len(routes), accepted)
    every = sum(1 for one in routes for m in one.get("members", ()) if m.get("type") == "node" and _calls(m))
    made.findings.count("member", every, calls)


def _chain(parts: list[list[int]]) -> list[int]:
    """Ways put end to end, each turned as the one before it ends."""
    made: list[int] = []
    for i, part in enumerate(parts):
        here = list(part)
        if not made:
            following = parts[i + 1] if i + 1 < len(parts) else []
            if following and here[0] in (following[0], following[-1]):
                here.reverse()
            made = here
        else:
            if here[-1] == made[-1]:
                here.reverse()
            made += here[1:] if here[0] == made[-1] else here
    return made
