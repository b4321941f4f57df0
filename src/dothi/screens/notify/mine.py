"""A person's own page: where they are reached, what of, when not; a test message; browsers opt in."""

from dataclasses import dataclass

from starlette.responses import Response

from dothi.kit.errors import BadInput, Fault
from dothi.notify import addresses, push, store, targets, wording
from dothi.notify.levels import NEVER, SEVERITIES
from dothi.notify.tables import Address, Preference
from dothi.screens.asking import sector_names
from dothi.screens.desk import SIGNED_IN, back, wrong
from dothi.screens.notify.desk import WRONG, Ask, get, post
from dothi.web.forms import Filled
from dothi.web.i18n import marked
from dothi.web.paths import ID

HERE = "/me/notifications"
# prefixes of journal kinds a person chooses between
KINDS = (
    ("alerts", marked("Cảnh báo của trung tâm điều hành")),
    ("duty.order", marked("Chỉ đạo")),
    ("warnings", marked("Cảnh báo tới người dân chờ duyệt")),
    ("cases", marked("Phản ánh, hồ sơ của cơ quan")),
)
SAID = {
    "added": marked("Đã thêm. Mở liên kết vừa gửi tới địa chỉ này để xác nhận."),
    "asked": marked("Đã gửi lại lời xác nhận."),
    "tested": marked("Đã gửi tin thử. Tin tới trong vài giây."),
    "removed": marked("Đã xóa địa chỉ."),
    "kept": marked("Đã lưu."),
    "browser": marked("Trình duyệt này sẽ nhận tin."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """An address as its owner sees it."""

    one: Address
    channel: str
    shown: str
    state: str  # confirmed | waiting | disabled


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants on a channel, as the form shows it. from_, until: HH:MM."""

    channel: str
    name: str
    severity: str
    kinds: tuple[str, ...]
    sectors: tuple[str, ...]
    from_: str
    until: str
    breaks: str


def mine(ask: Ask, filled: Filled | None = None, status: int = 200, key: str = "") -> Response:
    """`GET /me/notifications`."""
    found = addresses.mine(ask.session, ask.caller)
    wishes = store.preferences(ask.session, [ask.caller.id or 0])
    used = [one for one in targets.CHANNELS if any(address.channel == one for address in found)]
    said = SAID.get(ask.request.query_params.get("said", ""), "")
    return ask.page(
        "mine", filled, status, rows=[_row(one) for one in found], key=key, said=said,
        channels=[(one, wording.CHANNEL_NAMES[one]) for one in targets.open_channels() if one != "push"],
        closed=[wording.CHANNEL_NAMES[one] for one in targets.CHANNELS if one not in targets.open_channels()],
        wishes=[_wish(one, wishes.get((ask.caller.id or 0, one))) for one in used],
        names=wording.CHANNEL_NAMES, severities=severities(), kinds=KINDS, sectors=_sectors(ask), push_key=push.public_key(),
    )  # fmt: skip


def add(ask: Ask) -> Response:
    """`POST /me/notifications/addresses`."""
    said = ask.values
    try:
        with ask.session.begin_nested():
            made, key = addresses.add(
                ask.session, ask.caller, said.get("channel", ""), said.get("target", ""), label=said.get("label", ""),
                language=said.get("language") or ask.language,
            )  # fmt: skip
    except WRONG as error:
        return mine(ask, wrong(ask, error), error.status)
    if key is not None:
        return mine(ask, key=key)
    return back(f"{HERE}?said=added#address-{made.id}")


def opt_in(ask: Ask) -> Response:
    """`POST /me/notifications/push`: sent by the page's script once the browser agreed."""
    made, _ = addresses.add(
        ask.session, ask.caller, "push", ask.values.get("endpoint", ""), label=ask.values.get("label", "")[:100],
        language=ask.language, secret={"p256dh": ask.values.get("p256dh", ""), "auth": ask.values.get("auth", "")},
    )  # fmt: skip
    return back(f"{HERE}?said=browser#address-{made.id}")


def again(ask: Ask) -> Response:
    """`POST /me/notifications/addresses/{id}/again`."""
    return _done(ask, "asked", addresses.again)


def test(ask: Ask) -> Response:
    """`POST /me/notifications/addresses/{id}/test`."""
    return _done(ask, "tested", addresses.test)


def remove(ask: Ask) -> Response:
    """`POST /me/notifications/addresses/{id}/remove`."""
    addresses.remove(ask.session, ask.caller, ask.request.path_params["id"])
    return back(f"{HERE}?said=removed")


def prefer(ask: Ask) -> Response:
    """`POST /me/notifications/preferences`."""
    said = ask.values
    try:
        with ask.session.begin_nested():
            addresses.prefer(
                ask.session, ask.caller, said.get("channel", ""), severity=said.get("severity", ""),
                kinds=_some(ask.all("kinds"), [one for one, _ in KINDS], "kinds"),
                sectors=_some(ask.all("sectors"), list(sector_names(ask.language)), "sectors"),
                quiet_from=minute(said.get("quiet_from", ""), "quiet_from"),
                quiet_until=minute(said.get("quiet_until", ""), "quiet_until"), quiet_breaks=said.get("quiet_breaks", ""),
            )  # fmt: skip
    except WRONG as error:
        return mine(ask, wrong(ask, error), error.status)
    return back(f"{HERE}?said=kept#wants-{said['channel']}")


def severities(*, never: bool = True) -> list[tuple[str, str]]:
    """Severities as the choices of a list."""
    return [
        *((one, wording.SEVERITY_NAMES[one]) for one in SEVERITIES),
        *([(NEVER, marked("không gửi"))] if never else []),
    ]


def minute(text: str, place: str) -> int | None:
    """The minute of the day of HH:MM; None for nothing. Raises BadInput."""
    if not text:
        return None
    hours, _, minutes = text.partition(":")
    if not (
        hours.isdecimal() and minutes[:2].isdecimal() and len(text) <= 8 and int(hours) < 24 and int(minutes[:2]) < 60
    ):
        raise BadInput("this time cannot be read", [Fault(place, f"{text[:20]!r}", "22:00")])
    return int(hours) * 60 + int(minutes[:2])


def clock_text(minutes: int | None) -> str:
    """HH:MM of a minute of the day; nothing for none."""
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"


def _done(ask: Ask, what: str, verb: object) -> Response:
    assert callable(verb)  # noqa: S101 - one of the verbs of addresses
    id_ = ask.request.path_params["id"]
    try:
        verb(ask.session, ask.caller, id_)
    except WRONG as error:
        return mine(ask, wrong(ask, error), error.status)
    return back(f"{HERE}?said={what}#address-{id_}")


def _some(given: list[str], known: list[str], place: str) -> list[str]:
    """Those that were ticked; all of them is as good as none."""
    if bad := [one for one in given if one not in known]:
        raise BadInput("these preferences cannot be kept", [Fault(place, f"{bad[0][:40]!r}", ", ".join(known))])
    chosen = list(dict.fromkeys(given))
    return [] if len(chosen) == len(known) else chosen


def _sectors(ask: Ask) -> list[tuple[str, str]]:
    return list(sector_names(ask.language).items())


def _row(one: Address) -> Row:
    state = "disabled" if one.disabled_at else "confirmed" if one.confirmed_at else "waiting"
    shown = one.target if one.channel in ("mail", "sms") else targets.masked(one.channel, one.target)
    return Row(one, wording.CHANNEL_NAMES[one.channel], shown, state)


def _wish(channel: str, one: Preference | None) -> Wish:
    name = wording.CHANNEL_NAMES[channel]
    if one is None:
        return Wish(channel, name, "major", (), (), "", "", "critical")
    return Wish(
        channel, name, one.severity, tuple(one.kinds), tuple(one.sectors), clock_text(one.quiet_from),
        clock_text(one.quiet_until), one.quiet_breaks,
    )  # fmt: skip


routes = [
    get(HERE, mine, SIGNED_IN),
    post(f"{HERE}/addresses", add, SIGNED_IN),
    post(f"{HERE}/push", opt_in, SIGNED_IN),
    post(f"{HERE}/addresses/{ID}/again", again, SIGNED_IN),
    post(f"{HERE}/addresses/{ID}/test", test, SIGNED_IN),
    post(f"{HERE}/addresses/{ID}/remove", remove, SIGNED_IN),
    post(f"{HERE}/preferences", prefer, SIGNED_IN),
]
