"""The SensorThings interface as routes under its mount: reading here, writing in `write`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from dothi.doors.sensorthings import errors, read

_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]
_ALLOW = ", ".join(_METHODS)


async def _endpoint(request: Request) -> Response:
    if request.method in {"GET", "HEAD"}:
        return await read.endpoint(request)
    if request.method == "OPTIONS":
        headers = {
            **errors.CORS,
            "Allow": _ALLOW,
            "Access-Control-Allow-Methods": _ALLOW,
            "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match, Prefer, X-API-Key",
            "Access-Control-Max-Age": "86400",
        }
        return Response(status_code=204, headers=headers)
    from dothi.doors.sensorthings import write

    return await write.endpoint(request)


routes: list[BaseRoute] = [Route("/{path:path}", _endpoint, methods=_METHODS)]
