"""Plan and apply: bring the running city to what its blueprint says, in one transaction, keeping what people changed."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from dothi.city import actuators, feeds, migrating, migrations, overrides, scope, store, weave
from dothi.city.difference import Change, compare
from dothi.city.items import Item, Key
from dothi.city.making import Maker
from dothi.city.migrations import Rename, Step
from dothi.city.tables import CityVersion
from dothi.city.wanted import read
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import Conflict, Fault, NotFound
from dothi.packs import content_path
from dothi.packs.lines import read as read_lines
from dothi.packs.overrides import Override
from dothi.sensing.sectors import Sectors, sectors

Tick = Callable[[Change], None]


@dataclass
class Plan:
    """What an apply would do. since: when the city was applied last (µs UTC), None for the first time.

    packs: the version of each pack it was made with; behind: packs and the blueprint whose applied version is another one.
    """

    city: str
    version: str
    name: str
    since: int | None
    changes: list[Change] = field(default_factory=list)
    wanted: dict[Key, Item] = field(default_factory=dict, repr=False)
    now: dict[Key, Item] = field(default_factory=dict, repr=False)
    folder: Path | None = None
    steps: list[Step] = field(default_factory=list, repr=False)
    packs: dict[str, int] = field(default_factory=dict)
    behind: dict[str, tuple[str, str]] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict, repr=False)
    taught: Sectors | None = field(default=None, repr=False)
    back_to: int | None = None

    @property
    def work(self) -> list[Change]:
        """What is to be done, without what is kept."""
        return [one for one in self.changes if one.verb != "keep"]

    @property
    def kept(self) -> list[Change]:
        """What differs and stays, wholly or in some fields."""
        return [one for one in self.changes if one.verb == "keep" or one.kept]

    @property
    def counts(self) -> dict[str, int]:
        """How many items are created, changed, removed and kept."""
        return {verb: count for verb in ("migrate", "create", "change", "remove", "keep")
                if (count := Counter(one.verb for one in self.changes)[verb])}  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The plan for machines."""
        return {
            "city": self.city, "version": self.version, "name": self.name, "empty": not self.work, "counts": self.counts,
            "appliedAt": None if self.since is None else clock.iso(self.since),
            "behind": {name: list(pair) for name, pair in self.behind.items()},
            "changes": [asdict(one) for one in self.changes],
        }  # fmt: skip


def find(city: str) -> Path:
    """The folder of a city: a path, or the name of a city shipped with dothi. NotFound names those that are."""
    path = Path(city)
    if path.is_dir() or path.is_file():
        return path
    try:
        shipped = content_path("cities")
    except FileNotFoundError:
        raise NotFound(f"there is no folder {city}, and this installation ships no cities") from None
    if (shipped / city / "city.yaml").is_file():
        return shipped / city
    names = ", ".join(sorted(p.parent.name for p in shipped.glob("*/city.yaml")))
    raise NotFound(f"there is no folder {city} and no city of that name; shipped are: {names}")


def plan(
    session: Session, folder: Path, *, back_to: int | None = None, force: bool = False, remove_data: bool = False
) -> Plan:
    """What applying a blueprint would do. Raises BadInput with every fault of the blueprint.

    back_to: the number of an applied version to return to, in place of what the folder says now.
    force: also overwrite what was changed by hand. remove_data: also remove things that hold observations.
    """
    overriding = store_overrides(session, folder)
    blueprint, items = read(folder, overriding)
    city, version, written = blueprint.city, blueprint.version, blueprint.written
    wanted = {item.key: item for item in items}
    kept: CityVersion | None = None
    if back_to is not None:
        kept = store.version(session, city, back_to)
        if kept is None:
            numbers = ", ".join(f"{one.id} ({one.version})" for one in store.versions(session, city)) or "none"
            raise NotFound(f"{city} has no applied version {back_to}; there are: {numbers}")
        version, written = kept.version or version, (kept.blueprint or {}).get("written") or written
        wanted = store.kept_items(kept)
        wanted = _drawable(session, city, wanted, items)
    else:
        wanted = scope.scoped(session, city, wanted)
    last = store.latest(session, city)
    made = Plan(city, version, blueprint.name.vi, last.applied_at if last else None, wanted=wanted, folder=folder)
    made.taught = (
        overrides.taught(overrides.of(blueprint), overriding) if overriding or overrides.of(blueprint) else None
    )
    made.packs = _packs(made.taught or sectors(), blueprint.sectors)
    made.written, made.back_to = written, back_to
    if back_to is None:
        _migrations(made, last, folder)
    elif last is not None and kept is not None:
        _back(made, last, kept, folder)
    _compare(session, made, last, force=force, remove_data=remove_data)
    return made


def _drawable(session: Session, city: str, wanted: dict[Key, Item], items: list[Item]) -> dict[Key, Item]:
    """An earlier version's items; sketches that were not kept then are those of today."""
    today = {item.key: item for item in items if item.kind == "base"}
    for key, item in list(wanted.items()):
        names = str(item.fields.get("name", "")).split(", ")
        if item.kind == "base" and any(store.file(session, city, one, item.fields["digest"]) is None for one in names):
            wanted.pop(key)
            wanted |= today
    return wanted


def store_overrides(session: Session, folder: Path) -> list[Override]:
    """What other cities than the one of a folder have otherwise than their packs."""
    return overrides.stored(session, without=code_of(folder))


def code_of(folder: Path) -> str | None:
    """The code a city's folder gives itself; None where it cannot be read."""
    found = read_lines(weave.file(folder), folder.name)
    return str(found.value.get("city")) if isinstance(found.value, dict) else None


