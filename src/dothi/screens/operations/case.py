"""The case of an alarm: who was sent, how it stands, and the form that sends somebody."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import RedirectResponse, Response

from dothi.alerts.tables import Alarm
from dothi.cases import from_alarm
from dothi.kit.errors import Conflict
from dothi.screens.operations.asking import Ask, json, wants_json
from dothi.web import slots


def of_alarm(ask: Ask, alarm: Alarm) -> Mapping[str, Any] | None:
    """What `operations/_case.html` reads; None: there is none, and the asker may not open one."""
    may = not ask.replay and (ask.may("cases:assign") or ask.may("cases:handle"))
    found = from_alarm.of_alarm(ask.session, ask.caller, alarm.id)
    if not found and not may:
        return None
    cases = [(one.number, from_alarm.path(one), from_alarm.state_word(one, ask.language), one.due_at) for one in found]
    going = any(one.closed_at is None for one in found)
    offered = [(one.code, one.title.of(ask.language)) for one in from_alarm.categories()]
    return {
        "cases": cases, "may": may and not going, "categories": offered, "number": alarm.number,
        "category": from_alarm.suggest(alarm).category,
    }  # fmt: skip


def open_case(ask: Ask) -> Response:
    """`POST /operations/alarms/{number}/case`: category, text."""
    if ask.replay:
        raise Conflict("the past is shown here: go back to live to act")
    number = ask.request.path_params["number"]
    made = from_alarm.open_case(
        ask.session, ask.caller, number, category=ask.values.get("category") or None, text=ask.values.get("text", "")
    )
    if wants_json(ask.request):
        return json({"number": made.number, "href": from_alarm.path(made)})
    return RedirectResponse(f"/operations?alarm={number}", 303)


slots.fill("operations.case", of_alarm)
