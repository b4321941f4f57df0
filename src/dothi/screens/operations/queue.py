"""The alarm queue: severity, then who has not been heard, then age. As a page without script, and as columns for the script."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response

from dothi.alerts import saying
from dothi.alerts.tables import Alarm
from dothi.identity import called
from dothi.identity.guard import Caller
from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import fold, whole
from dothi.places import cities
from dothi.screens import words as common
from dothi.screens.asking import sector_names
from dothi.screens.operations import store, words
from dothi.screens.operations.asking import Ask, json, wants_json
from dothi.screens.operations.store import Line, Wanted

SHOWN = 60  # rows of the page without script
MOST_IDS = 500
RANK = {name: i for i, name in enumerate(words.SEVERITIES)}
STATES = ("", "unacknowledged", "acknowledged", "cleared", "shelved")
FILTERS = ("severity", "state", "sector", "unit", "agency", "assignee", "near", "q")


@dataclass(frozen=True)
class Filters:
    """What the queue was asked for; `given` are the parameters as they stand in the address."""

    wanted: Wanted = field(default_factory=Wanted)
    near: bool = False
    text: str = ""
    given: dict[str, str] = field(default_factory=dict)


def filters(query: QueryParams, caller: Caller) -> Filters:
    """The filters of an address; raises BadInput with every fault."""
    faults: list[Fault] = []
    given = {name: query[name][:100] for name in FILTERS if query.get(name)}
    severity = tuple(part for part in given.get("severity", "").split(",") if part)
    if any(one not in RANK for one in severity):
        faults.append(Fault("severity", repr(given["severity"]), ", ".join(words.SEVERITIES)))
    if given.get("state", "") not in STATES:
        faults.append(Fault("state", repr(given["state"]), ", ".join(STATES[1:])))
    assignee = given.get("assignee", "")
    person: int | None = None
    if assignee == "me":
        person = caller.id if caller.kind == "person" else -1
    elif assignee == "none":
        person = 0
    elif assignee:
        person = _number(assignee, "assignee", "me, none or the id of a person", faults)
    agency = _number(given["agency"], "agency", "the id of an agency", faults) if "agency" in given else None
    ids = _ids(query.get("ids"), faults)
    if faults:
        raise BadInput("the queue cannot be filtered so", faults)
    wanted = Wanted(
        severity, given.get("state", ""), given.get("sector", ""), given.get("unit", ""), agency, person, ids
    )
    return Filters(wanted, given.get("near") == "1", given.get("q", ""), given)


def _number(text: str, place: str, allowed: str, faults: list[Fault]) -> int:
    if (number := whole(text, 9)) is not None:
        return number
    faults.append(Fault(place, repr(text), allowed))
    return -1


def _ids(text: str | None, faults: list[Fault]) -> tuple[int, ...] | None:
    if text is None:
        return None
    parts = [part for part in text.split(",") if part]
    if len(parts) > MOST_IDS or not all(p.isascii() and p.isdecimal() and len(p) < 10 for p in parts):
        faults.append(Fault("ids", repr(text[:80]), f"at most {MOST_IDS} numbers, with commas"))
        return ()
    return tuple(int(part) for part in parts)


def order(line: Line) -> tuple[int, bool, int, int]:
    """Severity, then the unacknowledged, then the oldest; what has cleared stands last."""
    return (RANK.get(line.severity, 9) if line.active else 10, line.acknowledged, line.raised_at, line.id)


def found(ask: Ask, asked: Filters) -> list[Line]:
    """The queue as it stands, or stood at the moment asked for, filtered and in order."""
    lines = _standing(ask, asked) if ask.replay else store.lines(ask.session, ask.caller, asked.wanted)
    if asked.near:
        lines = [
            one for one in lines if not one.acknowledged and words.near_breach(one.severity, one.noticed_at, ask.at)
        ]
    if asked.text:
        needle = fold(asked.text)
        lines = [one for one in lines if needle in fold(f"{one.number} {one.title} {one.subject_name}")]
    return sorted(lines, key=order)


def _standing(ask: Ask, asked: Filters) -> list[Line]:
    """The alarms as they stood at `ask.at` as known at `ask.known`."""
    try:
        from dothi.alerts import standing
    except ImportError:
        return []
    stood = [_line(one) for one in standing.standing(ask.session, ask.caller, ask.at, ask.known)]
    wanted, city = asked.wanted, cities.lens(ask.session)
    return [
        one for one in stood
        if (wanted.ids is None or one.id in wanted.ids)
        and (city is None or wanted.ids is not None or city.holds(one.unit_code, one.lon, one.lat))
        and (not wanted.severity or one.severity in wanted.severity)
        and (not wanted.sector or one.sector == wanted.sector)
        and (not wanted.unit or one.unit_code == wanted.unit)
        and (wanted.agency is None or one.agency_id == wanted.agency)
        and (wanted.assignee is None or (one.assignee_id or 0) == wanted.assignee)
        and (wanted.state != "unacknowledged" or not one.acknowledged)
        and (wanted.state != "acknowledged" or one.acknowledged)
        and (wanted.state != "cleared" or not one.active)
        and ((one.suppressed is not None) == (wanted.state == "shelved"))
    ]  # fmt: skip


def _line(one: Any) -> Line:
    return Line._make(getattr(one, name, _MISSING.get(name)) for name in Line._fields)


_MISSING: dict[str, Any] = {"withdrawn": False, "version": 0, "group_key": "", "repeats": 1, "simulated": False}


def queue(ask: Ask) -> Response:
    """`GET /operations/queue`: the fragment, or with `Accept: application/json` the columns the script reads."""
    asked = filters(ask.request.query_params, ask.caller)
    lines = found(ask, asked)
    if asked.wanted.ids is not None and (city := cities.lens(ask.session)) is not None:
        # the live stream tells of every city's alarms, and the page asks for them by number
        lines = [one for one in lines if city.holds(one.unit_code, one.lon, one.lat)]
    if wants_json(ask.request):
        return json(columns(ask, lines))
    return ask.page("operations/queue.html", Page.of(ask, asked, lines), simulated=False)


# what of a line the script reads, in this order; times in ms
COLUMNS = (
    "id", "number", "severity", "active", "acknowledged", "title", "subject", "value", "raised", "noticed", "cleared",
    "acknowledgedAt", "acknowledgedBy", "assignee", "sector", "unit", "agency", "group", "repeats", "suppressed",
    "shelvedUntil", "due", "version", "thing", "lon", "lat", "flags",
)  # fmt: skip


def columns(ask: Ask, lines: Sequence[Line]) -> dict[str, Any]:
    """The queue as columns, with the names its numbers stand for."""
    persons = people(ask, lines)
    units = store.units(ask.session, {one.unit_code for one in lines if one.unit_code})
    agencies = called.agencies(ask.session, {one.agency_id for one in lines}, ask.language)
    return {
        "at": ask.at // 1000, "columns": COLUMNS, "rows": [_row(one, ask.language) for one in lines],
        "people": {str(id_): [name, words.initials(name)] for id_, name in persons.items()},
        "units": {code: words.short_unit(*named) for code, named in units.items()},
        "agencies": {str(id_): name for id_, name in agencies.items()},
        "sectors": sector_names(ask.language), "full": len(lines) >= store.MOST,
        "suppressed": 0 if ask.replay else store.suppressed(ask.session, ask.caller),
    }  # fmt: skip


def _row(one: Line, language: str) -> list[Any]:
    rings = one.active and not one.acknowledged
    return [
        one.id, one.number, one.severity, int(one.active), int(one.acknowledged), title(one, language),
        one.subject_name, value(one, language), one.raised_at // 1000, one.noticed_at // 1000, _ms(one.cleared_at),
        _ms(one.acknowledged_at), actor(one.acknowledged_by), one.assignee_id, one.sector, one.unit_code,
        one.agency_id, one.group_key, one.repeats, one.suppressed, _ms(one.shelved_until),
        words.due_at(one.severity, one.noticed_at) // 1000 if rings else None, one.version, one.thing_id,
        one.lon, one.lat, (1 if one.simulated else 0) | (2 if one.exercise else 0) | (4 if one.withdrawn else 0),
    ]  # fmt: skip


def _ms(micros: int | None) -> int | None:
    return None if micros is None else micros // 1000


def title(one: Line | Alarm, language: str) -> str:
    """What the alarm says, in the reader's language."""
    return saying.title(one, language)


