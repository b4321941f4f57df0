"""What a blueprint asks for, as a flat list of items: the form in which it is compared, applied and kept."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dothi import packs
from dothi.city import cases, datasets, overrides, practising
from dothi.city.blueprint import Adjusted, Agency, Blueprint, Group, Stream
from dothi.city.items import KINDS, Item, Key, flat, joined, whole
from dothi.city.spread import Sketch, Spot, find, read_sketch, spots
from dothi.kit.errors import BadInput, Fault
from dothi.packs.lines import Source
from dothi.packs.overrides import Override
from dothi.sensing.sectors import Property, Sectors, sectors

OBSERVATION = "http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_"
OBSERVATION_TYPES = {
    "measurement": OBSERVATION + "Measurement", "count": OBSERVATION + "CountObservation",
    "truth": OBSERVATION + "TruthObservation", "category": OBSERVATION + "CategoryObservation",
}  # fmt: skip
# what an item of a kind is nothing without, where the blueprint itself does not make it
NEEDS = {
    "datastream": {"name", "thing", "sensor"}, "office": {"type", "agency"}, "dataset": {"name", "schema"},
    "rule": {"title", "on", "when"}, "switch": {"status"}, "schedule": {"title", "kind", "things", "steps"},
    "target": {"indicator", "year", "value"},
}  # fmt: skip


def items(blueprint: Blueprint, source: Source, folder: Path, taught: Sectors | None = None) -> list[Item]:
    """Everything a blueprint asks for. Raises BadInput with every name that leads nowhere, with its line."""
    taught = taught or sectors()
    files = [folder / name for name in (blueprint.places.base, blueprint.places.wards) if name]
    missing = [path for path in files if not path.exists()]
    faults = [
        source.fault(("places", key), f'no file "{name}" beside city.yaml')
        for key, name in (("base", blueprint.places.base), ("wards", blueprint.places.wards))
        if name and folder / name in missing
    ]
    sketch = read_sketch(*(path for path in files if path not in missing))
    for called in (one for name, one in blueprint.inputs.items() if blueprint.declared[name].type == "lines"):
        sketch.called |= called
    faults += [*_name_faults(blueprint, source, taught, sketch), *datasets.faults(blueprint, source, taught, folder)]
    faults += cases.faults(blueprint, source)
    packs.refuse(faults, source.name)
    practice = list(practising.items(blueprint))
    made: list[Item] = [
        *_places(blueprint, files), *_teaching(blueprint, taught), *_things(blueprint, taught, sketch),
        *datasets.items(blueprint, taught, folder), *cases.items(blueprint), *(item for _, item in practice),
    ]  # fmt: skip
    made = _adjusted(made, blueprint.adjust, source) if blueprint.adjust else made
    packs.refuse(_twice(made, source), source.name)
    places: dict[Key, tuple[str | int, ...]] = {item.key: here for here, item in practice}
    places |= {(one.kind, one.code): ("adjust", i, "fields") for i, one in enumerate(blueprint.adjust)}
    made, faults = practising.settled(made, places, source, taught, blueprint.sectors)
    packs.refuse(faults, source.name)
    return sorted(made, key=lambda item: KINDS.index(item.kind))


def _adjusted(made: list[Item], adjust: list[Adjusted], source: Source) -> list[Item]:
    """The items as people had them in the city a blueprint was exported from. Raises BadInput for what nothing makes."""
    held = {item.key: item for item in made}
    gone = {one.code for one in adjust if one.gone and one.kind == "thing"}
    faults: list[Fault] = []
    for i, one in enumerate(adjust):
        key = (one.kind, one.code)
        if one.gone:
            held.pop(key, None)
            continue
        if one.kind == "records":  # read from its file
            continue
        if key not in held and not NEEDS.get(one.kind, {"name"}) <= one.fields.keys():
            known = [code for kind, code in held if kind == one.kind]
            faults.append(
                source.fault(("adjust", i, "code"), f'no {one.kind} "{one.code}" to adjust', near=(one.code, known))
            )
            continue
        fields = {**(held[key].fields if key in held else {}), **one.fields}
        held[key] = Item(one.kind, one.code, {name: value for name, value in fields.items() if name not in one.without})
    # a thing that is gone takes its datastreams along
    left = {
        key: item for key, item in held.items() if item.kind != "datastream" or item.fields.get("thing") not in gone
    }
    faults += _loose(left, adjust, source)
    packs.refuse(faults, source.name)
    return list(left.values())


def _loose(held: dict[Key, Item], adjust: list[Adjusted], source: Source) -> Iterator[Fault]:
    """Adjusted datastreams on things, sensors and properties the blueprint does not have."""
    for i, one in enumerate(adjust):
        item = held.get((one.kind, one.code))
        for name in ("thing", "sensor", "property") if item is not None and one.kind == "datastream" else ():
            code = str(item.fields.get(name)) if item is not None else ""
            if (name, code) not in held:
                known = [other for kind, other in held if kind == name]
                at = ("adjust", i, "fields", name) if name in one.fields else ("adjust", i, "code")
                yield source.fault(at, f'no {name} "{code}"', near=(code, known))


def _twice(made: Iterable[Item], source: Source) -> list[Fault]:
    seen: dict[Key, Item] = {}
    faults = []
    for item in made:
        if item.key in seen:
            faults.append(
                source.fault(
                    (), f'two things are called {item.kind} "{item.code}"', allowed="{n} in the code of a group"
                )
            )
        seen[item.key] = item
    return faults


def _parents_first(agencies: list[Agency]) -> list[Agency]:
    return sorted(agencies, key=lambda agency: len(_above(agency.code, agencies)))


def _places(blueprint: Blueprint, files: list[Path]) -> Iterator[Item]:
    for agency in _parents_first(blueprint.agencies):
        yield Item("agency", agency.code, flat({
            "name": agency.name.vi, "name_en": agency.name.en, "electronic_code": agency.electronic_code,
            "parent": agency.parent,
        }))  # fmt: skip
    if files:
        digest = joined(path.read_bytes() for path in files)
        yield Item("base", blueprint.city, {"name": ", ".join(path.name for path in files), "digest": digest})
    for area in blueprint.places.areas:
        yield Item("area", area.code, flat({
            "name": area.name.vi, "name_en": area.name.en, "kind": area.kind, "units": area.units,
            "valid_from": area.valid_from, "valid_to": area.valid_to, "properties": area.properties,
        }))  # fmt: skip
    yield Item("setting", "city", flat({
        "code": blueprint.city, "name": blueprint.name.model_dump(), "version": blueprint.version,
        "summary": blueprint.summary.model_dump() if blueprint.summary else None, "simulated": blueprint.simulated,
        "centre": blueprint.centre, "zoom": blueprint.zoom, "sectors": sorted(blueprint.sectors),
        "areas": [area.code for area in blueprint.places.areas],
    }))  # fmt: skip
    for name, value in _settings(blueprint):
        if value:
            yield Item("setting", name, flat(value))


def _settings(blueprint: Blueprint) -> Iterator[tuple[str, Any]]:
    """What rooms read of a city beside its name: inputs, overrides of packs, actuators, addresses of feeds."""
    yield "inputs", blueprint.inputs
    yield overrides.SETTING, overrides.item(blueprint.city, overrides.of(blueprint))
    simulated = blueprint.simulated
    actuators = [
        {
            "sector": code,
            "simulated": simulated,
            **one.model_dump(exclude_none=True),
            "things": [(blueprint.prefix or "") + name for name in one.things],
        }
        for code, use in blueprint.sectors.items()
        for one in use.actuators
    ]
    yield "actuators", {"values": actuators} if actuators else None
    yield (
        "feeds",
        {
            code: {"sector": sector, "simulated": simulated, **one.model_dump(exclude_none=True)}
            for sector, use in blueprint.sectors.items()
            for code, one in use.feeds.items()
        },
    )


def _teaching(blueprint: Blueprint, taught: Sectors) -> Iterator[Item]:
    for property_ in taught.properties.values():
        sector = taught.sector_of[property_.code]
        if sector not in blueprint.sectors:
            continue
        described = property_.description or property_.name
        yield Item("property", property_.code, flat({
            "name": property_.name.vi, "description": described.vi, "definition": property_.definition,
            "properties": {
                "sector": sector, "name_en": property_.name.en,
                "model": property_.model.model_dump() if property_.model else None,
            },
        }))  # fmt: skip
    for _, model in blueprint.all_models():
        yield Item("sensor", model.code, flat({
            "name": model.name, "description": model.description.vi, "encodingType": "application/json",
            "metadata": {"description_en": model.description.en}, "properties": model.properties,
        }))  # fmt: skip


def _things(blueprint: Blueprint, taught: Sectors, sketch: Sketch) -> Iterator[Item]:
    for _, group in blueprint.groups():
        for n, spot in enumerate(spots(group.at, sketch), 1):
            yield from _thing(blueprint, group, n, spot, taught)


def _thing(blueprint: Blueprint, group: Group, n: int, spot: Spot, taught: Sectors) -> Iterator[Item]:
    words = {"n": n, "road": spot.road or "", "city": blueprint.name.vi}
    code = (blueprint.prefix or "") + (spot.code or group.code.format(**words))
    name: packs.Text = spot.name or packs.Text(vi=group.name.vi.format(**words), en=group.name.en.format(**words))
    simulated = blueprint.simulated if group.simulated is None else group.simulated
    described = group.description or group.name
    road = {"road": spot.road} if spot.road else {}
    own = {
        "sector": group.sector, "simulated": simulated, "sharing": group.sharing, "name_en": name.en,
        "official": True if group.official else None, **road, **group.properties, **spot.properties,
    }  # fmt: skip
    yield Item("thing", code, flat({
        "name": name.vi, "description": described.vi.format(**words), "lon": spot.lon, "lat": spot.lat,
        "agency": group.agency, "properties": {k: v for k, v in own.items() if v is not None},
    }))  # fmt: skip
    for stream in group.datastreams:
        use = blueprint.sectors.get(taught.sector_of[stream.property])
        stale = None if use is None else use.stale_minutes.get(stream.property)
        yield _datastream(code, name, group, stream, taught, stale)


def _datastream(
    thing: str, name: packs.Text, group: Group, stream: Stream, taught: Sectors, stale: float | None
) -> Item:
    """stale: the city's own patience, said of each datastream, as other cities share the property."""
    known = taught.properties[stream.property]
    levels = {code: one.model_dump(exclude_none=True) for code, one in (stream.levels or {}).items()}
    source = stream.levels_source
    if stream.station is not None:
        station = taught.stations[stream.station]
        levels = {code: one.model_dump(exclude_none=True) for code, one in station.levels.items()}
        source = station.source
    own = {
        "every_seconds": stream.every_seconds, "levels": levels or None, "levels_source": source, "name_en": known.name.en,
        "stale_minutes": stale, **stream.properties,
    }  # fmt: skip
    return Item("datastream", f"{thing}.{stream.property}", flat({
        "name": known.name.vi, "description": f"{known.name.vi}: {name.vi}", "observationType": OBSERVATION_TYPES[known.kind],
        "unitOfMeasurement": known.unit.sensorthings(), "thing": thing, "sensor": stream.model or group.model,
        "property": stream.property, "properties": {k: v for k, v in own.items() if v is not None},
    }))  # fmt: skip


