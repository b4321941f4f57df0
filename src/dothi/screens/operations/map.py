"""What the map is drawn from: things with their states, alarms, and the layers of other rooms."""

from typing import Any

from starlette.responses import Response

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens import features
from dothi.screens import words as common
from dothi.screens.operations import queue, store
from dothi.screens.operations.asking import Ask, json
from dothi.screens.operations.store import Line
from dothi.sensing import glance
from dothi.sensing.state import ThingState
from dothi.web import slots

NOTHING: dict[str, Any] = {"type": "FeatureCollection", "features": []}
LONGEST = 31 * clock.DAY


def picture(ask: Ask) -> Response:
    """`GET /operations/map.json?at=&known=&ids=`: everything on the map; `ids`: only these things, and nothing else."""
    ids = queue.filters(ask.request.query_params, ask.caller).wanted.ids
    things = _then(ask, ids) if ask.replay else _now(ask, ids)
    body: dict[str, Any] = {"at": ask.at // 1000, "known": ask.known // 1000, "things": things}
    if ids is None:
        body["alarms"] = [_alarm(one, ask.language) for one in queue.found(ask, queue.Filters())]
        body["warnings"] = slots.of("operations.map.warnings", ask) or NOTHING
        body["cameras"] = slots.of("operations.map.cameras", ask) or NOTHING
    return json(body)


def _now(ask: Ask, ids: tuple[int, ...] | None) -> dict[str, Any]:
    return features.collection(ask.session, ask.caller, ask.language, None if ids is None else list(ids))


def _then(ask: Ask, ids: tuple[int, ...] | None) -> dict[str, Any]:
    """Things as they were: nothing to judge any more, only to show."""
    shown = [one for one in ask.states if ids is None or one.thing_id in ids]
    return {"type": "FeatureCollection", "at": clock.iso(ask.at), "features": [_feature(one) for one in shown]}


def _feature(one: ThingState) -> dict[str, Any]:
    """A past state in the names `frontend/src/pure/merge.ts` describes; `fixed`, because it is over."""
    stream = {
        "d": -one.thing_id, "n": one.property_name, "u": one.unit, "v": None, "x": f"{one.text}{common.NBSP}{one.unit}".strip(),
        "t": None if one.at is None else one.at // 1000, "g": 0,
    }  # fmt: skip
    properties: dict[str, Any] = {
        "id": one.thing_id, "n": one.name, "s": one.state, "c": one.sector or features.OTHER, "m": 0, "fixed": True,
        "st": [stream] if one.text else [],
    }  # fmt: skip
    if one.word:
        properties["why"] = one.word
    place = None if one.lon is None or one.lat is None else {"type": "Point", "coordinates": [one.lon, one.lat]}
    return {"type": "Feature", "id": one.thing_id, "geometry": place, "properties": properties}


def _alarm(one: Line, language: str) -> list[Any]:
    """id, number, severity, acknowledged, active, title, value, thing, lon, lat."""
    return [
        one.id, one.number, one.severity, int(one.acknowledged), int(one.active), queue.title(one, language),
        queue.value(one, language), one.thing_id, one.lon, one.lat,
    ]  # fmt: skip


def series(ask: Ask) -> Response:
    """`GET /operations/series/{id}?hours=&at=&known=`: a datastream's values up to the moment shown, as they were known."""
    id_ = ask.request.path_params["id"]
    if glance.stream_of(ask.session, ask.caller, id_) is None:
        raise NotFound(f"no Datastream {id_} that you may see")
    text = ask.request.query_params.get("hours", "12")
    hours = whole(text, 4) or 0
    if not 0 < hours * clock.HOUR <= LONGEST:
        raise BadInput("hours cannot be read", [Fault("hours", repr(text[:20]), "1 to 744")])
    start = ask.at - hours * clock.HOUR
    if not ask.replay:
        found = glance.series(ask.session, id_, start, ask.at + 1)
        return json({"step": found.step // 1000, "at": [at // 1000 for at in found.at], "value": found.value})
    points = store.values(ask.session, id_, start, ask.at + 1, ask.known)
    points = points[:: -(-len(points) // 1500) or 1]
    return json({"step": 0, "at": [at // 1000 for at, _ in points], "value": [value for _, value in points]})
