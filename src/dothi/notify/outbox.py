"""What the journal says becomes messages to the staff, by what each of them wants and may see.

The cursor moves in the transaction that writes the messages: a process killed at any moment has done both or neither.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import true
from sqlalchemy.orm import Session

from dothi.db import session as db
from dothi.identity import access, guard
from dothi.journal import service as journal
from dothi.kit import clock
from dothi.notify import store, wording
from dothi.notify.levels import at_least
from dothi.notify.tables import Address, Preference
from dothi.notify.telling import Said, holders, write

READER = "staff"
PART = 200  # entries of one transaction
_FIRST_LOOK = clock.HOUR  # how far back the first look at the journal goes
DEFAULT_SEVERITY = "major"
Entry = Mapping[str, Any]


class _Overtaken(Exception):
    """Another process moved the cursor meanwhile."""


@dataclass(frozen=True)
class Telling:
    """How a kind of entry becomes a message.

    to: whom, by number; None: everybody who sees the entry and wants its severity and sector. link: where the entry
    names no page itself. facts: what else is said, of what the entry is about; a `url` among them is the page.
    """

    said: Callable[[Entry, str], tuple[str, str]]
    to: Callable[[Session, Entry], set[int]] | None = None
    when: Callable[[Entry], bool] = lambda _: True
    link: str | None = None
    facts: Callable[[Session, Entry], Mapping[str, Any]] | None = None


def gather() -> int:
    """Read what is new in the journal; returns how many messages came of it."""
    written = 0
    with db.reading() as session:
        upto, newest = store.read_upto(session, READER), journal.newest(session)
    while upto is None or upto < newest:
        try:
            with db.writing() as session:
                upto, made = _part(session)
        except _Overtaken:
            break
        written += made
    return written


def _part(session: Session) -> tuple[int, int]:
    """One step of the cursor: where it stands now, and how many messages were written."""
    known = store.read_upto(session, READER)
    before = store.entry_before(session, clock.now_micros() - _FIRST_LOOK) if known is None else known
    newest = journal.newest(session)
    entries = journal.read(session, before, PART, sees=true(), kinds=tuple(KINDS))
    made = _told(session, entries) if entries else 0
    last = entries[-1]["id"] if entries else before
    upto = last if len(entries) == PART else max(newest, last)
    if not store.move_read(session, READER, known, upto):
        raise _Overtaken
    return upto, made


def _told(session: Session, entries: Sequence[Entry]) -> int:
    entries = [one for one in entries if one["kind"] in KINDS and KINDS[one["kind"]].when(one)]
    if not entries:
        return 0
    by_person: dict[int, list[Address]] = {}
    for address in store.reachable(session):
        by_person.setdefault(address.person_id or 0, []).append(address)
    if not by_person:
        return 0
    wishes = store.preferences(session, by_person)
    seen = _seen(session, entries, by_person, wishes)
    written = 0
    for entry in entries:
        how = KINDS[entry["kind"]]
        asked = how.to(session, entry) if how.to else seen[entry["id"]]
        wanted = [
            address
            for person, given in by_person.items()
            if person in asked and entry["actor"] != f"person:{person}"
            for address in given
            if _wants(wishes.get((person, address.channel)), entry, directed=how.to is not None)
        ]
        if wanted:
            facts = how.facts(session, entry) if how.facts else {}
            written += write(session, str(entry["subject"]), f"entry:{entry['id']}", wanted, _said(entry, how, facts))
    return written


def _seen(
    session: Session,
    entries: Sequence[Entry],
    by_person: Mapping[int, list[Address]],
    wishes: Mapping[tuple[int, str], Preference],
) -> dict[int, set[int]]:
    """Who may see and wants each entry that is told to everybody who does."""
    found: dict[int, set[int]] = {one["id"]: set() for one in entries}
    general = [one for one in entries if KINDS[one["kind"]].to is None]
    callers = {one.id: access.of_person(session, one) for one in store.people(session, by_person)} if general else {}
    for person, caller in callers.items():
        channels = {address.channel for address in by_person[person]}
        wanted = [
            one["id"]
            for one in general
            if any(_wants(wishes.get((person, channel)), one, directed=False) for channel in channels)
        ]
        if wanted:
            for id_ in store.entries_seen(session, wanted, guard.sees_entries(caller)):
                found[id_].add(person)
    return found


def _wants(wish: Preference | None, entry: Entry, *, directed: bool) -> bool:
    data = entry["data"] or {}
    if wish is not None and wish.kinds and not any(_begins(entry["kind"], one) for one in wish.kinds):
        return False
    if directed:
        return True
    if not at_least(data.get("severity"), wish.severity if wish is not None else DEFAULT_SEVERITY):
        return False
    return wish is None or not wish.sectors or data.get("sector") in wish.sectors


def _begins(kind: str, prefix: str) -> bool:
    return kind == prefix or kind.startswith(f"{prefix}.")


def _said(entry: Entry, how: Telling, facts: Mapping[str, Any]) -> Said:
    data = entry["data"] or {}
    whole = {**entry, "data": {**data, **facts}}
    titles, bodies = wording.both(lambda language: how.said(whole, language))
    exercise = bool(data.get("exercise")) or data.get("status", "Actual") != "Actual"  # a CAP status
    return Said(
        titles, bodies, str(entry["kind"]), data.get("severity"), facts.get("url") or data.get("url") or how.link, exercise,
        bool(data.get("simulated")), {**data, "subject": entry["subject"], "entry": entry["id"]},
    )  # fmt: skip


# the kinds that are told


def _alarm(entry: Entry, language: str) -> tuple[str, str]:
    return wording.alarm(entry["data"] or {}, language, worse=entry["kind"].endswith(".severity"))


def _assigned(entry: Entry, language: str) -> tuple[str, str]:
    return wording.assigned(entry["data"] or {}, language)


def _order(entry: Entry, language: str) -> tuple[str, str]:
    return wording.order(entry["data"] or {}, entry["kind"].rpartition(".")[2], language)


def _warning(entry: Entry, language: str) -> tuple[str, str]:
    return wording.approval(entry["data"] or {}, language)


def _rings(entry: Entry) -> bool:
    data = entry["data"] or {}
    return data.get("active") is not False and not data.get("suppressed") and not data.get("acknowledged")


def _worse(entry: Entry) -> bool:
    data = entry["data"] or {}
    if not _rings(entry) or data.get("severity") is None:
        return False
    was = data.get("was") or data.get("before")
    return not at_least(was, data["severity"]) if was else at_least(data["severity"], str(data.get("worst", "none")))


def _named(entry: Entry, key: str) -> set[int]:
    found = (entry["data"] or {}).get(key)
    return {found} if isinstance(found, int) else set()


def _doers(session: Session, entry: Entry) -> set[int]:
    return _named(entry, "person_id") or holders(session, "orders:handle", entry["agency_id"])


def _giver(session: Session, entry: Entry) -> set[int]:  # noqa: ARG001 - as the others are called
    return _named(entry, "by_id")


def _assignee(session: Session, entry: Entry) -> set[int]:  # noqa: ARG001 - as the others are called
    return _named(entry, "person_id")


def _approvers(session: Session, entry: Entry) -> set[int]:
    return holders(session, "warnings:approve", entry["agency_id"])


KINDS: dict[str, Telling] = {
    "alerts.alarm.raised": Telling(_alarm, when=_rings),
    "alerts.alarm.severity": Telling(_alarm, when=_worse),
    "alerts.alarm.assigned": Telling(_assigned, _assignee),
    "duty.order.given": Telling(_order, _doers),
    "duty.order.extended": Telling(_order, _doers),
    "duty.order.returned": Telling(_order, _doers),
    "duty.order.accepted": Telling(_order, _doers),
    "duty.order.withdrawn": Telling(_order, _doers),
    "duty.order.received": Telling(_order, _giver),
    "duty.order.done": Telling(_order, _giver),
    "warnings.message.asked": Telling(_warning, _approvers, link="/operations/warnings"),
}
