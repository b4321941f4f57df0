"""What people set up in a running city for its export: in its sectors' files what any city can use, else in `adjust`.

A city made from the export (`from`) takes what the sectors' files say and nothing of `adjust`. So what speaks of a thing,
commune or office the other city cannot have goes along with this city alone, and the export says so.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any

from dothi.city import practice, practising
from dothi.city.items import Item, Key
from dothi.city.practising import Known
from dothi.city.wanted import NEEDS
from dothi.packs.lines import Source

Row = dict[str, Any]
Adjust = dict[Key, Row]
_LISTS = {"rule": "rules", "schedule": "schedules"}
_SAID = 5  # names told of one item


class Carrier:
    """Writes the rules, switches, schedules and targets of one city. whole: its files put together, changed in place.

    adjust: what is said of single items. said: what a city made from this one lacks, and what stays here, with why.
    """

    def __init__(self, city: str, whole: dict[str, Any], adjust: Adjust, known: Known, said: list[str]) -> None:
        self.city, self.whole, self.adjust, self.known, self.said = city, whole, adjust, known, said
        self.prefix = str(whole.get("prefix") or "")
        self.gaps = _Gaps(whole)

    def carry(self, applied: Mapping[Key, Item], now: Mapping[Key, Item], own: Iterable[Item]) -> None:
        """Write what stands now: what was applied (and people may have changed or dropped), and what they made beside."""
        standing = {key: now[key] for key in applied if key[0] in practice.KINDS and key in now}
        standing |= {one.key: one for one in own}
        standing = dict(sorted(standing.items()))
        for key in [key for key in applied if key[0] in practice.KINDS and key not in now]:
            self._leave(key, applied)
        for key, why in self._wrong(standing).items():
            self.said.append(f"{key[0]} {key[1]} stays here: {why}")
            self._leave(key, applied)
            del standing[key]
        for key, (fields, bound) in self._outward(standing, applied).items():
            self._write(standing[key], applied.get(key), fields, bound)

    def _wrong(self, standing: Mapping[Key, Item]) -> dict[Key, str]:
        """What would be refused where the export is applied, with the reason: what it names stays here too, or is gone."""
        found: dict[Key, str] = {}
        while True:
            left = {key: item for key, item in standing.items() if key not in found}
            self.known.codes["rule"] = {code for kind, code in left if kind == "rule"}
            more = {key: why for key, item in left.items() if (why := self._refused(item))}
            if not more:
                return found
            found |= more

    def _refused(self, item: Item) -> str:
        if "${" in json.dumps(item.fields, ensure_ascii=False):
            return 'it holds "${", which a blueprint reads as an input'
        source = Source(item.code)
        practising.checked(item, source, self.known)
        return "; ".join(fault.message.partition("; did you mean")[0] for fault in source.faults)

    def _leave(self, key: Key, applied: Mapping[Key, Item]) -> None:
        """Have the export not make an item."""
        found = self._entry(applied[key]) if key in applied else None
        if found is not None:
            holder, place = found
            del holder[place]
            self.adjust.pop(key, None)
        elif key in applied:
            self.adjust[key] = {"kind": key[0], "code": key[1], "gone": True}

    def _outward(self, standing: Mapping[Key, Item], applied: Mapping[Key, Item]) -> dict[Key, tuple[Row, list[str]]]:
        """Each item as any city would say it, and what of it no other city has: then it is this city's alone."""
        made = {key: self.gaps.outward(item, self.prefix) for key, item in standing.items()}
        codes = {key[1]: str(fields["code"]) for key, (fields, _) in made.items() if key[0] == "rule"}
        alone: set[str] = set()
        while True:
            for key, (_, bound) in made.items():
                parents = [one for _, one in practice.names(key[0], standing[key].fields, "rule")]
                bound += [f"the rule {one}" for one in parents if one in alone and f"the rule {one}" not in bound]
            more = {
                code for (kind, code), (_, bound) in made.items()
                if kind == "rule" and bound and not self._at_home(standing[kind, code], applied.get((kind, code)))
            }  # fmt: skip
            if more == alone:
                break
            alone = more
        return {
            key: (practice.called(key[0], fields, "rule", by(codes)), bound) for key, (fields, bound) in made.items()
        }

    def _at_home(self, item: Item, was: Item | None) -> bool:
        """Whether the city's files say an item just so."""
        return was is not None and not self._changed(item, was) and self._entry(was) is not None

    def _changed(self, item: Item, was: Item | None) -> list[str]:
        """The fields that are not as the city's files say them, for what people or earlier exports made of them."""
        before = was.fields if was is not None else {}
        row = self.adjust.get(item.key, {})
        names = dict.fromkeys([*before, *item.fields])
        said = [*row.get("fields", ()), *row.get("without", ())]
        return [name for name in names if name in said or before.get(name) != item.fields.get(name)]

    def _write(self, item: Item, was: Item | None, fields: Row, bound: list[str]) -> None:
        changed = self._changed(item, was)
        found = self._entry(was) if was is not None else None
        row = self.adjust.get(item.key, {})
        if was is not None and not changed:
            return
        if not bound and found is not None:
            self.adjust.pop(item.key, None)
            for name in changed:
                _say(*found, item.kind, name, fields.get(name))
        elif not bound and not row.get("gone") and (was is None or NEEDS[item.kind] <= row.get("fields", {}).keys()):
            self.adjust.pop(item.key, None)
            self._add(item, fields)
        else:
            self._adjust(item, changed)
            shown = ", ".join(bound[:_SAID]) + (f" and {len(bound) - _SAID} more" if len(bound) > _SAID else "")
            why = f"it speaks of {shown}" if bound else "an input makes it"
            what = (
                f"{item.kind} {item.code}"
                if was is None or found is None
                else f"what changed of {item.kind} {item.code}"
            )
            self.said.append(f"{what} goes along with {self.city} alone, not into cities made from it: {why}")

    def _adjust(self, item: Item, changed: list[str]) -> None:
        """Say in `adjust` how an item stands, over what is said there already."""
        row = self.adjust.get(item.key, {})
        fields = dict(row.get("fields", {})) | {name: item.fields[name] for name in changed if name in item.fields}
        without = [*row.get("without", []), *(name for name in changed if name not in item.fields)]
        fields = {name: value for name, value in fields.items() if name in item.fields}
        without = [name for name in dict.fromkeys(without) if name not in item.fields]
        if fields or without:
            made: Row = {"kind": item.kind, "code": item.code}
            self.adjust[item.key] = (
                made | ({"fields": fields} if fields else {}) | ({"without": without} if without else {})
            )

    def _add(self, item: Item, fields: Row) -> None:
        """Say an item in the file of its sector, or in city.yaml where it is of none."""
        sector = self.known.sector(item)
        use = self.whole
        if sector is not None:
            uses = self.whole.setdefault("sectors", {})
            use = uses[sector] = uses.get(sector) or {}
        if item.kind == "switch":
            use.setdefault("switched", {})[item.code] = fields["status"]
        elif item.kind == "target":
            said = {name: value for name, value in fields.items() if name != "indicator"}
            use.setdefault("targets", {}).setdefault(fields["indicator"], []).append(said)
        else:
            code = fields.pop("code")
            if sector is not None and fields.get("sector") == sector:
                del fields["sector"]
            use.setdefault(_LISTS[item.kind], []).append({"code": code, **fields})

    def _entry(self, item: Item) -> tuple[Any, Any] | None:
        """Where the city's files say an item: a list or mapping and the place in it; None where an input makes it."""
        uses = [self.whole, *(one for one in (self.whole.get("sectors") or {}).values() if one)]
        for use in uses:
            if item.kind == "switch":
                if item.code in (use.get("switched") or {}):
                    return use["switched"], item.code
                continue
            if item.kind == "target":
                entries = (use.get("targets") or {}).get(item.fields["indicator"]) or []
            else:
                entries = use.get(_LISTS[item.kind]) or []
            for i, one in enumerate(entries):
                if self._is(one, item):
                    return entries, i
        return None

    def _is(self, entry: Row, item: Item) -> bool:
        if item.kind == "target":
            place = item.fields.get("place")
            called = self.gaps.areas.get(str(place), place)
            return entry.get("year") == item.fields["year"] and entry.get("place") in (place, called)
        return "each" not in entry and item.code in (entry.get("code"), self.prefix.lower() + str(entry.get("code")))


