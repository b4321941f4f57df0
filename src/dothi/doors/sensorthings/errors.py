"""Errors as OGC 18-088 users know them (`code`, `message`), with the fields of RFC 9457 beside them."""

import json
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from dothi.kit.errors import DothiError, NotSignedIn

CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Location",
    "X-Content-Type-Options": "nosniff",
}


def describe(error: DothiError) -> dict[str, Any]:
    """The error as a JSON object."""
    message = error.message
    if len(error.faults) == 1 and error.faults[0].allowed:
        message = f"{message}; allowed: {error.faults[0].allowed}"
    return {
        "code": error.status,
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "message": message,
        "detail": str(error),
        "faults": [
            {"place": fault.place, "message": fault.message, "allowed": fault.allowed} for fault in error.faults
        ],
    }


def answer(error: DothiError) -> Response:
    """The response that says the error."""
    headers = dict(CORS)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = 'Bearer realm="dothi"'
    if error.status in {429, 503}:
        headers["Retry-After"] = "1"
    text = json.dumps(describe(error), ensure_ascii=False).encode(errors="replace")  # what is quoted may be no Unicode
    return Response(text, error.status, headers=headers, media_type="application/json")
