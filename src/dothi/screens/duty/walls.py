"""Wall screens: made here, their token shown once; revoked here."""

from typing import Any

from starlette.responses import Response

from dothi.duty import sight, store, views, walls
from dothi.duty.report import person_id
from dothi.duty.tables import Wall
from dothi.kit.errors import NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.duty.desk import Ask, get, post, tried
from dothi.web.forms import Filled

ADDRESS = "/operations/wall"


def shown(ask: Ask, filled: Filled | None = None, status: int = 200, made: tuple[Wall, str] | None = None) -> Response:
    """`GET /operations/walls`."""
    held = sight.agencies(ask.caller, "duty:lead")
    found = walls.list_(ask.session, ask.caller)
    ids = sorted({id_ for one in found if (id_ := person_id(one.created_by)) is not None})
    return ask.page(
        "walls", filled, status, walls=found, names=store.names(ask.session, ids), who=person_id, made=made,
        address=f"{ask.base}{ADDRESS}#{made[1]}" if made else "", everywhere=held is None,
        agencies=store.agencies_of(ask.session, held), offices={one.id: one.name for one in store.agencies_of(ask.session, None)},
        views=views.list_(ask.session, ask.caller), chosen=set(ask.all("view")), most=walls.MOST_VIEWS,
    )  # fmt: skip


def create(ask: Ask) -> Response:
    """`POST /operations/walls`: title, agency, the views it turns through (ids; `all`: the whole city), seconds of each."""
    known = {str(one.id): one for one in views.list_(ask.session, ask.caller)}
    turns: list[dict[str, Any]] = []
    for id_ in ask.all("view"):
        seconds = whole(ask.values.get(f"seconds_{id_}", "")) or 0
        if id_ == "all":
            turns.append({"title": ask.say("Toàn cảnh"), "state": {}, "seconds": seconds})
        elif id_ in known:
            turns.append({"title": known[id_].title, "state": known[id_].state, "seconds": seconds})
    made: list[tuple[Wall, str]] = []
    filled = tried(
        ask,
        lambda: made.append(
            walls.create(
                ask.session, ask.caller, ask.values.get("title", ""), turns, whole(ask.values.get("agency", ""))
            )
        ),
    )
    return shown(ask, filled, 400) if filled is not None else shown(ask, made=made[0])


def revoke(ask: Ask) -> Response:
    """`POST /operations/walls/{id}/revoke`."""
    id_ = whole(ask.request.path_params["id"])
    if id_ is None:
        raise NotFound(ask.say("Không có màn hình nào như vậy."))
    walls.revoke(ask.session, ask.caller, id_)
    return back("/operations/walls")


LEADS = "duty:lead"
routes = [
    get("/operations/walls", shown, LEADS), post("/operations/walls", create, LEADS),
    post("/operations/walls/{id}/revoke", revoke, LEADS),
]  # fmt: skip
