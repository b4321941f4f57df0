"""Where people of the staff can be reached: given by themselves, confirmed by a one-time link, removed by themselves."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity import secret as secrets_
from dothi.identity.guard import Caller
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.kit.errors import BadInput, Conflict, DothiError, Fault, NotAllowed, NotFound
from dothi.kit.text import nfc
from dothi.notify import push, store, targets, webhook
from dothi.notify.levels import NEVER, SEVERITIES
from dothi.notify.tables import Address, Preference
from dothi.notify.telling import Said, write
from dothi.notify.wording import both
from dothi.web import i18n

MOST = 20  # addresses of one person
LINK_LASTS = 3 * clock.DAY
PAUSE = 2 * 60 * clock.SECOND  # between two links to the same address
LONGEST_LABEL = 100


class OldLink(DothiError):
    """The one-time link was used, ran out, or never was."""

    status = 404


def mine(session: Session, caller: Caller) -> list[Address]:
    """The caller's own addresses."""
    return store.addresses(session, _person(caller))


def add(
    session: Session,
    caller: Caller,
    channel: str,
    target: str,
    *,
    label: str = "",
    language: str = "vi",
    secret: Mapping[str, Any] | None = None,
) -> tuple[Address, str | None]:
    """A new address of the caller's, and the HMAC key of a webhook, which is shown this once.

    A link is sent to e-mail addresses and telephones, a webhook is asked to answer, a browser has proved itself.
    """
    person, target = _person(caller), targets.cleaned(channel, target)
    faults = targets.faults(channel, target)
    if channel == "push":
        faults += push.faults(secret)
    if len(label) > LONGEST_LABEL:
        faults.append(Fault("label", f"{len(label)} letters", f"at most {LONGEST_LABEL}"))
    if language not in i18n.LANGUAGES:
        faults.append(Fault("language", f"{language[:20]!r}", ", ".join(i18n.LANGUAGES)))
    if faults:
        raise BadInput("this address cannot be added", faults)
    there = store.same_address(session, person, channel, target)
    if there is not None and channel != "push":
        raise Conflict("this address is there already")
    if there is None and len(store.addresses(session, person)) >= MOST:
        raise Conflict(f"a person has {MOST} addresses at most")
    now = clock.now_micros()
    key = webhook.new_secret() if channel == "webhook" else None
    made = there or Address(
        person_id=person, channel=channel, target=target, label="", language=language, created_at=now, failed=0
    )
    made.label = nfc(label.strip())
    made.secret = {"hmac": key} if key else dict(secret) if channel == "push" and secret else None
    if channel == "push":
        made.confirmed_at, made.disabled_at, made.failed = now, None, 0
    if there is None:
        session.add(made)
        session.flush()
        _tell(session, "notify.address.added", caller.actor, made)
    if channel != "push":
        ask(session, made)
    return made, key


def again(session: Session, caller: Caller, id_: int) -> None:
    """Ask a webhook again, send the link again; a disabled address gets another chance."""
    found = own(session, caller, id_)
    now = clock.now_micros()
    if found.channel == "push":
        raise Conflict("a browser opts in again by itself")
    if found.confirmed_at is not None and found.disabled_at is None:
        raise Conflict("this address is confirmed")
    if store.asked_since(session, found.channel, found.target, now - PAUSE):
        raise Conflict("a link was sent a moment ago; wait two minutes")
    found.disabled_at, found.failed, found.confirmed_at = None, 0, None
    ask(session, found)


def ask(session: Session, address: Address) -> None:
    """Send the one-time link that confirms an address; a webhook confirms by answering."""
    now = clock.now_micros()
    token = secrets_.new_token()[:22]  # 132 bits; short enough for an SMS
    address.token, address.asked_at = secrets_.digest(token), now

    def said(language: str) -> tuple[str, str]:
        say = i18n.speaker(language)
        return say("Xác nhận địa chỉ nhận tin"), say(
            "Ai đó, có lẽ là bạn, muốn nhận tin của hệ thống đô thị thông minh ở địa chỉ này. "
            "Mở liên kết trong ba ngày để xác nhận. Không phải bạn thì bỏ qua thư này."
        )

    titles, bodies = both(said)
    link = f"/subscribe/confirm/{token}"
    if address.channel == "webhook":
        address.token, link = None, "/me/notifications"
    told = Said(titles, bodies, "notify.confirm", link=link)
    more = {"confirms": True} if address.channel == "webhook" else {"once": True}
    write(session, f"address:{address.id}", f"confirm:{now}", [address], told, at_once=True, more=more, leave=False)


