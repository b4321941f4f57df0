"""`dothi init` and `dothi serve`."""

import os
import secrets
import signal
import subprocess
import sys
from typing import Annotated, Literal

import typer
from rich.console import Console

from dothi import config
from dothi.kit.errors import BadInput, Fault

Role = Literal["all", "web", "worker", "broker"]


def init(
    login: Annotated[str, typer.Option(help="Login of the first administrator")] = "admin",
    name: Annotated[str, typer.Option(help="Their name")] = "Quản trị viên",
    password: Annotated[
        str | None, typer.Option(help="Their password, at least 10 characters; made up and shown once when not given")
    ] = None,
) -> None:
    """Make the data folder, the tables and the first administrator. Repeating it changes nothing.

    Examples: `dothi init`, `dothi init --login lan --name "Trần Thị Lan" --password "…"`,
    `DOTHI_DATABASE_URL=postgresql://dothi:secret@db/dothi dothi init`.
    """
    from dothi.db import schema
    from dothi.db import session as db
    from dothi.identity import service as identity

    console = Console(highlight=False, soft_wrap=True)
    settings = config.settings()
    settings.data.mkdir(parents=True, exist_ok=True)
    schema.upgrade(db.engine())
    console.print(f"data folder: {settings.data.absolute()}", markup=False)
    console.print(f"database:    {db.engine().url.render_as_string(hide_password=True)}", markup=False)
    said = password or secrets.token_urlsafe(12)
    with db.writing() as session:
        made = identity.first_administrator(session, login, name, said)
    if made is None:
        console.print(
            "there are people already; `dothi user list` names them, `dothi user passwd` gives a new password"
        )
        return
    console.print(f"administrator: {made.login}", markup=False)
    if password is None:
        console.print(f"password:      {said}   (shown this once)", markup=False)
    console.print(f"next: `dothi serve`, then sign in at http://{settings.host}:{settings.port}/admin/sign-in")


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; DOTHI_HOST otherwise")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; DOTHI_PORT otherwise")] = None,
    role: Annotated[
        Role | None, typer.Option(help="What this process does: pages and interfaces, scheduled work, MQTT, or all")
    ] = None,
    workers: Annotated[int, typer.Option(help="Web processes; scheduled work and MQTT then run in one more")] = 1,
) -> None:
    """Run the server until Ctrl-C. Tables are brought up to date at the start.

    Examples: `dothi serve`, `dothi serve --host 0.0.0.0 --port 80 --workers 4`,
    `dothi serve --role web` on one machine and `dothi serve --role worker` on another.
    """
    faults = [Fault("--workers", str(workers), "1 to 64")] if not 1 <= workers <= 64 else []
    if port is not None and not 0 <= port <= 65535:
        faults.append(Fault("--port", str(port), "0 to 65535"))
    if faults:
        raise BadInput("the server cannot start so", faults)
    for variable, value in (("DOTHI_HOST", host), ("DOTHI_PORT", port), ("DOTHI_ROLE", role)):
        if value is not None:
            os.environ[variable] = str(value)
    config.settings.cache_clear()
    settings = config.settings()
    warn(settings)
    if workers == 1:
        _run(settings, 1)
        return
    back = None
    if settings.role == "all":
        os.environ["DOTHI_ROLE"] = "web"
        config.settings.cache_clear()
        environment = {**os.environ, "DOTHI_ROLE": "back", "DOTHI_HOST": "127.0.0.1", "DOTHI_PORT": "0"}
        command = [sys.executable, "-m", "dothi.cli", "serve"]
        back = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        _run(settings, workers)
    finally:
        if back is not None:
            back.send_signal(signal.SIGINT)
            try:
                back.wait(20)
            except subprocess.TimeoutExpired:
                back.kill()


def warn(settings: config.Settings) -> None:
    """Say loudly what makes an installation unfit for real data."""
    console = Console(stderr=True, highlight=False)
    if settings.open_writes:
        console.print("[bold white on red] DOTHI_OPEN_WRITES: anybody may write. For test benches only. [/]")
    if settings.demo:
        console.print("[bold black on yellow] DOTHI_DEMO: one click signs in as any role. Not for real data. [/]")


def _run(settings: config.Settings, workers: int) -> None:
    import uvicorn

    from dothi.db import schema
    from dothi.db import session as db
    from dothi.web.protocol import Prompt

    schema.upgrade(db.engine())
    db.engine().dispose()
    sys.setswitchinterval(0.0005)  # the ingest thread and the event loop hand over quickly
    uvicorn.run(
        "dothi.app:served",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=workers if workers > 1 else None,
        loop="uvloop",
        ws="none",
        log_level="info",
        access_log=False,
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        backlog=2048,
        http=Prompt,
        limit_concurrency=settings.max_connections,
    )
