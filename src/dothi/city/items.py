"""Items: the flat form in which a blueprint is compared, applied and kept."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

# in the order of making; removal goes the other way
KINDS = (
    "agency", "base", "area", "setting", "property", "sensor", "thing", "datastream", "dataset", "records",
    "office", "crew", "rule", "switch", "schedule", "target",
)  # fmt: skip

Key = tuple[str, str]  # kind, code


@dataclass
class Item:
    """One thing asked for. fields: flat, `properties.<key>` for each key of its properties; values are JSON."""

    kind: str
    code: str
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        """Kind and code."""
        return self.kind, self.code

    @property
    def name(self) -> str:
        """What people call it."""
        name = self.fields.get("name", self.fields.get("title"))
        return str(name.get("vi")) if isinstance(name, dict) else str(name or self.code)


def flat(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields with the properties spread out, None left out, everything as plain JSON values."""
    plain = {name: value for name, value in fields.items() if name != "properties"}
    plain |= {f"properties.{key}": value for key, value in (fields.get("properties") or {}).items()}
    kept = {name: value for name, value in plain.items() if value is not None}
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(kept))
    return made


def whole(fields: dict[str, Any]) -> dict[str, Any]:
    """The opposite of `flat`."""
    made = {name: value for name, value in fields.items() if not name.startswith("properties.")}
    made["properties"] = {name[11:]: value for name, value in fields.items() if name.startswith("properties.")}
    return made


def joined(contents: Iterable[bytes]) -> str:
    """The digest of several files together."""
    return hashlib.sha256(b"\n".join(contents)).hexdigest()[:16]
