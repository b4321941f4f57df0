"""OGC API Features as plain routes under its mount: every method is answered here, in this interface's own words."""

import logging
import secrets
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from dothi.doors.features import answers, api, documents, items
from dothi.kit.errors import DothiError, Fault, NotFound

log = logging.getLogger(__name__)
_READ = ("GET", "HEAD", "OPTIONS")
_ITEMS = (*_READ, "POST")
_ITEM = (*_READ, "PUT", "PATCH", "DELETE")
_SCHEMAS = ("schema", "queryables", "sortables")


class Unforeseen(DothiError):
    """A fault of ours; the log has it under the reference."""

    status = 500


class Door:
    """The whole interface as an ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive, send)
        try:
            response = await _endpoint(request, _parts(scope))
        except DothiError as error:
            response = answers.refused(request, error)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("reference %s: %s %s", reference, request.method, request.url.path)
            message = f"the server met a fault of its own; it is in the log as {reference}"
            response = answers.refused(request, Unforeseen(message))
        await response(scope, receive, send)


def _parts(scope: Scope) -> list[str]:
    """The parts of the path below the mount; a %2F inside one stays part of it."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    root = scope.get("root_path", "").encode()
    below = raw.partition(b"?")[0]
    if not below.startswith(root):  # some server or proxy spells it in another way
        below, root = scope["path"].encode(), b""
        below = below.removeprefix(scope.get("root_path", "").encode())
    text = below[len(root) :].decode("latin-1").strip("/")
    return [unquote(part) for part in text.split("/")] if text else []


async def _endpoint(request: Request, parts: list[str]) -> Response:
    method = request.method
    allowed = _methods(parts)
    if method == "OPTIONS":
        return _options(allowed)
    if method not in allowed:
        message = f"{method[:20]} is not done here"
        raise answers.WrongMethod(message, [Fault("method", message, ", ".join(allowed))])
    if method in ("GET", "HEAD"):
        return await _read(request, parts)
    from dothi.doors.features import write

    if len(parts) == 3:
        return await write.create(request, parts[1])
    return await write.change(request, parts[1], parts[3])


def _methods(parts: list[str]) -> tuple[str, ...]:
    if parts[:1] == ["collections"] and parts[2:3] == ["items"]:
        return {3: _ITEMS, 4: _ITEM}.get(len(parts), _READ)
    return _READ


async def _read(request: Request, parts: list[str]) -> Response:
    match parts:
        case ["collections", code, "items"]:
            return await items.page(request, code)
        case ["collections", code, "items", key]:
            return await items.one(request, code, key)
        case ["collections", code, what] if what in _SCHEMAS:
            return await documents.schema(request, code, what)
        case ["collections", code]:
            return await documents.one(request, code)
        case ["collections"]:
            return await documents.listed(request)
        case ["conformance"]:
            return await documents.conformance(request)
        case ["api"]:
            return await api.document(request)
        case ["api.html"]:
            return api.page(request)
        case []:
            return await documents.root(request)
    raise NotFound("Nothing found.")


def _options(allowed: tuple[str, ...]) -> Response:
    headers = {
        **answers.CORS,
        "Allow": ", ".join(allowed),
        "Access-Control-Allow-Methods": ", ".join(allowed),
        "Access-Control-Allow-Headers": (
            "Authorization, Content-Crs, Content-Type, If-Match, If-None-Match, Prefer, X-API-Key"
        ),
        "Access-Control-Max-Age": "86400",
    }
    return Response(status_code=204, headers=headers)


routes: list[BaseRoute] = [Route("/{path:path}", Door())]
