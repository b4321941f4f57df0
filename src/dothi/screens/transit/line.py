"""`/transit/lines/{id}`: the stops in their order, where the vehicles are, the timetable of a day, how punctual it was."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import JSONResponse, Response

from dothi.kit import clock
from dothi.screens import words
from dothi.screens.transit import asking
from dothi.screens.transit.asking import Ask, Badge, Network, Note
from dothi.transit import departing, heard_store, mirror, store, values
from dothi.transit.following import OLD
from dothi.transit.tables import TransitLine, TransitTrip
from dothi.web.i18n import marked

WEEKS = 4
EVERY, ABOUT = marked("{start}–{end}: cứ {n} phút một chuyến"), marked("{start}–{end}: khoảng {n} phút một chuyến")
FULL = {
    0: marked("xe vắng"), 1: marked("còn nhiều ghế"), 2: marked("còn ít ghế"), 3: marked("chỉ còn chỗ đứng"), 4: marked("chật"),
    5: marked("đầy xe"), 6: marked("không nhận khách"),
}  # fmt: skip


@dataclass(frozen=True)
class Bus:
    """A vehicle on its way. standing: at the stop; else on the way to it."""

    label: str
    standing: bool
    age: str
    late: str
    full: str


@dataclass(frozen=True)
class Call:
    """A stop of the line with the vehicles at it or on the way to it."""

    href: str
    name: str
    minute: int | None
    buses: list[Bus]


@dataclass(frozen=True)
class Way:
    """One direction. hours: (hour, minutes of departure from the first stop); spans: runs by frequency, in words."""

    title: str
    calls: list[Call]
    elsewhere: list[Bus]
    hours: list[tuple[str, list[str]]]
    spans: list[str]
    trips: int


@dataclass(frozen=True)
class Bar:
    """Punctuality of one hour of the day."""

    hour: int
    calls: int
    share: float


@dataclass(frozen=True)
class Punctual:
    """How punctual the line was. share: of calls seen, on time; delay: mean, in seconds."""

    calls: str
    share: str
    delay: str
    early: str
    late: str
    since: str
    bars: list[Bar]
    worst: list[tuple[str, str, str, int]]
    simulated: bool


@dataclass
class LinePage:
    """The context of `transit/line.html`."""

    title: str
    badge: Badge
    facts: list[str]
    notes: list[Note]
    ways: list[Way]
    day: str
    day_word: str
    runs: bool
    known: bool
    punctual: Punctual | None
    source: list[tuple[str, str]]
    bounds: str
    style: str
    made: int
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /transit/lines/{id}`."""
    return ask.page("line", _page(ask))


def json(ask: Ask) -> Response:
    """`GET /transit/lines/{id}.json`."""
    page = _page(ask)
    body = {
        "id": page.badge.key, "name": page.badge.text, "long_name": page.title, "made": clock.iso(page.made), "day": page.day,
        "simulated": page.simulated, "notes": [one.text for one in page.notes], "source": dict(page.source),
        "directions": [asdict(one) for one in page.ways], "punctuality": asdict(page.punctual) if page.punctual else None,
    }  # fmt: skip
    return JSONResponse(body, headers={"cache-control": "no-store"})


def _page(ask: Ask) -> LinePage:
    net, line = asking.line(ask)
    day = asking.day_of(ask, net)
    badge = asking.badge(net.feed, line)
    trips = store.trips(ask.session, net.version.id, line=line.number)
    running = set(departing.running(store.services(ask.session, net.version.id), net.version, day))
    ways = [
        _way(ask, net, [one for one in trips if one.direction == direction], running)
        for direction in sorted({one.direction for one in trips})
    ]
    date = dt.date.fromordinal(day)
    drawn = mirror.ways(ask.session, net.version.id).get(line.number, [])
    points = [point for part in drawn for point in part]
    bounds = ""
    if points:
        lons, lats = [p[0] for p in points], [p[1] for p in points]
        bounds = f"{min(lons)},{min(lats)},{max(lons)},{max(lats)}"
    facts = [ask.say(asking.VEHICLES[mirror.kind(line.kind)]), line.agency or net.feed.title]
    noon = values.midnight(day, net.version.timezone) + 12 * clock.HOUR
    return LinePage(
        line.long or line.short, badge, [one for one in facts if one], asking.notes(ask, [net], vehicles=True), ways, f"{date}",
        words.date_line(noon, ask.language), any(one.trips or one.spans for one in ways),
        any(one.first is not None for one in trips), _punctual(ask, net, line),
        asking.source(ask, net), bounds, f"/transit/style.json?line={badge.key}", ask.now, net.simulated,
    )  # fmt: skip


