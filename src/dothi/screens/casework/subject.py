"""One case as its office sees it: how it stands, its clock, place, pictures, contact, what happened, what can be done."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from dothi.cases import (
    calendar,
    clock,
    contacts,
    dossier_keeping,
    due,
    files,
    reading,
    sight,
    store,
    timers,
    types,
    within,
)
from dothi.cases.contacts import Contact, Masked
from dothi.cases.reading import Told
from dothi.cases.tables import Case, CaseFile
from dothi.cases.timers import Why
from dothi.identity import called
from dothi.screens import wards
from dothi.screens.casework import forms, words
from dothi.screens.casework import store as rows
from dothi.screens.casework.desk import Ask
from dothi.screens.casework.forms import Act, Form
from dothi.web.forms import Filled


@dataclass(frozen=True, slots=True)
class Badge:
    """A word about a case; tone: as css says it."""

    text: str
    tone: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """The main deadline in figures: lines of name and value; share: of the budget, in percent; others: further ones."""

    start: str
    rows: list[tuple[str, str]]
    left: str
    when: str
    tone: str
    share: int
    why: Why
    others: list[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Picture:
    """A file of a case or of one that was merged into it."""

    file: CaseFile
    number: str
    kind: str
    when: str
    image: bool
    mine: bool


@dataclass(frozen=True, slots=True)
class Said:
    """An entry of the timeline in words."""

    entry: Told
    title: str
    who: str
    when: str
    details: list[str]
    href: str = ""


@dataclass(frozen=True, slots=True)
class Linked:
    """What a case hangs together with."""

    word: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Helper:
    """An office that co-handles."""

    name: str
    since: str
    done: str


@dataclass(frozen=True, slots=True)
class Pending:
    """A step somebody asked for, until another approves it."""

    said: Said
    step: str
    may: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything a page says of a case. next: where one goes on after a form."""

    case: Case
    badges: list[Badge]
    category: str
    type: str
    place: str
    unit: str
    office: str
    handler: str
    crew: str
    facts: list[tuple[str, str]]
    answers: list[tuple[str, str]]
    clock: Clock | None
    pictures: list[Picture]
    contact: Masked
    may_contact: bool
    revealed: Contact | None
    public: list[Said]
    internal: list[Said]
    links: list[Linked]
    helpers: list[Helper]
    pending: Pending | None
    acts: list[Act]
    more: list[Act]
    form: Form | None
    next: str
    here: str
    merged: str = ""
    filled: Filled = field(default_factory=Filled)
    conflict: str = ""
    notice: str = ""
    judges: bool = False


def held(ask: Ask, name: str) -> Case:
    """The case of a number, as one who sees its inside: whoever only reported it has their own page."""
    found = reading.case(ask.session, ask.caller, name)
    if not reading.inside(ask.session, ask.caller, found):
        raise sight.not_found()
    return found


def sheet(
    ask: Ask, name: str, *, act: str | None = None, next_: str = "", filled: Filled | None = None, conflict: str = "",
    revealed: Contact | None = None, notice: str = "",
) -> Sheet:  # fmt: skip
    """What the panel and the page of a case show. act: the form that is open."""
    found = held(ask, name)
    here = f"/desk/cases/{found.number}"
    next_ = next_ or here
    names = _names(ask, found)
    told = reading.entries(ask.session, found, inside=True, language=ask.language)
    said = _said(ask, found, told)
    acts, more = forms.acts(ask, found, next_)
    wanted = act if act is not None else ask.given("act")
    unit_name = ask.ward(found.unit)
    office, handler, crew = names
    return Sheet(
        found, _badges(ask, found), words.subject(found.category, ask.language), _type(found, ask.language),
        wards.short(unit_name), unit_name, office, handler, crew, _facts(ask, found, handler, crew, office),
        _answers(found, ask.language), _clock(ask, found), _pictures(ask, found),
        contacts.masked_of(ask.session, found), within.held(ask.caller, "cases:contact", found), revealed,
        [one for one in said if one.entry.public], [one for one in said if not one.entry.public],
        _links(ask, found), _helpers(ask, found), _pending(ask, found, said), acts, more,
        forms.form(ask, found, wanted, next_) if wanted else None, next_, here, _merged(ask, found), filled or Filled(),
        conflict, notice, bool(sight.sides(ask.session, ask.caller, found) & {"handle", "moderate"}),
    )  # fmt: skip


