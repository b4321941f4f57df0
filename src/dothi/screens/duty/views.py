"""Saved views: what the keys 1 to 9 of the operations page open."""

import json
from urllib.parse import urlencode

from starlette.responses import Response

from dothi.duty import views
from dothi.kit.errors import NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.duty.desk import Ask, get, post, tried
from dothi.web.forms import Filled


def shown(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /operations/views`: those the caller has; `?state=` with a form to keep the view it names."""
    state = ask.values.get("state") if ask.form is not None else ask.request.query_params.get("state")
    kept, _ = views.cleaned((state or "")[:8000])
    found = views.list_(ask.session, ask.caller)
    keys = views.keys(ask.session, ask.caller)
    return ask.page(
        "views", filled, status, views=found, opens={one.id for one in keys.values()}, taken={one.position for one in found},
        state=urlencode(kept) if state is not None else None, parts=kept, href=views.href, leads=ask.may("duty:lead"),
        free=next((key for key in views.KEYS if key not in {one.position for one in found}), 1),
    )  # fmt: skip


def data(ask: Ask) -> Response:
    """`GET /operations/views.json`: what each key opens."""
    found = views.keys(ask.session, ask.caller)
    body = {
        "views": [
            {"key": key, "title": one.title, "href": views.href(one.state), "state": one.state, "shared": one.person_id is None}
            for key, one in sorted(found.items())
        ]
    }  # fmt: skip
    return Response(
        json.dumps(body, ensure_ascii=False), media_type="application/json", headers={"cache-control": "no-store"}
    )


def save(ask: Ask) -> Response:
    """`POST /operations/views`: title, state, position, shared."""
    values = ask.values
    filled = tried(
        ask,
        lambda: views.save(
            ask.session, ask.caller, values.get("title", ""), values.get("state", "")[:8000],
            position=whole(values.get("position", "")), shared=values.get("shared") == "1",
        ),
    )  # fmt: skip
    return back("/operations/views") if filled is None else shown(ask, filled, 400)


def delete(ask: Ask) -> Response:
    """`POST /operations/views/{id}/delete`."""
    id_ = whole(ask.request.path_params["id"])
    if id_ is None:
        raise NotFound(ask.say("Không có góc nhìn nào như vậy."))
    views.delete(ask.session, ask.caller, id_)
    return back("/operations/views")


routes = [
    get("/operations/views", shown), get("/operations/views.json", data), post("/operations/views", save),
    post("/operations/views/{id}/delete", delete),
]  # fmt: skip
