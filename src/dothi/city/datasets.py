"""The datasets a city takes up: what its blueprint asks for, what its files hold, and every fault of both."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dothi.city.blueprint import Blueprint, DatasetUse, Place
from dothi.city.items import Item, flat
from dothi.datasets import schema as schemas
from dothi.datasets import vocabulary
from dothi.datasets.declared import Declared
from dothi.kit.errors import Fault
from dothi.packs.lines import Source
from dothi.sensing.sectors import Sectors

_SHOWN = 20  # faults of one file: the rest is counted


@dataclass
class File:
    """The records of a GeoJSON file by their keys, and what is wrong with it."""

    digest: str
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def items(blueprint: Blueprint, taught: Sectors, folder: Path) -> Iterator[Item]:
    """Each dataset and, where there is a file, its records; whatever others refer to comes first."""
    taken = blueprint.taken()
    for code in _referred_first(list(taken), taught):
        (_, use), (sector, one) = taken[code], taught.datasets[code]
        simulated = blueprint.simulated if use.simulated is None else use.simulated
        yield Item("dataset", code, flat({
            "name": one.title.vi, "title_en": one.title.en, "description": one.description.vi,
            "description_en": one.description.en, "agency": use.agency, "sharing": use.sharing, "status": "published",
            "schema": one.kept, "geometry_type": one.geometry_type, "key_field": one.key_field,
            "licence": _licence(blueprint, one, use), "frequency": one.frequency,
            "contact": use.contact or blueprint.catalogue.contact, "keywords": one.keywords, "themes": one.themes,
            "sector": sector, "source": use.source or one.source, "source_url": use.source_url or one.source_url,
            "quality": use.quality or one.quality, "style": one.style.model_dump() if one.style else None,
            "simulated": simulated,
        }))  # fmt: skip
        if use.file is not None:
            yield _records(folder, code, use.file, *_shape(blueprint, code, one))
    for own in _by_hand(blueprint):
        if (folder / own.file).is_file():
            yield _records(folder, own.code, own.file, own.schema, own.key_field)


def _licence(blueprint: Blueprint, one: Declared, use: DatasetUse) -> str | None:
    """The address of a dataset's terms of use; what the city says of all holds for the open ones."""
    said = use.licence or one.licence or (blueprint.catalogue.licence if use.sharing == "open" else None)
    known = vocabulary.licence(said)
    return known.uri if known else said


def _records(folder: Path, code: str, file: str, schema: dict[str, Any], key_field: str | None) -> Item:
    held = read(folder / file, schema, key_field)
    return Item("records", code, {"name": file, "digest": held.digest, "count": len(held.records)})


@dataclass
class _Own:
    """A dataset people made in the city a blueprint was exported from. at: its key."""

    at: tuple[str | int, ...]
    code: str
    file: str
    schema: dict[str, Any]
    key_field: str | None


def _by_hand(blueprint: Blueprint) -> Iterator[_Own]:
    """The datasets with records that only `adjust` knows of."""
    described = {one.code: one.fields for one in blueprint.adjust if one.kind == "dataset"}
    taken = blueprint.taken()
    for i, one in enumerate(blueprint.adjust):
        if one.kind == "records" and one.code not in taken and one.code in described:
            said = described[one.code]
            yield _Own(
                ("adjust", i), one.code, str(one.fields.get("name")), said.get("schema") or {}, said.get("key_field")
            )


def _shape(blueprint: Blueprint, code: str, one: Declared) -> tuple[dict[str, Any], str | None]:
    """A dataset's schema and key: as its pack declares it, or as people had it where the blueprint was exported."""
    said = next((a.fields for a in blueprint.adjust if a.kind == "dataset" and a.code == code), {})
    return said.get("schema", one.schema_), said.get("key_field", one.key_field)


def _referred_first(codes: list[str], taught: Sectors) -> list[str]:
    made: list[str] = []

    def add(code: str, above: tuple[str, ...]) -> None:
        if code in made or code in above or code not in codes:
            return
        for other in taught.datasets[code][1].references.values():
            add(other, (*above, code))
        made.append(code)

    for code in codes:
        add(code, ())
    return made


