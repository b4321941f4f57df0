"""The canonical text of a journal entry, and the chain of hashes over runs of entries. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

FIELDS = ("id", "at", "kind", "actor", "agency_id", "subject", "place", "visibility", "data")
GENESIS = "0" * 64


def line(entry: Mapping[str, Any]) -> bytes:
    """One entry as canonical JSON: the FIELDS, keys sorted, no spaces, UTF-8, a newline at the end."""
    kept = {name: entry.get(name) for name in FIELDS}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def chain(previous: str, entries: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 (hexadecimal) over the seal before and the canonical lines of the entries, in the order of their ids."""
    digest = hashlib.sha256(previous.encode() + b"\n")
    for entry in entries:
        digest.update(line(entry))
    return digest.hexdigest()
