"""Assemble every room: one line each. Nothing is decided here."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec

from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount

from dothi import __version__
from dothi.db import schema, session
from dothi.sensing import ingest

CHORES = ("dothi.jobs.chores", "dothi.sensing.chores")
MOUNTS = {
    "/sta/v1.1": "dothi.doors.sensorthings.routes",
    "": "dothi.doors.live.routes",  # says /live itself: a mount would answer at /live/ only
    "/places": "dothi.places.routes",
    "/admin": "dothi.screens.admin.routes",
    "/": "dothi.screens.portal.routes",
}


@asynccontextmanager
async def _alive(_: FastAPI) -> AsyncIterator[None]:
    """Start what lives as long as the server does, and stop it in the opposite order."""
    schema.upgrade(session.engine())
    for name in CHORES:
        import_module(name)
    async with AsyncExitStack() as stack:
        ingest.start()
        stack.callback(ingest.stop)
        for name in ("dothi.doors.mqtt.service", "dothi.jobs.runner", "dothi.doors.live.service"):
            if _there(name):
                room = import_module(name)
                await room.start()
                stack.push_async_callback(room.stop)
        yield


def create_app() -> FastAPI:
    """The whole web application, ready for an ASGI server."""
    app = FastAPI(title="dothi", version=__version__, lifespan=_alive, docs_url=None, redoc_url=None)
    if _there("dothi.web.setup"):
        import_module("dothi.web.setup").prepare(app)
    for path, name in MOUNTS.items():
        if _there(name):
            _add(app, path, import_module(name).routes)
    return app


def _add(app: FastAPI, path: str, routes: list[BaseRoute]) -> None:
    if path in ("", "/"):
        app.router.routes.extend(routes)
    else:
        app.router.routes.append(Mount(path, routes=routes))


def _there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
