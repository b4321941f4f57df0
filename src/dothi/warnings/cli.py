"""`dothi warnings`: the feeds of others that are followed, and this installation's certificate."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from dothi.db import schema
from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.warnings import feeds, signing, store

app = typer.Typer(no_args_is_help=True, help="Warnings: feeds of others, our certificate.", rich_markup_mode="markdown")
Code = Annotated[str, typer.Argument(help="Code of the feed, as `dothi warnings list` shows it")]


@app.command("follow")
def follow(
    code: Annotated[str, typer.Argument(help="A short name: small letters, digits, -")],
    url: Annotated[str, typer.Argument(help="Address of an Atom or RSS feed of CAP 1.2 messages")],
    title: Annotated[str, typer.Option(help="What the sender is called on pages")],
    sender: Annotated[list[str] | None, typer.Option(help="Only messages of this CAP sender; may be repeated")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Only messages signed with this certificate (PEM)")] = None,
    minutes: Annotated[int, typer.Option(help="Minutes between questions")] = 5,
) -> None:
    """Follow another authority's warnings: they are shown on the map and on the public page.

    Example: `dothi warnings follow kttv https://kttv.example/cap/atom.xml --title "Đài Khí tượng Thủy văn"`.
    """
    schema.upgrade(db.engine())
    try:
        pem = certificate.read_text() if certificate else None
    except (OSError, UnicodeDecodeError) as error:
        fault = Fault("--certificate", f"{certificate}: {error}", "a file in PEM")
        raise BadInput("the certificate cannot be read", [fault]) from None
    with db.writing() as session:
        feeds.follow(session, guard.SYSTEM, code, url, title, senders=sender or (), certificate=pem, minutes=minutes)
    typer.echo(f"{code} is followed; `dothi warnings poll {code}` asks it now")


@app.command("leave")
def leave(code: Code) -> None:
    """Follow a feed no longer."""
    schema.upgrade(db.engine())
    with db.writing() as session:
        feeds.leave(session, guard.SYSTEM, code)
    typer.echo(f"{code} is not followed any more")


@app.command("poll")
def poll(code: Code) -> None:
    """Ask a feed now and say what became of each message. The server does so by itself."""
    schema.upgrade(db.engine())
    console = Console(highlight=False, markup=False)
    done = feeds.poll(code)
    if done.error:
        console.print(done.error, soft_wrap=True)
    for outcome, count in sorted(done.counts.items()):
        console.print(f"{outcome}: {count}")
    for said in done.refused:
        console.print(f"refused: {said}", soft_wrap=True)
    if done.error or done.refused:
        raise typer.Exit(1)


@app.command("list")
def show() -> None:
    """List the feeds with what asking them gave the last time."""
    schema.upgrade(db.engine())
    table = Table("code", "title", "address", "senders", "signed", "asked", "result")
    with db.reading() as session:
        for one in store.feeds(session):
            asked = "never" if one.checked_at is None else clock.iso(one.checked_at)
            result = one.error or ("good" if one.active else "not followed")
            believed = ", ".join(map(str, one.senders)) or "any"
            table.add_row(one.code, one.title, one.url, believed, "yes" if one.certificate else "no", asked, result)
    Console(highlight=False, markup=False).print(table)


@app.command("certificate")
def certificate() -> None:
    """Print the certificate our messages are signed with, for receivers to pin."""
    typer.echo(signing.certificate(), nl=False)
