"""`dothi indicators`: list, compute, show, receipt, export."""

import csv
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

app = typer.Typer(no_args_is_help=True)
Code = Annotated[str, typer.Argument(help="The indicator's code; `dothi indicators list` names them")]
Place = Annotated[str | None, typer.Option(help="Code of a city, commune or province; the first city when not given")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines")]
_MARKS = {"good": "green", "near": "yellow", "bad": "red", None: "default"}


@app.command("list")
def list_(*, place: Place = None, as_json: AsJson = False) -> None:
    """Every indicator with its newest number.

    Example: `dothi indicators list`, `dothi indicators list --place 27712 --json`
    """
    from dothi.db import session as db
    from dothi.identity import guard
    from dothi.indicators import service
    from dothi.kit.errors import NotFound

    with db.reading() as session:
        known = service.known(session)
        try:
            values = {one.indicator: one for one in service.latest(session, guard.SYSTEM, place=place)}
        except NotFound:
            if place is not None:
                raise
            values = {}
    if as_json:
        _print([{"code": code, "sector": one.sector, "title": one.title.vi, "title_en": one.title.en, "unit": one.unit.shown(),
                 "formula": one.said, "standards": [each.model_dump() for each in one.standards],
                 "newest": _said(values.get(code))} for code, one in known.items()])  # fmt: skip
        return
    table = Table("indicator", "period", "number", "", box=None, pad_edge=False)
    for code, one in sorted(known.items(), key=lambda each: (each[1].sector, each[0])):
        value = values.get(code)
        number = (
            "–" if value is None or value.number is None else f"{value.number:.{one.decimals}f} {one.unit.shown('en')}"
        )
        table.add_row(f"{escape(code)}\n[dim]{escape(one.title.vi)}[/]", value.period if value else "",
                      f"[{_MARKS[value.light if value else None]}]{escape(number)}[/]", _remark(value))  # fmt: skip
    Console(highlight=False).print(table)


@app.command()
def compute(
    codes: Annotated[list[str] | None, typer.Argument(help="Indicators; all of them when none is given")] = None,
    *,
    since: Annotated[
        str | None,
        typer.Option("--from", help="First day, 2024-01-01; what changed since the last time when not given"),
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last day; today when not given")] = None,
) -> None:
    """Compute what changed, or any stretch of the past anew.

    Example: `dothi indicators compute`, `dothi indicators compute pm25-over-limit --from 2024-01-01 --to 2024-12-31`
    """
    from dothi.db import session as db
    from dothi.indicators import computing, declared, refresh
    from dothi.indicators.periods import between
    from dothi.kit import clock

    if since is None:
        typer.echo(f"{refresh.run()} numbers changed")
        return
    now = clock.now_micros()
    first = clock.parse(f"{since}T00:00:00", clock.VIETNAM)
    last = now if until is None else clock.parse(f"{until}T00:00:00", clock.VIETNAM) + clock.DAY
    changed = 0
    with db.reading() as session:
        known = declared.known(session)
    wanted = {code: known[code] for code in (codes or known) if code in known}
    if unknown := sorted(set(codes or ()) - set(known)):
        from dothi.kit.errors import BadInput, Fault

        raise BadInput("there is no such indicator", [Fault("code", one, "dothi indicators list") for one in unknown])
    for month in between("month", first, last):
        some = [
            (code, p)
            for code, one in wanted.items()
            for kind in one.periods
            for p in between(kind, month.start, min(month.end, last))
        ]
        with db.reading() as session:
            batch = computing.prepare(session, known, some, now)
        with db.writing() as session:
            changed += computing.write(session, batch)
        typer.echo(f"{month.code}: {changed} numbers changed so far")


@app.command()
def show(
    code: Code, *, place: Place = None,
    period: Annotated[str, typer.Option(help="day, week, month, quarter or year")] = "month",
    count: Annotated[int, typer.Option(help="How many periods back", min=1, max=1000)] = 12, as_json: AsJson = False,
) -> None:  # fmt: skip
    """One indicator: what it is made of, and its last numbers.

    Example: `dothi indicators show pm25-over-limit --period day --count 30`
    """
    from dothi.db import session as db
    from dothi.identity import guard
    from dothi.indicators import service
    from dothi.indicators.periods import containing
    from dothi.kit import clock

    now = clock.now_micros()
    kind: Any = period
    with db.reading() as session:
        first = (
            containing(now, kind).before(count - 1).start
            if period in ("day", "week", "month", "quarter", "year")
            else 0
        )
        values = service.series(session, guard.SYSTEM, code, place, kind, first, now)
        one = service.known(session)[code]
    if as_json:
        _print([_said(value) for value in values])
        return
    console = Console(highlight=False)
    console.print(
        f"[bold]{escape(code)}[/] {escape(one.title.vi)}\n[dim]{escape(one.said)}, {escape(one.unit.shown('en'))}[/]"
    )
    table = Table("period", "number", "numerator", "denominator", "coverage", "", "receipt", box=None, pad_edge=False)
    for value in values:
        table.add_row(value.period, _number(value.number, one.decimals), _number(value.numerator, 2), _number(value.denominator, 2),
                      "" if value.coverage is None else f"{value.coverage:.0%}", _remark(value), value.receipt_id or "")  # fmt: skip
    console.print(table)


@app.command()
def receipt(id_: Annotated[str, typer.Argument(metavar="ID", help="As `show` prints it")]) -> None:
    """The receipt of a number as JSON.

    Example: `dothi indicators receipt 112-tan-an`
    """
    from dataclasses import asdict

    from dothi.db import session as db
    from dothi.identity import guard
    from dothi.indicators import receipts

    with db.reading() as session:
        found = receipts.receipt(session, guard.SYSTEM, id_)
        whole = receipts.whole(session, guard.SYSTEM, id_)
        again = receipts.again(session, guard.SYSTEM, id_)
    _print({**asdict(found), "unit": found.unit.shown("en"), "whole": whole, "again": asdict(again)})


@app.command()
def export(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The receipt, as `show` prints it")],
    to: Annotated[Path | None, typer.Option(help="A CSV file; standard output when not given")] = None,
) -> None:
    """The rows that add up to a number, as CSV; the query goes to the error stream, or into a file beside the CSV.

    Example: `dothi indicators export 112-tan-an --to number.csv`
    """
    from dothi.db import session as db
    from dothi.identity import guard
    from dothi.indicators import receipts

    with db.reading() as session:
        found = receipts.reproduce(session, guard.SYSTEM, id_)
    if to is None:
        csv.writer(sys.stdout).writerows(found.rows)
        typer.echo(found.query, err=True)
        return
    with to.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(found.rows)
    to.with_suffix(".txt").write_text(found.query + "\n", "utf-8")
    typer.echo(f"{len(found.rows) - 1} rows in {to}, their query in {to.with_suffix('.txt').name}")


def _remark(value: Any) -> str:
    from dothi.indicators.reasons import said

    if value is None:
        return ""
    marks = [said(value.reason, "en")] if value.reason else []
    return ", ".join([*marks, *(["simulated"] if value.simulated else []), *(["running"] if value.running else [])])


def _number(number: float | None, decimals: int) -> str:
    return "–" if number is None else f"{number:.{decimals}f}"


def _said(value: Any) -> dict[str, Any] | None:
    from dataclasses import asdict

    return None if value is None else {**asdict(value), "unit": value.unit.shown("en")}


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))  # noqa: T201 - machines read it
