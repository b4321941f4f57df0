"""The right panel: what is selected, where, since when, whose, why, and everything that happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from dothi.alerts import saying
from dothi.alerts import service as alerts
from dothi.alerts.tables import Alarm, AlarmEvent
from dothi.identity import called
from dothi.kit.errors import NotFound
from dothi.kit.text import whole
from dothi.screens import features
from dothi.screens import words as common
from dothi.screens.asking import state_words
from dothi.screens.operations import desk, queue, store, words
from dothi.screens.operations.actions import DONE, SHELF_MINUTES
from dothi.screens.operations.asking import HANDLES, Ask
from dothi.sensing import glance
from dothi.sensing.glance import StreamNow
from dothi.sensing.state import number


@dataclass
class Trend:
    """The chart: a datastream with the lines across it, and its newest value. late: seconds after which it is old."""

    stream: int
    name: str
    unit: str
    digits: int
    limits: list[dict[str, Any]]
    text: str
    at: int
    late: int


@dataclass
class Said:
    """A line of the log."""

    time: str
    iso: int
    who: str
    what: str
    text: str


@dataclass
class Value:
    """An observation an alarm rests on."""

    at: str
    received: str
    text: str
    against: str
    href: str


@dataclass
class Subject:
    """The context of the right panel; `template` draws it."""

    template: str
    kind: str = ""
    title: str = ""
    number: str = ""
    severity: str = ""
    badges: list[tuple[str, str]] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    owner: str = ""
    trend: Trend | None = None
    why: str = ""
    rule: str = ""
    values: list[Value] = field(default_factory=list)
    log: list[Said] = field(default_factory=list)
    id: int = 0
    version: int = 0
    acknowledged: bool = False
    active: bool = False
    handles: bool = False
    people: list[tuple[int, str]] = field(default_factory=list)
    assignee: int | None = None
    assignee_name: str = ""
    shelves: list[tuple[int, str]] = field(default_factory=list)
    shelved: bool = False
    thing_id: int | None = None
    lon: float | None = None
    lat: float | None = None
    streams: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[dict[str, Any]] = field(default_factory=list)
    siblings: list[dict[str, Any]] = field(default_factory=list)
    first: tuple[str, str] | None = None  # severity it began with and why, where it is another now
    rule_code: str = ""


EMPTY = Subject("operations/_nothing.html")


def alarm(ask: Ask) -> Response:
    """`GET /operations/alarms/{number}`: the panel alone (`?part=1`), or the whole desk with it."""
    found = of_alarm(ask, ask.request.path_params["number"])
    return _shown(ask, found[0], found[1])


def thing(ask: Ask) -> Response:
    """`GET /operations/things/{id}`."""
    return _shown(ask, of_thing(ask, ask.request.path_params["id"]), None)


def _shown(ask: Ask, subject: Subject, about: Alarm | None) -> Response:
    if ask.part:
        return ask.page(subject.template, Panel(subject), alarm=about, simulated=False)
    return desk.page(ask, subject, about)


@dataclass
class Panel:
    """What a fragment's `page` holds."""

    subject: Subject


def selected(ask: Ask) -> tuple[Subject, Alarm | None]:
    """What the address names: `?alarm=CB-26-00012`, `?select=thing:7`; something unknown is nothing."""
    query = ask.request.query_params
    kind, _, name = query.get("select", "").partition(":")
    try:
        if query.get("alarm"):
            return of_alarm(ask, query["alarm"])
        if kind == "thing" and (id_ := whole(name, 9)) is not None:
            return of_thing(ask, id_), None
    except NotFound:
        pass
    return EMPTY, None


