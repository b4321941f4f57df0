"""`dothi transit`: timetables and vehicles of public transport."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from dothi.db import schema
from dothi.db import session as db
from dothi.identity import guard
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.transit import following, mirror, service, store, values
from dothi.transit.model import Timetable

app = typer.Typer(
    no_args_is_help=True, help="Public transport: GTFS timetables, vehicles.", rich_markup_mode="markdown"
)
Code = Annotated[str, typer.Argument(help="Code of the feed: small letters, digits, -")]
_SHOWN = 8  # faults of a kind with their places
_CONSOLE = Console(highlight=False, markup=False, soft_wrap=True)


@app.command("import")
def import_(
    code: Code,
    source: Annotated[
        str, typer.Argument(help="A GTFS zip or folder, an OpenStreetMap extract (Overpass JSON), or an address")
    ],
    title: Annotated[str | None, typer.Option(help="What the network is called; needed the first time")] = None,
    positions: Annotated[str | None, typer.Option(help="Address of GTFS-Realtime vehicle positions")] = None,
    updates: Annotated[str | None, typer.Option(help="Address of GTFS-Realtime trip updates")] = None,
    alerts: Annotated[str | None, typer.Option(help="Address of GTFS-Realtime alerts")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the data")] = "",
    credit: Annotated[str, typer.Option(help="Whose data it is, as pages say it")] = "",
    sharing: Annotated[str, typer.Option(help="open, shared or restricted")] = "open",
    simulated: Annotated[bool, typer.Option(help="It is no real operator's")] = False,
    current: Annotated[bool, typer.Option(help="Take an expired calendar as current; every page says so")] = False,
    again: Annotated[bool, typer.Option(help="Read the file anew even if it holds already")] = False,
) -> None:
    """Have a timetable hold in place of the one before it; an address is looked at again every day.

    Example: `dothi transit import ha-noi hanoi_gtfs.zip --title "Xe buýt Hà Nội" --current`.
    """
    schema.upgrade(db.engine())
    far = source.startswith(("http://", "https://"))
    made = service.fetch(source) if far else service.read(Path(source).name, Path(source))
    with db.writing() as session:
        known = store.feed(session, guard.SYSTEM, code)
        if known is None and not title:
            raise BadInput("this feed is new", [Fault("--title", "is missing", "what the network is called")])
        if known is None or title:
            realtime = {"positions": positions or "", "updates": updates or "", "alerts": alerts or ""}
            service.follow(
                session, guard.SYSTEM, code, title or code, url=source if far else None, realtime=realtime, licence=licence,
                source=credit, sharing=sharing, simulated=simulated,
            )  # fmt: skip
        done = service.take(session, guard.SYSTEM, code, made, again=again)
        row = service.held(session, guard.SYSTEM, code)
        version = store.version(session, row.version_id or 0)
        if current and version is not None and service.state(version, clock.now_micros()) in ("expired", "not-begun"):
            service.take_as_current(session, guard.SYSTEM, code)
        missing = mirror.renew(session, row)
        state = "" if version is None else service.state(version, clock.now_micros())
        ends = "" if version is None or version.ends is None else f" (its last day: {values.day_text(version.ends)})"
    _told(made)
    _CONSOLE.print(
        f"{code}: the same file holds already" if done.version is None else f"{code}: version {done.version} holds"
    )
    _CONSOLE.print(f"calendar: {state}{ends}")
    for name in missing:
        _CONSOLE.print(
            f"the city has no dataset {name}: not on the map (a city with the sector traffic has it: dothi apply)"
        )


@app.command("check")
def check(source: Annotated[Path, typer.Argument(help="A GTFS zip or folder, or an OpenStreetMap extract")]) -> None:
    """Read a timetable and say every fault; store nothing. Fails when a row would be refused."""
    made = service.read(source.name, source)
    _told(made)
    if any(one["refused"] for one in made.findings.counts.values()):
        raise typer.Exit(1)


def _told(made: Timetable) -> None:
    table = Table("file", "rows read", "accepted", "refused")
    for name, one in made.findings.counts.items():
        table.add_row(name, *(f"{one[key]:,}" for key in ("read", "accepted", "refused")))
    _CONSOLE.print(table)
    for name, many in sorted(made.findings.found.items()):
        _CONSOLE.print(f"{name}: {many:,}")
        shown = [fault for fault in made.findings.listed if fault.kind == name][:_SHOWN]
        for fault in shown:
            _CONSOLE.print(f"  {fault}")
        if shown and many > len(shown):
            _CONSOLE.print(f"  and {many - len(shown):,} more of the kind")


@app.command("feeds")
def feeds() -> None:
    """List the feeds with the version that holds, its calendar, and what the vehicles last said."""
    schema.upgrade(db.engine())
    table = Table(
        Column("code", no_wrap=True),
        "title",
        "version",
        "calendar",
        "lines",
        "stops",
        "trips",
        "vehicles heard",
        "fault",
    )
    now = clock.now_micros()
    with db.reading() as session:
        for one in store.feeds(session, guard.SYSTEM):
            version = store.version(session, one.version_id) if one.version_id is not None else None
            size = store.size(session, version.id) if version is not None else {}
            state = service.state(version, now) if version is not None else ""
            if version is not None and version.shift:
                state = f"moved by {version.shift} days"
            heard = "never" if one.heard_at is None else clock.iso(one.heard_at)
            table.add_row(
                one.code, one.title, str(version.number) if version else "none", state,
                *(f"{size.get(key, 0):,}" for key in ("lines", "stops", "trips")), heard,
                "; ".join(filter(None, (one.error, one.realtime_error)))[:200],
            )  # fmt: skip
    _CONSOLE.print(table)


@app.command("listen")
def listen(
    code: Code, file: Annotated[Path, typer.Argument(help="A GTFS-Realtime message, as an operator's server sends it")]
) -> None:
    """Take one message of the vehicles in from a file."""
    schema.upgrade(db.engine())
    try:
        body = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}", [Fault("file", str(file), "a file")]) from None
    with db.writing() as session:
        done = following.take(session, guard.SYSTEM, code, body, clock.now_micros())
    _CONSOLE.print(
        f"{done.state}: {done.entities} entities, {done.vehicles} vehicles, {done.updates} updates, {done.notices} notices; "
        f"{done.matched} matched to a trip, {done.placed} placed on one by where they are (an estimate), {done.unmatched} not; {done.passages} calls seen"
    )
    for one in done.refused:
        _CONSOLE.print(f"refused: {one}")


@app.command("return")
def return_(
    code: Code, version: Annotated[int, typer.Argument(help="Number of the version that shall hold again")]
) -> None:
    """Return to an earlier version of a feed's timetable."""
    schema.upgrade(db.engine())
    with db.writing() as session:
        service.return_to(session, guard.SYSTEM, code, version)
        mirror.renew(session, service.held(session, guard.SYSTEM, code))
    _CONSOLE.print(f"{code}: version {version} holds")


@app.command("current")
def current(
    code: Code, undo: Annotated[bool, typer.Option(help="Show the calendar as the operator says it")] = False
) -> None:
    """Take an expired calendar as current: moved by whole weeks, written in the journal, said on every page."""
    schema.upgrade(db.engine())
    with db.writing() as session:
        shift = service.take_as_current(session, guard.SYSTEM, code, undo=undo)
    _CONSOLE.print(
        f"{code}: the calendar is moved by {shift} days" if shift else f"{code}: the calendar is the operator's own"
    )
