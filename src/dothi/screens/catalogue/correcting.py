"""A suggested correction: from a form of anybody's to those who keep the dataset."""

import threading
import time
from collections import OrderedDict, deque

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dothi.datasets import service, views
from dothi.db import session as db
from dothi.identity import access
from dothi.kit.errors import BadInput, Busy, DothiError
from dothi.screens.catalogue import dataset, record
from dothi.screens.catalogue.asking import Ask
from dothi.web import forms
from dothi.web.forms import Filled

WINDOW = 3600.0  # seconds
MOST = 10  # messages of one address within the window
_REMEMBERED = 10_000
_lock = threading.Lock()
_sent: OrderedDict[str, deque[float]] = OrderedDict()


class TooManyMessages(Busy):
    """One address sent very many corrections."""

    retry_after = 600


async def suggest(request: Request) -> Response:
    """POST of the form, by anybody who may see the dataset."""
    form = await request.form(max_files=0, max_fields=20, max_part_size=64 * 1024)
    return await run_in_threadpool(_suggest, request, forms.texts(form), form)


def _suggest(request: Request, said: dict[str, str], form: object) -> Response:
    forms.check(request, form)  # type: ignore[arg-type]
    caller = access.caller(request)
    view = views.view(caller, request.path_params["code"])
    back = f"/catalogue/{view.code}?sent=1"
    if said.get("website"):
        return RedirectResponse(back, 303)  # a machine filled in what no person sees
    try:
        _pace(access.address(request))
        with db.writing() as session:
            service.correct(
                session, caller, view.code, said.get("text", ""), record_key=said.get("record_key") or None,
                contact=said.get("contact") or None,
            )  # fmt: skip
    except (BadInput, TooManyMessages) as error:
        return _again(request, view.code, said, error)
    return RedirectResponse(back, 303)


def _again(request: Request, code: str, said: dict[str, str], error: DothiError) -> Response:
    """The page again, with what was written and what is wrong with it."""
    with db.reading() as session:
        ask = Ask.of(request, session, access.caller(request))
        view = views.view(ask.caller, code)
        filled = Filled.wrong(said, error)
        if isinstance(error, TooManyMessages):
            filled.message = ask.say("Đã nhận nhiều lời nhắn từ nơi này. Thử lại sau ít phút.")
        key = said.get("record_key")
        if key and request.query_params.get("on") == "record":
            return record.page_of(ask, view, key, filled, error.status)
        return dataset.page_of(ask, view, filled, error.status)


def _pace(address: str) -> None:
    now = time.monotonic()
    with _lock:
        times = _sent.setdefault(address, deque(maxlen=MOST))
        _sent.move_to_end(address)
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) >= MOST:
            raise TooManyMessages("too many corrections from here; wait a while")
        times.append(now)
        while len(_sent) > _REMEMBERED:
            _sent.popitem(last=False)


def forget() -> None:
    """Forget who sent how much."""
    with _lock:
        _sent.clear()