def faults(blueprint: Blueprint, source: Source, taught: Sectors, folder: Path) -> list[Fault]:
    """Names that lead nowhere, files that are not there, records their schemas refuse."""
    found: list[Fault] = []
    agencies = [agency.code for agency in blueprint.agencies]
    held: dict[str, File] = {}
    taken = blueprint.taken()
    found += _unknown_licences(blueprint, source)
    for code, (here, use) in taken.items():
        if use.agency not in agencies:
            found.append(source.fault((*here, "agency"), f'no agency "{use.agency}"', near=(use.agency, agencies),
                                      allowed=", ".join(agencies) if len(agencies) <= 12 else None))  # fmt: skip
        if code not in taught.datasets:
            known = list(taught.datasets)
            found.append(source.fault(here, f'no sector declares a dataset "{code}"', near=(code, known),
                                      allowed=", ".join(known)))  # fmt: skip
            continue
        sector, one = taught.datasets[code]
        if sector not in blueprint.sectors:
            found.append(
                source.fault(here, f'its sector "{sector}" is not switched on', allowed=f"{sector}: {{}} under sectors")
            )
        found += [
            source.fault(here, f'refers to dataset "{other}", which this city does not take up')
            for other in one.references.values()
            if other not in taken
        ]
        if use.file is None:
            continue
        path = folder / use.file
        if not path.is_file() or folder.resolve() not in path.resolve().parents:
            found.append(source.fault((*here, "file"), f'no file "{use.file}" beside city.yaml'))
            continue
        held[code] = read(path, *_shape(blueprint, code, one))
        found += _named(f"{folder.name}/{use.file}", held[code].faults)
    for own in _by_hand(blueprint):
        path = folder / own.file
        if not path.is_file() or folder.resolve() not in path.resolve().parents:
            found.append(source.fault((*own.at, "fields", "name"), f'no file "{own.file}" beside city.yaml'))
            continue
        found += _named(f"{folder.name}/{own.file}", read(path, own.schema, own.key_field).faults)
    for code, file in held.items():
        use = taken[code][1]
        found += _named(f"{folder.name}/{use.file}", _astray(taught.datasets[code][1], file, held))
    return found


def _unknown_licences(blueprint: Blueprint, source: Source) -> Iterator[Fault]:
    said: list[tuple[Place, str | None]] = [(("catalogue", "licence"), blueprint.catalogue.licence)]
    said += [((*here, "licence"), use.licence) for here, use in blueprint.taken().values()]
    for at, licence in said:
        if licence and vocabulary.licence(licence) is None and not licence.startswith(("https://", "http://")):
            codes = [one.code for one in vocabulary.LICENCES]
            yield source.fault(
                at, f'no licence "{licence}"', near=(licence, codes), allowed=f"an address, or {', '.join(codes)}"
            )


def _named(name: str, faults: list[Fault]) -> Iterable[Fault]:
    for fault in faults[:_SHOWN]:
        yield Fault(f"{name}: {fault.place}", fault.message, fault.allowed)
    if len(faults) > _SHOWN:
        yield Fault(name, f"and {len(faults) - _SHOWN} more faults")


def _astray(one: Declared, file: File, held: dict[str, File]) -> list[Fault]:
    """Records that refer to a key no file holds."""
    return [
        Fault(f"features.{key}: properties.{name}", f'no record "{feature["properties"][name]}" in {other}')
        for name, other in one.references.items() if other in held
        for key, feature in file.records.items()
        if feature["properties"].get(name) is not None and str(feature["properties"][name]) not in held[other].records
    ]  # fmt: skip


def read(path: Path, schema: dict[str, Any], key_field: str | None) -> File:
    """The records of a file; read again only when the file changed."""
    stat = path.stat()
    return _read(path, stat.st_mtime_ns, stat.st_size, json.dumps(schema, sort_keys=True), key_field)


@lru_cache(maxsize=64)
def _read(path: Path, _mtime: int, _size: int, schema: str, key_field: str | None) -> File:
    data = path.read_bytes()
    file = File(hashlib.sha256(data).hexdigest()[:16])
    try:
        features = json.loads(data)["features"]
        if not isinstance(features, list):
            raise TypeError("features is not a list")  # noqa: TRY301 - said as any other fault of the text
    except (ValueError, KeyError, TypeError) as error:
        file.faults.append(Fault("", f"cannot be read: {error}", "a GeoJSON FeatureCollection"))
        return file
    checker = schemas.checker(json.loads(schema))
    for i, feature in enumerate(features):
        _take(file, i, feature, key_field, checker)
    return file


def _take(file: File, i: int, feature: Any, key_field: str | None, checker: schemas.Checker) -> None:
    if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
        file.faults.append(Fault(f"features.{i}", "is no feature with properties", "a GeoJSON Feature"))
        return
    properties = feature["properties"]
    key = properties.get(key_field) if key_field else feature.get("id")
    place = f"features.{key if isinstance(key, str) and key else i}"
    if key is None or key == "":
        file.faults.append(Fault(place, "has no key", f"properties.{key_field}" if key_field else "id"))
        return
    if str(key) in file.records:
        file.faults.append(Fault(place, f'the key "{key}" is given twice'))
        return
    _, faults = checker.clean(properties)
    file.faults += [Fault(f"{place}: {fault.place}", fault.message, fault.allowed) for fault in faults]
    file.records[str(key)] = {"type": "Feature", "geometry": feature.get("geometry"), "properties": properties}