def _name_faults(blueprint: Blueprint, source: Source, taught: Sectors, sketch: Sketch) -> list[Fault]:
    """Every name of the blueprint that leads nowhere."""
    agencies = [agency.code for agency in blueprint.agencies]
    faults: list[Fault] = []

    def check(path: tuple[str | int, ...], what: str, written: str | None, names: Iterable[str]) -> None:
        known = list(names)
        if written is not None and written not in known:
            allowed = ", ".join(known) if len(known) <= 12 else None
            faults.append(source.fault(path, f'no {what} "{written}"', near=(written, known), allowed=allowed))

    for i, agency in enumerate(blueprint.agencies):
        check(("agencies", i, "parent"), "agency", agency.parent, agencies)
        if agency.code in _above(agency.code, blueprint.agencies):
            faults.append(source.fault(("agencies", i, "parent"), "an agency stands above itself"))
    for code, use in blueprint.sectors.items():
        check(("sectors", code), "sector", code, taught.sectors)
        for property_ in use.stale_minutes:
            own = [one for one, sector in taught.sector_of.items() if sector == code]
            check(("sectors", code, "stale_minutes", property_), "property", property_, own)
        for i, actuator in enumerate(use.actuators):
            check(
                ("sectors", code, "actuators", i, "kind"),
                "kind of actuator",
                actuator.kind,
                _codes(taught, "tasking.yaml", "kinds"),
            )
        for feed in use.feeds:
            check(("sectors", code, "feeds", feed), "feed", feed, _codes(taught, "feeds.yaml", "feeds"))
    models = [model.code for _, model in blueprint.all_models()]
    on = [code for code, sector in taught.sector_of.items() if sector in blueprint.sectors]
    for here, group in blueprint.groups():
        check((*here, "agency"), "agency", group.agency, agencies)
        check((*here, "sector"), "sector switched on", group.sector, blueprint.sectors)
        check((*here, "model"), "model", group.model, models)
        for j, along in enumerate(group.at.along):
            if sketch.line(along.name) is None:
                check((*here, "at", "along", j, "name"), "line", along.name, sketch.lines)
        for j, ward in enumerate(group.at.grid.wards if group.at.grid else []):
            if find(ward, sketch.wards) is None:
                check((*here, "at", "grid", "wards", j), "ward", ward, sketch.wards)
        for j, stream in enumerate(group.datastreams):
            there = (*here, "datastreams", j)
            check((*there, "property"), "property of a sector switched on", stream.property, on)
            check((*there, "model"), "model", stream.model, models)
            check((*there, "station"), "station", stream.station, taught.stations)
            known: Property | None = taught.properties.get(stream.property)
            for level in stream.levels or {}:
                check(
                    (*there, "levels", level), "level", level, [one.code for one in known.state.levels] if known else []
                )
        faults += _template_faults(source, here, group)
    return faults


