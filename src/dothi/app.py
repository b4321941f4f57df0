"""Assemble every room: one line each. Nothing is decided here."""

import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from dothi import __version__
from dothi.config import settings
from dothi.db import hot as hot_lane
from dothi.db import schema, session
from dothi.doors.sensorthings import routes
from dothi.sensing import ingest
from dothi.web import openapi, setup
from dothi.web.security import Gate

_MQTT, _JOBS, _LIVE = "dothi.doors.mqtt.service", "dothi.jobs.runner", "dothi.doors.live.service"
SERVICES = {
    "all": (_MQTT, _JOBS, _LIVE), "web": (_LIVE,), "broker": (_MQTT,), "worker": (_JOBS,), "back": (_MQTT, _JOBS),
}  # fmt: skip
STA = "/sta/v1.1"
DESCRIBED = (
    "dothi.doors.sensorthings.openapi", "dothi.doors.live.openapi", "dothi.places.openapi",
    "dothi.screens.portal.openapi", "dothi.screens.admin.openapi",
)  # fmt: skip
CHORES = ("dothi.jobs.chores", "dothi.sensing.chores")
MOUNTS = (
    (STA, "dothi.doors.sensorthings.routes"),
    ("", "dothi.doors.live.routes"),  # says /live itself: a mount would answer at /live/ only
    ("/places", "dothi.places.routes"),
    ("", "dothi.screens.admin.routes"),
    ("", "dothi.screens.reference.routes"),
    ("/", "dothi.screens.portal.routes"),
)


@asynccontextmanager
async def _alive(_: FastAPI) -> AsyncIterator[None]:
    """Start what lives as long as the server does, and stop it in the opposite order."""
    schema.upgrade(session.engine())
    for name in CHORES:
        import_module(name)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(hot_lane.close)
        ingest.start()
        stack.callback(ingest.stop)
        for name in SERVICES[settings().role]:
            room = import_module(name)
            await room.start()
            stack.push_async_callback(room.stop)
        _settle()
        yield


def _settle() -> None:
    """What is loaded now stays: the garbage collector need not walk it in the middle of every large body."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class Described(FastAPI):
    """FastAPI that describes the plain doors beside its own routes."""

    def openapi(self) -> dict[str, Any]:
        """The whole as OpenAPI 3.1."""
        doors = [import_module(name).openapi for name in DESCRIBED]
        return openapi.whole(self.title, self.version, [super().openapi(), *doors])


def create_app() -> FastAPI:
    """The whole web application."""
    app = Described(title="dothi", version=__version__, lifespan=_alive, docs_url=None, redoc_url=None)
    setup.prepare(app)
    for path, name in MOUNTS:
        _add(app.router.routes, path, import_module(name).routes)
    return app


def create() -> ASGIApp:
    """The application as a server runs it: the hot doors stand in front, past the layers that pages need."""
    app = create_app()
    door: ASGIApp = routes.Door()
    if settings().requests_per_minute:
        door = Gate(door)
    packed = GZipMiddleware(door, minimum_size=2048, compresslevel=1)

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        # a path with a line break is none that a mount matches; the pages' layers say so in words
        if scope["type"] == "http" and f"{path}/".startswith(f"{STA}/") and "\n" not in path:
            root = scope.get("root_path", "") + STA
            # a mount would send the bare root elsewhere, and not every client follows
            inner = {**scope, "root_path": root, "path": path if path != STA else f"{path}/"}
            # what is asked of a write is short, and so is what it answers
            await (packed if scope["method"] == "GET" else door)(inner, receive, send)
        else:
            await app(scope, receive, send)

    return front


def _add(to: list[BaseRoute], path: str, routes: list[BaseRoute]) -> None:
    if path in ("", "/"):
        to.extend(routes)
    else:
        to.append(Mount(path, routes=routes))
