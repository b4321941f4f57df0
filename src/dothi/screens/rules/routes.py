"""The rules' pages. Reading asks for alarms:read, changing for rules:write, maintenance for alarms:handle."""

from starlette.routing import BaseRoute

from dothi.screens.rules import choosing, pages, trial, upkeep
from dothi.screens.rules.desk import HANDLES, WRITES, get, post
from dothi.web.paths import ID

_ONE = "/operations/rules/{code}"

routes: list[BaseRoute] = [
    get("/operations/rules", pages.listed),
    get("/operations/rules/new", choosing.new, WRITES),
    post("/operations/rules/new", choosing.create),
    get(_ONE, pages.rule),
    get(f"{_ONE}/edit", pages.edit, WRITES),
    post(f"{_ONE}/edit", pages.save),
    get(f"{_ONE}/trial", trial.trial),
    post(f"{_ONE}/switch", pages.switch),
    post(f"{_ONE}/delete", pages.remove),
    get("/operations/maintenance", upkeep.listed),
    post("/operations/maintenance", upkeep.plan, HANDLES),
    post(f"/operations/maintenance/{ID}/cancel", upkeep.cancel, HANDLES),
]