def of_alarm(ask: Ask, name: str) -> tuple[Subject, Alarm]:
    """An alarm as it stands, or stood at the moment shown."""
    one = alerts.alarm(ask.session, ask.caller, name[:40])
    if ask.replay and one.noticed_at > ask.known:
        raise NotFound(f"there is no alarm {name[:40]}")
    told = alerts.events(ask.session, ask.caller, one.id, ask.known if ask.replay else None)
    then = _as_of(ask, one) if ask.replay else one
    names = store.people(
        ask.session,
        {id_ for event in told if (id_ := queue.actor(event.actor)) is not None}
        | ({then.assignee_id} if then.assignee_id else set()),
    )
    units = store.units(ask.session, {one.unit_code} if one.unit_code else set())
    unit = words.short_unit(*units[one.unit_code]) if one.unit_code in units else ""
    state, mark = queue.state_of(then, ask)
    badges = [(state, mark if mark != then.severity else then.severity)]
    badges.insert(0, (ask.say("Đang xảy ra"), "") if then.active else (ask.say("Đã hết"), "normal"))
    if one.withdrawn:
        badges.append((ask.say("Rút lại"), ""))
    if one.exercise:
        badges.append((ask.say("DIỄN TẬP"), "drill"))
    ended = then.cleared_at if then.cleared_at is not None and not then.active else ask.at
    since = ask.say(
        "từ {time}, {span}", time=words.when(one.raised_at, ask.at),
        span=words.span(ended - one.raised_at, ask.language),
    )  # fmt: skip
    agency = called.agencies(ask.session, [one.agency_id], ask.language)
    why = alerts.explanation(ask.session, ask.caller, one.id, then.severity)
    handles = ask.may(HANDLES, one.agency_id) if one.agency_id else ask.may(HANDLES)
    made = Subject(
        "operations/subject.html", "alarm", queue.title(one, ask.language), one.number, then.severity, badges,
        [part for part in (one.subject_name, unit, since) if part], agency.get(one.agency_id or 0, ""),
        trend(ask, one.datastream_id, one.thing_id, one.limit), _why(why, ask.language),
        f"{one.rule_code} · {ask.say('bản {n}', n=one.rule_version)}", _values(ask, why, one), _log(ask, told, names),
        one.id, one.version, then.acknowledged, then.active, handles and not ask.replay,
        thing_id=one.thing_id, lon=one.lon, lat=one.lat, assignee=then.assignee_id,
        assignee_name=names.get(then.assignee_id or 0, ""), shelved=one.suppressed == "shelved",
        shelves=[(n, words.span(n * 60_000_000, ask.language)) for n in SHELF_MINUTES],
        first=_first(ask, why), rule_code=one.rule_code,
    )  # fmt: skip
    if made.handles:
        made.people = store.handlers(ask.session, [one.agency_id] if one.agency_id else [])
    made.siblings = _siblings(ask, one)
    return made, one


def _as_of(ask: Ask, one: Alarm) -> Any:
    lines = queue.found(ask, queue.Filters(store.Wanted(ids=(one.id,))))
    return lines[0] if lines else one


def _siblings(ask: Ask, one: Alarm) -> list[dict[str, Any]]:
    """Open alarms that stand under the same line of the queue."""
    if ask.replay or not one.group_key:
        return []
    found = store.group(ask.session, ask.caller, one.group_key, one.id)
    return [
        {
            "number": line.number, "title": queue.title(line, ask.language), "severity": line.severity, "value": queue.value(line, ask.language),
            "age": words.span(ask.at - line.raised_at, ask.language), "acknowledged": line.acknowledged,
        }
        for line in found
    ]  # fmt: skip


def _why(said: Mapping[str, Any], language: str) -> str:
    """The condition in words, wherever the explanation keeps it."""
    for key in ("condition", "words", "text"):
        given = said.get(key)
        if isinstance(given, Mapping):
            return str(given.get(language) or given.get("vi") or "")
        if isinstance(given, str) and given:
            return str(said.get(f"{key}_en") or given) if language == "en" else given
    return ""


def _first(ask: Ask, said: Mapping[str, Any]) -> tuple[str, str] | None:
    began = said.get("first")
    return None if not began else (str(began.get("severity") or ""), _why(began, ask.language))


def _values(ask: Ask, said: Mapping[str, Any], one: Alarm) -> list[Value]:
    """The observations the alarm rests on, newest first, each against its limit."""
    made = []
    limit = said.get("limit", one.limit)
    counted = said.get("how") in {*saying.COUNTED, "formula"}  # its limit is of the count, not of a reading
    for value in sorted(said.get("evidence", []), key=lambda v: -int(v.get("at", 0)))[:6]:
        shown, at, got = value.get("value"), int(value["at"]), value.get("received_at")
        if ask.replay and got is not None and got > ask.known:
            continue
        is_number = isinstance(shown, int | float) and not isinstance(shown, bool)
        digits, measures = _digits(shown) if is_number else 0, value.get("property")
        unit = measures.unit.shown(ask.language) if measures is not None else saying.unit(one.unit, ask.language)
        text = common.quantity(float(shown), digits, unit, ask.language) if is_number else str(shown)
        if said.get("how") == "formula" and measures is not None:  # readings of several kinds
            text = f"{measures.name.of(ask.language)}: {text}"
        against = ""
        if is_number and limit is not None and not counted:
            over = float(shown) - limit
            against = ("+" if over > 0 else "") + number(over, digits, ask.language)
        made.append(
            Value(words.second(at), words.second(got) if got else "", text, against, str(value.get("href", "")))
        )
    return made


def _digits(value: Any) -> int:
    return min(3, len(f"{float(value):.6f}".rstrip("0").partition(".")[2]))


def _log(ask: Ask, told: list[AlarmEvent], names: Mapping[int, str]) -> list[Said]:
    """What happened, newest first."""
    made = []
    for event in reversed(told):
        person = queue.actor(event.actor)
        who = words.given(names.get(person, "")) if person is not None else ""
        data = event.data or {}
        made.append(
            Said(
                words.when(event.noticed_at, ask.at),
                event.noticed_at,
                who,
                _what(ask, event.kind, data),
                str(data.get("text") or ""),
            )
        )
    return made


