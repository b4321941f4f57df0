"""Plan and apply: bring the running city to what its blueprint says, in one transaction, keeping what people changed."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from dothi.city import store
from dothi.city.difference import Change, compare
from dothi.city.items import Item, Key
from dothi.city.making import Maker
from dothi.city.wanted import read
from dothi.identity import guard
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.packs import content_path

Tick = Callable[[Change], None]


@dataclass
class Plan:
    """What an apply would do. since: when the city was applied last (µs UTC), None for the first time."""

    city: str
    version: str
    name: str
    since: int | None
    changes: list[Change] = field(default_factory=list)
    wanted: dict[Key, Item] = field(default_factory=dict, repr=False)
    now: dict[Key, Item] = field(default_factory=dict, repr=False)
    folder: Path | None = None

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
        return {verb: count for verb in ("create", "change", "remove", "keep")
                if (count := Counter(one.verb for one in self.changes)[verb])}  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """The plan for machines."""
        return {
            "city": self.city, "version": self.version, "name": self.name, "empty": not self.work, "counts": self.counts,
            "appliedAt": None if self.since is None else clock.iso(self.since),
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
    blueprint, items = read(folder)
    version = blueprint.version
    wanted = {item.key: item for item in items}
    if back_to is not None:
        kept = store.version(session, blueprint.city, back_to)
        if kept is None:
            numbers = (
                ", ".join(f"{one.id} ({one.version})" for one in store.versions(session, blueprint.city)) or "none"
            )
            raise NotFound(f"{blueprint.city} has no applied version {back_to}; there are: {numbers}")
        version = kept.version or version
        # the sketches of that time are not kept, only what they were called
        wanted = {key: item for key, item in store.kept_items(kept).items() if key[0] != "base"}
        wanted |= {item.key: item for item in items if item.kind == "base"}
    last = store.latest(session, blueprint.city)
    applied = store.kept_items(last)
    now = store.running(session, wanted.keys() | applied.keys())
    changes = compare(
        applied, now, wanted, force=force, observations=store.observations(session), remove_data=remove_data
    )
    since = last.applied_at if last else None
    return Plan(blueprint.city, version, blueprint.name.vi, since, changes, wanted, now, folder)


def apply(session: Session, caller: Caller, made: Plan, tick: Tick = lambda _: None) -> int | None:
    """Do what a plan made in the same session says; the number of the new version, None when nothing was to do.

    All or nothing: it stands or falls with the session's transaction.
    """
    guard.require(caller, "city:apply")
    if not made.work:
        return None
    # rights inside are those of the house: a blueprint sets up agencies and things of all of them
    maker = Maker(
        session, replace(guard.SYSTEM, kind=caller.kind, id=caller.id, name=caller.name), made.folder, made.city
    )
    for change in made.work:
        maker.do(change, made.wanted.get(change.key), made.now.get(change.key))
        tick(change)
    id_ = store.add_version(
        session, city=made.city, version=made.version, applied_at=clock.now_micros(), actor=caller.actor,
        blueprint={"city": made.city, "version": made.version, "items": store.encoded(_remembered(made))},
        summary=made.counts,
    )  # fmt: skip
    journal.append(
        session, "city.blueprint.applied", actor=caller.actor, subject=f"city:{made.city}", visibility="open",
        data={"version": made.version, "number": id_, **made.counts},
    )  # fmt: skip
    return id_


def _remembered(made: Plan) -> list[Item]:
    """What the next plan takes as applied: all that was wanted, and what could not be removed yet."""
    staying = {one.key for one in made.changes if one.verb == "keep" and one.key not in made.wanted}
    return [*made.wanted.values(), *(item for key, item in made.now.items() if key in staying)]
