"""Write messages in the transaction of their cause. They are sent after it, by notify.sending."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dothi.identity import guard
from dothi.identity import store as identity
from dothi.kit import clock
from dothi.notify import links, store
from dothi.notify.levels import NEVER, at_least, not_before
from dothi.notify.tables import Address, Preference
from dothi.notify.wording import EXERCISES, REPORTS, Texts, headed, text_of
from dothi.web import i18n

QUIET_BREAKS = "critical"  # of those who said nothing


@dataclass(frozen=True)
class To:
    """Who is told: people by number, holders of a role (that reaches an agency), or addresses by number."""

    people: tuple[int, ...] = ()
    role: str | None = None
    agency_id: int | None = None
    addresses: tuple[int, ...] = ()


@dataclass(frozen=True)
class Said:
    """What a message says. link: a path of this installation or a whole address. data: what webhooks get beside it."""

    title: Texts
    body: Texts
    kind: str
    severity: str | None = None
    link: str | None = None
    exercise: bool = False
    simulated: bool = False
    data: Mapping[str, Any] | None = None


def tell(
    session: Session,
    *,
    cause: str,
    key: str,
    to: To | Sequence[To],
    title: Texts,
    body: Texts,
    kind: str,
    severity: str | None = None,
    link: str | None = None,
    exercise: bool = False,
    simulated: bool = False,
    data: Mapping[str, Any] | None = None,
    channels: Sequence[str] = (),
    at_once: bool = False,
) -> int:
    """Tell somebody, on each of their confirmed addresses; returns how many messages were written.

    cause: `alarm:12`. cause and key together are what is told: the same is never told an address twice. A channel a
    person switched off is left out; during quiet hours the message waits, unless its severity breaks them or at_once.
    channels: only these; empty: all.
    """
    said = Said(title, body, kind, severity, link, exercise, simulated, data)
    found: dict[int, Address] = {}
    for one in [to] if isinstance(to, To) else to:
        for address in store.reachable(session, people_of(session, one)):
            found[address.id] = address
        for address in store.sendable(session, one.addresses):
            found[address.id] = address
    wanted = [one for one in found.values() if not channels or one.channel in channels]
    return write(session, cause, key, wanted, said, at_once=at_once)


def tell_subscribers(
    session: Session,
    *,
    cause: str,
    key: str,
    units: Sequence[str],
    topics: Sequence[str],
    texts: Mapping[str, tuple[str, str]],
    kind: str,
    severity: str | None = None,
    link: str | None = None,
    exercise: bool = False,
    simulated: bool = False,
    data: Mapping[str, Any] | None = None,
) -> int:
    """Tell whoever subscribed to one of some places (codes of units) or the whole city, and to one of some topics.

    texts: title and body by language. An exercise goes to those only who asked for exercises, and so do reports.
    """
    asked = set(topics)
    ids = {
        address_id
        for address_id, wants in store.subscribers(session, units)
        if (not exercise or EXERCISES in wants) and _wanted(set(wants), asked)
    }
    titles = {language: pair[0] for language, pair in texts.items()}
    bodies = {language: pair[1] for language, pair in texts.items()}
    said = Said(titles, bodies, kind, severity, link, exercise, simulated, data)
    return write(session, cause, key, store.sendable(session, ids), said)


def _wanted(wants: set[str], asked: set[str]) -> bool:
    """Whether one of some topics is wanted: warnings of every kind by those who name none, reports only when named."""
    if REPORTS in asked:
        return REPORTS in wants
    hazards = wants - {EXERCISES, REPORTS}
    return not hazards or bool(hazards & asked)


def write(
    session: Session,
    cause: str,
    key: str,
    addresses: Iterable[Address],
    said: Said,
    *,
    at_once: bool = False,
    leave: bool = True,
    more: Mapping[str, Any] | None = None,
) -> int:
    """The messages to some addresses; each waits until its owner's quiet hours are over.

    leave: a citizen's message says how to unsubscribe. more: what notify.sending is to know.
    """
    addresses = list(addresses)
    now = clock.now_micros()
    wishes = store.preferences(session, [one.person_id for one in addresses if one.person_id is not None])
    rows = []
    for address in addresses:
        wish = wishes.get((address.person_id or 0, address.channel))
        if wish is not None and wish.severity == NEVER and not at_once:
            continue
        row = _row(cause, key, address, said, now, now if at_once else _due(now, wish, said.severity))
        if leave and address.person_id is None:
            row["data"]["leave"] = links.own_name(address.id, address.created_at)
        row["data"] |= more or {}
        rows.append(row)
    return store.add_messages(session, rows)


def delivery(key: str) -> str:
    """The name under which a message travels: the same in every try, so that who receives it can drop repeats."""
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def people_of(session: Session, to: To) -> set[int]:
    """The people meant by number and by role."""
    found = set(to.people)
    if to.role is not None:
        found |= _in_reach(session, {to.role}, to.agency_id)
    return found


def holders(session: Session, permission: str, agency_id: int | None) -> set[int]:
    """Active people who hold a permission where an agency is concerned; without one, those who hold it everywhere."""
    return _in_reach(session, {role for role, held in guard.ROLES.items() if permission in held}, agency_id)


def _in_reach(session: Session, roles: set[str], agency_id: int | None) -> set[int]:
    below: dict[str, set[int]] = {}
    found = set()
    for person_id, kind, scope in store.holders(session, roles):
        if kind == "all":
            found.add(person_id)
        elif kind == "agency" and scope and agency_id is not None:
            if scope not in below:
                below[scope] = set(identity.below(session, scope))
            if agency_id in below[scope]:
                found.add(person_id)
    return found


def _due(now: int, wish: Preference | None, severity: str | None) -> int:
    if wish is None or at_least(severity, wish.quiet_breaks):
        return now
    return not_before(now, wish.quiet_from, wish.quiet_until)


def _row(cause: str, key: str, address: Address, said: Said, now: int, due_at: int) -> dict[str, Any]:
    language = address.language if address.language in i18n.LANGUAGES else "vi"
    title, body = headed(
        text_of(said.title, language), text_of(said.body, language), language,
        exercise=said.exercise, simulated=said.simulated,
    )  # fmt: skip
    data: dict[str, Any] = {"kind": said.kind, "exercise": said.exercise, "simulated": said.simulated}
    if said.link:
        data["link"] = links.absolute(said.link)
    if address.channel == "webhook" and said.data is not None:
        data["data"] = dict(said.data)
    return {
        "key": f"{cause}/{key}/{address.id}", "cause": cause, "address_id": address.id, "channel": address.channel,
        "subject": " ".join(title.split()), "body": body, "data": data, "severity": said.severity, "state": "waiting",
        "due_at": due_at, "tries": 0, "error": None, "created_at": now, "sent_at": None,
    }  # fmt: skip