def _names(ask: Ask, found: Case) -> tuple[str, str, str]:
    office = _agencies(ask, [found.agency_id]).get(found.agency_id or 0, "")
    handler = store.person_names(ask.session, [found.handler_id]).get(found.handler_id or 0, "")
    crew = store.crew_names(ask.session, [found.crew_id]).get(found.crew_id or 0, "")
    return office, handler, crew


def _agencies(ask: Ask, ids: Iterable[int | None]) -> dict[int, str]:
    return called.agencies(ask.session, ids, ask.language)


def _type(found: Case, language: str) -> str:
    known = types.types().by_code.get(found.type)
    return known.title.of(language) if known else found.type


def _badges(ask: Ask, found: Case) -> list[Badge]:
    say, state = ask.say, words.state(found.type, found.state, ask.language)
    made = [Badge(state, words.PHASE_MARKS.get(found.phase, ""))]
    mark = words.due_mark(found, ask.now, due.edge_now(ask.now))
    if mark == "critical":
        made.append(Badge(say("Quá hạn"), mark, mark))
    elif mark and found.due_at is not None:
        today = words.day(found.due_at) == words.day(ask.now)
        made.append(Badge(say("Đến hạn hôm nay") if today else say("Sắp đến hạn"), mark, mark))
    if found.priority in words.PRIORITY_MARKS:
        tone = words.PRIORITY_MARKS[found.priority]
        made.append(Badge(say("Ưu tiên: {p}", p=say(words.PRIORITIES[found.priority]).lower()), tone))
    if found.pending_id is not None:
        made.append(Badge(say("Chờ duyệt"), "minor"))
    if found.hidden is not None:
        made.append(Badge(say("Đang ẩn với người dân"), "minor"))
    elif not found.public:
        made.append(Badge(say("Không công khai")))
    if found.reopened:
        made.append(Badge(say("Mở lại {n} lần", n=found.reopened), "major"))
    if found.simulated:
        made.append(Badge(say("Mô phỏng"), "sim", "sim"))
    return made


def _facts(ask: Ask, found: Case, handler: str, crew: str, office: str) -> list[tuple[str, str]]:
    say = ask.say
    made = [
        (say("Nhận lúc"), words.moment(found.opened_at)),
        (say("Qua"), say(words.CHANNELS.get(found.channel, found.channel))),
        (say("Phụ trách"), office or say("Chưa có đơn vị")),
        (say("Người xử lý"), " · ".join(one for one in (handler, crew) if one) or say("Chưa phân công")),
    ]
    if found.receiving_id is not None and found.receiving_id != found.agency_id:
        name = _agencies(ask, [found.receiving_id]).get(found.receiving_id, "")
        made.append((say("Nơi tiếp nhận"), name))
    if found.followers:
        made.append((say("Theo dõi"), say("{n} người", n=found.followers)))
    if found.rating is not None:
        made.append((say("Đánh giá"), f"{found.rating}/5"))
    return made


def _answers(found: Case, language: str) -> list[tuple[str, str]]:
    """What the report answered to the questions of its category; a dossier's form stands in its own part of the page."""
    if found.type == dossier_keeping.TYPE:
        return []
    asked = types.questions_of(types.types().about(found.category)).get("properties", {})
    return [(forms.titled(asked.get(key, {}), key, language), forms.answered(asked.get(key, {}), value, language))
            for key, value in (found.fields or {}).items()]  # fmt: skip


def _clock(ask: Ask, found: Case) -> Clock | None:
    why = timers.why(ask.session, found, ask.language, now=ask.now)
    if why is None:
        return None
    say, cal = ask.say, ask.cal
    all_ = rows.timers(ask.session, found.id)
    known = types.types().by_code.get(found.type)
    main = next((one.code for one in known.timers if one.main), None) if known else None
    timer = next((one for one in reversed(all_) if one.code == main), all_[-1])
    spent = timer.consumed
    if timer.running_since is not None:
        spent += clock.begun(cal, timers.unit_of(timer), timer.running_since, max(ask.now, timer.running_since))
    share = min(100, round(100 * spent / max(1, timer.budget)))
    mark = words.due_mark(found, ask.now, due.edge_now(ask.now))
    name = say("Còn lại")
    if timer.ended_at is not None:
        name, left = say("Kết quả"), say("đúng hạn") if timer.met else say("quá hạn")
        tone = "normal" if timer.met else "critical"
    elif why.due is None:
        left, tone = say("đang tạm dừng"), ""
    else:
        (name, left), tone = words.remaining(cal, why.due, ask.now, ask.language, timer.since), mark
        if mark == "critical":
            share = 100
    lines = [(say("Đã dùng"), why.consumed), (say("Tạm dừng"), _paused(ask, timer.id))]
    lines.append((name, left))
    others = []
    for one in all_:
        declared = next((each for each in known.timers if each.code == one.code), None) if known else None
        if one.id != timer.id and one.ended_at is None and declared is not None and one.due_at is not None:
            others.append((declared.title.of(ask.language), words.moment(one.due_at), one.due_at < ask.now))
    start = f"{why.title} · {say('từ {when}', when=words.short(timer.since, ask.now))}"
    when = words.moment(why.due) if why.due is not None else ""
    return Clock(start, lines, left, when, tone, share, why, others)


