"""`/transparency/cases`: the public cases behind one figure, as many as it says."""

from dataclasses import dataclass
from typing import cast

from starlette.responses import Response

from dothi.cases import stats
from dothi.cases.lists import Public
from dothi.cases.stats import By
from dothi.cases.types import types
from dothi.screens import words
from dothi.screens.transparency import asking, figures
from dothi.screens.transparency.asking import Ask
from dothi.screens.wards import wards
from dothi.web.i18n import marked

ROWS = 50
OF = {
    "received": marked("Nhận được"), "solved": marked("Đã xử lý"), "on-time": marked("Xử lý đúng hạn"),
    "late": marked("Xử lý trễ hạn"), "open": marked("Đang xử lý"), "overdue": marked("Đang quá hạn"),
    "rejected": marked("Không xử lý được"), "merged": marked("Gộp vào phản ánh khác"), "reopened": marked("Mở lại"),
    "satisfied": marked("Người phản ánh hài lòng"), "unsatisfied": marked("Người phản ánh chưa hài lòng"),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A case in the list."""

    number: str
    title: str
    place: str
    category: str
    office: str
    state: str
    opened: int
    due: int | None
    resolved: int | None
    rating: int | None
    late: bool
    simulated: bool


@dataclass
class Records:
    """The context of `transparency/records.html`."""

    title: str
    days: str
    count: int
    said: str  # the count as it is written
    rows: list[Row]
    more: str
    back: str
    others: list[tuple[str, str, bool]]
    parts: list[str]
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /transparency/cases`."""
    query = ask.request.query_params
    found = asking.wanted(ask)
    by, key, of = query.get("by", "all"), query.get("key", ""), query.get("of", "received")
    asked = asking.narrowed(found, cast("By", by), key)
    count = stats.count(ask.session, asked, of, ask.now)
    page = stats.records(ask.session, asked, of, ask.now, query.get("after"), ROWS)
    here = figures.behind(found, by, key, of)
    names = dict(wards(ask.session, ask.language, ask.now))
    shown = Records(
        ask.say(OF[of]), f"{found.first:%d/%m/%Y} – {found.last:%d/%m/%Y}", count, words.number(count, 0, ask.language),
        [_row(ask, one, names) for one in page.lines], f"{here}&after={page.next}" if page.next else "",
        f"{figures.HERE}?{found.query()}",
        [(figures.behind(found, by, key, one), ask.say(word), one == of) for one, word in OF.items()],
        _parts(ask, asked, names, key if by == "month" else ""), any(one.simulated for one in page.lines),
    )  # fmt: skip
    return ask.page("records", shown)


def _parts(ask: Ask, asked: stats.Asked, names: dict[str, str], month: str) -> list[str]:
    found = []
    if asked.unit:
        found.append(names.get(asked.unit, asked.unit))
    if asked.category:
        known = types().named(asked.category)
        found.append(known.title.of(ask.language) if known else asked.category)
    if asked.office is not None:
        found += [one.name or "" for one in stats.figures(ask.session, "office", asked, ask.now)][:1]
    if month:
        found.append(f"{month[5:7]}/{month[:4]}")
    return [one for one in found if one]


def _row(ask: Ask, one: Public, names: dict[str, str]) -> Row:
    known, state = types().named(one.category), types().state(one.type, one.state)
    place = ", ".join(filter(None, (one.address, names.get(one.unit or "", ""))))
    late = one.met is False if one.resolved_at is not None else one.due_at is not None and one.due_at < ask.now
    return Row(
        one.number, one.title, place, known.title.of(ask.language) if known else "", one.office or "",
        (state.public or state.title).of(ask.language), one.opened_at, one.due_at, one.resolved_at, one.rating, late,
        one.simulated,
    )  # fmt: skip
