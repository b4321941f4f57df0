"""What stands around the desk's pages: the bar's clock, the office, the lists with their counts, the other rooms."""

from dataclasses import dataclass

from dothi.cases import calendar, due, reading, sight
from dothi.cases.calendar import Calendar
from dothi.duty import orders
from dothi.kit.text import whole
from dothi.places import cities
from dothi.screens.casework import store, words
from dothi.screens.casework.desk import Ask
from dothi.web.i18n import marked

LISTS = ("team", "mine", "unassigned", "overdue", "soon", "waiting", "co-handled")
# address, name, who may; the rooms of other parts stand here too
ROOMS = (
    ("/desk/new", marked("Nhập hộ 1022"), "cases:handle"),
    ("/desk/board", marked("Điều phối đội"), "cases:assign"),
    ("/transparency", marked("Thống kê"), "cases:read"),
    ("/desk/settings", marked("Mẫu trả lời"), "cases:read"),
    ("/desk/moderation", marked("Kiểm duyệt"), "cases:moderate"),
    ("/desk/settings/calendar", marked("Lịch và thiết lập"), "cases:read"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the rail. hot: the count is bad news."""

    href: str
    name: str
    count: str
    current: bool
    hot: bool = False


@dataclass(frozen=True, slots=True)
class Rail:
    """office: the one chosen, None: all of the caller's; offices: (id, name) to choose from."""

    lists: list[Entry]
    orders: list[Entry]
    rooms: list[Entry]
    office: int | None
    office_name: str
    offices: list[tuple[int, str]]
    time: str
    working: bool


def office(ask: Ask) -> int | None:
    """The office asked for, if the caller reads in it."""
    wanted = whole(ask.given("office"))
    held = sight.offices(ask.caller)
    return wanted if wanted is not None and (held is None or wanted in held) else None


def rail(ask: Ask, current: str = "") -> Rail:
    """The rail. current: the list or the address one stands on."""
    held, chosen = sight.offices(ask.caller), office(ask)
    named = store.agencies(ask.session, held)
    offices = [(one.id, (one.name_en if ask.language == "en" else None) or one.name) for one in named]
    counts = reading.counts(ask.session, ask.caller, chosen, cities.lens(ask.session))
    of = f"&office={chosen}" if chosen is not None else ""

    def entry(which: str) -> Entry:
        count = counts.get(which, 0)
        said = f"{reading.COUNTED}+" if count >= reading.COUNTED else str(count)
        hot = which == "overdue" and count > 0
        return Entry(f"/desk?list={which}{of}", ask.say(words.LISTS[which]), said, which == current, hot)

    lists = [entry(which) for which in LISTS]
    if ask.may("cases:approve"):
        lists.append(entry("approval"))
    lists += [
        Entry(f"/desk?list={which}{of}", ask.say(words.LISTS[which]), "", which == current) for which in ("done", "all")
    ]
    cal = ask.cal
    names = dict(offices)
    alone = offices[0][1] if len(offices) == 1 else ""
    return Rail(
        lists, _orders(ask, current), _rooms(ask, current), chosen, names.get(chosen or -1, alone), offices,
        f"{words.date_line(ask.now, ask.language)}, {words.hour(ask.now)}", _working(cal, ask.now),
    )  # fmt: skip


def _orders(ask: Ask, current: str) -> list[Entry]:
    if not ask.may("alarms:read"):
        return []
    counts = dict.fromkeys(words.ORDERS, 0)
    for one in orders.list_(ask.session, ask.caller, orders.Asked("open")):
        state = "received" if one.order.state == "returned" else one.order.state
        if state in counts:
            counts[state] += 1
    return [
        Entry(f"/desk?list=orders&state={state}", ask.say(word), str(counts[state]), f"orders-{state}" == current)
        for state, word in words.ORDERS.items()
    ]


def _rooms(ask: Ask, current: str) -> list[Entry]:
    return [Entry(href, ask.say(word), "", href == current) for href, word, who in ROOMS if ask.may(who)]


def _working(cal: Calendar, now: int) -> bool:
    at = now - calendar.midnight(calendar.day_of(now))
    return any(a * calendar.MINUTE <= at < b * calendar.MINUTE for a, b in cal.hours(calendar.day_of(now)))


def edge(ask: Ask) -> int:
    """Before this instant a deadline has less than a working day left."""
    return due.edge(ask.cal, ask.now)
