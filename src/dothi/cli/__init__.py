"""The `dothi` command. What a command needs is imported when that command runs, so that `dothi --help` is quick."""

import gc
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from dothi.web.terminal import fault, translate, usage

EPILOG = """
Every setting is an environment variable DOTHI_…; `dothi settings` lists them with their values.

Start: `dothi demo` (a simulated city, nothing to configure), or `dothi init` and then `dothi serve`.
"""
START, CITY, FILES, ACCESS, CARE = "Start", "The city", "Files", "Who may do what", "Care"


class Room(NamedTuple):
    """Where a command is found: `module:name` of a Typer app or a function; `sub` for one command of an app."""

    target: str
    help: str
    panel: str
    sub: str | None = None


COMMANDS: dict[str, Room] = {
    "init": Room("dothi.cli.serving:init", "Make the data folder, the tables and the first administrator.", START),
    "serve": Room("dothi.cli.serving:serve", "Run the server: pages, interfaces, MQTT, scheduled work.", START),
    "demo": Room("dothi.simulate.cli:demo", "Run a simulated city; nothing to configure.", START),
    "settings": Room("dothi.cli.keeping:show_settings", "List every setting with its value and meaning.", START),
    "plan": Room("dothi.city.cli:app", "Show what applying a city's blueprint would change.", CITY, "plan"),
    "apply": Room("dothi.city.cli:app", "Bring the running city to what its blueprint says.", CITY, "apply"),
    "drift": Room("dothi.city.care_cli:app", "Show what was changed by hand since the last apply.", CITY, "drift"),
    "upgrade": Room("dothi.city.care_cli:app", "Bring a city to newer packs and blueprint.", CITY, "upgrade"),
    "rollback": Room("dothi.city.care_cli:app", "Return to an applied version of a city.", CITY, "rollback"),
    "diff": Room("dothi.city.care_cli:app", "Show how the blueprints of two cities differ.", CITY, "diff"),
    "rules": Room("dothi.alerts.cli:app", "Rules that raise alarms: list, check, backtest, switch.", CITY),
    "analyses": Room("dothi.analyses.cli:app", "Published methods over the city's data: list, run.", CITY),
    "indicators": Room("dothi.indicators.cli:app", "Indicators: list, compute, show, receipts.", CITY),
    "import": Room("dothi.cli:IMPORTS", "Import records, observations, places.", FILES),
    "export": Room("dothi.cli:EXPORTS", "Export records, observations, a city.", FILES),
    "transit": Room("dothi.transit.cli:app", "Public transport: timetables, vehicles, versions.", CITY),
    "warnings": Room("dothi.warnings.cli:app", "Others' warnings (CAP feeds), our certificate.", CITY),
    "harvest": Room("dothi.exchange.cli:app", "Other portals' datasets: add, run, list, remove.", FILES),
    "user": Room("dothi.cli.people:user", "People: add, list, grant roles, set passwords, disable.", ACCESS),
    "agency": Room("dothi.cli.people:agency", "Agencies: add, list.", ACCESS),
    "key": Room("dothi.cli.people:key", "Keys of systems and devices: add, list, revoke.", ACCESS),
    "journal": Room("dothi.journal.cli:app", "The journal: verify its seals, export it.", CARE),
    "backup": Room("dothi.cli.keeping:backup", "Write everything into one file.", CARE),
    "restore": Room("dothi.cli.keeping:restore", "Bring everything back from a backup.", CARE),
}
IMPORTS: dict[str, Room] = {
    "observations": Room("dothi.sensing.tabular.cli:observations", "Observations from messy CSV, Excel, Parquet.", ""),
    "records": Room("dothi.datasets.loads.cli:records", "Records of a dataset from any GIS file, CSV, Excel.", ""),
    "places": Room("dothi.places.cli:places", "Administrative units, boundaries, crosswalks.", ""),
}
EXPORTS: dict[str, Room] = {
    "city": Room("dothi.city.care_cli:export_city", "A running city as a blueprint.", ""),
    "observations": Room("dothi.sensing.tabular.cli:export", "Observations to CSV or Parquet.", "", "observations"),
    "records": Room("dothi.datasets.loads.cli:export_records", "Records of a dataset to any GIS file, CSV, Excel.", ""),
}


class LateGroup(TyperGroup):
    """A group that knows its commands' names and one-line helps, and imports the one that is called."""

    rooms: dict[str, Room]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Put the real command in the place of its stub, then go on as ever."""
        if args and args[0] in self.rooms:
            self.commands[args[0]] = load(args[0], self.rooms[args[0]])
        return super().resolve_command(ctx, args)


def group(name: str, rooms: dict[str, Room], help_: str, epilog: str | None = None) -> LateGroup:
    """A late group over rooms that exist in this installation."""
    stubs: dict[str, Any] = {
        key: TyperCommand(key, help=room.help, rich_help_panel=room.panel or None, add_help_option=False)
        for key, room in rooms.items()
        if _there(room.target.partition(":")[0])
    }
    made = LateGroup(
        name=name, commands=stubs, help=help_, epilog=epilog, no_args_is_help=True, rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    made.rooms = {key: room for key, room in rooms.items() if key in stubs}
    translated: LateGroup = translate(made)
    return translated


def load(name: str, room: Room) -> Any:
    """Import a command and everything it needs."""
    module, _, attribute = room.target.partition(":")
    found = getattr(import_module(module), attribute)
    if isinstance(found, dict):
        return group(name, found, room.help)
    if isinstance(found, typer.Typer):
        command: Any = typer.main.get_command(found)
        command = command.commands[room.sub] if room.sub else command
    else:
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(name)(found)
        command = typer.main.get_command(alone)
    command.name = name
    return translate(command)


def root() -> LateGroup:
    """The whole command line."""
    from dothi import __version__

    return group("dothi", COMMANDS, f"dothi {__version__}: the system a province runs its smart-city plan on.", EPILOG)


def main() -> None:
    """Run a command; what a caller did wrong is said in sentences (exit code 2), never with a traceback."""
    from dothi.kit.errors import DothiError

    # what a command loads stays: walking it again and again took a fifth of a server's start, and of a plan
    gc.set_threshold(50_000, 20, 50)
    try:
        code = root().main(prog_name="dothi", standalone_mode=False)
    except DothiError as error:
        say_error(fault(str(error)))
        code = 2
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        code = _plain(error)
    sys.exit(code if isinstance(code, int) else 0)


def say_error(text: str) -> None:
    """A sentence on the error stream, in red on a terminal."""
    from rich.console import Console

    Console(stderr=True).print(text, style="red", markup=False, highlight=False)


def _plain(error: Exception) -> int:
    """The exit code of an error that is not dothi's own; databases that cannot be reached are said in a sentence."""
    if callable(getattr(error, "format_message", None)):  # wrong usage
        say_error(usage(error))
        return int(getattr(error, "exit_code", 2))
    if type(error).__name__ == "Abort":
        return 130
    if type(error).__name__ == "Exit":
        return int(getattr(error, "exit_code", 0))
    if type(error).__module__.startswith("sqlalchemy") and "OperationalError" in type(error).__name__:
        say_error(fault(f"the database cannot be used: {getattr(error, 'orig', error)}"))
        return 2
    if isinstance(error, PermissionError | FileNotFoundError | IsADirectoryError | NotADirectoryError):
        say_error(fault(f"{error.filename}: {error.strerror}"))
        return 2
    raise error


def _there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
