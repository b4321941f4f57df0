"""`dothi import observations` and `dothi export observations`."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.sensing.tabular.report import Summary

_SHOWN = 12


def observations(
    files: Annotated[list[Path], typer.Argument(help="CSV, .xlsx or Parquet files, also .gz or .zip")],
    mapping: Annotated[Path | None, typer.Option("--mapping", "-m", help="What the columns mean (YAML)")] = None,
    stations: Annotated[Path | None, typer.Option(help="The station list the mapping describes")] = None,
    station: Annotated[str | None, typer.Option(help="The station the whole file is about")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, store nothing")] = False,
    report: Annotated[Path | None, typer.Option(help="CSV file that lists every refused row and cell")] = None,
    guess: Annotated[bool, typer.Option("--guess", help="Print a first mapping for the file, to be edited")] = False,
) -> None:
    """Import observations from messy tables: idempotent, streaming, every refusal named.

    The same file again changes nothing. After an interruption run the same command again.
    """
    from rich.console import Console

    from dothi.sensing.tabular import guess as guesses

    if guess:
        sys.stdout.write(guesses.mapping_for(files[0]))
        return
    if mapping is None:
        raise BadInput(
            "a mapping is needed", [Fault("--mapping", "not given", "a YAML file; --guess writes a first one")]
        )
    console = Console(stderr=True)
    try:
        for number, file in enumerate(files):
            where = report if report is None or len(files) == 1 else report.with_stem(f"{report.stem}-{number + 1}")
            tell(_one(file, mapping, stations, station, where, dry_run=dry_run, console=console), where)
    except KeyboardInterrupt:
        console.print("stopped; what was stored stays. Run the same command again to finish.")
        raise typer.Exit(130) from None


def _one(
    file: Path,
    mapping: Path,
    stations: Path | None,
    station: str | None,
    report: Path | None,
    *,
    dry_run: bool,
    console: Any,
) -> Summary:
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from dothi.sensing.tabular import mapping as maps
    from dothi.sensing.tabular import run

    how, _ = maps.load(mapping)
    if station is not None:
        how = maps.constant_station(how, station)
    listed = run.station_list(how, mapping, file, stations)
    shown = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*shown, console=console, transient=True) as bar:
        tasks = {"read": bar.add_task(f"reading {file.name}", total=None), "store": bar.add_task("storing", total=None)}

        def progress(phase: str, done: int, of: int) -> None:
            bar.update(tasks[phase], completed=done, total=of or None)

        return run.observations(file, how, stations=listed, dry_run=dry_run, report=report, progress=progress)


def tell(summary: Summary, report: Path | None) -> None:
    """Print the figures so that anyone can add them up."""
    s, say = summary, typer.echo
    say(f"{s.file}: {s.about}" + ("  [dry run: nothing was stored]" if s.dry_run else ""))
    ignored = f" + {s.rows_ignored:,} ignored" if s.rows_ignored else ""
    say(
        f"  rows   {s.rows:,} read = {s.rows_accepted:,} accepted ({s.rows_partly:,} of them with refused cells)"
        f" + {s.rows_refused:,} refused + {s.rows_empty:,} empty{ignored}"
    )
    ignored = f" + {s.ignored:,} ignored" if s.ignored else ""
    would = "would be sent" if s.dry_run else "new"
    say(
        f"  values {s.values:,} read = {s.accepted:,} accepted ({s.new:,} {would}, {s.superseding:,} superseding,"
        f" {s.repeated:,} repeated) + {s.refused:,} refused + {s.empty:,} empty{ignored}"
    )
    if s.things_made or s.datastreams_made:
        say(f"  made   {s.things_made:,} things, {s.datastreams_made:,} datastreams")
    for (column, reason), count in s.reasons.most_common(_SHOWN):
        say(f"  refused {count:,}: {column + ': ' if column else ''}{reason}")
    if len(s.reasons) > _SHOWN:
        say(f"  refused for {len(s.reasons) - _SHOWN:,} more reasons")
    if s.reasons:
        say(f"  every one of them is in {report}" if report else "  --report FILE.csv lists every one of them")
    rate = s.rows / s.seconds if s.seconds else 0
    say(f"  {s.seconds:.1f} s, {rate:,.0f} rows/s, {s.values / s.seconds if s.seconds else 0:,.0f} values/s")


export = typer.Typer(help="Export observations.", no_args_is_help=True)


@export.callback()
def _group() -> None:
    """Export observations."""


@export.command("observations")
def export_observations(
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write: .csv, .csv.gz or .parquet")],
    datastream: Annotated[list[int] | None, typer.Option(help="Only these datastreams, by id")] = None,
    thing: Annotated[list[str] | None, typer.Option(help="Only these things, by code")] = None,
    observed: Annotated[list[str] | None, typer.Option("--property", help="Only these properties, by code")] = None,
    since: Annotated[str | None, typer.Option("--from", help="From this instant or day on (Vietnam time)")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Before this instant or day (Vietnam time)")] = None,
) -> None:
    """Export observations to CSV or Parquet, streaming, in order of datastream and time."""
    from rich.console import Console

    from dothi.sensing.tabular import export as exports

    chosen = exports.Choice(
        tuple(datastream or ()), tuple(thing or ()), tuple(observed or ()), instant(since), instant(until)
    )
    with Console(stderr=True).status(f"writing {out}") as status:
        count = exports.observations(
            out, chosen, progress=lambda n: status.update(f"writing {out}: {n:,} observations")
        )
    typer.echo(f"{count:,} observations in {out}")


def instant(text: str | None) -> int | None:
    """An instant or a day on the command line, in Vietnam's time where none is said."""
    if text is None:
        return None
    day = text.strip()
    try:
        return clock.parse(f"{date.fromisoformat(day).isoformat()}T00:00", clock.VIETNAM)
    except ValueError:
        return clock.parse(day, clock.VIETNAM)
