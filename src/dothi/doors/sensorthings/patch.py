"""JSON Patch (RFC 6902) on an entity's own properties."""

import copy
import json
from typing import Any

import jsonpatch

from dothi.config import settings
from dothi.kit.errors import BadInput, Conflict, Fault, TooLarge

KIND = "application/json-patch+json"
_FORM = '[{"op": "add | remove | replace | move | copy | test", "path": "/…", …}]'


def merge(current: dict[str, Any], operations: Any) -> dict[str, Any]:
    """The properties a JSON Patch changes, as the body of an update; what it removes becomes null.

    Raises BadInput naming the operation at fault, Conflict when a `test` does not hold.
    """
    if not isinstance(operations, list) or not all(isinstance(one, dict) for one in operations):
        raise BadInput("the body is not a JSON Patch", [Fault("body", "not a list of operations", _FORM)])
    document = {**copy.deepcopy(current), "properties": current.get("properties") or {}}
    start = copy.deepcopy(document)
    for place, operation in enumerate(operations):
        document = _applied(document, operation, place)
    if not isinstance(document, dict):
        raise BadInput("the patch replaces the whole entity", [Fault("body", "an entity is a JSON object")])
    changed = {name: value for name, value in document.items() if name not in start or start[name] != value}
    return changed | {name: None for name in start if name not in document}


def _applied(document: Any, operation: dict[str, Any], place: int) -> Any:
    try:
        made = jsonpatch.JsonPatch([operation]).apply(document, in_place=True)
    except jsonpatch.JsonPatchTestFailed as error:
        raise Conflict(f"operation {place}: the test does not hold", [Fault(f"[{place}]", _said(error))]) from None
    except Exception as error:  # the library meets some malformed operations with TypeError, KeyError and the like
        message = _said(error) or type(error).__name__
        raise BadInput(f"operation {place}: {message}", [Fault(f"[{place}]", message, _FORM)]) from None
    if operation.get("op") == "copy" and len(json.dumps(made)) > settings().max_body:
        raise TooLarge(f"operation {place} makes the entity larger than {settings().max_body} bytes")
    return made


def _said(error: Exception) -> str:
    return str(error)[:200]
