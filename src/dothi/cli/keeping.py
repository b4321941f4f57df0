"""`dothi settings`, `dothi backup` and `dothi restore`."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dothi import config
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault

_PASSWORD = re.compile(r"(?<=:)[^:/@]+(?=@)")


def show_settings(
    name: Annotated[str | None, typer.Argument(help="Only settings whose name or meaning has this text")] = None,
) -> None:
    """List every setting: its environment variable, its value here, what it is for. Secrets are masked.

    Example: `dothi settings mqtt`.
    """
    console = Console(highlight=False, markup=False, soft_wrap=True)
    values = config.settings()
    for field, about in type(values).model_fields.items():
        variable = f"DOTHI_{field.upper()}"
        if name and name.lower() not in f"{variable} {about.description}".lower():
            continue
        value = getattr(values, field)
        mark = " " if value == about.default else "*"
        console.print(f"{mark} {variable}={masked(field, value)}")
        console.print(f"    {about.description} (default: {_plain(about.default)})")
    console.print("* differs from the default. Settings come from the environment and from a file .env in this folder.")


def masked(field: str, value: Any) -> str:
    """A setting's value as it may be shown."""
    if field in ("secret", "sms_token", "vapid_key") and value:
        return "********"
    return _PASSWORD.sub("********", _plain(value)) if field.endswith("_url") else _plain(value)


def backup(
    out: Annotated[
        Path | None, typer.Argument(help="File to write; dothi-<time>.tar in this folder if not given")
    ] = None,
) -> None:
    """Write the database and the data folder into one file, while the server goes on.

    The file is checked by `dothi restore` before anything is touched. It holds personal data: keep it safe.

    Example: `dothi backup /srv/backups/monday.tar`.
    """
    from dothi.db import backup as keeping
    from dothi.db import session as db

    settings = config.settings()
    said = f"{clock.now().astimezone(clock.VIETNAM):%Y%m%d-%H%M%S}"
    file = out or Path(f"dothi-{said}.tar")
    if not file.absolute().parent.is_dir():
        raise BadInput("the backup cannot be written", [Fault(str(file), "its folder does not exist")])
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("backup", total=None)

        def progress(what: str, done: int, of: int) -> None:
            bar.update(task, description=what, completed=done, total=of or None)

        made = keeping.backup(db.engine(), settings.data, file, progress)
    size = sum(one["bytes"] for one in made["files"].values())
    typer.echo(f"{file}: {len(made['files'])} files, {size / 1e6:,.1f} MB, database {made['database']}")


def restore(
    file: Annotated[Path, typer.Argument(help="A file written by `dothi backup`")],
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite the city that is there")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only check that the file is whole")] = False,
) -> None:
    """Bring everything back from a backup. Stop the server first.

    Examples: `dothi restore monday.tar --check`, `DOTHI_DATA=/srv/dothi dothi restore monday.tar`.
    """
    from dothi.db import backup as keeping
    from dothi.db import schema
    from dothi.db import session as db

    if not file.is_file():
        raise BadInput("there is no backup to read", [Fault(str(file), "is not a file")])
    if check:
        made = keeping.read_manifest(file)
        typer.echo(f"{file} is whole: dothi {made['dothi']}, {made['database']}, made {made['made']}")
        return
    settings = config.settings()
    made = keeping.restore(db.engine(), settings.data, file, replace=replace)
    schema.upgrade(db.engine())
    typer.echo(f"restored what was kept at {made['made']}; `dothi serve` starts it")


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    return "" if value is None else str(value)
