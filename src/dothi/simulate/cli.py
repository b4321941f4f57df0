"""The `dothi demo` command."""

from typing import Annotated

import typer


def demo(
    city: Annotated[str, typer.Option(help="Blueprint under cities/")] = "tan-an",
    host: Annotated[str | None, typer.Option(help="Address to listen on; DOTHI_HOST otherwise")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; DOTHI_PORT otherwise")] = None,
    days: Annotated[float, typer.Option(help="Days of simulated history before now")] = 30.0,
) -> None:
    """Run a simulated city: live map, sensors over MQTT, 30 days of history. Ctrl-C stops everything."""
    from dothi.simulate.demo import run

    raise typer.Exit(run(city, host, port, days))
