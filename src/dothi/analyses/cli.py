"""`dothi analyses`: the methods that are applied to the city's data, and running one now."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dothi.analyses import service
from dothi.db import schema
from dothi.db import session as db
from dothi.kit import clock

app = typer.Typer(no_args_is_help=True, help="Analyses: list, run.", rich_markup_mode="markdown")


@app.command("list")
def show() -> None:
    """List the declared analyses: method, result, pace, and what their last run gave."""
    schema.upgrade(db.engine())
    table = Table("code", "method", "result", "every", "last run", "state", "rows", "why")
    with db.reading() as session:
        for one in service.known(session):
            run = one.last
            state = "not taken up" if not one.taken_up else "never run" if run is None else run.state
            table.add_row(
                one.analysis.code, one.analysis.method, one.analysis.result, one.analysis.every,
                "" if run is None else clock.iso(run.started_at), state,
                "" if run is None or run.rows is None else str(run.rows), (run.reason_en or "") if run else "",
            )  # fmt: skip
    Console(highlight=False, markup=False).print(table)


@app.command("run")
def run(
    code: Annotated[str, typer.Argument(help="Code of the analysis, as `dothi analyses list` shows it")],
    at: Annotated[str | None, typer.Option(help="The instant the result is about; now when not given")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also where nothing of its inputs changed")] = False,
) -> None:
    """Run an analysis now and keep its result in its dataset.

    Example: `dothi analyses run lamps-by-day`.
    """
    schema.upgrade(db.engine())
    done = service.run(code, None if at is None else clock.parse(at, clock.VIETNAM), again=again)
    if done.state in ("refused", "failed"):
        typer.echo(f"{code}: {done.state}: {done.reason_en}")
        raise typer.Exit(1)
    typer.echo(
        f"{code}: {done.rows or 0:,} rows, {done.added or 0:,} added, {done.changed or 0:,} changed,"
        f" {done.removed or 0:,} removed" + (" (simulated data)" if done.simulated else "")
    )
