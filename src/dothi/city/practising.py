"""The rules, switches, schedules and targets of a blueprint as items, and everything in them that leads nowhere."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from dothi import packs
from dothi.alerts import declared as alerts
from dothi.alerts.model import RuleModel
from dothi.city import practice
from dothi.city.blueprint import Blueprint
from dothi.city.items import Item, Key, flat
from dothi.city.practice import Path_, Rule, Schedule, Switch, Target
from dothi.indicators import declared as indicators
from dothi.indicators.model import Declared
from dothi.kit.errors import Fault
from dothi.packs.lines import Source
from dothi.sensing.sectors import Sectors
from dothi.tasking import declared as tasking
from dothi.tasking import schedules
from dothi.tasking.declared import Kind

Wrong = tuple[Path_, str, str | None, list[str]]  # key, message, what was written, what there is
_SHAPES: dict[str, type[packs.Strict]] = {"rule": Rule, "switch": Switch, "schedule": Schedule, "target": Target}
_MOST = 12  # names said as allowed


@dataclass
class Known:
    """What these may name: packs, the sectors switched on, codes of the city's own items by kind, its communes."""

    taught: Sectors
    on: set[str]
    codes: dict[str, set[str]] = field(default_factory=dict)
    units: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, items: Iterable[Item], taught: Sectors, on: Iterable[str]) -> "Known":
        """What the items of a city offer to be named."""
        made = cls(taught, set(on))
        for item in items:
            made.codes.setdefault(item.kind, set()).add(item.code)
            if item.kind == "area":
                made.units |= set(map(str, item.fields.get("units") or ()))
        return made

    @cached_property
    def rules(self) -> dict[str, tuple[str, RuleModel]]:
        """The packs' rules by code, each with its sector."""
        return _of_packs(self.taught, alerts.FILE, "rules")

    @cached_property
    def kinds(self) -> dict[str, tuple[str, Kind]]:
        """The packs' kinds of actuators by code, each with its sector."""
        return _of_packs(self.taught, tasking.FILE, "kinds")

    @cached_property
    def indicators(self) -> dict[str, Declared]:
        """The packs' indicators by code."""
        return indicators.together(self.taught.packs)

    def sector(self, item: Item) -> str | None:
        """The sector an item is of; None: of none, or of what no pack has."""
        if item.kind == "rule":
            return item.fields.get("sector")
        if item.kind == "target":
            one = self.indicators.get(str(item.fields.get("indicator")))
            return one.sector if one is not None else None
        held = self.rules.get(item.code) if item.kind == "switch" else self.kinds.get(str(item.fields.get("kind")))
        return held[0] if held is not None else None


def _of_packs(taught: Sectors, file: str, key: str) -> dict[str, tuple[str, Any]]:
    return {
        one.code: (sector, one)
        for sector, pack in taught.packs.items() if pack.files.get(file) is not None
        for one in getattr(pack.files[file], key)
    }  # fmt: skip


def items(blueprint: Blueprint) -> Iterator[tuple[Path_, Item]]:
    """Each with its key. What speaks of things, offices or places of a city with a prefix has it before its code too."""
    prefix = blueprint.prefix or ""
    rules = list(_rules(blueprint))
    codes = {code: own_code(prefix, "rule", code, fields) for _, code, fields in rules}
    for here, code, fields in rules:
        own = practice.called("rule", fields, "rule", lambda one: codes.get(one, one))
        yield here, Item("rule", codes[code], practice.called("rule", own, "thing", lambda one: prefix + one))
    for sector, use in blueprint.sectors.items():
        for code, status in use.switched.items():
            yield ("sectors", sector, "switched", code), Item("switch", code, {"status": status})
        for i, schedule in enumerate(use.schedules):
            fields = practice.called("schedule", fields_of(schedule), "thing", lambda one: prefix + one)
            code = own_code(prefix, "schedule", schedule.code, fields)
            yield ("sectors", sector, "schedules", i), Item("schedule", code, fields)
        for indicator, goals in use.targets.items():
            for i, goal in enumerate(goals):
                fields = flat({"indicator": indicator, **goal.model_dump()})
                yield ("sectors", sector, "targets", indicator, i), Item("target", target_code(fields), fields)


def _rules(blueprint: Blueprint) -> Iterator[tuple[Path_, str, dict[str, Any]]]:
    for i, one in enumerate(blueprint.rules):
        yield ("rules", i), one.code, fields_of(one)
    for sector, use in blueprint.sectors.items():
        for i, one in enumerate(use.rules):
            made = one if one.sector is not None else one.model_copy(update={"sector": sector})
            yield ("sectors", sector, "rules", i), one.code, fields_of(made)


def own_code(prefix: str, kind: str, code: str, fields: dict[str, Any]) -> str:
    """The code an item has in a city with a prefix: what it shares with others keeps its code."""
    return prefix.lower() + code if practice.tied(kind, fields) else code


