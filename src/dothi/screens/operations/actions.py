"""What the duty officer does with alarms: one at a time or many at once, with a comment; the first hand wins."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from dothi.alerts import service as alerts
from dothi.alerts.tables import Alarm
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, Fault, NotFound
from dothi.kit.text import whole
from dothi.screens.operations import queue, store, words
from dothi.screens.operations.asking import Ask, json, wants_json
from dothi.web.i18n import marked

SHELF_MINUTES = (30, 60, 240, 480, 1440)
Verb = Callable[[Ask, list[int], Mapping[int, int]], list[Alarm]]


def act(ask: Ask) -> Response:
    """`POST /operations/alarms/{verb}`: ids, versions, and what the verb asks for."""
    verb = VERBS.get(ask.request.path_params["verb"])
    if verb is None:
        raise NotFound("there is no such action")
    if ask.replay:
        raise Conflict("the past is shown here: go back to live to act")
    ids, versions = _ids(ask.values), _versions(ask.values)
    try:
        done = verb(ask, ids, versions)
    except Conflict as error:
        if not error.faults:
            raise
        raise Conflict(first_hand(ask, ids, error), error.faults) from error
    if wants_json(ask.request):
        lines = store.lines(ask.session, ask.caller, store.Wanted(ids=tuple(one.id for one in done)))
        return json({"done": len(done), **queue.columns(ask, lines)})
    return RedirectResponse(_back(ask, done), 303)


def first_hand(ask: Ask, ids: list[int], error: Conflict) -> str:
    """Who was quicker, and when: `Việt đã nhận lúc 17:41`."""
    numbers = {fault.place for fault in error.faults}
    for id_ in ids:
        one = alerts.alarm(ask.session, ask.caller, id_)
        if one.number not in numbers:
            continue
        told = [event for event in alerts.events(ask.session, ask.caller, id_) if event.kind in DONE]
        if told:
            event = told[-1]
            person = queue.actor(event.actor)
            name = store.people(ask.session, {person}).get(person, "") if person is not None else ""
            said = ask.say(DONE[event.kind])
            return ask.say(
                "{name} {did} lúc {time}", name=name or ask.say("Hệ thống"), did=said,
                time=words.when(event.noticed_at, ask.now),
            )  # fmt: skip
    return ask.say("Cảnh báo vừa thay đổi; xem lại rồi làm tiếp.")


# what happened, after somebody's name
DONE = {
    "acknowledged": marked("đã nhận"),
    "unacknowledged": marked("đã trả lại"),
    "assigned": marked("đã giao việc"),
    "commented": marked("đã ghi"),
    "cleared": marked("đã kết thúc"),
    "shelved": marked("đã tạm nén"),
    "severity": marked("đổi mức"),
    "repeated": marked("báo lặp lại"),
    "raised": marked("báo"),
    "withdrawn": marked("rút lại"),
    "escalated": marked("chuyển lên cấp trên"),
    "step": marked("đã làm một bước"),
    "revised": marked("sửa lại theo số liệu đến muộn"),
}


def _acknowledge(ask: Ask, ids: list[int], versions: Mapping[int, int]) -> list[Alarm]:
    return alerts.acknowledge(ask.session, ask.caller, ids, ask.values.get("comment") or None, versions)


def _unacknowledge(ask: Ask, ids: list[int], versions: Mapping[int, int]) -> list[Alarm]:
    return alerts.unacknowledge(ask.session, ask.caller, ids, ask.values.get("comment") or None, versions)


def _assign(ask: Ask, ids: list[int], versions: Mapping[int, int]) -> list[Alarm]:
    given = ask.values.get("person", "")
    person = ask.caller.id if given == "me" else _whole(given, "person", "me, or the id of a person") if given else None
    done = alerts.assign(ask.session, ask.caller, ids, person, versions)
    if note := ask.values.get("comment"):
        alerts.comment(ask.session, ask.caller, ids, note)
    return done


def _comment(ask: Ask, ids: list[int], _versions: Mapping[int, int]) -> list[Alarm]:
    return alerts.comment(ask.session, ask.caller, ids, ask.values.get("comment", ""))


def _clear(ask: Ask, ids: list[int], versions: Mapping[int, int]) -> list[Alarm]:
    return alerts.clear(ask.session, ask.caller, ids, ask.values.get("comment", ""), versions)


def _shelve(ask: Ask, ids: list[int], versions: Mapping[int, int]) -> list[Alarm]:
    minutes = _whole(ask.values.get("minutes", ""), "minutes", "0 (ring again) to 10080")
    until = ask.now + clock.SECOND * int(timedelta(minutes=minutes).total_seconds()) if minutes else None
    return alerts.shelve(ask.session, ask.caller, ids, until, ask.values.get("comment", ""), versions)


VERBS: dict[str, Verb] = {
    "acknowledge": _acknowledge,
    "unacknowledge": _unacknowledge,
    "assign": _assign,
    "comment": _comment,
    "clear": _clear,
    "shelve": _shelve,
}


def _whole(text: str, place: str, allowed: str) -> int:
    if (number := whole(text, 9)) is None:
        raise BadInput("the form cannot be read", [Fault(place, repr(text[:40]), allowed)])
    return number


def _ids(values: Mapping[str, str]) -> list[int]:
    parts = [part for part in values.get("ids", "").split(",") if part]
    if not parts or not all(p.isascii() and p.isdecimal() and len(p) < 10 for p in parts):
        raise BadInput(
            "no alarm is named", [Fault("ids", repr(values.get("ids", "")[:80]), "ids of alarms, with commas")]
        )
    return [int(part) for part in parts]


def _versions(values: Mapping[str, str]) -> dict[int, int]:
    """`12:3,14:1`: the version of each alarm as it was looked at."""
    found: dict[int, int] = {}
    for part in values.get("versions", "").split(","):
        id_, _, version = part.partition(":")
        if id_.isdecimal() and version.isdecimal() and len(id_) + len(version) < 20:
            found[int(id_)] = int(version)
    return found


def _back(ask: Ask, done: list[Alarm]) -> str:
    """Without script: the page the form stood on."""
    page = urlsplit(ask.request.headers.get("referer", ""))
    if page.path == "/operations":
        return f"/operations?{page.query}" if page.query else "/operations"
    return f"/operations?alarm={done[0].number}" if done else "/operations"
