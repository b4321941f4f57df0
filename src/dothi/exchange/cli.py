"""`dothi harvest`: list other portals' datasets here."""

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dothi.db import schema
from dothi.db import session as db
from dothi.exchange import harvest
from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.errors import DothiError

app = typer.Typer(no_args_is_help=True, help="Other portals' datasets, listed here.", rich_markup_mode="markdown")
Number = Annotated[int, typer.Argument(help="Number of the portal, as `dothi harvest list` shows it")]


@app.command("add")
def add(
    url: Annotated[
        str, typer.Argument(help="Address of a CKAN site, or of a DCAT catalogue (Turtle, RDF/XML, JSON-LD)")
    ],
    kind: Annotated[str, typer.Option(help="What it speaks: " + ", ".join(harvest.READERS))],
    title: Annotated[str, typer.Option(help="What it is called here")],
    agency: Annotated[str | None, typer.Option(help="Code of the agency that looks after it")] = None,
) -> None:
    """Add a portal. Its datasets are listed after the first run.

    Example: `dothi harvest add https://portal.example/catalogue.ttl --kind dcat --title "Cổng dữ liệu tỉnh bạn"`.
    """
    schema.upgrade(db.engine())
    with db.writing() as session:
        made = harvest.add(session, guard.SYSTEM, url, kind, title, agency)
    typer.echo(f"{made.title} is portal {made.id}; `dothi harvest run {made.id}` reads it now")


@app.command("run")
def run(
    number: Annotated[int | None, typer.Argument(help="Number of the portal; all of them if not given")] = None,
) -> None:
    """Read portals now. The server does so once a day."""
    schema.upgrade(db.engine())
    console = Console(highlight=False, markup=False)
    with db.reading() as session:
        wanted = [one for one, _ in harvest.portals(session) if number in (None, one.id) and (number or one.active)]
        named = [(one.id, one.title) for one in wanted]
    if number is not None and not named:
        raise DothiError(f"no portal {number} is harvested; `dothi harvest list` shows them")
    failed = 0
    for id_, title in named:
        columns = (SpinnerColumn(), TextColumn("{task.description} {task.completed}"), TimeElapsedColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(title, total=None)
            result = harvest.run(guard.SYSTEM, id_, lambda n, task=task, bar=bar: bar.update(task, completed=n))  # type: ignore[misc]
        console.print(f"{id_} {title}: {harvest.summary(result)}", soft_wrap=True)
        for fault in result.faults:
            console.print(f"  {fault}", soft_wrap=True)
        failed += not result.ok
    if failed:
        raise typer.Exit(1)


@app.command("list")
def show() -> None:
    """List the portals with what the last run found."""
    schema.upgrade(db.engine())
    table = Table("number", "title", "kind", "address", "datasets", "last run", "result")
    with db.reading() as session:
        for one, many in harvest.portals(session):
            when = f"{clock.local(one.last_at):%H:%M %d/%m/%Y}" if one.last_at else "never"
            told = harvest.summary(one.last_result) if one.last_result else ""
            table.add_row(str(one.id), one.title, one.kind, one.url, str(many), when, told if one.active else "stopped")
    Console(highlight=False, markup=False).print(table)


@app.command("remove")
def remove(number: Number) -> None:
    """Harvest a portal no more, and take its datasets off the list."""
    schema.upgrade(db.engine())
    with db.writing() as session:
        harvest.remove(session, guard.SYSTEM, number)
    typer.echo(f"portal {number} is no longer harvested")