def _packs(taught: Sectors, on: Iterable[str]) -> dict[str, int]:
    return {code: taught.sectors[code].version for code in sorted(on) if code in taught.sectors}


def _migrations(made: Plan, last: CityVersion | None, folder: Path) -> None:
    """What lies between the versions applied last and those of today."""
    if last is None:
        return
    was: dict[str, int] = (last.blueprint or {}).get("packs") or {}
    for code, now in made.packs.items():
        before = was.get(code)
        if before is None or before == now:
            continue
        made.behind[code] = (str(before), str(now))
        pack = (made.taught or sectors()).packs[code]
        made.steps += migrations.steps(pack.files.get(migrations.FILE), code, before, now)
    if last.version and last.version != made.version:
        made.behind[made.city] = (last.version, made.version)
        made.steps += migrations.steps(migrations.beside(folder), made.city, last.version, made.version)


def _back(made: Plan, last: CityVersion, kept: CityVersion, folder: Path) -> None:
    """What lies between the versions applied last and those of an earlier apply, the other way round."""
    was, then = ((one.blueprint or {}).get("packs") or {} for one in (last, kept))
    steps: list[Step] = []
    for code, before in was.items():
        if code in then and then[code] != before and code in (made.taught or sectors()).packs:
            made.behind[code] = (str(before), str(then[code]))
            pack = (made.taught or sectors()).packs[code]
            steps += migrations.steps(pack.files.get(migrations.FILE), code, then[code], before)
    if last.version and kept.version and last.version != kept.version:
        made.behind[made.city] = (last.version, kept.version)
        steps += migrations.steps(migrations.beside(folder), made.city, kept.version, last.version)
    made.steps = [one for step in reversed(steps) if (one := migrations.inverse(step)) is not None]
    made.packs = then or made.packs


def _compare(session: Session, made: Plan, last: CityVersion | None, *, force: bool, remove_data: bool) -> None:
    """Fill in what would change."""
    applied = store.kept_items(last)
    asked = made.wanted.keys() | applied.keys()
    for step in made.steps:
        if isinstance(step.what, Rename):
            applied = migrations.renamed(applied, step.what)
            asked = asked | applied.keys()
    now = store.running(session, asked)
    changes = [migrations.shown(step, migrating.counts(session, step)) for step in made.steps]
    for step in made.steps:
        if isinstance(step.what, Rename):
            now = migrations.renamed(now, step.what)
    elsewhere = scope.elsewhere(session, made.city)
    applied = {key: item for key, item in applied.items() if key in made.wanted or key not in elsewhere}
    made.now = now
    made.changes = [
        *changes,
        *scope.explained(
            compare(applied, now, made.wanted, force=force, observations=store.observations(session), remove_data=remove_data),
            elsewhere, applied,
        ),
    ]  # fmt: skip


def apply(session: Session, caller: Caller, made: Plan, tick: Tick = lambda _: None) -> int | None:
    """Do what a plan made in the same session says; the number of the new version, None when nothing was to do.

    All or nothing: it stands or falls with the session's transaction.
    """
    guard.require(caller, "city:apply")
    if not made.work and not made.behind:
        return None
    # rights inside are those of the house: a blueprint sets up agencies and things of all of them
    maker = Maker(
        session, replace(guard.SYSTEM, kind=caller.kind, id=caller.id, name=caller.name), made.folder, made.city,
        made.taught,
    )  # fmt: skip
    for step in made.steps:
        migrating.do(session, caller, step)
    for change in made.work:
        if change.verb == "migrate":
            tick(change)
            continue
        maker.do(change, made.wanted.get(change.key), made.now.get(change.key))
        tick(change)
    actuators.follow(session, caller)
    feeds.follow(session, maker.caller, folder=made.folder)
    id_ = store.add_version(
        session, city=made.city, version=made.version, applied_at=clock.now_micros(), actor=caller.actor,
        blueprint={
            "city": made.city, "version": made.version, "items": store.encoded(_remembered(made)), "packs": made.packs,
            "written": msgspec.to_builtins(made.written),
        },
        summary=made.counts,
    )  # fmt: skip
    journal.append(
        session, "city.blueprint.applied", actor=caller.actor, subject=f"city:{made.city}", visibility="open",
        data={"version": made.version, "number": id_, "back_to": made.back_to, **made.counts},
    )  # fmt: skip
    return id_


def _remembered(made: Plan) -> list[Item]:
    """What the next plan takes as applied: all that was wanted, and what could not be removed yet."""
    staying = {one.key for one in made.changes if one.verb == "keep" and one.key not in made.wanted}
    return [*made.wanted.values(), *(item for key, item in made.now.items() if key in staying)]


def before(session: Session, city: str) -> int:
    """The number of the version applied before the last one. Raises NotFound when there is none."""
    numbers = [one.id for one in store.versions(session, city)]
    if len(numbers) < 2:
        raise NotFound(f"{city} has no version before the last one")
    return numbers[1]


def upgrade(session: Session, folder: Path, *, force: bool = False) -> Plan:
    """The plan to newer versions of a city's blueprint and packs. Raises Conflict when one is older than what is applied."""
    made = plan(session, folder, force=force)
    if made.since is None:
        raise NotFound(f"{made.city} was never applied here; apply it first")
    older = {name: pair for name, pair in made.behind.items() if migrations.order(pair[1]) < migrations.order(pair[0])}
    if older:
        faults = [
            Fault(name, f"applied is {was}, this installation has {now}", f"{was} or newer")
            for name, (was, now) in older.items()
        ]
        raise Conflict("an upgrade leads to newer versions only; `dothi rollback` goes back", faults)
    return made
