"""A running city as a blueprint: its files as applied, and over them what people made of it. Nothing of any person.

Accounts, contacts, cases and observations are no part of a blueprint. Records go along of datasets that are shared or
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
from dothi.city.drift import added
from dothi.city.items import Item, Key
from dothi.datasets import schema as schemas
from dothi.kit.errors import BadInput, Fault, NotFound
from dothi.packs import Text

FIRST = ("city", "version", "name", "summary", "simulated", "prefix", "centre", "zoom", "inputs", "places", "agencies")
KEPT_APART = ("base", "records", "setting")


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
    adjust = [*whole.pop("adjust", []), *_adjusted(session, city, applied, now)]
    if adjust:
        whole["adjust"] = adjust
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


def _adjusted(session: Session, city: str, applied: dict[Key, Item], now: dict[Key, Item]) -> list[dict[str, Any]]:
    """What people changed, removed and made, item by item."""
    rows: list[dict[str, Any]] = []
    for key, item in applied.items():
        if item.kind in KEPT_APART:
            continue
        code, have = item.code, now.get(key)
        if have is None:
            rows.append({"kind": item.kind, "code": code, "gone": True})
            continue
        fields = {
            name: have.fields[name]
            for name in item.fields
            if name in have.fields and have.fields[name] != item.fields[name]
        }
        without = [name for name in item.fields if name not in have.fields]
        if fields or without:
            rows.append(
                {
                    "kind": item.kind,
                    "code": code,
                    **({"fields": fields} if fields else {}),
                    **({"without": without} if without else {}),
                }
            )
    rows += [
        {"kind": one.kind, "code": one.code, "fields": one.fields}
        for one in added(session, city, applied)
        if one.kind != "dataset"
    ]
    return rows


def _records(
    session: Session, whole: dict[str, Any], applied: dict[Key, Item], now: dict[Key, Item], made: Exported, source: Path | None
) -> None:  # fmt: skip
    """The records of each dataset the city takes up, as a file beside city.yaml."""
    for use in (whole, *(one for one in (whole.get("sectors") or {}).values() if one)):
        for code, taken in (use.get("datasets") or {}).items():
            name = taken.pop("file", None)
            item = next(
                (one for one in applied.values() if one.kind == "records" and store.dataset_of(one.code) == code), None
            )
            dataset = store.dataset(session, code)
            if item is None or dataset is None or name is None:
                continue
            if dataset.sharing == "restricted":
                made.said.append(f"{code}: restricted, so its records stay here")
                continue
            have = now.get(item.key)
            same = have is not None and have.fields.get("digest") == item.fields["digest"]
            path = None if source is None else source / name
            personal = {one.name for one in schemas.fields(dataset.schema) if one.personal}
            if (
                same
                and not personal
                and path is not None
                and path.is_file()
                and store.digest(path.read_bytes()) == item.fields["digest"]
            ):
                made.files[name] = path.read_bytes()
            else:
                made.files[name] = _features(session, code, personal, store.keys_of(session, item.code))
            if personal:
                made.said.append(f"{code}: without " + ", ".join(sorted(personal)))
            taken["file"] = name


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
