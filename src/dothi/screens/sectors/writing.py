"""Answers for programs: what the pages show, with instants in ISO 8601 and whole addresses."""

import json
from dataclasses import fields, is_dataclass
from typing import Any

from starlette.responses import Response

from dothi.kit import clock
from dothi.screens.sectors.asking import Ask, Wanted

_INSTANTS = {"at", "due", "begin", "end"}
_ADDRESSES = {"href", "api", "receipt"}


def written(made: Any, ask: Ask, asked: Wanted) -> Response:
    """A JSON answer. Every number has `unit`, `at`, `source`, `simulated`, and `api` or `href` of where it is from."""
    whole = {
        "asked": {"at": clock.iso(asked.at if asked.at is not None else ask.now), "place": asked.place, "language": ask.language},
        "answers": plain(made, ask.base),
    }  # fmt: skip
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, media_type="application/json", headers={"cache-control": "no-cache"})


def plain(value: Any, base: str, name: str = "") -> Any:
    """A value as JSON has it: what is empty is left out of objects."""
    if is_dataclass(value) and not isinstance(value, type):
        found = {one.name: plain(getattr(value, one.name), base, one.name) for one in fields(value)}
        return {key: one for key, one in found.items() if one not in (None, "", [])}
    if isinstance(value, dict):
        return {key: plain(one, base, str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple):
        if name == "points":
            return [[clock.iso(at), number] for at, number in value]
        return [plain(one, base) for one in value]
    if name in _INSTANTS and isinstance(value, int):
        return clock.iso(value)
    if name in _ADDRESSES and isinstance(value, str) and value.startswith("/"):
        return base + value
    return value
