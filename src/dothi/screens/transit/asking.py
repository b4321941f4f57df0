"""How the public transport pages are asked for, and what every one of them says of its feeds."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.places import cities
from dothi.screens import desk, words
from dothi.screens.asking import map_setting
from dothi.screens.desk import ANYBODY
from dothi.transit import mirror, service, store, values
from dothi.transit.following import OLD
from dothi.transit.tables import TransitFeed, TransitLine, TransitStop, TransitVersion
from dothi.web.i18n import marked

VEHICLES = {
    "bus": marked("Xe buýt"), "tram": marked("Tàu điện"), "metro": marked("Tàu điện ngầm"), "rail": marked("Tàu hỏa"),
    "ferry": marked("Phà, tàu thủy"), "aerial": marked("Cáp treo"), "funicular": marked("Tàu leo núi"),
}  # fmt: skip


@dataclass
class Ask(desk.Ask):
    """One question to the public transport pages."""

    def page(self, template: str, page: Any, status: int = 200) -> Response:
        """The answer as a page."""
        frame = {"page": page, "entries": ("transit",), "city": self.city, "now": self.now, "language": self.language,
                 "simulated": page.simulated, "words": words, "map": map_setting(self.say)}  # fmt: skip
        return self.shown(f"transit/{template}.html", frame, status)


DESK = desk.Desk(Ask, desk.people, ANYBODY, service.PERMISSION)
get = DESK.get


@dataclass(frozen=True)
class Network:
    """A feed with the timetable that holds."""

    feed: TransitFeed
    version: TransitVersion
    state: str

    @property
    def simulated(self) -> bool:
        """Whether it is no real operator's."""
        return self.feed.simulated


@dataclass(frozen=True)
class Note:
    """What a page says of a feed before anything else. tone: a state, for its shape."""

    tone: str
    text: str


@dataclass(frozen=True)
class Badge:
    """A line as its sign shows it: always its name in text. fill, ink: colours as #rrggbb."""

    key: str
    text: str
    name: str
    fill: str
    ink: str
    wide: int

    @property
    def href(self) -> str:
        """Its page."""
        return f"/transit/lines/{self.key}"


def networks(ask: Ask) -> list[Network]:
    """The networks the caller sees, with a timetable; of a city, those that stop there."""
    made, seen = [], cities.lens(ask.session)
    box = None if seen is None else seen.box
    for feed in store.feeds(ask.session, ask.caller, held=True):
        version = store.version(ask.session, feed.version_id or 0)
        if version is not None and (box is None or store.stops_in(ask.session, version.id, box)):
            made.append(Network(feed, version, service.state(version, ask.now)))
    return made


def network(ask: Ask, key: str) -> tuple[Network, str]:
    """The network a key `feed:id` is of, and the id. Raises NotFound."""
    code, colon, id_ = key.partition(":")
    feed = store.feed(ask.session, ask.caller, code) if colon and len(key) < 300 and "\0" not in key else None
    version = store.version(ask.session, feed.version_id) if feed is not None and feed.version_id is not None else None
    if feed is None or version is None:
        raise NotFound(ask.say("Không có trạm hay tuyến này"))
    return Network(feed, version, service.state(version, ask.now)), id_


def stop(ask: Ask) -> tuple[Network, TransitStop]:
    """The stop the address names."""
    net, id_ = network(ask, ask.request.path_params["id"])
    found = store.stop(ask.session, net.version.id, id_)
    if found is None:
        raise NotFound(ask.say("Không có trạm này"))
    return net, found


def line(ask: Ask) -> tuple[Network, TransitLine]:
    """The line the address names."""
    net, id_ = network(ask, ask.request.path_params["id"])
    found = store.line(ask.session, net.version.id, id_)
    if found is None:
        raise NotFound(ask.say("Không có tuyến này"))
    return net, found


def badge(feed: TransitFeed, one: TransitLine) -> Badge:
    """A line's sign; its ink is the operator's where that can be read, else black or white."""
    fill = one.colour or "1D4A86"
    ink = (
        one.ink
        if one.ink and _contrast(fill, one.ink) >= 4.5
        else max(("FFFFFF", "000000"), key=lambda c: _contrast(fill, c))
    )
    text = (one.short or one.long or one.route_id)[:14]
    return Badge(
        mirror.key(feed.code, one.route_id),
        text,
        one.long if one.long != text else "",
        f"#{fill}",
        f"#{ink}",
        16 + 9 * len(text),
    )