def _way(ask: Ask, net: Network, trips: list[TransitTrip], running: set[str]) -> Way:
    longest = max(trips, key=lambda one: (one.stops, -one.number))
    calls = store.calls(ask.session, net.version.id, [longest.number]).get(longest.number, [])
    stops = store.stops_by_number(ask.session, net.version.id, [one.stop for one in calls])
    ids = {one.trip_id for one in trips}
    buses: dict[int | None, list[Bus]] = {}
    here = [one for one in heard_store.vehicles(ask.session, net.feed.id, since=ask.now - OLD) if one.trip_id in ids]
    seen = heard_store.last_delays(ask.session, net.feed.id, [one.trip_id for one in here], ask.now - OLD)
    sequences = {one.sequence for one in calls}
    for one in here:
        last = seen.get((one.trip_id, one.day or 0, one.run))
        if one.behind is not None:
            late = ask.say("ước tính {late}", late=_late(ask, one.behind))
        else:
            late = "" if last is None else _late(ask, last[1])
        bus = Bus(one.label, one.standing, words.age(one.at, ask.now, ask.language), late, _full(ask, one.occupancy))
        buses.setdefault(one.sequence if one.sequence in sequences else None, []).append(bus)
    told = [one for one in trips if one.service in running]
    hours: dict[int, list[tuple[int, str]]] = {}
    spans = []
    for trip in told:
        if trip.frequencies:
            spans += [_span(ask, one) for one in trip.frequencies]
        elif trip.first is not None:
            hours.setdefault(trip.first // 3600, []).append((trip.first, f"{trip.first // 60 % 60:02}"))
    first = longest.first
    return Way(
        longest.headsign or (stops[calls[-1].stop].name if calls else ""),
        [
            Call(f"/transit/stops/{mirror.key(net.feed.code, stops[one.stop].stop_id)}", stops[one.stop].name,
                 None if one.arrival is None or first is None else max(0, one.arrival - first) // 60, buses.get(one.sequence, []))
            for one in calls
        ],
        buses.get(None, []),
        [(f"{hour % 24:02}" + ("⁺¹" if hour >= 24 else ""), [text for _, text in sorted(some)]) for hour, some in sorted(hours.items())],
        sorted(set(spans)), sum(len(some) for some in hours.values()),
    )  # fmt: skip


def _span(ask: Ask, one: list[int]) -> str:
    start, end, headway, exact = one
    said = EVERY if exact else ABOUT
    return ask.say(
        said,
        start=values.clock_text(start)[:5],
        end=values.clock_text(end)[:5],
        n=words.number(headway / 60, 0, ask.language),
    )


def _late(ask: Ask, seconds: int) -> str:
    late = round(seconds / 60)
    if late > 0:
        return ask.say("muộn {n} phút", n=late)
    return ask.say("sớm {n} phút", n=-late) if late < 0 else ask.say("đúng giờ")


def _full(ask: Ask, occupancy: int | None) -> str:
    return ask.say(FULL[occupancy]) if occupancy in FULL else ""


def _punctual(ask: Ask, net: Network, line: TransitLine) -> Punctual | None:
    since = ask.now - WEEKS * 7 * clock.DAY
    offset = values.midnight(values.service_day(ask.now, net.version.timezone), "UTC") - values.midnight(
        values.service_day(ask.now, net.version.timezone), net.version.timezone
    )

    def asked(by: str) -> list[dict[str, Any]]:
        return heard_store.punctuality(
            ask.session, net.feed.id, since, ask.now, by, route_id=line.route_id, offset=offset
        )

    total = next(iter(asked("all")), None)
    if total is None:
        return None
    names = {one.stop_id: one.name for one in store.stops(ask.session, net.version.id)}
    stops = [one for one in asked("stop") if one["calls"] >= 20]
    stops.sort(key=lambda one: one["on_time"] / one["calls"])

    def share(one: dict[str, Any]) -> str:
        return words.quantity(100 * one["on_time"] / one["calls"], 0, "%", ask.language)

    calls, early, late = (words.number(total[one], 0, ask.language) for one in ("calls", "early", "late"))
    return Punctual(
        calls, share(total), words.quantity(total["delay"] / 60, 1, ask.say("phút"), ask.language), early, late, words.day(since),
        [Bar(int(one["hour"]), one["calls"], one["on_time"] / one["calls"]) for one in asked("hour")],
        [
            (f"/transit/stops/{mirror.key(net.feed.code, one['stop'])}", names.get(one["stop"], one["stop"]), share(one), one["calls"])
            for one in stops[:5]
        ],
        total["simulated"],
    )  # fmt: skip
