"""`/transit/stops/{id}`: the next departures, each marked as what it is: heard from the vehicle, or only planned."""

from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from dothi.kit import clock
from dothi.screens import words
from dothi.screens.transit import asking
from dothi.screens.transit.asking import Ask, Badge, Network, Note
from dothi.transit import departing, heard_store, mirror, store
from dothi.transit.departing import Departure
from dothi.transit.tables import TransitStop

SHOWN = 16


@dataclass(frozen=True)
class Row:
    """A departure. state: live, planned or cancelled, said by shape and text. at: µs UTC."""

    badge: Badge
    headsign: str
    platform: str
    at: int
    planned: int
    hour: str
    was: str
    minutes: int
    state: str
    word: str
    about: bool
    day: str
    estimated: bool = False  # nobody said which vehicle runs it: found by line, place and time


@dataclass(frozen=True)
class Told:
    """A notice of the operator."""

    header: str
    text: str
    url: str


@dataclass
class Board:
    """The context of `transit/stop.html` and its fragment `transit/_board.html`."""

    title: str
    key: str
    facts: list[str]
    wheelchair: int
    lat: float | None
    lon: float | None
    notes: list[Note]
    notices: list[Told]
    rows: list[Row]
    lines: list[Badge]
    others: list[tuple[str, str]]
    made: int
    hours: int
    source: list[tuple[str, str]]
    bounds: str
    style: str
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /transit/stops/{id}`; asked with `part=board` only the departures."""
    page = _board(ask)
    answer = ask.page("_board" if ask.request.query_params.get("part") == "board" else "stop", page)
    answer.headers["x-robots-tag"] = "noindex" if ask.request.query_params else "all"
    return answer


def json(ask: Ask) -> Response:
    """`GET /transit/stops/{id}.json`: the same for programs."""
    page = _board(ask)
    body: dict[str, Any] = {
        "id": page.key, "name": page.title, "lat": page.lat, "lon": page.lon, "wheelchair": _WHEEL[page.wheelchair],
        "made": clock.iso(page.made), "simulated": page.simulated, "notes": [one.text for one in page.notes],
        "notices": [asdict(one) for one in page.notices], "source": dict(page.source),
        "departures": [
            {"line": one.badge.key, "line_name": one.badge.text, "headsign": one.headsign, "planned": clock.iso(one.planned),
             "expected": clock.iso(one.at) if one.state == "live" else None, "state": one.state, "about": one.about, "estimated": one.estimated}
            for one in page.rows
        ],
    }  # fmt: skip
    return JSONResponse(body, headers={"cache-control": "no-store"})


_WHEEL = {0: "unknown", 1: "yes", 2: "no"}


def _board(ask: Ask) -> Board:
    net, stop = asking.stop(ask)
    held = store.platforms(ask.session, net.version.id, stop.number)
    numbers = [one.number for one in held]
    lines = {one.number: one for one in store.lines(ask.session, net.version.id)}
    badges = {number: asking.badge(net.feed, one) for number, one in lines.items()}
    coming = departing.next_ones(ask.session, net.feed, net.version, numbers, ask.now, limit=SHOWN)
    of = store.lines_of_stops(ask.session, net.version.id, numbers)
    calling = sorted({number for some in of.values() for number in some})
    platforms = {
        one.number: one.platform or (one.name if one.name != stop.name else "")
        for one in held
        if one.number != stop.number
    }
    routes = {lines[number].route_id for number in calling}
    notices = [
        Told(_text(one.header, ask.language), _text(one.text, ask.language), one.url)
        for one in heard_store.notices(ask.session, net.feed.id, ask.now)
        if not (one.lines or one.stops) or routes & set(one.lines) or {s.stop_id for s in held} & set(one.stops)
    ]
    facts = [net.feed.title]
    if stop.code:
        facts.append(ask.say("số hiệu {code}", code=stop.code))
    bounds = ""
    if stop.lat is not None and stop.lon is not None:
        bounds = f"{stop.lon - 0.006},{stop.lat - 0.004},{stop.lon + 0.006},{stop.lat + 0.004}"
    key = mirror.key(net.feed.code, stop.stop_id)
    return Board(
        stop.name, key, facts, stop.wheelchair, stop.lat, stop.lon, asking.notes(ask, [net], vehicles=True), notices,
        [_row(ask, one, badges[one.line], platforms.get(one.platform, "")) for one in coming], [badges[n] for n in calling],
        _others(ask, net, stop), ask.now, departing.WINDOW // clock.HOUR, asking.source(ask, net), bounds,
        f"/transit/style.json?stop={key}", net.simulated,
    )  # fmt: skip


def _others(ask: Ask, net: Network, stop: TransitStop) -> list[tuple[str, str]]:
    """Stops of the same name: the other side of the road."""
    if stop.lat is None or stop.lon is None:
        return []
    box = (stop.lon - 0.004, stop.lat - 0.004, stop.lon + 0.004, stop.lat + 0.004)
    rows = [
        one
        for one in store.stops(ask.session, net.version.id, box=box)
        if one.name == stop.name and one.number != stop.number
    ]
    of = store.lines_of_stops(ask.session, net.version.id, [one.number for one in rows])
    named = {one.number: one.short or one.long for one in store.lines(ask.session, net.version.id)}
    return [
        (
            f"/transit/stops/{mirror.key(net.feed.code, one.stop_id)}",
            ", ".join(named[n] for n in of.get(one.number, [])) or one.stop_id,
        )
        for one in rows
    ]


def _row(ask: Ask, one: Departure, badge: Badge, platform: str) -> Row:
    late = 0 if one.delay is None else round(one.delay / 60)
    if one.cancelled:
        state, word = "cancelled", ask.say("không chạy")
    elif one.expected is None:
        state, word = "planned", ask.say("khoảng, theo biểu đồ") if one.about else ask.say("theo biểu đồ")
    elif one.by == "placed":
        state = "live"
        word = (
            ask.say("ước tính từ vị trí xe, muộn {n} phút", n=late) if late > 0 else ask.say("ước tính từ vị trí xe, đúng giờ")
        )  # fmt: skip
    else:
        state = "live"
        word = (
            ask.say("thực tế, muộn {n} phút", n=late) if late > 0
            else ask.say("thực tế, sớm {n} phút", n=-late) if late < 0 else ask.say("thực tế, đúng giờ")
        )  # fmt: skip
    day = "" if words.day(one.at) == words.day(ask.now) else f"{clock.local(one.at):%d/%m}"
    was = words.hour(one.planned) if words.hour(one.planned) != words.hour(one.at) else ""
    return Row(
        badge, one.headsign, platform, one.at, one.planned, words.hour(one.at), was, asking.minutes(one.at, ask.now), state, word,
        one.about, day, one.by == "placed",
    )  # fmt: skip


def _text(texts: dict[str, Any], language: str) -> str:
    return str(texts.get(language) or texts.get("vi") or next(iter(texts.values()), ""))