def _codes(taught: Sectors, file: str, key: str) -> list[str]:
    return [
        one.code for pack in taught.packs.values() if pack.files.get(file) for one in getattr(pack.files[file], key)
    ]


def _above(code: str, agencies: list[Agency]) -> set[str]:
    parents = {agency.code: agency.parent for agency in agencies}
    found: set[str] = set()
    parent = parents.get(code)
    while parent is not None and parent not in found:
        found.add(parent)
        parent = parents.get(parent)
    return found


def _template_faults(source: Source, here: tuple[str | int, ...], group: Group) -> list[Fault]:
    faults = []
    for path, text in (("code", group.code), ("name", group.name.vi), ("name", group.name.en)):
        try:
            text.format(n=1, road="", city="")
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            faults.append(
                source.fault(
                    (*here, path), f"{text!r} cannot be filled in: {error}", allowed="{n}, {n:03}, {road}, {city}"
                )
            )
    return faults


def read(folder: Path, others: list[Override] | None = None) -> tuple[Blueprint, list[Item]]:
    """A city's blueprint and everything it asks for. Raises BadInput with every fault.

    others: what other cities of the installation set otherwise than their packs.
    """
    from dothi.city.blueprint import load

    blueprint, source = load(folder)
    mine = overrides.of(blueprint, source)
    packs.refuse(list(overrides.contradictions(mine, others or [])), source.name)
    return blueprint, items(
        blueprint, source, beside(folder), overrides.taught(mine, others or []) if mine or others else None
    )


def beside(folder: Path) -> Path:
    """The folder of city.yaml."""
    return folder.parent if folder.suffix in (".yaml", ".yml") else folder


__all__ = ["KINDS", "BadInput", "Item", "Key", "flat", "items", "read", "whole"]
