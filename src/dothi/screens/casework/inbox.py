"""The inbox: cases by what is next due, in groups; chips, search, pages by key; and the orders given to the office."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from dothi.cases import calendar, due, reading, sight
from dothi.cases.calendar import Calendar
from dothi.cases.lists import Asked, Line
from dothi.cases.types import types
from dothi.duty import orders
from dothi.duty.orders import Line as OrderLine
from dothi.identity import called
from dothi.kit.errors import BadInput, NotFound
from dothi.kit.text import fold
from dothi.places import cities
from dothi.screens import wards
from dothi.screens.casework import rail, store, subject, words
from dothi.screens.casework.desk import Ask
from dothi.screens.casework.rail import Rail
from dothi.screens.casework.subject import Sheet

LIMIT = 50
CHIPS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the inbox as the page says it."""

    line: Line
    href: str
    sub: str
    state: str
    who: str
    left: str
    when: str
    mark: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rows due alike. note: a count, or the days off on the way."""

    title: str
    note: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Chip:
    """A category to filter by."""

    href: str
    name: str
    count: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """The page. query: what it is asked by, for links and forms; next: the address of the next page."""

    title: str
    which: str
    q: str
    category: str
    groups: list[Group]
    count: int
    chips: list[Chip]
    more: list[Chip]
    query: dict[str, str]
    here: str
    next: str | None
    first: str | None
    empty: str
    sheet: Sheet | None
    missing: str
    rail: Rail
    orders: list[OrderLine] | None = None
    sent: str = ""
    may_assign: bool = False


def page(ask: Ask) -> Response:
    """`GET /desk`: `?list=`, `?category=`, `?q=`, `?office=`, `?after=`, `?case=`, `&act=`; `&part=1` the list alone."""
    made = inbox(ask)
    simulated = any(row.line.simulated for group in made.groups for row in group.rows) or bool(
        made.sheet and made.sheet.case.simulated
    )
    exercise = bool(made.sheet and made.sheet.case.exercise)
    template = "_list" if ask.part else "desk"
    return ask.page(template, page=made, rail=made.rail, simulated=simulated, exercise=exercise)


def inbox(ask: Ask) -> Inbox:
    """What the page shows."""
    which = ask.given("list") or "team"
    state = ask.given("state")
    if which == "orders":
        return _ordered(ask, state if state in words.ORDERS else "received")
    if which not in words.LISTS:
        raise NotFound(ask.say("Không có hộp việc nào như vậy."))
    asked = _asked(ask, which)
    found = reading.inbox(ask.session, ask.caller, asked)
    wanted = ask.given("case")
    query = {key: value for key in ("list", "category", "q", "after") if (value := ask.given(key))}
    office = rail.office(ask)
    if office is not None:
        query["office"] = str(office)
    here = _href(query)
    ask.name_wards(one.unit for one in found.lines)
    rows = [_row(ask, one, query, wanted) for one in found.lines]
    sheet, missing = None, ""
    if wanted:
        try:
            sheet = subject.sheet(ask, wanted, next_=here)
        except NotFound:
            missing = wanted
    chips = _chips(ask, query, asked.category)
    stem = {key: value for key, value in query.items() if key != "after"}
    around = rail.rail(ask, which)
    return Inbox(
        ask.say(words.LISTS[which]), which, asked.text, asked.category or "",
        _groups(ask, rows, which), len(rows), chips[: CHIPS + 1], chips[CHIPS + 1 :], query, here,
        _href({**stem, "after": found.next}) if found.next else None, _href(stem) if "after" in query else None,
        ask.say(words.EMPTY[which]), sheet, missing, around, may_assign=ask.may("cases:assign") or ask.may("cases:handle"), sent=ask.given("sent", 60),
    )  # fmt: skip


def _asked(ask: Ask, which: str) -> Asked:
    category = ask.given("category") or None
    if category is not None and types().about(category) is None:
        raise BadInput(ask.say("Không có lĩnh vực này."))
    return Asked(
        which=which, office=rail.office(ask), category=category, text=ask.given("q"), after=ask.given("after") or None,  # type: ignore[arg-type]
        city=cities.lens(ask.session), limit=LIMIT,
    )  # fmt: skip


def _href(query: dict[str, str]) -> str:
    return f"/desk?{urlencode(query)}" if query else "/desk"


def _row(ask: Ask, one: Line, query: dict[str, str], wanted: str) -> Row:
    cal = ask.cal
    near = one.due_at is not None and calendar.day_of(one.due_at) <= _next(cal, ask.now)
    place = wards.short(ask.ward(one.unit)) or one.address
    parts = [one.number, place]
    if one.followers:
        parts.append(ask.say("{n} theo dõi", n=one.followers))
    if one.reopened:
        parts.append(ask.say("mở lại {n} lần", n=one.reopened))
    held = sight.offices(ask.caller)
    if one.office and (held is None or len(held) > 1):
        parts.append(called.agency(ask.session, one.office, ask.language))
    state = words.state(one.type, one.state, ask.language)
    if one.pending_id is not None:
        state = ask.say("Chờ duyệt")
    elif one.phase == "waiting" and one.due_at is None:
        state = words.state(one.type, one.state, ask.language)
    return Row(
        one, _href({**query, "case": one.number}), " · ".join(part for part in parts if part), state,
        " · ".join(name for name in (one.crew, one.handler) if name) or ask.say("Chưa phân công"),
        words.left(cal, one.due_at, ask.now, ask.language, one.opened_at) if one.due_at is not None
        else _no_due(ask, one),
        words.due_when(one.due_at, ask.now, ask.language) if one.due_at is not None else "",
        words.due_mark(one, ask.now, due.edge_now(ask.now), near), one.number == wanted.upper(),
    )  # fmt: skip


def _no_due(ask: Ask, one: Line) -> str:
    if one.phase == "new":
        return ask.say("chờ tiếp nhận")  # its main deadline begins with the step that takes it in
    return ask.say("đang tạm dừng") if one.phase in ("waiting", "open") else "–"


def _next(cal: Calendar, now: int) -> dt.date:
    """The next working day."""
    return cal.nth(calendar.day_of(now), 1)


def _groups(ask: Ask, rows: list[Row], which: str) -> list[Group]:
    """By what is next due: late, today and the next working day, later, without a deadline that runs."""
    cal = ask.cal
    until = _next(cal, ask.now)
    late, near, later, none = list[Row](), list[Row](), list[Row](), list[Row]()
    for row in rows:
        at = row.line.due_at
        (none if at is None else late if at < ask.now else near if calendar.day_of(at) <= until else later).append(row)
    free = _free(ask, cal, until)
    paused = ask.say("Đã xong, chờ người dân") if which == "done" else ask.say("Không tính hạn lúc này")
    groups = [
        Group(ask.say("Quá hạn"), str(len(late)), late),
        Group(ask.say("Hôm nay và ngày làm việc tới"), "", near),
        Group(ask.say("Sau đó"), free, later),
        Group(paused, "", none),
    ]
    return [one for one in groups if one.rows]


def _free(ask: Ask, cal: Calendar, since: dt.date) -> str:
    """The first weekday off in the fortnight to come: thứ Ba 24/11 nghỉ."""
    for ahead in range(1, 15):
        day = since + dt.timedelta(days=ahead)
        decided = cal.decided(day)
        if decided is not None and not decided.works and day.weekday() < 5:
            said = words.date_line(calendar.midnight(day), ask.language)
            name = decided.name.of(ask.language)
            return ask.say("{day} nghỉ: {name}", day=said[:1].lower() + said[1:-5], name=name)
    return ""


def _chips(ask: Ask, query: dict[str, str], current: str | None) -> list[Chip]:
    """All, then the categories with open cases, the most frequent first; the chosen one always among the first."""
    office = rail.office(ask)
    counts = store.categories(ask.session, [office] if office is not None else sight.offices(ask.caller))
    stem = {key: value for key, value in query.items() if key not in ("after", "category")}
    found = [
        Chip(_href({**stem, "category": one.code}), words.subject(one.code, ask.language) or one.code, one.count, one.code == current)
        for one in counts
    ]  # fmt: skip
    found.sort(key=lambda one: not one.current)
    if current is not None and not any(one.current for one in found):
        found.insert(0, Chip(_href({**stem, "category": current}), words.subject(current, ask.language), 0, True))
    return [Chip(_href(stem), ask.say("Tất cả"), None, current is None), *found]


def _ordered(ask: Ask, state: str) -> Inbox:
    """The orders of one's office in a state, by deadline."""
    wanted = ("received", "returned") if state == "received" else (state,)
    lines = [
        one
        for one in orders.list_(ask.session, ask.caller, orders.Asked("open"), ask.language)
        if one.order.state in wanted
    ]
    text = fold(ask.given("q"))
    if text:
        lines = [one for one in lines if text in fold(f"{one.order.number} {one.order.text} {one.order.subject_name}")]
    title = f"{ask.say('Chỉ đạo')}: {ask.say(words.ORDERS[state]).lower()}"
    query = {"list": "orders", "state": state}
    return Inbox(
        title, "orders", ask.given("q"), "", [], len(lines), [], [], query, _href(query), None, None,
        ask.say("Không có chỉ đạo nào ở bước này."), None, "", rail.rail(ask, f"orders-{state}"), lines,
    )  # fmt: skip