def value(one: Line, language: str) -> str:
    """1,63 m with a space that never breaks."""
    return saying.value(one, language, common.NBSP)


def actor(name: str | None) -> int | None:
    """The person an actor is."""
    kind, _, id_ = (name or "").partition(":")
    return int(id_) if kind == "person" and id_.isdecimal() else None


def people(ask: Ask, lines: Iterable[Line]) -> dict[int, str]:
    """The people a queue names."""
    ids = {one.assignee_id for one in lines} | {actor(one.acknowledged_by) for one in lines}
    return store.people(ask.session, {id_ for id_ in ids if id_ is not None})


@dataclass
class Row:
    """A line of the page without script."""

    line: Line
    href: str
    title: str
    value: str
    place: str
    age: str
    state: str
    state_mark: str
    note: str
    who: str
    initials: str


@dataclass
class Page:
    """The context of `operations/queue.html`."""

    groups: list[tuple[str, str, int, list[Row]]]
    total: int
    unheard: int
    counts: dict[str, int]
    chips: list[tuple[str, str, bool]]
    filters: dict[str, str]
    more: int
    hrefs: dict[str, str]

    @classmethod
    def of(cls, ask: Ask, asked: Filters, lines: Sequence[Line]) -> "Page":
        """The first rows of a queue, under the names of their severities."""
        shown = lines[:SHOWN]
        persons = people(ask, shown)
        units = store.units(ask.session, {one.unit_code for one in shown if one.unit_code})
        counts = Counter(one.severity if one.active else "cleared" for one in lines)
        groups: list[tuple[str, str, int, list[Row]]] = []
        for one in shown:
            kind = one.severity if one.active else "cleared"
            if not groups or groups[-1][0] != kind:
                name = ask.say("Đã hết, chưa nhận") if kind == "cleared" else words.severity(kind, ask.say)
                groups.append((kind, name, counts[kind], []))
            groups[-1][3].append(_shown(ask, asked, one, persons, units))
        return cls(
            groups, len(lines), sum(1 for one in lines if not one.acknowledged), dict(counts), _chips(ask, asked),
            asked.given, max(0, len(lines) - SHOWN), {},
        )  # fmt: skip


