"""`dothi rules`: list, check, backtest, switch on and off."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

app = typer.Typer(no_args_is_help=True)
Code = Annotated[str, typer.Argument(help="The rule's code; `dothi rules list` names them")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines")]
_BAR = "▏▎▍▌▋▊▉█"
_WIDTH = 40


@app.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """Every rule with its state: those in the database, and those the packs declare that no engine has taken up yet."""
    from dothi.alerts import declared, explain, rulebook
    from dothi.alerts.model import RuleModel
    from dothi.db import session as db
    from dothi.identity import guard

    with db.reading() as session:
        kept = {one.code: one for one in rulebook.rules(session, guard.SYSTEM)}
        models = {code: RuleModel.model_validate(one.definition) for code, one in kept.items()}
    rows: list[dict[str, Any]] = []
    for code, model in sorted({**declared.rules(), **models}.items(), key=lambda one: (one[1].sector or "", one[0])):
        row = kept.get(code)
        rows.append({
            "code": code, "title": model.title.vi, "title_en": model.title.en, "sector": model.sector,
            "status": row.status if row is not None else "declared", "version": row.version if row is not None else 0,
            "origin": row.origin if row is not None else "pack", "severities": [one for one, _ in model.conditions()],
            "when": [explain.condition(model, one, None, "en") for one, _ in model.conditions()],
        })  # fmt: skip
    if as_json:
        _print(rows)
        return
    table = Table("rule", "state", "severities", "when", box=None, pad_edge=False)
    marks = {"on": "green", "off": "dim", "draft": "yellow", "declared": "cyan"}
    for one in rows:
        said = f"[{marks[one['status']]}]{one['status']}[/]" + (f" v{one['version']}" if one["version"] else "")
        table.add_row(f"{escape(one['code'])}\n[dim]{escape(one['title'])}[/]", said, "\n".join(one["severities"]),
                      escape("\n".join(one["when"])))  # fmt: skip
    Console(highlight=False).print(table)


@app.command()
def check(
    path: Annotated[
        Path | None, typer.Argument(help="A folder of packs; those shipped with dothi when not given")
    ] = None,
) -> None:
    """Check packs without a database: every file, names across files, and what `expect.yaml` promises of each rule.

    Example: `dothi rules check`, `dothi rules check /etc/dothi/sectors`
    """
    from dothi import packs
    from dothi.kit.errors import BadInput, Fault
    from dothi.sensing import promises  # noqa: F401 - a pack's other promises are known too

    root = packs.content_path("sectors") if path is None else path
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder", [Fault("path", str(root), "a folder that holds packs")])
    found = packs.load(root)
    faults = packs.verify(found)
    packs.refuse(faults, f"packs of {root.name}")
    files = [one.files["alerts.yaml"] for one in found.values() if one.files.get("alerts.yaml") is not None]
    rules, procedures = sum(len(one.rules) for one in files), sum(len(one.procedures) for one in files)
    Console(highlight=False).print(
        f"{rules} rules and {procedures} procedures in {len(files)} packs; every promise is kept."
    )


@app.command()
def backtest(
    rule: Annotated[str, typer.Argument(help="The rule's code, or a YAML or JSON file that holds one rule")],
    *,
    days: Annotated[float, typer.Option(help="How many days back, at most 92", min=0.01, max=92)] = 7,
    until: Annotated[str | None, typer.Option(help="The last moment, ISO 8601; now when not given")] = None,
    events: Annotated[
        Path | None, typer.Option(help="CSV of known events: begin, end, thing (code, may be empty), title")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a rule over stored history: how often it would have rung, for how long, and whether one could bear it.

    Example: `dothi rules backtest river-stage --days 30`, `dothi rules backtest mine.yaml --events floods.csv`
    """
    from dothi.alerts.backtest import backtest as run
    from dothi.db import session as db
    from dothi.identity import guard
    from dothi.kit import clock

    end = clock.now_micros() if until is None else clock.parse(until, clock.VIETNAM)
    with db.reading() as session:
        model = _model(session, rule)
        known = _events(session, events) if events is not None else []
        result = run(session, guard.SYSTEM, model, end - round(days * clock.DAY), end, known)
    if as_json:
        _print(result.as_json())
        return
    _show(Console(highlight=False), model, result)


