"""The operations page, what its script asks for, and what is done on it. Every address asks for alarms:read at least."""

from importlib import import_module
from importlib.util import find_spec

from starlette.routing import BaseRoute

from dothi.screens.operations import actions, desk, figures, near, queue, subject
from dothi.screens.operations import map as mapped
from dothi.screens.operations.asking import get, post

routes: list[BaseRoute] = [
    get("/operations", desk.desk),
    get("/operations/queue", queue.queue),
    get("/operations/alarms/{number}", subject.alarm),
    get("/operations/things/{id:id}", subject.thing),
    post("/operations/alarms/{verb}", actions.act),
    get("/operations/map.json", mapped.picture),
    get("/operations/series/{id:id}", mapped.series, "sensing:read"),
    get("/operations/figures", figures.figures),
    get("/operations/near", near.near),
]
# parts of the same page that others keep
for name in ("replay", "wall", "leader", "cameras"):
    if find_spec(f"dothi.screens.operations.{name}"):
        routes += getattr(import_module(f"dothi.screens.operations.{name}"), "routes", [])
