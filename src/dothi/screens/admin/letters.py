"""Messages the MQTT door refused: looked at, and sent in again once what was wrong is mended."""

from starlette.responses import Response

from dothi.doors.mqtt import letters
from dothi.kit.errors import DothiError
from dothi.kit.text import whole
from dothi.screens.admin.desk import Ask, get, post_reading
from dothi.screens.desk import back as to
from dothi.web.paths import ID

ROWS = 100
_SHOWN = 300  # characters of a payload


def _letters(ask: Ask, trouble: str = "") -> Response:
    found = letters.listed(ask.session, ask.caller, limit=ROWS, before=whole(ask.request.query_params.get("before")))
    shown = [(one, bytes(one.payload)[:_SHOWN].decode("utf-8", "backslashreplace")) for one in found]
    return ask.page(
        "letters", letters=shown, waiting=letters.waiting(ask.session), trouble=trouble,
        more=found[-1].id if len(found) == ROWS else None,
    )  # fmt: skip


def _replay(ask: Ask) -> Response:
    number = ask.request.path_params["id"]
    try:
        letters.replay(number, ask.caller)
    except DothiError as error:
        return _letters(ask, trouble=str(error))
    return to("/admin/letters")


routes = [get("/admin/letters", _letters, "admin"), post_reading(f"/admin/letters/{ID}/replay", _replay, "admin")]