@app.command()
def on(code: Code) -> None:
    """Switch a rule on; the engine takes it up within seconds."""
    _switch(code, "on")


@app.command()
def off(code: Code) -> None:
    """Switch a rule off; its alarms end."""
    _switch(code, "off")


def _switch(code: str, status: str) -> None:
    from dothi.alerts import rulebook
    from dothi.db import session as db
    from dothi.identity import guard

    with db.writing() as session:
        rulebook.declare(session)
        rulebook.switch(session, guard.SYSTEM, code, status)
    typer.echo(f"{code} is {status}")


def _model(session: Any, rule: str) -> Any:
    from dothi import packs
    from dothi.alerts import declared, rulebook
    from dothi.alerts.model import RuleModel
    from dothi.identity import guard
    from dothi.kit.errors import NotFound

    path = Path(rule)
    if path.suffix in {".yaml", ".yml", ".json"}:
        model, source = packs.load_file(path, RuleModel, str(path))
        packs.refuse([source.fault((), str(one)) for one in declared.faults(model)], str(path))
        return model
    try:
        return RuleModel.model_validate(rulebook.rule(session, guard.SYSTEM, rule).definition)
    except NotFound:
        if rule in declared.rules():
            return declared.rules()[rule]
        raise


def _events(session: Any, path: Path) -> list[Any]:
    """Known events from a CSV file; every fault of it at once."""
    from dothi.alerts import known

    return known.read(session, path.read_text(encoding="utf-8-sig"), path.name)


def _show(console: Console, model: Any, result: Any) -> None:
    from dothi.alerts import explain
    from dothi.alerts.backtest import GUIDANCE
    from dothi.kit import clock

    console.print(f"[bold]{escape(model.code)}[/] {escape(model.title.vi)}")
    for what, said in explain.rule(model, "en"):
        console.print(f"  [dim]{what:>12}[/]  {escape(said)}", soft_wrap=True)
    first, last = (f"{clock.local(one):%d/%m/%Y %H:%M}" for one in (result.since, result.until))
    unknown = f", {result.dead} of them with unknown thresholds" if result.dead else ""
    console.print(f"\n{first} to {last}: {result.subjects} subjects{unknown}")
    standing = f", {result.standing} still active" if result.standing else ""
    console.print(f"[bold]{len(result.alarms)}[/] alarms on {result.lines} lines of the queue{standing}")
    if result.alarms:
        console.print("\nby day")
        most = max(sum(counts.values()) for _, counts in result.per_day)
        for day, counts in result.per_day:
            shown = f"{clock.local(day):%a %d/%m}"
            console.print(f"  {shown}  {sum(counts.values()):>5} {_bar(sum(counts.values()), most)}")
        console.print("by hour of the day")
        for hour, count in enumerate(result.per_hour):
            console.print(f"  {hour:02}h        {count:>5} {_bar(count, max(result.per_hour))}")
        names = ("< 5 min", "5–15 min", "15–60 min", "1–4 h", "4–24 h", "> 24 h")
        console.print("how long")
        for name, count in zip(names, result.lengths, strict=True):
            console.print(f"  {name:<10} {count:>5} {_bar(count, max(result.lengths))}")
    for _, name, count in result.chattering[:10]:
        console.print(f"[yellow]chattering[/]: {escape(name)}, raised {count} times (more than 3 within 30 minutes)")
    word = "[green]bearable[/]" if result.bearable else "[red]too many[/]"
    console.print(
        f"\noperator load: {result.per_ten_minutes:.3f} alarms per 10 minutes, {result.share:.1%} of the slots with one, "
        f"at most {result.fullest} in one: {word}"
    )
    console.print(f"[dim]{GUIDANCE}[/]")
    if result.caught or result.missed:
        console.print(f"known events: {len(result.caught)} found, {len(result.missed)} missed")
        for event in result.missed:
            shown = f"{clock.local(event.at):%d/%m/%Y %H:%M}"
            console.print(f"  [red]missed[/] {shown} {escape(event.title)}")
    console.print(f"[dim]{result.values} values in {result.seconds:.1f} s[/]")


def _bar(count: int, most: int) -> str:
    eighths = round(count / most * _WIDTH * 8) if most else 0
    return "█" * (eighths // 8) + (_BAR[eighths % 8 - 1] if eighths % 8 else "")


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))  # noqa: T201 - machines read it