def _say(holder: Any, place: Any, kind: str, name: str, value: Any) -> None:
    """Say one field of an entry otherwise."""
    if kind == "switch":
        holder[place] = value
    elif value is None:
        holder[place].pop(name, None)
    else:
        holder[place][name] = value


def by(words: Mapping[str, str]) -> Callable[[str], str]:
    """What calls a name as some words do, and leaves others."""
    return lambda one: words.get(one, one)


class _Gaps:
    """What a city's inputs give, the other way round: the `${…}` that another city fills with its own."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self.areas: dict[str, str] = {}
        self.agencies: dict[str, str] = {}
        self.units: dict[tuple[str, ...], str] = {}
        for name, one in (whole.get("inputs") or {}).items():
            given = one.get("default")
            if one.get("type") == "units":
                self.units[tuple(sorted(str(unit["code"]) for unit in given or ()))] = f"${{{name}.code}}"
            elif one.get("type") in ("area", "agency") and given:
                (self.areas if one["type"] == "area" else self.agencies)[given["code"]] = f"${{{name}.code}}"
        for agency in whole.get("agencies") or ():
            if "${" not in str(agency.get("code")):
                self.agencies[agency["code"]] = agency["code"]  # another city made from this one has it too

    def outward(self, item: Item, prefix: str) -> tuple[Row, list[str]]:
        """An item's fields and code as a file says them for any city, and what of it is this city's alone."""
        kind, fields = item.kind, item.fields
        bound = [f"its {spot.rpartition('.')[2]}" for spot in practice.spots(kind, fields)]
        for what, gaps in (("agency", self.agencies), ("area", self.areas)):
            bound += [one for _, one in practice.names(kind, fields, what) if one not in gaps]
            fields = practice.called(kind, fields, what, by(gaps))
        units = [one for _, one in practice.names(kind, fields, "unit")]
        if units and tuple(sorted(units)) in self.units:
            fields = deepcopy(fields)
            practice.put(fields, ("on", "where", "units"), self.units[tuple(sorted(units))])
        else:
            bound += units
        things = [one for _, one in practice.names(kind, fields, "thing")]
        bound += [one for one in things if not practice.wild(one) or not one.startswith(prefix)]
        fields = practice.called(kind, fields, "thing", lambda one: one.removeprefix(prefix))
        if kind in _LISTS:
            code = item.code
            if prefix and practice.tied(kind, item.fields):
                if not code.startswith(prefix.lower()):
                    bound.append(f"something of this city under a code without its prefix {prefix}")
                code = code.removeprefix(prefix.lower())
            fields = {"code": code, **fields}
        return dict(fields), bound
