"""`dothi import places`: boundaries, unit tables and crosswalks from files."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from dothi.db import schema
from dothi.db import session as db
from dothi.identity import guard
from dothi.kit.errors import BadInput, Fault
from dothi.places import columns, crosswalk, importing, official, readers
from dothi.places.describe import Options, day
from dothi.places.importing import Report

REFORM = "2025-07-01"


def places(
    files: Annotated[
        list[Path], typer.Argument(help="GeoJSON, TopoJSON, CSV, Excel, or the old-to-new JSON converter")
    ],
    level: Annotated[
        str | None, typer.Option(help="province, district or commune; guessed from codes when not given")
    ] = None,
    valid_from: Annotated[str, typer.Option(help="day from which the units stand, or of the change")] = REFORM,
    valid_to: Annotated[str | None, typer.Option(help="day on which they ended")] = None,
    source: Annotated[str | None, typer.Option(help="where the file comes from; its name when not given")] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--map", help="field=COLUMN where the guess is wrong, e.g. --map 'name=Tên đơn vị'"),
    ] = None,
    approximate: Annotated[bool, typer.Option("--approximate", help="the outlines are sketches")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="report only, write nothing")] = False,
    show: Annotated[int, typer.Option(help="how many refusals and notices to print; 0 prints all")] = 20,
) -> None:
    """Import administrative units, their boundaries, and what old units became.

    Repeating an import changes nothing. Official boundaries replace sketches. Units of another time:
    `dothi import places provinces_63.topojson --level province --valid-from 2008-08-01 --valid-to 2025-07-01`.
    """
    console = Console()
    said = mapping(column or [])
    begins, ends = day(valid_from), day(valid_to) if valid_to else None
    schema.upgrade(db.engine())
    for path in files:
        options = Options(begins, ends, level, source or path.name, approximate, said)
        _one(console, path, options, dry=dry_run, show=show)


def mapping(said: list[str]) -> dict[str, str]:
    """field=column texts as a table; every one that is wrong is named."""
    found: dict[str, str] = {}
    faults = []
    for text in said:
        name, equals, column = text.partition("=")
        if equals and name in columns.GUESSES and column:
            found[name] = column
        else:
            faults.append(Fault("--map", repr(text), "field=COLUMN with a field of " + ", ".join(columns.GUESSES)))
    if faults:
        raise BadInput("--map does not say what it must", faults)
    return found


def _one(console: Console, path: Path, options: Options, *, dry: bool, show: int) -> None:
    found = readers.read(path)
    total = len(found.rows) if found.kind != "converter" else None
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console,
        transient=True,
    )  # fmt: skip
    with bar, db.writing() as session:
        task = bar.add_task(path.name, total=total)
        report = take(session, guard.SYSTEM, found, options, dry=dry, tick=lambda n: bar.advance(task, n))
    _print(console, path.name, report, dry=dry, show=show)


def take(
    session: Session, caller: guard.Caller, found: readers.Source, options: Options, *,
    dry: bool = False, tick: importing.Tick = lambda _: None,
) -> Report:  # fmt: skip
    """Take in whatever a file holds; the provinces that come with dothi are there first."""
    if not dry:
        official.ensure(session, caller)
    match found.kind:
        case "converter":
            return crosswalk.import_converter(
                session, caller, found.converter, options.valid_from, source=options.source, dry=dry, tick=tick
            )
        case "crosswalk":
            return crosswalk.import_table(
                session, caller, found.rows, options.valid_from,
                source=options.source, said=options.columns, dry=dry, tick=tick,
            )  # fmt: skip
    if found.kind == "units":
        options = Options(
            options.valid_from, options.valid_to, options.level, options.source, options.approximate, options.columns,
            boundaries=False,
        )  # fmt: skip
    return importing.import_units(session, caller, found.rows, options, dry=dry, tick=tick)


def _print(console: Console, name: str, report: Report, *, dry: bool, show: int) -> None:
    most = show or None
    for title, faults, style in (("refused", report.refused, "red"), ("notice", report.notices, "yellow")):
        for fault in faults[:most]:
            console.print(f"{title}: {fault}", style=style, markup=False, highlight=False, soft_wrap=True)
        if most is not None and len(faults) > most:
            console.print(f"{title}: and {len(faults) - most} more (--show 0 prints all)", style=style)
    sketches = f", {report.replaced_sketches} sketches replaced" if report.replaced_sketches else ""
    console.print(
        f"{name}: {report.read} read = {report.accepted} accepted ({report.created} new, {report.updated} changed,"
        f" {report.unchanged} unchanged{sketches}) + {len(report.refused)} refused, {len(report.notices)} notices"
        + (" (dry run: nothing written)" if dry else ""),
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
