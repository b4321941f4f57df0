"""What the pages' scripts ask for: things as GeoJSON, a series, the map as a still picture."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.places import cities
from dothi.screens import features
from dothi.screens.portal import still
from dothi.screens.portal.asking import Ask
from dothi.sensing import glance, state
from dothi.sensing.glance import Box

MOST_IDS = 500
LONGEST = 3 * 366 * clock.DAY


def _json(body: Any, kind: str = "application/json", seconds: int = 0) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    age = f"private, max-age={seconds}" if seconds else "no-cache"
    return Response(text, media_type=kind, headers={"cache-control": age})


@Ask.asked
def things(ask: Ask) -> Response:
    """`/portal/things.geojson?ids=1,2&bbox=w,s,e,n`: things with states, values and limits."""
    query = ask.request.query_params
    ids, box = _ids(query.get("ids")), _box(query.get("bbox"))
    found = features.collection(ask.session, ask.caller, ask.language, ids, box)
    return _json(found, "application/geo+json")


@Ask.asked
def series(ask: Ask) -> Response:
    """`/portal/series/{id}?from=…&to=…`: a datastream's values; times in ms UTC, step 0 for the observations themselves."""
    id_ = ask.request.path_params["id"]
    if glance.stream_of(ask.session, ask.caller, id_) is None:
        raise NotFound(f"no Datastream {id_} that you may see")
    start, end = _span(ask.request, ask.now)
    found = glance.series(ask.session, id_, start, end)
    return _json({"step": found.step // 1000, "at": [at // 1000 for at in found.at], "value": found.value})


@Ask.asked
def picture(ask: Ask) -> Response:
    """`/portal/map.svg?thing=1`: the map, or what is around a thing, as a picture, for readers without script and until the live one is there.

    `?thing=`, of none: the ground alone.
    """
    theme = ask.request.query_params.get("theme")
    around = _ids(ask.request.query_params.get("thing"))
    nothing = around is not None and not around
    found = [] if nothing else state.states(ask.session, ask.caller, language=ask.language, at=ask.now, things=around)
    svg = still.picture(ask.session, found, theme if theme in ("light", "dark") else None)
    kept = "private, max-age=20" if cities.lens(ask.session) is None else "no-cache"
    return Response(svg, media_type="image/svg+xml", headers={"cache-control": kept})


def _ids(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part for part in text.split(",") if part]
    if len(parts) > MOST_IDS or not all(p.isascii() and p.isdigit() and len(p) < 10 for p in parts):
        raise _bad("ids", text, f"at most {MOST_IDS} numbers separated by commas")
    return [int(part) for part in parts]


def _box(text: str | None) -> Box | None:
    if text is None:
        return None
    box = geo.box(text)
    if box is None:
        raise _bad("bbox", text, "west,south,east,north in degrees")
    return box


def _span(request: Request, now: int) -> tuple[int, int]:
    query = request.query_params
    end = _instant(query["to"], "to") if "to" in query else now
    start = _instant(query["from"], "from") if "from" in query else end - clock.DAY
    if not 0 < end - start <= LONGEST:
        raise _bad("from", query.get("from", ""), "an instant before `to`, at most three years earlier")
    return start, end


def _instant(text: str, place: str) -> int:
    try:
        return clock.parse(text)
    except BadInput as error:
        raise _bad(place, text, error.faults[0].allowed or "") from None


def _bad(place: str, found: str, allowed: str) -> BadInput:
    return BadInput(f"{place}: {found[:80]!r} is not understood", [Fault(place, f"{found[:80]!r}", allowed)])