def _paused(ask: Ask, timer_id: int) -> str:
    """How long a deadline stood still, in all."""
    spans = [one for one in rows.ledger(ask.session, [timer_id]) if one.kind in ("pause", "hold")]
    micros = sum((one.until if one.until is not None else ask.now) - one.since for one in spans)
    return due.long_span(max(0, micros) // calendar.MINUTE, ask.say)


def _pictures(ask: Ask, found: Case) -> list[Picture]:
    made = []
    own = {found.id: found} | store.cases_of(ask.session, reading.gathered(ask.session, found.id))
    for case in own.values():
        for one in files.of(ask.session, case, inside=True):
            kind = ask.say(words.FILES.get(one.kind, one.kind))
            made.append(
                Picture(
                    one, case.number, kind, words.short(one.at, ask.now), one.shown is not None, case.id == found.id
                )
            )
    return made


def _said(ask: Ask, found: Case, told: list[Told]) -> list[Said]:
    """Entries in words, the newest first."""
    handlers = store.person_names(ask.session, {one.data.get("handler") for one in told})
    crews = store.crew_names(ask.session, {one.data.get("crew") for one in told})
    named = _agencies(ask, {one.data.get(key) for one in told for key in ("named", "from")})
    made = [_said_one(ask, found, one, handlers, crews, named) for one in told]
    return made[::-1]


def _said_one(
    ask: Ask, found: Case, one: Told, handlers: dict[int, str], crews: dict[int, str], named: dict[int, str]
) -> Said:
    say, data = ask.say, one.data
    who = one.name or (say("Người phản ánh") if one.reporter else one.office) or say("Hệ thống")
    if one.name and one.agency_id is not None and one.agency_id != found.agency_id and one.office:
        who = f"{one.name} · {one.office}"
    details = []
    if one.kind == "transferred":
        to = data.get("office_name") or say("nơi điều phối chung")
        details.append(f"{named.get(data.get('from') or 0, '–')} → {to}")
        if data.get("named") and data.get("named") != data.get("office"):
            details.append(say("Việc của {office}", office=named.get(data["named"], "")))
    elif data.get("office_name"):
        details.append(str(data["office_name"]))
    for names, key in ((handlers, "handler"), (crews, "crew")):
        if data.get(key) in names:
            details.append(names[data[key]])
    if data.get("reason"):
        details.append(_reason(ask, found, one, str(data["reason"])))
    details += _changes(ask, one)
    return Said(one, words.entry(one, found.type, ask.language, say), who, words.short(one.at, ask.now), details)


def _reason(ask: Ask, found: Case, one: Told, reason: str) -> str:
    step = types.types().step(found.type, one.step) if one.step else None
    if step is not None and reason in step.reasons:
        return step.reasons[reason].of(ask.language)
    word = words.TRANSFERS.get(reason) or words.REASONS.get(reason)
    return ask.say(word) if word else reason


def _changes(ask: Ask, one: Told) -> list[str]:
    """What the figures of an entry say."""
    say, data, made = ask.say, one.data, []
    before, after = data.get("before"), data.get("after")
    if one.kind == "priority":
        made.append(f"{say(words.PRIORITIES.get(str(before), '–'))} → {say(words.PRIORITIES.get(str(after), '–'))}")
    elif one.kind == "category":
        made.append(f"{words.subject(before, ask.language)} → {words.subject(after, ask.language)}")
    elif one.kind == "due" and after is not None:
        made.append(say("hạn mới {when}", when=words.moment(after)))
    elif one.kind == "due" and data.get("due_at") is not None:
        made.append(say("hạn mới {when}", when=words.moment(data["due_at"])))
    elif one.kind == "rated":
        if data.get("fixed") is not None:
            made.append(say("đã xong") if data["fixed"] else say("chưa xong"))
        if data.get("rating") is not None:
            made.append(f"{data['rating']}/5")
    elif one.kind == "joined" and data.get("count"):
        made.append(say("{n} người theo dõi", n=data["count"]))
    if "blurred" in data:
        made.append(say("làm mờ {n} vùng ảnh", n=data["blurred"]))
    elif "file" in data and "public" in data:
        made.append(say("cho hiện một ảnh") if data["public"] else say("ẩn một ảnh"))
    if data.get("number"):
        made.append(str(data["number"]))
    return made


def _pending(ask: Ask, found: Case, said: list[Said]) -> Pending | None:
    one = next((each for each in said if each.entry.id == found.pending_id), None)
    if one is None:
        return None
    step = types.types().step(found.type, one.entry.step or "")
    may = "approve" in sight.sides(ask.session, ask.caller, found) and one.entry.actor != ask.caller.actor
    return Pending(one, step.title.of(ask.language) if step else "", may)


def _helpers(ask: Ask, found: Case) -> list[Helper]:
    return [
        Helper(
            (agency.name_en if ask.language == "en" else None) or agency.name, words.short(one.asked_at, ask.now),
            words.short(one.done_at, ask.now) if one.done_at is not None else "",
        )
        for one, agency in store.offices(ask.session, found.id)
    ]  # fmt: skip


def _links(ask: Ask, found: Case) -> list[Linked]:
    made, say = [], ask.say
    if found.subject:
        made.append(Linked(say("Do") if found.subject.startswith("alarm:") else say("Về"), *_target(found.subject)))
    links = store.links(ask.session, found.id)
    ids = {int(one.to[5:]) for one in links if one.to.startswith("case:") and one.to[5:].isdecimal()}
    seen = rows.numbers(ask.session, ids | {one.case_id for one in links}, sight.cases(ask.caller) | sight.public())
    for one in links:
        if one.case_id != found.id:
            number, title = seen.get(one.case_id, ("", ""))
            if number:
                word = say(words.LINKED.get(one.kind, one.kind))
                made.append(Linked(word, f"{number} · {title}", f"/desk/cases/{number}"))
        elif one.to.startswith("case:"):
            number, title = seen.get(int(one.to[5:]) if one.to[5:].isdecimal() else 0, ("", ""))
            if number:
                word = say(words.LINKS.get(one.kind, one.kind))
                made.append(Linked(word, f"{number} · {title}", f"/desk/cases/{number}"))
        else:
            made.append(Linked(say(words.LINKS.get(one.kind, one.kind)), *_target(one.to)))
    return made


def _target(to: str) -> tuple[str, str]:
    """The name and the address of what a case is about."""
    kind, _, id_ = to.partition(":")
    if kind == "thing" and id_.isdecimal():
        return to, f"/operations?select=thing:{id_}"
    if kind == "alarm":
        return to, f"/operations?alarm={id_}"
    if kind == "order":
        return to, f"/operations/orders/{id_}"
    if kind == "record" and "/" in id_:
        dataset, _, key = id_.partition("/")
        return f"{dataset} {key}", f"/catalogue/{dataset}/records/{key}"
    return to, ""


def _merged(ask: Ask, found: Case) -> str:
    if found.merged_into is None:
        return ""
    seen = rows.numbers(ask.session, [found.merged_into], sight.cases(ask.caller) | sight.public())
    return seen.get(found.merged_into, ("", ""))[0]


def changed_by(ask: Ask, name: str, version: int | None) -> str:
    """What somebody else did meanwhile, in a sentence with who and when."""
    found = held(ask, name)
    told = [
        one
        for one in reading.entries(ask.session, found, inside=True, language=ask.language)
        if one.actor != ask.caller.actor
    ]
    if version is None or version == found.version or not told:
        return ""
    last = told[-1]
    who = last.name or (ask.say("Người phản ánh") if last.reporter else last.office) or ask.say("Hệ thống")
    did = words.did(last, found.type, ask.language, ask.say)
    return ask.say("{who} {did} lúc {when}.", who=who, did=did, when=words.short(last.at, ask.now))
