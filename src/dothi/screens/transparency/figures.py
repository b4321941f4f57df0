"""`/transparency`: what was reported and solved, in time or not, how fast, how satisfied; each figure leads to its cases."""

import csv as csvs
import io
import json as jsons
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from sqlalchemy import select
from starlette.responses import Response

from dothi.cases import sight
from dothi.cases.stats import BY, By, Row
from dothi.cases.tables import Case
from dothi.cases.types import types
from dothi.identity import called
from dothi.kit import clock
from dothi.screens import words
from dothi.screens.transparency import asking
from dothi.screens.transparency.asking import PERIODS, Ask, Wanted
from dothi.screens.wards import wards
from dothi.web.i18n import marked

HERE = "/transparency"
TABLES: dict[By, str] = {
    "ward": marked("Theo phường, xã"), "office": marked("Theo cơ quan"), "category": marked("Theo loại việc"),
    "month": marked("Theo tháng"),
}  # fmt: skip
COLUMNS = (
    "by", "key", "name", "received", "solved", "on_time", "median_hours", "open", "overdue", "rejected", "merged",
    "reopened", "answers", "satisfied", "rating",
)  # fmt: skip
_TALL = 120  # of the chart, in units of its own
_SIMULATED: dict[str, bool] = {}


@dataclass(frozen=True)
class Figure:
    """One number: what it is, how it is said, the cases behind it, and what it means."""

    name: str
    value: str
    unit: str
    href: str
    note: str
    tone: str = ""


@dataclass(frozen=True)
class Cell:
    """A number in a table."""

    text: str
    href: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Line:
    """A line of a table. share: how long its bar is, 0 to 1."""

    name: str
    href: str
    share: float
    cells: list[Cell]


@dataclass(frozen=True)
class Table:
    """The figures by ward, office, category or month."""

    by: str
    title: str
    head: str
    lines: list[Line]


@dataclass(frozen=True)
class Bar:
    """A month in the chart, in units of the chart."""

    x: float
    month: str
    received: int
    solved: int
    high: float
    done: float
    href: str


