"""`/transit`: the lines, a search without diacritics, the stops near by."""

from collections import Counter
from dataclasses import dataclass

from starlette.responses import Response

from dothi.kit.text import fold, sort_key
from dothi.places import cities
from dothi.screens import drawing
from dothi.screens.transit import asking
from dothi.screens.transit.asking import Ask, Badge, Network, Note
from dothi.transit import heard_store, mirror, realtime, store
from dothi.transit.following import OLD
from dothi.transit.tables import TransitLine, TransitStop

FOUND = 30  # stops of a search
_NEAR = 0.02  # degrees around a position: some two kilometres


@dataclass(frozen=True)
class Line:
    """A line in the list. running: vehicles heard of lately; None where nobody tells of any."""

    badge: Badge
    operator: str
    kind: str
    running: int | None


@dataclass(frozen=True)
class Stop:
    """A stop in the list. metres: from the place asked for."""

    href: str
    name: str
    code: str
    metres: int | None
    lines: list[Badge]
    wheelchair: int
    towards: list[str]


@dataclass(frozen=True)
class Group:
    """A feed's lines."""

    title: str
    count: int
    stops: int
    lines: list[Line]
    source: list[tuple[str, str]]
    gtfs: str


@dataclass
class Front:
    """The context of `transit/front.html`."""

    title: str
    notes: list[Note]
    groups: list[Group]
    stops: list[Stop]
    asked: str
    near: str
    searched: bool
    more: bool
    bounds: str
    style: str
    can: bool
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /transit`."""
    nets, near = asking.networks(ask), asking.near_of(ask)
    q = ask.request.query_params.get("q", "").replace("\0", " ").strip()[:100]
    stops = found_stops(ask, nets, q, near, FOUND + 1)
    page = Front(
        ask.say("Xe buýt"), asking.notes(ask, nets, vehicles=True), [one for one in (_group(ask, net, q) for net in nets) if one.lines or not (q or near)], stops[:FOUND], q,
        f"{near[0]:.5f},{near[1]:.5f}" if near else "", bool(q or near), len(stops) > FOUND, bounds(ask, nets),
        "/transit/style.json", ask.may("data:write"), any(net.simulated for net in nets),
    )  # fmt: skip
    return ask.page("front", page)


def _group(ask: Ask, net: Network, q: str) -> Group:
    size = store.size(ask.session, net.version.id)
    live = net.feed.heard_at is not None
    running = Counter(one.route_id for one in heard_store.vehicles(ask.session, net.feed.id, since=ask.now - OLD))
    lines = [one for one in store.lines(ask.session, net.version.id) if matches(one, q)]
    lines.sort(key=lambda one: (one.rank, sort_key(one.short)))
    return Group(
        net.feed.title, size["lines"], size["stops"],
        [
            Line(asking.badge(net.feed, one), one.agency, ask.say(asking.VEHICLES[mirror.kind(one.kind)]),
                 running[one.route_id] if live else None)
            for one in lines
        ],
        asking.source(ask, net), f"/gtfs/{net.feed.code}.zip",
    )  # fmt: skip


def matches(one: TransitLine, q: str) -> bool:
    """Whether a line's names hold every word, whatever their diacritics."""
    return all(word in one.folded for word in fold(q).split())


def found_stops(ask: Ask, nets: list[Network], q: str, near: tuple[float, float] | None, most: int) -> list[Stop]:
    """Stops of all networks by words, by nearness, or by both; none where nothing is asked."""
    made: list[tuple[float, Stop]] = []
    if not q and near is None:
        return []
    for net in nets:
        box = None if near is None else (near[1] - _NEAR, near[0] - _NEAR, near[1] + _NEAR, near[0] + _NEAR)
        rows = store.stops(ask.session, net.version.id, box=box, words=fold(q), limit=None if box else most)
        far = {one.number: _far(one, near) for one in rows}
        rows = sorted(rows, key=lambda one: (far[one.number] or 0, sort_key(one.name)))[:most]
        lines = {one.number: one for one in store.lines(ask.session, net.version.id)}
        of = store.lines_of_stops(ask.session, net.version.id, [one.number for one in rows])
        to = store.towards(ask.session, net.version.id, [one.number for one in rows])
        for one in rows:
            metres = far[one.number]
            made.append((metres or 0.0, Stop(
                f"/transit/stops/{mirror.key(net.feed.code, one.stop_id)}", one.name, one.code, None if metres is None else round(metres),
                [asking.badge(net.feed, lines[n]) for n in of.get(one.number, [])], one.wheelchair, to.get(one.number, [])[:3],
            )))  # fmt: skip
    made.sort(key=lambda pair: pair[0])
    return [one for _, one in made[:most]]


def _far(one: TransitStop, near: tuple[float, float] | None) -> float | None:
    if near is None or one.lat is None or one.lon is None:
        return None
    return realtime.metres(near[0], near[1], one.lat, one.lon)


def bounds(ask: Ask, nets: list[Network]) -> str:
    """The box around a few networks' stops, as the map wants it: that of the first, the others may lie far away.

    Of a city: around those in it.
    """
    seen = cities.lens(ask.session)
    for net in nets:
        rows = store.stops(ask.session, net.version.id, box=None if seen is None else seen.box)
        box = drawing.middle((one.lon, one.lat) for one in rows if one.lon is not None and one.lat is not None)
        if box is not None:
            return ",".join(map(str, box))
    return ""
