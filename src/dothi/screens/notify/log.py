"""Who was told what: every message with what became of it; addresses masked, texts by their titles only."""

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from dothi.kit.errors import BadInput, Fault
from dothi.kit.text import whole
from dothi.notify import store, targets, wording
from dothi.notify.tables import Address, Message
from dothi.notify.targets import CHANNELS
from dothi.screens.notify.desk import LEADS, Ask, get
from dothi.web.i18n import marked

PAGE = 100
STATES = {
    "waiting": marked("đang chờ"),
    "sent": marked("đã gửi"),
    "failed": marked("không gửi được"),
    "dropped": marked("bỏ"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A message of the log."""

    one: Message
    to: str
    address: str
    channel: str
    link: str


def log(ask: Ask) -> Response:
    """`GET /operations/messages`: of everybody, or of the people of the agencies one leads in."""
    asked = ask.request.query_params
    state, channel, cause, before = (asked.get(name, "") for name in ("state", "channel", "cause", "before"))
    faults = [
        Fault(place, f"{said[:40]!r}", ", ".join(allowed))
        for place, said, allowed in (("state", state, tuple(STATES)), ("channel", channel, CHANNELS))
        if said and said not in allowed
    ]
    if before and whole(before, 15) is None:
        faults.append(Fault("before", f"{before[:40]!r}", "a number of the log"))
    if "\0" in cause or len(cause) > 100:
        faults.append(Fault("cause", "cannot be one", "alarm:12"))
    if faults:
        raise BadInput("the log cannot be shown like this", faults)
    agencies = None
    if LEADS not in ask.caller.everywhere:
        agencies = sorted(agency for held, agency in ask.caller.within if held == LEADS)
    rows = store.message_log(
        ask.session, agencies, cause=cause or None, state=state or None, channel=channel or None,
        before=int(before) if before else None, limit=PAGE + 1,
    )  # fmt: skip
    more = ""
    if len(rows) > PAGE:
        kept = {"state": state, "channel": channel, "cause": cause, "before": rows[PAGE - 1][0].id}
        more = "?" + urlencode({name: value for name, value in kept.items() if value})
    return ask.page(
        "messages", rows=[_row(ask, message, address, person.name if person else "") for message, address, person in rows[:PAGE]],
        states=STATES, state=state, channel=channel, cause=cause, more=more, older=bool(before),
        channels=[(one, wording.CHANNEL_NAMES[one]) for one in CHANNELS], severities=wording.SEVERITY_NAMES,
    )  # fmt: skip


def _row(ask: Ask, message: Message, address: Address | None, name: str) -> Row:
    shown = targets.masked(address.channel, address.target) if address is not None else ""
    link = str((message.data or {}).get("link", ""))
    return Row(
        message, name or (ask.say("người đăng ký") if address is not None and address.person_id is None else "–"), shown,
        wording.CHANNEL_NAMES.get(message.channel, message.channel), link if message.cause.startswith("alarm:") else "",
    )  # fmt: skip


routes = [get("/operations/messages", log, LEADS)]
