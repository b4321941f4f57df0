"""`/api/3/action/{name}`: CKAN's Action API, by GET and POST, errors in CKAN's own form."""

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dothi.doors.catalogue.asking import CORS, Ask
from dothi.doors.catalogue.ckan import datastore
from dothi.doors.catalogue.ckan.actions import ACTIONS, Call
from dothi.doors.catalogue.ckan.given import Given, Invalid
from dothi.doors.catalogue.ckan.lucene import QueryError
from dothi.kit.errors import DothiError, NotAllowed
from dothi.web.address import base_of

LARGEST = 1024 * 1024  # bytes of a body
_WRITES = ("_create", "_update", "_delete", "_patch", "_upsert", "_revise", "_purge", "_invite", "_reorder")
_TYPES = {401: "Authorization Error", 403: "Authorization Error", 404: "Not Found Error", 429: "Busy Error"}

ACTIONS["datastore_search"] = datastore.datastore_search
ACTIONS["datastore_info"] = datastore.datastore_info


async def act(request: Request) -> Response:
    """Call an action."""
    name = request.path_params["name"]
    help_ = f"{base_of(request)}/api/3/action/help_show?name={name}"
    try:
        if name not in ACTIONS:
            if name.endswith(_WRITES):
                raise NotAllowed(
                    "this portal is not written to through CKAN's interface; see /ogc and the import pages"
                )
            return _json(f"Bad request - Action name not known: {name[:100]}", 400)
        values = await _values(request)
        body = await run_in_threadpool(_call, name, request, values, help_)
    except DothiError as error:
        return _json({"help": help_, "success": False, "error": _error(error)}, _status(error), _headers(error))
    headers = {"cache-control": "no-cache", "vary": "Authorization, Cookie", **CORS}
    return Response(body, headers=headers, media_type="application/json")


def _call(name: str, request: Request, values: dict[str, Any], help_: str) -> bytes:
    """The finished answer: a table of thousands of records is put into words beside the event loop too."""
    result = ACTIONS[name](Call(Ask(request), Given(values)))
    return _text({"help": help_, "success": True, "result": result})


async def _values(request: Request) -> dict[str, Any]:
    """The parameters: of the query string, and of a body in JSON or as a form."""
    found: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        before = found.get(name)
        # a name said twice is a list, as pandas and requests send them
        found[name] = value if before is None else [*before, value] if isinstance(before, list) else [before, value]
    if request.method != "POST":
        return found
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with request.form(max_files=0, max_fields=200) as form:
            return found | {name: value for name, value in form.items() if isinstance(value, str)}
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > LARGEST:
                raise Invalid(wrong={"body": [f"longer than {LARGEST} bytes"]})
    except ClientDisconnect:
        raise Invalid(wrong={"body": ["broke off"]}) from None
    if not body.strip():
        return found
    return found | _read(body)


def _read(body: bytes) -> dict[str, Any]:
    """A body as CKAN takes it: JSON whatever it is called, or a form."""
    from urllib.parse import parse_qsl

    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise Invalid(wrong={"body": ["not UTF-8"]}) from None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip().startswith(("{", "[")):
            raise Invalid(wrong={"body": ["Error decoding JSON data"]}) from None
        return dict(parse_qsl(text, max_num_fields=200))
    if not isinstance(value, dict):
        raise Invalid(wrong={"body": ["Request data JSON decoded must be a dictionary"]})
    return value


def _error(error: DothiError) -> dict[str, Any]:
    if isinstance(error, Invalid):
        return {"__type": "Validation Error", **error.wrong}
    if isinstance(error, QueryError):
        return {"__type": "Search Query Error", "message": f"Search Query is invalid: {error.message}"}
    if error.status in _TYPES:
        prefix = "Access denied: " if error.status in (401, 403) else ""
        return {"__type": _TYPES[error.status], "message": f"{prefix}{error.message}"}
    wrong = {fault.place or "query": [str(fault)] for fault in error.faults} or {"message": [error.message]}
    return {"__type": "Validation Error", **wrong}


def _status(error: DothiError) -> int:
    if isinstance(error, QueryError):
        return 400
    return {401: 403, 400: 409}.get(error.status, error.status)


def _headers(error: DothiError) -> dict[str, str]:
    return {"retry-after": "1"} if error.status == 429 else {}


def _json(value: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(_text(value), status, {**CORS, **(headers or {})}, media_type="application/json")


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


async def versions(request: Request) -> Response:  # noqa: ARG001 - an endpoint's shape
    """`/api/3`: which version this is, as clients ask before anything else."""
    return _json({"version": 3}, 200)


routes: list[BaseRoute] = [
    Route("/api/3", versions, methods=["GET"]),
    *(Route(f"{root}/action/{{name}}", act, methods=["GET", "POST"]) for root in ("/api/3", "/api")),
]
