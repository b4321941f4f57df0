"""The front page: the live map, the city today, and the same things as a list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.responses import Response

from dothi.kit.text import fold, sort_key, whole
from dothi.screens import drawing, words
from dothi.screens.asking import STATES, sector_names, state_words
from dothi.screens.portal import air
from dothi.screens.portal import water as rivers
from dothi.screens.portal.asking import Ask
from dothi.screens.portal.rows import Row, row
from dothi.sensing import glance, lately, state
from dothi.sensing import water as sensing_water
from dothi.sensing.sectors import SEVERITY
from dothi.sensing.state import ThingState, number

ROWS = 40
LATE = 3600  # seconds


@dataclass
class Chip:
    """A filter of the list."""

    href: str
    text: str
    on: bool


@dataclass
class AirCard:
    """The station with the highest hourly index. of: how many stations have one."""

    href: str
    name: str
    hour: str
    aqi: int | None
    level: int
    word: str
    advice: str
    dominant: str
    of: int
    why: str


@dataclass
class RiverCard:
    """The river station nearest to (or furthest above) its alarm levels."""

    href: str
    title: str
    stream: int
    value: str | None
    state: str
    tone: str
    word: str
    trend: str
    at: int | None
    age: str
    late: int
    chart: Markup


@dataclass
class Front:
    """The context of `portal/front.html`."""

    title: str
    date_line: str
    now: int
    weather: str
    counts: list[tuple[str, str, int]]
    air: AirCard | None
    river: RiverCard | None
    total: int
    things: str
    stored: str
    freshest: int | None
    freshest_age: str
    bounds: list[float] | None
    sectors: dict[str, str]
    rows: list[Row]
    found: str
    more: str | None
    q: str
    state: str
    sector: str
    chips: list[Chip] = field(default_factory=list)


@Ask.asked
def front(ask: Ask) -> Response:
    """`/`."""
    everything = state.states(ask.session, ask.caller, language=ask.language, at=ask.now)
    query = ask.request.query_params
    q, wanted, sector = query.get("q", "")[:100], query.get("state", ""), query.get("sector", "")
    listed = _listed(everything, q, wanted if wanted in STATES else "", sector)
    start = whole(query.get("from"), 9) or 0
    shown = listed[start : start + ROWS]
    names, called = sector_names(ask.language), state_words(ask.say)
    counts = Counter(one.state for one in everything)
    things, stored, newest = glance.totals(ask.session, ask.caller)
    keep = {k: v for k, v in (("q", q), ("state", wanted), ("sector", sector)) if v}
    more = "/?" + urlencode({**keep, "from": start + ROWS}) + "#ds" if start + ROWS < len(listed) else None
    page = Front(
        _title(ask), words.date_line(ask.now, ask.language) + f" · {words.hour(ask.now)}", ask.now,
        _weather(everything), [(s, called[s], counts[s]) for s in STATES if counts[s]], _air(ask), _river(ask),
        things, number(things, 0, ask.language), number(stored, 0, ask.language), newest,
        words.age(newest, ask.now, ask.language) if newest else "", drawing.bounds(everything), names,
        [row(one, ask, names, called) for one in shown],
        ask.say("{first}–{last} trong {all}", first=min(start + 1, len(listed)), last=start + len(shown), all=len(listed)),
        more, q, wanted, sector, _chips(everything, keep, names, ask),
    )  # fmt: skip
    return ask.page("portal/front.html", page, ("map",))


def _listed(everything: Sequence[ThingState], q: str, wanted: str, sector: str) -> list[ThingState]:
    """The worst first, then the alphabet."""
    needle = fold(q)
    found = [
        one for one in everything
        if (not needle or needle in fold(one.name) or needle in fold(one.property_name))
        and (not wanted or one.state == wanted) and (not sector or (one.sector or "other") == sector)
    ]  # fmt: skip
    worry = {"critical": 0, "major": 1, "minor": 2}
    return sorted(found, key=lambda one: (worry.get(one.state, 3), sort_key(one.name), one.thing_id))


def _chips(everything: Sequence[ThingState], keep: dict[str, str], names: dict[str, str], ask: Ask) -> list[Chip]:
    counts = Counter(one.sector or "other" for one in everything)
    if len(counts) < 2 and not keep.get("state"):
        return []
    rest = {k: v for k, v in keep.items() if k not in ("sector", "state")}
    chips = [
        Chip(
            "/?" + urlencode(rest) + "#ds",
            ask.say("Tất cả {n}", n=len(everything)),
            not keep.get("sector") and not keep.get("state"),
        )
    ]
    chips += [
        Chip(
            "/?" + urlencode({**rest, "sector": code}) + "#ds",
            f"{names.get(code, code)} {count}",
            keep.get("sector") == code,
        )
        for code, count in counts.most_common()
    ]
    if keep.get("state") in STATES:
        chips.append(Chip("/?" + urlencode(keep) + "#ds", state_words(ask.say)[keep["state"]], on=True))
    return chips


def _weather(everything: Sequence[ThingState]) -> str:
    """The newest air temperature of a weather station, if one is fresh."""
    fresh = [
        one for one in everything
        if one.property == "air-temperature" and one.value is not None and one.age_s is not None and one.age_s < LATE
    ]  # fmt: skip
    newest = max(fresh, key=lambda one: one.at or 0, default=None)
    return f"{newest.text}{words.NBSP}{newest.unit}" if newest else ""


def _air(ask: Ask) -> AirCard | None:
    stations = lately.stations(ask.session, ask.caller, ask.now)
    if not stations:
        return None
    with_index = [one for one in stations if one.aqi is not None]
    if not with_index:
        return AirCard("/air", "", "", None, 0, "", "", "", 0, ask.say("Chưa trạm nào đủ giờ đo để tính AQI giờ."))
    worst = max(with_index, key=lambda one: one.aqi or 0)
    level = worst.level
    assert level is not None  # noqa: S101 - an index has a level
    return AirCard(
        f"/air/{worst.thing_id}", worst.name, air.hour_span(worst.at), worst.aqi, air.level_number(worst.aqi),
        level.name.of(ask.language), level.advice.of(ask.language), air.pollutant(worst.dominant), len(with_index), "",
    )  # fmt: skip


def _river(ask: Ask) -> RiverCard | None:
    stations = sensing_water.stations(ask.session, ask.caller, ask.now)
    if not stations:
        return None
    chosen = max(stations, key=lambda one: (SEVERITY[one.state], one.official, one.at or 0, -one.thing_id))
    now = sensing_water.station_now(ask.session, chosen.thing_id, ask.now)
    if now is None:
        return None
    said = rivers.say_stage(now, ask)
    return RiverCard(
        f"/water/{chosen.thing_id}", now.river or now.name, now.datastream_id, said.value, said.state, said.tone,
        said.word, said.trend, now.at, words.age(now.at, ask.now, ask.language) if now.at else "", said.late,
        rivers.chart(now, ask, hours=12),
    )  # fmt: skip


def _title(ask: Ask) -> str:
    name = ask.city
    return ask.say("{city} hôm nay", city=name) if name else ask.say("Thành phố hôm nay")
