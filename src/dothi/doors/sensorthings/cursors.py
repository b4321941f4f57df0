"""Cursors: where the next page begins, as an opaque text of a URL that survives inserts."""

import base64
import binascii
from typing import Any

import msgspec

from dothi.kit.errors import BadInput, Fault


def read(token_: str | None) -> list[Any] | None:
    """The values of a cursor; None when there is no cursor."""
    if token_ is None:
        return None
    try:
        values = msgspec.json.decode(base64.urlsafe_b64decode(token_ + "=" * (-len(token_) % 4)))
    except (ValueError, binascii.Error, msgspec.DecodeError, RecursionError):
        values = None
    if isinstance(values, list) and 0 < len(values) < 40:
        return values
    raise bad()


def binds(values: list[Any], kinds: tuple[str, ...]) -> dict[str, Any]:
    """The bound values c0, c1 and so on; refused unless they are of the kinds the collection is sorted by."""
    if len(values) != len(kinds):
        raise bad()
    bound = {}
    for place, (value, kind) in enumerate(zip(values, kinds, strict=True)):
        fits = {
            "whole": isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62,
            "number": isinstance(value, int | float) and not isinstance(value, bool),
            "text": isinstance(value, str) and "\x00" not in value,
            "bool": isinstance(value, bool),
        }[kind]
        if value is not None and not fits:
            raise bad()
        bound[f"c{place}"] = value
    return bound


def token(cursor: str) -> str:
    """The cursor of a row, a JSON array or one number, as it stands in a URL."""
    text = cursor if cursor.startswith("[") else f"[{cursor}]"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def bad() -> BadInput:
    """The refusal of a cursor."""
    fault = Fault("$skiptoken", "not a cursor of this collection", "the @iot.nextLink as it was given")
    return BadInput(f"$skiptoken: {fault.message}", [fault])
