"""`/indicators/receipts/{id}`: what a number was made of; as JSON whole, as CSV the rows that add up to it."""

import csv as csvs
import io
import json as jsons
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import Response

from dothi.indicators import reasons
from dothi.indicators import receipts as room
from dothi.indicators import service as indicators
from dothi.indicators.values import Again, Receipt, Since
from dothi.kit import clock
from dothi.screens import words
from dothi.screens.indicators import said
from dothi.screens.indicators.asking import Ask, name


@dataclass(frozen=True)
class Input:
    """An input as the page shows it."""

    name: str
    text: str
    source: str
    query: str
    value: str
    rows: str
    version: int | None
    days: str
    sha256: str
    simulated: bool


@dataclass
class Page:
    """The context of `indicators/receipt.html`."""

    title: str
    receipt: Receipt
    place: str
    period: str
    number: str
    note: str
    formula: str
    counted: str
    inputs: list[Input]
    again: Again
    again_number: str
    whole: bool
    since: list[tuple[str, Since]]
    boundary: str
    coverage: str
    simulated: bool


def index(ask: Ask) -> Response:
    """`GET /indicators/receipts/{id}`."""
    id_ = ask.request.path_params["id"]
    found = indicators.receipt(ask.session, ask.caller, id_)
    one = indicators.known(ask.session).get(found.indicator)
    again = indicators.again(ask.session, ask.caller, id_)
    language = ask.language
    inputs = [
        Input(
            each.name, said.receipt_input(ask, one, each), each.source, each.query, _plain(each.value, language),
            words.number(each.rows, 0, language), each.version, said.days(each.first, each.last), each.sha256, each.simulated,
        )
        for each in found.inputs
    ]  # fmt: skip
    page = Page(
        one.title.of(language) if one else found.title, found, name(found.place, language),
        said.period(found.kind, found.start, language), said.number(found.number, found.decimals, language),
        reasons.said(found.reason, language), said.formula(found.formula),
        said.counted(found.numerator, found.denominator, found.factor, language), inputs, again, _plain(again.number, language),
        room.whole(ask.session, ask.caller, id_), [(_since(ask, each), each) for each in found.since], words.day(found.boundary),
        "" if found.coverage is None else words.quantity(100 * found.coverage, 1, "%", language), found.simulated,
    )  # fmt: skip
    return ask.page("receipt", page)


def _plain(value: float | None, language: str) -> str:
    """A number with no more digits than it has."""
    if value is None:
        return "–"
    text = repr(round(value, 9)).rstrip("0").rstrip(".") if "e" not in repr(value) else f"{value:.9f}"
    return words.number(value, min(9, len(text.partition(".")[2])), language)


def _since(ask: Ask, one: Since) -> str:
    what = {
        "records": ask.say("{n} bản ghi đã đổi", n=one.count), "corrected": ask.say("{n} số đo đã sửa", n=one.count),
        "late": ask.say("{n} số đo đến muộn", n=one.count), "formula": ask.say("công thức đã đổi"),
    }.get(one.what, one.what)  # fmt: skip
    return f"{what} · {one.source}"


def told(found: Receipt) -> dict[str, Any]:
    """A receipt for programs: instants in ISO 8601."""
    made = asdict(found) | {"unit": found.unit.shown()}
    for each in (made, *made["inputs"]):
        for key in ("start", "end", "boundary", "computed_at", "first", "last", "until"):
            if key in each:
                each[key] = clock.iso(each[key])
    for each in made["since"]:
        each["at"] = clock.iso(each["at"])
        each.pop("who", None)
    return made


def json(ask: Ask) -> Response:
    """`GET /indicators/receipts/{id}.json`."""
    id_ = ask.request.path_params["id"]
    found = indicators.receipt(ask.session, ask.caller, id_)
    again = indicators.again(ask.session, ask.caller, id_)
    body = told(found) | {
        "again": asdict(again), "whole": room.whole(ask.session, ask.caller, id_),
        "rows": f"{ask.base}/indicators/receipts/{id_}.csv", "page": f"{ask.base}/indicators/receipts/{id_}",
    }  # fmt: skip
    text = jsons.dumps(body, ensure_ascii=False, indent=1, allow_nan=False)
    return Response(text, media_type="application/json", headers={"cache-control": "no-store"})


def csv(ask: Ask) -> Response:
    """`GET /indicators/receipts/{id}.csv`: every row that was counted. Numbers are written in full."""
    id_ = ask.request.path_params["id"]
    found = indicators.reproduce(ask.session, ask.caller, id_)
    out = io.StringIO()
    csvs.writer(out, lineterminator="\r\n").writerows([safe(cell) for cell in row] for row in found.rows)
    headers = {"content-disposition": f'attachment; filename="receipt-{id_}.csv"', "cache-control": "no-store"}
    return Response(out.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


def safe(value: object) -> object:
    """A text no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value
