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
from dothi.datasets import usage
from dothi.db import hot as hot_lane
from dothi.db import schema, session
from dothi.doors.features import landing
from dothi.doors.features import routes as features
from dothi.doors.sensorthings import routes
from dothi.doors.tiles import conformance as tiles_conformance
from dothi.doors.tiles import routes as tiles
from dothi.kit import courtesy
from dothi.sensing import ingest
from dothi.web import openapi, setup
from dothi.web.security import Gate

_MQTT, _JOBS, _LIVE = "dothi.doors.mqtt.service", "dothi.jobs.runner", "dothi.doors.live.service"
_RULES = "dothi.alerts.worker"
_PACKS = "dothi.city.overrides"  # a city's apply may change what packs say
SERVICES = {
    "all": (_PACKS, _MQTT, _JOBS, _LIVE, _RULES), "web": (_PACKS, _LIVE), "broker": (_PACKS, _MQTT),
    "worker": (_PACKS, _JOBS, _RULES), "back": (_PACKS, _MQTT, _JOBS, _RULES),
}  # fmt: skip
STA, OGC = "/sta/v1.1", "/ogc"
DESCRIBED = (
    "dothi.doors.sensorthings.openapi", "dothi.doors.live.openapi", "dothi.places.openapi",
    "dothi.doors.catalogue.openapi", "dothi.screens.catalogue.openapi",
    "dothi.doors.features.openapi", "dothi.doors.tiles.openapi",
    "dothi.screens.reports.openapi", "dothi.screens.portal.openapi", "dothi.screens.admin.openapi", "dothi.screens.workbench.openapi",
    "dothi.screens.duty.openapi", "dothi.screens.operations.openapi", "dothi.screens.transit.openapi", "dothi.screens.indicators.openapi", "dothi.screens.rules.openapi", "dothi.doors.cap.openapi", "dothi.doors.open311.openapi",
)  # fmt: skip
CHORES = (
    "dothi.jobs.chores", "dothi.datasets.loads.chores", "dothi.sensing.chores", "dothi.exchange.chores",
    "dothi.notify.chores", "dothi.alerts.escalation", "dothi.alerts.chores", "dothi.warnings.chores", "dothi.analyses.chores",
    "dothi.transit.chores", "dothi.cases.chores", "dothi.cases.forgetting", "dothi.cases.field_chores", "dothi.tasking.chores",
    "dothi.indicators.chores", "dothi.city.chores",
)  # fmt: skip
DEMO_CHORES = ("dothi.simulate.chores", "dothi.simulate.buses")
MOUNTS = (
    (STA, "dothi.doors.sensorthings.routes"),
    ("", "dothi.doors.tiles.routes"),  # says /ogc itself, which it shares with the features after it
    (OGC, "dothi.doors.features.routes"),
    ("", "dothi.doors.live.routes"),  # says /live itself: a mount would answer at /live/ only
    ("/places", "dothi.places.routes"),
    ("", "dothi.doors.cap.routes"),
    ("", "dothi.doors.open311.routes"),  # says /open311/v2 itself
    ("", "dothi.doors.catalogue.routes"),  # before the pages of the same addresses
    ("", "dothi.screens.catalogue.routes"),
    ("", "dothi.screens.steward.routes"),
    ("", "dothi.screens.admin.routes"),
    ("", "dothi.screens.reference.routes"),
    ("", "dothi.screens.duty.routes"),
    ("", "dothi.screens.notify.routes"),
    ("", "dothi.screens.warnings.routes"),  # before the operations page, whose addresses begin alike
    ("", "dothi.screens.rules.routes"),
    ("", "dothi.screens.tasking.routes"),
    ("", "dothi.screens.operations.routes"),
    ("", "dothi.screens.board.routes"),  # before the desk's pages, whose addresses begin alike
    ("", "dothi.screens.casework.routes"),
    ("", "dothi.screens.field.routes"),
    ("", "dothi.screens.workbench.routes"),
    ("", "dothi.screens.reports.routes"),
    ("", "dothi.screens.services.routes"),
    ("", "dothi.screens.transparency.routes"),
    ("", "dothi.screens.transit.routes"),
    ("", "dothi.screens.sectors.routes"),
    ("", "dothi.screens.indicators.routes"),
    ("/", "dothi.screens.portal.routes"),
)


_alone = False


@asynccontextmanager
async def _alive(_: FastAPI) -> AsyncIterator[None]:
    """Start what lives as long as the server does, and stop it in the opposite order."""
    schema.upgrade(session.engine())
    for name in (*CHORES, *(DEMO_CHORES if settings().demo else ())):
        import_module(name)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(hot_lane.close)
        ingest.start()
        stack.callback(ingest.stop)
        stack.callback(usage.stop)
        for name in SERVICES[settings().role]:
            room = import_module(name)
            await room.start()
            stack.push_async_callback(room.stop)
        if _alone:
            _settle()
        yield


def _settle() -> None:
    """What is loaded now stays: the garbage collector need not walk it in the middle of every large body."""
    gc.collect()
    gc.freeze()


class Described(FastAPI):
    """FastAPI that describes the plain doors beside its own routes."""

    def openapi(self) -> dict[str, Any]:
        """The whole as OpenAPI 3.1."""
        doors = [import_module(name).openapi for name in DESCRIBED]
        return openapi.whole(self.title, self.version, [super().openapi(), *doors])


def create_app() -> FastAPI:
    """The whole web application."""
    app = Described(
        title="dothi", version=__version__, lifespan=_alive, openapi_url=None, docs_url=None, redoc_url=None
    )
    setup.prepare(app)
    landing.extend(tiles_conformance.CLASSES, tiles_conformance.LINKS, tiles_conformance.PATHS)
    for path, name in MOUNTS:
        _add(app.router.routes, path, import_module(name).routes)
    return app


def served() -> ASGIApp:
    """The application in a process of its own, which holds nothing but a server."""
    global _alone
    _alone = True
    gc.set_threshold(50_000, 20, 50)  # as `dothi` does: one of several workers begins here
    return create()


def create() -> ASGIApp:
    """The application as a server runs it: the hot doors stand in front, past the layers that pages need."""
    app = create_app()
    doors = {root: _hot(door) for root, door in ((STA, routes.Door()), (OGC, features.Door()))}
    _, tiling = _hot(tiles.Door())  # packs what it keeps itself

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        token = courtesy.came()
        try:
            await answer(scope, receive, send)
        finally:
            courtesy.went(token)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        # a path with a line break is none that a mount matches; the pages' layers say so in words
        if "\n" not in path:
            if tiles.mine(path):
                await tiling(scope, receive, send)
                return
            for root, (packed, door) in doors.items():
                if f"{path}/".startswith(f"{root}/"):
                    # a mount would send the bare root elsewhere, and not every client follows
                    inner = {
                        **scope, "root_path": scope.get("root_path", "") + root,
                        "path": path if path != root else f"{path}/",
                    }  # fmt: skip
                    # what is asked of a write is short, and so is what it answers
                    await (packed if scope["method"] == "GET" else door)(inner, receive, send)
                    return
        await app(scope, receive, send)

    return front


def _hot(door: ASGIApp) -> tuple[ASGIApp, ASGIApp]:
    """A door that stands in front, as it packs its answers and as it is."""
    if settings().requests_per_minute:
        door = Gate(door)
    return GZipMiddleware(door, minimum_size=2048, compresslevel=1), door


def _add(to: list[BaseRoute], path: str, routes: list[BaseRoute]) -> None:
    if path in ("", "/"):
        to.extend(routes)
    else:
        to.append(Mount(path, routes=routes))
