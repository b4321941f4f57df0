"""The `dothi demo` command."""

from typing import Annotated

import typer


def demo(
    city: Annotated[str, typer.Option(help="Blueprint under cities/")] = "tan-an",
    host: Annotated[str | None, typer.Option(help="Address to listen on; DOTHI_HOST otherwise")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; DOTHI_PORT otherwise")] = None,
    days: Annotated[float, typer.Option(help="Days of simulated history before now")] = 30.0,
    scenario: Annotated[
        str,
        typer.Option(
            help="day: a scripted day of high tide, heavy rain and smoke about the start; calm: the season's own weather"
        ),
    ] = "day",
    build_only: Annotated[
        bool, typer.Option("--build-only", help="Make the city and its history, then end without serving it")
    ] = False,
) -> None:
    """Run a simulated city: live map, sensors over MQTT, 30 days of history. Ctrl-C stops everything."""
    from dothi.simulate.demo import prepare_environment, run
    from dothi.simulate.scenario import NAMES

    if scenario not in NAMES:
        raise typer.BadParameter(f"{scenario!r} is none of {', '.join(NAMES)}", param_hint="--scenario")
    if build_only:
        from dothi.simulate.building import ready

        prepare_environment(city, host, port)
        ready(city, days, scenario)
        raise typer.Exit(0)
    raise typer.Exit(run(city, host, port, days, scenario))
