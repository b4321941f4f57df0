"""`dothi drift`, `rollback`, `upgrade`, `diff` and `dothi export city`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from dothi.city import cli, comparing, exporting, service, store
from dothi.city import drift as drifting
from dothi.city.comparing import Kind
from dothi.city.service import Plan
from dothi.db import schema
from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.errors import Conflict, DothiError, Fault, NotFound

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything, then undo it")]
_SHOWN = 12


@app.command()
def drift(
    city: Annotated[str | None, typer.Argument(help="A city applied here, by its code; all when not given")] = None,
    *, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show what people changed, removed and made by hand since the last apply. Exit code 0: nothing, 2: something."""
    try:
        schema.upgrade(db.engine())
        with db.reading() as session:
            found = [drifting.drift(session, one) for one in ([city] if city else store.cities(session))]
    except DothiError as error:
        raise cli.stop(error) from None
    if as_json:
        _print([one.as_json() for one in found])
    else:
        for one in found:
            _drift(Console(), one)
    raise typer.Exit(2 if any(not one.empty for one in found) else 0)


def _drift(console: Console, found: drifting.Drift) -> None:
    when = f"{clock.local(found.applied_at):%H:%M %d/%m/%Y}"
    console.print(f"[bold]{escape(found.city)}[/] {escape(found.version)} [dim](applied {when})[/]")
    cli.tree(console, found.city, found.changes, everything=False)
    for one in found.added[:_SHOWN]:
        console.print(f"  [green]+[/] {one.kind} {escape(one.code)} [dim]{escape(one.name)}, made by hand[/]")
    if len(found.added) > _SHOWN:
        console.print(f"  [green]+[/] [dim]and {len(found.added) - _SHOWN} more made by hand[/]")
    for name, (was, now) in found.behind.items():
        console.print(f"  [yellow]↑[/] {escape(name)}: applied {was}, there is {now} [dim](dothi upgrade)[/]")
    if found.empty:
        console.print("  As it was applied.")


@app.command()
def rollback(
    city: cli.City = "tan-an",
    number: Annotated[int | None, typer.Argument(help="Applied version; the one before the last when not given")] = None,
    *, force: cli.Force = False, dry_run: DryRun = False, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Return to an applied version; what people changed by hand since the last apply stays."""
    console = Console(stderr=as_json)
    try:
        schema.upgrade(db.engine())
        with db.writing() as session:
            folder = service.find(city)
            back = number if number is not None else service.before(session, service.code_of(folder) or city)
            made = service.plan(session, folder, back_to=back, force=force)
            done = service.apply(session, guard.SYSTEM, made)
            if dry_run:
                session.rollback()
    except DothiError as error:
        raise cli.stop(error) from None
    _did(console, made, done, f"Back at version {back}", dry_run=dry_run, as_json=as_json)


@app.command()
def upgrade(
    city: cli.City = "tan-an", *, force: cli.Force = False, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Bring a city to newer versions of its blueprint and packs, with the migrations they declare."""
    console = Console(stderr=as_json)
    try:
        schema.upgrade(db.engine())
        with db.writing() as session:
            made = service.upgrade(session, service.find(city), force=force)
            done = service.apply(session, guard.SYSTEM, made)
            if dry_run:
                session.rollback()
    except DothiError as error:
        raise cli.stop(error) from None
    said = ", ".join(f"{name} {was} → {now}" for name, (was, now) in made.behind.items())
    _did(console, made, done, f"Upgraded: {said}" if said else "Nothing to upgrade", dry_run=dry_run, as_json=as_json)


def _did(console: Console, made: Plan, done: int | None, said: str, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        _print({**made.as_json(), "number": None if dry_run else done, "dryRun": dry_run})
        return
    cli.show(console, made, as_json=False, everything=False)
    end = "Dry run: nothing was kept." if dry_run else f"{said}{f' (applied as version {done})' if done else ''}."
    console.print(escape(end))


@app.command()
def diff(
    first: Annotated[str, typer.Argument(help="A city's folder, or the name of one shipped with dothi")],
    second: Annotated[str, typer.Argument(help="Another one")],
    *, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Show how the blueprints of two cities differ. Exit code 0: not at all, 2: they do."""
    from dothi.city.wanted import read

    try:
        (one, mine), (other, theirs) = (read(service.find(name)) for name in (first, second))
    except DothiError as error:
        raise cli.stop(error) from None
    made = comparing.diff(mine, theirs, (one.prefix or "", other.prefix or ""))
    if as_json:
        _print({"first": one.city, "second": other.city, "kinds": comparing.as_json(made)})
    else:
        _diff(Console(), one.city, other.city, made)
    raise typer.Exit(2 if any(kind.only_first or kind.only_second or kind.differ for kind in made) else 0)


def _diff(console: Console, first: str, second: str, made: list[Kind]) -> None:
    console.print(f"[red]−[/] only {escape(first)}   [green]+[/] only {escape(second)}   [yellow]~[/] otherwise")
    for one in made:
        console.print(f"[bold]{one.kind}[/] [dim]{one.alike} alike[/]")
        for mark, colour, codes in (("−", "red", one.only_first), ("+", "green", one.only_second)):
            if codes:
                more = f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else ""
                console.print(f"  [{colour}]{mark}[/] {escape(', '.join(codes[:_SHOWN]))}[dim]{more}[/]")
        for code, fields in list(one.differ.items())[:_SHOWN]:
            said = "; ".join(
                f"{field.name}: {cli.value(field.now)} / {cli.value(field.wanted)}" for field in fields[:3]
            )
            console.print(f"  [yellow]~[/] {escape(code)} [dim]{said}{' …' if len(fields) > 3 else ''}[/]")
        if len(one.differ) > _SHOWN:
            console.print(f"  [yellow]~[/] [dim]and {len(one.differ) - _SHOWN} more[/]")


def export_city(
    city: Annotated[str, typer.Argument(help="A city applied here, by its code")],
    folder: Annotated[Path, typer.Argument(help="A folder that is not there yet")],
    *, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a running city as a blueprint that another installation can apply; no data of any person.

    Example: `dothi export city tan-an tan-an-2026`
    """
    try:
        schema.upgrade(db.engine())
        with db.reading() as session:
            try:
                source: Path | None = service.find(city)
            except NotFound:
                source = None
            made = exporting.export(session, city, source)
        made.write(folder)
    except DothiError as error:
        raise cli.stop(error) from None
    except OSError as error:
        raise cli.stop(
            Conflict(f"{folder} cannot be written", [Fault("folder", error.strerror or str(error))])
        ) from None
    if as_json:
        _print({"city": city, "folder": str(folder), "files": sorted(made.files), "leftOut": made.said})
        return
    console = Console()
    console.print(f"{len(made.files)} files of {escape(city)} in {escape(str(folder))}.")
    for said in made.said:
        console.print(f"  [dim]{escape(said)}[/]")


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))  # noqa: T201 - machines read it