def _contrast(a: str, b: str) -> float:
    """WCAG 2 contrast of two colours."""
    light, dark = sorted((_light(a), _light(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def notes(ask: Ask, nets: list[Network], *, vehicles: bool = False) -> list[Note]:
    """What must be said of the feeds before their times are believed."""
    made = []
    for net in nets:
        title, version = net.feed.title, net.version
        ends = f"{dt.date.fromordinal(version.ends):%d/%m/%Y}" if version.ends else ""
        if net.state == "shifted":
            made.append(Note("minor", ask.say(
                "{title}: biểu đồ của đơn vị vận tải đã hết hạn ngày {ends}; ở đây tạm coi như còn hiệu lực (dời {weeks} tuần). Giờ thật có thể khác.",
                title=title, ends=ends, weeks=version.shift // 7,
            )))  # fmt: skip
        elif net.state == "expired":
            made.append(
                Note(
                    "major",
                    ask.say("{title}: biểu đồ đã hết hạn ngày {ends}, nên không có giờ xe.", title=title, ends=ends),
                )
            )
        elif net.state == "not-begun":
            begins = f"{dt.date.fromordinal(version.begins):%d/%m/%Y}" if version.begins else ""
            made.append(
                Note("minor", ask.say("{title}: biểu đồ bắt đầu từ ngày {begins}.", title=title, begins=begins))
            )
        elif net.state == "no-days":
            made.append(Note("nodata", ask.say("{title}: nguồn chỉ có tuyến và trạm, không có giờ chạy.", title=title)))
        heard = net.feed.heard_at
        if vehicles and heard is not None and ask.now - heard > OLD:
            made.append(Note("offline", ask.say(
                "{title}: không nhận được vị trí xe từ {when}; giờ dưới đây theo biểu đồ.", title=title, when=words.when(heard, ask.now)
            )))  # fmt: skip
    return made


def source(ask: Ask, net: Network) -> list[tuple[str, str]]:
    """Where a network's numbers come from, as pairs of a word and what it says."""
    feed, version = net.feed, net.version
    made = [
        (ask.say("Nguồn"), feed.source or feed.title),
        (
            ask.say("Biểu đồ"),
            ask.say("bản {number}, nạp {when}", number=version.number, when=words.moment(version.imported_at)),
        ),
    ]
    if feed.licence:
        made.append((ask.say("Giấy phép"), feed.licence))
    if feed.heard_at is not None:
        made.append((ask.say("Vị trí xe nhận lúc"), words.when(feed.heard_at, ask.now)))
    return made


def day_of(ask: Ask, net: Network) -> int:
    """The service day an address asks for; today where it asks for none."""
    given = ask.request.query_params.get("day", "").strip()
    if not given:
        return values.service_day(ask.now, net.version.timezone)
    try:
        day = dt.date.fromisoformat(given[:10]).toordinal()
    except ValueError:
        raise BadInput("this is no day", [Fault("day", repr(given[:20]), "2026-11-22")]) from None
    today = values.service_day(ask.now, net.version.timezone)
    if abs(day - today) > 366:
        raise BadInput("this day is too far away", [Fault("day", given[:20], "a year before or after today")])
    return day


def near_of(ask: Ask) -> tuple[float, float] | None:
    """The position an address asks for as `near=latitude,longitude`."""
    given = ask.request.query_params.get("near", "").strip()
    if not given:
        return None
    lat, _, lon = given[:60].partition(",")
    found = values.position(lat.strip(), lon.strip())
    if found is None:
        raise BadInput(
            "this is no position",
            [Fault("near", repr(given[:40]), "latitude,longitude in degrees, as 10.5372,106.413")],
        )
    return found


def minutes(micros: int, now: int) -> int:
    """Whole minutes until an instant, none below zero."""
    return max(0, (micros - now) // (60 * clock.SECOND))