def _shown(ask: Ask, asked: Filters, one: Line, persons: dict[int, str], units: dict[str, tuple[str, str]]) -> Row:
    unit = words.short_unit(*units[one.unit_code]) if one.unit_code in units else ""
    by = persons.get(actor(one.acknowledged_by) or 0, "")
    owner = persons.get(one.assignee_id or 0, "")
    state, mark = state_of(one, ask)
    note = ""
    if one.acknowledged and one.acknowledged_at is not None and by:
        note = f"{words.given(by)} {words.when(one.acknowledged_at, ask.at)}"
    elif one.active and not one.acknowledged:
        note = due(one, ask)
    if one.repeats > 1:
        note = f"{note} · " * bool(note) + ask.say("gộp {n} báo", n=one.repeats)
    return Row(
        one, href(ask, asked, one.number), title(one, ask.language), value(one, ask.language),
        " · ".join(part for part in (one.subject_name, unit) if part),
        words.span(ask.at - one.raised_at, ask.language), state, mark, note, owner or by, words.initials(owner or by),
    )  # fmt: skip


def state_of(one: Any, ask: Ask) -> tuple[str, str]:
    """What the two axes say together, and the colour of the badge that says it."""
    if not one.active:
        return (ask.say("Đã hết"), "normal") if one.acknowledged else (ask.say("Đã hết, chưa nhận"), "normal")
    if one.suppressed:
        return ask.say("Tạm nén"), ""
    if not one.acknowledged:
        return ask.say("Chưa nhận"), one.severity
    return (ask.say("Đang xử lý"), "") if one.assignee_id else (ask.say("Đã nhận"), "")


def due(one: Any, ask: Ask) -> str:
    """hạn nhận còn 1 ph."""
    left = words.due_at(one.severity, one.noticed_at) - ask.at
    if left >= 0:
        return ask.say("hạn nhận còn {span}", span=words.span(left, ask.language))
    return ask.say("quá hạn nhận {span}", span=words.span(-left, ask.language))


def href(ask: Ask, asked: Filters, number: str) -> str:
    """The desk with an alarm selected, under the same filters."""
    keep = {**asked.given, **_moment(ask), "alarm": number}
    return "/operations?" + urlencode(keep)


def _moment(ask: Ask) -> dict[str, str]:
    query = ask.request.query_params
    return {name: query[name] for name in ("at", "known") if query.get(name)}


def _chips(ask: Ask, asked: Filters) -> list[tuple[str, str, bool]]:
    """Filters as links: (address, words, whether it is on)."""
    rest = {k: v for k, v in {**asked.given, **_moment(ask)}.items() if k not in ("assignee", "near", "state")}
    mine = asked.given.get("assignee", "")

    def to(**more: str) -> str:
        query = urlencode({**rest, **more})
        return "/operations" + (f"?{query}" if query else "")

    plain = not mine and not asked.near and not asked.given.get("state")
    return [
        (to(), ask.say("Tất cả"), plain),
        (to(assignee="me"), ask.say("Của tôi"), mine == "me"),
        (to(assignee="none"), ask.say("Chưa giao"), mine == "none"),
        (to(near="1"), ask.say("Sắp quá hạn"), asked.near),
    ]
