"""Citizens: the warnings of the place they live in, by e-mail or in their browser, without an account."""

from starlette.responses import Response

from dothi.identity import access
from dothi.kit.errors import Busy
from dothi.notify import addresses, push, service, subscriptions, targets, wording
from dothi.notify.tables import Address
from dothi.screens.desk import ANYBODY, back, wrong
from dothi.screens.notify.desk import WRONG, Ask, get, post
from dothi.screens.wards import wards
from dothi.web.forms import Filled
from dothi.web.security import Pace

HERE = "/subscribe"
PER_MINUTE = 12  # forms of one address
_pace = Pace()


class TooOften(Busy):
    """Somebody sends form after form."""

    retry_after = 30


def asking(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /subscribe`: where, what of, and how; ?units= and ?topics= choose them beforehand."""
    query = ask.request.query_params
    return ask.page(
        "subscribe", filled, status, units=units(ask), topics=wording.TOPICS, exercises=wording.EXERCISES,
        mail="mail" in targets.open_channels(), push_key=push.public_key(), sent=ask.request.query_params.get("sent") == "1",
        wanted_units=ask.all("units") or query.getlist("units")[:50], wanted_topics=ask.all("topics") or query.getlist("topics")[:20],
    )  # fmt: skip


def subscribe(ask: Ask) -> Response:
    """`POST /subscribe`; the answer is the same whoever subscribed before."""
    _slowly(ask)
    channel = ask.values.get("channel") or "mail"
    target = ask.values.get("endpoint" if channel == "push" else "target", "")
    keys = {"p256dh": ask.values.get("p256dh", ""), "auth": ask.values.get("auth", "")} if channel == "push" else None
    try:
        with ask.session.begin_nested():
            made = service.subscribe(
                ask.session, channel, target, units=_units(ask), topics=ask.all("topics"),
                language=ask.values.get("language") or ask.language, secret=keys,
            )  # fmt: skip
    except WRONG as error:
        return asking(ask, wrong(ask, error), error.status)
    if channel == "push":
        return back(f"{HERE}/mine/{subscriptions.name_of(made)}")
    return back(f"{HERE}?sent=1")


def confirming(ask: Ask) -> Response:
    """`GET /subscribe/confirm/{token}`: a page with a button, since mail filters follow links by themselves."""
    return ask.page(
        "confirm", one=_shown(addresses.waiting(ask.session, ask.request.path_params["token"])), finished=False
    )


def confirm(ask: Ask) -> Response:
    """`POST /subscribe/confirm/{token}`."""
    found = service.confirm(ask.session, ask.request.path_params["token"])
    if found.person_id is None:
        return back(f"{HERE}/mine/{subscriptions.name_of(found)}?said=confirmed")
    return ask.page("confirm", one=_shown(found), finished=True)


def own(ask: Ask, filled: Filled | None = None, status: int = 200) -> Response:
    """`GET /subscribe/mine/{name}`: change it or leave, by the link every message carries."""
    name = ask.request.path_params["name"]
    found = subscriptions.of_name(ask.session, name)
    wanted_units, wanted_topics = subscriptions.wanted(ask.session, found)
    return ask.page(
        "own", filled, status, one=_shown(found), name=name, language=found.language, units=units(ask),
        topics=wording.TOPICS, exercises=wording.EXERCISES, wanted_units=wanted_units, wanted_topics=wanted_topics,
        said=ask.request.query_params.get("said", ""),
    )  # fmt: skip


def change(ask: Ask) -> Response:
    """`POST /subscribe/mine/{name}`."""
    name = ask.request.path_params["name"]
    try:
        with ask.session.begin_nested():
            service.change(
                ask.session, name, units=_units(ask), topics=ask.all("topics"), language=ask.values.get("language", "")
            )
    except WRONG as error:
        return own(ask, wrong(ask, error), error.status)
    return back(f"{HERE}/mine/{name}?said=kept")


def leaving(ask: Ask) -> Response:
    """`GET /subscribe/leave/{name}`: a page with a button."""
    name = ask.request.path_params["name"]
    return ask.page("leave", one=_shown(subscriptions.of_name(ask.session, name)), name=name, finished=False)


def leave(ask: Ask) -> Response:
    """`POST /subscribe/leave/{name}`: also what mail programs send by themselves (RFC 8058), without a form's token."""
    service.leave(ask.session, ask.request.path_params["name"])
    return ask.page("leave", one=None, name="", finished=True)


def units(ask: Ask) -> list[tuple[str, str]]:
    """The communes one can live in here, by name: of the city's own area, or all that are known."""
    return wards(ask.session, ask.language, ask.now)


def _units(ask: Ask) -> list[str]:
    return [] if ask.values.get("everywhere") else ask.all("units")


def _slowly(ask: Ask) -> None:
    if _pace.wait(access.address(ask.request).encode(), PER_MINUTE):
        raise TooOften("too many subscriptions from this address; wait a little")


def _shown(one: Address) -> dict[str, str]:
    return {
        "channel": wording.CHANNEL_NAMES[one.channel], "target": targets.masked(one.channel, one.target),
        "staff": "1" if one.person_id is not None else "",
    }  # fmt: skip


routes = [
    get(HERE, asking, ANYBODY),
    post(HERE, subscribe, ANYBODY),
    get(f"{HERE}/confirm/{{token}}", confirming, ANYBODY),
    post(f"{HERE}/confirm/{{token}}", confirm, ANYBODY),
    get(f"{HERE}/mine/{{name}}", own, ANYBODY),
    post(f"{HERE}/mine/{{name}}", change, ANYBODY),
    get(f"{HERE}/leave/{{name}}", leaving, ANYBODY),
    post(f"{HERE}/leave/{{name}}", leave, ANYBODY, token=False),
]