def target_code(fields: Mapping[str, Any]) -> str:
    """What a target is called: the indicator, the year and the place, if it is of one."""
    return ".".join(map(str, filter(None, (fields["indicator"], fields["year"], fields.get("place")))))


def fields_of(one: packs.Strict) -> dict[str, Any]:
    """The fields of an item that reads so."""
    if isinstance(one, Rule):
        made = one.definition() | {"status": one.status}
    else:
        made = one.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in made.items() if name != "code"}


def settled(
    made: list[Item], places: Mapping[Key, Path_], source: Source, taught: Sectors, on: Iterable[str]
) -> tuple[list[Item], list[Fault]]:
    """The items of a city, those of these kinds as their schemas have them, and every fault of theirs.

    places: the key of each. A switch that says what the pack says itself is nothing to do.
    """
    known = Known.of(made, taught, on)
    faults: list[Fault] = []
    kept: list[Item] = []
    for item in made:
        if item.kind not in practice.KINDS:
            kept.append(item)
            continue
        here = Source(source.name, origins={(): (source, places.get(item.key, ()))})
        one = checked(item, here, known)
        faults += here.faults
        if one is not None and not (one.kind == "switch" and known.rules[one.code][1].status == one.fields["status"]):
            kept.append(one)
    return kept, faults


def checked(item: Item, source: Source, known: Known) -> Item | None:
    """The item as its schema has it; None when there are faults, which are added to the source's."""
    source.value = item.fields if item.kind == "target" else {"code": item.code, **item.fields}
    one = packs.shaped(source, _SHAPES[item.kind])
    if one is None:
        return None
    made = Item(item.kind, item.code, fields_of(one))
    for path, message, written, names in _wrong(one, made, known):
        near = (written, names) if written is not None else None
        allowed = ", ".join(names) if 0 < len(names) <= _MOST else None
        source.faults.append(source.fault(path, message, near=near, allowed=allowed))
    return None if source.faults else made


def _wrong(one: packs.Strict, made: Item, known: Known) -> Iterator[Wrong]:
    """Every name that leads nowhere."""
    match one:
        case Rule():
            if one.code in known.rules:
                yield ("code",), f'the pack {known.rules[one.code][0]} has a rule "{one.code}" already', None, []
            yield from alerts.wrong(one, known.taught, known.codes.get("rule", ()))
        case Switch() if one.code not in known.rules:
            yield (), f'no rule of a pack "{one.code}"', one.code, list(known.rules)
        case Schedule() if one.kind not in known.kinds:
            yield ("kind",), f'no kind of actuator "{one.kind}"', one.kind, list(known.kinds)
        case Schedule():
            wanted = schedules.Wanted(
                one.code, one.title, one.kind, one.things, made.fields["steps"], made.fields["exceptions"]
            )
            for fault in schedules.wrong(known.kinds[one.kind][1], wanted):
                yield _path(fault.place), fault.message, None, [fault.allowed] if fault.allowed else []
        case Target() if one.indicator not in known.indicators:
            yield (), f'no indicator "{one.indicator}"', one.indicator, list(known.indicators)
    sector = known.sector(made)
    if sector is not None and sector not in known.on:
        yield (), f'it is of sector "{sector}", which is not switched on', None, [f"{sector}: {{}} under sectors"]
    for what in ("thing", "agency", "area"):
        there = known.codes.get(what, set()) | (known.units if what == "area" else set())
        for path, name in practice.names(made.kind, made.fields, what):
            if name not in there and not (what == "thing" and practice.wild(name)):
                yield path, f'no {what} "{name}"', name, sorted(there)


def _path(place: str) -> Path_:
    """The key a fault of a schedule stands at: `exceptions.2026-02-17[0].at`."""
    return tuple(int(one) if one.isdigit() else one for one in re.findall(r"[^.\[\]]+", place))


def renamed(item: Item, kind: str, was: str, now: str) -> Item:
    """An item after what it names is called otherwise."""
    fields = practice.called(item.kind, item.fields, kind, lambda one: now if one == was else one)
    return Item(item.kind, target_code(fields) if item.kind == "target" else item.code, fields)


def of_city(item: Item, known: Known) -> bool:
    """Whether an item is of a city where there are several: it names a place of the city, else its agencies, else nothing."""
    areas = known.codes.get("area", set()) | known.units
    named = {
        what: [name for _, name in practice.names(item.kind, item.fields, what)]
        for what in ("thing", "area", "unit", "agency")
    }
    if named["thing"] or named["area"] or named["unit"]:
        things = known.codes.get("thing", set())
        return bool(areas & {*named["area"], *named["unit"]}) or any(
            fnmatchcase(code, one) for one in named["thing"] for code in things
        )
    return not named["agency"] or bool(known.codes.get("agency", set()) & set(named["agency"]))