def confirm(session: Session, token: str) -> Address:
    """The address a one-time link belongs to is confirmed, and the link is used up. Raises OldLink."""
    found = waiting(session, token)
    found.token, found.confirmed_at = None, clock.now_micros()
    found.disabled_at, found.failed = None, 0
    _tell(session, "notify.address.confirmed", _owner(found), found)
    return found


def waiting(session: Session, token: str) -> Address:
    """The address that waits for a one-time link to be followed. Raises OldLink."""
    found = store.address_by_token(session, secrets_.digest(token[:200]))
    if found is None or (found.asked_at or 0) < clock.now_micros() - LINK_LASTS:
        raise OldLink("this link was used or ran out")
    return found


def remove(session: Session, caller: Caller, id_: int) -> None:
    """Forget an address of the caller's."""
    found = own(session, caller, id_)
    _tell(session, "notify.address.removed", caller.actor, found)
    store.drop_address(session, found.id)


def test(session: Session, caller: Caller, id_: int) -> None:
    """Send a message that says that it arrived."""
    found = own(session, caller, id_)
    if found.confirmed_at is None or found.disabled_at is not None:
        raise Conflict("this address is not confirmed, or it is disabled")

    def said(language: str) -> tuple[str, str]:
        say = i18n.speaker(language)
        return say("Tin thử"), say("Bạn đọc được tin này: địa chỉ nhận tin hoạt động.")

    titles, bodies = both(said)
    told = Said(titles, bodies, "notify.test", link="/me/notifications")
    write(session, f"address:{found.id}", f"test:{clock.now_micros()}", [found], told, at_once=True)


def own(session: Session, caller: Caller, id_: int) -> Address:
    """An address of the caller's; NotFound alike for others' and none."""
    found = store.address(session, id_)
    if found is None or found.person_id != _person(caller):
        raise NotFound("you have no such address")
    return found


def prefer(
    session: Session,
    caller: Caller,
    channel: str,
    *,
    severity: str,
    kinds: list[str],
    sectors: list[str],
    quiet_from: int | None,
    quiet_until: int | None,
    quiet_breaks: str,
) -> Preference:
    """What the caller wants on a channel. quiet_from, quiet_until: minutes of the day in Vietnam's time."""
    person = _person(caller)
    faults = [] if channel in targets.CHANNELS else [Fault("channel", f"{channel[:40]!r}", ", ".join(targets.CHANNELS))]
    allowed = (*SEVERITIES, NEVER)
    faults += [
        Fault(place, f"{said[:40]!r}", ", ".join(allowed))
        for place, said in (("severity", severity), ("quiet_breaks", quiet_breaks))
        if said not in allowed
    ]
    faults += [
        Fault(place, f"{minute}", "a time from 00:00 to 23:59")
        for place, minute in (("quiet_from", quiet_from), ("quiet_until", quiet_until))
        if minute is not None and not 0 <= minute < 1440
    ]
    if (quiet_from is None) != (quiet_until is None):
        faults.append(Fault("quiet_until", "only one of two times", "both, or neither"))
    if faults:
        raise BadInput("these preferences cannot be kept", faults)
    found = store.preference(session, person, channel)
    if found is None:
        found = Preference(person_id=person, channel=channel)
        session.add(found)
    found.severity, found.kinds, found.sectors = severity, kinds, sectors
    found.quiet_from, found.quiet_until, found.quiet_breaks = quiet_from, quiet_until, quiet_breaks
    return found


def _person(caller: Caller) -> int:
    if caller.kind != "person" or caller.id is None:
        raise NotAllowed("only a person has addresses of their own")
    return caller.id


def _owner(address: Address) -> str:
    return "anonymous" if address.person_id is None else f"person:{address.person_id}"


def _tell(session: Session, kind: str, actor: str, address: Address) -> None:
    journal.append(session, kind, actor=actor, subject=f"address:{address.id}", data={"channel": address.channel})
