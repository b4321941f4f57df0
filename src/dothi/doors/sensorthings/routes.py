"""The SensorThings interface as routes under its mount: reading here, writing in `write`."""

import logging
import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from dothi.doors.sensorthings import asked, errors, read, write
from dothi.kit.errors import DothiError, Fault

log = logging.getLogger(__name__)

_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]
_ALLOW = ", ".join(_METHODS)


class Unforeseen(DothiError):
    """A fault of ours; the log has it under the reference."""

    status = 500


class Door:
    """The whole interface as an ASGI application: every method is answered here, in this interface's own words."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if "path_params" not in scope:  # called straight, without a router in front
            path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/")
            scope = {**scope, "path_params": {"path": path}}
        request = Request(scope, receive, send)
        try:
            response = await _endpoint(request)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("reference %s: %s %s", reference, request.method, request.url.path)
            response = errors.answer(Unforeseen(f"the server met a fault of its own; it is in the log as {reference}"))
        await response(scope, receive, send)


async def _endpoint(request: Request) -> Response:
    if request.method in {"GET", "HEAD"}:
        return await read.endpoint(request)
    if request.method not in _METHODS:
        message = f"{request.method[:20]} is not for this interface"
        return errors.answer(asked.WrongMethod(message, [Fault("method", message, _ALLOW)]))
    if request.method == "OPTIONS":
        headers = {
            **errors.CORS,
            "Allow": _ALLOW,
            "Access-Control-Allow-Methods": _ALLOW,
            "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, Prefer, X-API-Key",
            "Access-Control-Max-Age": "86400",
        }
        return Response(status_code=204, headers=headers)
    return await write.endpoint(request)


routes: list[BaseRoute] = [Route("/{path:path}", Door())]
