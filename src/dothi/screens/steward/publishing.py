"""Publishing and opening a dataset: one person asks, another decides, and both see what looks like personal data."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dothi.datasets import personal, service
from dothi.datasets.tables import Dataset
from dothi.identity import guard
from dothi.kit.errors import BadInput, Conflict, NotAllowed
from dothi.screens import words as common
from dothi.screens.catalogue import labels
from dothi.screens.desk import back, wrong
from dothi.screens.steward import store, words
from dothi.screens.steward.desk import Ask, get, kept, number, post
from dothi.web.forms import Filled
from dothi.web.i18n import Say

# what can be asked for: sharing, status
WISHES = {
    "open": ("open", "published"), "shared": ("shared", "published"), "restricted": ("restricted", "published"),
    "retired": (None, "retired"), "draft": (None, "draft"),
}  # fmt: skip


def page(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /steward/{code}/publish`: those who keep the dataset or decide on it."""
    view = kept(ask)
    reviews = store.reviews(ask.session, view.id)
    waiting = next((one for one in reviews if one.decided_at is None), None)
    found = (
        personal.scan(ask.session, ask.session.get(Dataset, view.id)) if waiting is None else (waiting.findings or [])
    )
    names = store.names(ask.session, [a for one in reviews for a in (one.asked_by, one.decided_by) if a])
    decides = guard.may(ask.caller, "data:approve", view.agency_id)
    return ask.page(
        "publish", filled, status, view=view, waiting=waiting, findings=[_finding(one, ask.say) for one in found],
        reviews=[
            (one, labels.sharing(one.sharing, ask.say), labels.status(one.status, ask.say), common.moment(one.asked_at),
             names.get(one.asked_by, one.asked_by), names.get(one.decided_by or "", one.decided_by or ""),
             words.decision(one.decision, ask.say), common.moment(one.decided_at))
            for one in reviews
        ],
        sharing=labels.sharing(view.sharing, ask.say), standing=labels.status(view.status, ask.say),
        decides=decides and waiting is not None and waiting.asked_by != ask.caller.actor,
        own=waiting is not None and waiting.asked_by == ask.caller.actor,
        asks=guard.may(ask.caller, "data:describe", view.agency_id),
    )  # fmt: skip


def wish(ask: Ask) -> Response:
    """`POST /steward/{code}/publish`: asks for a sharing level or a status."""
    view = kept(ask)
    try:
        sharing, status = WISHES[ask.values.get("wish", "")]
    except KeyError:
        return page(ask, Filled(ask.values, {}, ask.say("Chọn một mức chia sẻ.")), 400)
    try:
        with ask.session.begin_nested():
            service.ask_review(
                ask.session, ask.caller, view.code, sharing=sharing or view.sharing, status=status,
                note=ask.values.get("note") or None,
            )  # fmt: skip
    except (BadInput, Conflict, NotAllowed) as error:
        return page(ask, wrong(ask, error), error.status)
    return back(f"/steward/{view.code}/publish")


def decide(ask: Ask) -> Response:
    """`POST /steward/{code}/publish/{id}`: a second person says yes or no; the one who asked may withdraw."""
    view = kept(ask)
    review = number(ask.request.path_params["id"], "id")
    try:
        with ask.session.begin_nested():
            service.decide_review(
                ask.session, ask.caller, review, ask.values.get("decision", ""), answer=ask.values.get("answer") or None,
                accepted=ask.all("accepted"),
            )  # fmt: skip
    except (BadInput, Conflict, NotAllowed) as error:
        filled = wrong(ask, error)
        left = [fault.place.removeprefix("fields.") for fault in error.faults if fault.place.startswith("fields.")]
        if left:
            filled.message = ask.say(
                "Chưa mở được: còn trường giống dữ liệu cá nhân chưa xác nhận: {fields}.", fields=", ".join(left)
            )
        return page(ask, filled, error.status)
    return back(f"/steward/{view.code}/publish")


def _finding(one: Any, say: Say) -> Mapping[str, Any]:
    """A finding of the scan as the page says it: field, what it looks like, how many, masked examples."""
    plain = dict(one) if isinstance(one, Mapping) else one.plain()
    return {**plain, "word": words.finding(str(plain.get("kind", "")), say)}


routes = [
    get("/steward/{code}/publish", page), post("/steward/{code}/publish", wish),
    post("/steward/{code}/publish/{id}", decide),
]  # fmt: skip
