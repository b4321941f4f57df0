"""A running city as a blueprint: its files as applied, and over them what people made of it. Nothing of any person.

Accounts, contacts, cases and observations are no part of a blueprint. Rules, schedules and targets go along without
who set them: see `carrying`. Records go along of datasets that are shared or
open, without the fields their schema calls personal.
"""

import datetime as dt
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from sqlalchemy.orm import Session

from dothi.city import store
from dothi.city.carrying import Carrier
from dothi.city.drift import added, shared
from dothi.city.items import Item, Key
from dothi.city.migrations import FILE
from dothi.city.practice import KINDS as PRACTICE
from dothi.city.practising import Known
from dothi.datasets import schema as schemas
from dothi.datasets.tables import Dataset
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.packs import Text
from dothi.sensing.sectors import sectors

FIRST = ("city", "version", "name", "summary", "simulated", "prefix", "centre", "zoom", "inputs", "places", "agencies")
KEPT_APART = ("base", "records", "setting", *PRACTICE)


@dataclass
class Exported:
    """The files of a blueprint by name; said: what was left out, and why."""

    city: str
    files: dict[str, bytes] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> None:
        """Put the files into a folder. Raises BadInput when it holds something."""
        if folder.exists() and any(folder.iterdir()):
            raise BadInput(f"{folder} is not empty", [Fault("folder", str(folder), "a folder that is not there yet")])
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def export(session: Session, city: str, source: Path | None = None) -> Exported:
    """A city as it runs now. source: its folder, for files of records that nobody changed. Raises NotFound."""
    last = store.latest(session, city)
    written = (last.blueprint or {}).get("written") if last is not None else None
    if last is None or not written:
        known = ", ".join(store.cities(session)) or "none"
        raise NotFound(
            f"{city} was not applied here in a version that can be exported; apply it first (applied: {known})"
        )
    applied = store.kept_items(last)
    now = store.running(session, applied.keys())
    made = Exported(city)
    whole = json.loads(json.dumps(written))
    _sketches(session, city, applied, made)
    _records(session, whole, applied, now, made, source)
    _beside(whole, made, source)
    made_here = added(session, city, applied)
    own = [one for one in made_here if one.kind not in PRACTICE]
    adjust = {(one["kind"], one["code"]): one for one in whole.pop("adjust", [])}
    for row in [*_adjusted(applied, now), *_added(own, made)]:
        adjust[row["kind"], row["code"]] = _over(adjust.get((row["kind"], row["code"])), row)
    _own_records(session, adjust, own, made)
    standing = [*(now[key] for key in applied if key in now), *made_here]
    ground = Known.of(standing, sectors(), whole.get("sectors") or {})
    practised = [*(one for one in made_here if one.kind in PRACTICE), *shared(session, city, applied)]
    Carrier(city, whole, adjust, ground, made.said).carry(applied, now, practised)
    if adjust:
        whole["adjust"] = list(adjust.values())
    if nameless := store.nameless(session):
        made.said.append(f"{nameless} things have no code and stay here: a code in their properties takes them along")
    uses = whole.get("sectors") or {}
    whole["sectors"] = {code: {} for code, use in uses.items() if not use}
    for code, use in uses.items():
        if use:
            made.files[f"sectors/{code}.yaml"] = _yaml(use, f"The sector {code} of {city}, as it ran when exported.")
    ordered = {name: whole.pop(name) for name in FIRST if whole.get(name) is not None} | whole
    made.files["city.yaml"] = _yaml(ordered, f"{city}, exported from the running city; no data of any person.")
    return made


def _sketches(session: Session, city: str, applied: dict[Key, Item], made: Exported) -> None:
    item = applied.get(("base", city))
    for name in str(item.fields.get("name", "")).split(", ") if item is not None else []:
        content = store.file(session, city, name, item.fields["digest"]) if item is not None and name else None
        if content is not None:
            made.files[name] = content
        elif name:
            raise NotFound(
                f"the sketch {name} was not kept when {city} was applied; apply it once more from its folder"
            )


def _adjusted(applied: dict[Key, Item], now: dict[Key, Item]) -> list[dict[str, Any]]:
    """What people changed, filled in and removed, item by item."""
    rows: list[dict[str, Any]] = []
    for key, item in applied.items():
        if item.kind in KEPT_APART:
            continue
        have = now.get(key)
        if have is None:
            if not (item.kind == "datastream" and ("thing", str(item.fields.get("thing"))) not in now):  # goes with it
                rows.append({"kind": item.kind, "code": item.code, "gone": True})
            continue
        fields = {name: value for name, value in have.fields.items() if item.fields.get(name) != value}
        without = [name for name in item.fields if name not in have.fields]
        if fields or without:
            row: dict[str, Any] = {"kind": item.kind, "code": item.code}
            rows.append(row | ({"fields": fields} if fields else {}) | ({"without": without} if without else {}))
    return rows


