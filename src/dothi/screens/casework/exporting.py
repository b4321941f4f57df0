"""The inbox as a table to take along: CSV or Excel, without personal data unless somebody says what for."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from starlette.responses import Response

from dothi.cases import contacts, reading, sight
from dothi.cases.lists import Asked, Line
from dothi.db import session as db
from dothi.identity import called
from dothi.kit.errors import BadInput, DothiError, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens.casework import rail, words
from dothi.screens.casework.desk import Ask, wrong
from dothi.web.forms import Filled
from dothi.web.i18n import marked

MOST, MOST_PERSONAL, SLICE = 5000, 200, 200
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
HEADS = (
    marked("Mã"), marked("Loại"), marked("Lĩnh vực"), marked("Tiêu đề"), marked("Địa chỉ"), marked("Phường, xã"),
    marked("Trạng thái"), marked("Ưu tiên"), marked("Nhận lúc"), marked("Hạn"), marked("Quá hạn"), marked("Đơn vị"),
    marked("Người xử lý"), marked("Đội"), marked("Theo dõi"), marked("Mở lại"), marked("Mô phỏng"),
)  # fmt: skip
PERSONAL = (marked("Họ tên"), marked("Điện thoại"), marked("Thư điện tử"))


def page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /desk/export`: the choices; `&format=csv` or `xlsx` the table itself, without personal data."""
    kind = ask.given("format")
    if kind and filled is None:
        return _table(ask, kind, _lines(ask, dict(ask.request.query_params), MOST))
    query = dict(ask.request.query_params) if ask.form is None else ask.values
    kept = {key: query.get(key, "") for key in ("list", "category", "q", "office") if query.get(key)}
    name = words.LISTS.get(kept.get("list", "team"), "")
    return ask.page(
        "export", filled, status, rail=rail.rail(ask), query=kept, name=ask.say(name) if name else "", most=MOST,
        personal=MOST_PERSONAL, may=ask.may("cases:contact"),
    )  # fmt: skip


def personal(ask: Ask) -> Response:
    """`POST /desk/export`: with contacts, for the purpose said; each reading stands in the journal."""
    kind, purpose = ask.values.get("format", "csv"), ask.values.get("purpose", "")
    try:
        if len(purpose) < contacts.SHORTEST_PURPOSE:
            raise BadInput("say what the contact is needed for", [Fault("purpose", "is missing")])
        lines = _lines(ask, ask.values, MOST_PERSONAL + 1)
        if len(lines) > MOST_PERSONAL:
            raise BadInput(ask.say("Nhiều hơn {n} việc: lọc bớt trước khi xuất liên hệ.", n=MOST_PERSONAL))
        known = _contacts(ask, lines, purpose)
    except DothiError as error:
        return page(ask, wrong(ask, error), error.status)
    return _table(ask, kind, lines, known)


def _contacts(ask: Ask, lines: list[Line], purpose: str) -> dict[int, tuple[str, str, str]]:
    found: dict[int, tuple[str, str, str]] = {}
    with db.writing() as session:
        for one in lines:
            case = reading.case(session, ask.caller, one.id)
            try:
                given = contacts.read(session, ask.caller, case, purpose)
            except NotFound:
                continue  # nobody left one
            found[one.id] = (given.name or "", given.phone or "", given.email or "")
    return found


def _lines(ask: Ask, query: Any, most: int) -> list[Line]:
    which = str(query.get("list") or "team")
    if which not in words.LISTS:
        raise NotFound(ask.say("Không có hộp việc nào như vậy."))
    wanted, held = whole(str(query.get("office") or "")), sight.offices(ask.caller)
    office = wanted if wanted is not None and (held is None or wanted in held) else None
    lines: list[Line] = []
    after: str | None = None
    while len(lines) < most:
        asked = Asked(
            which=which, office=office, category=str(query.get("category") or "") or None,  # type: ignore[arg-type]
            text=str(query.get("q") or "")[:200], after=after, limit=min(SLICE, most - len(lines)),
        )  # fmt: skip
        found = reading.inbox(ask.session, ask.caller, asked)
        lines += found.lines
        after = found.next
        if after is None:
            break
    return lines


def _table(ask: Ask, kind: str, lines: list[Line], known: dict[int, tuple[str, str, str]] | None = None) -> Response:
    if kind not in FORMATS:
        raise BadInput("there is no such format", [Fault("format", repr(kind)[:40], ", ".join(FORMATS))])
    heads = [ask.say(one) for one in HEADS + (PERSONAL if known is not None else ())]
    rows = (_row(ask, one) + (list(known.get(one.id, ("", "", ""))) if known is not None else []) for one in lines)
    body = _csv(heads, rows) if kind == "csv" else _xlsx(ask.say("Danh sách việc"), heads, rows)
    name = f"viec-{words.local_day(ask.now)}.{kind}"
    return Response(
        body, media_type=FORMATS[kind],
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store", "x-content-type-options": "nosniff"},
    )  # fmt: skip


def _row(ask: Ask, one: Line) -> list[Any]:
    say = ask.say
    return [
        one.number, words.type_(one.type, ask.language), words.subject(one.category, ask.language), one.title, one.address,
        ask.ward(one.unit),
        words.state(one.type, one.state, ask.language), say(words.PRIORITIES.get(one.priority, one.priority)),
        words.moment(one.opened_at), words.moment(one.due_at) if one.due_at is not None else "",
        say("có") if one.due_at is not None and one.due_at < ask.now else "", called.agency(ask.session, one.office, ask.language), one.handler or "",
        one.crew or "", one.followers, one.reopened, say("có") if one.simulated else "",
    ]  # fmt: skip


def _csv(heads: list[str], rows: Iterable[list[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(heads)
    for row in rows:
        writer.writerow([_safe(one) for one in row])
    return out.getvalue().encode("utf-8-sig")


def _safe(value: Any) -> Any:
    """A text a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _xlsx(title: str, heads: list[str], rows: Iterable[list[Any]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"

    def cell(value: Any, *, bold: bool = False) -> Any:
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, "".join(one for one in value if one >= " " or one in "\t\n")[:32_767])
        made.data_type = "s"  # a text that begins with = is no formula
        if bold:
            made.font = Font(bold=True)
        return made

    sheet.append([cell(one, bold=True) for one in heads])
    for row in rows:
        sheet.append([cell(one) for one in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