@dataclass
class Figures:
    """The context of `transparency/figures.html`."""

    title: str
    days: str
    figures: list[Figure]
    periods: list[tuple[str, str, bool]]
    given: dict[str, str]
    wards: list[tuple[str, str]]
    categories: list[tuple[str, str]]
    offices: list[tuple[str, str]]
    bars: list[Bar]
    most: int
    tables: list[Table]
    csv: str
    json: str
    since: str
    until: str
    narrowed: bool
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /transparency`."""
    found = asking.wanted(ask)
    total = next(iter(asking.figures(ask, "all", found.asked)), None)
    tables = {by: asking.figures(ask, by, found.asked) for by in TABLES}
    names = _names(ask)
    bars, most = _bars(found, tables["month"])
    known = asking.figures(ask, "office", asking.wanted(ask).asked)
    page = Figures(
        ask.say("Minh bạch xử lý phản ánh"), _days(found), _figures(ask, found, total),
        [(found.query(period=code, since="", until=""), ask.say(word), _now(found, code)) for code, word in PERIODS.items()],
        found.given, wards(ask.session, ask.language, ask.now), _categories(ask),
        [(str(one.key), called.agency(ask.session, one.name, ask.language)) for one in known if one.key is not None], bars, most,
        [_table(ask, found, by, rows, names) for by, rows in tables.items() if rows],
        f"{HERE}.csv?{found.query()}", f"{HERE}.json?{found.query()}", f"{found.first}", f"{found.last}",
        any(found.given.get(one) for one in ("ward", "office", "category")), simulated(ask),
    )  # fmt: skip
    return ask.page("figures", page)


def simulated(ask: Ask) -> bool:
    """Whether simulated cases are among the public ones."""
    query = select(Case.id).where(Case.simulated.is_(True), sight.public()).order_by(Case.opened_at.desc()).limit(1)
    return ask.session.scalar(query) is not None


def csv(ask: Ask) -> Response:
    """`GET /transparency.csv`: every table, a line each."""
    out = io.StringIO()
    writer = csvs.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for line in _flat(ask, asking.wanted(ask)):
        writer.writerow({name: _safe(value) for name, value in line.items()})
    return _file(ask, out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "transparency.csv")


def json(ask: Ask) -> Response:
    """`GET /transparency.json`: the same for programs."""
    found = asking.wanted(ask)
    body = {
        "since": f"{found.first}", "until": f"{found.last}", "simulated": simulated(ask),
        "counted": clock.iso(ask.now), "figures": _flat(ask, found),
    }  # fmt: skip
    text = jsons.dumps(body, ensure_ascii=False, indent=1)
    return _file(ask, text.encode(), "application/json", "transparency.json")


def _file(ask: Ask, content: bytes, media_type: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": ask.kept(300)}
    return Response(content, media_type=media_type, headers=headers)


def _safe(value: object) -> object:
    """A text no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


def _flat(ask: Ask, found: Wanted) -> list[dict[str, object]]:
    names = _names(ask)
    lines = []
    for by in BY:
        for row in asking.figures(ask, by, found.asked):
            took = None if row.median is None else round(row.median / clock.HOUR, 1)
            values = asdict(row) | {"by": by, "median_hours": took, "name": _name(ask, by, row, names)}
            for name in ("on_time", "satisfied", "rating"):
                values[name] = None if values[name] is None else round(values[name], 4)
            lines.append({name: values[name] for name in COLUMNS})
    return lines


def _now(found: Wanted, code: str) -> bool:
    return not {"since", "until"} & set(found.given) and found.given.get("period", asking.USUAL) == code


def _days(found: Wanted) -> str:
    return f"{found.first:%d/%m/%Y} – {found.last:%d/%m/%Y}"


def _figures(ask: Ask, found: Wanted, row: Row | None) -> list[Figure]:
    say = ask.say
    if row is None:
        return []

    def cases(of: str) -> str:
        return behind(found, "all", "", of)

    late = row.solved - round((row.on_time or 0) * row.solved)
    return [
        Figure(say("Nhận được"), words.number(row.received, 0, ask.language), say("phản ánh"), cases("received"), ""),
        Figure(
            say("Đã xử lý"), words.number(row.solved, 0, ask.language), _share(ask, row.solved / row.received), cases("solved"),
            say("{n} đang xử lý", n=words.number(row.open, 0, ask.language)),
        ),
        Figure(
            say("Đúng hạn"), percent(ask, row.on_time), say("của đã xử lý"), cases("on-time"), say("{n} trễ hạn", n=words.number(late, 0, ask.language)),
            "" if row.on_time is None or row.on_time >= 0.8 else "major",
        ),
        Figure(say("Thời gian xử lý trung vị"), _long(ask, row.median), "", cases("solved"), say("một nửa nhanh hơn thế")),
        Figure(
            say("Đang quá hạn"), words.number(row.overdue, 0, ask.language), say("phản ánh"), cases("overdue"), "", "critical" if row.overdue else ""
        ),
        Figure(
            say("Hài lòng"), percent(ask, row.satisfied), say("của {n} câu trả lời", n=words.number(row.answers, 0, ask.language)), cases("satisfied"),
            say("trung bình {stars} trên 5", stars=words.number(row.rating, 1, ask.language)) if row.rating else "",
        ),
    ]  # fmt: skip


def behind(found: Wanted, by: str, key: str, of: str) -> str:
    """The address of the cases behind a figure."""
    more = {"by": by, "key": key, "of": of}
    return f"{HERE}/cases?{urlencode({**{k: v for k, v in found.given.items() if v}, **{k: v for k, v in more.items() if v}})}"


def percent(ask: Ask, share: float | None) -> str:
    """92 %; a dash for no number."""
    return "–" if share is None else f"{words.number(100 * share, 0, ask.language)}{words.NBSP}%"


def _share(ask: Ask, share: float) -> str:
    return f"({percent(ask, share)})"


def _long(ask: Ask, micros: int | None) -> str:
    if micros is None:
        return "–"
    hours = micros / clock.HOUR
    if hours < 48:
        return ask.say("{n} giờ", n=words.number(hours, 0, ask.language))
    return ask.say("{n} ngày", n=words.number(hours / 24, 1, ask.language))


def _names(ask: Ask) -> dict[str, str]:
    return dict(wards(ask.session, ask.language, ask.now))


def _name(ask: Ask, by: str, row: Row, names: dict[str, str]) -> str:
    if row.key is None:
        return ask.say("Chưa giao cơ quan nào") if by == "office" else ask.say("Ngoài các phường, xã")
    if by == "office":
        return called.agency(ask.session, row.name or str(row.key), ask.language)
    if by == "ward":
        return names.get(str(row.key), str(row.key))
    if by == "category":
        known = types().named(str(row.key))
        return known.title.of(ask.language) if known else str(row.key)
    if by == "month":
        year, month = str(row.key).split("-")
        return f"{month}/{year}"
    return row.name or ("" if by == "all" else str(row.key))


def _categories(ask: Ask) -> list[tuple[str, str]]:
    found = [(one.code, one.title.of(ask.language)) for one in types().categories("report") if one.public]
    return sorted(found, key=lambda pair: pair[1])


def _table(ask: Ask, found: Wanted, by: By, rows: list[Row], names: dict[str, str]) -> Table:
    most = max(one.received for one in rows)
    filter_ = {"ward": "ward", "office": "office", "category": "category"}.get(by)
    lines = []
    for row in reversed(rows) if by == "month" else rows:
        key = "" if row.key is None else str(row.key)
        narrower = f"{HERE}?{found.query(**{filter_: key})}" if filter_ and key else ""

        def cell(text: str, of: str, tone: str = "", key: str = key) -> Cell:
            href = behind(found, by, key, of) if key and text not in ("0", "–") else ""
            return Cell(text, href, tone)

        lines.append(
            Line(
                _name(ask, by, row, names), narrower, row.received / most,
                [
                    cell(words.number(row.received, 0, ask.language), "received"), cell(words.number(row.solved, 0, ask.language), "solved"),
                    cell(percent(ask, row.on_time), "on-time", "major" if (row.on_time or 1) < 0.7 else ""),
                    Cell(_long(ask, row.median)), cell(f"{row.overdue}", "overdue", "critical" if row.overdue else ""),
                    cell(percent(ask, row.satisfied), "satisfied"),
                ],
            )
        )  # fmt: skip
    heads = {
        "ward": ask.say("Phường, xã"),
        "office": ask.say("Cơ quan"),
        "category": ask.say("Loại việc"),
        "month": ask.say("Tháng"),
    }
    return Table(by, ask.say(TABLES[by]), heads[by], lines)


def _bars(found: Wanted, rows: list[Row]) -> tuple[list[Bar], int]:
    most = max((one.received for one in rows), default=0)
    if most == 0 or len(rows) < 2:
        return [], most
    wide = 600 / len(rows)
    bars = []
    for n, row in enumerate(rows):
        year, month = str(row.key).split("-")
        high, done = _TALL * row.received / most, _TALL * row.solved / most
        label = f"{int(month)}/{year[2:]}"
        href = behind(found, "month", str(row.key), "received")
        bars.append(Bar(round(n * wide, 1), label, row.received, row.solved, round(high, 1), round(done, 1), href))
    return bars, most
