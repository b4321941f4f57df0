"""What the desk works by: reply templates, official days, offices and crews, deadlines and their ladders, moderation."""

import datetime as dt
from dataclasses import dataclass

from starlette.responses import Response

from dothi.cases import calendar, clock, offices, templates, timers
from dothi.cases import deadlines as due
from dothi.cases.calendar import Calendar, Decided
from dothi.cases.declared import Category
from dothi.cases.tables import Case, Crew, ReplyTemplate
from dothi.cases.types import types
from dothi.db import session as db
from dothi.kit import clock as instants
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens import wards
from dothi.screens.casework import rail, store, words
from dothi.screens.casework.desk import WRONG, Ask, wrong
from dothi.screens.casework.rail import Rail
from dothi.screens.desk import back
from dothi.web.forms import Filled

FRESH = 2 * instants.DAY  # how long a public report stands under "new" for moderators
_SLICES = 40  # of deadlines a preview looks at: 20 000


@dataclass(frozen=True, slots=True)
class Texts:
    """The templates. edited: the one in the form."""

    kept: list[tuple[ReplyTemplate, str, str, bool]]
    offices: list[tuple[int, str]]
    categories: list[tuple[str, str]]
    edited: ReplyTemplate | None
    may: bool
    everywhere: bool
    rail: Rail


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is free or worked against the week. own: set here, not shipped."""

    iso: str
    title: str
    works: bool
    name: str
    document: str
    own: bool
    past: bool


@dataclass(frozen=True, slots=True)
class Days:
    """The calendar of a year. effect: what a change would move, None: not asked."""

    year: int
    days: list[Day]
    week: list[tuple[str, str]]
    effect: tuple[int, bool] | None
    moved: int | None
    may: bool
    rail: Rail


@dataclass(frozen=True, slots=True)
class Rule:
    """Which office gets what."""

    type: str
    category: str | None
    unit: str | None
    what: str
    where: str
    office: str


@dataclass(frozen=True, slots=True)
class Offices:
    """The rules of offices, and the crews with their people."""

    rules: list[Rule]
    crews: list[tuple[Crew, str, list[str]]]
    types: list[tuple[str, str]]
    categories: list[tuple[str, str]]
    wards: list[tuple[str, str]]
    offices: list[tuple[int, str]]
    may: bool
    rail: Rail


@dataclass(frozen=True, slots=True)
class Deadline:
    """A declared deadline in words."""

    type: str
    title: str
    main: bool
    budget: str
    by_priority: list[tuple[str, str]]
    ladder: list[tuple[str, str]]
    own: list[tuple[str, str]]
    basis: str


# texts


def texts(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /desk/settings`: the reply templates; `?edit=7`."""
    held = templates.list_(ask.session, ask.caller)
    named = {one.id: one.name for one in store.agencies(ask.session)}
    known = {code: words.subject(code, ask.language) for one in held if (code := one.category)}
    wanted = whole(ask.given("edit")) if filled is None else whole(filled.values.get("id"))
    edited = next((one for one in held if one.id == wanted), None)
    mine = [(id_, name) for id_, name in named.items() if ask.may("cases:config", id_)]
    made = Texts(
        [
            (one, named.get(one.agency_id or 0, ask.say("Mọi đơn vị")), known.get(one.category or "", ask.say("Mọi lĩnh vực")),
             ask.may("cases:config", one.agency_id) if one.agency_id is not None else "cases:config" in ask.caller.everywhere)
            for one in held
        ],
        mine, _categories(ask.language), edited, ask.may("cases:config"), "cases:config" in ask.caller.everywhere,
        rail.rail(ask, "/desk/settings"),
    )  # fmt: skip
    return ask.page("texts", filled, status, page=made, rail=made.rail)


def save_text(ask: Ask) -> Response:
    """`POST /desk/settings`: keeps a template, or with `drop` takes it away."""
    values = ask.values
    try:
        with db.writing() as session:
            id_ = whole(values.get("id"))
            if values.get("drop") and id_ is not None:
                templates.remove(session, ask.caller, id_)
            else:
                templates.save(
                    session, ask.caller, title=values.get("title", ""), text=values.get("text", ""), id_=id_,
                    office=whole(values.get("office")), category=values.get("category") or None,
                    public=values.get("public") == "1",
                )  # fmt: skip
    except WRONG as error:
        return texts(ask, wrong(ask, error), error.status)
    return back("/desk/settings")


