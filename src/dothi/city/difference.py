"""Three-way comparison: what was applied last, what is now, what is wanted. What a person changed by hand stays."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dothi.city.items import KINDS, Item, Key

Verb = Literal["migrate", "create", "change", "remove", "keep"]
LASTING = ("agency",)
Held = Mapping[Key, Item]


@dataclass
class FieldChange:
    """One field that is not as wanted. kept: changed by hand since the last apply, so it stays (unless forced)."""

    name: str
    applied: Any
    now: Any
    wanted: Any
    kept: bool = False


@dataclass
class Change:
    """What becomes of one item. `keep`: nothing is done, and `note` or the kept fields say why."""

    verb: Verb
    kind: str
    code: str
    name: str
    fields: list[FieldChange] = field(default_factory=list)
    note: str | None = None
    observations: int = 0

    @property
    def key(self) -> Key:
        """Kind and code."""
        return self.kind, self.code

    @property
    def kept(self) -> list[FieldChange]:
        """The fields that stay as a person left them."""
        return [one for one in self.fields if one.kept]


def compare(
    applied: Held, now: Held, wanted: Held, *, force: bool = False, observations: Mapping[Key, int] | None = None,
    remove_data: bool = False,
) -> list[Change]:  # fmt: skip
    """What to do so that the running city is as wanted, in the order of doing.

    Only items the blueprint knows now or knew at the last apply are looked at; the city may hold others.
    force: overwrite what was changed by hand. remove_data: also remove what holds observations.
    """
    held = observations or {}
    made: list[Change] = []
    for key, item in wanted.items():
        change = _wanted(item, applied.get(key), now.get(key), force=force)
        if change is not None:
            made.append(change)
    gone = [key for key in applied if key not in wanted and key in now]
    # a dataset comes after those it refers to, so it goes before them
    later = {key: -place for place, key in enumerate(gone) if key[0] in ("dataset", "records")}
    gone.sort(key=lambda key: (-KINDS.index(key[0]), later.get(key, 0)))
    made += [_unwanted(applied[k], now[k], held.get(k, 0), force=force, remove_data=remove_data) for k in gone]
    _stay_with_streams(made)
    return made


def _wanted(item: Item, applied: Item | None, now: Item | None, *, force: bool) -> Change | None:
    if now is None:
        if applied is not None and not force:
            return Change("keep", item.kind, item.code, item.name, note="removed by hand since the last apply")
        return Change("create", item.kind, item.code, item.name)
    was = applied.fields if applied else {}
    fields = []
    for name in dict.fromkeys([*item.fields, *was]):
        have, want = now.fields.get(name), item.fields.get(name)
        if have == want:
            continue
        # never applied by us, or not as we left it: somebody's own hand
        touched = applied is None or have != was.get(name)
        fields.append(FieldChange(name, was.get(name), have, want, kept=touched and not force))
    if not fields:
        return None
    verb: Verb = "keep" if all(one.kept for one in fields) else "change"
    return Change(verb, item.kind, item.code, item.name, fields)


def _unwanted(applied: Item, now: Item, observations: int, *, force: bool, remove_data: bool) -> Change:
    touched = [
        FieldChange(name, value, now.fields.get(name), None, kept=True)
        for name, value in applied.fields.items()
        if now.fields.get(name) != value
    ]
    change = Change("remove", applied.kind, applied.code, now.name, observations=observations)
    if applied.kind in LASTING or applied.key == ("setting", "city"):
        change.verb, change.note = "keep", "no longer wanted, but people and data may refer to it"
    elif touched and not force:
        change.verb, change.fields = "keep", touched
        change.note = "no longer wanted, but changed by hand since the last apply"
    elif observations and not remove_data:
        change.verb = "keep"
        held = "records" if applied.kind in ("dataset", "records") else "observations"
        change.note = f"no longer wanted, but holds {observations:,} {held}"
    return change


def _stay_with_streams(made: list[Change]) -> None:
    """A thing stays when one of its datastreams does: removing it would take them along."""
    staying = {
        one.code.rpartition(".")[0] for one in made if one.kind == "datastream" and one.verb == "keep" and one.note
    }
    for one in made:
        if one.kind == "thing" and one.verb == "remove" and one.code in staying:
            one.verb, one.note = "keep", "no longer wanted, but one of its datastreams stays"
