"""Who looks at what: the operations page says where it is and is told who else is there."""

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dothi.db import session as db
from dothi.duty import presence
from dothi.identity import access
from dothi.kit.errors import BadInput, DothiError, Fault
from dothi.screens.duty.desk import ROUTES, SEES, admit
from dothi.web import errors

LONGEST = 2000  # bytes


async def here(request: Request) -> Response:
    """`POST /operations/presence` `{"tab": …, "subject": "alarm:12" | null, "gone": false}` → `{"others": […]}`."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            break
    return await run_in_threadpool(_answer, request, bytes(body))


def _answer(request: Request, body: bytes) -> Response:
    try:
        caller = access.caller(request)
        admit(caller, SEES)
        told = _read(body)
        with db.writing() as session:
            if told.get("gone") is True:
                presence.gone(session, caller, told["tab"])
            else:
                presence.here(session, caller, told["tab"], told.get("subject"))
            others = presence.others(session, caller)
    except DothiError as error:
        return errors.said(request, error)
    made = [{"person": one.person, "initials": one.initials, "subject": one.subject} for one in others]
    text = json.dumps({"others": made}, ensure_ascii=False)
    return Response(text, media_type="application/json", headers={"cache-control": "no-store"})


def _read(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body) if len(body) <= LONGEST else None
    except (ValueError, RecursionError):
        told = None
    faults = []
    if not isinstance(told, dict):
        raise BadInput(
            "this is no place to be", [Fault("", "is no JSON object", '{"tab": "a1b2", "subject": "alarm:12"}')]
        )
    if not isinstance(told.get("tab"), str):
        faults.append(Fault("tab", "is missing", "the page's own name, a-z and 0-9"))
    if not isinstance(told.get("subject"), str | None):
        faults.append(Fault("subject", "is no text", "alarm:12 or null"))
    if faults:
        raise BadInput("this is no place to be", faults)
    return told


ROUTES.append(("POST", "/operations/presence", SEES))
routes = [Route("/operations/presence", here, methods=["POST"], name="POST /operations/presence")]
