"""`/reports`: every public report on a map and, equally, in a list; counted, filtered, followed by place."""

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from sqlalchemy import select
from starlette.responses import Response

from dothi.cases import reading, stats
from dothi.cases.lists import Public, PublicAsked
from dothi.cases.tables import CaseFile
from dothi.cases.types import types
from dothi.identity import called
from dothi.kit import clock, geo
from dothi.kit.errors import BadInput, Fault
from dothi.places import cities
from dothi.screens import words
from dothi.screens.desk import ANYBODY
from dothi.screens.reports import choices, saying
from dothi.screens.reports.asking import TYPE, Ask, get, own_numbers
from dothi.screens.wards import bounds, short, wards
from dothi.web.forms import Filled

HERE = "/reports"
ROWS, MARKS = 30, 1000
LOOKED_BACK = 90 * clock.DAY  # of the medians
STATES: dict[str, tuple[str, ...]] = {
    "new": ("new",), "open": ("open", "waiting"), "done": ("done", "closed"),
}  # fmt: skip
_FRESH = 300.0  # seconds figures are kept: a median walks every report of its months
_figures: OrderedDict[tuple[object, ...], tuple[float, stats.Row]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Row:
    """A report in the list."""

    number: str
    title: str
    place: str
    category: str
    icon: str
    tone: str
    state: str
    due_tone: str
    due_word: str
    at: int
    age: str
    followers: int
    thumb: str
    simulated: bool


@dataclass
class Listing:
    """The context of `reports/list.html`. asked: what the form holds; counts: state, word, count."""

    rows: list[Row]
    more: str
    asked: dict[str, str]
    wards: list[tuple[str, str]]
    groups: list[tuple[str, list[choices.Choice]]]
    counts: list[tuple[str, str, str, str]]
    figures: list[tuple[str, str, str]]
    figures_of: str
    bounds: list[float] | None
    geojson: str
    atom: str
    subscribe: str
    chips: list[tuple[str, str]]
    own: list[str]
    said: str


def index(ask: Ask) -> Response:
    """`GET /reports`."""
    given, asked = filters(ask)
    found = reading.public_list(ask.session, replace(asked, limit=ROWS, after=given.get("after") or None))
    named = dict(wards(ask.session, ask.language, ask.now))
    rows = _rows(ask, found.lines, named)
    kept = {name: value for name, value in given.items() if name != "after"}
    query = urlencode(kept)
    offered = choices.choices(ask.session, TYPE, ask.language, ask.now)
    places = {name: value for name, value in kept.items() if name in ("ward", "category")}
    page = Listing(
        rows, f"{HERE}?{urlencode({**kept, 'after': found.next})}#ds" if found.next else "", given, list(named.items()),
        choices.grouped(offered), _counts(ask, asked, kept), _said_figures(ask, asked), _of(ask, asked, named),
        bounds(ask.session, ask.now), f"/reports.geojson{'?' + query if query else ''}",
        f"/reports.atom{'?' + urlencode(places) if places else ''}",
        "/subscribe?topics=reports" + (f"&units={quote(asked.unit)}" if asked.unit else ""), _chips(ask, kept, named), own_numbers(ask.request)[:10],
        ask.say("Đã xóa thông tin của anh chị.") if ask.request.query_params.get("said") == "erased" else "",
    )  # fmt: skip
    return ask.page("list", page, Filled(given), simulated=any(row.simulated for row in rows))


def geojson(ask: Ask) -> Response:
    """`GET /reports.geojson`: the newest reports that have a place, with the filters of the list and a box."""
    _, asked = filters(ask)
    box = _box(ask)
    features, after = [], None
    icons = choices.icons()
    for _turn in range(MARKS // 200):
        found = reading.public_list(ask.session, replace(asked, bbox=box, limit=200, after=after))
        features += [_feature(ask, one, icons) for one in found.lines if one.lon is not None]
        after = found.next
        if after is None:
            break
    body = {"type": "FeatureCollection", "features": features, "more": after is not None}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return Response(text, media_type="application/geo+json", headers={"cache-control": ask.kept(30)})


def _feature(ask: Ask, one: Public, icons: dict[str, str]) -> dict[str, object]:
    return {
        "type": "Feature", "id": one.id, "geometry": {"type": "Point", "coordinates": [one.lon, one.lat]},
        "properties": {
            "id": one.id, "number": one.number, "title": one.title, "address": one.address, "category": one.category,
            "state": saying.state(ask, one), "phase": one.phase, "tone": saying.tone(one, ask.now),
            "opened": clock.iso(one.opened_at), "due": clock.iso(one.due_at) if one.due_at else None,
            "office": called.agency(ask.session, one.office, ask.language) or None, "followers": one.followers, "simulated": one.simulated,
            "icon": icons.get(one.category or ""),
        },
    }  # fmt: skip


def filters(ask: Ask) -> tuple[dict[str, str], PublicAsked]:
    """The filters as the form holds them, and as the room is asked."""
    query = ask.request.query_params
    given = {
        name: query[name].strip()[:100]
        for name in ("ward", "category", "state", "since", "until", "q", "after")
        if query.get(name, "").strip()
    }
    faults = [Fault(name, "holds a zero character", "text") for name, value in given.items() if "\0" in value]
    state = given.get("state", "")
    if state and state not in STATES and (TYPE, state) not in types().states:
        faults.append(Fault("state", f"{state[:40]!r}", ", ".join(STATES)))
    since = _day(given.get("since", ""), "since", faults)
    until = _day(given.get("until", ""), "until", faults)
    if faults:
        raise BadInput("the reports cannot be shown like this", faults)
    asked = PublicAsked(
        unit=given.get("ward"), category=given.get("category"), type=TYPE,
        state=state if state and state not in STATES else None, phases=STATES.get(state, ()), text=given.get("q", ""),
        since=since, until=until + clock.DAY if until is not None else None, city=cities.lens(ask.session),
    )  # fmt: skip
    return given, asked


def _day(text: str, place: str, faults: list[Fault]) -> int | None:
    if not text:
        return None
    try:
        return clock.parse(f"{text[:10]}T00:00:00", clock.VIETNAM)
    except BadInput:
        faults.append(Fault(place, f"{text[:40]!r}", "a day: 2026-11-21"))
        return None


def _box(ask: Ask) -> tuple[float, float, float, float] | None:
    text = ask.request.query_params.get("bbox")
    if text is None:
        return None
    box = geo.box(text)
    if box is None:
        raise BadInput("bbox is not understood", [Fault("bbox", f"{text[:60]!r}", "west,south,east,north in degrees")])
    return box


def _rows(ask: Ask, found: Sequence[Public], named: dict[str, str]) -> list[Row]:
    icons, thumbs = choices.icons(), _thumbs(ask, found)
    rows = []
    for one in found:
        due_tone, due_word = saying.due_word(one, ask.now, ask.say)
        rows.append(
            Row(
                one.number, one.title, saying.place(ask, one, named), saying.category(ask, one.category),
                icons.get(one.category or "", choices.PLAIN_ICON), saying.tone(one, ask.now), saying.state(ask, one),
                due_tone, due_word, one.opened_at, words.age(one.opened_at, ask.now, ask.language), one.followers,
                thumbs.get(one.id, ""), one.simulated,
            )
        )  # fmt: skip
    return rows


def _thumbs(ask: Ask, found: Sequence[Public]) -> dict[int, str]:
    """The first photo of each that everybody sees."""
    numbers = {one.id: one.number for one in found}
    query = select(CaseFile.case_id, CaseFile.id).where(
        CaseFile.case_id.in_(numbers), CaseFile.public.is_(True), CaseFile.shown.is_not(None)
    )
    made: dict[int, str] = {}
    for case_id, id_ in ask.session.execute(query.order_by(CaseFile.id)):
        made.setdefault(case_id, f"/cases/{numbers[case_id]}/files/{id_}/thumb")
    return made


def _counts(ask: Ask, asked: PublicAsked, kept: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """How many of each state there are: state, word, count, the list of them."""
    found = reading.public_counts(
        ask.session,
        unit=asked.unit,
        category=asked.category,
        type_=TYPE,
        since=asked.since,
        until=asked.until,
        city=asked.city,
    )
    rest = {name: value for name, value in kept.items() if name != "state"}
    called = {"new": ask.say("mới gửi"), "open": ask.say("đang xử lý"), "done": ask.say("đã xử lý")}
    return [
        (state, called[state], words.number(sum(found.get(one, 0) for one in phases), 0, ask.language),
         f"{HERE}?{urlencode({**rest, 'state': state})}#ds")
        for state, phases in STATES.items()
    ]  # fmt: skip


def _said_figures(ask: Ask, asked: PublicAsked) -> list[tuple[str, str, str]]:
    """Median time, share in time, satisfaction: what, value, unit."""
    row = _measured(ask, asked)
    if row is None or not row.solved:
        return []
    say, made = ask.say, []
    if row.median is not None:
        hours = row.median / clock.HOUR
        days = hours >= 48
        value = words.number(hours / 24 if days else hours, 1, ask.language)
        made.append((say("thường xử lý xong sau"), value, say("ngày") if days else say("giờ")))
    if row.on_time is not None:
        made.append((say("xong trong hạn"), words.number(row.on_time * 100, 0, ask.language), "%"))
    if row.satisfied is not None:
        made.append((say("người gửi báo đã xong"), words.number(row.satisfied * 100, 0, ask.language), "%"))
    return made


def _measured(ask: Ask, asked: PublicAsked) -> stats.Row | None:
    key = (str(ask.session.get_bind().engine.url), asked.unit, asked.category, asked.city)
    now = time.monotonic()
    with _lock:
        known = _figures.get(key)
    if known is not None and now - known[0] < _FRESH:
        return known[1]
    span = stats.Asked(
        ask.now - LOOKED_BACK, ask.now + 1, TYPE, unit=asked.unit, category=asked.category, city=asked.city
    )
    row = next(iter(stats.figures(ask.session, "all", span, ask.now)), None)
    if row is None or not row.solved:
        return row
    with _lock:
        _figures[key] = (now, row)
        while len(_figures) > 200:
            _figures.popitem(last=False)
    return row


def _of(ask: Ask, asked: PublicAsked, named: dict[str, str]) -> str:
    parts = [saying.category(ask, asked.category), short(named.get(asked.unit or "", ""))]
    return ", ".join([*filter(None, parts), ask.say("90 ngày qua")])


def _chips(ask: Ask, kept: dict[str, str], named: dict[str, str]) -> list[tuple[str, str]]:
    """What the list is filtered by, each to be taken off."""
    state = kept.get("state", "")
    called = {
        "ward": short(named.get(kept.get("ward", ""), kept.get("ward", ""))),
        "category": saying.category(ask, kept.get("category")) or kept.get("category", ""),
        "state": {"new": ask.say("mới gửi"), "open": ask.say("đang xử lý"), "done": ask.say("đã xử lý")}.get(state, state),
        "since": ask.say("từ {day}", day=kept.get("since", "")), "until": ask.say("đến {day}", day=kept.get("until", "")),
        "q": f"“{kept.get('q', '')}”",
    }  # fmt: skip
    return [
        (f"{HERE}?{urlencode({name: value for name, value in kept.items() if name != one})}#ds", called[one])
        for one in kept
        if one in called
    ]


def forget() -> None:
    """Forget the figures kept."""
    with _lock:
        _figures.clear()


routes = [get(HERE, index, ANYBODY), get("/reports.geojson", geojson, ANYBODY)]
