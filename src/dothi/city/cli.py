"""`dothi plan` and `dothi apply`."""

import json
from itertools import groupby
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.tree import Tree

from dothi.city import service
from dothi.city.difference import Change
from dothi.city.service import Plan
from dothi.db import schema
from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.errors import DothiError
from dothi.web.terminal import fault as told

app = typer.Typer(no_args_is_help=True)
City = Annotated[str, typer.Argument(help="A city's folder, or the name of one shipped with dothi")]
Force = Annotated[bool, typer.Option("--force", help="Also overwrite what was changed by hand since the last apply")]
RemoveData = Annotated[bool, typer.Option("--remove-data", help="Also remove things that hold observations")]
BackTo = Annotated[int | None, typer.Option(help="Number of an applied version to return to")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the plan as JSON")]
Everything = Annotated[bool, typer.Option("--all", help="Name every item, however many")]
_SHOWN = 8
_MARKS = {
    "migrate": ("»", "magenta"),
    "create": ("+", "green"),
    "change": ("~", "yellow"),
    "remove": ("−", "red"),
    "keep": ("=", "cyan"),
}


@app.command()
def plan(
    city: City = "tan-an", *, force: Force = False, remove_data: RemoveData = False, back_to: BackTo = None,
    as_json: AsJson = False, everything: Everything = False,
) -> None:  # fmt: skip
    """Show what `apply` would create, change, remove and keep. Exit code 0: nothing to do, 2: changes."""
    console = Console()
    try:
        schema.upgrade(db.engine())
        with db.reading() as session:
            made = service.plan(session, service.find(city), back_to=back_to, force=force, remove_data=remove_data)
    except DothiError as error:
        raise stop(error) from None
    show(console, made, as_json=as_json, everything=everything)
    raise typer.Exit(2 if made.work else 0)


@app.command()
def apply(
    city: City = "tan-an", *, force: Force = False, remove_data: RemoveData = False, back_to: BackTo = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything, then undo it")] = False,
    as_json: AsJson = False, everything: Everything = False,
) -> None:  # fmt: skip
    """Bring the running city to what its blueprint says, all or nothing; what people changed by hand stays."""
    console = Console(stderr=as_json)
    number: int | None = None
    try:
        schema.upgrade(db.engine())
        with db.writing() as session:
            made = service.plan(session, service.find(city), back_to=back_to, force=force, remove_data=remove_data)
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            with Progress(*columns, console=console, transient=True) as progress:
                task = progress.add_task(made.name, total=len(made.work))
                number = service.apply(session, guard.SYSTEM, made, lambda _: progress.advance(task))
            if dry_run:
                session.rollback()
    except DothiError as error:
        raise stop(error) from None
    show(console, made, as_json=as_json, everything=everything)
    if not as_json:
        if dry_run:
            console.print("Dry run: nothing was kept." if number else "Dry run: nothing to do.")
        elif number is not None:
            console.print(f"Applied as version [bold]{number}[/] of {escape(made.name)}.")


def stop(error: DothiError) -> typer.Exit:
    """Say what is wrong, every fault of it; the exit to raise."""
    console = Console(stderr=True, highlight=False)
    console.print(f"[red]{escape(told(error.message))}[/]")
    for one in error.faults:
        console.print(f"  {escape(told(str(one)))}", soft_wrap=True)
    return typer.Exit(1)


def show(console: Console, made: Plan, *, as_json: bool, everything: bool) -> None:
    """Print a plan."""
    if as_json:
        print(json.dumps(made.as_json(), ensure_ascii=False, indent=2))  # noqa: T201 - machines read it
        return
    since = "never applied" if made.since is None else f"applied {clock.local(made.since):%H:%M %d/%m/%Y}"
    tree(
        console,
        f"[bold]{escape(made.name)}[/] {escape(made.version)} [dim]({since})[/]",
        made.changes,
        everything=everything,
    )
    counts = ", ".join(f"[{_MARKS[verb][1]}]{count} {verb}[/]" for verb, count in made.counts.items())
    console.print(counts or "Nothing to do: the running city is as its blueprint says.")
    if made.kept:
        console.print("[cyan]=[/] was changed by hand and stays; --force overwrites it.")


def tree(console: Console, title: str, changes: list[Change], *, everything: bool) -> None:
    """Print changes by kind."""
    root = Tree(title)
    for kind, group in groupby(changes, key=lambda one: one.kind):
        _branch(root, kind, list(group), everything=everything)
    console.print(root)


def _branch(tree: Tree, kind: str, changes: list[Change], *, everything: bool) -> None:
    branch = tree.add(f"[bold]{kind}[/] [dim]{len(changes)}[/]")
    for verb, group in groupby(sorted(changes, key=lambda one: list(_MARKS).index(one.verb)), key=lambda one: one.verb):
        listed = list(group)
        mark, colour = _MARKS[verb]
        for change in listed if everything else listed[:_SHOWN]:
            leaf = branch.add(f"[{colour}]{mark}[/] {escape(change.code)} [dim]{escape(change.name)}[/]")
            if change.note:
                leaf.add(f"[dim]{escape(change.note)}[/]")
            for one in change.fields:
                _field(leaf, one)
        if len(listed) > _SHOWN and not everything:
            branch.add(f"[{colour}]{mark}[/] [dim]and {len(listed) - _SHOWN} more (--all names them)[/]")


def _field(leaf: Tree, one: Any) -> None:
    if one.kept:
        leaf.add(f"[cyan]{escape(one.name)}[/]: by hand {value(one.now)}, [dim]blueprint {value(one.wanted)}[/]")
    else:
        leaf.add(f"{escape(one.name)}: {value(one.now)} → {value(one.wanted)}")


def value(given: Any) -> str:
    """A value as a line of a plan shows it."""
    text = "nothing" if given is None else json.dumps(given, ensure_ascii=False)
    return escape(text if len(text) <= 70 else text[:69] + "…")
