"""`/indicators.csv`, `.xlsx`, `.json`, `.sdmx.json`: the numbers of a list, the newest ones or a stretch of periods."""

import csv as csvs
import io
import json as jsons
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from dothi.indicators import periods, reasons
from dothi.indicators import service as indicators
from dothi.indicators.model import Declared
from dothi.indicators.periods import Kind, containing
from dothi.indicators.values import Value
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.screens.indicators import asking
from dothi.screens.indicators.asking import Ask
from dothi.screens.indicators.receipts import safe
from dothi.screens.indicators.sdmx import message

COLUMNS = (
    "indicator", "title", "sector", "standards", "place_kind", "place", "place_name", "kind", "period", "start", "end", "value",
    "unit", "state", "reason", "coverage", "numerator", "denominator", "factor", "target", "target_year", "light", "running", "simulated",
    "carried", "computed_at", "receipt",
)  # fmt: skip
BACK: dict[Kind, int] = {"day": 35, "week": 26, "month": 24, "quarter": 12, "year": 5}
_MOST = 60_000  # numbers of one file


@dataclass(frozen=True)
class Found:
    """What a file is made of."""

    known: dict[str, Declared]
    values: list[Value]


def gathered(ask: Ask, *, series: bool) -> Found:
    """The numbers that are asked for: the newest of each, or with `from` (and always for series) a stretch of periods.

    place=all: of every city and commune.
    """
    query = ask.request.query_params
    known = indicators.known(ask.session)
    asked = asking.wanted(ask, known, everywhere=True)
    places = [one.code for one in asking.places(ask)] if asked.place == asking.ALL else [asked.place]
    first, last = instant(query.get("from"), "from"), instant(query.get("to"), "to", end=True)
    made: list[Value] = []
    kind: Any = asked.kind or None
    newest = indicators.everywhere(ask.session, ask.caller, asked.chosen(known), places=places, kind=kind, now=ask.now)
    newest = [one for one in newest if asked.lit(one)]
    if not series and first is None:
        return Found(known, newest)
    for one in newest:
        end = last if last is not None else max(one.end, containing(ask.now, one.kind).end)
        begin = first if first is not None else containing(end - 1, one.kind).before(BACK[one.kind] - 1).start
        if begin >= end:
            raise BadInput("this stretch is empty", [Fault("to", "lies before from", "a later period")])
        made += indicators.series(
            ask.session, ask.caller, one.indicator, one.place.code, one.kind, begin, end, now=ask.now
        )
        if len(made) > _MOST:
            raise BadInput(
                "too much for one file",
                [Fault("from", f"more than {_MOST} numbers", "a shorter stretch or one place")],
            )
    return Found(known, made)


def instant(text: str | None, name: str, *, end: bool = False) -> int | None:
    """Where a named period begins or ends."""
    if not (text or "").strip():
        return None
    try:
        found = periods.parse(text or "")
    except BadInput:
        raise BadInput("this stretch cannot be read", [Fault(name, f"{(text or '')[:40]!r} is no period", "2026-01-15, 2026-W03, 2026-01, 2026-Q1, 2026")]) from None  # fmt: skip
    return found.end if end else found.start


def line(ask: Ask, one: Declared, value: Value) -> dict[str, Any]:
    """A number as a line of a file."""
    target = value.target
    receipt = f"{ask.base}/indicators/receipts/{value.receipt_id}" if value.receipt_id else None
    return dict(zip(COLUMNS, (
        one.code, one.title.of(ask.language), one.sector, "; ".join(f"{s.set} {s.number}" for s in one.standards) or None,
        value.place.kind, value.place.code, asking.name(value.place, ask.language), value.kind, value.period,
        clock.iso(value.start), clock.iso(value.end), value.number, value.unit.shown(ask.language) or None, value.state,
        reasons.said(value.reason, ask.language) or None, value.coverage, value.numerator, value.denominator, value.factor,
        target.value if target else None, target.year if target else None, value.light, value.running, value.simulated,
        value.carried, clock.iso(value.computed_at) if value.computed_at is not None else None, receipt,
    ), strict=True))  # fmt: skip


def lines(ask: Ask) -> list[dict[str, Any]]:
    """The lines of a file."""
    found = gathered(ask, series=False)
    return [line(ask, found.known[one.indicator], one) for one in found.values]


def csv(ask: Ask) -> Response:
    """`GET /indicators.csv`."""
    out = io.StringIO()
    writer = csvs.DictWriter(out, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for each in lines(ask):
        writer.writerow({name: safe(value) for name, value in each.items()})
    return _file(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", "indicators.csv")


def xlsx(ask: Ask) -> Response:
    """`GET /indicators.xlsx`."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    rows = lines(ask)  # before the book is opened: one that is never saved leaves its files open
    book = Workbook(write_only=True)
    sheet = book.create_sheet(ask.say("Chỉ tiêu"))
    sheet.freeze_panes = "A2"
    heads = []
    for name in COLUMNS:
        cell = WriteOnlyCell(sheet, name)
        cell.font = Font(bold=True)
        heads.append(cell)
    sheet.append(heads)
    for each in rows:
        sheet.append([safe(value) for value in each.values()])
    out = io.BytesIO()
    book.save(out)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(out.getvalue(), kind, "indicators.xlsx")


def json(ask: Ask) -> Response:
    """`GET /indicators.json`."""
    body = {"computed": clock.iso(ask.now), "language": ask.language, "indicators": lines(ask)}
    return _file(_written(body), "application/json", "indicators.json")


def sdmx(ask: Ask) -> Response:
    """`GET /indicators.sdmx.json`: an SDMX-JSON 2.0 data message, series by series."""
    found = gathered(ask, series=True)
    body = message(found.known, found.values, ask.language, ask.now, f"{ask.base}{ask.request.url.path}")
    kind = "application/vnd.sdmx.data+json;version=2.0.0"
    return _file(_written(body), kind, "indicators.sdmx.json")


def _written(body: Any) -> bytes:
    return jsons.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _file(content: bytes, kind: str, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(content, media_type=kind, headers=headers)