# days


def days(ask: Ask, filled: Filled | None = None, status: int = 200, effect: tuple[int, bool] | None = None) -> Response:
    """`GET /desk/settings/calendar`: `?year=2026`, `?moved=12` after a change."""
    cal = ask.cal
    this = calendar.day_of(ask.now)
    asked = whole(ask.given("year")) if filled is None else whole(filled.values.get("day", "")[:4])
    year = asked if asked is not None and 2000 <= asked <= 2100 else this.year
    own = {one.day for one in calendar.days(ask.session) if one.set_by is not None}
    listed = []
    day = dt.date(year, 1, 1)
    while day.year == year:
        decided = cal.decided(day)
        if decided is not None:
            listed.append(_day(ask, day, decided, day in own, day < this))
        day += dt.timedelta(days=1)
    made = Days(
        year, listed, _week(ask, cal), effect, whole(ask.given("moved")) if filled is None else None,
        "cases:config" in ask.caller.everywhere, rail.rail(ask, "/desk/settings/calendar"),
    )  # fmt: skip
    return ask.page("calendar", filled, status, page=made, rail=made.rail)


def set_day(ask: Ask) -> Response:
    """`POST /desk/settings/calendar`: declares a day or takes it back; `look` only says what it would move."""
    values = ask.values
    look = bool(values.get("look"))
    try:
        moved, whole = _change(ask, look=look)
    except (*WRONG, NotFound) as error:
        return days(ask, wrong(ask, error), error.status)
    if look:
        return days(ask, Filled(values), effect=(moved, whole))
    return back(f"/desk/settings/calendar?year={values.get('day', '')[:4]}&moved={moved}")


class _Undone(Exception):
    """What was tried is not kept."""


def _undo() -> None:
    raise _Undone


def _change(ask: Ask, *, look: bool) -> tuple[int, bool]:
    """Change the calendar; how many due moments move, and whether all were looked at. look: nothing is kept."""
    values = ask.values
    moved, last = 0, None
    try:
        with db.writing() as session:
            before = store.last_entry(session)
            if values.get("drop"):
                calendar.unset_day(session, ask.caller, values.get("day", ""))
            else:
                works = values.get("works") == "1"
                calendar.set_day(
                    session,
                    ask.caller,
                    values.get("day", ""),
                    works,
                    values.get("document", ""),
                    values.get("note", ""),
                )
            session.flush()
            moved = store.moved_since(session, before)
            if look:
                after: int | None = 0
                for _ in range(_SLICES):
                    done = timers.reproject(session, after or 0)
                    moved, after = moved + done.moved, done.last
                    if after is None:
                        break
                last = after
                _undo()
    except _Undone:
        return moved, last is None
    return moved + timers.reproject_all(), True


def _day(ask: Ask, day: dt.date, decided: Decided, own: bool, past: bool) -> Day:
    title = words.weekday(day, ask.language)
    return Day(day.isoformat(), title, decided.works, decided.name.of(ask.language), decided.document or "", own, past)


def _week(ask: Ask, cal: Calendar) -> list[tuple[str, str]]:
    """The hours of a week, the first day of each run of like days by name."""
    names = [
        words.weekday(dt.date(2026, 1, 5) + dt.timedelta(days=one), ask.language).partition(",")[0] for one in range(7)
    ]
    made = []
    for name, hours in zip(names, cal.week, strict=True):
        spans = [f"{a // 60}:{a % 60:02}–{b // 60}:{b % 60:02}" for a, b in hours]
        made.append((name, ", ".join(spans) or ask.say("nghỉ")))
    return made


# offices


