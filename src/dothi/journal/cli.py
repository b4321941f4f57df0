"""`dothi journal`: verify, export, seal."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The journal: verify its seals, export it, seal what is not sealed yet.", no_args_is_help=True)


@app.command()
def verify(
    file: Annotated[Path | None, typer.Option(help="An exported journal to verify instead of the database")] = None,
) -> None:
    """Recompute the chain of seals; exit code 1 names the first broken one.

    Example: dothi journal verify --file journal.jsonl
    """
    from dothi.db import session as db
    from dothi.journal import seals

    if file is not None:
        verdict = seals.verify_file(file)
    else:
        with db.reading() as session:
            verdict = seals.verify(session)
    typer.echo(f"{verdict.seals} seals over {verdict.entries} entries; {verdict.unsealed} entries not sealed yet")
    if verdict.broken:
        typer.secho(f"BROKEN: {verdict.broken}", fg="red", err=True)
        raise typer.Exit(1)
    typer.echo("The journal is whole.")


@app.command()
def export(file: Annotated[Path, typer.Argument(help="File to write, JSON lines")]) -> None:
    """Write the sealed journal to a file that can be verified anywhere."""
    from dothi.db import session as db
    from dothi.journal import seals

    with db.reading() as session:
        typer.echo(f"{seals.export(session, file)} entries written to {file}")


@app.command()
def seal() -> None:
    """Seal now what is not sealed yet (the server does so every minute)."""
    from dothi.db import session as db
    from dothi.journal import seals

    with db.writing() as session:
        typer.echo(f"{seals.seal(session)} entries sealed")
