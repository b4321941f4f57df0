"""The pages of warnings: for everybody under `/warnings`, for those who write and approve under `/operations/warnings`."""

from starlette.routing import BaseRoute, Route

from dothi.screens.warnings import band, public, slots, work  # noqa: F401 - band and slots hang themselves in
from dothi.screens.warnings.desk import SEES, get, post
from dothi.warnings.service import DRAFT
from dothi.web.paths import ID

_ONE = f"/operations/warnings/{ID}"
# who may do a step, in the warning's own agency, the room says
routes: list[BaseRoute] = [
    Route("/warnings", public.index, methods=["GET"]),
    Route("/warnings/{identifier:path}", public.one, methods=["GET"]),
    get("/operations/warnings", work.desk),
    post("/operations/warnings", work.create, DRAFT),
    get("/operations/warnings/new", work.new, DRAFT),
    get(_ONE, work.detail),
    get(f"{_ONE}/edit", work.edit, DRAFT),
    post(f"{_ONE}/edit", work.save, DRAFT),
    post(f"{_ONE}/{{verb}}", work.step, SEES),
]