def rules(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /desk/settings/offices`: who gets what, and the crews."""
    named = {one.id: one.name for one in store.agencies(ask.session)}
    wards_ = wards.wards(ask.session, ask.language, ask.now)
    where = dict(wards_)
    found = [
        Rule(
            one.type, one.category, one.unit,
            words.subject(one.category, ask.language) or ask.say("Mọi lĩnh vực của {type}", type=words.type_(one.type, ask.language).lower()),
            where.get(one.unit or "", one.unit or ask.say("Mọi nơi")), named.get(one.agency_id, "–"),
        )
        for one in offices.rules(ask.session)
    ]  # fmt: skip
    crews = store.crews(ask.session, None)
    people = store.members(ask.session, [one.id for one in crews])
    made = Offices(
        found, [(one, named.get(one.agency_id, "–"), people.get(one.id, [])) for one in crews],
        [(code, one.title.of(ask.language)) for code, one in types().by_code.items()], _categories(ask.language), wards_,
        list(named.items()), "cases:config" in ask.caller.everywhere, rail.rail(ask, "/desk/settings/calendar"),
    )  # fmt: skip
    return ask.page("offices", filled, status, page=made, rail=made.rail)


def set_rule(ask: Ask) -> Response:
    """`POST /desk/settings/offices`: a rule; without an office it is taken away."""
    values = ask.values
    try:
        category = values.get("category") or None
        about = types().about(category)
        type_ = getattr(about, "type", None) or ("dossier" if about is not None else values.get("type") or "report")
        office = whole(values.get("office"))
        if office is None and not values.get("drop"):
            raise BadInput("nothing was changed", [Fault("office", "is missing")])
        with db.writing() as session:
            offices.rule(
                session, ask.caller, type_, category, values.get("unit") or None, None if values.get("drop") else office
            )
    except WRONG as error:
        return rules(ask, wrong(ask, error), error.status)
    return back("/desk/settings/offices")


# deadlines


def deadlines(ask: Ask) -> Response:
    """`GET /desk/settings/deadlines`: what is due by when, and who is told as it comes near; in the city looked at."""
    made, ward = [], due.ward_of_page(ask.session)
    for type_ in types().by_code.values():
        for declared in type_.timers:
            timer, _ = due.here(ward, type_.code, declared, None)
            found = [(one, due.here(ward, type_.code, declared, one)[1]) for one in types().categories(type_.code)]
            own = [
                (one.title.of(ask.language), _amount(ask, here.timers[timer.code]))
                for one, here in found
                if isinstance(here, Category) and timer.code in here.timers
            ]
            made.append(
                Deadline(
                    type_.title.of(ask.language), timer.title.of(ask.language), timer.main, _amount(ask, timer.budget),
                    [(ask.say(words.PRIORITIES[key]), _amount(ask, one)) for key, one in timer.by_priority.items()],
                    [(ask.say("khi đã dùng {n} % thời hạn", n=one.at), ask.say(words.LADDER[one.to])) for one in timer.ladder],
                    own, timer.basis or "",
                )
            )  # fmt: skip
    around = rail.rail(ask, "/desk/settings/calendar")
    return ask.page("deadlines", deadlines=made, rail=around)


def _amount(ask: Ask, amount: object) -> str:
    unit, many = clock.of(amount)  # type: ignore[arg-type]
    return timers.amount_said(unit, many, ask.language)


# moderation


@dataclass(frozen=True, slots=True)
class Judged:
    """A case a moderator looks at."""

    case: Case
    category: str
    when: str


def moderation(ask: Ask) -> Response:
    """`GET /desk/moderation`: `?which=` hidden, unconfirmed, fresh."""
    which = ask.given("which") or "fresh"
    if which not in store.MODERATED:
        raise NotFound(ask.say("Không có danh sách này."))
    found = [
        Judged(one, words.subject(one.category, ask.language), words.short(one.opened_at, ask.now))
        for one in store.moderated(ask.session, ask.caller, which, ask.now - FRESH)
    ]
    return ask.page(
        "moderation", found=found, which=which, rail=rail.rail(ask, "/desk/moderation"),
        simulated=any(one.case.simulated for one in found),
    )  # fmt: skip


def _categories(language: str) -> list[tuple[str, str]]:
    found = [(one.code, one.title.of(language)) for one in types().categories_.values()]
    return sorted(found, key=lambda pair: pair[1])
