"""The corrections inbox: what people say is wrong, and the answer they get."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response

from dothi.datasets import service, views
from dothi.datasets.tables import Correction
from dothi.datasets.views import View
from dothi.kit.errors import BadInput, Conflict, NotFound
from dothi.screens import words
from dothi.screens.desk import back, wrong
from dothi.screens.steward import store
from dothi.screens.steward.desk import Ask, get, number, post
from dothi.web.forms import Filled


@dataclass(frozen=True, slots=True)
class Message:
    """A correction as the inbox shows it."""

    one: Correction
    view: View
    record: str
    sent: str
    age: str
    answered: str
    by: str


def mine(ask: Ask) -> list[View]:
    """The datasets the caller keeps."""
    return [one for one in views.views(ask.caller) if one.describes or one.writes]


def inbox(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /steward/corrections`: of the datasets the caller keeps; `?dataset=` those of one."""
    kept = {one.id: one for one in mine(ask)}
    only = ask.request.query_params.get("dataset")
    wanted = [id_ for id_, one in kept.items() if not only or one.code == only]
    waiting = _messages(ask, store.open_corrections(ask.session, wanted), kept)
    done = _messages(ask, store.open_corrections(ask.session, wanted, state=None)[:30], kept)
    return ask.page("corrections", filled, status, waiting=waiting, done=done, only=only or "")


def answer(ask: Ask) -> Response:
    """`POST /steward/corrections/{id}`."""
    kept = {one.id: one for one in mine(ask)}
    found = store.correction(ask.session, number(ask.request.path_params["id"], "id"))
    if found is None or found.dataset_id not in kept:
        raise NotFound(ask.say("Không có lời nhắn nào ở đây mà bạn phụ trách."))
    try:
        with ask.session.begin_nested():
            service.answer_correction(
                ask.session, ask.caller, found.id, ask.values.get("state", "done"), ask.values.get("answer", "")
            )
    except (BadInput, Conflict) as error:
        filled = wrong(ask, error)
        filled.values = {**ask.values, "id": str(found.id)}
        return inbox(ask, filled, error.status)
    return back("/steward/corrections")


def _messages(ask: Ask, found: Sequence[Correction], kept: dict[int, View]) -> list[Message]:
    names = store.names(ask.session, [one.answered_by for one in found if one.answered_by])
    return [
        Message(
            one, kept[one.dataset_id],
            f"/catalogue/{kept[one.dataset_id].code}/records/{quote(one.record_key, safe='')}" if one.record_key else "",
            words.moment(one.sent_at), words.age(one.sent_at, ask.now, ask.language), words.moment(one.answered_at),
            names.get(one.answered_by or "", ""),
        )
        for one in found
    ]  # fmt: skip


routes = [get("/steward/corrections", inbox), post("/steward/corrections/{id}", answer)]