def _what(ask: Ask, kind: str, data: Mapping[str, Any]) -> str:
    """One event in words."""
    if kind == "assigned":
        name = str(data.get("name") or "")
        return ask.say("đã giao cho {name}", name=name) if name else ask.say("đã bỏ giao việc")
    if kind == "severity":
        return ask.say("đổi mức thành {severity}", severity=words.severity(str(data.get("severity", "")), ask.say))
    if kind == "shelved":
        until = data.get("until")
        return ask.say("đã tạm nén đến {time}", time=words.when(until, ask.at)) if until else ask.say("đã bỏ nén")
    if kind == "cleared":
        how = alerts.HOW.get(str(data.get("how", "")))
        return ask.say("kết thúc") + (f": {how[ask.language == 'en'].lower()}" if how else "")
    return ask.say(DONE.get(kind, kind))


def trend(ask: Ask, stream_id: int | None, thing_id: int | None, limit: float | None) -> Trend | None:
    """The chart of an alarm's datastream, or of the stream that speaks for its thing."""
    if stream_id is not None:
        found = glance.stream_of(ask.session, ask.caller, stream_id)
        stream = None if found is None else found[1]
    else:
        thing = glance.thing(ask.session, ask.caller, thing_id) if thing_id is not None else None
        stream = next((one for one in thing.streams if one.result is not None), None) if thing else None
    if stream is None:
        return None
    lines = levels(stream)
    if limit is not None and all(abs(line["v"] - limit) > 1e-9 for line in lines):
        name = ask.say("Ngưỡng {limit}", limit=number(limit, features.digits(stream), ask.language))
        lines.append({"v": limit, "name": name, "role": "--critical", "dash": [6, 4]})
    return Trend(
        stream.id, features.stream_name(stream, ask.language), features.unit(stream, ask.language),
        features.digits(stream), lines,
        "" if stream.result is None else number(stream.result, features.digits(stream), ask.language), stream.at or 0,
        int(features.stale_seconds(stream)),
    )  # fmt: skip


_LEVELS = {"bd1": ("BĐ I", "--bd-1", [2, 4]), "bd2": ("BĐ II", "--bd-2", [8, 4]), "bd3": ("BĐ III", "--bd-3", None)}


def levels(stream: StreamNow) -> list[dict[str, Any]]:
    """A stream's own alarm levels as lines of the chart."""
    from dothi.sensing import state_store

    made = []
    for code, value in state_store.level_values(stream.properties).items():
        if value is not None:
            name, role, dash = _LEVELS.get(code, (code, "--ink-3", [6, 4]))
            made.append({"v": value, "name": name, "role": role, **({"dash": dash} if dash else {})})
    return made


def of_thing(ask: Ask, id_: int) -> Subject:
    """A thing with what it measures and its alarms."""
    one = glance.thing(ask.session, ask.caller, id_)
    if one is None:
        raise NotFound(f"there is no thing {id_}")
    said = next((s for s in ask.states if s.thing_id == id_), None)
    state_names = state_words(ask.say)
    state = said.state if said else "nodata"
    units = store.units(ask.session, {one.unit_code} if one.unit_code else set())
    unit = words.short_unit(*units[one.unit_code]) if one.unit_code in units else ""
    agency = called.agencies(ask.session, [one.agency_id], ask.language)
    last = said.at if said else None
    facts = [
        unit,
        ask.say("trị cuối {time}", time=words.when(last, ask.at)) if last else ask.say("chưa có giá trị nào"),
    ]
    made = Subject(
        "operations/subject.html", "thing", one.name, f"#{id_}", state,
        [((said.word if said and said.word else state_names[state]), state if state in ("critical", "major", "minor", "normal") else "")],
        [part for part in facts if part], agency.get(one.agency_id or 0, ""), None, thing_id=id_, lon=one.lon, lat=one.lat,
    )  # fmt: skip
    speaks = next((s for s in one.streams if said and s.property_name and said.at == s.at), None)
    chosen = speaks or next((s for s in one.streams if s.result is not None), None)
    made.trend = trend(ask, chosen.id, None, None) if chosen else None
    if not ask.replay:
        made.streams = [
            {
                "id": s.id, "name": features.stream_name(s, ask.language), "unit": features.unit(s, ask.language),
                "digits": features.digits(s), "at": s.at or 0, "late": int(features.stale_seconds(s)),
                "text": number(s.result, features.digits(s), ask.language) if s.result is not None
                else (features.plain(s.result_json) if s.result_json else "–"),
            }
            for s in one.streams
        ]  # fmt: skip
    made.alarms = [
        {
            "number": a.number, "title": queue.title(a, ask.language), "active": a.active,
            "severity": a.severity if a.active else "normal", "time": words.when(a.raised_at, ask.at),
        }
        for a in store.alarms_of(ask.session, ask.caller, id_) if not ask.replay or a.noticed_at <= ask.known
    ]  # fmt: skip
    return made
