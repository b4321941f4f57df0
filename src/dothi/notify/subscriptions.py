"""Citizens want the published warnings of a place: by e-mail or in a browser, confirmed, changed and left without signing in."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Fault
from dothi.notify import addresses, links, push, store, targets
from dothi.notify.addresses import OldLink
from dothi.notify.tables import Address, Subscription
from dothi.notify.telling import Said, write
from dothi.notify.wording import EXERCISES, REPORTS, TOPICS, both
from dothi.web import i18n

CHANNELS = ("mail", "push")  # an SMS costs whoever sends it
PAUSE = clock.HOUR  # between two links to the same address, whoever asks
MOST = 50  # places of one address


def subscribe(
    session: Session,
    channel: str,
    target: str,
    *,
    units: Sequence[str] = (),
    topics: Sequence[str] = (),
    language: str = "vi",
    secret: Mapping[str, Any] | None = None,
) -> Address:
    """Somebody wants the warnings of some places (codes of units; none: the whole city) and hazards (none: every one).

    An e-mail address gets a one-time link first; one that is confirmed already gets a link to its own page, so that
    nobody changes what somebody else subscribed to, and the answer tells nobody which it was.
    """
    target = targets.cleaned(channel, target)
    _check(channel, target, units, topics, language, secret)
    now = clock.now_micros()
    found = store.same_address(session, None, channel, target)
    if channel == "push":
        made = found or _new(session, channel, target, language, now)
        made.secret, made.confirmed_at, made.disabled_at, made.failed = dict(secret or {}), now, None, 0
        made.language = language
        _want(session, made, units, topics, now)
        return made
    pause = store.asked_since(session, channel, target, now - PAUSE)
    if found is not None and found.confirmed_at is not None and found.disabled_at is None:
        if not pause:
            found.asked_at = now
            _remind(session, found, now)
        return found
    made = found or _new(session, channel, target, language, now)
    made.language = language
    _want(session, made, units, topics, now)
    if not pause:
        addresses.ask(session, made)
    return made


def confirm(session: Session, token: str) -> Address:
    """The one-time link was followed. Raises OldLink."""
    return addresses.confirm(session, token)


def of_name(session: Session, name: str) -> Address:
    """The citizen's address a sealed name stands for. Raises OldLink."""
    known = links.named(name)
    found = store.address(session, known[0]) if known else None
    if found is None or known is None or found.created_at != known[1] or found.person_id is not None:
        raise OldLink("this link is none of ours, or the subscription has ended")
    return found


def name_of(address: Address) -> str:
    """The sealed name of a citizen's address."""
    return links.own_name(address.id, address.created_at)


def change(session: Session, name: str, *, units: Sequence[str], topics: Sequence[str], language: str) -> Address:
    """Want other places and hazards from now on."""
    found = of_name(session, name)
    _check(found.channel, found.target, units, topics, language, found.secret)
    found.language = language
    _want(session, found, units, topics, clock.now_micros())
    return found


def leave(session: Session, name: str) -> None:
    """End every subscription of an address and forget the address."""
    found = of_name(session, name)
    _tell(session, "notify.subscription.left", found)
    store.drop_address(session, found.id)


def wanted(session: Session, address: Address) -> tuple[list[str], list[str]]:
    """The places and topics an address subscribed to."""
    rows = store.subscriptions(session, address.id)
    return [one.unit_code for one in rows if one.unit_code], list(rows[0].topics) if rows else []


def _check(
    channel: str,
    target: str,
    units: Sequence[str],
    topics: Sequence[str],
    language: str,
    secret: Mapping[str, Any] | None,
) -> None:
    faults = [] if channel in CHANNELS else [Fault("channel", f"{channel[:40]!r}", ", ".join(CHANNELS))]
    faults = faults or targets.faults(channel, target)
    if channel == "push":
        faults += push.faults(secret)
    known = {*TOPICS, EXERCISES, REPORTS}
    faults += [Fault("topics", f"{one[:40]!r}", ", ".join(sorted(known))) for one in topics if one not in known]
    if len(units) > MOST:
        faults.append(Fault("units", f"{len(units)} places", f"at most {MOST}, or the whole city"))
    faults += [Fault("units", f"{one[:40]!r}", "codes of units") for one in units if not one.isalnum() or len(one) > 20]
    if language not in i18n.LANGUAGES:
        faults.append(Fault("language", f"{language[:20]!r}", ", ".join(i18n.LANGUAGES)))
    if faults:
        raise BadInput("this subscription cannot be taken", faults)


def _new(session: Session, channel: str, target: str, language: str, now: int) -> Address:
    made = Address(
        person_id=None, channel=channel, target=target, label="", language=language, created_at=now, failed=0
    )
    session.add(made)
    session.flush()
    _tell(session, "notify.subscription.asked", made)
    return made


def _want(session: Session, address: Address, units: Sequence[str], topics: Sequence[str], now: int) -> None:
    store.drop_subscriptions(session, address.id)
    codes: list[str | None] = [*sorted(set(units))] or [None]
    for code in codes:
        session.add(Subscription(address_id=address.id, unit_code=code, topics=sorted(set(topics)), created_at=now))
    session.flush()


def _remind(session: Session, address: Address, now: int) -> None:
    def said(language: str) -> tuple[str, str]:
        say = i18n.speaker(language)
        return say("Bạn đã đăng ký nhận cảnh báo"), say(
            "Ai đó, có lẽ là bạn, đăng ký lại địa chỉ này. Địa chỉ đã được xác nhận từ trước. "
            "Muốn đổi nơi hoặc loại cảnh báo, hãy mở liên kết ở cuối thư."
        )

    titles, bodies = both(said)
    write(
        session,
        f"address:{address.id}",
        f"remind:{now}",
        [address],
        Said(titles, bodies, "notify.confirm"),
        at_once=True,
    )


def _tell(session: Session, kind: str, address: Address) -> None:
    journal.append(session, kind, actor="anonymous", subject=f"address:{address.id}", data={"channel": address.channel})
