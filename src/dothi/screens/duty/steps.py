"""Ticking a step of an alarm's procedure: a form of its own, so that it works without script."""

from starlette.responses import Response

from dothi.alerts import service as alarms
from dothi.duty import procedures
from dothi.kit.errors import NotFound
from dothi.kit.text import whole
from dothi.screens.desk import back
from dothi.screens.duty import slots
from dothi.screens.duty.desk import Ask, post, safe, tried


def tick(ask: Ask) -> Response:
    """`POST /operations/steps`: alarm (id), step, done (1 or 0), note; `part=1` answers with the procedure alone."""
    values, id_ = ask.values, whole(ask.values.get("alarm", ""))
    if id_ is None:
        raise NotFound(ask.say("Không có cảnh báo nào như vậy."))
    done = values.get("done", "1") != "0"
    filled = tried(
        ask, lambda: procedures.tick(ask.session, ask.caller, id_, values.get("step", ""), done, values.get("note", ""))
    )
    alarm = alarms.alarm(ask.session, ask.caller, id_)
    if values.get("part") == "1" or filled is not None:
        slot = slots.procedure(ask, alarm)
        template = "_steps" if values.get("part") == "1" else "steps"
        return ask.page(template, filled, 409 if filled is not None else 200, slot=slot, alarm=alarm)
    return back(safe(values.get("next"), f"/operations?alarm={alarm.number}"))


routes = [post("/operations/steps", tick, "alarms:handle")]