def _added(own: list[Item], made: Exported) -> list[dict[str, Any]]:
    """What people made beside the blueprint."""
    rows: list[dict[str, Any]] = []
    for one in own:
        if one.kind == "datastream" and not {"thing", "sensor", "property"} <= one.fields.keys():
            made.said.append(f"{one.code}: its sensor or observed property has no code, so it stays here")
            continue
        rows.append({"kind": one.kind, "code": one.code, "fields": one.fields})
    return rows


def _own_records(session: Session, adjust: dict[Key, dict[str, Any]], own: list[Item], made: Exported) -> None:
    """The records of datasets people made beside the blueprint, here or where it was exported before, as files."""
    before = [code for kind, code in adjust if kind == "records"]
    for code in dict.fromkeys([*before, *(one.code for one in own if one.kind == "dataset")]):
        row, dataset = adjust.pop(("records", code), None), store.dataset(session, code)
        if dataset is None or not dataset.count:
            continue
        if dataset.sharing == "restricted":
            made.said.append(f"{code}: restricted, so its records stay here")
            continue
        name = str(row["fields"]["name"]) if row is not None else f"data/{code}.geojson"
        _write(session, dataset, name, None, made)
        adjust["records", code] = {"kind": "records", "code": code, "fields": {"name": name}}


def _over(before: dict[str, Any] | None, row: dict[str, Any]) -> dict[str, Any]:
    """What an earlier export said of an item, and over it what is so now."""
    if before is None or row.get("gone") or before.get("gone"):
        return row
    without = [*before.get("without", []), *row.get("without", [])]
    fields = {
        name: value
        for name, value in {**before.get("fields", {}), **row.get("fields", {})}.items()
        if name not in row.get("without", [])
    }
    without = [name for name in dict.fromkeys(without) if name not in row.get("fields", {})]
    made = {"kind": row["kind"], "code": row["code"]}
    return made | ({"fields": fields} if fields else {}) | ({"without": without} if without else {})


def _beside(whole: dict[str, Any], made: Exported, source: Path | None) -> None:
    """Files of the city's folder the database does not keep: its migrations, timetables of its feeds."""
    names = {FILE: "how earlier versions become this one"} if source is not None and (source / FILE).is_file() else {}
    for use in (whole.get("sectors") or {}).values():
        names |= {
            str(one["file"]): "a timetable" for one in ((use or {}).get("feeds") or {}).values() if one.get("file")
        }
    for name, what in names.items():
        if source is not None and (source / name).is_file():
            made.files[name] = (source / name).read_bytes()
        else:
            made.said.append(f"{name} ({what}) is not in the folder of the city; put it beside city.yaml")


def _records(
    session: Session, whole: dict[str, Any], applied: dict[Key, Item], now: dict[Key, Item], made: Exported, source: Path | None
) -> None:  # fmt: skip
    """The records of each dataset the city takes up, as a file beside city.yaml."""
    loaded = {store.dataset_of(one.code): one for one in applied.values() if one.kind == "records"}
    for use in (whole, *(one for one in (whole.get("sectors") or {}).values() if one)):
        for code, taken in (use.get("datasets") or {}).items():
            name, item, dataset = taken.pop("file", None), loaded.get(code), store.dataset(session, code)
            if dataset is None or ((item is None or name is None) and not store.by_people(session, code)):
                continue
            if dataset.sharing == "restricted":
                made.said.append(f"{code}: restricted, so its records stay here")
                continue
            name = name or f"data/{code}.geojson"
            have = None if item is None else now.get(item.key)
            path = None if source is None or item is None or have is None else source / name
            if path is not None and item is not None and have is not None:
                digest = item.fields["digest"]
                same = have.fields.get("digest") == digest
                if same and not _personal(dataset) and path.is_file() and store.digest(path.read_bytes()) == digest:
                    made.files[name] = path.read_bytes()
            if name not in made.files:
                _write(session, dataset, name, item, made)
            taken["file"] = name


def _personal(dataset: Dataset) -> set[str]:
    return {one.name for one in schemas.fields(dataset.schema) if one.personal}


def _write(session: Session, dataset: Dataset, name: str, item: Item | None, made: Exported) -> None:
    personal = _personal(dataset)
    own = None if item is None else store.keys_of(session, item.code)
    made.files[name] = _features(session, dataset.code, personal, own)
    if personal:
        made.said.append(f"{dataset.code}: without " + ", ".join(sorted(personal)))


def _features(session: Session, code: str, personal: set[str], own: set[str] | None) -> bytes:
    features = [
        {**feature, "id": key, "properties": {n: v for n, v in feature["properties"].items() if n not in personal}}
        for key, feature in sorted(store.records_now(session, code).items())
        if own is None or key in own
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1).encode()


def _yaml(value: Any, title: str) -> bytes:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 140
    out = io.StringIO()
    out.write(f"# {title}\n")
    yaml.dump(_plain(value), out)
    return out.getvalue().encode()


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return value.model_dump()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, dt.date) else value
