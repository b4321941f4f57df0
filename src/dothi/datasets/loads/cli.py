"""`dothi import records` and `dothi export records`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from dothi.kit.errors import BadInput, Conflict, Fault

_SHOWN = 12


def records(
    file: Annotated[
        Path | None, typer.Argument(help="GeoJSON, GeoPackage, Shapefile (zip), KML, DXF, CSV, Excel, …")
    ] = None,
    dataset: Annotated[str | None, typer.Option("--dataset", "-d", help="Code of the dataset")] = None,
    create: Annotated[
        bool, typer.Option("--create", help="Make the dataset from the file where there is none")
    ] = False,
    mapping: Annotated[Path | None, typer.Option("--mapping", "-m", help="Which column is which field (YAML)")] = None,
    mode: Annotated[str, typer.Option(help="append, upsert, or replace: what is not in the file goes")] = "upsert",
    layer: Annotated[str | None, typer.Option(help="Layer or sheet, where the file has several")] = None,
    crs: Annotated[
        str | None, typer.Option(help='Reference system: EPSG:9210, "VN-2000 105°45\'", "VN-2000 Long An"')
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="utf-8, cp1258, tcvn3, vni, …; else found out")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read, check and compare; change nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking")] = False,
    undo: Annotated[int | None, typer.Option(help="Undo this load instead")] = None,
    guess: Annotated[bool, typer.Option("--guess", help="Print what is seen in the file and a first mapping")] = False,
    report: Annotated[Path | None, typer.Option(help="CSV file that lists every refusal and repair")] = None,
) -> None:
    """Import records of a dataset: staged, compared with what stands, then applied in one transaction.

    Nothing of the dataset changes before the last step, and `--undo LOAD` takes that back.
    """
    from dothi.datasets.loads import service as loads
    from dothi.db import schema
    from dothi.db import session as db
    from dothi.identity.guard import SYSTEM

    if undo is not None:
        done = loads.undo(SYSTEM, undo)
        typer.echo(f"load {done.id} is undone")
        return
    if file is None:
        raise BadInput("a file is needed", [Fault("FILE", "not given")])
    how = _mapping(mapping, layer, crs, encoding)
    if guess:
        _guess(file, how, dataset)
        return
    if dataset is None:
        raise BadInput("a dataset is needed", [Fault("--dataset", "not given", "the code of a dataset")])
    if mode not in loads.MODES:
        raise BadInput("unknown mode", [Fault("--mode", repr(mode), ", ".join(loads.MODES))])
    schema.upgrade(db.engine())
    with _made(file, how, dataset) if create else nullcontext(how) as found:
        _taken(file, dataset, _ready(file, found, dataset), mode, report, dry_run=dry_run, yes=yes)


def _taken(
    file: Path, dataset: str, how: Any, mode: str, report: Path | None, *, dry_run: bool, yes: bool
) -> None:  # fmt: skip
    """The file staged, told of, and applied where somebody says so."""
    from dothi.datasets.loads import service as loads
    from dothi.identity.guard import SYSTEM

    load = _stage(file, dataset, how, mode)
    _tell(load, report)
    if load.accepted == 0 and load.mode == "replace":
        loads.drop(SYSTEM, load.id)
        raise Conflict("nothing of the file can be taken; the dataset is not emptied for that")
    if dry_run:
        loads.drop(SYSTEM, load.id)
        typer.echo("dry run: nothing was changed")
        return
    if not (load.added or load.changed or load.removed):
        loads.drop(SYSTEM, load.id)
        typer.echo("nothing differs from what stands")
        return
    if not yes and not _agreed():
        loads.drop(SYSTEM, load.id)
        typer.echo("no record was changed; --yes applies without asking")
        raise typer.Exit(1)
    _apply(load.id)


def _agreed() -> bool:
    """Whether somebody at the terminal says yes; nobody there, or Ctrl-C, is no."""
    try:
        return typer.confirm("apply?")
    except typer.Abort:
        typer.echo("")
        return False


def _mapping(path: Path | None, layer: str | None, crs: str | None, encoding: str | None) -> Any:
    """The mapping of the options: that of the file, with what the command line says on top; None: all is guessed."""
    from dothi.datasets.loads import mapping as mappings

    given = {
        name: value for name, value in (("layer", layer), ("crs", crs), ("encoding", encoding)) if value is not None
    }
    made = mappings.load(path) if path is not None else mappings.Mapping()
    return mappings.of({**mappings.plain(made), **given})


@contextmanager
def _made(file: Path, how: Any, code: str) -> Iterator[Any]:
    """The dataset made from the file where there is none, and gone again if in the end nothing was taken into it."""
    from dothi.datasets import service, store
    from dothi.datasets.loads import service as loads
    from dothi.db import session as db
    from dothi.identity.guard import SYSTEM

    if _standing(code) is not None:
        yield how
        return
    found = loads.inspect(file, how.how)
    body = {**loads.propose_schema(found, layer=how.layer), "code": code, **(how.dataset or {})}
    with db.writing() as session:
        made = service.create(session, SYSTEM, body).described_at
    typer.echo(f"dataset {code} was made: {', '.join(body['schema']['properties'])}")
    try:
        yield how
    finally:
        with db.writing() as session:
            standing = store.by_code(session, code)
            if standing is not None and standing.version == 0 and standing.described_at == made:  # as it was made
                service.remove(session, SYSTEM, code)
                typer.echo(f"dataset {code} was not kept, for nothing was taken into it")


def _standing(code: str) -> Any:
    from sqlalchemy import select

    from dothi.datasets.tables import Dataset
    from dothi.db import session as db

    with db.reading() as session:
        found = session.scalars(select(Dataset).where(Dataset.code == code)).first()
        session.expunge_all()
    return found


def _ready(file: Path, how: Any, code: str) -> Any:
    """The whole mapping, with the fields guessed where it has none."""
    from dothi.datasets.loads import service as loads

    standing = _standing(code)
    if how.fields and standing is not None:
        return how
    guessed = loads.guess(loads.inspect(file, how.how), standing, how.layer)
    if not how.fields:
        how = how.model_copy(update={"fields": guessed.fields})
    if how.geometry is None:
        how = how.model_copy(update={"geometry": guessed.geometry, "crs": how.crs or guessed.crs})
    return how.model_copy(update={"layer": how.layer or guessed.layer, "font": how.font or guessed.font})


def _guess(file: Path, how: Any, code: str | None) -> None:
    """What is seen in the file, as comments above a mapping to be edited."""
    from io import StringIO

    from ruamel.yaml import YAML

    from dothi.datasets.loads import mapping as mappings
    from dothi.datasets.loads import service as loads

    found = loads.inspect(file, how.how)
    for one in found.layers:
        count = f"{one.count:,} rows" if one.count is not None else "rows not counted"
        system = one.crs or ("reference system not said" if one.geometry_types else None)
        typer.echo(f"# {', '.join(filter(None, (f'{one.about}: {count}', system, *one.geometry_types)))}")
        for notice in one.notices:
            typer.echo(f"#   {notice}")
        for proposal in one.proposals[:5]:
            typer.echo(f"#   may be {proposal.crs}{' with swap: true' if proposal.swap else ''}: {proposal.why}")
    body = loads.propose_schema(found, layer=how.layer)
    made = {**mappings.plain(loads.guess(found, None, how.layer)), **mappings.plain(how)}
    made["dataset"] = {**body, "code": code or body["code"]}
    held = StringIO()
    writer = YAML()
    writer.allow_unicode = True
    writer.width = 120
    writer.dump(json.loads(json.dumps(made)), held)
    typer.echo(held.getvalue())


def _stage(file: Path, code: str, how: Any, mode: Any) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from dothi.datasets.loads import service as loads
    from dothi.identity.guard import SYSTEM

    shown = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"),
             TextColumn("{task.fields[rows]}"), TimeElapsedColumn())  # fmt: skip
    with Progress(*shown, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"reading {file.name}", total=1.0, rows="")

        def progress(share: float, rows: int) -> None:
            bar.update(task, completed=share, rows=f"{rows:,} rows")

        return loads.stage(SYSTEM, code, file, how, mode, progress)


def _apply(load_id: int) -> None:
    from rich.console import Console

    from dothi.datasets.loads import service as loads
    from dothi.identity.guard import SYSTEM

    with Console(stderr=True).status("applying in one transaction"):
        done = loads.apply(SYSTEM, load_id)
    typer.echo(
        f"load {done.id} is applied: {done.added or 0:,} added, {done.changed or 0:,} changed, {done.removed or 0:,} removed,"
        f" {done.same or 0:,} the same. `dothi import records --undo {done.id}` takes it back"
    )


def _tell(load: Any, report: Path | None) -> None:
    """The figures, so that anyone can add them up, what was found, and what would change."""
    from dothi.datasets.loads import service as loads
    from dothi.db import session as db
    from dothi.identity.guard import SYSTEM

    typer.echo(
        f"{load.file_name}: {load.read:,} read = {load.accepted:,} accepted ({load.repaired:,} repaired)"
        f" + {load.refused:,} refused"
    )
    with db.reading() as session:
        found = loads.reasons(session, SYSTEM, load.id)
        compared = loads.compare(session, SYSTEM, load.id, 3)
        if report is not None:
            _report(report, session, load.id)
    for column, reason, repaired, count in found[:_SHOWN]:
        typer.echo(f"  {'notice' if repaired else 'refused'} {count:,}: {column + ': ' if column else ''}{reason}")
    if len(found) > _SHOWN:
        typer.echo(
            f"  and {len(found) - _SHOWN} more reasons" + ("" if report else "; --report FILE.csv lists every one")
        )
    typer.echo(
        f"  compared with what stands: {compared.added:,} new, {compared.changed:,} changed, {compared.same:,} the same,"
        f" {compared.removed:,} removed"
    )
    for one in compared.sample:
        if one.kind == "changed":
            said = "; ".join(f"{name}: {_short(old)} -> {_short(new)}" for name, old, new in one.fields[:4])
            typer.echo(f"    {one.key}: {said}")


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _report(path: Path, session: Any, load_id: int) -> None:
    import csv

    from dothi.datasets.loads import service as loads
    from dothi.identity.guard import SYSTEM

    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "column", "value", "reason", "repaired"])
        after = 0
        while some := loads.faults(session, SYSTEM, load_id, after=after):
            writer.writerows((one.row, one.column, one.value, one.reason, one.repaired) for one in some)
            after = some[-1].id


def export_records(
    dataset: Annotated[str, typer.Argument(help="Code of the dataset")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write")],
    name: Annotated[str | None, typer.Option("--format", "-f", help="Else by the file's extension")] = None,
    crs: Annotated[str | None, typer.Option(help="Reference system of the file; WGS 84 when not given")] = None,
    as_of: Annotated[str | None, typer.Option(help="The records as they stood at this instant")] = None,
) -> None:
    """Export records of a dataset: GeoJSON, CSV, Excel, GeoPackage, Shapefile, KML, GeoParquet, FlatGeobuf."""
    from rich.console import Console

    from dothi.datasets import views
    from dothi.datasets.formats.export import export, formats
    from dothi.datasets.reading import Asked
    from dothi.identity.guard import SYSTEM
    from dothi.kit import clock

    ends = {ending: one for one, (_, ending) in formats.items()} | {"json": "geojson", "geojsonseq": "geojsonseq"}
    chosen = name or ends.get(out.suffix.lstrip(".").lower())
    if chosen is None:
        raise BadInput("which format?", [Fault("--format", out.suffix or "not given", ", ".join(formats))])
    view = views.view(SYSTEM, dataset)
    asked = Asked(as_of=None if as_of is None else clock.parse(as_of, clock.VIETNAM))
    size = 0
    part = out.with_name(f"{out.name}.part")
    pieces = export(view, asked, chosen, crs)
    with Console(stderr=True).status(f"writing {out}") as status, part.open("wb") as file:
        for piece in pieces:
            size += file.write(piece)
            status.update(f"writing {out}: {size:,} bytes")
    part.replace(out)
    typer.echo(f"{view.count:,} records of {dataset} in {out}, {size:,} bytes")
