"""The operations page, what its script asks for, and what is done on it. Every address asks for alarms:read at least."""

from starlette.routing import BaseRoute

from dothi.screens.operations import actions, cameras, case, desk, figures, leader, near, queue, replay, subject, wall
from dothi.screens.operations import map as mapped
from dothi.screens.operations.asking import get, post
from dothi.web.paths import ID

routes: list[BaseRoute] = [
    get("/operations", desk.desk),
    get("/operations/queue", queue.queue),
    get("/operations/alarms/{number}", subject.alarm),
    get(f"/operations/things/{ID}", subject.thing),
    post("/operations/alarms/{verb}", actions.act),
    post("/operations/alarms/{number}/case", case.open_case),
    get("/operations/map.json", mapped.picture),
    get(f"/operations/series/{ID}", mapped.series, "sensing:read"),
    get("/operations/figures", figures.figures),
    get("/operations/near", near.near),
    *replay.routes, *wall.routes, *leader.routes, *cameras.routes,
]  # fmt: skip
