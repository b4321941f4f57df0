"""What is no longer as the last apply left it, and what lies behind newer packs: said before anybody decides anything."""

from dataclasses import asdict, dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from dothi.city import practising, scope, store
from dothi.city.difference import Change, FieldChange
from dothi.city.items import KINDS, Item, Key
from dothi.city.practice import KINDS as PRACTICE
from dothi.city.practice import tied
from dothi.kit import clock
from dothi.kit.errors import NotFound
from dothi.sensing.sectors import sectors

# kinds people make beside the blueprint
ADDED = ("agency", "thing", "datastream", "office", "crew", "dataset", "area", *PRACTICE)
USED = {
    "sensor": "sensor",
    "property": "property",
}  # what a datastream is nothing without: kind, and the field naming it


@dataclass
class Drift:
    """A city against its own last apply. changes: by hand. added: made by hand. behind: packs with a newer version."""

    city: str
    version: str
    applied_at: int
    changes: list[Change] = field(default_factory=list)
    added: list[Item] = field(default_factory=list)
    behind: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether everything is as it was applied."""
        return not (self.changes or self.added or self.behind)

    def as_json(self) -> dict[str, Any]:
        """The drift for machines."""
        return {
            "city": self.city, "version": self.version, "appliedAt": clock.iso(self.applied_at), "empty": self.empty,
            "changes": [asdict(one) for one in self.changes],
            "added": [{"kind": one.kind, "code": one.code, "name": one.name} for one in self.added],
            "behind": {name: list(pair) for name, pair in self.behind.items()},
        }  # fmt: skip


def drift(session: Session, city: str) -> Drift:
    """What people changed, removed and made by hand since a city was applied last. Raises NotFound before there is one."""
    last = store.latest(session, city)
    if last is None:
        known = ", ".join(store.cities(session)) or "none"
        raise NotFound(f"{city} was never applied here; those that were: {known}")
    applied = store.kept_items(last)
    now = store.running(session, applied.keys())
    made = Drift(city, last.version or "", last.applied_at)
    for key, item in applied.items():
        change = _changed(item, now.get(key))
        if change is not None:
            made.changes.append(change)
    made.changes.sort(key=lambda one: (KINDS.index(one.kind), one.code))
    made.added = added(session, city, applied)
    versions = (last.blueprint or {}).get("packs") or {}
    running = sectors().sectors
    made.behind = {
        code: (str(was), str(running[code].version))
        for code, was in versions.items()
        if code in running and running[code].version != was
    }
    return made


def _changed(item: Item, now: Item | None) -> Change | None:
    if now is None:
        return Change("keep", item.kind, item.code, item.name, note="removed by hand since the last apply")
    fields = [
        FieldChange(name, item.fields.get(name), now.fields.get(name), item.fields.get(name), kept=True)
        for name in dict.fromkeys([*item.fields, *_looked_at(item, now)])
        if item.fields.get(name) != now.fields.get(name)
    ]
    return Change("keep", item.kind, item.code, item.name, fields) if fields else None


def _looked_at(item: Item, now: Item) -> list[str]:
    """Fields a person may have filled in; what was added among properties is theirs."""
    if item.kind in ("thing", "datastream", "property", "sensor", "base", "records", "setting", "area", "dataset"):
        return []
    return list(now.fields)


def added(session: Session, city: str, applied: dict[Key, Item]) -> list[Item]:
    """What stands here and no blueprint of any city asked for; of several cities, what is of this one's agencies or places."""
    held = {*applied, *scope.elsewhere(session, city)}
    if len(store.cities(session)) > 1:
        mine = {item.fields.get("agency") for item in applied.values() if item.kind == "thing"}
    else:
        mine = None
    rows = [one for one in store.everything(session, ADDED) if one.key not in held and one.kind != "datastream"]
    if mine is not None:
        known = practising.Known.of(applied.values(), sectors(), ())
        known.codes["agency"] = {str(one) for one in mine}
        rows = [
            one for one in rows
            if (practising.of_city(one, known) if one.kind in PRACTICE else one.fields.get("agency") in mine)
        ]  # fmt: skip
    return sorted([*rows, *_streams(session, applied, rows)], key=lambda one: KINDS.index(one.kind))


def shared(session: Session, city: str, applied: dict[Key, Item]) -> list[Item]:
    """Rules, switches and targets that hold in every city of the installation, and that another city's blueprint brought."""
    held = scope.elsewhere(session, city).keys() - applied.keys()
    return [one for one in store.everything(session, PRACTICE) if one.key in held and not tied(one.kind, one.fields)]


def _streams(session: Session, applied: dict[Key, Item], rows: list[Item]) -> list[Item]:
    """Datastreams made by hand on things that are here, and what they and the blueprint's own use that nobody asked for."""
    things = {code for kind, code in applied if kind == "thing"} | {one.code for one in rows if one.kind == "thing"}
    streams = [one for one in store.everything(session, ["datastream"]) if one.fields.get("thing") in things]
    wanted = {(kind, str(one.fields.get(name))) for one in streams for kind, name in USED.items()} - applied.keys()
    used = [one for one in store.everything(session, USED) if one.key in wanted]
    return [*used, *(one for one in streams if one.key not in applied)]
